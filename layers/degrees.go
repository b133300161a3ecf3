package layers

import (
	"context"
	"fmt"
	"math"

	"github.com/paulmach/orb"
)

// A DegreeTile is a tile of the plane of degrees: at zoom Z, at least 1, the
// world is 2^Z columns by 2^(Z-1) rows of squares, 360/2^Z degrees wide. X
// counts from 180 degrees west, Y down from the north pole.
type DegreeTile struct{ Z, X, Y int }

// DegreeTile is [Store.Tile] for a tile of the plane of degrees.
func (s *Store) DegreeTile(ctx context.Context, at DegreeTile, wanted []TileLayer, plain bool) ([]TilePart, string, error) {
	return s.inPlane(ctx, degreePlane(at), wanted, plain)
}

// Bound returns the tile's box in degrees, wider by units of its extent of
// 4096, and cut to the world.
func (t DegreeTile) Bound(units float64) orb.Bound {
	w := 360 / math.Exp2(float64(t.Z))
	m := units / tileExtent
	x, y := float64(t.X), float64(t.Y)
	return orb.Bound{Min: orb.Point{max(-180, (x-m)*w-180), max(-90, 90-(y+1+m)*w)}, Max: orb.Point{min(180, (x+1+m)*w-180), min(90, 90-(y-m)*w)}}
}

func degreePlane(at DegreeTile) plane {
	return plane{
		zoom: at.Z, x: at.X, y: at.Y, columns: 1 << at.Z, rows: 1 << (at.Z - 1),
		box:      at.Bound,
		geom:     func(Layer) string { return "f.geom" },
		envelope: func(a *Args) string { return boxSQL(at.Bound(0), a) },
		down:     "((90 - ST_Y(f.geom)) / 360)",
		point: func(x, y string) string {
			return fmt.Sprintf("ST_SetSRID(ST_MakePoint(%s * 360 - 180, 90 - %s * 360), 4326)", x, y)
		},
	}
}
