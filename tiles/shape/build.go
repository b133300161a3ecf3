package shape

import (
	"math"
	"slices"
	"sync"
)

// A builder gathers degrees and makes a shape of them.
type builder struct {
	pts   [][2]float64
	kind  Kind
	inner bool // the ring that comes is a hole
	parts []part

	clipped, work paths
	clip          clipper
}

var builders = sync.Pool{New: func() any { return new(builder) }}

func (g *builder) reset() { g.pts, g.parts, g.kind, g.inner = g.pts[:0], g.parts[:0], 0, false }

// close ends a part that began at start. Of several kinds the highest stays.
func (g *builder) close(kind Kind, start int) {
	switch {
	case len(g.pts) == start && !(kind == Polygons && !g.inner):
		return // empty; of an empty outer ring its holes must know
	case kind < g.kind:
		g.pts = g.pts[:start]
		return
	case kind > g.kind:
		g.pts = append(g.pts[:0], g.pts[start:]...)
		g.parts, g.kind = g.parts[:0], kind
	}
	if kind == Points && len(g.parts) > 0 {
		g.parts = g.parts[:0] // one part holds them all
	}
	g.parts = append(g.parts, part{len(g.pts), kind == Polygons && g.inner})
}

// shape makes the shape of what was gathered.
func (g *builder) shape() (Shape, Box) {
	var p *paths
	if g.kind != Points && g.beyond() {
		p = g.clipDegrees()
	} else {
		p = &g.work
		p.reset()
		for _, q := range g.pts {
			p.pts = append(p.pts, Project(q[0], q[1]))
		}
		p.parts = append(p.parts, g.parts...)
	}
	clean(p, g.kind)
	return encode(g.kind, 0, p)
}

// beyond tells whether something lies outside Web Mercator's square.
func (g *builder) beyond() bool {
	for _, q := range g.pts {
		if math.Abs(q[0]) > 180 || math.Abs(q[1]) > maxLat {
			return true
		}
	}
	return false
}

// clipDegrees clips to the world where edges are straight: in degrees, y down.
func (g *builder) clipDegrees() *paths {
	const nano = 1e9 // a billionth of a degree is a tenth of a millimetre
	const far = 3600 // nobody can mean more; it keeps the numbers small
	lat := int64(math.Round(maxLat * nano))
	edge := Box{-180 * nano, -lat, 180 * nano, lat}
	out := &g.clipped
	out.reset()
	w := &g.work
	w.reset()
	flush := func() {
		switch {
		case len(w.parts) == 0:
		case g.kind == Lines:
			g.clip.line(out, w.pts, edge)
		default:
			g.clip.polygon(out, w, edge)
		}
		w.reset()
	}
	start := 0
	for _, q := range g.parts {
		if !q.inner {
			flush()
		}
		from := len(w.pts)
		for _, v := range g.pts[start:q.end] {
			w.pts = append(w.pts, Point{int64(math.Round(clamp(v[0], far) * nano)), -int64(math.Round(clamp(v[1], far) * nano))})
		}
		if g.kind == Polygons && area(w.pts[from:]) > 0 == q.inner {
			slices.Reverse(w.pts[from:])
		}
		w.parts = append(w.parts, part{len(w.pts), q.inner})
		start = q.end
	}
	flush()
	for i, q := range out.pts {
		out.pts[i] = Project(float64(q.X)/nano, -float64(q.Y)/nano)
	}
	return out
}

// clean drops repeated points, parts that are too small to be one and holes of
// rings that were, and gives rings their direction.
func clean(p *paths, kind Kind) {
	start, n, kept, dropped := 0, 0, 0, false
	for _, q := range p.parts {
		from := n
		for _, v := range p.pts[start:q.end] {
			if kind == Points || n == from || v != p.pts[n-1] {
				p.pts[n] = v
				n++
			}
		}
		start = q.end
		if kind == Polygons {
			for n > from+1 && p.pts[n-1] == p.pts[from] {
				n--
			}
		}
		ok := true
		switch kind {
		case Lines:
			ok = n-from >= 2
		case Polygons:
			a := area(p.pts[from:n])
			ok = a != 0 && (!q.inner || !dropped)
			if !q.inner {
				dropped = !ok
			}
			if a > 0 == q.inner {
				slices.Reverse(p.pts[from:n])
			}
		}
		if !ok {
			n = from
			continue
		}
		p.parts[kept] = part{n, q.inner}
		kept++
	}
	p.pts, p.parts = p.pts[:n], p.parts[:kept]
}
