package class

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/worktime"
)

// A Day is a holiday, or a day that makes up for one (调休).
type Day struct {
	Day     string `json:"day" doc:"2026-10-01" maxLength:"10"`
	Working bool   `json:"working" doc:"false: a holiday; true: offices work though it is a weekend"`
	Name    string `json:"name,omitempty" maxLength:"40"`
	Source  string `json:"source,omitempty" maxLength:"200" doc:"Who said so: the notice's number"`
}

// A Year is the calendar as administrators see it.
type Year struct {
	Year       int                  `json:"year"`
	TimeZone   string               `json:"time_zone"`
	Office     [][]string           `json:"office_hours" doc:"From and to, such as 08:00 and 12:00"`
	Days       []Day                `json:"days" nullable:"false"`
	Years      []int                `json:"years" nullable:"false" doc:"Years that have entries"`
	Missing    string               `json:"missing,omitempty" doc:"Present where the year has no entries: its weekdays all count as working days"`
	WarnFrom   int                  `json:"warn_percent" doc:"From which part of its limit a clock is yellow"`
	StageLimit map[string]LimitSpan `json:"stage_limits" doc:"How long a case may stay in each state of the command centre"`
}

// A LimitSpan is how long a step may take.
type LimitSpan struct {
	Minutes int           `json:"minutes"`
	Unit    worktime.Unit `json:"unit" enum:"urgent_hour,working_hour"`
}

// YearOf returns the calendar of a year.
func (s *Store) YearOf(ctx context.Context, year int) (Year, error) {
	db := s.Layers.DB()
	c, err := readClocks(ctx, db)
	if err != nil {
		return Year{}, err
	}
	y := Year{Year: year, TimeZone: c.calendar.Zone.String(), Office: worktime.FormatOffice(c.calendar.Office), WarnFrom: c.warn, Years: []int{}, StageLimit: map[string]LimitSpan{}}
	for state, l := range c.stages {
		y.StageLimit[state] = LimitSpan{int(l.Time / time.Minute), l.Unit}
	}
	if y.Days, err = daysOf(ctx, db, year); err != nil {
		return Year{}, err
	}
	for d := range c.calendar.Days {
		if n, err := strconv.Atoi(d[:4]); err == nil && !slices.Contains(y.Years, n) {
			y.Years = append(y.Years, n)
		}
	}
	slices.Sort(y.Years)
	y.Missing = missing(year, y.Days)
	return y, nil
}

// missing says what a year without entries means.
func missing(year int, days []Day) string {
	if len(days) > 0 {
		return ""
	}
	return fmt.Sprintf("%d has no holidays here: every weekday counts as a working day, and limits that run over a holiday end too early. Enter the State Council's notice with PUT /api/v1/calendar", year)
}

func daysOf(ctx context.Context, db Reader, year int) ([]Day, error) {
	rows, err := db.Query(ctx, `SELECT day::text, working, name, source FROM onemap.calendar_day
		WHERE day >= make_date(@year, 1, 1) AND day < make_date(@year + 1, 1, 1) ORDER BY day`, pgx.NamedArgs{"year": year})
	if err != nil {
		return nil, fmt.Errorf("days of %d: %w", year, err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Day])
	if err != nil {
		return nil, fmt.Errorf("days of %d: %w", year, err)
	}
	return all, nil
}

// maxDays is how many days a year's calendar may name.
const maxDays = 150

// PutYear sets the holidays and made-up days of a year, all of them, and the
// office hours where they are given. Limits that run are counted by the new
// calendar when their case is next recounted.
func (s *Store) PutYear(ctx context.Context, by access.Scope, year int, days []Day, office [][]string, reason, address string) error {
	if err := by.Require(access.Administrator); err != nil {
		return err
	}
	if err := checkText("reason", reason, 500); err != nil {
		return err
	}
	err := pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) error {
		return s.putYear(ctx, tx, by, year, days, office, reason, address)
	})
	if err != nil {
		return access.Wrap(fmt.Sprintf("calendar of %d", year), err)
	}
	s.Forget()
	return nil
}

func (s *Store) putYear(ctx context.Context, tx pgx.Tx, by access.Scope, year int, days []Day, office [][]string, reason, address string) error {
	if err := checkDays(year, days); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtextextended('onemap.calendar', 0))`); err != nil {
		return err
	}
	before, err := s.yearBefore(ctx, tx, year)
	if err != nil {
		return err
	}
	after := yearState{Days: days, Office: before.Office}
	if office != nil {
		text, err := json.Marshal(office)
		if err != nil {
			return err
		}
		if _, err := worktime.ParseOffice(text); err != nil {
			return &layers.InputError{Field: "office_hours", Remedy: err.Error()}
		}
		after.Office = office
		if _, err := tx.Exec(ctx, `INSERT INTO onemap.setting (key, value) VALUES ('city.office_hours', $1)
			ON CONFLICT (key) DO UPDATE SET value = excluded.value WHERE setting.value <> excluded.value`, text); err != nil {
			return err
		}
	}
	if _, err := tx.Exec(ctx, `DELETE FROM onemap.calendar_day WHERE day >= make_date(@year, 1, 1) AND day < make_date(@year + 1, 1, 1)`, pgx.NamedArgs{"year": year}); err != nil {
		return err
	}
	b := &pgx.Batch{}
	for _, d := range days {
		b.Queue(`INSERT INTO onemap.calendar_day (day, working, name, source) VALUES ($1::text::date, $2, $3, $4)`, d.Day, d.Working, d.Name, d.Source)
	}
	if err := tx.SendBatch(ctx, b).Close(); err != nil {
		return err
	}
	return remember(ctx, tx, by, address, ofCalendar, Key{}, strconv.Itoa(year), before, after, reason)
}

// yearState is what is remembered of a year.
type yearState struct {
	Days   []Day      `json:"days"`
	Office [][]string `json:"office_hours"`
}

func (s *Store) yearBefore(ctx context.Context, tx pgx.Tx, year int) (yearState, error) {
	days, err := daysOf(ctx, tx, year)
	if err != nil {
		return yearState{}, err
	}
	c, err := readClocks(ctx, tx)
	if err != nil {
		return yearState{}, err
	}
	return yearState{days, worktime.FormatOffice(c.calendar.Office)}, nil
}

// checkDays finds the first thing wrong with a year's days.
func checkDays(year int, days []Day) error {
	if year < 2000 || year > 2100 {
		return &layers.InputError{Field: "year", Value: fmt.Sprint(year), Remedy: "from 2000 to 2100"}
	}
	if len(days) > maxDays {
		return &layers.InputError{Field: "days", Value: fmt.Sprint(len(days)), Remedy: fmt.Sprintf("at most %d: only those that differ from an ordinary week", maxDays)}
	}
	seen := map[string]bool{}
	for i, d := range days {
		at := fmt.Sprintf("days[%d]", i)
		t, err := time.Parse(time.DateOnly, d.Day)
		switch {
		case err != nil || t.Year() != year:
			return &layers.InputError{Field: at + ".day", Value: short(d.Day, 20), Remedy: fmt.Sprintf("a date of %d, such as %d-10-01", year, year)}
		case seen[d.Day]:
			return &layers.InputError{Field: at + ".day", Value: d.Day, Remedy: "each day once"}
		case d.Working && t.Weekday() != time.Saturday && t.Weekday() != time.Sunday:
			return &layers.InputError{Field: at + ".working", Value: d.Day, Remedy: "a Saturday or Sunday: a weekday is a working day anyhow; leave it out"}
		}
		if err := checkText(at+".name", d.Name, 40); err != nil {
			return err
		}
		if err := checkText(at+".source", d.Source, 200); err != nil {
			return err
		}
		seen[d.Day] = true
	}
	return nil
}

func (s *Store) restoreCalendar(ctx context.Context, tx pgx.Tx, by access.Scope, c Revision, reason, address string) error {
	year, err := strconv.Atoi(c.Key)
	if err != nil {
		return fmt.Errorf("change %d: %w", c.ID, err)
	}
	var was yearState
	if err := json.Unmarshal(c.Before, &was); err != nil {
		return fmt.Errorf("change %d: %w", c.ID, err)
	}
	defer s.Forget()
	return s.putYear(ctx, tx, by, year, was.Days, was.Office, reason, address)
}
