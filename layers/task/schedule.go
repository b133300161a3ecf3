package task

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"onemap/layers"
	"onemap/layers/access"
)

// A PatrolSchedule is a patrol that comes again: each of its days gets a task.
type PatrolSchedule struct {
	ID       int64           `json:"id"`
	Title    string          `json:"title"`
	Dept     string          `json:"dept_code,omitempty"`
	Person   string          `json:"person,omitempty" doc:"Login; absent: any worker of its grid"`
	Grid     string          `json:"grid_code"`
	Area     string          `json:"area_code"`
	Weekdays []int           `json:"weekdays" nullable:"false" doc:"1 Monday to 7 Sunday"`
	From     string          `json:"from_time" doc:"Of the city's clock, 08:00"`
	Until    string          `json:"until_time" doc:"When it is due"`
	Points   []SchedulePoint `json:"points" nullable:"false"`
	MadeBy   string          `json:"made_by"`
	MadeAt   time.Time       `json:"made_at"`
	EndsOn   string          `json:"ends_on,omitempty" format:"date" doc:"Its last day"`
}

// A SchedulePoint is a point of a patrol that comes again.
type SchedulePoint struct {
	Title     string  `json:"title"`
	Lon       float64 `json:"lon"`
	Lat       float64 `json:"lat"`
	NearM     float64 `json:"near_m"`
	explore   bool
	plannedAt *time.Time
	stay      time.Duration
}

// A ScheduleDraft is a schedule to be made.
type ScheduleDraft struct {
	UUID        uuid.UUID // made by the client, may be uuid.Nil
	Title       string
	Person      string
	Grid        string
	Weekdays    []int
	From, Until string // "08:00"; "": the whole day
	EndsOn      string // a date; "": until it is ended
	Points      []PointDraft
	Address     string
}

// Schedules returns the patrols that come again and that have not ended, of the
// caller's area or department.
func (s *Store) Schedules(ctx context.Context, scope access.Scope) ([]PatrolSchedule, error) {
	v, err := s.sight(scope)
	if err != nil {
		return nil, err
	}
	return v.schedules(ctx, s.Layers.DB(), 0)
}

// schedules reads all that the caller may see, or the one with that id.
func (v sight) schedules(ctx context.Context, db querier, id int64) ([]PatrolSchedule, error) {
	rows, err := db.Query(ctx, `SELECT s.id, s.title, s.dept, coalesce(p.login, ''), s.grid_code, s.area_code, s.weekdays::int[], to_char(s.from_time, 'HH24:MI'), to_char(s.until_time, 'HH24:MI'),
			s.points, s.made_by, s.made_at, coalesce(s.ends_on::text, '')
		FROM onemap.patrol_schedule s LEFT JOIN onemap.person p ON p.id = s.person
		WHERE s.ended_at IS NULL AND (@id = 0::bigint OR s.id = @id) AND (s.made_by = @login OR @officer AND s.dept = @org OR @post AND starts_with(s.area_code, @area))
		ORDER BY s.id`, pgx.NamedArgs{"id": id, "login": v.who.Login, "officer": v.scope.Has(access.DepartmentOfficer), "org": v.who.Org,
		"post": v.scope.Has(access.CommandCentre, access.Planner), "area": v.scope.Org().AreaCode})
	if err != nil {
		return nil, fmt.Errorf("patrols that come again: %w", err)
	}
	found, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (PatrolSchedule, error) {
		var p PatrolSchedule
		var points []byte
		err := r.Scan(&p.ID, &p.Title, &p.Dept, &p.Person, &p.Grid, &p.Area, &p.Weekdays, &p.From, &p.Until, &points, &p.MadeBy, &p.MadeAt, &p.EndsOn)
		if err == nil {
			err = json.Unmarshal(points, &p.Points)
		}
		return p, err
	})
	if err != nil {
		return nil, fmt.Errorf("patrols that come again: %w", err)
	}
	return found, nil
}

// CreateSchedule makes a patrol that comes again. One of a UUID that is there
// already is returned as it is.
func (s *Store) CreateSchedule(ctx context.Context, scope access.Scope, d ScheduleDraft) (PatrolSchedule, error) {
	if err := scope.Require(access.CommandCentre, access.DepartmentOfficer, access.Planner); err != nil {
		return PatrolSchedule{}, err
	}
	v, err := s.sight(scope)
	if err != nil {
		return PatrolSchedule{}, err
	}
	if err := d.check(); err != nil {
		return PatrolSchedule{}, err
	}
	var found []PatrolSchedule
	err = pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) error {
		id, err := v.insertSchedule(ctx, tx, d)
		if err != nil {
			return err
		}
		found, err = v.schedules(ctx, tx, id)
		return err
	})
	if err != nil {
		return PatrolSchedule{}, wrap("make patrol that comes again", err)
	}
	if len(found) == 0 { // another's, or ended
		return PatrolSchedule{}, fmt.Errorf("the uuid %s was used before: give a new schedule a new one: %w", d.UUID, layers.ErrConflict)
	}
	return found[0], nil
}

func (v sight) insertSchedule(ctx context.Context, tx pgx.Tx, d ScheduleDraft) (id int64, err error) {
	worker, err := findWorker(ctx, tx, d.Person)
	if err != nil {
		return 0, err
	}
	points, err := placed(ctx, tx, d.Points)
	if err != nil {
		return 0, err
	}
	grid, area, err := whereabouts(ctx, tx, v, d.Grid, orb.Point{points[0].Lon, points[0].Lat}, worker == nil)
	if err != nil {
		return 0, err
	}
	kept, err := json.Marshal(points)
	if err != nil {
		return 0, err
	}
	args := pgx.NamedArgs{"asked": nil, "title": strings.TrimSpace(d.Title), "dept": v.dept(), "person": worker, "grid": grid, "area": area, "weekdays": d.Weekdays, "from": d.From, "until": d.Until,
		"points": kept, "by": v.who.Login, "ends": d.EndsOn}
	if d.UUID != uuid.Nil {
		args["asked"] = d.UUID
	}
	err = tx.QueryRow(ctx, `INSERT INTO onemap.patrol_schedule (asked, title, dept, person, grid_code, area_code, weekdays, from_time, until_time, points, made_by, ends_on)
		VALUES (@asked, @title, @dept, @person, @grid, @area, @weekdays, @from::time, @until::time, @points::jsonb, @by, nullif(@ends, '')::date)
		ON CONFLICT (asked) DO NOTHING RETURNING id`, args).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		return id, tx.QueryRow(ctx, `SELECT id FROM onemap.patrol_schedule WHERE asked = $1`, d.UUID).Scan(&id)
	}
	if err != nil {
		return 0, err
	}
	return id, access.RecordTx(ctx, tx, v.scope, access.Entry{Action: "patrol_schedule.create", Object: fmt.Sprintf("patrol_schedule/%d", id), Result: access.Done, Address: d.Address})
}

// check says what is wrong with a schedule, and fills in what was left out.
func (d *ScheduleDraft) check() error {
	if d.From == "" {
		d.From = "00:00"
	}
	if d.Until == "" {
		d.Until = "24:00"
	}
	if strings.TrimSpace(d.Title) == "" {
		return &layers.InputError{Field: "title", Remedy: "a name for the patrol"}
	}
	for field, text := range map[string]string{"title": d.Title, "grid_code": d.Grid} {
		if err := layers.CheckText(field, text, 200); err != nil {
			return err
		}
	}
	seen := map[int]bool{}
	for _, w := range d.Weekdays {
		if w < 1 || w > 7 || seen[w] {
			return &layers.InputError{Field: "weekdays", Value: fmt.Sprint(w), Remedy: "1 (Monday) to 7 (Sunday), each once"}
		}
		seen[w] = true
	}
	if len(seen) == 0 {
		return &layers.InputError{Field: "weekdays", Remedy: "at least one day"}
	}
	from, err1 := clockTime(d.From)
	until, err2 := clockTime(d.Until)
	if err1 != nil || err2 != nil || until <= from {
		return &layers.InputError{Field: "until_time", Value: layers.Short(d.Until), Remedy: "from_time and until_time as 08:00, the later one later"}
	}
	if d.EndsOn != "" {
		if _, err := time.Parse(time.DateOnly, d.EndsOn); err != nil {
			return &layers.InputError{Field: "ends_on", Value: layers.Short(d.EndsOn), Remedy: "a date, such as 2027-01-31"}
		}
	}
	if len(d.Points) == 0 {
		return &layers.InputError{Field: "points", Remedy: "at least one point"}
	}
	return checkPoints(d.Points)
}

// clockTime reads a time of the day, 00:00 to 24:00.
func clockTime(s string) (time.Duration, error) {
	if s == "24:00" {
		return 24 * time.Hour, nil
	}
	t, err := time.Parse("15:04", s)
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute, err
}

// EndSchedule ends a patrol that comes again; tasks that were made stay. It
// returns an error wrapping [layers.ErrNotFound] for one that is not there,
// that has ended, or that the caller may not see.
func (s *Store) EndSchedule(ctx context.Context, scope access.Scope, id int64, address string) error {
	v, err := s.sight(scope)
	if err != nil {
		return err
	}
	err = pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) error {
		found, err := v.schedules(ctx, tx, id)
		if err == nil && len(found) == 0 {
			err = fmt.Errorf("patrol schedule %d: %w", id, layers.ErrNotFound)
		}
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE onemap.patrol_schedule SET ended_at = now() WHERE id = $1`, id); err != nil {
			return err
		}
		return access.RecordTx(ctx, tx, scope, access.Entry{Action: "patrol_schedule.end", Object: fmt.Sprintf("patrol_schedule/%d", id), Result: access.Done, Address: address})
	})
	if err != nil {
		return wrap("end patrol schedule", err)
	}
	return nil
}
