package intake

import (
	"context"
	"strings"
)

// A first is what a first reading of the whole file found: classes, and rows
// that others take the place of. Row numbers count from 0, broken rows included.
type first struct {
	classes map[string]found
	drop    map[int64]string // row -> why it is left out
}

// A glance is what the first reading keeps of a row.
type glance struct {
	key     hash128
	cancel  hash128
	latest  string
	cancels bool
	counts  bool // it is wanted and has a place
}

type glances struct {
	rows    []glance
	classes map[string]found
}

// look reads the file a first time where the mapping needs to know it whole:
// to collect classes, to let the last of equal rows count, to cancel rows.
func (im *importer) look(ctx context.Context, p *plan) (first, error) {
	f := first{drop: map[int64]string{}}
	classes, err := newCollector(im.m, &p.cols)
	if err != nil {
		return f, err
	}
	last := im.m.Key.Duplicates == "last"
	latest := -1
	if last && im.m.Key.Latest != "" {
		latest = p.cols.slot(im.m.Key.Latest)
	}
	if classes == nil && !last && p.cancel == nil {
		return f, nil
	}
	im.passes = 2
	if classes != nil {
		f.classes = classes.have
	}
	d := &dropper{drop: f.drop, last: map[hash128]standing{}, open: map[hash128][]int64{}, waiting: map[hash128][]int64{}}
	newWork := func() func(context.Context, chunk) glances {
		return func(_ context.Context, c chunk) glances {
			out := glances{classes: map[string]found{}}
			c.records(c, func(r *record) {
				var g glance
				if r.fault == nil {
					if p.cancel != nil {
						g.cancels = p.cancel.when.holds(r)
						g.cancel = digest(r, p.cancel.key)
					}
					wanted := p.unwanted(r) == ""
					if wanted && classes != nil {
						classes.see(r, out.classes)
					}
					if last && wanted {
						if _, fault := p.place(r); fault == nil {
							g.counts = true
							g.key = digest(r, p.key)
							if latest >= 0 {
								g.latest = strings.Clone(strings.TrimSpace(r.values[latest]))
							}
						}
					}
				}
				if last || p.cancel != nil {
					out.rows = append(out.rows, g)
				}
			})
			return out
		}
	}
	err = inOrder(ctx, im.o.Workers, func(yield func(chunk) error) error { return im.chunks(&p.cols, 0, yield) }, newWork, func(g glances) error {
		for code, name := range g.classes {
			if _, ok := classes.have[code]; !ok {
				classes.have[code] = name
			}
		}
		for _, row := range g.rows {
			if p.cancel != nil {
				d.cancel(row)
			}
			if row.counts {
				d.keepLast(row)
			}
			d.row++
		}
		return nil
	})
	return f, err
}

// A dropper finds the rows that others take the place of.
type dropper struct {
	row     int64
	drop    map[int64]string
	last    map[hash128]standing
	open    map[hash128][]int64 // rows that may yet be cancelled
	waiting map[hash128][]int64 // cancelling rows whose row did not come yet
}

type standing struct {
	row    int64
	latest string
}

// keepLast lets the later of two rows with one key count; with a column to
// go by, the one with the greater text, and of equals the later.
func (d *dropper) keepLast(g glance) {
	const why = "a later row has the same key"
	if before, ok := d.last[g.key]; ok {
		if before.latest > g.latest {
			d.drop[d.row] = why
			return
		}
		d.drop[before.row] = why
	}
	d.last[g.key] = standing{d.row, g.latest}
}

// cancel pairs a cancelling row with the nearest one before it that no other
// cancelled, or with the first one after.
func (d *dropper) cancel(g glance) {
	const cancelled, cancelling = "cancelled by another row", "cancels another row"
	if !g.cancels {
		if w := d.waiting[g.cancel]; len(w) > 0 {
			d.drop[d.row], d.drop[w[0]] = cancelled, cancelling
			d.waiting[g.cancel] = w[1:]
			return
		}
		d.open[g.cancel] = append(d.open[g.cancel], d.row)
		return
	}
	if o := d.open[g.cancel]; len(o) > 0 {
		d.drop[o[len(o)-1]], d.drop[d.row] = cancelled, cancelling
		d.open[g.cancel] = o[:len(o)-1]
		return
	}
	d.drop[d.row] = "cancels a row that is not in the file"
	d.waiting[g.cancel] = append(d.waiting[g.cancel], d.row)
}
