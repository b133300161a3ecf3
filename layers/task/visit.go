package task

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"onemap/layers"
	"onemap/layers/enterprise"
	"onemap/layers/hazard"
)

// Outcomes of a visit, as an inspection has them.
const (
	pass        = "pass"
	conditional = "conditional" // something failed, nothing of it major
	fail        = "fail"
	notDone     = "not_done"
)

// An answered item of a checklist.
type answered struct {
	AnswerDraft
	item   ChecklistItem
	failed bool
	level  string // of the hazard that it opens; "": none
	hazard int64
}

// place is where a visit was, and whose enterprise it is.
type firm struct {
	id                  int64
	name, licence, dept string
	grid, area          string
	risk                int
	at                  orb.Point
	address             string
}

// finishVisit keeps the answers, opens the hazards of what failed, writes the
// inspection and says when the next one is due.
func (s *Store) finishVisit(ctx context.Context, tx pgx.Tx, v sight, t row, r Result, detail map[string]any) error {
	f, err := firmOf(ctx, tx, t)
	if err != nil {
		return err
	}
	if at, ok := detail["place"].([]float64); ok {
		var metres float64
		if err := tx.QueryRow(ctx, `SELECT ST_Distance($1::geometry::geography, $2::geometry::geography)`, f.at, orb.Point{at[0], at[1]}).Scan(&metres); err != nil {
			return err
		}
		detail["distance_m"] = math.Round(metres*10) / 10
	}
	if r.Result != Done {
		if len(r.Answers) > 0 {
			return &layers.InputError{Field: "answers", Remedy: "leave them out where the visit did not take place, or send done"}
		}
		detail["outcome"] = notDone
		return s.inspected(ctx, tx, v, t, f, notDone, nil)
	}
	list, err := s.answeredList(ctx, tx, t, r)
	if err != nil {
		return err
	}
	all, err := judge(list, r.Answers)
	if err != nil {
		return err
	}
	for n, a := range r.Answers {
		if err := a.Plan.Check(fmt.Sprintf("answers[%d].plan", n), r.ClientAt, v.now); err != nil {
			return err
		}
	}
	outcome := pass
	for i := range all {
		a := &all[i]
		if err := s.keepAnswer(ctx, tx, v, t, f, r, list, a); err != nil {
			return err
		}
		switch {
		case a.level == hazard.Major:
			outcome = fail
		case a.failed && outcome == pass:
			outcome = conditional
		}
	}
	detail["outcome"] = outcome
	if _, err := tx.Exec(ctx, `UPDATE onemap.task SET checklist = nullif($2, ''), checklist_version = nullif($3, 0) WHERE id = $1`, t.ID, list.Code, list.Version); err != nil {
		return err
	}
	return s.inspected(ctx, tx, v, t, f, outcome, all)
}

// firmOf reads the enterprise of a visit. A register that was replaced may
// have it no longer: then what the task says of it holds.
func firmOf(ctx context.Context, tx pgx.Tx, t row) (firm, error) {
	f := firm{id: t.enterprise, name: t.Title, dept: t.Dept, grid: t.Grid, area: t.Area, risk: 4}
	if t.Lon != nil && t.Lat != nil {
		f.at = orb.Point{*t.Lon, *t.Lat}
	}
	err := tx.QueryRow(ctx, `SELECT name, licence, dept_code, grid_code, area_code, risk, geom, address FROM map.enterprise WHERE id = $1 FOR NO KEY UPDATE`, t.enterprise).
		Scan(&f.name, &f.licence, &f.dept, &f.grid, &f.area, &f.risk, &f.at, &f.address)
	if errors.Is(err, pgx.ErrNoRows) {
		err = nil
	}
	return f, err
}

// answeredList is the checklist that was answered, in the version that the
// phone had: it may have been without signal while a new one came.
func (s *Store) answeredList(ctx context.Context, tx pgx.Tx, t row, r Result) (Checklist, error) {
	code, version := t.Checklist, t.ListVer
	if r.List != "" && code != "" && r.List != code {
		return Checklist{}, &layers.InputError{Field: "checklist", Value: layers.Short(r.List), Remedy: code + ", which is the task's"}
	}
	if code == "" {
		code = r.List
	}
	if r.Version != 0 {
		version = r.Version
	}
	if code == "" {
		if len(r.Answers) > 0 {
			return Checklist{}, &layers.InputError{Field: "checklist", Remedy: "the code of the checklist that the answers are to"}
		}
		return Checklist{}, nil
	}
	list, err := checklist(ctx, tx, code, version)
	if errors.Is(err, layers.ErrNotFound) {
		err = &layers.InputError{Field: "checklist_version", Value: strconv.Itoa(version), Remedy: "a version of the checklist " + code + " that there is"}
	}
	return list, err
}

// judge checks the answers against the items of the list, and says which fail.
func judge(list Checklist, sent []AnswerDraft) ([]answered, error) {
	var out []answered
	seen := map[string]bool{}
	for n, a := range sent {
		field := fmt.Sprintf("answers[%d].", n)
		i := slices.IndexFunc(list.Items, func(i ChecklistItem) bool { return i.Code == a.Item })
		if i < 0 {
			return nil, &layers.InputError{Field: field + "item", Value: layers.Short(a.Item), Remedy: fmt.Sprintf("an item of %s, version %d", list.Code, list.Version)}
		}
		if seen[a.Item] {
			return nil, &layers.InputError{Field: field + "item", Value: layers.Short(a.Item), Remedy: "each item once"}
		}
		seen[a.Item] = true
		one := answered{AnswerDraft: a, item: list.Items[i]}
		if err := one.judge(field); err != nil {
			return nil, err
		}
		out = append(out, one)
	}
	for _, i := range list.Items {
		if i.Required && !seen[i.Code] {
			return nil, &layers.InputError{Field: "answers", Remedy: "answer " + i.Code + ", too: " + i.TextZH}
		}
	}
	return out, nil
}

// judge says whether one answer is one, and whether it fails.
func (a *answered) judge(field string) error {
	if err := layers.CheckText(field+"value", a.Value, 2000); err != nil {
		return err
	}
	if err := layers.CheckText(field+"note", a.Note, 2000); err != nil {
		return err
	}
	if len(a.Photos) > 5 {
		return &layers.InputError{Field: field + "photos", Remedy: "at most 5 photos an item"}
	}
	if a.Level != "" && a.Level != hazard.General && a.Level != hazard.Major {
		return &layers.InputError{Field: field + "level", Value: layers.Short(a.Level), Remedy: "general or major"}
	}
	value := strings.TrimSpace(a.Value)
	bad := func(remedy string) error {
		return &layers.InputError{Field: field + "value", Value: layers.Short(a.Value), Remedy: remedy}
	}
	switch {
	case value == "na":
	case a.item.Kind == "yes_no":
		if value != "yes" && value != "no" {
			return bad("yes, no, or na where it does not apply")
		}
		a.failed = value == "no"
	case a.item.Kind == "number":
		x, err := strconv.ParseFloat(value, 64)
		if err != nil || math.IsNaN(x) || math.IsInf(x, 0) {
			return bad("a number, or na where it does not apply")
		}
		a.failed = a.item.AtLeast != nil && x < *a.item.AtLeast || a.item.AtMost != nil && x > *a.item.AtMost
	case a.item.Kind == "photo":
		if a.item.Required && len(a.Photos) == 0 {
			return &layers.InputError{Field: field + "photos", Remedy: "at least one photo"}
		}
	case a.item.Required && value == "":
		return bad("some words, or na where it does not apply")
	}
	a.Value = value
	if !a.failed && a.Level != "" {
		return &layers.InputError{Field: field + "level", Value: a.Level, Remedy: "leave it out: the item did not fail"}
	}
	if a.failed {
		a.level = a.item.FailOpens
		if a.Level != "" {
			a.level = a.Level
		}
	}
	if !a.Plan.Empty() && a.level == "" {
		return &layers.InputError{Field: field + "plan", Remedy: "leave it out: the answer opens no hazard"}
	}
	return nil
}

// keepAnswer writes one answer with its photos. What failed opens a hazard, or
// is noted on the one that the same item of the same enterprise opened before
// and that is not closed yet.
func (s *Store) keepAnswer(ctx context.Context, tx pgx.Tx, v sight, t row, f firm, r Result, list Checklist, a *answered) error {
	if a.failed && a.level != "" {
		detail := map[string]any{"task": t.ID, "checklist": list.Code, "checklist_version": list.Version, "item": a.Item, "value": a.Value}
		if !r.ClientAt.IsZero() {
			detail["client_at"] = r.ClientAt.UTC()
		}
		err := tx.QueryRow(ctx, `SELECT id FROM map.hazard WHERE enterprise = $1 AND item = $2 AND state NOT IN ('closed', 'void') ORDER BY id DESC LIMIT 1`,
			f.id, list.Code+"/"+a.Item).Scan(&a.hazard)
		switch {
		case err == nil:
			err = hazard.Seen(ctx, tx, v.scope, a.hazard, v.now, a.Note, a.Plan, detail, a.Photos)
		case errors.Is(err, pgx.ErrNoRows):
			a.hazard, err = hazard.Open(ctx, tx, v.scope, hazard.Finding{
				UUID:  uuid.NewSHA1(r.UUID, []byte(a.Item)), // the same result opens the same hazard
				Level: a.level, Kind: list.NameZH, Title: layers.Cut(a.item.TextZH, 200), Description: a.Note, Place: layers.Cut(f.address, 256), EnterpriseName: f.name, Enterprise: f.id, Task: t.ID,
				Item: list.Code + "/" + a.Item, Dept: f.dept, At: f.at, CRS: "WGS84", Plan: a.Plan, Photos: a.Photos, Detail: detail, Address: r.Address, Now: v.now})
		}
		if err != nil {
			return err
		}
	}
	if _, err := tx.Exec(ctx, `INSERT INTO onemap.task_answer (task, item, value, note, failed, hazard) VALUES (@task, @item, @value, @note, @failed, nullif(@hazard, 0::bigint))`,
		pgx.NamedArgs{"task": t.ID, "item": a.Item, "value": a.Value, "note": a.Note, "failed": a.failed, "hazard": a.hazard}); err != nil {
		return err
	}
	return attach(ctx, tx, t.ID, "answers."+a.Item+".photos", a.Item, a.Photos)
}

// inspected writes the inspection that the visit was, and when the enterprise
// is due next. One that did not take place changes nothing of that.
func (s *Store) inspected(ctx context.Context, tx pgx.Tx, v sight, t row, f firm, outcome string, all []answered) error {
	city, err := zone(ctx, tx)
	if err != nil {
		return err
	}
	day := v.now.In(city).Format(time.DateOnly)
	var critical, serious, minor int
	for _, a := range all {
		switch {
		case a.level == hazard.Major:
			critical++
		case a.level == hazard.General:
			serious++
		case a.failed:
			minor++
		}
	}
	if _, err := tx.Exec(ctx, `INSERT INTO map.inspection (source_key, enterprise, licence, name, inspected_on, kind, result, risk, critical, serious, minor, dept_code, grid_code, area_code, geom)
		VALUES (@key, @enterprise, @licence, @name, @day::date, '网格走访', @result, @risk, @critical, @serious, @minor, @dept, @grid, @area, @geom)`,
		pgx.NamedArgs{"key": fmt.Sprintf("visit:%d", t.ID), "enterprise": f.id, "licence": f.licence, "name": f.name, "day": day, "result": outcome, "risk": f.risk,
			"critical": critical, "serious": serious, "minor": minor, "dept": f.dept, "grid": f.grid, "area": f.area, "geom": f.at}); err != nil {
		return err
	}
	if outcome == notDone {
		return nil
	}
	months, err := enterprise.Months(ctx, tx)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `UPDATE map.enterprise SET last_inspected_on = @day::date, next_due_on = (@day::date + make_interval(months => @months))::date, updated_at = now()
		WHERE id = @id AND (last_inspected_on IS NULL OR last_inspected_on <= @day::date)`, pgx.NamedArgs{"day": day, "months": months[f.risk], "id": f.id})
	return err
}
