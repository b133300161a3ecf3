package forecast

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/jobs"
	"onemap/layers/worktime"
)

// LayerName is the layer that holds the cells.
const LayerName = "forecast"

// ErrOff: forecasts are switched off (setting forecast.enabled).
var ErrOff = fmt.Errorf("%w: forecasts are switched off in this city (setting forecast.enabled)", access.ErrForbidden)

// ErrBusy: a run is being made again already. Ask later.
var ErrBusy = errors.New("another forecast is being made again: ask in half a minute")

// Store takes orders, makes forecasts, and shows them by right. Its methods are
// safe for concurrent use.
type Store struct {
	Layers *layers.Store
	Jobs   *jobs.Queue      // runs happen in the background; nil: [Store.Order] makes them at once
	Log    *slog.Logger     // nil: slog's default
	Now    func() time.Time // nil: time.Now

	remaking sync.Mutex // held by the one run that is made again: it takes all processors
}

func (s *Store) now() time.Time {
	if s.Now != nil {
		return s.Now()
	}
	return time.Now()
}

func (s *Store) log() *slog.Logger {
	if s.Log != nil {
		return s.Log
	}
	return slog.Default()
}

// settings are what a deployment has set.
type settings struct {
	enabled bool
	zone    *time.Location
	shifts  []int // hours of the day, ascending
	keep    struct {
		Days int `json:"days"`
		Runs int `json:"runs"`
	}
	gate Gate
}

func (s *Store) settings(ctx context.Context) (settings, error) {
	var out settings
	var zone string
	var shifts, keep, gate []byte
	err := s.Layers.DB().QueryRow(ctx, `SELECT
		coalesce((SELECT value <> 'false' FROM onemap.setting WHERE key = 'forecast.enabled'), true),
		coalesce((SELECT value #>> '{}' FROM onemap.setting WHERE key = 'city.time_zone'), 'Asia/Shanghai'),
		coalesce((SELECT value FROM onemap.setting WHERE key = 'forecast.shifts'), '[0, 8, 16]'),
		coalesce((SELECT value FROM onemap.setting WHERE key = 'forecast.keep'), '{}'),
		coalesce((SELECT value FROM onemap.setting WHERE key = 'forecast.gate'), '{}')`).Scan(&out.enabled, &zone, &shifts, &keep, &gate)
	if err != nil {
		return out, fmt.Errorf("settings of forecasts: %w", err)
	}
	if out.zone, err = worktime.ParseZone(zone); err != nil {
		return out, fmt.Errorf("setting city.time_zone: %w", err)
	}
	if out.shifts, err = ParseShifts(shifts); err != nil {
		return out, fmt.Errorf("setting forecast.shifts: %w", err)
	}
	out.keep.Days, out.keep.Runs = 35, 24
	if err := json.Unmarshal(keep, &out.keep); err != nil {
		return out, fmt.Errorf("setting forecast.keep: %w", err)
	}
	if out.gate, err = ParseGate(gate); err != nil {
		return out, fmt.Errorf("setting forecast.gate: %w", err)
	}
	return out, nil
}

// Enabled says whether forecasts are on.
func (s *Store) Enabled(ctx context.Context) (bool, error) {
	set, err := s.settings(ctx)
	return set.enabled, err
}

// ParseShifts reads the hours at which shifts begin: 1 to 12 of them, growing,
// each from 0 to 23.
func ParseShifts(value []byte) ([]int, error) {
	var hours []int
	if err := json.Unmarshal(value, &hours); err != nil || len(hours) == 0 || len(hours) > 12 {
		return nil, errors.New("1 to 12 hours of the day, such as [0, 8, 16]")
	}
	for i, h := range hours {
		if h < 0 || h > 23 || i > 0 && h <= hours[i-1] {
			return nil, errors.New("hours of the day from 0 to 23, growing")
		}
	}
	return hours, nil
}
