// Package deviation is the store of counts that are not as was to be expected,
// and of places where incidents come again. A job looks every quarter of an hour;
// what it tells are the layers deviation and repeat_place, so that it is drawn,
// filtered and told live as any other.
//
// Only cases that may train a forecast are counted: of classes that the public
// reports, called in by somebody. What workers, cameras and patrols find
// follows their rounds; a rise of it says where they went.
//
// A deviation is a question to a person, not an answer: they say that it is
// known why, or that something is done. Nothing here is about a person.
package deviation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/riverqueue/river"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/class"
	"onemap/layers/jobs"
	"onemap/layers/worktime"
)

// Names of the layers.
const (
	LayerName  = "deviation"
	RepeatName = "repeat_place"
)

// Viewers may see deviations, each by their organisation's right to the layers.
var Viewers = []access.Role{access.CommandCentre, access.Acceptor, access.ShiftLeader, access.Dispatcher, access.Planner, access.DepartmentOfficer}

// Answerers may answer one, and have the counts looked at anew.
var Answerers = []access.Role{access.CommandCentre, access.ShiftLeader, access.Planner, access.DepartmentOfficer}

// Store is safe for concurrent use.
type Store struct {
	Layers  *layers.Store
	Classes *class.Store     // whose calendar says which days are off; nil: one of its own
	Jobs    *jobs.Queue      // nil: nothing looks by itself
	Log     *slog.Logger     // nil: slog's default
	Clock   func() time.Time // nil: time.Now
}

func (s *Store) now() time.Time {
	if s.Clock != nil {
		return s.Clock()
	}
	return time.Now()
}

// lookJob looks at the counts.
type lookJob struct{}

func (lookJob) Kind() string { return "deviation_look" }

// lookEvery is how often counts are looked at by themselves.
const lookEvery = 15 * time.Minute

// Work makes the store's job known to the queue: before the queue runs.
func (s *Store) Work() {
	jobs.Handle(s.Jobs, 5*time.Minute, nil, func(ctx context.Context, _ *river.Job[lookJob]) error {
		_, err := s.Look(ctx)
		return err
	})
	s.Jobs.Every(lookEvery, lookJob{})
}

// Rules are the setting deviation.
type Rules struct {
	Grid    string  `json:"grid"`     // grid_unit, grid_duty or grid_community
	FDR     float64 `json:"fdr"`      // share of chance among what is told
	Least   int     `json:"least"`    // incidents of what is told
	RadiusM float64 `json:"radius_m"` // incidents of one place lie within it
	Days    int     `json:"days"`     // in which they come again
	Repeats int     `json:"repeats"`  // and how many of them
}

// ParseRules reads the setting; what it leaves out has its default.
func ParseRules(value []byte) (Rules, error) {
	r := Rules{Grid: "grid_duty", FDR: 0.1, Least: 3, RadiusM: 40, Days: 90, Repeats: 4}
	if json.Unmarshal(value, &r) != nil || !slices.Contains([]string{"grid_unit", "grid_duty", "grid_community"}, r.Grid) {
		return r, errors.New(`{"grid": "grid_duty", …}: grid is one of grid_unit, grid_duty, grid_community`)
	}
	switch {
	case !(r.FDR > 0 && r.FDR <= 0.5):
		return r, errors.New("fdr: above 0, to 0.5")
	case r.Least < 1 || r.Least > 1000:
		return r, errors.New("least: 1 to 1000")
	case !(r.RadiusM >= 5 && r.RadiusM <= 300):
		return r, errors.New("radius_m: 5 to 300")
	case r.Days < 7 || r.Days > 365:
		return r, errors.New("days: 7 to 365")
	case r.Repeats < 2 || r.Repeats > 100:
		return r, errors.New("repeats: 2 to 100")
	}
	return r, nil
}

// settings are what a deployment has set.
func (s *Store) settings(ctx context.Context) (Rules, *time.Location, error) {
	var rules []byte
	var zone string
	err := s.Layers.DB().QueryRow(ctx, `SELECT coalesce((SELECT value FROM onemap.setting WHERE key = 'deviation'), '{}'),
		coalesce((SELECT value #>> '{}' FROM onemap.setting WHERE key = 'city.time_zone'), 'Asia/Shanghai')`).Scan(&rules, &zone)
	if err != nil {
		return Rules{}, nil, fmt.Errorf("settings of deviations: %w", err)
	}
	r, err := ParseRules(rules)
	if err != nil {
		return r, nil, fmt.Errorf("setting deviation: %w", err)
	}
	loc, err := worktime.ParseZone(zone)
	return r, loc, err
}

// seen is the condition on the rows of a layer, under the alias f, that the
// caller may see.
func (s *Store) seen(ctx context.Context, by access.Scope, layer string) (string, layers.Args, error) {
	if err := by.Require(Viewers...); err != nil {
		return "", nil, err
	}
	l, err := s.Layers.Layer(ctx, layer)
	if err != nil {
		return "", nil, err
	}
	right, ok := by.Layer(l)
	if !ok {
		return "", nil, access.ErrForbidden
	}
	var a layers.Args
	cond, err := l.SQL(right.Where, &a)
	return cond, a, err
}
