package class

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"onemap/layers"
)

// A Question asks whose matter something is.
type Question struct {
	Standard, Code string // the matter's class
	Grid           string // the finest grid that holds it; "" outside of all
	Area           string // its administrative division
	Asset          int64  // map.asset.id of the component it is about; 0: none
}

// How an [Answer] was found.
const (
	ByRule   = "rule"   // an administrator's rule for the class
	ByLearnt = "learnt" // what the command centre decided before for class and grid
	ByAsset  = "asset"  // the department in the component's register
	ByClass  = "class"  // the class's own default
)

// An Answer names a department; its zero value: nobody is named.
type Answer struct {
	Dept string
	By   string // ByRule, ByLearnt, ByAsset, ByClass; "": nobody is named
	Rule int64  // onemap.class_rule.id, for ByRule and ByLearnt
}

//go:embed sql/responsible.sql
var responsibleSQL string

// Responsible says whose matter it is (权责): by the most particular rule, of
// the unit grid before its responsibility grid before its community grid before
// the longest prefix of the division before the class alone; then the
// department of the component; then the class's. It asks the database once.
func (s *Store) Responsible(ctx context.Context, tx Reader, q Question) (Answer, error) {
	var a Answer
	err := tx.QueryRow(ctx, responsibleSQL, pgx.NamedArgs{"standard": q.Standard, "code": q.Code, "grid": q.Grid, "area": q.Area, "asset": q.Asset}).
		Scan(&a.Dept, &a.By, &a.Rule)
	if errors.Is(err, pgx.ErrNoRows) {
		return Answer{}, nil
	}
	if err != nil {
		return Answer{}, fmt.Errorf("whose matter is %s %s: %w", q.Standard, q.Code, err)
	}
	return a, nil
}

// A Lesson is what a decision of the command centre says for the next time.
type Lesson struct {
	Standard, Code string
	Grid           string // "": outside of all grids; there is nothing to learn
	Dept           string
	Incident       int64 // the case that was decided
	By             string
	Reason         string
}

// Learn makes a decision the rule for its class and grid. It ends the rule that
// was there for both; one that says the same already stays.
func (s *Store) Learn(ctx context.Context, tx pgx.Tx, l Lesson) error {
	if l.Grid == "" {
		return nil
	}
	_, err := putRule(ctx, tx, Rule{Standard: l.Standard, Code: l.Code, Grid: l.Grid, Dept: l.Dept, Learnt: true, Incident: l.Incident, By: l.By, Reason: short(l.Reason, 500)})
	return err
}

// putRule writes a rule in the place of the one with the same class, grid and
// area, and returns the number of the rule that holds now.
func putRule(ctx context.Context, tx pgx.Tx, r Rule) (int64, error) {
	// Two who write the same rule take turns.
	args := pgx.NamedArgs{"standard": r.Standard, "code": r.Code, "grid": r.Grid, "area": r.Area, "dept": r.Dept,
		"learnt": r.Learnt, "incident": r.Incident, "by": r.By, "reason": r.Reason}
	if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtextextended(concat_ws(chr(1), 'onemap.class_rule', @standard::text, @code::text, @grid::text, @area::text), 0))`, args); err != nil {
		return 0, fmt.Errorf("rule of %s: %w", r.Code, err)
	}
	var before Rule
	err := tx.QueryRow(ctx, `SELECT id, dept, learnt FROM onemap.class_rule
		WHERE standard = @standard AND code = @code AND grid_code = @grid AND area_code = @area AND ended_at IS NULL`, args).Scan(&before.ID, &before.Dept, &before.Learnt)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return 0, fmt.Errorf("rule of %s: %w", r.Code, err)
	}
	if err == nil {
		if before.Dept == r.Dept && (r.Learnt || !before.Learnt) {
			return before.ID, nil
		}
		if _, err := tx.Exec(ctx, `UPDATE onemap.class_rule SET ended_at = now() WHERE id = $1`, before.ID); err != nil {
			return 0, fmt.Errorf("end rule %d: %w", before.ID, err)
		}
	}
	var id int64
	err = tx.QueryRow(ctx, `INSERT INTO onemap.class_rule (standard, code, grid_code, area_code, dept, learnt, incident, reason, made_by)
		VALUES (@standard, @code, @grid, @area, @dept, @learnt, nullif(@incident, 0::bigint), @reason, @by) RETURNING id`, args).Scan(&id)
	var pg *pgconn.PgError
	if errors.As(err, &pg) && pg.Code == "23503" { // foreign_key_violation
		return 0, &layers.InputError{Field: "dept", Value: short(r.Dept, 40), Remedy: "the code of an organisation"}
	}
	if err != nil {
		return 0, fmt.Errorf("rule of %s: %w", r.Code, err)
	}
	return id, nil
}

// short cuts text to so many characters.
func short(text string, most int) string {
	text = strings.ToValidUTF8(text, "")
	if r := []rune(text); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return text
}
