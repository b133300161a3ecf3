package tiles

import (
	"fmt"
	"math"
	"strconv"

	"github.com/paulmach/orb/maptile"
)

// A MatrixSet is a tile matrix set of OGC 17-083r4: a way to divide the world
// into tiles at several scales. There are three, see [MatrixSets].
type MatrixSet struct {
	ID    string
	Title string
	URI   string // of the register; "" where it is in none
	CRS   string
	Axes  [2]string // in the order of the registry
	// Flip says that coordinates are written (y, x).
	Flip bool
	// Degrees says that the plane is that of degrees: at zoom z, 2^z columns by
	// 2^(z-1) rows of squares. Else it is Web Mercator's.
	Degrees bool

	first, last int // zooms
	lead        int // how much larger a zoom is than the matrix's number
}

// MatrixSets are those that the tiles of every layer come in. A zoom is how
// often the 360 degrees of the world are halved: 2^zoom columns.
//
//	WebMercatorQuad   zoom is the matrix's number, from 0
//	WorldCRS84Quad    matrix 0 is 2 columns by 1 row: one less than the zoom
//	CGCS2000Quad      the grid of Tianditu's set c: matrix 1 is 2 columns by 1
//	                  row from 90°N 180°W, 0.703125° a pixel of 256 to a tile
var MatrixSets = []MatrixSet{
	{ID: "WebMercatorQuad", Title: "Google Maps Compatible for the World", URI: "http://www.opengis.net/def/tilematrixset/OGC/1.0/WebMercatorQuad",
		CRS: "http://www.opengis.net/def/crs/EPSG/0/3857", Axes: [2]string{"X", "Y"}, last: MaxZoom},
	{ID: "WorldCRS84Quad", Title: "CRS84 for the World", URI: "http://www.opengis.net/def/tilematrixset/OGC/1.0/WorldCRS84Quad",
		CRS: "http://www.opengis.net/def/crs/OGC/1.3/CRS84", Axes: [2]string{"Lon", "Lat"}, Degrees: true, first: 1, last: MaxZoom, lead: 1},
	{ID: "CGCS2000Quad", Title: "CGCS2000, the grid of Tianditu's set c",
		CRS: "http://www.opengis.net/def/crs/EPSG/0/4490", Axes: [2]string{"Lat", "Lon"}, Flip: true, Degrees: true, first: 1, last: MaxZoom},
}

// FindMatrixSet returns the set of that name.
func FindMatrixSet(id string) (MatrixSet, bool) {
	for _, m := range MatrixSets {
		if m.ID == id {
			return m, true
		}
	}
	return MatrixSet{}, false
}

// A Matrix is one scale of a set.
type Matrix struct {
	ID               string
	ScaleDenominator float64 // for pixels of 0.28 mm
	CellSize         float64 // of a pixel, in the system's unit
	Origin           [2]float64
	Columns, Rows    int
}

const (
	pixels       = 256.0 // a tile's edge; vector tiles have a finer grid of their own
	pixelM       = 0.00028
	worldM       = 2 * math.Pi * 6378137
	metresDegree = worldM / 360
)

// Matrices returns the set's scales, the widest first.
func (m MatrixSet) Matrices() []Matrix {
	var out []Matrix
	for z := m.first; z <= m.last; z++ {
		n := math.Exp2(float64(z))
		x := Matrix{ID: strconv.Itoa(z - m.lead), Columns: 1 << z, Rows: 1 << z, ScaleDenominator: worldM / pixels / n / pixelM,
			CellSize: worldM / pixels / n, Origin: [2]float64{-worldM / 2, worldM / 2}}
		if m.Degrees {
			x.Rows, x.CellSize, x.Origin = 1<<(z-1), 360/pixels/n, [2]float64{-180, 90}
			x.ScaleDenominator = x.CellSize * metresDegree / pixelM
		}
		if m.Flip {
			x.Origin[0], x.Origin[1] = x.Origin[1], x.Origin[0]
		}
		out = append(out, x)
	}
	return out
}

// Level returns the number of the matrix of a zoom, cut to those that there are.
func (m MatrixSet) Level(zoom int) string {
	return strconv.Itoa(min(max(zoom, m.first), m.last) - m.lead)
}

// Address reads a tile's matrix, row and column: its zoom as Z, its column as X
// and its row from the north as Y, in the plane of the set. It returns an error
// wrapping [ErrAddress] for one that the set does not have.
func (m MatrixSet) Address(matrix, row, col string) (maptile.Tile, error) {
	level, err := number("tile matrix", matrix, uint64(m.last-m.lead))
	if err != nil {
		return maptile.Tile{}, err
	}
	z := int(level) + m.lead
	if z < m.first {
		return maptile.Tile{}, fmt.Errorf("%w: %s has no tile matrix %s", ErrAddress, m.ID, matrix)
	}
	columns, rows := uint64(1)<<z, uint64(1)<<z
	if m.Degrees {
		rows /= 2
	}
	x, err := number("column", col, columns-1)
	if err != nil {
		return maptile.Tile{}, err
	}
	y, err := number("row", row, rows-1)
	if err != nil {
		return maptile.Tile{}, err
	}
	return maptile.New(uint32(x), uint32(y), maptile.Zoom(z)), nil
}
