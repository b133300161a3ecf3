package roads

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
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
	rows, err := s.Layers.DB().Query(ctx, `SELECT mode, class, days, from_hour, to_hour, factor FROM onemap.road_speed ORDER BY mode, class, days, from_hour`)
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
