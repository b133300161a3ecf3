package match

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"onemap/layers"
	"onemap/layers/access"
)

// db is what plans are read through: the pool, or a transaction.
type db interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

var _ db = (*pgxpool.Pool)(nil)

const planColumns = `name, title_zh, title_en, coalesce(owner, ''), left_layer, right_layer, left_roles, right_roles, shape, link_at, review_at, follow,
	created_by, created_at, changed_at,
	coalesce((SELECT jsonb_agg(jsonb_build_object('Name', i.name, 'TitleZH', i.title_zh, 'TitleEN', i.title_en, 'LeftField', left_field, 'RightField', right_field,
		'Compare', compare, 'Tolerance', tolerance, 'Authority', coalesce(authority, ''), 'Basis', basis) ORDER BY position, i.name)
		FROM onemap.match_item i WHERE i.plan = p.name), '[]')`

func scanPlan(row pgx.CollectableRow) (Plan, error) {
	var p Plan
	var left, right, items []byte
	var linkAt, reviewAt float32
	err := row.Scan(&p.Name, &p.TitleZH, &p.TitleEN, &p.Owner, &p.LeftLayer, &p.RightLayer, &left, &right, &p.Shape, &linkAt, &reviewAt, &p.Follow,
		&p.CreatedBy, &p.CreatedAt, &p.ChangedAt, &items)
	if err != nil {
		return p, err
	}
	// real keeps 0.95 as 0.94999999; nobody means more than four digits.
	p.LinkAt, p.ReviewAt = float64(int(linkAt*10000+0.5))/10000, float64(int(reviewAt*10000+0.5))/10000
	return p, errors.Join(json.Unmarshal(left, &p.Left), json.Unmarshal(right, &p.Right), json.Unmarshal(items, &p.Items))
}

// readPlan returns an error wrapping [layers.ErrNotFound] where there is none.
func readPlan(ctx context.Context, db db, name string) (Plan, error) {
	rows, err := db.Query(ctx, `SELECT `+planColumns+` FROM onemap.match_plan p WHERE name = $1`, name)
	if err != nil {
		return Plan{}, fmt.Errorf("read plan %s: %w", name, err)
	}
	p, err := pgx.CollectExactlyOneRow(rows, scanPlan)
	if errors.Is(err, pgx.ErrNoRows) {
		return p, fmt.Errorf("plan %q: %w", name, layers.ErrNotFound)
	}
	if err != nil {
		return p, fmt.Errorf("read plan %s: %w", name, err)
	}
	return p, nil
}

func writePlan(ctx context.Context, tx pgx.Tx, p Plan, login string) error {
	_, err := tx.Exec(ctx, `INSERT INTO onemap.match_plan (name, title_zh, title_en, owner, left_layer, right_layer, left_roles, right_roles, shape, link_at, review_at, follow, created_by)
		VALUES (@name, @zh, @en, nullif(@owner, ''), @left, @right, @left_roles, @right_roles, @shape, @link_at, @review_at, @follow, @by)
		ON CONFLICT (name) DO UPDATE SET title_zh = excluded.title_zh, title_en = excluded.title_en, left_roles = excluded.left_roles, right_roles = excluded.right_roles,
			shape = excluded.shape, link_at = excluded.link_at, review_at = excluded.review_at, follow = excluded.follow, changed_at = now()`,
		pgx.NamedArgs{"name": p.Name, "zh": p.TitleZH, "en": p.TitleEN, "owner": p.Owner, "left": p.LeftLayer, "right": p.RightLayer,
			"left_roles": p.Left, "right_roles": p.Right, "shape": p.Shape, "link_at": p.LinkAt, "review_at": p.ReviewAt, "follow": p.Follow, "by": login})
	if err != nil {
		return err
	}
	kept := make([]string, len(p.Items))
	for i, it := range p.Items {
		kept[i] = it.Name
		_, err := tx.Exec(ctx, `INSERT INTO onemap.match_item (plan, name, title_zh, title_en, left_field, right_field, compare, tolerance, authority, basis, position)
			VALUES (@plan, @name, @zh, @en, @left, @right, @compare, @tolerance, nullif(@authority, ''), @basis, @position)
			ON CONFLICT (plan, name) DO UPDATE SET title_zh = excluded.title_zh, title_en = excluded.title_en, left_field = excluded.left_field, right_field = excluded.right_field,
				compare = excluded.compare, tolerance = excluded.tolerance, authority = excluded.authority, basis = excluded.basis, position = excluded.position`,
			pgx.NamedArgs{"plan": p.Name, "name": it.Name, "zh": it.TitleZH, "en": it.TitleEN, "left": it.LeftField, "right": it.RightField,
				"compare": it.Compare, "tolerance": it.Tolerance, "authority": it.Authority, "basis": it.Basis, "position": i})
		if err != nil {
			return err
		}
	}
	_, err = tx.Exec(ctx, `DELETE FROM onemap.match_item WHERE plan = $1 AND name <> ALL ($2)`, p.Name, kept)
	return err
}

// A Summary is a plan with where it stands. Counts are of the whole city; what
// lies behind them is shown by right.
type Summary struct {
	Plan
	May       bool // the caller works its queue
	Linked    int64
	Review    int64
	Conflicts int64
	Last      *Run // nil: it never ran
}

// List returns the plans whose layers the caller sees, by name.
func (s *Store) List(ctx context.Context, by access.Scope) ([]Summary, error) {
	if err := by.Require(); err != nil {
		return nil, err
	}
	rows, err := s.Layers.DB().Query(ctx, `SELECT `+planColumns+` FROM onemap.match_plan p ORDER BY name`)
	if err != nil {
		return nil, fmt.Errorf("list plans: %w", err)
	}
	plans, err := pgx.CollectRows(rows, scanPlan)
	if err != nil {
		return nil, fmt.Errorf("list plans: %w", err)
	}
	out := []Summary{}
	for _, p := range plans {
		sum, err := s.summary(ctx, by, p)
		if errors.Is(err, layers.ErrNotFound) {
			continue // a layer that the caller does not see, or that is gone
		}
		if err != nil {
			return nil, err
		}
		out = append(out, sum)
	}
	return out, nil
}

// Get returns one plan. It returns an error wrapping [layers.ErrNotFound] where
// there is none, or the caller does not see both of its layers.
func (s *Store) Get(ctx context.Context, by access.Scope, name string) (Summary, error) {
	if err := by.Require(); err != nil {
		return Summary{}, err
	}
	p, err := readPlan(ctx, s.Layers.DB(), name)
	if err != nil {
		return Summary{}, err
	}
	return s.summary(ctx, by, p)
}

func (s *Store) summary(ctx context.Context, by access.Scope, p Plan) (Summary, error) {
	out := Summary{Plan: p}
	of, err := s.layersOf(ctx, by, p)
	if err != nil {
		return out, err
	}
	out.May = s.may(by, p, of.left, of.right)
	err = s.Layers.DB().QueryRow(ctx, `SELECT
		(SELECT count(*) FROM onemap.match_link WHERE plan = $1),
		(SELECT count(*) FROM onemap.match_pair p WHERE plan = $1 AND verdict = 'review' AND `+undecided+`),
		(SELECT count(*) FROM onemap.match_conflict WHERE plan = $1)`, p.Name).Scan(&out.Linked, &out.Review, &out.Conflicts)
	if err != nil {
		return out, fmt.Errorf("plan %s: %w", p.Name, err)
	}
	runs, err := s.runs(ctx, p.Name, 1)
	if len(runs) > 0 {
		out.Last = &runs[0]
	}
	return out, err
}

// Drop removes a plan with what its runs found. Decisions of people stay: a
// plan of the same name takes them up again.
func (s *Store) Drop(ctx context.Context, by access.Scope, name, address string) error {
	if err := by.Require(access.DepartmentOfficer); err != nil {
		return err
	}
	err := pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) error {
		p, err := readPlan(ctx, tx, name)
		if err != nil {
			return err
		}
		of, err := s.layersOf(ctx, by, p)
		if err != nil {
			return err
		}
		if !s.may(by, p, of.left, of.right) {
			return access.ErrForbidden
		}
		if _, err := tx.Exec(ctx, `DELETE FROM onemap.match_plan WHERE name = $1`, name); err != nil {
			return err
		}
		return access.RecordTx(ctx, tx, by, access.Entry{Action: "match.drop", Object: "match/" + name, Result: access.Done, Address: address})
	})
	return access.Wrap("drop plan "+name, err)
}

// A Run is one time that two registers were compared.
type Run struct {
	ID         int64
	AskedBy    string
	AskedAt    time.Time
	StartedAt  *time.Time
	FinishedAt *time.Time
	Failure    string // in words; "": none
	Counts     Counts
}

// Counts say what a run saw and what came of it.
type Counts struct {
	LeftRows   int   `json:"left_rows"`
	RightRows  int   `json:"right_rows"`
	LeftNoKey  int   `json:"left_no_key,omitempty"` // rows without a source key: they cannot be linked
	RightNoKey int   `json:"right_no_key,omitempty"`
	Compared   int   `json:"compared"` // pairs of distinct content
	Linked     int   `json:"linked"`   // by the machine
	ByPeople   int   `json:"by_people"`
	Review     int   `json:"review"`
	Conflicts  int   `json:"conflicts"`
	Dropped    int   `json:"dropped"`     // values left out: identity numbers, codes whose check digit is wrong
	Millis     int64 `json:"millis"`      // of comparing
	Ended      int   `json:"ended_links"` // machine links of the run before that are none now
}

// Runs returns the runs of a plan, the latest first.
func (s *Store) Runs(ctx context.Context, by access.Scope, plan string, limit int) ([]Run, error) {
	if _, err := s.Get(ctx, by, plan); err != nil {
		return nil, err
	}
	return s.runs(ctx, plan, limit)
}

func (s *Store) runs(ctx context.Context, plan string, limit int) ([]Run, error) {
	rows, err := s.Layers.DB().Query(ctx, `SELECT id, asked_by, asked_at, started_at, finished_at, failure, counts FROM onemap.match_run WHERE plan = $1 ORDER BY id DESC LIMIT $2`, plan, limit)
	if err != nil {
		return nil, fmt.Errorf("runs of %s: %w", plan, err)
	}
	runs, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Run])
	if err != nil {
		return nil, fmt.Errorf("runs of %s: %w", plan, err)
	}
	return runs, nil
}
