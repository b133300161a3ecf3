package task

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"onemap/layers/access"
)

// atOnce is how many visits one sweep makes at most: a city that has just been
// loaded has thousands that are due, and the feed should not stumble over them.
const atOnce = 500

// Sweep makes the tasks that are due: visits of enterprises, and the day's
// patrols that come again. It may run on many nodes at once: unique indexes let
// one of them make each. Call it every few minutes.
func (s *Store) Sweep(ctx context.Context) error {
	if _, err := s.SweepVisits(ctx); err != nil {
		return err
	}
	_, err := s.SweepPatrols(ctx)
	return err
}

// visitTasks is the setting visit.tasks.
type visitTasks struct {
	Make      bool `json:"make"`
	AheadDays int  `json:"ahead_days"` // a task is made so long before the visit is due
	AgainDays int  `json:"again_days"` // and made again so long after one that did not take place or was cancelled
}

// SweepVisits makes a visit for each open enterprise in a grid whose inspection
// is due soon or is overdue and that has no open visit, the longest due first,
// and returns how many.
func (s *Store) SweepVisits(ctx context.Context) (made int64, err error) {
	set := visitTasks{Make: true, AheadDays: 7, AgainDays: 7}
	err = pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) error {
		if err := setting(ctx, tx, "visit.tasks", &set); err != nil || !set.Make {
			return err
		}
		city, err := zone(ctx, tx)
		if err != nil {
			return err
		}
		now := s.now()
		// Due at the end of its day; yellow on that day, or at once where it is overdue.
		tag, err := tx.Exec(ctx, `INSERT INTO onemap.task (kind, title, enterprise, dept, grid_code, area_code, geom, made_by, made_at, warn_at, due_at, checklist, checklist_version)
			SELECT 'visit', e.name, e.id, e.dept_code, e.grid_code, e.area_code, e.geom, 'system', @now,
				e.next_due_on::timestamp AT TIME ZONE @zone, (e.next_due_on + 1)::timestamp AT TIME ZONE @zone, l.code, l.version
			FROM (SELECT * FROM map.enterprise e WHERE e.state = 'open' AND e.grid_code <> '' AND e.next_due_on <= @today::date + @ahead::int
				AND NOT EXISTS (SELECT FROM onemap.task t WHERE t.enterprise = e.id AND t.kind = 'visit' AND (t.done_at IS NULL OR t.done_at > @now::timestamptz - make_interval(days => @again)))
				ORDER BY e.next_due_on, e.id LIMIT @most) e
			LEFT JOIN LATERAL (SELECT code, version FROM (SELECT DISTINCT ON (code) * FROM onemap.checklist ORDER BY code, version DESC) c
				WHERE active AND (e.industry = ANY(industries) OR industries = '{}') ORDER BY e.industry = ANY(industries) DESC, code LIMIT 1) l ON true
			ON CONFLICT (enterprise) WHERE kind = 'visit' AND done_at IS NULL DO NOTHING`,
			pgx.NamedArgs{"now": now, "zone": city.String(), "today": now.In(city).Format(time.DateOnly), "ahead": set.AheadDays, "again": set.AgainDays, "most": atOnce})
		if err != nil {
			return err
		}
		if made = tag.RowsAffected(); made == 0 {
			return nil
		}
		return access.RecordTx(ctx, tx, access.System("visits"), access.Entry{Action: "task.create", Object: "task/*", Result: access.Done,
			Detail: map[string]any{"kind": Visit, "made": made}})
	})
	if err != nil {
		return 0, fmt.Errorf("make visits that are due: %w", err)
	}
	return made, nil
}

// SweepPatrols makes today's tasks of patrols that come again, and returns how many.
func (s *Store) SweepPatrols(ctx context.Context) (made int64, err error) {
	city, err := zone(ctx, s.Layers.DB())
	if err != nil {
		return 0, err
	}
	now := s.now()
	today := now.In(city)
	weekday := (int(today.Weekday())+6)%7 + 1 // Monday is 1
	rows, err := s.Layers.DB().Query(ctx, `SELECT id, title, dept, person, grid_code, area_code, made_by, points, extract(epoch FROM from_time)::int, extract(epoch FROM until_time)::int
		FROM onemap.patrol_schedule s
		WHERE ended_at IS NULL AND (ends_on IS NULL OR ends_on >= @day::date) AND @weekday::int = ANY(weekdays)
		  AND NOT EXISTS (SELECT FROM onemap.task WHERE schedule = s.id AND day = @day::date)
		  AND until_time > @clock::time ORDER BY id`,
		pgx.NamedArgs{"day": today.Format(time.DateOnly), "weekday": weekday, "clock": today.Format("15:04:05")})
	if err != nil {
		return 0, fmt.Errorf("make today's patrols: %w", err)
	}
	type due struct {
		newTask
		points      []SchedulePoint
		from, until int // seconds of the day
	}
	all, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (due, error) {
		d := due{newTask: newTask{Kind: Patrol, MadeAt: now, Day: today.Format(time.DateOnly)}}
		var points []byte
		err := r.Scan(&d.Schedule, &d.Title, &d.Dept, &d.Person, &d.Grid, &d.Area, &d.MadeBy, &points, &d.from, &d.until)
		if err == nil {
			err = json.Unmarshal(points, &d.points)
		}
		return d, err
	})
	if err != nil {
		return 0, fmt.Errorf("make today's patrols: %w", err)
	}
	for _, d := range all {
		midnight := time.Date(today.Year(), today.Month(), today.Day(), 0, 0, 0, 0, city)
		d.due(midnight.Add(time.Duration(d.from)*time.Second), midnight.Add(time.Duration(d.until)*time.Second))
		d.At = orb.Point{d.points[0].Lon, d.points[0].Lat}
		err := pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) error {
			id, err := d.insert(ctx, tx)
			if err != nil {
				return err
			}
			if err := insertPoints(ctx, tx, id, d.points); err != nil {
				return err
			}
			return access.RecordTx(ctx, tx, access.System("patrols"), access.Entry{Action: "task.create", Object: fmt.Sprintf("task/%d", id), Result: access.Done,
				Detail: map[string]any{"kind": Patrol, "schedule": d.Schedule, "day": d.Day}})
		})
		if constraint(err) == "task_schedule_key" { // another node was quicker
			continue
		}
		if err != nil {
			return made, fmt.Errorf("make patrol of schedule %d: %w", d.Schedule, err)
		}
		made++
	}
	return made, nil
}
