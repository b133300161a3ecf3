package patrolplan

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"onemap/layers"
	"onemap/layers/deploy"
	"onemap/layers/deploy/patrol"
	"onemap/layers/deploy/roads"
	"onemap/layers/forecast"
	"onemap/layers/task"
)

// Store makes, keeps and shows plans. Its methods are safe for concurrent use.
type Store struct {
	Layers    *layers.Store
	Roads     *roads.Store
	Tasks     *task.Store
	Forecasts *forecast.Store
	Turn      *deploy.Turn     // whose plan is made; nil: all at once
	Now       func() time.Time // nil: time.Now
	Rounds    int              // of the search for a plan; 0: by its size
}

func (s *Store) now() time.Time {
	if s.Now != nil {
		return s.Now()
	}
	return time.Now()
}

// A querier is a pool or a transaction.
type querier interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// faultOf is what a caller reads of a problem without an answer.
func faultOf(err error) error {
	var f *patrol.Fault
	if errors.As(err, &f) {
		return &layers.InputError{Field: strings.Replace(f.Field, "spots", "places", 1), Value: f.Value, Remedy: f.Remedy}
	}
	if errors.Is(err, roads.ErrNoRoads) {
		return &layers.InputError{Field: "mode", Remedy: roads.ErrNoRoads.Error()}
	}
	return err
}

// zone is the city's time zone, in which weeks begin.
func zone(ctx context.Context, db querier) (*time.Location, error) {
	name := "Asia/Shanghai"
	err := db.QueryRow(ctx, `SELECT value #>> '{}' FROM onemap.setting WHERE key = 'city.time_zone'`).Scan(&name)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return nil, fmt.Errorf("setting city.time_zone: %w", err)
	}
	l, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("setting city.time_zone: %w", err)
	}
	return l, nil
}

// A Cap is the setting patrol.cap.
type Cap struct {
	Minutes float64 `json:"minutes"` // of accepted plans in a cell and week; 0: no cap
	CellM   float64 `json:"cell_m"`
}

// ParseCap reads a value of the setting patrol.cap.
func ParseCap(value []byte) (Cap, error) {
	c := Cap{Minutes: 300, CellM: 150}
	if err := json.Unmarshal(value, &c); err != nil || !(c.Minutes >= 0 && c.Minutes <= 10080 && c.CellM >= 20 && c.CellM <= 2000) {
		return c, errors.New(`minutes a week (0 to 10,080; 0: no cap) and the cell's metres (20 to 2,000), such as {"minutes": 300, "cell_m": 150}`)
	}
	return c, nil
}

func readCap(ctx context.Context, db querier) (Cap, error) {
	var raw []byte
	err := db.QueryRow(ctx, `SELECT value FROM onemap.setting WHERE key = 'patrol.cap'`).Scan(&raw)
	if errors.Is(err, pgx.ErrNoRows) {
		raw, err = []byte("{}"), nil
	}
	if err != nil {
		return Cap{}, fmt.Errorf("setting patrol.cap: %w", err)
	}
	c, err := ParseCap(raw)
	if err != nil {
		return c, fmt.Errorf("setting patrol.cap: %w", err)
	}
	return c, nil
}
