package griddraw

import (
	"math"
	"slices"
)

// A plot is a cell that may be cut in two.
type plot struct {
	rings   [][]pt
	areaM2  float64
	samples []sample
	load    float64
	built   float64
	frozen  func(a, b pt) bool // edges that take no new corner: borders of communities
	town    *town
}

// A flat place is in metres from the plot's middle.
type flat struct{ x, y float64 }

// halve returns a line from edge to edge of the plot's outline that leaves
// about half of its load on either side and hits no building; nil where there
// is none. It tries straight lines across the plot first, then bent ones.
func (p *plot) halve() []pt {
	o := p.samples[0].at
	mx, my := metres(float64(o.y))
	toFlat := func(q pt) flat { return flat{float64(q.x-o.x) * mx, float64(q.y-o.y) * my} }
	// The long way through the loads.
	var sw, cx, cy float64
	fs := make([]flat, len(p.samples))
	ws := make([]float64, len(p.samples))
	for i, s := range p.samples {
		fs[i], ws[i] = toFlat(s.at), s.load
		sw += ws[i]
		cx += ws[i] * fs[i].x
		cy += ws[i] * fs[i].y
	}
	cx, cy = cx/sw, cy/sw
	var xx, xy, yy float64
	for i, f := range fs {
		xx += ws[i] * (f.x - cx) * (f.x - cx)
		xy += ws[i] * (f.x - cx) * (f.y - cy)
		yy += ws[i] * (f.y - cy) * (f.y - cy)
	}
	long := math.Atan2(2*xy, xx-yy) / 2
	var best []pt
	cost := math.Inf(1)
	try := func(line []pt, extra float64) {
		share, ok := p.share(line)
		if !ok || share < 0.22 || share > 0.78 {
			return
		}
		length := 0.0
		for i := 1; i < len(line); i++ {
			length += distM(line[i-1], line[i])
		}
		c := 3*math.Abs(share-0.5) + 0.35*length/math.Sqrt(p.areaM2) + extra
		if c >= cost {
			return
		}
		for i := 1; i < len(line); i++ {
			if !p.town.free(seg{a: line[i-1], b: line[i]}) {
				return
			}
		}
		best, cost = line, c
	}
	fromFlat := func(f flat) pt { return pt{o.x + int64(math.Round(f.x/mx)), o.y + int64(math.Round(f.y/my))} }
	reach := math.Hypot(float64(boxOf(p.rings[0]).x1-boxOf(p.rings[0]).x0)*mx, float64(boxOf(p.rings[0]).y1-boxOf(p.rings[0]).y0)*my) + 10
	var straight [][2]pt
	for k, turned := range []float64{0, 8, -8, 18, -18, 30, -30, 45, -45, 90, 75, -75} {
		dir := long + math.Pi/2 + turned*math.Pi/180
		ux, uy := math.Cos(dir), math.Sin(dir)
		order := make([]int, len(fs))
		off := make([]float64, len(fs))
		for i, f := range fs {
			order[i], off[i] = i, f.x*uy-f.y*ux // across the line
		}
		slices.SortStableFunc(order, func(i, j int) int {
			switch {
			case off[i] < off[j]:
				return -1
			case off[i] > off[j]:
				return 1
			}
			return i - j
		})
		for _, q := range []float64{0.5, 0.45, 0.55, 0.4, 0.6, 0.35, 0.65, 0.3, 0.7, 0.26, 0.74} {
			at, sum := 0.0, 0.0
			for _, i := range order {
				if sum += ws[i]; sum >= q*sw {
					at = off[i]
					break
				}
			}
			mid := flat{at * uy, -at * ux}
			a, b := fromFlat(flat{mid.x - reach*ux + cxAlong(cx, cy, ux, uy)*ux, mid.y - reach*uy + cxAlong(cx, cy, ux, uy)*uy}),
				fromFlat(flat{mid.x + reach*ux + cxAlong(cx, cy, ux, uy)*ux, mid.y + reach*uy + cxAlong(cx, cy, ux, uy)*uy})
			for _, c := range p.chords(a, b) {
				try(c[:], 0.02*float64(k))
				straight = append(straight, c)
			}
		}
	}
	if best != nil {
		return best
	}
	// A bend beside what stands in the way.
	for _, c := range straight {
		a, b := toFlat(c[0]), toFlat(c[1])
		l := math.Hypot(b.x-a.x, b.y-a.y)
		if l < 10 {
			continue
		}
		for _, t := range []float64{0.3, 0.5, 0.7} {
			for _, d := range []float64{6, -6, 12, -12, 20, -20, 32, -32} {
				if math.Abs(d) > 0.6*l {
					continue
				}
				m := fromFlat(flat{a.x + t*(b.x-a.x) - d*(b.y-a.y)/l, a.y + t*(b.y-a.y) + d*(b.x-a.x)/l})
				try([]pt{c[0], m, c[1]}, 0.5+math.Abs(d)/60)
			}
		}
		if best != nil && cost < 1.6 {
			break
		}
	}
	if best == nil {
		best = p.around(straight)
	}
	return best
}

// cxAlong is how far the middle of the loads lies along a direction.
func cxAlong(cx, cy, ux, uy float64) float64 { return cx*ux + cy*uy }

// chords returns the stretches of the line ab inside the plot that begin and
// end on its outline.
func (p *plot) chords(a, b pt) [][2]pt {
	type hit struct {
		t     float64
		outer bool
		at    pt
	}
	var hits []hit
	for k, ring := range p.rings {
		for i, u := range ring {
			v := ring[(i+1)%len(ring)]
			c, d := turn(a, b, u), turn(a, b, v)
			if (c > 0) == (d > 0) {
				continue
			}
			s := float64(c) / (float64(c) - float64(d))
			at := pt{u.x + int64(math.Round(s*float64(v.x-u.x))), u.y + int64(math.Round(s*float64(v.y-u.y)))}
			t := float64(at.x-a.x)*float64(b.x-a.x) + float64(at.y-a.y)*float64(b.y-a.y)
			hits = append(hits, hit{t, k == 0, p.corner(at, u, v)})
		}
	}
	slices.SortStableFunc(hits, func(g, h hit) int {
		switch {
		case g.t < h.t:
			return -1
		case g.t > h.t:
			return 1
		}
		return 0
	})
	var out [][2]pt
	for i := 0; i+1 < len(hits); i += 2 {
		if g, h := hits[i], hits[i+1]; g.outer && h.outer && g.at != h.at {
			out = append(out, [2]pt{g.at, h.at})
		}
	}
	return out
}

// corner puts the end of a cut into a corner of the outline that is near, and
// always where the edge uv takes no new one.
func (p *plot) corner(at, u, v pt) pt {
	du, dv := distM(at, u), distM(at, v)
	near, d := u, du
	if dv < du {
		near, d = v, dv
	}
	if d < 6 || p.frozen(u, v) {
		return near
	}
	return at
}

// share says how much of the load lies to one side of a line from outline to
// outline; ok false where the line leaves the plot.
func (p *plot) share(line []pt) (share float64, ok bool) {
	for i := 1; i < len(line); i++ {
		s := seg{a: line[i-1], b: line[i]}
		if s.a == s.b {
			return 0, false
		}
		for _, ring := range p.rings {
			for j, u := range ring {
				v := ring[(j+1)%len(ring)]
				if _, bad := crossing(s, seg{a: u, b: v}); bad {
					return 0, false
				}
				if u != line[0] && u != line[len(line)-1] && passes(s, u) && u != s.a && u != s.b {
					return 0, false // along the outline, or through a corner
				}
			}
		}
		if !inRings(p.rings, float64(s.a.x+s.b.x)/2+0.1, float64(s.a.y+s.b.y)/2+0.1) {
			return 0, false
		}
	}
	i, okA := p.edgeOf(line[0])
	j, okB := p.edgeOf(line[len(line)-1])
	if !okA || !okB || line[0] == line[len(line)-1] {
		return 0, false
	}
	// The ring from the line's end along the outline to its beginning, and back by the line.
	outer := p.rings[0]
	half := slices.Clone(line)
	if i == j {
		// Both on one edge: only a bent line makes a part, the one within.
		if len(line) < 3 {
			return 0, false
		}
	} else {
		for k := (j + 1) % len(outer); ; k = (k + 1) % len(outer) {
			half = append(half, outer[k])
			if k == i {
				break
			}
		}
	}
	in, all := 0.0, 0.0
	for _, s := range p.samples {
		all += s.load
		if inRings([][]pt{half}, float64(s.at.x)+0.3, float64(s.at.y)+0.3) {
			in += s.load
		}
	}
	return in / all, true
}

// edgeOf returns the edge of the outline that holds q, by its first corner.
func (p *plot) edgeOf(q pt) (int, bool) {
	outer := p.rings[0]
	for i, u := range outer {
		if u == q {
			return i, true
		}
	}
	for i, u := range outer {
		v := outer[(i+1)%len(outer)]
		if passes(seg{a: u, b: v}, q) {
			return i, true
		}
	}
	return 0, false
}
