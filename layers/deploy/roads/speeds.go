package roads

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
	"onemap/layers/access"
)

// A Speed says how many times as fast as usual a mode passes a class of road
// in some hours: 0.6 on primary roads by car from 7 to 9 on workdays.
type Speed struct {
	Mode   string  `json:"mode" enum:"car,emergency"`
	Class  string  `json:"class" doc:"OSM's value of highway=*; empty: every class that has no line of its own"`
	Days   string  `json:"days" enum:"all,workday,weekend"`
	From   int     `json:"from" minimum:"0" maximum:"23" doc:"The hour it begins"`
	To     int     `json:"to" minimum:"1" maximum:"24" doc:"The hour it ends"`
	Factor float64 `json:"factor" minimum:"0.05" maximum:"3"`
}

// counts says whether the line is about an hour. Typical is no hour of its
// own: only lines about whole days, all week, count then.
func (s Speed) counts(h Hour) bool {
	day, hour, ok := h.Of()
	if !ok {
		return s.Days == "all" && s.From == 0 && s.To == 24
	}
	if s.Days == "workday" && day > 4 || s.Days == "weekend" && day < 5 {
		return false
	}
	return hour >= s.From && hour < s.To
}

// factors are the lines of a profile, one a class: the line about the fewest
// hours says more than one about the whole week.
func factors(all []Speed, p Profile) Factors {
	mode := p.Mode
	if mode == "" {
		mode = Car
	}
	out, hours := Factors{}, map[string]int{}
	for _, s := range all {
		if s.Mode != mode || !s.counts(p.Hour) {
			continue
		}
		n := s.To - s.From
		if s.Days == "all" {
			n += 24
		}
		if old, ok := hours[s.Class]; !ok || n < old {
			hours[s.Class], out[s.Class] = n, s.Factor
		}
	}
	return out
}

// Speeds returns the lines of all modes.
func (s *Store) Speeds(ctx context.Context) ([]Speed, error) {
	return speedsIn(ctx, s.Layers.DB())
}

type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

func speedsIn(ctx context.Context, db querier) ([]Speed, error) {
	rows, err := db.Query(ctx, `SELECT mode, class, days, from_hour, to_hour, factor FROM onemap.road_speed ORDER BY mode, class, days, from_hour`)
	if err != nil {
		return nil, fmt.Errorf("road speeds: %w", err)
	}
	out, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (s Speed, err error) {
		err = row.Scan(&s.Mode, &s.Class, &s.Days, &s.From, &s.To, &s.Factor)
		return s, err
	})
	if err != nil {
		return nil, fmt.Errorf("road speeds: %w", err)
	}
	return out, nil
}

// A Class is a class of roads that cars may use, as the city has it.
type Class struct {
	Class string  `json:"class" doc:"OSM's value of highway=*"`
	KM    float64 `json:"km" doc:"Length in the city"`
	KMH   float64 `json:"kmh" doc:"How fast cars are there on the whole, where no line counts"`
}

// Classes returns the classes of the network that cars may use, the fastest
// first. It is empty, not nil, where there are no roads.
func (s *Store) Classes(ctx context.Context) ([]Class, error) {
	rows, err := s.Layers.DB().Query(ctx, `SELECT class, sum(length_m) / 1000, 3.6 * sum(length_m) / nullif(sum(CASE WHEN cost >= 0 THEN cost ELSE reverse_cost END), 0)
		FROM map.road_edge WHERE cost >= 0 OR reverse_cost >= 0 GROUP BY class ORDER BY 3 DESC NULLS LAST, class`)
	if err != nil {
		return nil, fmt.Errorf("classes of roads: %w", err)
	}
	out, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (c Class, err error) {
		var kmh *float64
		if err = row.Scan(&c.Class, &c.KM, &kmh); kmh != nil {
			c.KMH = *kmh
		}
		return c, err
	})
	if err != nil {
		return nil, fmt.Errorf("classes of roads: %w", err)
	}
	return out, nil
}

// carClasses are the classes of OSM that cars may use; a line of another would
// never count.
var carClasses = []string{"motorway", "motorway_link", "trunk", "trunk_link", "primary", "primary_link", "secondary", "secondary_link", "tertiary", "tertiary_link",
	"unclassified", "residential", "living_street", "service", "track", "road"}

var setters = []access.Role{access.CommandCentre, access.Planner}

// MaySet says whether the caller may set speeds. All plans of the city reckon with
// them, so only the command centre and planners of the city do: not those of a
// department, of a town, or of one county among several.
func (s *Store) MaySet(ctx context.Context, by access.Scope) (bool, error) {
	org := by.Org()
	if !by.Has(setters...) || org.Kind == "department" || org.Level == "town" || org.Level == "community" {
		return false, nil
	}
	var part bool
	err := s.Layers.DB().QueryRow(ctx, `SELECT EXISTS (SELECT FROM onemap.organisation
		WHERE kind = 'government' AND NOT starts_with(area_code, $1) AND NOT starts_with($1, area_code))`, org.AreaCode).Scan(&part)
	if err != nil {
		return false, fmt.Errorf("who sets road speeds: %w", err)
	}
	return !part, nil
}

// SetSpeeds puts other lines in the place of all. It returns a
// [layers.InputError], and one wrapping [access.ErrForbidden] for who may not:
// see [Store.MaySet]. Times follow with the next question.
func (s *Store) SetSpeeds(ctx context.Context, by access.Scope, speeds []Speed, address string) error {
	if err := by.Require(setters...); err != nil {
		return err
	}
	may, err := s.MaySet(ctx, by)
	if err != nil {
		return err
	}
	if !may {
		return fmt.Errorf("speeds are the whole city's: its command centre or a planner of the city sets them: %w", access.ErrForbidden)
	}
	known, err := s.Classes(ctx)
	if err != nil {
		return err
	}
	for i, v := range speeds {
		field := func(name string) string { return fmt.Sprintf("speeds[%d].%s", i, name) }
		switch {
		case v.Mode != Car && v.Mode != Emergency:
			return &layers.InputError{Field: field("mode"), Value: layers.Short(v.Mode), Remedy: "car or emergency: people on foot are as fast at any hour"}
		case v.Days != "all" && v.Days != "workday" && v.Days != "weekend":
			return &layers.InputError{Field: field("days"), Value: layers.Short(v.Days), Remedy: "all, workday or weekend"}
		case v.From < 0 || v.From > 23 || v.To <= v.From || v.To > 24:
			return &layers.InputError{Field: field("from"), Value: fmt.Sprintf("%d to %d", v.From, v.To), Remedy: "hours of the day that ascend, from 0 to 24"}
		case !(v.Factor >= 0.05 && v.Factor <= 3):
			return &layers.InputError{Field: field("factor"), Value: fmt.Sprint(v.Factor), Remedy: "from 0.05 to 3"}
		}
		if v.Class != "" && !slices.Contains(carClasses, v.Class) && !slices.ContainsFunc(known, func(c Class) bool { return c.Class == v.Class }) {
			return &layers.InputError{Field: field("class"), Value: layers.Short(v.Class), Remedy: "a class of roads that cars may use, such as primary or residential; empty for every class without a line of its own"}
		}
		for _, o := range speeds[:i] {
			if o.Mode == v.Mode && o.Class == v.Class && o.Days == v.Days && o.From < v.To && v.From < o.To {
				return &layers.InputError{Field: field("from"), Value: fmt.Sprintf("%s %s %d to %d", v.Class, v.Days, v.From, v.To), Remedy: "hours that no other line of the class and days has"}
			}
		}
	}
	err = pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) error {
		// One after the other, so that the record of each says what it changed.
		if _, err := tx.Exec(ctx, `LOCK TABLE onemap.road_speed IN SHARE ROW EXCLUSIVE MODE`); err != nil {
			return err
		}
		before, err := speedsIn(ctx, tx)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM onemap.road_speed`); err != nil {
			return err
		}
		_, err = tx.CopyFrom(ctx, pgx.Identifier{"onemap", "road_speed"}, []string{"mode", "class", "days", "from_hour", "to_hour", "factor"}, pgx.CopyFromSlice(len(speeds), func(i int) ([]any, error) {
			v := speeds[i]
			return []any{v.Mode, v.Class, v.Days, v.From, v.To, v.Factor}, nil
		}))
		if err != nil {
			return err
		}
		return access.RecordTx(ctx, tx, by, access.Entry{Action: "roads.speeds", Object: "roads/speeds", Result: access.Done, Address: address, Detail: map[string]any{"lines": len(speeds), "before": without(before, speeds), "after": without(speeds, before)}})
	})
	return access.Wrap("set road speeds", err)
}

// mostTold is of how many lines the record of a change tells.
const mostTold = 100

// without are the lines of a that b has not.
func without(a, b []Speed) []Speed {
	out := slices.DeleteFunc(slices.Clone(a), func(v Speed) bool { return slices.Contains(b, v) })
	return out[:min(mostTold, len(out))]
}
