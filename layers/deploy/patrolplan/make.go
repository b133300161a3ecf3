package patrolplan

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/paulmach/orb"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/deploy/patrol"
	"onemap/layers/locate"
)

// Make plans, and keeps the plan as a draft. An order of a UUID that is there
// already is answered with its plan, again true, if its content is the same,
// and with an error wrapping [layers.ErrConflict] if not. It returns a
// [layers.InputError] for what has no sensible answer: nobody to send, nowhere
// to go, a shift that holds no stop, roads that do not meet; and
// [deploy.ErrBusy] where other plans are being made for long.
func (s *Store) Make(ctx context.Context, scope access.Scope, o Order) (p Plan, again bool, err error) {
	v, err := see(scope)
	if err != nil {
		return p, false, err
	}
	content, err := contentOf(v.who.ID, o)
	if err != nil {
		return p, false, err
	}
	if id, found, err := s.made(ctx, o.UUID, content); err != nil || found {
		if err == nil {
			p, err = s.Get(ctx, scope, id)
		}
		return p, true, err
	}
	if err := o.check(s.now()); err != nil {
		return p, false, err
	}
	if o.Dept, err = s.orders(ctx, v, o.Dept); err != nil {
		return p, false, err
	}
	if o.Mode == "" {
		o.Mode = "car"
	}
	d, err := s.draft(ctx, v, o)
	if err != nil {
		return p, false, access.Wrap("plan patrols", faultOf(err))
	}
	var id int64
	err = pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) error {
		if id, err = s.insert(ctx, tx, v, o, content, d); err != nil {
			return err
		}
		if err := d.save(ctx, tx, id, nil); err != nil {
			return err
		}
		return flow(ctx, tx, scope, s.now(), id, Step{Action: "make", Version: 1}, o.Address)
	})
	var pg *pgconn.PgError
	if errors.As(err, &pg) && pg.ConstraintName == "patrol_plan_uuid_key" { // made by another request at the same moment
		id, again, err = s.made(ctx, o.UUID, content)
	}
	if err != nil {
		return p, false, access.Wrap("plan patrols", err)
	}
	p, err = s.Get(ctx, scope, id)
	return p, again, err
}

func contentOf(person int64, o Order) (string, error) {
	b, err := json.Marshal(struct {
		Person int64
		Order  Order
	}{person, o})
	if err != nil {
		return "", &layers.InputError{Field: "places", Remedy: "finite numbers"}
	}
	return sum(b), nil
}

func (s *Store) made(ctx context.Context, id uuid.UUID, content string) (plan int64, found bool, err error) {
	if id == uuid.Nil {
		return 0, false, nil
	}
	var same bool
	err = s.Layers.DB().QueryRow(ctx, `SELECT id, content = $2 FROM onemap.patrol_plan WHERE uuid = $1`, id, content).Scan(&plan, &same)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, false, nil
	}
	if err == nil && !same {
		err = fmt.Errorf("a different plan has the uuid %s: give a new plan a new uuid: %w", id, layers.ErrConflict)
	}
	return plan, err == nil, err
}

// A draft is a plan before it is kept: in the same order its record's spots are
// its places, and the units its units.
type draft struct {
	record record
	travel []byte
	places []Place
	units  []Unit
	people []*int64
	plan   patrol.Plan
	off    bool // a hot spot was left out: no road is near
	notes  []string
	lines  []orb.LineString
}

func (s *Store) draft(ctx context.Context, v sight, o Order) (d *draft, err error) {
	scope := v.scope
	seed := o.Seed
	if seed == 0 {
		n, err := rand.Int(rand.Reader, big.NewInt(1<<31-1))
		if err != nil {
			return nil, err
		}
		seed = n.Int64() + 1
	}
	rules := o.filled()
	from, until := o.span()
	books, err := s.openLedger(ctx, s.Layers.DB(), from, until, 0, rules)
	if err != nil {
		return nil, err
	}
	hot, src, err := s.hotspots(ctx, scope, &o)
	if err != nil {
		return nil, err
	}
	hand, err := s.picked(ctx, o.Places, hot)
	if err != nil {
		return nil, err
	}
	places, err := distinct(hand, hot, books.cap.CellM)
	if err != nil {
		return nil, err
	}
	if rules.Explore > 0 {
		drawn, err := s.explored(ctx, &o, places, seed, books.cap.CellM)
		if err != nil {
			return nil, err
		}
		places = append(places, drawn...)
	}
	if places, err = s.ground(ctx, scope, places); err != nil {
		return nil, err
	}
	done, err := s.Turn.Take(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	net, err := s.network(ctx, o.Mode, from, until)
	if err != nil {
		return nil, err
	}
	places, off, err := net.places(places)
	if err != nil {
		return nil, err
	}
	d = &draft{places: places, off: off, notes: append([]string{}, src.notes...)}
	d.record = record{Method: method, Mode: o.Mode, Run: o.Run, RunHash: src.run.Hash, From: from.UTC(), Asked: rules, Rules: rules.rules(seed)}
	d.record.Rules.Rounds = s.Rounds
	if err := s.crews(ctx, v, d, net, o.Units); err != nil {
		return nil, err
	}
	return d, d.finish(ctx, net, books)
}

// crews brings the order's units into the draft.
func (s *Store) crews(ctx context.Context, v sight, d *draft, net *network, units []UnitDraft) error {
	for i, u := range units {
		field := fmt.Sprintf("units[%d]", i)
		person, name, err := s.worker(ctx, v, field, u.Person)
		if err != nil {
			return err
		}
		if err := s.knownGrid(ctx, s.Layers.DB(), field, u.Grid); err != nil {
			return err
		}
		start, err := s.end(ctx, field+".start", u.Start)
		if err != nil {
			return err
		}
		end := start
		if u.End != nil {
			if end, err = s.end(ctx, field+".end", u.End); err != nil {
				return err
			}
		}
		unit := Unit{N: i + 1, Name: u.Name, Person: u.Person, PersonName: name, Grid: u.Grid, From: u.From, Until: u.Until, Start: start, End: end, Breaks: []Break{}}
		core := patrol.Unit{FromS: u.From.Sub(d.record.From).Seconds(), UntilS: u.Until.Sub(d.record.From).Seconds()}
		for _, b := range u.Breaks {
			unit.Breaks = append(unit.Breaks, Break{Earliest: b.Earliest, Latest: b.Latest, Minutes: b.Minutes})
			core.Breaks = append(core.Breaks, patrol.Break{EarliestS: b.Earliest.Sub(d.record.From).Seconds(), LatestS: b.Latest.Sub(d.record.From).Seconds(), LengthS: b.Minutes * 60, Place: -1})
		}
		if core.Start, err = net.add(start.point(), field+".start"); err != nil {
			return err
		}
		if core.End, err = net.add(end.point(), field+".end"); err != nil {
			return err
		}
		d.units, d.people, d.record.Units = append(d.units, unit), append(d.people, person), append(d.record.Units, core)
	}
	return nil
}

func (e *End) point() *orb.Point {
	if e == nil {
		return nil
	}
	return &orb.Point{e.Lon, e.Lat}
}

func (s *Store) end(ctx context.Context, field string, e *EndDraft) (*End, error) {
	if e == nil {
		return nil, nil
	}
	l, err := locate.On(ctx, s.Layers.DB(), field, e.At)
	if err != nil {
		return nil, err
	}
	return &End{Title: strings.TrimSpace(e.Title), Lon: round7(l.At[0]), Lat: round7(l.At[1])}, nil
}

// worker finds who goes among those whom the caller may send.
func (s *Store) worker(ctx context.Context, v sight, field, login string) (id *int64, name string, err error) {
	if login == "" {
		return nil, "", nil
	}
	var a layers.Args
	err = s.Layers.DB().QueryRow(ctx, `SELECT p.id, p.name FROM onemap.person p WHERE p.login = `+a.Add(login)+` AND `+v.sends(&a), a...).Scan(&id, &name)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, "", &layers.InputError{Field: field + ".person", Value: layers.Short(login), Remedy: "the login of a grid worker whom you may send: one of your organisation, or of a grid in your area"}
	}
	return id, name, err
}

func (s *Store) knownGrid(ctx context.Context, db querier, field, code string) error {
	if code == "" {
		return nil
	}
	var known bool
	err := db.QueryRow(ctx, `SELECT EXISTS (SELECT FROM map.grid_unit WHERE grid_code = $1 AND valid_to IS NULL UNION ALL SELECT FROM map.grid_duty WHERE grid_code = $1 AND valid_to IS NULL
		UNION ALL SELECT FROM map.grid_community WHERE grid_code = $1 AND valid_to IS NULL)`, code).Scan(&known)
	if err == nil && !known {
		err = &layers.InputError{Field: field + ".grid_code", Value: layers.Short(code), Remedy: "the code of a grid in force"}
	}
	return err
}

// finish times the draft: caps, matrix, routes, ways.
func (d *draft) finish(ctx context.Context, net *network, books ledger) error {
	from, until := d.record.From, d.record.From
	for _, u := range d.units {
		if u.Until.After(until) {
			until = u.Until
		}
	}
	apart := time.Duration(d.record.Rules.ApartS * float64(time.Second))
	d.record.Spots = make([]patrol.Spot, len(d.places))
	for i := range d.places {
		p := &d.places[i]
		p.N = i + 1
		if p.StayMin == 0 {
			p.StayMin = d.record.Asked.StayMin
		}
		p.Most, p.UsedMin = books.most(*p, from, until)
		d.record.Spots[i] = patrol.Spot{Place: i, Score: p.Score, StayS: p.StayMin * 60, Most: limit(p.Most), Explore: p.Explore, Taken: books.times(p.at(), from, until, apart)}
		if p.Explore && d.record.Spots[i].Most == 0 {
			d.record.Spots[i].Most = 1
		}
	}
	m, err := net.matrix(ctx)
	if err != nil {
		return err
	}
	d.travel = pack(m)
	d.record.Matrix = sum(d.travel)
	if d.plan, err = d.record.solve(ctx, m); err != nil {
		return err
	}
	d.note(books)
	d.lines = make([]orb.LineString, len(d.units))
	for u, r := range d.plan.Routes {
		rows := []int{d.record.Units[u].Start}
		for _, stop := range r.Stops {
			rows = append(rows, d.record.Spots[stop.Spot].Place)
		}
		d.lines[u] = net.line(append(rows, d.record.Units[u].End))
	}
	return nil
}

// note says what a reader must know.
func (d *draft) note(books ledger) {
	for _, n := range d.plan.Unreachable {
		d.places[n].NoRoad = true
	}
	capped, cut := false, false
	for i, p := range d.places {
		cut = cut || p.NoRoad && !p.Explore
		capped = capped || p.Most != nil && *p.Most == 0 && !d.record.Spots[i].Explore
	}
	for _, n := range []struct {
		key string
		is  bool
	}{
		{"unreachable", cut || d.off},
		{"capped", capped},
		{"no_cap", books.cap.Minutes == 0},
		{"few_explored", d.record.Orders == nil && d.record.Rules.Explore > 0 && float64(d.plan.Explored) < 0.05*float64(d.plan.Stops)},
		{"edited", d.record.Orders != nil},
	} {
		if n.is {
			d.notes = append(d.notes, n.key)
		}
	}
}
