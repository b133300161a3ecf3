package intake

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/ewkb"

	"onemap/layers"
	"onemap/layers/grid"
)

// gridFields are what a mapping may set of a grid.
var gridFields = []string{"grid_code", "name", "area_code", "duty_code", "community_code", "area_class"}

// grids imports a file of governance grids, then gives features their new grid.
func (im *importer) grids(ctx context.Context) error {
	var cols columns
	fields := map[string]*field{}
	for name, v := range im.m.Fields {
		col := im.table.byName[name]
		if col == nil || !slices.Contains(gridFields, name) {
			return &layers.InputError{Field: im.m.Name, Value: name, Remedy: "no field of " + im.m.Layer + "; there are " + strings.Join(gridFields, ", ")}
		}
		f, err := compileField(col, name, v, im.m, &cols)
		if err != nil {
			return &layers.InputError{Field: im.m.Name, Remedy: err.Error()}
		}
		fields[name] = &f
	}
	if fields["grid_code"] == nil || fields["area_code"] == nil {
		return &layers.InputError{Field: im.m.Name, Remedy: "fields: grids need grid_code and area_code"}
	}
	keep, err := compileRules(im.m.Keep, &cols)
	if err != nil {
		return &layers.InputError{Field: im.m.Name, Remedy: "keep: " + err.Error()}
	}
	skip, err := compileRules(im.m.Skip, &cols)
	if err != nil {
		return &layers.InputError{Field: im.m.Name, Remedy: "skip: " + err.Error()}
	}
	p := &plan{keep: keep, skip: skip}
	raws := map[int]string{}
	byCode := map[string]int{}
	var all []grid.Incoming
	err = im.chunks(&cols, 0, func(c chunk) error {
		var failed error
		c.records(c, func(r *record) {
			im.sum.Read++
			if why := p.unwanted(r); r.fault == nil && why != "" {
				im.sum.Skipped[why]++
				return
			}
			g, fault, err := im.grid(ctx, r, fields)
			if err != nil {
				failed = err
				return
			}
			if fault != nil {
				im.rejects.add(r.line, *fault, r.raw)
				return
			}
			if at, ok := byCode[g.Code]; ok && im.m.Key.Duplicates == "merge" {
				all[at].Geometry = append(all[at].Geometry, g.Geometry...)
				return
			}
			byCode[g.Code] = len(all)
			raws[g.Line] = strings.Clone(r.raw)
			all = append(all, g)
		})
		return failed
	})
	if err != nil {
		return err
	}
	if len(all) == 0 {
		return fmt.Errorf("%w: %d rejected, most often for %q", ErrNothing, im.sum.RejectedRows(), mostOften(im.sum.Rejected))
	}
	return im.writeGrids(ctx, all, raws)
}

func (im *importer) writeGrids(ctx context.Context, all []grid.Incoming, raws map[int]string) error {
	f := grid.File{Layer: im.m.Layer, Source: im.m.Source, CRS: im.crs.String(), ValidFrom: time.Now(), CloseAbsent: true, Grids: all}
	if o := im.m.Grid; o != nil {
		if o.ValidFrom != "" {
			day, err := time.Parse("2006-01-02", o.ValidFrom)
			if err != nil {
				return &layers.InputError{Field: im.m.Name, Value: o.ValidFrom, Remedy: "grid.valid_from: a day as YYYY-MM-DD"}
			}
			f.ValidFrom = day
		}
		f.CloseAbsent = o.Absent != "keep"
	}
	if err := im.store.DB().QueryRow(ctx, `SELECT nextval(pg_get_serial_sequence('onemap.batch', 'id'))`).Scan(&im.batch); err != nil {
		return fmt.Errorf("number the batch: %w", err)
	}
	f.Batch = im.batch
	f.Record = func(ctx context.Context, tx pgx.Tx, r grid.Report) error {
		for _, bad := range r.Rejected {
			im.rejects.add(bad.Line, Fault{Field: bad.Field, Value: bad.Code, Reason: bad.Reason}, raws[bad.Line])
		}
		if r.Inserted+r.Updated+r.Unchanged == 0 {
			return fmt.Errorf("%w: %d rejected, most often for %q", ErrNothing, im.sum.RejectedRows(), mostOften(im.sum.Rejected))
		}
		im.sum.Inserted, im.sum.Updated, im.sum.Unchanged = r.Inserted, r.Updated, r.Unchanged
		return im.record(ctx, tx)
	}
	r, err := grid.Import(ctx, im.store, f)
	if err != nil {
		return err
	}
	im.sum.Notes = append(im.sum.Notes, surveyNotes(r, im.m.Grid == nil || im.m.Grid.Partition == nil || *im.m.Grid.Partition)...)
	if !r.Any {
		return nil
	}
	checked, err := grid.CheckInForce(ctx, im.store, grid.Survey{Layer: im.m.Layer, Source: im.m.Source, On: f.ValidFrom})
	if err != nil {
		return err
	}
	im.sum.Notes = append(im.sum.Notes, checkNotes(checked)...)
	moved, err := grid.Reassign(ctx, im.store, r.Changed)
	if err != nil {
		return err
	}
	im.sum.Notes = append(im.sum.Notes, fmt.Sprintf("%d features given their new grid", moved))
	return nil
}

// surveyNotes puts a report of grids in words.
func surveyNotes(r grid.Report, partition bool) []string {
	var notes []string
	if r.Closed > 0 {
		notes = append(notes, fmt.Sprintf("%d older versions ended", r.Closed))
	}
	for _, f := range r.Repaired {
		notes = append(notes, fmt.Sprintf("grid %s: outline mended (%s)", f.Code, f.Reason))
	}
	if !partition {
		return notes
	}
	for i, o := range r.Overlaps {
		if i == 5 {
			notes = append(notes, fmt.Sprintf("… and %d more pairs of grids overlap", len(r.Overlaps)-i))
			break
		}
		notes = append(notes, fmt.Sprintf("grids %s and %s overlap by %.0f m²", o.A, o.B, o.AreaM2))
	}
	if r.Gaps > 0 {
		notes = append(notes, fmt.Sprintf("%d gaps between the grids, %.0f m² in all", r.Gaps, r.GapM2))
	}
	if r.Slivers > 0 {
		notes = append(notes, fmt.Sprintf("%d of these gaps and overlaps are slivers: slips of drawing", r.Slivers))
	}
	return notes
}

// checkNotes puts in words what the check of the grids found beside what the
// survey says.
func checkNotes(r grid.CheckReport) []string {
	words := map[string]string{"outside": "reach beyond the outline of their community", "sliver": "are nowhere four metres wide", "in_parts": "are of parts that do not touch",
		"code_prefix": "have a code that does not begin with their division's", "code_community": "lie on another community's ground than their code says",
		"micro_parent": "are micro grids outside of the grid that they are part of", "cuts_building": "buildings lie across an edge of grids",
		"area_small": "are far smaller than is usual", "area_large": "are far larger than is usual", "no_road": "have no road within five metres"}
	var notes []string
	for _, kind := range slices.Sorted(maps.Keys(words)) {
		if n := r.Counts[kind]; n > 0 {
			first := ""
			for _, f := range r.Findings {
				if f.Kind == kind {
					first = fmt.Sprintf(" (%s at %.5f, %.5f)", f.Code, f.At[0], f.At[1])
					break
				}
			}
			notes = append(notes, fmt.Sprintf("%d %s%s", n, words[kind], first))
		}
	}
	return notes
}

// grid reads one grid.
func (im *importer) grid(ctx context.Context, r *record, fields map[string]*field) (g grid.Incoming, fault *Fault, err error) {
	if r.fault != nil {
		return g, r.fault, nil
	}
	text := func(name string) string {
		f := fields[name]
		if f == nil || fault != nil {
			return ""
		}
		var c cell
		fault = f.cell(r, &c)
		return strings.Clone(c.s)
	}
	g = grid.Incoming{Line: r.line, Code: text("grid_code"), Name: text("name"), Area: text("area_code"),
		Duty: text("duty_code"), Community: text("community_code"), Class: text("area_class")}
	if fault != nil {
		return g, fault, nil
	}
	var mp orb.MultiPolygon
	switch x := r.geom.(type) {
	case orb.Polygon:
		mp = orb.MultiPolygon{x}
	case orb.MultiPolygon:
		mp = x
	case nil:
		return g, &Fault{Field: "geometry", Reason: "no outline"}, nil
	default:
		return g, &Fault{Field: "geometry", Value: x.GeoJSONType(), Reason: "not a polygon"}, nil
	}
	if fault := closedRings(mp); fault != nil {
		return g, fault, nil
	}
	if !im.crs.IsLonLat() {
		if g.Orig, err = ewkb.Marshal(orb.Clone(mp), max(im.crs.SRID(), 0)); err != nil {
			return g, nil, err
		}
	}
	g.Geometry, fault, err = im.toWGS84(ctx, mp)
	return g, fault, err
}

// closedRings closes rings that are not, and refuses those that are none.
func closedRings(mp orb.MultiPolygon) *Fault {
	for _, poly := range mp {
		for i, ring := range poly {
			if n := len(ring); n > 0 && ring[0] != ring[n-1] {
				poly[i] = append(ring, ring[0])
			}
			if len(poly[i]) < 4 {
				return &Fault{Field: "geometry", Reason: "a ring of fewer than three corners"}
			}
		}
	}
	return nil
}

// toWGS84 brings an outline's corners to WGS 84.
func (im *importer) toWGS84(ctx context.Context, mp orb.MultiPolygon) (orb.MultiPolygon, *Fault, error) {
	var flat []orb.Point
	for _, poly := range mp {
		for _, ring := range poly {
			flat = append(flat, ring...)
		}
	}
	at, ok, err := Transform(ctx, im.store.DB(), im.crs, flat)
	if err != nil {
		return nil, nil, err
	}
	out := orb.Clone(mp).(orb.MultiPolygon)
	n := 0
	for _, poly := range out {
		for _, ring := range poly {
			for i := range ring {
				if !ok[n] {
					return nil, &Fault{Field: "geometry", Value: fmt.Sprint(flat[n]), Reason: "outside the area of " + im.crs.String()}, nil
				}
				if f := onMap(at[n], im.bounds); f != nil {
					return nil, f, nil
				}
				ring[i] = at[n]
				n++
			}
		}
	}
	return out, nil, nil
}
