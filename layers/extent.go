package layers

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"
)

// Extent returns the box, in degrees, around all rows of a layer, whoever may
// see them; ok is false where it has none. It asks the index for the row next
// to each end of the world, so that it takes no longer for millions of rows.
func (s *Store) Extent(ctx context.Context, l Layer) (b orb.Bound, ok bool, err error) {
	side := func(edge, ends string) string {
		return fmt.Sprintf("(SELECT %s FROM %s ORDER BY geom <-> 'SRID=4326;LINESTRING(%s)'::geometry LIMIT 1)", edge, l.table(), ends)
	}
	var w, south, e, n *float64
	err = s.db.QueryRow(ctx, "SELECT "+side("ST_XMin(geom)", "-200 -100, -200 100")+", "+side("ST_YMin(geom)", "-200 -100, 200 -100")+", "+
		side("ST_XMax(geom)", "200 -100, 200 100")+", "+side("ST_YMax(geom)", "-200 100, 200 100")).Scan(&w, &south, &e, &n)
	if err != nil {
		return orb.Bound{}, false, fmt.Errorf("extent of %s: %w", l.Name, err)
	}
	if w == nil || south == nil || e == nil || n == nil {
		return orb.Bound{}, false, nil
	}
	return orb.Bound{Min: orb.Point{*w, *south}, Max: orb.Point{*e, *n}}, true, nil
}

// Times returns the first and last time that a layer with a time field has,
// whoever may see it; zero times where it has none. It is two looks into the index.
func (s *Store) Times(ctx context.Context, l Layer) (first, last time.Time, err error) {
	col := pgx.Identifier{l.TimeField}.Sanitize()
	var from, to *time.Time
	err = s.db.QueryRow(ctx, "SELECT min("+col+")::timestamptz, max("+col+")::timestamptz FROM "+l.table()).Scan(&from, &to)
	if err != nil {
		return first, last, fmt.Errorf("times of %s: %w", l.Name, err)
	}
	if from != nil && to != nil {
		first, last = *from, *to
	}
	return first, last, nil
}

// CountUpTo is [Store.Count] that stops at most: the answer is at most most+1,
// which says that there are more.
func (s *Store) CountUpTo(ctx context.Context, q Query, most int64) (int64, error) {
	var a Args
	cond, err := q.Layer.SQL(q.Where, &a)
	if err != nil {
		return 0, err
	}
	var n int64
	err = s.db.QueryRow(ctx, "SELECT count(*) FROM (SELECT FROM "+q.Layer.table()+" f WHERE "+cond+" LIMIT "+a.Add(most+1)+") t", a...).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count %s: %w", q.Layer.Name, err)
	}
	return n, nil
}
