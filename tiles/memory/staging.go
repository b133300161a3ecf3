package memory

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync"

	"onemap/tiles/shape"
)

// A staging takes rows as they come and keeps them in blocks as any others,
// though not in order: so rows that wait take no more room than those that are
// there.
type staging struct {
	*schema
	dict   *dictionary
	build  *builder
	sealed []*block
	open   int // rows in the builder's cells
	fresh  []int
	bytes  int64
	tmp    []byte        // copies of texts in the open cells
	whole  []shape.Shape // of the open rows
}

func newStaging(s *schema, d *dictionary, b *builder) *staging {
	b.reset()
	return &staging{schema: s, dict: d, build: b, fresh: make([]int, len(s.kinds))}
}

// len is how many rows were added.
func (st *staging) len() int { return len(st.sealed)*blockRowsMax + st.open }

// at returns the row that was added as the i-th. All must be sealed.
func (st *staging) at(i int) ref { return ref{st.sealed[i/blockRowsMax], i % blockRowsMax} }

// errNoPlace: a row without a geometry is in no tile.
var errNoPlace = errors.New("no place")

// A spot is where a row is.
type spot struct {
	key   rowKey
	box   shape.Box
	shape shape.Shape
}

// place finds where a row is: errNoPlace, if nowhere.
func (s *schema) place(r *Row) (spot, error) {
	if len(r.Geometry) == 0 {
		return spot{}, errNoPlace
	}
	if s.points {
		lon, lat, err := pointOf(r.Geometry)
		if err != nil {
			return spot{}, fmt.Errorf("row %d: %w", r.ID, err)
		}
		// As PostGIS, whose search box ends there.
		if !(math.Abs(lon) <= 180 && math.Abs(lat) <= 90) {
			return spot{}, errNoPlace
		}
		p := shape.Project(lon, lat)
		x, y := min(last, p.X), min(last, p.Y)
		return spot{key: rowKey{pointKey(x, y), r.ID}, box: shape.Box{MinX: x, MinY: y, MaxX: x, MaxY: y}}, nil
	}
	g, box, err := shape.FromEWKB(r.Geometry)
	if err != nil {
		return spot{}, fmt.Errorf("row %d: %w", r.ID, err)
	}
	if len(g) == 0 {
		return spot{}, errNoPlace
	}
	return spot{key: rowKey{shapeKey(box), r.ID}, box: box, shape: g}, nil
}

// pointOf reads a point of EWKB, with or without Z and M; NaN for an empty one.
func pointOf(b []byte) (lon, lat float64, err error) {
	if len(b) < 21 || b[0] > 1 {
		return 0, 0, shape.ErrGeometry
	}
	var order binary.ByteOrder = binary.LittleEndian
	if b[0] == 0 {
		order = binary.BigEndian
	}
	typ := order.Uint32(b[1:])
	at := 5
	if typ&0x20000000 != 0 {
		if srid := order.Uint32(b[5:]); srid != 4326 && srid != 0 {
			return 0, 0, fmt.Errorf("%w: SRID %d", shape.ErrGeometry, srid)
		}
		at = 9
	}
	if typ&0x1fffffff%1000 != 1 || len(b) < at+16 {
		return 0, 0, fmt.Errorf("%w: not a point", shape.ErrGeometry)
	}
	return math.Float64frombits(order.Uint64(b[at:])), math.Float64frombits(order.Uint64(b[at+8:])), nil
}

// add takes a row.
func (st *staging) add(r *Row, at spot) error {
	if len(r.Values) != len(st.Fields) {
		return fmt.Errorf("layer %s: row %d has %d values for %d fields", st.Name, r.ID, len(r.Values), len(st.Fields))
	}
	cs := st.build.cells
	cs[colX].add(at.box.MinX, false)
	cs[colY].add(at.box.MinY, false)
	cs[colID].add(r.ID, false)
	if !st.points {
		cs[colWidth].add(at.box.MaxX-at.box.MinX, false)
		cs[colHeight].add(at.box.MaxY-at.box.MinY, false)
		cs[colArea].add(int64(math.Ceil(at.shape.Area()/areaUnit)), false)
		st.whole = append(st.whole, at.shape)
	}
	for i := range r.Values {
		v, k := &r.Values[i], st.first+i
		c := &cs[k]
		switch kind := st.kinds[k]; {
		case kind == letters:
			c.null, c.some = append(c.null, v.Null), c.some || v.Null
			// A copy that stays where it is until the block is made.
			from := len(st.tmp)
			if !v.Null {
				st.tmp = append(st.tmp, v.S...)
			}
			c.text = append(c.text, st.tmp[from:len(st.tmp):len(st.tmp)])
		case v.Null:
			c.add(0, true)
		case kind == words:
			n, fresh := st.dict.add(v.S)
			if fresh {
				st.fresh[k]++
			}
			c.add(int64(n), false)
		case kind == number:
			c.add(int64(math.Float64bits(v.F)), false)
		default:
			c.add(v.I, false)
		}
	}
	if st.open++; st.open == blockRowsMax {
		st.seal()
	}
	return nil
}

// areaUnit is what the column of areas counts, in square world units.
const areaUnit = 1 << 20

// climb makes the simpler shapes of the open rows: most of the work of a load,
// so on all processors if they are many.
func (st *staging) climb() {
	o := shape.Options{MinZoom: st.MinZoom, MaxZoom: st.MaxZoom, Shared: st.Shared}
	st.build.shapes = slices.Grow(st.build.shapes[:0], len(st.whole))[:len(st.whole)]
	workers := min(runtime.GOMAXPROCS(0), 1+len(st.whole)/64)
	var wg sync.WaitGroup
	for w := range workers {
		climb := func() {
			for i := w; i < len(st.whole); i += workers {
				st.build.shapes[i] = shape.Climb(st.whole[i], o)
			}
		}
		if workers == 1 {
			climb()
		} else {
			wg.Go(climb)
		}
	}
	wg.Wait()
	clear(st.whole)
	st.whole = st.whole[:0]
}

// seal makes a block of the rows that are open.
func (st *staging) seal() {
	if st.open == 0 {
		return
	}
	if !st.points {
		st.climb()
	}
	b := st.build.seal()
	st.sealed = append(st.sealed, b)
	st.bytes += b.bytes()
	st.build.reset()
	st.open, st.tmp = 0, st.tmp[:0]
}

// spell takes columns out of the dictionary in which most rows have a text of
// their own: it would only take room there.
func (st *staging) spell() {
	n := st.len()
	for k, kind := range st.kinds {
		if kind != words || k == st.class || k == st.hide || st.fresh[k] <= n/2 {
			continue
		}
		st.kinds[k], st.spelled = letters, true
		var rows []ref
		for i, b := range st.sealed {
			rows = rows[:0]
			for j := range b.n {
				rows = append(rows, ref{b, j})
			}
			st.sealed[i] = st.build.build(rows)
			st.bytes += st.sealed[i].bytes() - b.bytes()
			col := &b.columns[k]
			for j := range b.n {
				if !col.null(b.data, j) {
					st.dict.release(uint32(col.value(b.data, j)))
				}
			}
		}
		st.build.reset()
	}
}

// free gives back what a row took of the dictionary.
func (s *schema) free(d *dictionary, r ref) {
	for k := s.first; k < len(s.kinds); k++ {
		if c := &r.b.columns[k]; c.form == codes && !c.null(r.b.data, r.i) {
			d.release(uint32(c.value(r.b.data, r.i)))
		}
	}
}

// keyed is a row of the staging with its place.
type keyed struct {
	place uint64
	i     uint32
}

// sortKeyed sorts by place: by its bytes from the least on, leaving out those
// in which all are equal.
func sortKeyed(ks []keyed) []keyed {
	tmp := make([]keyed, len(ks))
	var count [8][256]uint32
	for _, k := range ks {
		for b := range count {
			count[b][byte(k.place>>(8*b))]++
		}
	}
	for b := range count {
		c := &count[b]
		if len(ks) == 0 || c[byte(ks[0].place>>(8*b))] == uint32(len(ks)) {
			continue
		}
		sum := uint32(0)
		for i := range c {
			sum, c[i] = sum+c[i], sum
		}
		for _, k := range ks {
			d := byte(k.place >> (8 * b))
			tmp[c[d]] = k
			c[d]++
		}
		ks, tmp = tmp, ks
	}
	return slices.Clip(ks)
}
