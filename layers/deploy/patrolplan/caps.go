package patrolplan

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geo"

	"onemap/layers"
	"onemap/layers/deploy/patrol"
)

// A taken stop is one of an accepted plan.
type taken struct {
	at      orb.Point
	start   time.Time
	minutes float64
}

// takenBetween reads the stops of accepted plans but one; those that their
// worker skipped were none.
func takenBetween(ctx context.Context, db querier, from, until time.Time, but int64) ([]taken, error) {
	rows, err := db.Query(ctx, `SELECT l.geom, s.start_at, (extract(epoch FROM s.leave_at - s.start_at) / 60)::float8
		FROM onemap.patrol_stop s
		JOIN onemap.patrol_plan p ON p.id = s.plan AND p.state = 'accepted' AND p.id <> $3
		JOIN onemap.patrol_place l ON l.plan = s.plan AND l.n = s.place
		JOIN onemap.patrol_unit u ON u.plan = s.plan AND u.n = s.unit
		LEFT JOIN onemap.task_point t ON t.task = u.task AND t.n = s.n
		WHERE s.start_at >= $1 AND s.start_at < $2 AND coalesce(t.skipped, '') = '' ORDER BY s.plan, s.unit, s.n`, from, until, but)
	if err != nil {
		return nil, fmt.Errorf("stops of accepted plans: %w", err)
	}
	out, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (t taken, err error) {
		err = r.Scan(&t.at, &t.start, &t.minutes)
		return t, err
	})
	if err != nil {
		return nil, fmt.Errorf("stops of accepted plans: %w", err)
	}
	return out, nil
}

// monday is the beginning of t's week in the city's time.
func monday(t time.Time, city *time.Location) time.Time {
	t = t.In(city)
	back := (int(t.Weekday()) + 6) % 7
	return time.Date(t.Year(), t.Month(), t.Day()-back, 0, 0, 0, 0, city)
}

// a ledger knows what accepted plans spend at places in the weeks of a plan.
type ledger struct {
	cap   Cap
	city  *time.Location
	stops []taken
}

// openLedger reads the weeks that from to until lies in; but is the plan that is looked at.
func (s *Store) openLedger(ctx context.Context, db querier, from, until time.Time, but int64, rules Rules) (l ledger, err error) {
	if l.cap, err = readCap(ctx, db); err != nil {
		return l, err
	}
	if rules.CapMin > 0 && (l.cap.Minutes == 0 || rules.CapMin < l.cap.Minutes) {
		l.cap.Minutes = rules.CapMin // an order may be stricter than the city, never less
	}
	if l.city, err = zone(ctx, db); err != nil {
		return l, err
	}
	l.stops, err = takenBetween(ctx, db, monday(from, l.city), monday(until, l.city).AddDate(0, 0, 7), but)
	return l, err
}

// used is the minutes at a place in the week of t.
func (l ledger) used(at orb.Point, t time.Time) (minutes float64) {
	week := monday(t, l.city)
	for _, s := range l.stops {
		if monday(s.start, l.city).Equal(week) && geo.Distance(s.at, at) < near*l.cap.CellM {
			minutes += s.minutes
		}
	}
	return minutes
}

// most is how many stops of so many minutes a place may still have in the
// fuller of the weeks from from to until; nil: as many as one likes.
func (l ledger) most(p Place, from, until time.Time) (most *int, used float64) {
	used = l.used(p.at(), from)
	if u := l.used(p.at(), until); u > used {
		used = u
	}
	if l.cap.Minutes == 0 {
		return nil, used
	}
	n := max(0, int((l.cap.Minutes-used)/p.StayMin+1e-9))
	return &n, used
}

// times are when accepted plans stop at a place about the hours from from to
// until, in seconds after from.
func (l ledger) times(at orb.Point, from, until time.Time, apart time.Duration) (out []float64) {
	for _, s := range l.stops {
		if s.start.After(from.Add(-apart)) && s.start.Before(until.Add(apart)) && geo.Distance(s.at, at) < near*l.cap.CellM {
			out = append(out, s.start.Sub(from).Seconds())
		}
	}
	return out
}

// limit is what the core takes for a cap.
func limit(most *int) int {
	switch {
	case most == nil:
		return 0
	case *most == 0:
		return patrol.None
	}
	return *most
}

// within says which place of a plan would pass its cap, all accepted plans of
// its weeks counted.
func (l ledger) within(p *Plan) error {
	if l.cap.Minutes == 0 {
		return nil
	}
	type key struct {
		place int
		week  int64
	}
	own := map[key]float64{}
	for _, u := range p.Units {
		for _, s := range u.Stops {
			own[key{s.Place, monday(s.Start, l.city).Unix()}] += s.Leave.Sub(s.Start).Minutes()
		}
	}
	for _, place := range p.Places {
		for _, week := range []time.Time{monday(p.From, l.city), monday(p.Until, l.city)} {
			minutes := own[key{place.N, week.Unix()}]
			if used := l.used(place.at(), week); minutes > 0 && used+minutes > l.cap.Minutes+1e-6 {
				return fmt.Errorf("place %d (%s) would have %.0f minutes of patrols in the week of %s, and its cap is %.0f: take stops out, or plan again: %w",
					place.N, place.Title, used+minutes, week.Format(time.DateOnly), l.cap.Minutes, layers.ErrConflict)
			}
		}
	}
	return nil
}
