package intake

import (
	"context"
	"fmt"
	"strings"
	"time"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/population"
)

// tripWorker reads trips. Each goroutine has its own.
type tripWorker struct {
	im       *importer
	p        *plan
	from, to field
	at       [4]int // slots of start lon, lat, end lon, lat
}

// tripCounts is what a chunk of trips adds up to.
type tripCounts struct {
	rows  []row // rejected and skipped ones
	read  int64
	tally population.Tally
}

// trips counts trips by grid and hour and forgets them.
func (im *importer) trips(ctx context.Context) error {
	if im.table.layer.Subject != "population" {
		return &layers.InputError{Field: im.m.Name, Value: im.m.Layer, Remedy: "trips are for the layer population"}
	}
	if _, ok := im.finder.Bound(); !ok {
		return &layers.InputError{Field: "grids", Remedy: "there are none to count in: import grids first (onemap import grids)"}
	}
	if im.crs.NeedsPROJ() {
		return &layers.InputError{Field: "crs", Value: im.crs.String(), Remedy: "trips are taken in longitude and latitude only"}
	}
	w, err := im.tripWorker()
	if err != nil {
		return err
	}
	all := population.Tally{}
	newWork := func() func(context.Context, chunk) tripCounts { own := *w; return own.read }
	err = inOrder(ctx, im.o.Workers, func(yield func(chunk) error) error { return im.chunks(&w.p.cols, 0, yield) }, newWork, func(c tripCounts) error {
		im.sum.Read += c.read
		for i := range c.rows {
			if r := &c.rows[i]; r.state == skipped {
				im.sum.Skipped[r.why]++
			} else {
				im.rejects.add(r.line, r.fault, r.raw)
			}
		}
		all.Add(c.tally)
		return nil
	})
	if err != nil {
		return err
	}
	if all.Trips == 0 {
		return fmt.Errorf("%w: %d rejected, most often for %q", ErrNothing, im.sum.RejectedRows(), mostOften(im.sum.Rejected))
	}
	im.sum.Outside = all.Outside
	if err := im.store.DB().QueryRow(ctx, `SELECT nextval(pg_get_serial_sequence('onemap.batch', 'id'))`).Scan(&im.batch); err != nil {
		return fmt.Errorf("number the batch: %w", err)
	}
	done, err := population.Keep(ctx, im.store, im.m.Source, all)
	if err != nil {
		return err
	}
	im.sum.Inserted, im.sum.Updated, im.sum.Unchanged = done.Inserted, done.Updated, done.Unchanged
	if done.Inserted+done.Updated+done.Deleted > 0 {
		r, err := population.Release(ctx, im.store, population.Order{Batch: im.batch, By: access.Operator(im.o.By)})
		if err != nil {
			return err
		}
		im.sum.Notes = append(im.sum.Notes, r.String())
	}
	im.sum.Notes = append(im.sum.Notes, fmt.Sprintf("%d trips counted: %d counts by grid and hour, %d flows", all.Trips, len(all.Counts), len(all.Flows)))
	return im.record(ctx, im.store.DB())
}

func (im *importer) tripWorker() (*tripWorker, error) {
	t := im.m.Trips
	w := &tripWorker{im: im, p: &plan{}}
	bad := func(err error) (*tripWorker, error) {
		return nil, &layers.InputError{Field: im.m.Name, Remedy: err.Error()}
	}
	cols := &w.p.cols
	for i, c := range []string{t.Start.Lon, t.Start.Lat, t.End.Lon, t.End.Lat} {
		if c == "" {
			return bad(fmt.Errorf("trips: start and end need lon and lat"))
		}
		w.at[i] = cols.slot(c)
	}
	var err error
	moment := &column{kind: timestamp, notNull: true}
	if w.from, err = compileField(moment, "trips.start_time", t.From, im.m, cols); err != nil {
		return bad(err)
	}
	if w.to, err = compileField(moment, "trips.end_time", t.To, im.m, cols); err != nil {
		return bad(err)
	}
	if w.p.keep, err = compileRules(im.m.Keep, cols); err != nil {
		return bad(err)
	}
	if w.p.skip, err = compileRules(im.m.Skip, cols); err != nil {
		return bad(err)
	}
	return w, nil
}

func (w *tripWorker) read(_ context.Context, c chunk) tripCounts {
	var out tripCounts
	c.records(c, func(r *record) {
		out.read++
		if r.fault == nil {
			if why := w.p.unwanted(r); why != "" {
				out.rows = append(out.rows, row{line: r.line, state: skipped, why: why})
				return
			}
			r.fault = w.count(r, &out.tally)
		}
		if r.fault != nil {
			out.rows = append(out.rows, row{line: r.line, state: rejected, fault: *r.fault, raw: strings.Clone(r.raw)})
		}
	})
	return out
}

// longest is how long a trip may last: what is longer is a bicycle not locked.
const longest = 24 * time.Hour

// count adds a trip to a tally.
func (w *tripWorker) count(r *record, tally *population.Tally) *Fault {
	var t population.Trip
	var moments [2]cell
	if f := w.from.cell(r, &moments[0]); f != nil {
		return f
	}
	if f := w.to.cell(r, &moments[1]); f != nil {
		return f
	}
	start, end := time.UnixMicro(epoch.UnixMicro()+moments[0].n), time.UnixMicro(epoch.UnixMicro()+moments[1].n)
	switch {
	case end.Before(start):
		return &Fault{Field: "trips.end_time", Value: end.In(w.to.zone).Format(time.DateTime), Reason: "ends before it begins"}
	case end.Sub(start) > longest:
		return &Fault{Field: "trips.end_time", Value: end.Sub(start).String(), Reason: "longer than a day"}
	}
	for i := range 2 {
		p, f := columnPlace(r, w.at[2*i], w.at[2*i+1], w.p.cols.names)
		if f != nil {
			return f
		}
		p, err := w.im.crs.ToWGS84(p)
		if err != nil {
			return &Fault{Field: "geometry", Reason: err.Error()}
		}
		if f := onMap(p, w.im.bounds); f != nil {
			return f
		}
		code, _ := w.im.finder.At(p)
		if i == 0 {
			t.From = code
		} else {
			t.To = code
		}
	}
	t.Departs, t.Arrives = hourOf(start.In(w.from.zone)), hourOf(end.In(w.to.zone))
	tally.Count(t)
	return nil
}

// hourOf is the beginning of a time's hour on the clock there, which is not
// that of UTC where the zone is half an hour off.
func hourOf(t time.Time) int64 {
	return t.Unix() - int64(t.Minute()*60+t.Second())
}
