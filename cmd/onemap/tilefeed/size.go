package tilefeed

import (
	"context"
	"math"

	"onemap/layers"
)

// What a value takes in memory, by the measurements of package memory: columns
// are packed in blocks of some hundred rows, which are alike where rows lie
// together, and texts that come again are kept once.
const (
	pointBytes  = 12 // place and id
	shapeBytes  = 48 // place, size and id, and what is kept of each shape
	shapePart   = 0.6
	numberBytes = 3
	textFew     = 1.5
)

// sizeOf estimates what a layer would take in memory, from PostgreSQL's
// statistics. It errs on the small side: a layer that does not fit after all is
// given up when its share is full, and from then on its size is known.
func sizeOf(p *plan, t layers.TableSize) int64 {
	row := float64(pointBytes)
	if p.def.Geometry != "Point" {
		width := t.Columns["geom"].Width
		if width == 0 && t.Rows > 0 {
			width = float64(t.Bytes) / t.Rows / 2
		}
		row = shapeBytes + shapePart*width
	}
	for i, f := range p.layer.Fields {
		switch f.Type {
		case "boolean":
			row += 0.125
		case "text":
			c, known := t.Columns[p.columns[2+i]]
			distinct := c.Distinct
			if distinct < 0 {
				distinct *= -t.Rows
			}
			switch {
			case !known:
				row += 4
			case distinct < 256:
				row += textFew
			default:
				row += 2 + c.Width*min(1, distinct/math.Max(1, t.Rows))
			}
		default:
			row += numberBytes
		}
	}
	return int64(row*t.Rows) + 4<<10
}

// A Fit says whether a layer would have its place in memory.
type Fit struct {
	Layer  string  `json:"layer"`
	Rows   float64 `json:"rows"`
	Bytes  int64   `json:"bytes"`
	Why    string  `json:"why,omitempty"`    // it would not; "" if it would
	Reason Reason  `json:"reason,omitempty"` // the same in a word
}

// Fits estimates which layers of a database would fit into memory, by size
// alone, as if all were asked for alike. Options without a budget mean the default.
func Fits(ctx context.Context, store *layers.Store, o Options) ([]Fit, error) {
	o = o.withDefaults()
	defs, err := store.Layers(ctx)
	if err != nil {
		return nil, err
	}
	names := make([]string, len(defs))
	for i, l := range defs {
		names[i] = l.Name
	}
	tables, err := store.Tables(ctx, names)
	if err != nil {
		return nil, err
	}
	sizes, err := store.TableSizes(ctx, names)
	if err != nil {
		return nil, err
	}
	fits := make([]Fit, len(defs))
	var all []candidate
	for i, l := range defs {
		fits[i] = Fit{Layer: l.Name, Rows: sizes[l.Name].Rows}
		t, ok := tables[l.Name]
		if !ok {
			fits[i].Reason, fits[i].Why = Unfit, "it has no table"
			continue
		}
		p, why := planOf(l, t)
		if p == nil {
			fits[i].Reason, fits[i].Why = Unfit, why
			continue
		}
		fits[i].Bytes = sizeOf(p, sizes[l.Name])
		all = append(all, candidate{name: l.Name, size: fits[i].Bytes, demand: 1})
	}
	_, out := choose(o.Budget, o.LayerBudget, all)
	for i := range fits {
		if no, ok := out[fits[i].Layer]; ok {
			fits[i].Reason, fits[i].Why = no.reason, no.why
		}
	}
	return fits, nil
}
