package quality

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
)

// A source is the table whose rows are assessed.
type source struct {
	layer   layers.Layer
	batch   int64
	staging bool
	made    bool              // the layer's own table is there: not yet, while its first import is previewed
	sql     string            // quoted, with its schema
	key     string            // the column that names a row
	columns map[string]string // name -> PostgreSQL's type
}

var tableName = regexp.MustCompile(`^(map|import)\.([a-z][a-z0-9_]{0,62})$`)

// open looks at a table as [Store.Check] takes it.
func open(ctx context.Context, tx pgx.Tx, layer layers.Layer, table string, batch int64) (source, error) {
	m := tableName.FindStringSubmatch(table)
	if m == nil || m[1] == "map" && m[2] != layer.Name {
		return source{}, fmt.Errorf("quality: %q is neither the layer's table nor a staging table", table)
	}
	src := source{layer: layer, batch: batch, staging: m[1] == "import", sql: pgx.Identifier{m[1], m[2]}.Sanitize(), key: "id", columns: map[string]string{}}
	if src.staging {
		src.key = "row_number"
	}
	rows, err := tx.Query(ctx, `SELECT attname, format_type(atttypid, NULL) FROM pg_attribute
		WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped`, src.sql)
	if err != nil {
		return source{}, fmt.Errorf("columns of %s: %w", table, err)
	}
	var name, typ string
	if _, err := pgx.ForEachRow(rows, []any{&name, &typ}, func() error { src.columns[name] = typ; return nil }); err != nil {
		return source{}, fmt.Errorf("columns of %s: %w", table, err)
	}
	if err := tx.QueryRow(ctx, `SELECT to_regclass($1) IS NOT NULL`, pgx.Identifier{"map", layer.Name}.Sanitize()).Scan(&src.made); err != nil {
		return source{}, fmt.Errorf("table of %s: %w", layer.Name, err)
	}
	if src.columns[src.key] == "" {
		return source{}, fmt.Errorf("quality: table %s has no column %s", table, src.key)
	}
	return src, nil
}

// has says whether the table has a column.
func (s source) has(name string) bool { return s.columns[name] != "" }

// textFields are the layer's text fields that the table has and that keep
// lets through.
func (s source) textFields(keep func(layers.Field) bool) []string {
	var out []string
	for _, f := range s.layer.Fields {
		if f.Type == "text" && s.has(f.Name) && keep(f) {
			out = append(out, f.Name)
		}
	}
	return out
}

// column is a column of the row at hand, alias f.
func column(name string) string { return "f." + pgx.Identifier{name}.Sanitize() }

// text is a column as text.
func text(name string) string { return column(name) + "::text" }

// quoted is a list of columns without alias.
func quoted(names []string) string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = pgx.Identifier{n}.Sanitize()
	}
	return strings.Join(out, ", ")
}
