package layers

import (
	"context"
	"fmt"

	"onemap/geo/where"
)

// VersionSQL is the expression for the version of a row of a layer under the
// alias f: the transaction that wrote it last, whoever that was. It is another
// after every change, and only compares for being equal.
const VersionSQL = "f.xmin::text"

// FeatureVersion returns feature id of a layer, if the condition lets it be
// seen, and the version of its row at that moment. It returns an error wrapping
// [ErrNotFound] otherwise.
func (s *Store) FeatureVersion(ctx context.Context, q Query, id int64) (Feature, string, error) {
	q.Where = where.And(q.Where, where.Eq{Field: "id", Value: id})
	q.first = VersionSQL + ", "
	sql, args, err := q.sql()
	if err != nil {
		return Feature{}, "", err
	}
	f := Feature{Values: make([]any, len(q.Fields))}
	var version string
	targets := []any{&version, &f.ID, &f.Geometry}
	for i := range f.Values {
		targets = append(targets, &f.Values[i])
	}
	err = s.db.QueryRow(ctx, sql, args...).Scan(targets...)
	if isNoRows(err) {
		return Feature{}, "", fmt.Errorf("feature %s/%d: %w", q.Layer.Name, id, ErrNotFound)
	}
	if err != nil {
		return Feature{}, "", fmt.Errorf("feature %s/%d: %w", q.Layer.Name, id, err)
	}
	return f, version, nil
}
