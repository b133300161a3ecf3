package evaluate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
	"onemap/layers/access"
)

// Rules turn rates into grades and scores.
type Rules struct {
	Grades []Grade `json:"grades" minItems:"1" maxItems:"10" nullable:"false" doc:"The best first; the first whose from a value reaches is its grade"`
	// Scores are the parts of each score: of area, department, collector,
	// acceptor, shift_leader, dispatcher.
	Scores map[string][]Part `json:"scores" nullable:"false" doc:"By area, department, collector, acceptor, shift_leader, dispatcher"`
}

// A Grade begins at a value of 0 to 100.
type Grade struct {
	Grade string  `json:"grade" minLength:"1" maxLength:"8"`
	From  float64 `json:"from" minimum:"0" maximum:"100"`
}

// A Part of a score: a rate, or a count that steps turn into points.
type Part struct {
	Of      string      `json:"of" maxLength:"40" doc:"A rate in percent, or where there are steps a count"`
	Weight  float64     `json:"weight" exclusiveMinimum:"0" maximum:"100" doc:"Percent; those of a score make 100"`
	Inverse bool        `json:"inverse,omitempty" doc:"100 - the rate"`
	PerGrid bool        `json:"per_grid,omitempty" doc:"The count, divided by the unit grids of the area"`
	Steps   []PointStep `json:"steps,omitempty" maxItems:"20" doc:"The largest first; the first whose from is reached gives the points"`
}

// A PointStep of a count: from so many on, so many points of 100.
type PointStep struct {
	From   float64 `json:"from" minimum:"0"`
	Points float64 `json:"points" minimum:"0" maximum:"100"`
}

// A Version of the rules, in force from a date until the next one.
type Version struct {
	ValidFrom string    `json:"valid_from" format:"date"`
	Rules     Rules     `json:"rules"`
	Reason    string    `json:"reason"`
	MadeBy    string    `json:"made_by"`
	MadeAt    time.Time `json:"made_at"`
}

// Versions returns all versions of the rules, the latest first.
func (s *Store) Versions(ctx context.Context) ([]Version, error) {
	rows, err := s.Layers.DB().Query(ctx, `SELECT to_char(valid_from, 'YYYY-MM-DD'), rules, reason, made_by, made_at FROM onemap.evaluation_rule ORDER BY valid_from DESC`)
	if err != nil {
		return nil, fmt.Errorf("rules of evaluation: %w", err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Version])
	if err != nil {
		return nil, fmt.Errorf("rules of evaluation: %w", err)
	}
	return all, nil
}

// rules returns the version that was in force on a period's last day.
func rules(ctx context.Context, tx pgx.Tx, p Period) (Version, error) {
	rows, err := tx.Query(ctx, `SELECT to_char(valid_from, 'YYYY-MM-DD'), rules, reason, made_by, made_at FROM onemap.evaluation_rule
		WHERE valid_from <= @last::date ORDER BY valid_from DESC LIMIT 1`, pgx.NamedArgs{"last": p.To.AddDate(0, 0, -1).Format(time.DateOnly)})
	if err != nil {
		return Version{}, fmt.Errorf("rules of evaluation: %w", err)
	}
	v, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[Version])
	if errors.Is(err, pgx.ErrNoRows) {
		return Version{}, &layers.InputError{Field: "at", Value: p.Label, Remedy: "a time after 1900"}
	}
	if err != nil {
		return Version{}, fmt.Errorf("rules of evaluation: %w", err)
	}
	return v, nil
}

// SetRules puts new rules into force from a date on, which may not be past, so
// that what was reported stays as it was. address is the caller's, for the audit.
// Only administrators may. Wrong rules are a [layers.InputError]; another
// version of that date or a later one an error wrapping [layers.ErrConflict].
func (s *Store) SetRules(ctx context.Context, scope access.Scope, from time.Time, r Rules, reason, address string) (Version, error) {
	if err := scope.Require(access.Administrator); err != nil {
		return Version{}, err
	}
	if err := r.check(); err != nil {
		return Version{}, err
	}
	if strings.TrimSpace(reason) == "" || len([]rune(reason)) > 2000 {
		return Version{}, &layers.InputError{Field: "reason", Remedy: "say why, in at most 2000 characters"}
	}
	zone, err := s.Zone(ctx)
	if err != nil {
		return Version{}, err
	}
	day := from.Format(time.DateOnly)
	if today := time.Now().In(zone).Format(time.DateOnly); day < today {
		return Version{}, &layers.InputError{Field: "valid_from", Value: day, Remedy: "today (" + today + ") or later: what was reported stays as it was"}
	}
	text, err := json.Marshal(r)
	if err != nil {
		return Version{}, &layers.InputError{Field: "rules", Remedy: "finite numbers"}
	}
	who, _ := scope.Person()
	var v Version
	err = pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `INSERT INTO onemap.evaluation_rule (valid_from, rules, reason, made_by)
			SELECT @from::date, @rules::jsonb, @reason, @by WHERE NOT EXISTS (SELECT FROM onemap.evaluation_rule WHERE valid_from >= @from::date)
			ON CONFLICT DO NOTHING
			RETURNING to_char(valid_from, 'YYYY-MM-DD'), rules, reason, made_by, made_at`,
			pgx.NamedArgs{"from": day, "rules": text, "reason": reason, "by": who.Login})
		if err != nil {
			return err
		}
		v, err = pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[Version])
		if errors.Is(err, pgx.ErrNoRows) {
			return fmt.Errorf("there are rules from %s on or later: take a later date: %w", day, layers.ErrConflict)
		}
		if err != nil {
			return err
		}
		return access.RecordTx(ctx, tx, scope, access.Entry{Action: "evaluation.rules", Object: "evaluation-rules/" + day, Result: access.Done, Reason: reason, Address: address})
	})
	if err != nil && !errors.Is(err, layers.ErrConflict) {
		return Version{}, fmt.Errorf("set rules of evaluation: %w", err)
	}
	return v, err
}

var scored = []string{Area, Department, Collector, Acceptor, ShiftLeader, Dispatcher}

// check says what is wrong with rules.
func (r Rules) check() error {
	bad := func(field, value, remedy string) error {
		return &layers.InputError{Field: "rules." + field, Value: value, Remedy: remedy}
	}
	if len(r.Grades) == 0 || r.Grades[len(r.Grades)-1].From != 0 {
		return bad("grades", "", "the best first, the last one from 0")
	}
	for i := range r.Grades {
		if g := r.Grades[i]; strings.TrimSpace(g.Grade) == "" || len(g.Grade) > 8 || i > 0 && g.From >= r.Grades[i-1].From {
			return bad("grades", g.Grade, "a short name each, from falling")
		}
	}
	for of, parts := range r.Scores {
		if !slices.Contains(scored, of) {
			return bad("scores", of, "one of "+strings.Join(scored, ", "))
		}
		q := Query{Subject: of}
		if of != Area && of != Department {
			q = Query{Subject: Post, Post: of}
		}
		var all float64
		for _, p := range parts {
			all += p.Weight
			if err := p.check(q); err != nil {
				return bad("scores."+of, p.Of, err.Error())
			}
		}
		if len(parts) > 0 && (all < 99.999 || all > 100.001) {
			return bad("scores."+of, fmt.Sprint(all), "weights that make 100")
		}
	}
	return nil
}

func (p Part) check(q Query) error {
	if !(p.Weight > 0 && p.Weight <= 100) {
		return errors.New("a weight of over 0, up to 100")
	}
	if len(p.Steps) == 0 {
		r, ok := q.rate(p.Of)
		if !ok || r.unit != "%" || p.PerGrid {
			return errors.New("a rate in percent, or a count with steps")
		}
		return nil
	}
	if p.Inverse || !slices.ContainsFunc(countsOf(q.Subject, q.Post), func(c count) bool { return c.name == p.Of }) {
		return errors.New("with steps a count, not inverse")
	}
	if p.PerGrid && q.Subject != Area {
		return errors.New("per_grid is for areas")
	}
	for i, s := range p.Steps {
		if i > 0 && s.From >= p.Steps[i-1].From || s.Points < 0 || s.Points > 100 || s.From < 0 {
			return errors.New("steps with from falling, and 0 to 100 points")
		}
	}
	return nil
}

// Zone is the city's time zone.
func (s *Store) Zone(ctx context.Context) (*time.Location, error) {
	var name string
	err := s.Layers.DB().QueryRow(ctx, `SELECT coalesce((SELECT value #>> '{}' FROM onemap.setting WHERE key = 'city.time_zone'), 'UTC')`).Scan(&name)
	if err != nil {
		return nil, fmt.Errorf("the city's time zone: %w", err)
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("the city's time zone: %w", err)
	}
	return zone, nil
}
