package layers

import (
	"fmt"
	"math"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/maptile"
)

// A plane is a tile in the plane that its set of tiles divides: where it lies,
// and the SQL that brings a feature there.
type plane struct {
	zoom          int // the world's 360 degrees are 2^zoom tiles wide
	x, y          int // column from the west, row from the north
	columns, rows int // of the zoom

	box      func(units float64) orb.Bound // in degrees, wider by units of the tile's extent
	geom     func(l Layer) string          // f.geom in the plane
	envelope func(a *Args) string          // the tile's box in the plane
	down     string                        // how far f.geom, a point, is from the north, of the world's width
	point    func(x, y string) string      // a place in the plane, by its distance from the west and north, of the world's width
}

// mercatorPlane is a tile in Web Mercator, which goes from 85.05 degrees north
// to south in as many rows as columns.
func mercatorPlane(at maptile.Tile) plane {
	n := 1 << at.Z
	return plane{
		zoom: int(at.Z), x: int(at.X), y: int(at.Y), columns: n, rows: n,
		box: func(units float64) orb.Bound { return tileBox(at, units) },
		geom: func(l Layer) string {
			if l.Geometry == "Point" {
				return "ST_Transform(f.geom, 3857)"
			}
			// What reaches beyond Web Mercator's world cannot be transformed.
			return fmt.Sprintf("ST_Transform(CASE WHEN ST_YMax(f.geom) > %[1]v OR ST_YMin(f.geom) < -%[1]v THEN ST_ClipByBox2D(f.geom, ST_MakeEnvelope(-180, -%[1]v, 180, %[1]v, 4326)) ELSE f.geom END, 3857)", mercatorLat)
		},
		envelope: func(a *Args) string { return envelopeSQL(at, a) },
		down:     fmt.Sprintf("(0.5 - ln(tan(pi() / 4 + radians(greatest(-%[1]v, least(%[1]v, ST_Y(f.geom)))) / 2)) / (2 * pi()))", mercatorLat),
		point: func(x, y string) string {
			return fmt.Sprintf("ST_SetSRID(ST_MakePoint((%[1]s * 2 - 1) * %[3]v, (1 - %[2]s * 2) * %[3]v), 3857)", x, y, mercatorM)
		},
	}
}

// envelopeSQL is the tile's box in Web Mercator. Its numbers are parameters, so
// that the tiles of a layer share one prepared statement.
func envelopeSQL(at maptile.Tile, a *Args) string {
	return fmt.Sprintf("ST_TileEnvelope(%s::int, %s::int, %s::int)", a.Add(int(at.Z)), a.Add(int(at.X)), a.Add(int(at.Y)))
}

// tileBox returns the tile's box in degrees, wider by units of its extent, and
// cut to the world: an x beyond the antimeridian would wrap to the other end of
// the map, and the last column of every zoom (all of China at zoom 1) would come
// out empty. See martin issue 982. The poles belong to the first and last row.
func tileBox(at maptile.Tile, units float64) orb.Bound {
	n := math.Exp2(float64(at.Z))
	m := units / tileExtent
	lon := func(x float64) float64 { return max(-180, min(180, x/n*360-180)) }
	lat := func(y float64) float64 {
		if y <= 0 {
			return 90
		}
		if y >= n {
			return -90
		}
		return math.Atan(math.Sinh(math.Pi*(1-2*y/n))) * 180 / math.Pi
	}
	x, y := float64(at.X), float64(at.Y)
	return orb.Bound{Min: orb.Point{lon(x - m), lat(y + 1 + m)}, Max: orb.Point{lon(x + 1 + m), lat(y - m)}}
}
