package position

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/paulmach/orb"

	"onemap/geo/fenceindex"
	"onemap/layers/feed"
)

//go:embed sql/update.sql
var updateSQL string

//go:embed sql/history.sql
var historySQL string

//go:embed sql/events.sql
var eventsSQL string

// writeAll writes a batch and sets each item's taken or err.
func (s *Store) writeAll(ctx context.Context, batch []*item) {
	ctx, cancel := context.WithTimeout(ctx, writeTime)
	defer cancel()
	err := s.write(ctx, batch)
	if refused := (*pgconn.PgError)(nil); err != nil && len(batch) > 1 && errors.As(err, &refused) && (refused.Code[:2] == "22" || refused.Code[:2] == "23") {
		// One of them is what the database refuses, as a worker whose account was
		// deleted just now: it must not stop the others.
		for _, it := range batch {
			it.err = s.write(ctx, []*item{it})
		}
		return
	}
	for _, it := range batch {
		it.err = err
	}
}

// write writes a batch in one transaction. Who goes on duty with it does so
// before, in one of its own: so the rows of all workers of the batch are there to
// be locked, in the order of their numbers, and two nodes never wait for each other.
func (s *Store) write(ctx context.Context, batch []*item) error {
	for {
		missing, err := s.writeOnce(ctx, batch)
		if err != nil || missing == nil {
			return err
		}
		if err := s.goOnDuty(ctx, missing); err != nil {
			return err
		}
	}
}

// A row is what the map has of a worker.
type row struct {
	at, since time.Time
	fences    []string
}

// A moved is a worker of a batch.
type moved struct {
	items  []*item
	points []owned
	last   *owned // that is the worker's place on the map now; nil: as before
	row    row    // as it will be
	onMap  bool
	grid   string
}

// owned is a point with the item that brought it.
type owned struct {
	point
	it   *item
	grid string
	area string
}

// An event is one line of the layer fence_event.
type event struct {
	person       int64
	name, org    string
	fence, title string
	enter        bool
	why          string
	at           owned
}

// writeOnce writes a batch, or returns the items whose workers must be put on
// duty first.
func (s *Store) writeOnce(ctx context.Context, batch []*item) (missing []*item, err error) {
	ground, err := s.known.now(ctx, s)
	if err != nil {
		return nil, err
	}
	var workers []int64
	by := map[int64]*moved{}
	first, last := time.Time{}, time.Time{}
	for _, it := range batch {
		it.taken, it.err = Taken{}, nil
		m := by[it.person]
		if m == nil {
			m = &moved{}
			by[it.person] = m
			workers = append(workers, it.person)
		}
		m.items = append(m.items, it)
		for _, p := range it.points {
			m.points = append(m.points, owned{point: p, it: it})
			if first.IsZero() || p.at.Before(first) {
				first = p.at
			}
			if p.at.After(last) {
				last = p.at
			}
		}
	}
	if err := s.days.ensure(ctx, s.db(), first, last); err != nil {
		return nil, err
	}
	tx, err := s.db().Begin(ctx)
	if err != nil {
		return nil, fmt.Errorf("write positions: %w", err)
	}
	defer tx.Rollback(context.WithoutCancel(ctx)) // after a commit it does nothing
	if err := lockRows(ctx, tx, workers, by); err != nil {
		return nil, err
	}
	for _, m := range by {
		if m.onMap {
			continue
		}
		for _, it := range m.items {
			if it.begin && !it.asked {
				missing = append(missing, it)
			}
		}
	}
	if missing != nil {
		return missing, nil
	}
	duties, err := dutiesOf(ctx, tx, by)
	if err != nil {
		return nil, err
	}
	w := &writing{}
	now := time.Now()
	for _, person := range workers {
		m := by[person]
		s.move(person, m, duties[person], ground, now, w)
	}
	if err := w.send(ctx, tx); err != nil {
		return nil, err
	}
	if err := tx.Commit(ctx); err != nil {
		return nil, fmt.Errorf("write positions: %w", err)
	}
	at, err := feed.Now(ctx, s.db())
	if err != nil {
		return nil, err
	}
	for _, m := range by {
		for _, it := range m.items {
			it.taken.Cursor, it.taken.OnDuty, it.taken.Grid = at, m.onMap, m.grid
			if m.onMap {
				it.taken.Since = m.row.since
			}
		}
	}
	return nil, nil
}

// lockRows reads what the map has of workers, and keeps others from changing it.
func lockRows(ctx context.Context, tx pgx.Tx, workers []int64, by map[int64]*moved) error {
	rows, err := tx.Query(ctx, `SELECT person, at, since, fences, grid_code FROM map.worker WHERE person = ANY(@persons) ORDER BY person FOR NO KEY UPDATE`,
		pgx.NamedArgs{"persons": workers})
	if err != nil {
		return fmt.Errorf("lock workers: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var person int64
		var r row
		var grid string
		if err := rows.Scan(&person, &r.at, &r.since, &r.fences, &grid); err != nil {
			return fmt.Errorf("lock workers: %w", err)
		}
		m := by[person]
		m.row, m.onMap, m.grid = r, true, grid
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("lock workers: %w", err)
	}
	return nil
}

// move decides what becomes of a worker's positions, in the order of their times.
func (s *Store) move(person int64, m *moved, earlier []duty, g *ground, now time.Time, w *writing) {
	sortOwned(m.points)
	isFor := g.isFor(m.items[0].org)
	for i := range m.points {
		p := &m.points[i]
		if !(m.onMap && !p.at.Before(m.row.since)) && !within(earlier, p.at) {
			p.it.taken.Refused++
			continue
		}
		p.grid, p.area = g.grids.At(p.lonlat)
		w.history(person, p)
		if !m.onMap || !p.at.After(m.row.at) {
			p.it.taken.Late++
			continue
		}
		m.row.at, m.last, m.grid = p.at, p, p.grid
		accuracy := float64(p.accuracy)
		if accuracy == 0 {
			accuracy = unknownM
		}
		in, crossed := g.index.Step(m.row.fences, p.lonlat, accuracy, isFor)
		m.row.fences = in
		for _, c := range crossed {
			w.event(event{person, p.it.name, p.it.org, c.Key, g.title(c.Key), c.Enter, g.why(c, isFor), *p})
			if c.Enter {
				p.it.taken.Entered = append(p.it.taken.Entered, g.title(c.Key))
			} else {
				p.it.taken.Left = append(p.it.taken.Left, g.title(c.Key))
			}
		}
	}
	if m.last != nil {
		m.last.it.taken.Latest = true
		w.latest(person, m)
	}
}

// why says why a fence was crossed.
func (g *ground) why(c fenceindex.Crossing, isFor func(string) bool) string {
	if !c.Enter && (g.index.Get(c.Key) == nil || !isFor(c.Key)) {
		return "fence"
	}
	return "moved"
}

// A writing is the columns of what a batch writes.
type writing struct {
	up  columns // map.worker
	log columns // onemap.position
	ev  columns // map.fence_event
}

// columns are lists of equal length.
type columns struct {
	person                     []int64
	name, org                  []string
	fence, title, what, why    []string
	grid, area, crs, fenceList []string
	lon, lat                   []float64
	accuracy                   []float32
	at                         []time.Time
	srid                       []int32
	ox, oy                     []*float64
}

func (c *columns) point(person int64, p *owned) {
	c.person = append(c.person, person)
	c.at = append(c.at, p.at)
	c.lon, c.lat = append(c.lon, p.lonlat[0]), append(c.lat, p.lonlat[1])
	c.accuracy = append(c.accuracy, p.accuracy)
	c.grid, c.area, c.crs = append(c.grid, p.grid), append(c.area, p.area), append(c.crs, p.crs)
	c.srid = append(c.srid, int32(p.srid))
	var o orb.Point
	if p.orig == nil {
		c.ox, c.oy = append(c.ox, nil), append(c.oy, nil)
		return
	}
	o = *p.orig
	c.ox, c.oy = append(c.ox, &o[0]), append(c.oy, &o[1])
}

func (w *writing) history(person int64, p *owned) { w.log.point(person, p) }

func (w *writing) latest(person int64, m *moved) {
	w.up.point(person, m.last)
	w.up.name, w.up.org = append(w.up.name, m.last.it.name), append(w.up.org, m.last.it.org)
	w.up.fenceList = append(w.up.fenceList, strings.Join(m.row.fences, " ")) // keys have no blanks
}

func (w *writing) event(e event) {
	w.ev.point(e.person, &e.at)
	w.ev.name, w.ev.org = append(w.ev.name, e.name), append(w.ev.org, e.org)
	w.ev.fence, w.ev.title, w.ev.why = append(w.ev.fence, e.fence), append(w.ev.title, e.title), append(w.ev.why, e.why)
	w.ev.what = append(w.ev.what, map[bool]string{true: "enter", false: "leave"}[e.enter])
}

// send writes everything with one statement a table, all in one round trip.
func (w *writing) send(ctx context.Context, tx pgx.Tx) error {
	b := &pgx.Batch{}
	if c := &w.up; len(c.person) > 0 {
		b.Queue(updateSQL, c.person, c.name, c.org, c.accuracy, c.crs, c.lon, c.lat, c.at, c.grid, c.area, c.fenceList, c.srid, c.ox, c.oy)
	}
	if c := &w.log; len(c.person) > 0 {
		b.Queue(historySQL, c.person, c.at, c.lon, c.lat, c.accuracy, c.grid, c.area, c.crs, c.ox, c.oy)
	}
	if c := &w.ev; len(c.person) > 0 {
		b.Queue(eventsSQL, c.person, c.name, c.org, c.fence, c.title, c.what, c.why, c.accuracy, c.at, c.lon, c.lat, c.grid, c.area, c.crs)
	}
	if b.Len() == 0 {
		return nil
	}
	if err := tx.SendBatch(ctx, b).Close(); err != nil {
		return fmt.Errorf("write positions: %w", err)
	}
	return nil
}
