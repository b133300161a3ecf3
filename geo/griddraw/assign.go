package griddraw

import (
	"math"
	"slices"
)

// ground is communities on the lattice.
type ground struct {
	code  string
	rings [][]pt // of all polygons, holes too: even-odd
	box   box
}

func groundOf(communities []Community) []ground {
	out := make([]ground, len(communities))
	for i, c := range communities {
		g := ground{code: c.Code, box: noBox}
		for _, poly := range c.Shape {
			for _, r := range poly {
				ring := latticeRing(r)
				if len(ring) < 3 {
					continue
				}
				g.rings = append(g.rings, ring)
				b := boxOf(ring)
				g.box = box{min(g.box.x0, b.x0), min(g.box.y0, b.y0), max(g.box.x1, b.x1), max(g.box.y1, b.y1)}
			}
		}
		out[i] = g
	}
	return out
}

func (g ground) holds(x, y float64) bool {
	if x < float64(g.box.x0) || x > float64(g.box.x1) || y < float64(g.box.y0) || y > float64(g.box.y1) {
		return false
	}
	return inRings(g.rings, x, y)
}

// owners says whose each face is: the number of its community, -1 nobody's. No
// face crosses a border, so what one point of the largest face between borders
// says holds for all of them. Ground that two communities claim goes to the
// first; claimed has one place of each such ground.
func (a *arrangement) owners(grounds []ground) (of []int32, claimed []pt) {
	of = make([]int32, len(a.faces))
	region := newSets(len(a.faces))
	for e, s := range a.edges {
		f, g := a.face[2*e], a.face[2*e+1]
		if s.rank != border && f >= 0 && g >= 0 {
			region.join(f, g)
		}
	}
	largest := make([]int32, len(a.faces))
	for i := range largest {
		largest[i] = -1
	}
	for f := range a.faces {
		r := region.find(int32(f))
		if largest[r] < 0 || a.faces[f].areaM2 > a.faces[largest[r]].areaM2 {
			largest[r] = int32(f)
		}
	}
	owner := make([]int32, len(a.faces))
	for r, f := range largest {
		owner[r] = -1
		if f < 0 {
			continue
		}
		x, y := pointIn(a.rings(f))
		for i, g := range grounds {
			if !g.holds(x, y) {
				continue
			}
			if owner[r] >= 0 {
				if a.faces[f].areaM2 >= 1 {
					claimed = append(claimed, pt{int64(x), int64(y)})
				}
				break
			}
			owner[r] = int32(i)
		}
	}
	for f := range of {
		of[f] = owner[region.find(int32(f))]
	}
	return of, claimed
}

// density is how much of the ground is under buildings, in squares of about
// 100 m smoothed over three by three. Where hardly a building is known, fewer than
// one to a kilometre of road, roads stand for them: ten kilometres of road to the square kilometre are built-up.
type density struct {
	w, h  int64 // of a square, in lattice units
	cover map[square]float64
}

func newDensity(houses []house, lines []seg, y int64, o Options) *density {
	mx, my := metres(float64(y))
	d := &density{w: int64(100 / mx), h: int64(100 / my), cover: map[square]float64{}}
	for _, b := range houses {
		x, y := (b.box.x0+b.box.x1)/2, (b.box.y0+b.box.y1)/2
		// A large hall reaches over several squares.
		area := math.Abs(ringAreaM2(b.ring))
		n := int64(1 + max(float64(b.box.x1-b.box.x0)/float64(d.w), float64(b.box.y1-b.box.y0)/float64(d.h)))
		for i := range n {
			for j := range n {
				px, py := x, y
				if n > 1 {
					px = b.box.x0 + (2*i+1)*(b.box.x1-b.box.x0)/(2*n)
					py = b.box.y0 + (2*j+1)*(b.box.y1-b.box.y0)/(2*n)
				}
				d.cover[d.at(px, py)] += area / float64(n*n) / 10_000
			}
		}
	}
	road := 0.0
	for _, l := range lines {
		if l.road {
			road += distM(l.a, l.b)
		}
	}
	if float64(len(houses)) < road/1000 {
		for _, l := range lines {
			if l.road {
				n := int64(1 + distM(l.a, l.b)/50) // long ones in pieces
				for k := range n {
					p := d.at(l.a.x+(2*k+1)*(l.b.x-l.a.x)/(2*n), l.a.y+(2*k+1)*(l.b.y-l.a.y)/(2*n))
					d.cover[p] += distM(l.a, l.b) / float64(n) * o.BuiltUp / 100
				}
			}
		}
	}
	return d
}

func (d *density) at(x, y int64) square {
	return square{int32(floorDiv(x, d.w)), int32(floorDiv(y, d.h))}
}

// around is the share under buildings about a place.
func (d *density) around(x, y int64) float64 {
	s := d.at(x, y)
	sum := 0.0
	for i := int32(-1); i <= 1; i++ {
		for j := int32(-1); j <= 1; j++ {
			sum += d.cover[square{s.x + i, s.y + j}]
		}
	}
	return sum / 9
}

// A sample stands for ground around it. Its load is how much of a cell that
// ground is worth: a cell should have about 1.
type sample struct {
	at    pt
	load  float64
	built bool
}

// samples spreads points over a face's ground, some 40 m apart, at most about
// 1,000 of them.
func (d *density) samples(rings [][]pt, areaM2 float64, o Options) []sample {
	b := boxOf(rings[0])
	mx, my := metres(float64(b.y0+b.y1) / 2)
	step := max(20, math.Sqrt(areaM2/400))
	var at []pt
	if areaM2 > 2_000 {
		sx, sy := max(1, int64(step/mx)), max(1, int64(step/my))
		for y := b.y0 + sy/2; y <= b.y1; y += sy {
			// The level's crossings, once for the row.
			level := float64(y) + 0.5
			var xs []float64
			for _, r := range rings {
				for i, p := range r {
					q := r[(i+1)%len(r)]
					py, qy := float64(p.y), float64(q.y)
					if (py > level) != (qy > level) {
						xs = append(xs, float64(p.x)+float64(q.x-p.x)*(level-py)/(qy-py))
					}
				}
			}
			slices.Sort(xs)
			for i := 0; i+1 < len(xs); i += 2 {
				for x := b.x0 + sx/2 + max(0, int64(xs[i]-float64(b.x0+sx/2)+float64(sx)-1)/sx)*sx; float64(x) < xs[i+1]; x += sx {
					if float64(x) > xs[i] {
						at = append(at, pt{x, y})
					}
				}
			}
		}
	}
	if len(at) == 0 {
		x, y := pointIn(rings)
		at = append(at, pt{int64(x), int64(y)})
	}
	out := make([]sample, len(at))
	each := areaM2 / float64(len(at))
	for i, p := range at {
		share := min(1, d.around(p.x, p.y)/o.BuiltUp)
		// Between wild and built-up the size of a cell goes down by ratio.
		size := o.OutsideM2 * math.Pow(o.TargetM2/o.OutsideM2, share)
		out[i] = sample{p, each / size, share > 0.6}
	}
	return out
}
