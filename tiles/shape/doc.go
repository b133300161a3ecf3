// Package shape keeps lines and polygons as integers and cuts tiles from them:
// clipping, simplification, validity, the commands of a Mapbox Vector Tile.
//
// Coordinates are world units: Web Mercator's square is 2^36 wide, x to the
// east, y to the south, (0, 0) its north-west corner. A unit is 0.6 mm at the
// equator; a unit of a tile of zoom z and extent 4096 is 2^(24-z) of them.
//
// The way of a polygon, from a row to a tile:
//
//	FromEWKB     ewkb.go, build.go      degrees -> a [Shape]: projected, clipped to the world, rings directed
//	Climb        ladder.go, simplify.go a [Ladder]: the shape, and simpler ones for ranges of zooms
//	Ladder.At                           the one to draw at a zoom
//	Cutter.Cut   cut.go
//	             shape.go, clip.go      clipped half-plane by half-plane; stretches far away are not even read
//	             ring.go                rounded; repeated points, spikes and straight corners go
//	             simple.go, cells.go    does anything touch or cross now?
//	             mend.go, chart.go      if so: snap-rounded, and drawn anew by winding number
//	             command.go             commands
//
// Few polygons must be mended: of Delaware's buildings one in 2,000 at zoom 14 and
// one in 80 at zoom 10, of its land use one in 20 there.
//
// Neighbours that share a border share it after as well ([Options].Shared). Two
// limits: where a corner of one lies on an edge of the other and not on its
// corner, the border opens by as much as rounding moves it, up to a unit and a
// half; and where a polygon is mended its border may move by half a unit.
package shape
