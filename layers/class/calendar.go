package class

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"onemap/layers/worktime"
)

// Calendar returns the office hours, holidays and made-up days of the city. It
// may be [keep] old, and must not be changed.
func (s *Store) Calendar(ctx context.Context, db Reader) (worktime.Calendar, error) {
	c, err := s.clocksNow(ctx, db)
	return c.calendar, err
}

// StageLimits returns how long a case may stay in each state of the command
// centre; states without a limit are absent. It must not be changed.
func (s *Store) StageLimits(ctx context.Context, db Reader) (map[string]worktime.Allowance, error) {
	c, err := s.clocksNow(ctx, db)
	return c.stages, err
}

// WarnPercent returns from which part of its limit a clock is yellow.
func (s *Store) WarnPercent(ctx context.Context, db Reader) (int, error) {
	c, err := s.clocksNow(ctx, db)
	return c.warn, err
}

// Forget makes the next question read the clocks anew.
func (s *Store) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.readAt = time.Time{}
}

func (s *Store) clocksNow(ctx context.Context, db Reader) (clocks, error) {
	s.mu.Lock()
	if !s.readAt.IsZero() && time.Since(s.readAt) < keep {
		defer s.mu.Unlock()
		return s.clocks, nil
	}
	s.mu.Unlock() // reading waits for the database, perhaps in the caller's transaction
	begun := time.Now()
	c, err := readClocks(ctx, db)
	if err != nil {
		return clocks{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clocks, s.readAt = c, begun
	return c, nil
}

// readClocks asks once. What an operator wrote by hand and cannot be read is
// named; a limit must not be counted by a wrong calendar.
func readClocks(ctx context.Context, db Reader) (clocks, error) {
	var zone string
	var office, stages, days []byte
	c := clocks{}
	err := db.QueryRow(ctx, `SELECT
		coalesce((SELECT value #>> '{}' FROM onemap.setting WHERE key = 'city.time_zone'), 'Asia/Shanghai'),
		coalesce((SELECT value FROM onemap.setting WHERE key = 'city.office_hours'), '[["08:00", "12:00"], ["14:00", "18:00"]]'),
		coalesce((SELECT value FROM onemap.setting WHERE key = 'case.stage_limits'), '{}'),
		coalesce((SELECT CASE WHEN jsonb_typeof(value) = 'number' THEN value::text::numeric::integer END FROM onemap.setting WHERE key = 'case.warn_percent'), 80),
		coalesce((SELECT jsonb_object_agg(day, working) FROM onemap.calendar_day WHERE isfinite(day)), '{}')`).
		Scan(&zone, &office, &stages, &c.warn, &days)
	if err != nil {
		return clocks{}, fmt.Errorf("read calendar: %w", err)
	}
	if c.calendar.Zone, err = worktime.ParseZone(zone); err != nil {
		return clocks{}, fmt.Errorf("setting city.time_zone: %w", err)
	}
	if c.calendar.Office, err = worktime.ParseOffice(office); err != nil {
		return clocks{}, fmt.Errorf("setting city.office_hours: %w", err)
	}
	if c.stages, err = worktime.ParseStageLimits(stages); err != nil {
		return clocks{}, fmt.Errorf("setting case.stage_limits: %w", err)
	}
	if c.warn < 1 || c.warn > 100 {
		return clocks{}, fmt.Errorf("setting case.warn_percent: %d, from 1 to 100", c.warn)
	}
	if err := json.Unmarshal(days, &c.calendar.Days); err != nil {
		return clocks{}, fmt.Errorf("read calendar days: %w", err)
	}
	return c, nil
}
