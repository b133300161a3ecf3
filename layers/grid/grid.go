// Package grid is the governance grids: unit grids (单元网格), responsibility
// grids (责任网格) and community grids (社区网格), their versions by date, and
// which of them holds a place.
package grid

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/paulmach/orb"

	"onemap/geo/gridindex"
)

// Layers are the three kinds, finest first: the order in which a place is
// looked for.
var Layers = []string{"grid_unit", "grid_duty", "grid_community"}

// A Finder says which grid in force holds a point, as the database's
// map.grid_at does. It is a copy: grids imported later are not in it.
type Finder struct{ kinds []*gridindex.Index }

// Load reads the grids in force into a Finder.
func Load(ctx context.Context, db *pgxpool.Pool) (*Finder, error) {
	f := &Finder{}
	for _, name := range Layers {
		rows, err := db.Query(ctx, fmt.Sprintf(`SELECT grid_code, area_code, geom FROM %s WHERE valid_to IS NULL`, pgx.Identifier{"map", name}.Sanitize()))
		if err != nil {
			return nil, fmt.Errorf("load grids: %w", err)
		}
		var all []gridindex.Grid
		for rows.Next() {
			var g gridindex.Grid
			if err := rows.Scan(&g.Code, &g.Area, &g.Geometry); err != nil {
				rows.Close()
				return nil, fmt.Errorf("load grids: %w", err)
			}
			all = append(all, g)
		}
		if err := rows.Err(); err != nil {
			return nil, fmt.Errorf("load grids: %w", err)
		}
		f.kinds = append(f.kinds, gridindex.New(all))
	}
	return f, nil
}

// At returns the code of the finest grid that holds p and the code of its
// administrative division; both empty outside of all.
func (f *Finder) At(p orb.Point) (code, area string) {
	for _, x := range f.kinds {
		if g, ok := x.At(p); ok {
			return g.Code, g.Area
		}
	}
	return "", ""
}

// Bound returns the extent of all grids in force, ok false if there are none.
func (f *Finder) Bound() (b orb.Bound, ok bool) {
	for _, x := range f.kinds {
		switch {
		case x.Len() == 0:
		case !ok:
			b, ok = x.Bound(), true
		default:
			b = b.Union(x.Bound())
		}
	}
	return b, ok
}
