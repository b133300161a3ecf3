package layers

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"onemap/geo/where"
)

// A Query asks for features of one layer.
type Query struct {
	Layer  Layer
	Where  where.Cond // the caller's right and filter, joined; required
	Fields []string   // names of the layer's fields, in the order wanted; nil for none
	After  int64      // features with a larger id only: the next page
	Limit  int        // at most so many; 0: all

	first string // what is selected before the feature, with a comma
}

// table is the layer's table, quoted and with its schema.
func (l Layer) table() string { return pgx.Identifier{"map", l.Name}.Sanitize() }

// Features returns the features that q asks for in the order of their ids,
// read as they are used. An error ends the sequence.
func (s *Store) Features(ctx context.Context, q Query) iter.Seq2[Feature, error] {
	return func(yield func(Feature, error) bool) {
		fail := func(err error) { yield(Feature{}, fmt.Errorf("features of %s: %w", q.Layer.Name, err)) }
		sql, args, err := q.sql()
		if err != nil {
			fail(err)
			return
		}
		rows, err := s.db.Query(ctx, sql, planned(q.Where, args)...)
		if err != nil {
			fail(err)
			return
		}
		defer rows.Close()
		for rows.Next() {
			f := Feature{Values: make([]any, len(q.Fields))}
			targets := make([]any, 0, len(q.Fields)+2)
			targets = append(targets, &f.ID, &f.Geometry)
			for i := range f.Values {
				targets = append(targets, &f.Values[i])
			}
			if err := rows.Scan(targets...); err != nil {
				fail(err)
				return
			}
			if !yield(f, nil) {
				return
			}
		}
		if err := rows.Err(); err != nil {
			fail(err)
		}
	}
}

// hashed is from how many values on PostgreSQL looks a list up by hash, where it
// knows the list when it plans (MIN_ARRAY_SIZE_FOR_HASHED_SAOP).
const hashed = 9

// planned returns the arguments of a statement that is planned with its values
// known where that matters: a prepared one, after a few times, compares each row
// with each of a worker's hundreds of grids, and takes every division for a
// small one.
func planned(c where.Cond, args []any) []any {
	if !depends(c) {
		return args
	}
	return append([]any{pgx.QueryExecModeCacheDescribe}, args...)
}

func depends(c where.Cond) bool {
	switch c := c.(type) {
	case where.All:
		return slices.ContainsFunc(c, depends)
	case where.Any:
		return slices.ContainsFunc(c, depends)
	case where.Not:
		return depends(c.C)
	case where.In:
		return len(c.Values) >= hashed
	case where.Prefix:
		return true
	}
	return false
}

// Feature returns feature id of a layer, if the condition lets it be seen.
// It returns an error wrapping [ErrNotFound] otherwise.
func (s *Store) Feature(ctx context.Context, q Query, id int64) (Feature, error) {
	q.Where = where.And(q.Where, where.Eq{Field: "id", Value: id})
	q.Limit = 1
	for f, err := range s.Features(ctx, q) {
		return f, err
	}
	return Feature{}, fmt.Errorf("feature %s/%d: %w", q.Layer.Name, id, ErrNotFound)
}

// Count returns how many features hold q's condition.
func (s *Store) Count(ctx context.Context, q Query) (int64, error) {
	var a Args
	cond, err := q.Layer.SQL(q.Where, &a)
	if err != nil {
		return 0, err
	}
	var n int64
	err = s.db.QueryRow(ctx, "SELECT count(*) FROM "+q.Layer.table()+" f WHERE "+cond, planned(q.Where, a)...).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count %s: %w", q.Layer.Name, err)
	}
	return n, nil
}

func (q Query) sql() (string, []any, error) {
	var a Args
	cond, err := q.Layer.SQL(q.Where, &a)
	if err != nil {
		return "", nil, err
	}
	var b strings.Builder
	b.WriteString("SELECT " + q.first + "f.id, f.geom")
	for _, name := range q.Fields {
		col, typ, err := q.Layer.column(name)
		if err != nil {
			return "", nil, err
		}
		b.WriteString(", " + col + "::" + typ)
	}
	b.WriteString(" FROM " + q.Layer.table() + " f WHERE (" + cond + ")")
	if q.After > 0 {
		b.WriteString(" AND f.id > " + a.Add(q.After))
	}
	b.WriteString(" ORDER BY f.id")
	if q.Limit > 0 {
		b.WriteString(" LIMIT " + a.Add(q.Limit))
	}
	return b.String(), a, nil
}
