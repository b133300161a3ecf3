package layers

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"
)

// Replace puts new content in the place of a whole table of schema map, all or
// nothing; see [Store.ReplaceAll].
func (s *Store) Replace(ctx context.Context, table string, fill func(ctx context.Context, db *pgxpool.Pool, staging string) error) error {
	return s.ReplaceAll(ctx, []string{table}, func(ctx context.Context, db *pgxpool.Pool, staging map[string]string) error {
		return fill(ctx, db, staging[table])
	})
}

// ReplaceAll puts new content in the place of whole tables of schema map, all
// of them or none. fill writes the staging tables: copies without rows,
// indexes, foreign keys and triggers but with all checks, named by staging
// (quoted and with the schema, keyed by table). It may use as many short
// transactions as it likes. Then keys and indexes are built, and one short
// transaction puts the new tables in the old ones' place and publication, and
// tells the feed. Readers see the old content until then. Writers of the
// tables wait from the beginning, so that no row of theirs is lost.
//
// If fill fails or the process dies, the old tables stay as they were; what was
// staged is dropped, at the latest by the next replacement.
func (s *Store) ReplaceAll(ctx context.Context, tables []string, fill func(ctx context.Context, db *pgxpool.Pool, staging map[string]string) error) error {
	err := s.replaceAll(ctx, tables, fill)
	if err != nil {
		return fmt.Errorf("replace %s: %w", strings.Join(tables, ", "), err)
	}
	s.ForgetRegistry()
	return nil
}

func (s *Store) replaceAll(ctx context.Context, tables []string, fill func(context.Context, *pgxpool.Pool, map[string]string) error) (err error) {
	// The transaction that will swap holds the tables' locks. It has no
	// transaction id before the swap, so a feed that starts meanwhile does not
	// wait for it.
	tx, err := s.db.Begin(ctx)
	if err != nil {
		return err
	}
	defer tx.Rollback(context.WithoutCancel(ctx))
	if _, err := tx.Exec(ctx, `SET LOCAL idle_in_transaction_session_timeout = 0`); err != nil {
		return err
	}
	staging := map[string]string{}
	var plans []replacement
	for _, t := range tables {
		if _, err := tx.Exec(ctx, fmt.Sprintf(`LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE`, pgx.Identifier{"map", t}.Sanitize())); err != nil {
			return err
		}
		p, err := planReplacement(ctx, tx, t)
		if err != nil {
			return err
		}
		plans = append(plans, p)
		staging[t] = p.staging()
	}
	defer func() {
		if err != nil {
			tx.Rollback(context.WithoutCancel(ctx))
			for _, p := range plans {
				// Best effort: the next replacement drops it otherwise.
				_, _ = s.db.Exec(context.WithoutCancel(ctx), "DROP TABLE IF EXISTS "+p.staging())
			}
		}
	}()
	for _, p := range plans {
		if err := s.exec(ctx, "DROP TABLE IF EXISTS "+p.staging(), fmt.Sprintf(
			`CREATE TABLE %s (LIKE %s INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING GENERATED INCLUDING IDENTITY INCLUDING STORAGE INCLUDING COMMENTS)`,
			p.staging(), p.table())); err != nil {
			return err
		}
	}
	if err := fill(ctx, s.db, staging); err != nil {
		return err
	}
	for _, p := range plans {
		if err := s.buildIndexes(ctx, p); err != nil {
			return err
		}
	}
	for _, p := range plans {
		for _, sql := range p.swap() {
			if _, err := tx.Exec(ctx, sql); err != nil {
				return fmt.Errorf("%s: %w", sql, viewInTheWay(err))
			}
		}
	}
	return tx.Commit(ctx)
}

// buildIndexes gives a staged table its keys and indexes. Indexes are built two
// at a time: PostgreSQL builds a GiST index with one processor only.
func (s *Store) buildIndexes(ctx context.Context, p replacement) error {
	var g errgroup.Group
	g.SetLimit(2)
	for _, sql := range p.indexes() {
		g.Go(func() error { return s.exec(ctx, sql) })
	}
	if err := g.Wait(); err != nil {
		return err
	}
	return s.exec(ctx, append(p.keys(), "ANALYZE "+p.staging())...)
}

func (s *Store) exec(ctx context.Context, statements ...string) error {
	for _, sql := range statements {
		if _, err := s.db.Exec(ctx, sql); err != nil {
			return fmt.Errorf("%s: %w", sql, err)
		}
	}
	return nil
}

// viewInTheWay explains the one failure that an administrator brings about.
func viewInTheWay(err error) error {
	var pg *pgconn.PgError
	if errors.As(err, &pg) && pg.Code == "2BP01" { // dependent_objects_still_exist
		return fmt.Errorf("something of yours depends on the table (%s): drop it, import, and make it again: %w", pg.Detail, err)
	}
	return err
}

// A replacement knows how to make a copy of one table its equal.
type replacement struct {
	Name        string
	Constraints []key   // primary key, unique, exclusion and foreign keys, in this order
	Indexes     []named // those that no constraint owns
	Triggers    []string
	Grants      []string
	Identity    string // replica identity: d, f or n
	Published   bool
	Sequence    string // of the id column, without its schema; "" if none
}

type named struct{ Name, Definition string }

// A key is a constraint. Index is its index's definition where the index can be
// built before the constraint.
type key struct{ Name, Definition, Index string }

//go:embed sql/replacement.sql
var replacementSQL string

func planReplacement(ctx context.Context, tx pgx.Tx, table string) (replacement, error) {
	rows, err := tx.Query(ctx, replacementSQL, pgx.NamedArgs{"table": table})
	if err != nil {
		return replacement{}, err
	}
	p, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[replacement])
	if isNoRows(err) {
		return replacement{}, fmt.Errorf("table map.%s: %w", table, ErrNotFound)
	}
	return p, err
}

func (p replacement) table() string   { return pgx.Identifier{"map", p.Name}.Sanitize() }
func (p replacement) staging() string { return pgx.Identifier{"map", "stage_" + p.Name}.Sanitize() }

// passing is the name that the i-th constraint or index has before the swap.
func (p replacement) passing(kind string, i int) string {
	return fmt.Sprintf("stage_%s_%s%d", p.Name, kind, i)
}

// indexes are the statements that build the staged table's indexes, those of
// its primary and unique keys too. The largest, on the geometry, is begun first.
func (p replacement) indexes() []string {
	var out []string
	add := func(x named, name string) {
		// pg_get_indexdef writes "CREATE [UNIQUE] INDEX name ON map.table USING …".
		head, tail, _ := strings.Cut(x.Definition, " USING ")
		unique := ""
		if strings.HasPrefix(head, "CREATE UNIQUE") {
			unique = "UNIQUE "
		}
		sql := fmt.Sprintf("CREATE %sINDEX %s ON %s USING %s", unique, name, p.staging(), tail)
		if strings.HasPrefix(tail, "gist") {
			out = slices.Insert(out, 0, sql)
		} else {
			out = append(out, sql)
		}
	}
	for i, x := range p.Indexes {
		add(x, p.passing("i", i))
	}
	for i, c := range p.Constraints {
		if c.Index != "" {
			add(named{Definition: c.Index}, p.passing("c", i))
		}
	}
	return out
}

// keys are the statements that give the staged table its constraints.
func (p replacement) keys() []string {
	var out []string
	for i, c := range p.Constraints {
		definition := c.Definition
		if c.Index != "" { // "PRIMARY KEY (id)" becomes "PRIMARY KEY USING INDEX name"
			kind, _, _ := strings.Cut(c.Definition, " (")
			definition = kind + " USING INDEX " + p.passing("c", i)
		}
		out = append(out, fmt.Sprintf("ALTER TABLE %s ADD CONSTRAINT %s %s", p.staging(), p.passing("c", i), definition))
	}
	return out
}

// swap drops the old table and gives the staged one its name and all that
// hung on it.
func (p replacement) swap() []string {
	q := func(name string) string { return pgx.Identifier{name}.Sanitize() }
	out := []string{"LOCK TABLE " + p.table() + " IN ACCESS EXCLUSIVE MODE"}
	if p.Sequence != "" { // ids are never given twice
		out = append(out, fmt.Sprintf(`SELECT setval(pg_get_serial_sequence('map.%[1]s', 'id'), greatest(
			(SELECT last_value FROM map.%[2]s), (SELECT coalesce(max(id), 1) FROM %[3]s)))`, "stage_"+p.Name, q(p.Sequence), p.staging()))
	}
	out = append(out, "DROP TABLE "+p.table(), fmt.Sprintf("ALTER TABLE %s RENAME TO %s", p.staging(), q(p.Name)))
	if p.Sequence != "" {
		out = append(out, fmt.Sprintf("ALTER SEQUENCE map.%s RENAME TO %s", q("stage_"+p.Name+"_id_seq"), q(p.Sequence)))
	}
	for i, c := range p.Constraints {
		out = append(out, fmt.Sprintf("ALTER TABLE %s RENAME CONSTRAINT %s TO %s", p.table(), p.passing("c", i), q(c.Name)))
	}
	for i, x := range p.Indexes {
		out = append(out, fmt.Sprintf("ALTER INDEX map.%s RENAME TO %s", p.passing("i", i), q(x.Name)))
	}
	out = append(out, p.Triggers...)
	out = append(out, p.Grants...)
	out = append(out, fmt.Sprintf("ALTER TABLE %s REPLICA IDENTITY %s", p.table(), map[string]string{"d": "DEFAULT", "f": "FULL", "n": "NOTHING"}[p.Identity]))
	if p.Published {
		out = append(out, "ALTER PUBLICATION onemap ADD TABLE "+p.table())
	}
	return append(out, fmt.Sprintf(`SELECT pg_logical_emit_message(true, 'onemap', '{"replaced": "map.%s"}')`, p.Name))
}
