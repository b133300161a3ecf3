package quality

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"onemap/layers"
)

// DB is a pool, or a transaction that is already under way.
type DB interface {
	Begin(ctx context.Context) (pgx.Tx, error)
}

const (
	// ruleTime is how long one statement of a run may take.
	ruleTime = 5 * time.Minute
	// sortMemory is what a hash or a sort of a run may take of the database's memory.
	sortMemory = "64MB"
	// mostFailures is how many failing rows of a rule are kept by number. Those
	// that an import keeps out are all kept.
	mostFailures = 20_000
)

// Check runs the rules of a layer over a table and keeps what it found.
//
// table is "map.<layer>" or a staging table "import.<name>": it has the
// layer's columns by name (those it lacks make their rules skipped), geom, and,
// if it is a staging table, row_number bigint, the line of the file. batch is
// the import's number, 0 for the layer itself. Everything is one transaction,
// or a savepoint of db's.
//
// A layer without rules has a card without results.
func (s *Store) Check(ctx context.Context, db DB, layer layers.Layer, table string, batch int64) (Card, error) {
	var card Card
	err := pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		id, err := s.run(ctx, tx, layer, table, batch)
		if err != nil {
			return err
		}
		card, err = s.card(ctx, tx, id)
		return err
	})
	if err != nil {
		return Card{}, fmt.Errorf("check quality of %s: %w", layer.Name, err)
	}
	return card, nil
}

// A run of a layer's rules that is under way.
type run struct {
	*Store
	tx    pgx.Tx
	src   source
	rules []Rule
	id    int64
	begun time.Time
}

func (s *Store) run(ctx context.Context, tx pgx.Tx, layer layers.Layer, table string, batch int64) (int64, error) {
	src, err := open(ctx, tx, layer, table, batch)
	if err != nil {
		return 0, err
	}
	restore, err := settle(ctx, tx)
	if err != nil {
		return 0, err
	}
	r := run{Store: s, tx: tx, src: src, begun: time.Now()}
	if src.staging { // plans go by counts
		var counted bool
		if err := tx.QueryRow(ctx, `SELECT reltuples >= 0 FROM pg_class WHERE oid = $1::text::regclass`, src.sql).Scan(&counted); err != nil {
			return 0, err
		}
		if !counted {
			if _, err := tx.Exec(ctx, "ANALYZE "+src.sql); err != nil {
				return 0, err
			}
		}
	}
	if r.rules, err = rulesOf(ctx, tx, "r.layer = $1 AND r.ended_at IS NULL", layer.Name); err != nil {
		return 0, err
	}
	err = tx.QueryRow(ctx, `INSERT INTO onemap.quality_run (layer, batch, owner, at, rows) VALUES ($1, nullif($2, 0::bigint), nullif($3, ''), $4, 0) RETURNING id`,
		layer.Name, batch, layer.Owner, s.now()).Scan(&r.id)
	if err != nil {
		return 0, err
	}
	if err := r.assess(ctx); err != nil {
		return 0, err
	}
	_, err = tx.Exec(ctx, `DELETE FROM onemap.quality_failure f USING onemap.quality_run o
		WHERE f.run = o.id AND o.layer = $1 AND coalesce(o.batch, 0) = $2 AND o.id < $3`, layer.Name, batch, r.id)
	if err != nil {
		return 0, err
	}
	if _, err := tx.Exec(ctx, `UPDATE onemap.quality_run SET took_ms = $2 WHERE id = $1`, r.id, time.Since(r.begun).Milliseconds()); err != nil {
		return 0, err
	}
	return r.id, restore()
}

// settle gives a run its memory and its limit of time, and returns how to put
// the transaction's own back: it may be the caller's.
func settle(ctx context.Context, tx pgx.Tx) (restore func() error, err error) {
	var memory, limit string
	err = tx.QueryRow(ctx, `SELECT current_setting('work_mem'), current_setting('statement_timeout')`).Scan(&memory, &limit)
	if err != nil {
		return nil, err
	}
	set := func(memory, limit string) error {
		_, err := tx.Exec(ctx, `SELECT set_config('work_mem', $1, true), set_config('statement_timeout', $2, true)`, memory, limit)
		return err
	}
	return func() error { return set(memory, limit) }, set(sortMemory, fmt.Sprint(ruleTime.Milliseconds()))
}

// assess runs all rules: those of each row by itself in one pass over the
// table, and the others one by one.
func (r *run) assess(ctx context.Context) error {
	var alone []Rule
	for _, rule := range r.rules {
		kind, ok := kindOf(rule.Kind)
		if !ok { // of a newer program
			if err := r.skip(ctx, rule, "failed"); err != nil {
				return err
			}
			continue
		}
		if kind.row != nil {
			if _, _, err := kind.row(r.compiler(ctx, rule, new(layers.Args))); err == nil {
				alone = append(alone, rule)
				continue
			} else if err := r.fault(ctx, rule, err); err != nil {
				return err
			}
			continue
		}
		err := pgx.BeginFunc(ctx, r.tx, func(tx pgx.Tx) error { return r.one(ctx, tx, kind, rule) })
		if err != nil {
			if err := r.fault(ctx, rule, err); err != nil {
				return err
			}
		}
	}
	err := pgx.BeginFunc(ctx, r.tx, func(tx pgx.Tx) error { return r.all(ctx, tx, alone) })
	if err == nil || len(alone) == 0 {
		return err
	}
	if _, told := r.reason(ctx, err); !told {
		return err
	}
	// One of them cannot be run: which, shows one by one.
	if err := pgx.BeginFunc(ctx, r.tx, func(tx pgx.Tx) error { return r.all(ctx, tx, nil) }); err != nil {
		return err
	}
	for _, rule := range alone {
		err := pgx.BeginFunc(ctx, r.tx, func(tx pgx.Tx) error { return r.all(ctx, tx, []Rule{rule}) })
		if err != nil {
			if err := r.fault(ctx, rule, err); err != nil {
				return err
			}
		}
	}
	return nil
}

// one runs a rule that has a statement of its own.
func (r *run) one(ctx context.Context, tx pgx.Tx, kind Kind, rule Rule) error {
	c := r.compiler(ctx, rule, new(layers.Args))
	if kind.layer != nil {
		a, b, skipped, err := kind.layer(ctx, c, tx)
		if err != nil {
			return err
		}
		return r.keep(ctx, tx, rule, a, b, skipped)
	}
	statement, err := kind.rows(c)
	if err != nil {
		return err
	}
	limit := ""
	if !r.keepsAll(rule) {
		limit = "LIMIT " + c.args.Add(mostFailures)
	}
	sql := fmt.Sprintf(`WITH verdict (k, ok) AS MATERIALIZED (%s),
		kept AS (INSERT INTO onemap.quality_failure (run, rule, row) SELECT %s::bigint, %s::bigint, k FROM verdict WHERE ok IS NOT TRUE %s)
		SELECT count(*) FILTER (WHERE ok), count(*) FROM verdict`, statement, c.args.Add(r.id), c.args.Add(rule.ID), limit)
	var a, b int64
	if err := tx.QueryRow(ctx, sql, *c.args...).Scan(&a, &b); err != nil {
		return err
	}
	return r.keep(ctx, tx, rule, a, b, "")
}

// all runs rules on each row by itself, and counts the rows.
func (r *run) all(ctx context.Context, tx pgx.Tx, rules []Rule) error {
	args := new(layers.Args)
	sql := "SELECT count(*)"
	counts := make([]int64, 1+2*len(rules))
	targets := []any{&counts[0]}
	for i, rule := range rules {
		kind, _ := kindOf(rule.Kind)
		assessed, ok, err := kind.row(r.compiler(ctx, rule, args))
		if err != nil {
			return err
		}
		if assessed == "true" {
			sql += ", count(*), count(CASE WHEN " + ok + " THEN 1 END)"
		} else {
			sql += ", count(CASE WHEN " + assessed + " THEN 1 END), count(CASE WHEN " + assessed + " AND " + ok + " THEN 1 END)"
		}
		targets = append(targets, &counts[1+2*i], &counts[2+2*i])
	}
	if err := tx.QueryRow(ctx, sql+" FROM "+r.src.sql+" f", *args...).Scan(targets...); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `UPDATE onemap.quality_run SET rows = $2 WHERE id = $1`, r.id, counts[0]); err != nil {
		return err
	}
	var few []Rule // whose failing rows are gathered in one more pass
	for i, rule := range rules {
		b, a := counts[1+2*i], counts[2+2*i]
		if err := r.keep(ctx, tx, rule, a, b, ""); err != nil {
			return err
		}
		switch {
		case a == b:
		case b-a <= mostFailures || r.keepsAll(rule):
			few = append(few, rule)
		default:
			if err := r.gather(ctx, tx, []Rule{rule}, mostFailures); err != nil {
				return err
			}
		}
	}
	return r.gather(ctx, tx, few, 0)
}

// gather keeps the numbers of the rows that fail rules of each row by itself;
// most is how many, 0: all.
func (r *run) gather(ctx context.Context, tx pgx.Tx, rules []Rule, most int) error {
	if len(rules) == 0 {
		return nil
	}
	args := new(layers.Args)
	failed := make([]string, len(rules))
	for i, rule := range rules {
		kind, _ := kindOf(rule.Kind)
		assessed, ok, err := kind.row(r.compiler(ctx, rule, args))
		if err != nil {
			return err
		}
		failed[i] = fmt.Sprintf("CASE WHEN %s AND (%s) IS NOT TRUE THEN %s::bigint END", assessed, ok, args.Add(rule.ID))
	}
	limit := ""
	if most > 0 {
		limit = " LIMIT " + args.Add(most)
	}
	_, err := tx.Exec(ctx, fmt.Sprintf(`INSERT INTO onemap.quality_failure (run, rule, row)
		SELECT %s::bigint, rule, k FROM (SELECT %s AS k, ARRAY[%s] AS rules FROM %s f) t, unnest(rules) rule WHERE rule IS NOT NULL%s`,
		args.Add(r.id), column(r.src.key), strings.Join(failed, ", "), r.src.sql, limit), *args...)
	return err
}

// keepsAll says whether all rows that fail a rule are kept by number.
func (r *run) keepsAll(rule Rule) bool { return rule.Quarantine && r.src.staging }

func (r *run) keep(ctx context.Context, tx pgx.Tx, rule Rule, a, b int64, skipped string) error {
	_, err := tx.Exec(ctx, `INSERT INTO onemap.quality_result (run, rule, a, b, skipped) VALUES ($1, $2, $3, $4, $5)`, r.id, rule.ID, a, b, skipped)
	return err
}

func (r *run) skip(ctx context.Context, rule Rule, why string) error {
	return r.keep(ctx, r.tx, rule, 0, 0, why)
}

// fault keeps why a rule could not be run; what is no fault of the rule is returned.
func (r *run) fault(ctx context.Context, rule Rule, err error) error {
	why, told := r.reason(ctx, err)
	if !told {
		return err
	}
	return r.skip(ctx, rule, why)
}

// reason is what is kept of an error; false where the run as a whole fails.
func (r *run) reason(ctx context.Context, err error) (string, bool) {
	if ctx.Err() != nil {
		return "", false
	}
	if why, ok := skippedBy(err); ok {
		return why, true
	}
	var pg *pgconn.PgError
	switch {
	case errors.As(err, &pg) && pg.Code == "57014": // query_canceled: by the limit of time
		return "too_slow", true
	case errors.As(err, &pg) && pg.Code[:2] != "08" && pg.Code[:2] != "57" && pg.Code[:2] != "53":
		return "failed", true // the rule and the data do not go together
	case errors.Is(err, layers.ErrInvalid): // a field that the layer no longer has
		return errNoColumn.Error(), true
	}
	return "", false
}
