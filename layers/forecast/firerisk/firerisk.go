// Package firerisk is the store of fire prevention: places scored by the fires
// to be expected at them, lists of inspections with the decision of a person on
// each line, gaps of water and of response as layers.
//
// A place is a building or an enterprise, never a person: what is read of one
// is what [model.Place] has fields for. Fires are cases of the classes that the
// setting fire.classes names, and of those only what may train a forecast:
// classes that the public reports, called in by somebody.
//
// A run scores all places of a kind and plays past days again; scores that
// fail that trial are withheld, and a list then goes by the legal terms, by who
// was longest without an inspection, and by the random audit. There is always a
// random audit, drawn by a recorded seed.
//
// Coordinates that go out are longitude and latitude of EPSG:4326. Who sees what
// is the caller's right to the layer fire_risk.
package firerisk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/class"
	"onemap/layers/deploy/roads"
	"onemap/layers/jobs"
	"onemap/layers/task"
	"onemap/layers/worktime"
)

// LayerName is the layer that holds the scores.
const LayerName = "fire_risk"

// Kinds of places.
const (
	Enterprise = "enterprise"
	Building   = "building"
)

// Viewers may see scores and lists, each by their organisation's right to the
// layer. The public never.
var Viewers = []access.Role{access.CommandCentre, access.Planner, access.DepartmentOfficer}

// ErrOff: forecasts are switched off in this city.
var ErrOff = fmt.Errorf("%w: forecasts are switched off in this city (setting forecast.enabled)", access.ErrForbidden)

// Store is safe for concurrent use.
type Store struct {
	Layers  *layers.Store
	Tasks   *task.Store      // accepted lines become its visits
	Roads   *roads.Store     // nil: one of its own
	Classes *class.Store     // its calendar says which days are worked on; nil: one of its own
	Jobs    *jobs.Queue      // runs happen in the background; nil: they are made at once
	Log     *slog.Logger     // nil: slog's default
	Clock   func() time.Time // nil: time.Now
}

func (s *Store) now() time.Time {
	if s.Clock != nil {
		return s.Clock()
	}
	return time.Now()
}

func (s *Store) log() *slog.Logger {
	if s.Log != nil {
		return s.Log
	}
	return slog.Default()
}

func (s *Store) roads() *roads.Store {
	if s.Roads == nil {
		return &roads.Store{Layers: s.Layers}
	}
	return s.Roads
}

// settings are what a deployment has set.
type settings struct {
	enabled bool
	zone    *time.Location
	classes []fireClass
	limits  struct {
		Water    float64 `json:"water_m"`
		Response float64 `json:"response_s"`
		Turnout  float64 `json:"turnout_s"`
	}
}

// A fireClass is a class of fires; a code may end in *.
type fireClass struct {
	Standard string `json:"standard"`
	Code     string `json:"code"`
}

func (s *Store) settings(ctx context.Context) (settings, error) {
	var out settings
	var zone string
	var classes, limits []byte
	err := s.Layers.DB().QueryRow(ctx, `SELECT
		coalesce((SELECT value <> 'false' FROM onemap.setting WHERE key = 'forecast.enabled'), true),
		coalesce((SELECT value #>> '{}' FROM onemap.setting WHERE key = 'city.time_zone'), 'Asia/Shanghai'),
		coalesce((SELECT value FROM onemap.setting WHERE key = 'fire.classes'), '[]'),
		coalesce((SELECT value FROM onemap.setting WHERE key = 'fire.limits'), '{}')`).Scan(&out.enabled, &zone, &classes, &limits)
	if err != nil {
		return out, fmt.Errorf("settings of fire risk: %w", err)
	}
	out.limits.Water, out.limits.Response, out.limits.Turnout = 150, 300, 60
	if out.zone, err = worktime.ParseZone(zone); err != nil {
		return out, fmt.Errorf("setting city.time_zone: %w", err)
	}
	if out.classes, err = ParseClasses(classes); err != nil {
		return out, fmt.Errorf("setting fire.classes: %w", err)
	}
	if err := ParseLimits(limits); err != nil {
		return out, fmt.Errorf("setting fire.limits: %w", err)
	}
	return out, json.Unmarshal(limits, &out.limits)
}

// ParseClasses reads the setting fire.classes.
func ParseClasses(value []byte) ([]fireClass, error) {
	var out []fireClass
	wrong := errors.New(`a list such as [{"standard": "onemap-calls", "code": "119-1*"}]: a code, or how codes begin and *`)
	if json.Unmarshal(value, &out) != nil || len(out) > 100 {
		return nil, wrong
	}
	for _, c := range out {
		if c.Standard == "" || strings.TrimSuffix(c.Code, "*") == "" || strings.Contains(strings.TrimSuffix(c.Code, "*"), "*") {
			return nil, wrong
		}
	}
	return out, nil
}

// ParseLimits says what is wrong with a value of the setting fire.limits.
func ParseLimits(value []byte) error {
	var l struct {
		Water    *float64 `json:"water_m"`
		Response *float64 `json:"response_s"`
		Turnout  *float64 `json:"turnout_s"`
	}
	if json.Unmarshal(value, &l) != nil || l.Water != nil && !(*l.Water >= 10 && *l.Water <= 5000) || l.Response != nil && !(*l.Response >= 30 && *l.Response <= 7200) || l.Turnout != nil && !(*l.Turnout >= 0 && *l.Turnout <= 600) {
		return errors.New(`{"water_m": 150, "response_s": 300, "turnout_s": 60}: 10 to 5000 metres, 30 to 7200 seconds, 0 to 600 of them until an engine leaves`)
	}
	return nil
}

// right is what the caller may see of the scores; an error where that is nothing.
func (s *Store) right(ctx context.Context, by access.Scope) (layers.Layer, access.Right, error) {
	if err := by.Require(Viewers...); err != nil {
		return layers.Layer{}, access.Right{}, err
	}
	l, err := s.Layers.Layer(ctx, LayerName)
	if errors.Is(err, layers.ErrNotFound) {
		return layers.Layer{}, access.Right{}, ErrOff
	}
	if err != nil {
		return layers.Layer{}, access.Right{}, err
	}
	right, ok := by.Layer(l)
	if !ok {
		return layers.Layer{}, access.Right{}, access.ErrForbidden
	}
	return l, right, nil
}

func checkKind(field, kind string) error {
	if kind != Enterprise && kind != Building {
		return &layers.InputError{Field: field, Value: layers.Short(kind), Remedy: "enterprise or building"}
	}
	return nil
}

// dayOf is a moment in days since 1970-01-01 of the city's clock.
func dayOf(t time.Time, zone *time.Location) float64 {
	_, off := t.In(zone).Zone()
	return float64(t.Unix()+int64(off)) / 86400
}

// timeOf is the inverse, to the second, where clocks do not change.
func timeOf(day float64, zone *time.Location) time.Time {
	t := time.Unix(int64(math.Round(day*86400)), 0).UTC()
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, zone)
}

// A querier is a pool or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}
