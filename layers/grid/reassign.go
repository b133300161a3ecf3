package grid

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"onemap/layers"
)

// reassignBatch is how many features are looked at in one transaction.
const reassignBatch = 20_000

// Reassign gives the features within a box their grid anew, in all layers but
// the grids and the population (which is counted by grid), in short
// transactions. Features that stay in their grid are not written. It may be
// broken off and run again. It returns how many features changed theirs.
func Reassign(ctx context.Context, store *layers.Store, within orb.Bound) (changed int64, err error) {
	return ReassignTelling(ctx, store, within, func(int64) error { return nil })
}

// ReassignTelling is [Reassign] that tells after each transaction how many
// features it has changed by then.
func ReassignTelling(ctx context.Context, store *layers.Store, within orb.Bound, tell func(changed int64) error) (changed int64, err error) {
	f, err := Load(ctx, store.DB())
	if err != nil {
		return 0, err
	}
	all, err := store.Layers(ctx)
	if err != nil {
		return 0, err
	}
	for _, l := range all {
		if l.Subject == "grid" || l.Subject == "population" || l.Subject == "forecast" {
			continue
		}
		for after := int64(0); after >= 0; {
			var n int64
			if l.Geometry == "Point" {
				after, n, err = f.points(ctx, store, l.Name, within, after)
			} else {
				after, n, err = shapes(ctx, store, l.Name, within, after)
			}
			if err != nil {
				return changed, fmt.Errorf("reassign %s to its grids: %w", l.Name, err)
			}
			changed += n
			if err := tell(changed); err != nil {
				return changed, fmt.Errorf("reassign %s to its grids: %w", l.Name, err)
			}
		}
	}
	return changed, nil
}

// points does one batch of a layer of points, by the Finder. It returns the
// last id it looked at, -1 after the last batch.
func (f *Finder) points(ctx context.Context, store *layers.Store, layer string, within orb.Bound, after int64) (last, changed int64, err error) {
	table := pgx.Identifier{"map", layer}.Sanitize()
	rows, err := store.DB().Query(ctx, fmt.Sprintf(`SELECT id, grid_code, area_code, geom FROM %s
		WHERE id > @after AND geom && ST_MakeEnvelope(@x0, @y0, @x1, @y1, 4326) ORDER BY id LIMIT @limit`, table), boxArgs(within, after))
	if err != nil {
		return 0, 0, err
	}
	var (
		id           int64
		code, area   string
		at           orb.Point
		n            int
		ids          []int64
		codes, area2 []string
		was          []orb.Point
	)
	if _, err := pgx.ForEachRow(rows, []any{&id, &code, &area, &at}, func() error {
		n++
		last = id
		if c, a := f.At(at); c != code || a != area {
			ids, codes, area2, was = append(ids, id), append(codes, c), append(area2, a), append(was, at)
		}
		return nil
	}); err != nil {
		return 0, 0, err
	}
	if len(ids) > 0 {
		// One that moved meanwhile was given its grid by its mover.
		x, y := make([]float64, len(was)), make([]float64, len(was))
		for i, p := range was {
			x[i], y[i] = p[0], p[1]
		}
		tag, err := store.DB().Exec(ctx, fmt.Sprintf(`UPDATE %s t SET grid_code = u.code, area_code = u.area
			FROM unnest(@ids::bigint[], @codes::text[], @areas::text[], @x::float8[], @y::float8[]) u(id, code, area, x, y)
			WHERE u.id = t.id AND ST_X(t.geom) = u.x AND ST_Y(t.geom) = u.y`, table),
			pgx.NamedArgs{"ids": ids, "codes": codes, "areas": area2, "x": x, "y": y})
		if err != nil {
			return 0, 0, err
		}
		changed = tag.RowsAffected()
	}
	if n < reassignBatch {
		last = -1
	}
	return last, changed, nil
}

// shapes does one batch of a layer of lines or polygons, by the database.
func shapes(ctx context.Context, store *layers.Store, layer string, within orb.Bound, after int64) (last, changed int64, err error) {
	table := pgx.Identifier{"map", layer}.Sanitize()
	var n int
	err = store.DB().QueryRow(ctx, fmt.Sprintf(`
		WITH part AS (SELECT id, geom FROM %[1]s WHERE id > @after AND geom && ST_MakeEnvelope(@x0, @y0, @x1, @y1, 4326) ORDER BY id LIMIT @limit),
		placed AS (SELECT s.id, g.grid_code, g.area_code FROM part s, LATERAL map.grid_at(s.geom) g),
		moved AS (UPDATE %[1]s t SET grid_code = p.grid_code, area_code = p.area_code FROM placed p
		          WHERE p.id = t.id AND (t.grid_code, t.area_code) IS DISTINCT FROM (p.grid_code, p.area_code) RETURNING 1)
		SELECT coalesce(max(id), 0), count(*), (SELECT count(*) FROM moved) FROM part`, table), boxArgs(within, after)).Scan(&last, &n, &changed)
	if err != nil {
		return 0, 0, err
	}
	if n < reassignBatch {
		last = -1
	}
	return last, changed, nil
}

func boxArgs(b orb.Bound, after int64) pgx.NamedArgs {
	return pgx.NamedArgs{"after": after, "limit": reassignBatch, "x0": b.Min[0], "y0": b.Min[1], "x1": b.Max[0], "y1": b.Max[1]}
}
