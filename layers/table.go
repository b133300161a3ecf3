package layers

import (
	"context"
	_ "embed"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// A Table is a layer's table as the catalogue has it.
type Table struct {
	Name string
	OID  uint32
	// Why says why its content cannot be followed by the log; "" if it can.
	Why string
	// Mark is equal as long as nobody changed the table's schema, its place in
	// the publication, or its files as a whole. PostgreSQL logs none of these.
	Mark    string
	Columns []Column
}

// A Column is one of a table's.
type Column struct {
	Name   string
	Type   uint32 // pg_attribute.atttypid
	Base   string // the name of the type that its values travel as: int4, text, geometry, …; "" for one that is not PostgreSQL's own
	Enum   bool   // an enumeration: its values travel as text
	Logged bool   // whether the log has it; a generated column it has not
}

// Column returns the column of that name.
func (t Table) Column(name string) (Column, bool) {
	for _, c := range t.Columns {
		if c.Name == name {
			return c, true
		}
	}
	return Column{}, false
}

//go:embed sql/table.sql
var tableSQL string

// Tables returns the tables of those layers by name. One that is not there is
// not in the answer.
func (s *Store) Tables(ctx context.Context, names []string) (map[string]Table, error) {
	return tablesOf(ctx, s.db, names)
}

type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

func tablesOf(ctx context.Context, db querier, names []string) (map[string]Table, error) {
	rows, err := db.Query(ctx, tableSQL, pgx.NamedArgs{"tables": names})
	if err != nil {
		return nil, fmt.Errorf("read the catalogue: %w", err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByName[Table])
	if err != nil {
		return nil, fmt.Errorf("read the catalogue: %w", err)
	}
	out := make(map[string]Table, len(all))
	for _, t := range all {
		out[t.Name] = t
	}
	return out, nil
}

// A TableSize is about how large a table is, by PostgreSQL's statistics.
type TableSize struct {
	Name    string
	Rows    float64
	Bytes   int64 // on disk, without indexes
	Columns map[string]ColumnSize
}

// A ColumnSize is what the planner knows of a column.
type ColumnSize struct {
	Width    float64 // mean bytes of a value
	Distinct float64 // how many different values; below 0: by row, times -1
}

//go:embed sql/table_size.sql
var tableSizeSQL string

// TableSizes returns about how large the tables of those layers are.
func (s *Store) TableSizes(ctx context.Context, names []string) (map[string]TableSize, error) {
	rows, err := s.db.Query(ctx, tableSizeSQL, pgx.NamedArgs{"tables": names})
	if err != nil {
		return nil, fmt.Errorf("read the sizes of tables: %w", err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByName[TableSize])
	if err != nil {
		return nil, fmt.Errorf("read the sizes of tables: %w", err)
	}
	out := make(map[string]TableSize, len(all))
	for _, t := range all {
		out[t.Name] = t
	}
	return out, nil
}
