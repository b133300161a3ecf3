package memory

import (
	"onemap/tiles"
	"onemap/tiles/mvt"
)

// points makes a part of points, each for itself.
func (sc *scratch) points(l *layer, w *want, classes bool) (tiles.Part, bool) {
	q := w.box(tiles.Buffer)
	// What was moved to the world's edge from beyond it, towards the poles, is
	// counted but not drawn.
	q.MinY, q.MaxY = max(q.MinY, 1), min(q.MaxY, last-1)
	n, hidden, ok := sc.pick(l, w, q)
	if !ok || n == 0 {
		return tiles.Part{Omitted: hidden}, ok
	}
	size := n * leastFeature
	if w.plain || size <= l.Budget {
		sc.draw(l, w, n)
		size = sc.out.Size()
	}
	if size > l.Budget && !w.plain {
		if w.rank < 0 {
			return sc.countFiner(l, w, hidden, classes)
		}
		left := sc.thin(l, w.rank, n, size, func(n int) { sc.draw(l, w, n) })
		return tiles.Part{MVT: sc.out.AppendTo(nil, l.Name), Omitted: hidden + left}, true
	}
	return tiles.Part{MVT: sc.out.AppendTo(nil, l.Name), Omitted: hidden}, true
}

// leastFeature is less than the bytes that any feature takes.
const leastFeature = 12

// draw writes the layer of the picks, n points.
func (sc *scratch) draw(l *layer, w *want, n int) {
	sc.out.Reset()
	sc.attributes(l, n)
	sc.drawPoints(l, w)
}

// drawPoints writes the features of the picks.
func (sc *scratch) drawPoints(l *layer, w *want) {
	tile := w.box(0)
	shift := 24 - w.z // a unit of the tile is 2^shift of the world's
	half := int64(1) << shift >> 1
	geometry := [3]uint32{mvt.MoveTo1}
	at := 0
	for _, p := range sc.picks {
		b, sel := p.b, sc.sel[p.from:p.to]
		cx, cy, ci := &b.columns[colX], &b.columns[colY], &b.columns[colID]
		sc.x = cx.numbers(sc.x[:0], b.data, sel, len(sel))
		sc.y = cy.numbers(sc.y[:0], b.data, sel, len(sel))
		sc.nums = ci.numbers(sc.nums[:0], b.data, sel, len(sel))
		dx, dy := cx.base-tile.MinX+half, cy.base-tile.MinY+half
		for i := range sel {
			geometry[1] = mvt.Zigzag(int32((int64(sc.x[i]) + dx) >> shift))
			geometry[2] = mvt.Zigzag(int32((int64(sc.y[i]) + dy) >> shift))
			sc.out.Feature(ci.base+int64(sc.nums[i]), mvt.Point, sc.values[at:at+sc.stride], geometry[:])
			at += len(sc.columns)
		}
	}
}
