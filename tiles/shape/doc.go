// Package shape keeps lines and polygons as integers and cuts tiles from them:
// clipping, simplification, validity, the commands of a Mapbox Vector Tile.
//
// Coordinates are world units: Web Mercator's square is 2^36 wide, x to the
// east, y to the south, (0, 0) its north-west corner. A unit is 0.6 mm at the
// equator; a unit of a tile of zoom z and extent 4096 is 2^(24-z) of them.
package shape
