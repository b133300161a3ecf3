package memory

import (
	"onemap/tiles"
	"onemap/tiles/mvt"
	"onemap/tiles/shape"
)

// A span is the commands of one feature, and its kind. One without commands
// is not in the tile.
type span struct {
	from, to int32
	kind     shape.Kind
}

// coverageZoom is the zoom from which on even the smallest area is drawn.
const coverageZoom = 14

// pixel is the edge of a pixel in a tile's units, where a tile is drawn 512
// pixels wide.
const pixel = mvt.Extent / 512

// shapes makes a part of lines and polygons.
func (sc *scratch) shapes(l *layer, w *want) (tiles.Part, bool) {
	n, left, ok := sc.pick(l, w, w.box(tiles.Buffer))
	if !ok || n == 0 {
		return tiles.Part{Omitted: left}, ok
	}
	sc.commands = sc.commands[:0]
	sc.spans = append(sc.spans[:0], make([]span, len(sc.sel))...)
	if l.Coverage && w.z < coverageZoom && !w.plain {
		small := sc.gather(w)
		n, left = n-small, left+small
	}
	if most := l.Budget / leastShape; n > most && !w.plain {
		// Not even these fit: do not cut them all to know.
		sc.ranked(l, w.rank)
		sc.pickFirst(most)
		left += n - most
	}
	n = sc.cutAll(w)
	sc.drawShapes(l, n)
	if sc.out.Size() > l.Budget && !w.plain {
		left += sc.thin(l, w.rank, n, sc.out.Size(), func(n int) { sc.drawShapes(l, n) })
	}
	return tiles.Part{MVT: sc.out.AppendTo(nil, l.Name), Omitted: left}, true
}

// leastShape is less than the bytes that a line or polygon takes in a tile.
const leastShape = 16

// gather takes those out of the picks that are half a pixel or less, and returns
// how many they are. That as much stays covered, their areas are added up along
// the curve; where the sum has become that of a pixel, the polygon at hand is
// drawn as a square of that size. Only what has its middle in the tile counts,
// so that a polygon is counted in one tile.
func (sc *scratch) gather(w *want) (small int) {
	size := int64(1) << (shape.WorldBits - w.z)
	half := (size + 2*tiles.Buffer*(size/mvt.Extent)) / 1024
	unit := float64(size / mvt.Extent)
	square := int64(pixel * pixel * unit * unit / areaUnit)
	tile := w.box(0)
	var sum int64
	to := 0
	picks := sc.picks[:0]
	for _, p := range sc.picks {
		b, from := p.b, to
		sel := sc.sel[p.from:p.to]
		cw, ch := &b.columns[colWidth], &b.columns[colHeight]
		sc.w = cw.numbers(sc.w[:0], b.data, sel, len(sel))
		sc.h = ch.numbers(sc.h[:0], b.data, sel, len(sel))
		sc.nums = b.columns[colArea].numbers(sc.nums[:0], b.data, sel, len(sel))
		for k, row := range sel {
			w64, h64 := cw.base+int64(sc.w[k]), ch.base+int64(sc.h[k])
			if max(w64, h64) > half {
				sc.sel[to], sc.spans[to] = row, span{}
				to++
				continue
			}
			area := b.columns[colArea].base + int64(sc.nums[k])
			x, y := b.x(int(row))+w64/2, b.y(int(row))+h64/2
			if area > 0 && x >= tile.MinX && x < tile.MaxX && y >= tile.MinY && y < tile.MaxY {
				if sum += area; sum >= square {
					sum -= square
					sc.sel[to], sc.spans[to] = row, sc.square(w, x, y)
					to++
					continue
				}
			}
			small++
		}
		if to > from {
			picks = append(picks, pick{b, from, to})
		}
	}
	sc.picks, sc.sel, sc.spans = picks, sc.sel[:to], sc.spans[:to]
	return small
}

// square draws a pixel around a place.
func (sc *scratch) square(w *want, x, y int64) span {
	tile := w.box(0)
	shift := 24 - w.z
	left, top := int32((x-tile.MinX)>>shift)-pixel/2, int32((y-tile.MinY)>>shift)-pixel/2
	from := len(sc.commands)
	sc.commands = append(sc.commands,
		mvt.MoveTo1, mvt.Zigzag(left), mvt.Zigzag(top),
		3<<3|2, mvt.Zigzag(pixel), 0, 0, mvt.Zigzag(pixel), mvt.Zigzag(-pixel), 0,
		1<<3|7)
	return span{int32(from), int32(len(sc.commands)), shape.Polygons}
}

// cutAll cuts the picks, takes out what has nothing in the tile, and returns how
// many stay.
func (sc *scratch) cutAll(w *want) int {
	zoom := int(w.z)
	if w.plain {
		zoom = 1 << 30
	}
	to := 0
	picks := sc.picks[:0]
	for _, p := range sc.picks {
		from := to
		sc.fetch(p)
		for at := p.from; at < p.to; at++ {
			s := sc.spans[at]
			if s.to == 0 {
				s.from = int32(len(sc.commands))
				sc.commands, s.kind = sc.cutter.Cut(sc.commands, p.b.shapes[sc.sel[at]].At(zoom), w.z, w.x, w.y, w.plain)
				s.to = int32(len(sc.commands))
				if s.from == s.to {
					continue
				}
			}
			sc.sel[to], sc.spans[to] = sc.sel[at], s
			to++
		}
		if to > from {
			picks = append(picks, pick{p.b, from, to})
		}
	}
	sc.picks, sc.sel, sc.spans = picks, sc.sel[:to], sc.spans[:to]
	return to
}

// fetch reads the first byte of each shape of a pick. Shapes lie all over the
// memory: it waits for many of them at once, where cutting would wait for one
// after the other.
func (sc *scratch) fetch(p pick) {
	first := byte(0)
	for _, row := range sc.sel[p.from:p.to] {
		if s := p.b.shapes[row]; len(s) > 0 {
			first ^= s[0]
		}
	}
	sc.fetched = first
}

// drawShapes writes the layer of the picks, n shapes that are cut.
func (sc *scratch) drawShapes(l *layer, n int) {
	sc.out.Reset()
	sc.attributes(l, n)
	values := 0
	for _, p := range sc.picks {
		for at := p.from; at < p.to; at++ {
			s := sc.spans[at]
			sc.out.Feature(p.b.id(int(sc.sel[at])), byte(s.kind), sc.values[values:values+sc.stride], sc.commands[s.from:s.to])
			values += len(sc.columns)
		}
	}
}
