package match

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
	"onemap/layers/access"
)

// Verdicts of people.
const (
	Same    = "same"
	NotSame = "different"
	Open    = "open" // takes the decision before back
)

// A Decision is what a person says of a pair.
type Decision struct {
	LeftKey, RightKey string
	Verdict           string
	Note              string // why; up to 500 characters
}

// Decide keeps what a person says of a pair, at once and for all runs to come.
// The pair need not be one that the machine found. It returns
// [access.ErrForbidden] for whoever does not work the plan,
// [layers.ErrNotFound] where the caller does not see both rows, and a
// [layers.ErrConflict] where the row is linked by a person already and the
// shape allows it one link.
func (s *Store) Decide(ctx context.Context, by access.Scope, plan string, d Decision, address string) error {
	if err := by.Require(access.DepartmentOfficer); err != nil {
		return err
	}
	sum, err := s.Get(ctx, by, plan)
	if err != nil {
		return err
	}
	if !sum.May {
		return access.ErrForbidden
	}
	if d.Verdict != Same && d.Verdict != NotSame && d.Verdict != Open {
		return &layers.InputError{Field: "verdict", Value: layers.Short(d.Verdict), Remedy: "same, different or open"}
	}
	for field, text := range map[string]string{"note": d.Note, "left_key": d.LeftKey, "right_key": d.RightKey} {
		if err := layers.CheckText(field, text, 500); err != nil {
			return err
		}
	}
	of, err := s.layersOf(ctx, by, sum.Plan)
	if err != nil {
		return err
	}
	person, _ := by.Person()
	err = pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) error {
		// One decision of a plan at a time: two people could link one row twice.
		if _, err := tx.Exec(ctx, `SELECT FROM onemap.match_plan WHERE name = $1 FOR UPDATE`, plan); err != nil {
			return err
		}
		for _, side := range []struct {
			layer layers.Layer
			right access.Right
			key   string
		}{{of.left, of.leftRight, d.LeftKey}, {of.right, of.rightRight, d.RightKey}} {
			if err := sees(ctx, tx, side.layer, side.right, side.key); err != nil {
				return err
			}
		}
		if d.Verdict == Same {
			if err := free(ctx, tx, sum.Plan, d); err != nil {
				return err
			}
		}
		_, err := tx.Exec(ctx, `INSERT INTO onemap.match_decision (plan, left_key, right_key, verdict, note, decided_by, org, digest)
			VALUES (@plan, @left, @right, @verdict, @note, @by, @org, (SELECT digest FROM onemap.match_pair WHERE plan = @plan AND left_key = @left AND right_key = @right))`,
			pgx.NamedArgs{"plan": plan, "left": d.LeftKey, "right": d.RightKey, "verdict": d.Verdict, "note": d.Note, "by": person.Login, "org": by.Org().Code})
		if err != nil {
			return err
		}
		return access.RecordTx(ctx, tx, by, access.Entry{Action: "match.decide", Object: "match/" + plan, Result: access.Done, Address: address,
			Detail: map[string]any{"left_key": d.LeftKey, "right_key": d.RightKey, "verdict": d.Verdict}})
	})
	return access.Wrap("decide on a pair of "+plan, err)
}

// sees says whether the caller sees the row of that key.
func sees(ctx context.Context, tx pgx.Tx, l layers.Layer, right access.Right, key string) error {
	args := layers.Args{key}
	cond, err := l.SQL(right.Where, &args)
	if err != nil {
		return err
	}
	var one int
	err = tx.QueryRow(ctx, `SELECT 1 FROM `+pgx.Identifier{"map", l.Name}.Sanitize()+` f WHERE f.source_key = $1 AND (`+cond+`)`, args...).Scan(&one)
	if errors.Is(err, pgx.ErrNoRows) {
		return fmt.Errorf("row %q of %s: %w", layers.Short(key), l.Name, layers.ErrNotFound)
	}
	return err
}

// free refuses a second link by people where the shape allows one.
func free(ctx context.Context, tx pgx.Tx, p Plan, d Decision) error {
	var other string
	err := tx.QueryRow(ctx, `SELECT CASE WHEN left_key = @left THEN right_key ELSE left_key END FROM onemap.match_decided
		WHERE plan = @plan AND verdict = 'same' AND (left_key = @left AND right_key <> @right OR @one AND right_key = @right AND left_key <> @left) LIMIT 1`,
		pgx.NamedArgs{"plan": p.Name, "left": d.LeftKey, "right": d.RightKey, "one": p.Shape == "one_to_one"}).Scan(&other)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	return fmt.Errorf("a person linked it to %q: take that back first: %w", layers.Short(other), layers.ErrConflict)
}
