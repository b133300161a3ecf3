package shape

import (
	"encoding/binary"
	"math"
)

// A Kind is what a shape is made of; its numbers are the geometry types of a
// Mapbox Vector Tile.
type Kind uint8

const (
	Points   Kind = 1
	Lines    Kind = 2
	Polygons Kind = 3
)

// A Shape is a geometry of one or more parts of one kind. It is immutable; its
// length is the memory it takes. A nil Shape is empty.
//
// Its bytes are
//
//	kind | shift<<2                     all numbers below count 2^shift world units
//	left, top, width, height            the box around it, uvarints
//	parts                               to the end
//
// and a part is
//
//	points<<1 | inner                   uvarint; inner: a hole of the ring before it
//	points                              steps (dx, dy) as zig-zag varints
//
// where the first step is from the box's corner and every other from the point
// before it, be it of another part. Rings do not repeat their first point;
// outer ones have a positive area by the surveyor's formula, holes a negative
// one. After the first point of a part of more than runLen+1 points, the others
// come in runs of runLen, so that a tile can skip those that lie beside it:
//
//	length                              of the run's bytes after this head, uvarint
//	left, top (zig-zag), width, height  of the box of the run and the point before it, from that point
//	dx, dy                              zig-zag: the step from that point to the run's last
//	points
type Shape []byte

// runLen is how many points a run has.
const runLen = 48

// paths are lines or rings, one after the other.
type paths struct {
	pts   []Point
	parts []part
}

type part struct {
	end   int // of its points in pts; they begin where the part before it ends
	inner bool
}

func (p *paths) reset() { p.pts, p.parts = p.pts[:0], p.parts[:0] }

// each calls f with every part's points.
func (p *paths) each(f func(pts []Point, inner bool)) {
	start := 0
	for _, q := range p.parts {
		f(p.pts[start:q.end], q.inner)
		start = q.end
	}
}

// encode writes parts of a kind, whose coordinates are multiples of 2^shift.
func encode(kind Kind, shift uint, p *paths) (Shape, Box) {
	if len(p.parts) == 0 {
		return nil, Box{}
	}
	box := nothing
	for _, q := range p.pts {
		box.add(q)
	}
	b := make([]byte, 0, 24+4*len(p.pts))
	b = append(b, byte(kind)|byte(shift<<2))
	for _, v := range [4]int64{box.MinX, box.MinY, box.MaxX - box.MinX, box.MaxY - box.MinY} {
		b = binary.AppendUvarint(b, uint64(v>>shift))
	}
	w := writer{b: b, x: box.MinX >> shift, y: box.MinY >> shift, shift: shift}
	p.each(func(pts []Point, inner bool) {
		n := uint64(len(pts)) << 1
		if inner {
			n |= 1
		}
		w.b = binary.AppendUvarint(w.b, n)
		if len(pts) <= runLen+1 {
			w.points(pts)
			return
		}
		w.points(pts[:1])
		for rest := pts[1:]; len(rest) > 0; {
			run := rest[:min(runLen, len(rest))]
			w.run(run)
			rest = rest[len(run):]
		}
	})
	return append(make(Shape, 0, len(w.b)), w.b...), box
}

type writer struct {
	b, run1 []byte
	x, y    int64
	shift   uint
}

func (w *writer) points(pts []Point) {
	for _, p := range pts {
		x, y := p.X>>w.shift, p.Y>>w.shift
		w.b = binary.AppendVarint(w.b, x-w.x)
		w.b = binary.AppendVarint(w.b, y-w.y)
		w.x, w.y = x, y
	}
}

func (w *writer) run(pts []Point) {
	x, y, outer := w.x, w.y, w.b
	w.b = w.run1[:0]
	w.points(pts)
	inner := w.b
	box := Box{x, y, x, y}
	for _, p := range pts {
		box.add(Point{p.X >> w.shift, p.Y >> w.shift})
	}
	b := binary.AppendUvarint(outer, uint64(len(inner)))
	b = binary.AppendVarint(b, box.MinX-x)
	b = binary.AppendVarint(b, box.MinY-y)
	b = binary.AppendUvarint(b, uint64(box.MaxX-box.MinX))
	b = binary.AppendUvarint(b, uint64(box.MaxY-box.MinY))
	b = binary.AppendVarint(b, w.x-x)
	b = binary.AppendVarint(b, w.y-y)
	w.b, w.run1 = append(b, inner...), inner
}

// A reader walks over a shape's bytes. It trusts them: only encode writes them.
type reader struct {
	b     []byte
	i     int
	x, y  int64 // the last point read, in 2^shift world units
	shift uint
	kind  Kind
	box   Box // in world units
}

func read(s Shape) reader {
	r := reader{b: s, i: 1, kind: Kind(s[0] & 3), shift: uint(s[0] >> 2)}
	r.x, r.y = int64(r.uvarint()), int64(r.uvarint())
	w, h := int64(r.uvarint()), int64(r.uvarint())
	r.box = Box{r.x << r.shift, r.y << r.shift, (r.x + w) << r.shift, (r.y + h) << r.shift}
	return r
}

func (r *reader) uvarint() uint64 {
	b, i := r.b, r.i
	c := b[i]
	i++
	v := uint64(c & 0x7f)
	for s := uint(7); c >= 0x80; s += 7 {
		c = b[i]
		i++
		v |= uint64(c&0x7f) << s
	}
	r.i = i
	return v
}

func (r *reader) varint() int64 {
	v := r.uvarint()
	return int64(v>>1) ^ -int64(v&1)
}

// more tells whether there is another part.
func (r *reader) more() bool { return r.i < len(r.b) }

// part begins a part.
func (r *reader) part() (n int, inner bool) {
	v := r.uvarint()
	return int(v >> 1), v&1 != 0
}

// points appends the next n points, in world units.
func (r *reader) points(dst []Point, n int) []Point {
	b, i, x, y, shift := r.b, r.i, r.x, r.y, r.shift&63
	for range n {
		c := b[i]
		i++
		v := uint64(c & 0x7f)
		for s := uint(7); c >= 0x80; s += 7 {
			c = b[i]
			i++
			v |= uint64(c&0x7f) << (s & 63)
		}
		x += int64(v>>1) ^ -int64(v&1)
		c = b[i]
		i++
		v = uint64(c & 0x7f)
		for s := uint(7); c >= 0x80; s += 7 {
			c = b[i]
			i++
			v |= uint64(c&0x7f) << (s & 63)
		}
		y += int64(v>>1) ^ -int64(v&1)
		dst = append(dst, Point{x << shift, y << shift})
	}
	r.i, r.x, r.y = i, x, y
	return dst
}

// A run is a stretch of a part.
type run struct {
	n    int
	box  Box // of the run and the point before it, in world units
	size int // bytes
	x, y int64
}

// run reads the head of a run of n points.
func (r *reader) run(n int) run {
	size := int(r.uvarint())
	x, y := r.x+r.varint(), r.y+r.varint()
	w, h := int64(r.uvarint()), int64(r.uvarint())
	lx, ly := r.x+r.varint(), r.y+r.varint()
	return run{n, Box{x << r.shift, y << r.shift, (x + w) << r.shift, (y + h) << r.shift}, size, lx, ly}
}

// skip passes over a run whose head was read and returns its last point.
func (r *reader) skip(u run) Point {
	r.i += u.size
	r.x, r.y = u.x, u.y
	return Point{u.x << r.shift, u.y << r.shift}
}

// all appends the points of a part of n points.
func (r *reader) all(dst []Point, n int) []Point {
	if n <= runLen+1 {
		return r.points(dst, n)
	}
	dst = r.points(dst, 1)
	for n--; n > 0; n -= runLen {
		u := r.run(min(n, runLen))
		dst = r.points(dst, u.n)
	}
	return dst
}

// near appends the points of a part of n points, but of a run that lies wholly
// on one side of the box only the last. A ring's area inside the box stays the
// same, for what was skipped does not go around it.
func (r *reader) near(dst []Point, n int, box Box) []Point {
	if n <= runLen+1 {
		return r.points(dst, n)
	}
	dst = r.points(dst, 1)
	for n--; n > 0; n -= runLen {
		u := r.run(min(n, runLen))
		if box.Touches(u.box) {
			dst = r.points(dst, u.n)
		} else {
			dst = append(dst, r.skip(u))
		}
	}
	return dst
}

// Kind returns what the shape is made of; 0 for an empty one.
func (s Shape) Kind() Kind {
	if len(s) == 0 {
		return 0
	}
	return Kind(s[0] & 3)
}

// Box returns the box around the shape.
func (s Shape) Box() Box {
	if len(s) == 0 {
		return Box{}
	}
	return read(s).box
}

// Len returns how many points the shape has.
func (s Shape) Len() int {
	if len(s) == 0 {
		return 0
	}
	n := 0
	var scratch []Point
	for r := read(s); r.more(); {
		k, _ := r.part()
		n += k
		scratch = r.all(scratch[:0], k)
	}
	return n
}

// Area returns the shape's area in square world units, which shrink towards the
// poles as Mercator's do; 0 for points and lines.
func (s Shape) Area() float64 {
	if s.Kind() != Polygons {
		return 0
	}
	var sum float64
	var scratch []Point
	for r := read(s); r.more(); {
		n, _ := r.part()
		scratch = r.all(scratch[:0], n)
		sum += area(scratch)
	}
	return math.Max(0, sum)
}

// area returns a ring's area by the surveyor's formula: positive if it runs
// clockwise on a map (y points down).
func area(ring []Point) float64 {
	if len(ring) < 3 {
		return 0
	}
	// From the first point, so that the products of a small ring are exact.
	o, sum := ring[0], 0.0
	for i := 1; i+1 < len(ring); i++ {
		ax, ay := float64(ring[i].X-o.X), float64(ring[i].Y-o.Y)
		bx, by := float64(ring[i+1].X-o.X), float64(ring[i+1].Y-o.Y)
		sum += ax*by - ay*bx
	}
	return sum / 2
}
