package intake

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"onemap/layers"
)

// A Change says what a batch is, or was, for its layer.
type Change struct {
	Inserted  int64 `json:"inserted"`
	Updated   int64 `json:"updated"`
	Unchanged int64 `json:"unchanged"`
	Deleted   int64 `json:"deleted" doc:"Of a full delivery: rows of the source that the file has not"`
}

// A Target is where a staged batch goes.
type Target struct {
	Batch   int64
	Layer   layers.Layer
	New     bool     // the layer is made with the batch
	Written []string // the columns that [Stage] filled
	Source  string   // the first part of the rows' source_key
	Full    bool     // the layer's rows of the source that the batch has not are taken away
	Gone    bool     // the batch names rows that are taken away, see [Target.PutGone]
}

// DB is a pool, a connection or a transaction.
type DB interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// Compare counts what [ApplyTx] would do.
func (t Target) Compare(ctx context.Context, db DB) (c Change, err error) {
	if t.New {
		err = db.QueryRow(ctx, `SELECT count(*) FROM `+StagingTable(t.Batch)).Scan(&c.Inserted)
		return c, err
	}
	q := t.sql()
	var empty bool
	if err = db.QueryRow(ctx, `SELECT NOT EXISTS (SELECT FROM `+q.table+`)`).Scan(&empty); err != nil {
		return c, fmt.Errorf("compare with the layer: %w", err)
	}
	if empty {
		err = db.QueryRow(ctx, `SELECT count(*) FROM `+StagingTable(t.Batch)).Scan(&c.Inserted)
		return c, err
	}
	if err = db.QueryRow(ctx, fmt.Sprintf(`SELECT count(*) FILTER (WHERE t.id IS NULL), count(*) FILTER (WHERE t.id IS NOT NULL AND %[2]s),
		count(*) FILTER (WHERE t.id IS NOT NULL AND NOT %[2]s) FROM %[3]s i LEFT JOIN %[1]s t USING (source_key)`, q.table, q.differs("t", "i"), StagingTable(t.Batch))).
		Scan(&c.Inserted, &c.Updated, &c.Unchanged); err == nil && (t.Full || t.Gone) {
		err = db.QueryRow(ctx, fmt.Sprintf(`SELECT count(*) FROM %s t WHERE %s`, q.table, t.missing())).Scan(&c.Deleted)
	}
	if err != nil {
		return c, fmt.Errorf("compare with the layer: %w", err)
	}
	return c, nil
}

func (t Target) sql() mergeSQL {
	q := mergeSQL{table: pgx.Identifier{"map", t.Layer.Name}.Sanitize(), version: slices.ContainsFunc(t.Layer.Fields, func(f layers.Field) bool { return f.Name == "version" })}
	for _, w := range t.Written {
		q.written = append(q.written, pgx.Identifier{w}.Sanitize())
	}
	return q
}

// missing is the condition that a row t of the layer is to be taken away: named
// so by the batch, or, of a full delivery, the source's and not in it.
func (t Target) missing() string {
	if !t.Full {
		return fmt.Sprintf(`EXISTS (SELECT FROM %s g WHERE g.source_key = t.source_key)`, goneTable(t.Batch))
	}
	return fmt.Sprintf(`starts_with(t.source_key, %s) AND NOT EXISTS (SELECT FROM %s i WHERE i.source_key = t.source_key)`, quoteText(t.Source+":"), StagingTable(t.Batch))
}

// quoteText writes a text as an SQL literal. The source of a mapping is checked
// to be a short name; this holds for any text.
func quoteText(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// ErrStagingLost: the staged rows are not those of the preview, after a crash
// of the database.
var ErrStagingLost = errors.New("the preview is no longer there: make it anew")

// ApplyTx takes a batch over into its layer: what is new and what differs. The
// rows that it changes or takes away are kept for [UndoTx]. staged is how many
// rows the preview had, less those that were held back since. Writers of the
// layer wait until the transaction ends, readers do not, or, where an empty layer
// is filled with very many rows, for its last moment only.
//
// Of a new layer, call it in the fill of layers.MakeLayer.
func (t Target) ApplyTx(ctx context.Context, tx pgx.Tx, staged int64) (c Change, err error) {
	table, staging := pgx.Identifier{"map", t.Layer.Name}.Sanitize(), StagingTable(t.Batch)
	var rows int64
	var there bool
	if err := tx.QueryRow(ctx, `SELECT to_regclass($1) IS NOT NULL`, staging).Scan(&there); err != nil {
		return c, err
	}
	if there {
		if err := tx.QueryRow(ctx, `SELECT count(*) FROM `+staging).Scan(&rows); err != nil {
			return c, err
		}
	}
	if !there || rows != staged {
		return c, fmt.Errorf("batch %d: %w", t.Batch, errors.Join(ErrStagingLost, layers.ErrConflict))
	}
	if _, err := tx.Exec(ctx, `SET LOCAL idle_in_transaction_session_timeout = 0`); err != nil {
		return c, err
	}
	q := t.sql()
	columns := strings.Join(q.written, ", ")
	if t.New {
		tag, err := tx.Exec(ctx, fmt.Sprintf(`INSERT INTO %s (%s) SELECT %s FROM %s ORDER BY row_number`, table, columns, columns, staging))
		c.Inserted = tag.RowsAffected()
		return c, err
	}
	if _, err := tx.Exec(ctx, fmt.Sprintf(`LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE`, table)); err != nil {
		return c, err
	}
	if rows >= rebuildAt && !t.Full && !t.Gone {
		done, err := layers.RefillTx(ctx, tx, t.Layer.Name, func(into string) error {
			_, err := tx.Exec(ctx, fmt.Sprintf(`INSERT INTO %s (%s) SELECT %s FROM %s ORDER BY row_number`, into, columns, columns, staging))
			return err
		})
		if err != nil {
			return c, fmt.Errorf("add rows: %w", err)
		}
		if done { // nothing was there that an undo would put back
			c.Inserted = rows
			_, err := tx.Exec(ctx, fmt.Sprintf(`CREATE TABLE %s AS SELECT t.*, 'changed' AS undo_of FROM %s t WHERE false`, beforeTable(t.Batch), table))
			return c, err
		}
	}
	keep := fmt.Sprintf(`CREATE TABLE %s AS SELECT t.*, 'changed' AS undo_of FROM %s t JOIN %s i USING (source_key) WHERE %s`, beforeTable(t.Batch), table, staging, q.differs("t", "i"))
	if t.Full || t.Gone {
		keep += fmt.Sprintf(` UNION ALL SELECT t.*, 'taken' FROM %s t WHERE %s`, table, t.missing())
	}
	if _, err := tx.Exec(ctx, keep); err != nil {
		return c, fmt.Errorf("keep what is there: %w", err)
	}
	if t.Full || t.Gone {
		tag, err := tx.Exec(ctx, fmt.Sprintf(`DELETE FROM %s t WHERE %s`, table, t.missing()))
		if err != nil {
			return c, fmt.Errorf("take away: %w", err)
		}
		c.Deleted = tag.RowsAffected()
	}
	set := []string{"updated_at = now()"}
	for _, w := range q.written {
		if w != `"source_key"` {
			set = append(set, w+" = i."+w)
		}
	}
	if q.version {
		set = append(set, "version = t.version + 1")
	}
	tag, err := tx.Exec(ctx, fmt.Sprintf(`UPDATE %s t SET %s FROM %s i WHERE t.source_key = i.source_key AND %s`, table, strings.Join(set, ", "), staging, q.differs("t", "i")))
	if err != nil {
		return c, fmt.Errorf("change rows: %w", err)
	}
	c.Updated = tag.RowsAffected()
	tag, err = tx.Exec(ctx, fmt.Sprintf(`INSERT INTO %s (%s) SELECT %s FROM %s i WHERE NOT EXISTS (SELECT FROM %s t WHERE t.source_key = i.source_key) ORDER BY row_number`,
		table, columns, prefixed(q.written, "i."), staging, table))
	if err != nil {
		return c, fmt.Errorf("add rows: %w", err)
	}
	c.Inserted = tag.RowsAffected()
	c.Unchanged = rows - c.Inserted - c.Updated
	return c, nil
}

// Drop removes what was staged.
func (t Target) Drop(ctx context.Context, db DB) error {
	_, err := db.Exec(ctx, fmt.Sprintf(`DROP TABLE IF EXISTS %s, %s`, StagingTable(t.Batch), goneTable(t.Batch)))
	return err
}
