package patrolplan

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/deploy/patrol"
)

// An Edit changes a draft by hand.
type Edit struct {
	Version int
	Reason  string
	Units   []UnitEdit // those not named stay as they are
	Address string
}

// A UnitEdit changes one unit. Nil fields stay.
type UnitEdit struct {
	N      int
	Name   *string
	Person *string // login; "": nobody
	Grid   *string
	Stops  *[]StopEdit // all of them, in their new order
}

// A StopEdit is a place of the plan by its number, or a new one.
type StopEdit struct {
	Place int
	New   *PlaceDraft
}

// Edit reorders, removes and adds stops as a person says, and tells the times
// anew: nothing is chosen for them. The result keeps every rule but two that
// are for machines (how many different places a unit has, what exploration
// makes up); a [layers.InputError] says which rule a person's order would break.
func (s *Store) Edit(ctx context.Context, scope access.Scope, id int64, e Edit) (p Plan, err error) {
	v, err := see(scope)
	if err != nil {
		return p, err
	}
	if err := reasonOf(e.Reason); err != nil {
		return p, err
	}
	old, err := s.read(ctx, s.Layers.DB(), v, id)
	if err != nil {
		return p, err
	}
	if err := decidable(old, Draft, e.Version); err != nil {
		return p, err
	}
	d, err := s.redraft(ctx, v, old, e)
	if err != nil {
		return p, access.Wrap(fmt.Sprintf("edit patrol plan %d", id), faultOf(err))
	}
	hand, step := compare(old, d)
	step.Action, step.Version, step.Reason = "edit", old.Version+1, e.Reason
	err = pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) error {
		if err := lock(ctx, tx, id, Draft, e.Version); err != nil {
			return err
		}
		if err := d.replace(ctx, tx, id, hand); err != nil {
			return err
		}
		return flow(ctx, tx, scope, s.now(), id, step, e.Address)
	})
	if err != nil {
		return p, access.Wrap(fmt.Sprintf("edit patrol plan %d", id), err)
	}
	return s.Get(ctx, scope, id)
}

// redraft is the plan with the edit, timed on the roads as they are now.
func (s *Store) redraft(ctx context.Context, v sight, old Plan, e Edit) (*draft, error) {
	r, _, err := readRecord(ctx, s.Layers.DB(), old.ID)
	if err != nil {
		return nil, err
	}
	places, err := s.allPlaces(ctx, old)
	if err != nil {
		return nil, err
	}
	books, err := s.openLedger(ctx, s.Layers.DB(), old.From, old.Until, old.ID, r.Asked)
	if err != nil {
		return nil, err
	}
	orders := make([][]int, len(old.Units))
	for u, unit := range old.Units {
		for _, stop := range unit.Stops {
			orders[u] = append(orders[u], stop.Place-1)
		}
		orders[u] = append([]int{}, orders[u]...)
	}
	d := &draft{record: r, units: old.Units, people: make([]*int64, len(old.Units)), notes: []string{}}
	for i, ue := range e.Units {
		field := fmt.Sprintf("units[%d]", i)
		u := ue.N - 1
		if u < 0 || u >= len(d.units) {
			return nil, &layers.InputError{Field: field + ".n", Value: fmt.Sprint(ue.N), Remedy: "the number of a unit of the plan"}
		}
		if err := s.reassign(&d.units[u], field, ue); err != nil {
			return nil, err
		}
		if ue.Stops == nil {
			continue
		}
		if orders[u], places, err = s.reorder(ctx, v.scope, field, *ue.Stops, places, books.cap.CellM); err != nil {
			return nil, err
		}
	}
	for u := range d.units {
		unit := &d.units[u]
		if d.people[u], unit.PersonName, err = s.worker(ctx, v, fmt.Sprintf("units[%d]", u), unit.Person); err != nil {
			return nil, err
		}
		if err := s.knownGrid(ctx, s.Layers.DB(), fmt.Sprintf("units[%d]", u), unit.Grid); err != nil {
			return nil, err
		}
	}
	done, err := s.Turn.Take(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	net, err := s.network(ctx, old.Mode, old.From, old.Until)
	if err != nil {
		return nil, err
	}
	for _, p := range places {
		on, ok := net.graph.Snap(p.at())
		net.on, net.ok = append(net.on, on), append(net.ok, ok)
	}
	d.places, d.record.Orders = places, orders
	d.record.Units = slices.Clone(r.Units)
	for u, unit := range d.units {
		core := &d.record.Units[u]
		if core.Start, err = net.add(unit.Start.point(), fmt.Sprintf("units[%d].start", u)); err != nil {
			return nil, err
		}
		if core.End, err = net.add(unit.End.point(), fmt.Sprintf("units[%d].end", u)); err != nil {
			return nil, err
		}
	}
	for _, n := range old.Notes {
		if n == "hours_zone" || n == "hours_even" || n == "other_time" {
			d.notes = append(d.notes, n)
		}
	}
	return d, d.finish(ctx, net, books)
}

func (s *Store) reassign(u *Unit, field string, e UnitEdit) error {
	for _, c := range []struct {
		name string
		from *string
		to   *string
		most int
	}{{"name", e.Name, &u.Name, 100}, {"person", e.Person, &u.Person, 63}, {"grid_code", e.Grid, &u.Grid, 40}} {
		if c.from == nil {
			continue
		}
		if err := layers.CheckText(field+"."+c.name, *c.from, c.most); err != nil {
			return err
		}
		*c.to = strings.TrimSpace(*c.from)
	}
	if u.Name == "" {
		return &layers.InputError{Field: field + ".name", Remedy: "a name"}
	}
	return nil
}

// reorder reads a person's order; new places are added to the plan's.
func (s *Store) reorder(ctx context.Context, scope access.Scope, field string, stops []StopEdit, places []Place, cellM float64) ([]int, []Place, error) {
	order := make([]int, 0, len(stops))
	for k, stop := range stops {
		at := fmt.Sprintf("%s.stops[%d]", field, k)
		if stop.New == nil {
			if stop.Place < 1 || stop.Place > len(places) {
				return nil, nil, &layers.InputError{Field: at + ".place", Value: fmt.Sprint(stop.Place), Remedy: "the number of a place of the plan"}
			}
			order = append(order, stop.Place-1)
			continue
		}
		if err := stop.New.check(at + ".new"); err != nil {
			return nil, nil, err
		}
		made, err := s.picked(ctx, []PlaceDraft{*stop.New}, places)
		if err == nil {
			made, err = s.ground(ctx, scope, made)
		}
		if err != nil {
			return nil, nil, err
		}
		// Where a place of the plan is, that is meant: one place, one cap.
		same := slices.IndexFunc(places, func(p Place) bool { return !apart(made[0], []Place{p}, near*cellM) })
		if same < 0 {
			if len(places) >= patrol.MaxSpots {
				return nil, nil, &layers.InputError{Field: at, Remedy: fmt.Sprintf("at most %d places in one plan", patrol.MaxSpots)}
			}
			same = len(places)
			places = append(places, made[0])
		}
		order = append(order, same)
	}
	return order, places, nil
}

// allPlaces are the plan's places and the candidates of exploration that
// chance did not choose, by their numbers.
func (s *Store) allPlaces(ctx context.Context, p Plan) ([]Place, error) {
	all := p
	all.Places = nil
	rows, err := s.Layers.DB().Query(ctx, `SELECT n, title, ST_X(geom), ST_Y(geom), grid_code, coalesce(cell, 0), coalesce(rank, 0), score, stay_s / 60.0::float8, explore, by_hand, why_zh, why_en
		FROM onemap.patrol_place WHERE plan = $1 ORDER BY n`, p.ID)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(r pgx.CollectableRow) (l Place, err error) {
		err = r.Scan(&l.N, &l.Title, &l.Lon, &l.Lat, &l.Grid, &l.Cell, &l.Rank, &l.Score, &l.StayMin, &l.Explore, &l.ByHand, &l.WhyZH, &l.WhyEN)
		return l, err
	})
}

// compare says what an edit changed: which stops a person put there, and how
// many were taken out, put in, and moved in their order.
func compare(old Plan, d *draft) (hand byHand, step Step) {
	hand = byHand{}
	for u, unit := range old.Units {
		var was, is []int
		before := map[int]int{} // stops of the machine, by place
		kept := map[int][]bool{}
		for _, s := range unit.Stops {
			was = append(was, s.Place-1)
			before[s.Place-1]++
			kept[s.Place-1] = append(kept[s.Place-1], s.ByHand)
		}
		for k, s := range d.plan.Routes[u].Stops {
			is = append(is, s.Spot)
			if before[s.Spot] == 0 {
				hand[[2]int{u, k}] = true
				step.Added++
				continue
			}
			before[s.Spot]--
			hand[[2]int{u, k}] = kept[s.Spot][0]
			kept[s.Spot] = kept[s.Spot][1:]
		}
		for _, n := range before {
			step.Removed += n
		}
		step.Moved += max(0, min(len(was), len(is))-common(was, is)-min(step.Added, step.Removed))
	}
	return hand, step
}

// common is the length of the longest common subsequence.
func common(a, b []int) int {
	row := make([]int, len(b)+1)
	for _, x := range a {
		diagonal := 0
		for j, y := range b {
			up := row[j+1]
			if x == y {
				row[j+1] = diagonal + 1
			} else {
				row[j+1] = max(up, row[j])
			}
			diagonal = up
		}
	}
	return row[len(b)]
}
