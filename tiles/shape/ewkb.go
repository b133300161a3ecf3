package shape

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// ErrGeometry: the bytes are no geometry that a tile could show.
var ErrGeometry = errors.New("no geometry for a tile")

// deepest is how far collections may lie in each other.
const deepest = 16

// FromEWKB reads a geometry as PostGIS stores it: EWKB or ISO WKB of any byte
// order, in EPSG:4326 (an SRID, if given, is 4326 or 0). Z and M are passed over.
// What lies beyond Web Mercator's world (latitudes above 85.0511°, longitudes
// beyond 180°) is clipped away, points at such latitudes are moved to its edge. Of
// a collection the parts of highest dimension count. Empty and degenerate parts
// (a line of one place, a ring without area) are dropped; where nothing is
// left, the Shape is nil.
//
// Errors wrap [ErrGeometry]: bytes that are cut short or go on after the end,
// coordinates that are not finite, another SRID, curves.
func FromEWKB(b []byte) (Shape, Box, error) {
	g := builders.Get().(*builder)
	defer builders.Put(g)
	g.reset()
	in := wkb{b: b}
	if err := in.geometry(g, 0, 0); err != nil {
		return nil, Box{}, err
	}
	if len(in.b) > 0 {
		return nil, Box{}, fmt.Errorf("%w: %d bytes after its end", ErrGeometry, len(in.b))
	}
	s, box := g.shape()
	return s, box, nil
}

// wkb reads well-known binary from the front of b.
type wkb struct {
	b     []byte
	order binary.ByteOrder
}

var errShort = fmt.Errorf("%w: cut short", ErrGeometry)

func (in *wkb) uint32() (uint32, error) {
	if len(in.b) < 4 {
		return 0, errShort
	}
	v := in.order.Uint32(in.b)
	in.b = in.b[4:]
	return v, nil
}

// count reads how many things of at least size bytes follow. It believes no
// number that the bytes left cannot hold.
func (in *wkb) count(size int) (int, error) {
	n, err := in.uint32()
	if err != nil {
		return 0, err
	}
	if int64(n)*int64(size) > int64(len(in.b)) {
		return 0, errShort
	}
	return int(n), nil
}

// head reads the byte order, type and SRID; dims is how many numbers a point has.
func (in *wkb) head() (typ uint32, dims int, err error) {
	if len(in.b) < 5 {
		return 0, 0, errShort
	}
	switch in.b[0] {
	case 0:
		in.order = binary.BigEndian
	case 1:
		in.order = binary.LittleEndian
	default:
		return 0, 0, fmt.Errorf("%w: byte order %d", ErrGeometry, in.b[0])
	}
	in.b = in.b[1:]
	typ, _ = in.uint32()
	const z, m, srid = 0x80000000, 0x40000000, 0x20000000
	dims = 2
	if typ&z != 0 {
		dims++
	}
	if typ&m != 0 {
		dims++
	}
	if typ&srid != 0 {
		id, err := in.uint32()
		if err != nil {
			return 0, 0, err
		}
		if id != 4326 && id != 0 {
			return 0, 0, fmt.Errorf("%w: SRID %d", ErrGeometry, id)
		}
	}
	typ &^= z | m | srid
	switch typ / 1000 { // ISO: 1000 for Z, 2000 for M, 3000 for both
	case 1, 2:
		dims++
	case 3:
		dims += 2
	}
	return typ % 1000, dims, nil
}

func (in *wkb) geometry(g *builder, depth int, within uint32) error {
	if depth > deepest {
		return fmt.Errorf("%w: collections more than %d deep", ErrGeometry, deepest)
	}
	typ, dims, err := in.head()
	if err != nil {
		return err
	}
	if dims > 4 || !member(within, typ) {
		return fmt.Errorf("%w: type %d in type %d", ErrGeometry, typ, within)
	}
	switch typ {
	case 1:
		return in.points(g, Points, 1, dims)
	case 2:
		n, err := in.count(8 * dims)
		if err != nil {
			return err
		}
		return in.points(g, Lines, n, dims)
	case 3, 17: // polygon, triangle
		rings, err := in.count(4)
		if err != nil {
			return err
		}
		for i := range rings {
			n, err := in.count(8 * dims)
			if err != nil {
				return err
			}
			g.inner = i > 0
			if err := in.points(g, Polygons, n, dims); err != nil {
				return err
			}
		}
		return nil
	case 4, 5, 6, 7, 15, 16: // multi, collection, polyhedral surface, TIN
		order := in.order
		n, err := in.count(5)
		if err != nil {
			return err
		}
		for range n {
			if err := in.geometry(g, depth+1, typ); err != nil {
				return err
			}
		}
		in.order = order
		return nil
	}
	return fmt.Errorf("%w: type %d", ErrGeometry, typ)
}

// member tells whether a geometry of type within may hold one of type typ.
func member(within, typ uint32) bool {
	switch within {
	case 0, 7:
		return true
	case 4, 5, 6:
		return typ == within-3
	case 15:
		return typ == 3
	case 16:
		return typ == 17
	}
	return false
}

func (in *wkb) points(g *builder, kind Kind, n, dims int) error {
	if len(in.b) < n*dims*8 {
		return errShort
	}
	start := len(g.pts)
	for range n {
		x := math.Float64frombits(in.order.Uint64(in.b))
		y := math.Float64frombits(in.order.Uint64(in.b[8:]))
		in.b = in.b[8*dims:]
		if kind == Points && math.IsNaN(x) && math.IsNaN(y) {
			continue // POINT EMPTY
		}
		// The difference of a number and itself is 0 unless it is infinite or NaN.
		if x-x != 0 || y-y != 0 {
			return fmt.Errorf("%w: a coordinate is not finite", ErrGeometry)
		}
		g.pts = append(g.pts, [2]float64{x, y})
	}
	g.close(kind, start)
	return nil
}
