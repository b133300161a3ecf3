package quality

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
)

// reader is a pool or a transaction.
type reader interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

const ruleColumns = `r.id, r.layer, r.indicator, r.kind, r.field, r.params, r.condition, r.weight::float8, r.quarantine, r.title_zh, r.title_en, r.basis, r.made_by, r.made_at, r.ended_at`

func (r *Rule) targets() []any {
	return []any{&r.ID, &r.Layer, &r.Indicator, &r.Kind, &r.Field, &r.Params, &r.Condition, &r.Weight, &r.Quarantine, &r.TitleZH, &r.TitleEN, &r.Basis, &r.MadeBy, &r.MadeAt, &r.EndedAt}
}

// rulesOf reads rules by a condition on them, alias r, in the order of the
// standard and then of their making.
func rulesOf(ctx context.Context, db reader, cond string, args ...any) ([]Rule, error) {
	rows, err := db.Query(ctx, "SELECT "+ruleColumns+" FROM onemap.quality_rule r WHERE "+cond+" ORDER BY r.id", args...)
	if err != nil {
		return nil, fmt.Errorf("read quality rules: %w", err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (Rule, error) {
		var r Rule
		err := row.Scan(r.targets()...)
		return r, err
	})
	if err != nil {
		return nil, fmt.Errorf("read quality rules: %w", err)
	}
	return all, nil
}

// marks are how results make scores, as the settings say.
func marks(ctx context.Context, db reader) (Weights, Grades, error) {
	var weights, grades []byte
	err := db.QueryRow(ctx, `SELECT coalesce((SELECT value FROM onemap.setting WHERE key = 'quality.weights'), '{}'),
		coalesce((SELECT value FROM onemap.setting WHERE key = 'quality.grades'), '[95, 85, 75, 60]')`).Scan(&weights, &grades)
	if err != nil {
		return nil, nil, fmt.Errorf("read quality settings: %w", err)
	}
	w, err := parseWeights(weights)
	if err != nil {
		return nil, nil, fmt.Errorf("setting quality.weights: %w", err)
	}
	g, err := parseGrades(grades)
	if err != nil {
		return nil, nil, fmt.Errorf("setting quality.grades: %w", err)
	}
	return w, g, nil
}

// card reads what a run found. It returns an error wrapping
// [layers.ErrNotFound] if there is no such run.
func (s *Store) card(ctx context.Context, db reader, id int64) (Card, error) {
	w, g, err := marks(ctx, db)
	if err != nil {
		return Card{}, err
	}
	c := Card{Run: id, Results: []Result{}}
	var at time.Time
	err = db.QueryRow(ctx, `SELECT o.layer, coalesce(o.batch, 0), o.at, o.rows, o.took_ms, CASE WHEN o.batch IS NULL THEN 0 ELSE
			(SELECT count(DISTINCT f.row) FROM onemap.quality_failure f JOIN onemap.quality_rule r ON r.id = f.rule WHERE f.run = o.id AND r.quarantine) END
		FROM onemap.quality_run o WHERE o.id = $1`, id).Scan(&c.Layer, &c.Batch, &at, &c.Rows, &c.TookMS, &c.Held)
	if errors.Is(err, pgx.ErrNoRows) {
		return Card{}, fmt.Errorf("quality run %d: %w", id, layers.ErrNotFound)
	}
	if err != nil {
		return Card{}, fmt.Errorf("quality run %d: %w", id, err)
	}
	c.At = at
	rows, err := db.Query(ctx, "SELECT "+ruleColumns+", t.a, t.b, t.skipped FROM onemap.quality_result t JOIN onemap.quality_rule r ON r.id = t.rule WHERE t.run = $1 ORDER BY r.id", id)
	if err != nil {
		return Card{}, fmt.Errorf("quality run %d: %w", id, err)
	}
	c.Results, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (Result, error) {
		var t Result
		err := row.Scan(append(t.Rule.targets(), &t.A, &t.B, &t.Skipped)...)
		if t.B > 0 {
			x := float64(t.A) / float64(t.B)
			t.X = &x
		}
		return t, err
	})
	if err != nil {
		return Card{}, fmt.Errorf("quality run %d: %w", id, err)
	}
	c.sum(w, g)
	return c, nil
}
