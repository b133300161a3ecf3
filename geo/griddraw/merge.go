package griddraw

import (
	"cmp"
	"container/heap"
	"math"
	"slices"
)

// A part is a cell in the making: some faces of one community.
type part struct {
	id        int32
	community int32
	faces     []int32
	areaM2    float64
	perimM    float64
	load      float64 // how much of a cell it is
	built     float64 // of that, in built-up land
	stamp     int     // of its entry in the heap
	near      map[int32]shared
	road      bool
}

// shared is the edge of two parts.
type shared struct {
	m        float64 // length
	strength float64 // length times rank
}

type merger struct {
	parts []*part // nil: merged into another
	set   sets
	queue partHeap
}

// newMerger begins with a part a face.
func newMerger(a *arrangement, owner []int32, load, built []float64) *merger {
	m := &merger{parts: make([]*part, len(a.faces)), set: newSets(len(a.faces))}
	for f := range a.faces {
		m.parts[f] = &part{id: int32(f), community: owner[f], faces: []int32{int32(f)}, areaM2: a.faces[f].areaM2,
			load: load[f], built: built[f], near: map[int32]shared{}}
	}
	for e, s := range a.edges {
		f, g := a.face[2*e], a.face[2*e+1]
		if f == g {
			continue
		}
		l := distM(s.a, s.b)
		for _, x := range [2][2]int32{{f, g}, {g, f}} {
			if x[0] < 0 {
				continue
			}
			p := m.parts[x[0]]
			p.perimM += l
			p.road = p.road || s.road
			if x[1] >= 0 && owner[x[1]] == p.community {
				b := p.near[x[1]]
				p.near[x[1]] = shared{b.m + l, b.strength + l*float64(s.rank)}
			}
		}
	}
	return m
}

func (m *merger) find(f int32) *part { return m.parts[m.set.find(f)] }

// join makes one part of two of a community and returns it.
func (m *merger) join(p, q *part) *part {
	if p == q {
		return p
	}
	if m.set.join(p.id, q.id) == q.id {
		p, q = q, p
	}
	b := p.near[q.id]
	p.faces = append(p.faces, q.faces...)
	p.areaM2 += q.areaM2
	p.perimM = max(0, p.perimM+q.perimM-2*b.m)
	p.load += q.load
	p.built += q.built
	p.road = p.road || q.road
	delete(p.near, q.id)
	delete(q.near, p.id)
	for n, c := range q.near {
		o := m.parts[n]
		delete(o.near, q.id)
		d := p.near[n]
		d = shared{d.m + c.m, d.strength + c.strength}
		p.near[n], o.near[p.id] = d, d
	}
	m.parts[q.id] = nil
	return p
}

// sliver says that a part is too thin to be a cell.
func (p *part) sliver() bool {
	return p.areaM2 < 4*p.perimM || compactness(p.areaM2, p.perimM) < 0.03
}

// compactness is 1 for a circle, 0.79 for a square, near 0 for a thread.
func compactness(areaM2, perimM float64) float64 {
	if perimM <= 0 {
		return 0
	}
	return 4 * math.Pi * areaM2 / (perimM * perimM)
}

// price is what joining two parts costs: a strong edge is lost, a shape gets
// worse, a cell gets too large. below is the price of what should be joined anyway.
func price(p, q *part, b shared) float64 {
	lost := b.strength / b.m / 10
	shape := compactness(p.areaM2+q.areaM2, p.perimM+q.perimM-2*b.m)
	better := shape - math.Max(compactness(p.areaM2, p.perimM), compactness(q.areaM2, q.perimM))
	sum := p.load + q.load
	size := 0.0
	if sum > 1.3 {
		size = (sum - 1.3) * 1.2
	}
	small := p
	if q.areaM2 < p.areaM2 {
		small = q
	}
	return 2.2*lost + size - 1.0*better - 0.8*math.Min(1, b.m/max(small.perimM, 1)) + max(0, 0.25-shape)*3
}

// best is the cheapest neighbour of a part among those that fit.
func (m *merger) best(p *part, fits func(q *part, b shared) bool) (best *part, cost float64) {
	cost = math.Inf(1)
	for n, b := range p.near {
		q := m.parts[n]
		if !fits(q, b) {
			continue
		}
		if c := price(p, q, b); c < cost || c == cost && n < best.id {
			best, cost = q, c
		}
	}
	return best, cost
}

// smallestFirst takes the parts that want to be joined, by load, and joins each
// with what choose returns, nil for none, until no part wants.
func (m *merger) smallestFirst(wants func(*part) bool, choose func(*part) *part) {
	m.queue = m.queue[:0]
	push := func(p *part) {
		if p.community >= 0 && wants(p) {
			p.stamp++
			heap.Push(&m.queue, waiting{p.load, p.id, p.stamp})
		}
	}
	for _, p := range m.parts {
		if p != nil {
			push(p)
		}
	}
	for m.queue.Len() > 0 {
		w := heap.Pop(&m.queue).(waiting)
		p := m.parts[w.id]
		if p == nil || p.stamp != w.stamp {
			continue
		}
		if q := choose(p); q != nil {
			push(m.join(p, q))
		}
	}
}

// merge joins slivers and small parts to a neighbour, whatever it costs, and
// then what is below the wanted size where that is cheap.
func (m *merger) merge() {
	anyFits := func(*part, shared) bool { return true }
	m.smallestFirst(func(p *part) bool { return p.sliver() || p.load < 0.12 }, func(p *part) *part {
		q, _ := m.best(p, anyFits)
		return q
	})
	m.smallestFirst(func(p *part) bool { return p.load < 0.85 }, func(p *part) *part {
		q, cost := m.best(p, func(q *part, b shared) bool { return p.load+q.load <= 1.45 })
		if cost > 2.4 {
			return nil
		}
		return q
	})
	m.smallestFirst(func(p *part) bool { return p.sliver() || p.load < 0.4 }, func(p *part) *part {
		q, _ := m.best(p, anyFits)
		return q
	})
}

// cells numbers the parts that have a community, and says which cell a face is
// of, -1 none.
func (m *merger) cells() (parts []*part, of []int32) {
	of = make([]int32, len(m.parts))
	for i := range of {
		of[i] = -1
	}
	for _, p := range m.parts {
		if p == nil || p.community < 0 {
			continue
		}
		slices.Sort(p.faces)
		for _, f := range p.faces {
			of[f] = int32(len(parts))
		}
		parts = append(parts, p)
	}
	return parts, of
}

type waiting struct {
	load  float64
	id    int32
	stamp int
}

type partHeap []waiting

func (h partHeap) Len() int { return len(h) }
func (h partHeap) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(h[i].load, h[j].load), cmp.Compare(h[i].id, h[j].id)) < 0
}
func (h partHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *partHeap) Push(x any)   { *h = append(*h, x.(waiting)) }
func (h *partHeap) Pop() any {
	old := *h
	x := old[len(old)-1]
	*h = old[:len(old)-1]
	return x
}
