package forecast

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"
	"github.com/riverqueue/river"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/jobs"
)

// An Order is what a planner asks for.
type Order struct {
	UUID    uuid.UUID // made by the client; the zero value: none
	Title   string
	Dept    string // of whose cases; "": of all. A department's officers ask for their own
	Classes []ClassKey
	Horizon string
	From    time.Time // zero: when the next shift, day begins
	Until   time.Time // zero: now
	Hours   []int     // of the day; nil: all
	Space   string    // "": lattice
	CellM   float64   // 0: 150, or 500 for fewer than 300 cases a year
	Angle   float64
	Origin  *orb.Point
	Share   float64 // 0 with Count 0: 0.01
	Count   int
	Seed    int64 // 0: one is drawn from the order, and kept
	Origins int   // 0: as the horizon has it
	Address string
}

// Horizons, in days, and how often a backtest forecasts the past by default.
var horizons = map[string]struct {
	days    float64
	origins int
}{
	"shift": {1, 60}, // shorter; its order of cells is held against whole days
	"day":   {1, 60},
	"week":  {7, 52},
	"month": {28, 26},
	"year":  {365, 24},
}

const (
	defaultCellM = 150
	sparseCellM  = 500
	sparseYear   = 300 // cases a year below which cells are large by default
	defaultShare = 0.01
	maxOrigins   = 260
)

// Order takes an order, puts its job down, and returns the run. An order sent
// again with its uuid is the same run, again true. It returns [layers.InputError]s,
// [ErrOff] while forecasts are switched off, and an error wrapping
// [layers.ErrConflict] for a uuid of another order, and where as many wait as may.
func (s *Store) Order(ctx context.Context, by access.Scope, o Order) (r Run, again bool, err error) {
	set, err := s.settings(ctx)
	if err != nil {
		return Run{}, false, err
	}
	if !set.enabled {
		return Run{}, false, ErrOff
	}
	if o.Dept, err = s.mayOrder(ctx, by, o.Dept); err != nil {
		return Run{}, false, err
	}
	a, err := o.asked(by, "")
	if err != nil {
		return Run{}, false, err
	}
	id, again, err := a.before(ctx, s.Layers.DB(), "forecast_run")
	if err != nil {
		return Run{}, false, err
	}
	if again {
		r, err = s.Get(ctx, by, id)
		return r, true, err
	}
	p, classes, err := s.params(ctx, o, set)
	if err != nil {
		return Run{}, false, err
	}
	person, _ := by.Person()
	err = pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) error {
		if err := room(ctx, tx, person.Login, by.Org().Code); err != nil {
			return err
		}
		if id, err = s.insert(ctx, tx, a, o.Title, p, classes, person.Login, by.Org().Code, 0); err != nil {
			return err
		}
		return access.RecordTx(ctx, tx, by, access.Entry{Action: "forecast.order", Object: fmt.Sprintf("forecast/%d", id), Result: access.Done, Address: o.Address,
			Detail: map[string]any{"classes": p.Classes, "horizon": p.Horizon, "from": p.From.Format(time.RFC3339), "dept": p.Dept}})
	})
	if taken(err) {
		id, again, err = a.before(ctx, s.Layers.DB(), "forecast_run")
	}
	if err != nil {
		return Run{}, false, access.Wrap("order a forecast", err)
	}
	if s.Jobs == nil && !again {
		if err := s.Make(ctx, id); err != nil {
			return Run{}, false, err
		}
	}
	r, err = s.Get(ctx, by, id)
	return r, again, err
}

// insert puts a run down, with its job.
func (s *Store) insert(ctx context.Context, tx pgx.Tx, a asked, title string, p Params, classes []Class, login, org string, standing int64) (id int64, err error) {
	params, err := json.Marshal(p)
	if err != nil {
		return 0, err
	}
	recipe, err := p.recipe()
	if err != nil {
		return 0, err
	}
	var cell *float64
	if p.Space == Lattice {
		cell = &p.CellM
	}
	err = tx.QueryRow(ctx, `INSERT INTO onemap.forecast_run (uuid, content, title, dept_code, classes, class_key, recipe, horizon, from_at, to_at, space, cell_m, params, seed, standing, made_by, org)
		VALUES (@uuid, @content, @title, @dept, @classes, @key, @recipe, @horizon, @from, @to, @space, @cell, @params, @seed, nullif(@standing, 0::bigint), @by, @org) RETURNING id`,
		pgx.NamedArgs{"uuid": a.number(), "content": a.content, "title": titleOf(title, classes), "dept": p.Dept, "classes": classes, "key": classKey(p.Classes), "recipe": recipe, "horizon": p.Horizon,
			"from": p.From, "to": p.To, "space": p.Space, "cell": cell, "params": params, "seed": p.Seed, "standing": standing, "by": login, "org": org}).Scan(&id)
	if err != nil {
		return 0, err
	}
	if s.Jobs == nil {
		return id, nil
	}
	return id, s.Jobs.InsertTx(ctx, tx, makeJob{id}, &river.InsertOpts{Queue: jobs.Forecasts, MaxAttempts: 3})
}

func titleOf(title string, classes []Class) string {
	if title != "" {
		return title
	}
	t := classes[0].NameZH
	for _, c := range classes[1:min(3, len(classes))] {
		t += "、" + c.NameZH
	}
	if len(classes) > 3 {
		t += fmt.Sprintf("等%d类", len(classes))
	}
	return layers.Cut(t, 100)
}

// params checks an order and fills in what it leaves open.
func (s *Store) params(ctx context.Context, o Order, set settings) (Params, []Class, error) {
	if err := layers.CheckText("title", o.Title, 100); err != nil {
		return Params{}, nil, err
	}
	classes, err := checkClasses(ctx, s.Layers.DB(), o.Classes)
	if err != nil {
		return Params{}, nil, err
	}
	h, ok := horizons[o.Horizon]
	if !ok {
		return Params{}, nil, &layers.InputError{Field: "horizon", Value: layers.Short(o.Horizon), Remedy: "one of shift, day, week, month, year"}
	}
	p := Params{Dept: o.Dept, Horizon: o.Horizon, Zone: set.zone.String(), Space: o.Space, Hours: slices.Clone(o.Hours), Share: o.Share, Count: o.Count, Seed: o.Seed, Origins: o.Origins}
	for _, c := range classes {
		p.Classes = append(p.Classes, c.ClassKey)
	}
	if p.Dept != "" {
		if p.Depts, err = branches(ctx, s.Layers.DB(), p.Dept); err != nil {
			return p, nil, err
		}
	}
	now := s.now().UTC().Truncate(time.Second)
	if p.Until = o.Until.UTC().Truncate(time.Second); o.Until.IsZero() {
		p.Until = now
	}
	if p.Until.After(now) {
		return p, nil, &layers.InputError{Field: "until", Value: p.Until.Format(time.RFC3339), Remedy: "lies in the future: nothing of it is known yet; at the latest now"}
	}
	if p.From, p.To, err = window(o, p.Until, h.days, set); err != nil {
		return p, nil, err
	}
	if err := p.checkHours(); err != nil {
		return p, nil, err
	}
	if err := s.checkSpace(ctx, &p, o); err != nil {
		return p, nil, err
	}
	if err := p.checkHot(); err != nil {
		return p, nil, err
	}
	if p.Origins == 0 {
		p.Origins = h.origins
	}
	if p.Origins < 1 || p.Origins > maxOrigins {
		return p, nil, &layers.InputError{Field: "origins", Value: fmt.Sprint(p.Origins), Remedy: fmt.Sprintf("1 to %d: how many times the backtest forecasts the past", maxOrigins)}
	}
	if p.Seed == 0 {
		p.Seed = p.From.Unix()
	}
	return p, classes, nil
}

// window is the time that is forecast.
func window(o Order, until time.Time, days float64, set settings) (from, to time.Time, err error) {
	from = o.From.UTC().Truncate(time.Second)
	if o.From.IsZero() {
		from = nextStart(until, o.Horizon, set)
	}
	switch {
	case from.Before(until):
		return from, to, &layers.InputError{Field: "from", Value: from.Format(time.RFC3339), Remedy: "begins before the data cut (until): a forecast begins where knowledge ends, or later"}
	case from.Sub(until) > 92*24*time.Hour:
		return from, to, &layers.InputError{Field: "from", Value: from.Format(time.RFC3339), Remedy: "lies more than three months after the data cut: nothing that is known reaches so far"}
	}
	if o.Horizon == "shift" {
		return from, shiftEnd(from, set), nil
	}
	// By the calendar of the city: a week is seven of its days.
	return from, from.In(set.zone).AddDate(0, 0, int(days)).UTC(), nil
}

// nextStart is when the next shift, or the next day, begins.
func nextStart(after time.Time, horizon string, set settings) time.Time {
	at := after.In(set.zone)
	hours := []int{0}
	if horizon == "shift" {
		hours = set.shifts
	}
	for day := range 3 {
		for _, h := range hours {
			t := time.Date(at.Year(), at.Month(), at.Day()+day, h, 0, 0, 0, set.zone)
			if !t.Before(after) {
				return t.UTC()
			}
		}
	}
	return after // clocks do not jump over days
}

// shiftEnd is when the shift that begins at from ends: when the next one begins.
func shiftEnd(from time.Time, set settings) time.Time {
	return nextStart(from.Add(time.Second), "shift", set)
}

func (p *Params) checkHours() error {
	slices.Sort(p.Hours)
	p.Hours = slices.Compact(p.Hours)
	for _, h := range p.Hours {
		if h < 0 || h > 23 {
			return &layers.InputError{Field: "hours", Value: fmt.Sprint(h), Remedy: "hours of the day, 0 to 23"}
		}
	}
	if len(p.Hours) == 24 {
		p.Hours = nil
	}
	return nil
}

func (s *Store) checkSpace(ctx context.Context, p *Params, o Order) error {
	if p.Space == "" {
		p.Space = Lattice
	}
	if p.Space != Lattice {
		if !slices.Contains([]string{Unit, Duty, Community}, p.Space) {
			return &layers.InputError{Field: "space", Value: layers.Short(p.Space), Remedy: "one of lattice, grid_unit, grid_duty, grid_community"}
		}
		if o.CellM != 0 || o.Angle != 0 || o.Origin != nil {
			return &layers.InputError{Field: "cell_m", Remedy: "cells have a size, an angle and an origin on a lattice only; leave them out, or say space lattice"}
		}
		return nil
	}
	p.CellM, p.Angle, p.Origin = o.CellM, o.Angle, o.Origin
	if p.CellM == 0 {
		p.CellM = defaultCellM
		n, err := yearly(ctx, s.Layers.DB(), *p)
		if err != nil {
			return err
		}
		if n < sparseYear {
			p.CellM = sparseCellM
		}
	}
	switch {
	case !(p.CellM >= 50 && p.CellM <= 5000):
		return &layers.InputError{Field: "cell_m", Value: fmt.Sprintf("%g", p.CellM), Remedy: "50 to 5000 metres; 150 is usual for crime, 500 for fires"}
	case !(p.Angle >= 0 && p.Angle < 90):
		return &layers.InputError{Field: "angle", Value: fmt.Sprintf("%g", p.Angle), Remedy: "0 to below 90 degrees: squares turned by 90 are the same"}
	case p.Origin != nil && !(math.Abs(p.Origin[0]) <= 180 && math.Abs(p.Origin[1]) <= 85):
		return &layers.InputError{Field: "origin", Remedy: "longitude and latitude in degrees, within the city"}
	}
	return nil
}

// yearly is about how many cases a year there are to learn from.
func yearly(ctx context.Context, db querier, p Params) (n int, err error) {
	args := cutArgs(p, p.Until.Add(-365*24*time.Hour))
	err = db.QueryRow(ctx, `SELECT count(*) FROM (`+cutSQL+`) e`, args).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count cases: %w", err)
	}
	return n, nil
}

func (p *Params) checkHot() error {
	switch {
	case p.Share != 0 && p.Count != 0:
		return &layers.InputError{Field: "count", Remedy: "say a share of the area or a number of cells, not both"}
	case p.Count < 0 || p.Count > 10_000:
		return &layers.InputError{Field: "count", Value: fmt.Sprint(p.Count), Remedy: "1 to 10000 cells"}
	case p.Share == 0 && p.Count == 0:
		p.Share = defaultShare
	case p.Count == 0 && !(p.Share > 0 && p.Share <= 0.5):
		return &layers.InputError{Field: "share", Value: fmt.Sprintf("%g", p.Share), Remedy: "above 0 and at most 0.5: the share of the area that is hot, such as 0.01"}
	}
	return nil
}

// recipe is equal for runs that differ only in their time: the later takes the
// place of the earlier.
func (p Params) recipe() (string, error) {
	p.From, p.To, p.Until, p.Seed = time.Time{}, time.Time{}, time.Time{}, 0
	b, err := json.Marshal(p)
	if err != nil {
		return "", err
	}
	c := newContent("", 0, b)
	return c.hex()[:32], nil
}
