package griddraw

import (
	"math"
	"slices"

	"github.com/paulmach/orb"
)

// A Cell is a unit grid that was drawn.
type Cell struct {
	Code      string
	Community string
	Shape     orb.Polygon
	AreaM2    float64
	Load      float64 // how much of a cell it is: near 1 where it has the wanted size
	Built     float64 // how much of that lies in built-up land
	Flags     []Flag
}

// Draw cuts the communities into cells. The same input gives the same cells.
// Cells are in the order of their communities and numbers. Community borders
// are kept but for the lattice's centimetre; communities without ground get none.
func Draw(in Input, o Options) ([]Cell, Report) {
	o = o.withDefaults()
	grounds := groundOf(in.Communities)
	all := noBox
	for _, g := range grounds {
		all = box{min(all.x0, g.box.x0), min(all.y0, g.box.y0), max(all.x1, g.box.x1), max(all.y1, g.box.y1)}
	}
	r := newReport(len(in.Communities))
	if all == noBox {
		return nil, r
	}
	borders, lines := segmentsOf(grounds, in.Lines, all)
	var houses []house
	for _, b := range housesOf(in.Buildings) {
		if b.box.meets(all) {
			houses = append(houses, b)
		}
	}
	town := newTown(houses)
	dense := newDensity(houses, lines, (all.y0+all.y1)/2, o)

	o.Progress("buildings", 0)
	onBorder := town.cutBy(borders)
	segs := append(borders, lines...)
	// The outline of a house that is cut becomes an edge, and may cut the house
	// that is drawn over it in turn.
	var crossed []int
	known := map[int]bool{}
	for cut := town.cutBy(segs); len(cut) > 0; {
		var outlines []seg
		for _, n := range cut {
			if known[n] {
				continue
			}
			known[n] = true
			crossed = append(crossed, n)
			ring := houses[n].ring
			for i, p := range ring {
				outlines = append(outlines, seg{p, ring[(i+1)%len(ring)], Outline, false})
			}
		}
		segs = append(segs, outlines...)
		cut = town.cutBy(outlines)
		cut = slices.DeleteFunc(cut, func(n int) bool { return known[n] })
	}
	o.Progress("lines", 0.1)
	a := arrange(node(segs))
	o.Progress("faces", 0.3)
	owner, claimed := a.owners(grounds)
	r.claimed(claimed)
	load, built := make([]float64, len(a.faces)), make([]float64, len(a.faces))
	for f := range a.faces {
		if owner[f] >= 0 {
			load[f], built[f] = loads(dense.samples(a.rings(int32(f)), a.faces[f].areaM2, o))
		}
	}
	m := newMerger(a, owner, load, built)
	m.glue(a, houses, crossed)
	m.merge()
	o.Progress("cutting", 0.5)
	a = arrange(a.cutLarge(m, grounds, town, dense, o))
	owner, _ = a.owners(grounds)

	// What a cut left too small goes back to a neighbour.
	load, built = make([]float64, len(a.faces)), make([]float64, len(a.faces))
	for f := range a.faces {
		if owner[f] >= 0 {
			load[f], built[f] = loads(dense.samples(a.rings(int32(f)), a.faces[f].areaM2, o))
		}
	}
	m = newMerger(a, owner, load, built)
	m.smallestFirst(func(p *part) bool { return p.sliver() || p.load < 0.3 }, func(p *part) *part {
		q, _ := m.best(p, func(*part, shared) bool { return true })
		return q
	})
	parts, of := m.cells()
	o.Progress("cells", 0.9)
	cells := a.number(parts, a.outlines(of, len(parts)), grounds, o)
	r.fill(cells, parts, a, of, town, onBorder, grounds, o)
	o.Progress("done", 1)
	return cells, r
}

func loads(samples []sample) (load, built float64) {
	for _, s := range samples {
		load += s.load
		if s.built {
			built += s.load
		}
	}
	return load, built
}

// segmentsOf takes borders and lines apart. Pieces that reach no community's
// box are left out.
func segmentsOf(grounds []ground, lines []Line, all box) (borders, rest []seg) {
	boxes := &bins{size: 1 << 16}
	for i, g := range grounds {
		if g.box != noBox {
			boxes.addBox(i, g.box)
		}
		for _, ring := range g.rings {
			for k, p := range ring {
				borders = append(borders, seg{p, ring[(k+1)%len(ring)], border, false})
			}
		}
	}
	boxes.done()
	for _, l := range lines {
		for i := 1; i < len(l.Points); i++ {
			s := seg{toLattice(l.Points[i-1]), toLattice(l.Points[i]), min(l.Rank, Main), l.Road}
			if s.a == s.b || !s.box().meets(all) {
				continue
			}
			near := false
			boxes.near(s.box(), func(n int) { near = near || grounds[n].box.meets(s.box()) })
			if near {
				rest = append(rest, s)
			}
		}
	}
	return borders, rest
}

// glue joins what lies under one building, as far as it is of one community.
func (m *merger) glue(a *arrangement, houses []house, crossed []int) {
	at := &bins{size: 3000}
	type spot struct{ x, y float64 }
	spots := make([]spot, len(a.faces))
	for f := range a.faces {
		x, y := pointIn(a.rings(int32(f)))
		spots[f] = spot{x, y}
		q := pt{int64(math.Floor(x)), int64(math.Floor(y))}
		at.addBox(f, box{q.x, q.y, q.x, q.y})
	}
	at.done()
	for _, n := range crossed {
		b := houses[n]
		first := map[int32]int32{}
		at.near(b.box, func(f int) {
			owner := m.find(int32(f)).community
			if owner < 0 || !inRings([][]pt{b.ring}, spots[f].x, spots[f].y) {
				return
			}
			if g, ok := first[owner]; ok {
				m.join(m.find(g), m.find(int32(f)))
			} else {
				first[owner] = int32(f)
			}
		})
	}
}

// cutLarge takes the edges between the parts and adds cuts through those that
// are too large, round after round.
func (a *arrangement) cutLarge(m *merger, grounds []ground, town *town, dense *density, o Options) []seg {
	_, of := m.cells()
	cell := func(h int32) int32 {
		if f := a.face[h]; f >= 0 {
			return of[f]
		}
		return -1
	}
	var segs []seg
	for e, s := range a.edges {
		if l, r := cell(int32(2*e)), cell(int32(2*e+1)); l != r {
			segs = append(segs, s)
		}
	}
	type key struct {
		at   pt
		area int64
	}
	given := map[key]bool{} // there is no cut
	for round := range 8 {
		b := arrange(segs)
		owner, _ := b.owners(grounds)
		borders := map[[2]pt]bool{}
		for _, s := range b.edges {
			if s.rank == border {
				borders[[2]pt{s.a, s.b}] = true
			}
		}
		frozen := func(u, v pt) bool { return borders[[2]pt{u, v}] || borders[[2]pt{v, u}] }
		var cuts []seg
		for f := range b.faces {
			if owner[f] < 0 || b.faces[f].areaM2 < 1.6*o.TargetM2 {
				continue
			}
			rings := b.rings(int32(f))
			k := key{rings[0][0], int64(b.faces[f].areaM2)}
			if given[k] {
				continue
			}
			p := plot{rings: rings, areaM2: b.faces[f].areaM2, samples: dense.samples(rings, b.faces[f].areaM2, o), frozen: frozen, town: town}
			p.load, p.built = loads(p.samples)
			if p.built < 1.6 {
				continue
			}
			line := p.halve()
			if line == nil {
				given[k] = true
			}
			for i := 1; i < len(line); i++ {
				cuts = append(cuts, seg{line[i-1], line[i], Cut, false})
			}
		}
		o.Progress("cutting", 0.5+0.05*float64(round))
		if len(cuts) == 0 {
			return segs
		}
		segs = node(append(segs, cuts...))
	}
	return segs
}
