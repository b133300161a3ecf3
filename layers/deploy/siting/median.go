package siting

import (
	"cmp"
	"slices"
)

// A median is a p-median problem as its solvers see it: each point's candidates,
// nearest first, and what else has to hold. A point without a unit nearer than
// the longest time counts as that far.
type median struct {
	p          *Problem
	points     []int32 // with demand, or that must be covered
	weight     []float64
	near       [][]reach // [point]: candidates within Longest, nearest first
	members    [][]member
	conditions []condition
}

type reach struct {
	candidate int32
	seconds   float32
}

func newMedian(p *Problem) *median {
	x := &median{p: p}
	m := &instance{p: p} // to say the conditions in the same words
	at := make([]int32, len(p.Demand))
	must := make([]bool, len(at))
	for _, i := range p.Must {
		must[i] = true
	}
	for i, d := range p.Demand {
		at[i] = -1
		if d > 0 || must[i] {
			at[i] = int32(len(x.points))
			x.points, x.weight = append(x.points, int32(i)), append(x.weight, d)
			m.rows = append(m.rows, row{point: int32(i), weight: d})
		}
	}
	m.addConditions(at)
	x.conditions = m.conditions
	x.near = make([][]reach, len(x.points))
	x.members = make([][]member, len(x.points))
	for r, i := range x.points {
		x.members[r] = m.rows[r].members
		for j := range p.Seconds {
			if s := p.Seconds[j][i]; float64(s) < p.Longest {
				x.near[r] = append(x.near[r], reach{int32(j), s})
			}
		}
		slices.SortFunc(x.near[r], func(a, b reach) int {
			return cmp.Or(cmp.Compare(a.seconds, b.seconds), cmp.Compare(a.candidate, b.candidate))
		})
	}
	return x
}

// cost is what a point that is served in some seconds costs: demand times
// seconds, and the price of being beyond the standard.
func (x *median) cost(r int32, seconds float32, price float64) float64 {
	s := min(float64(seconds), x.p.Longest)
	c := x.weight[r] * s
	if s > x.p.Within {
		c += price
	}
	return c
}

// medianField is the table of a median.
type medianField struct {
	t     table
	x     *median
	first []served // the nearest unit of each point
	next  []served // the second nearest
	price []float64
	extra []float64
	has   []float64
	sum   float64
}

type served struct {
	slot    int32 // -1: none
	seconds float32
}

func newMedianField(x *median) *medianField {
	f := &medianField{t: newTable(len(x.p.Seconds), x.p.Posts, 1), x: x, first: make([]served, len(x.points)), next: make([]served, len(x.points)),
		price: make([]float64, len(x.conditions)), extra: make([]float64, len(x.points)), has: make([]float64, len(x.conditions))}
	total := 0.0
	for _, w := range x.weight {
		total += w
	}
	for c, k := range x.conditions {
		f.price[c] = 0.25 * x.p.Within // seconds that a unit of demand is worth
		if k.what == "must" {
			f.price[c] = x.p.Within * total * 0.05
		}
	}
	far := served{-1, float32(x.p.Longest)}
	for r := range f.first {
		f.first[r], f.next[r] = far, far
	}
	f.pay()
	f.recount()
	return f
}

func (f *medianField) pay() {
	for r, ms := range f.x.members {
		f.extra[r] = 0
		for _, m := range ms {
			f.extra[r] += f.price[m.condition] * m.weight
		}
	}
}

func (f *medianField) recount() {
	clear(f.t.gain)
	clear(f.t.loss)
	clear(f.t.extra)
	clear(f.has)
	f.sum = 0
	for r := range f.x.points {
		f.enter(int32(r), 1)
	}
	f.t.steps += int64(len(f.t.extra))
}

// enter enters or (sign -1) takes out what a point adds to the table and sums.
func (f *medianField) enter(r int32, sign float64) {
	t, x := &f.t, f.x
	a, b := f.first[r], f.next[r]
	c1, c2 := x.cost(r, a.seconds, f.extra[r]), x.cost(r, b.seconds, f.extra[r])
	f.sum -= sign * x.cost(r, a.seconds, 0)
	if float64(a.seconds) <= x.p.Within {
		for _, m := range x.members[r] {
			f.has[m.condition] += sign * m.weight
		}
	}
	if a.slot >= 0 {
		t.loss[a.slot] += sign * (c2 - c1)
	}
	for n, k := range x.near[r] {
		if k.seconds >= b.seconds {
			t.steps += int64(n)
			break
		}
		c := x.cost(r, k.seconds, f.extra[r])
		if c < c1 {
			t.gain[k.candidate] += sign * (c1 - c)
		}
		if a.slot >= 0 {
			t.extra[int(a.slot)*t.m+int(k.candidate)] += sign * (c2 - max(c1, c))
		}
	}
}

func (f *medianField) put(s int, j int32) {
	t := &f.t
	old := t.slots[s]
	if old == j {
		return
	}
	if old >= 0 {
		t.at[old]--
	}
	if j >= 0 {
		t.at[j]++
	}
	t.slots[s] = j
	for n, i := range f.x.points {
		r := int32(n)
		seconds := float32(f.x.p.Longest)
		if j >= 0 {
			seconds = min(seconds, f.x.p.Seconds[j][i])
		}
		if f.first[r].slot != int32(s) && f.next[r].slot != int32(s) && seconds >= f.next[r].seconds {
			continue
		}
		f.enter(r, -1)
		f.first[r], f.next[r] = f.two(i)
		f.enter(r, 1)
	}
	t.steps += int64(len(f.x.points))
}

// two are the nearest two units of a point.
func (f *medianField) two(i int32) (first, next served) {
	first = served{-1, float32(f.x.p.Longest)}
	next = first
	for s, j := range f.t.slots {
		if j < 0 {
			continue
		}
		switch v := f.x.p.Seconds[j][i]; {
		case v < first.seconds:
			first, next = served{int32(s), v}, first
		case v < next.seconds:
			next = served{int32(s), v}
		}
	}
	f.t.steps += int64(len(f.t.slots))
	return first, next
}

func (f *medianField) table() *table  { return &f.t }
func (f *medianField) value() float64 { return f.sum }
func (f *medianField) short() float64 { return short(f.x.conditions, f.has) }

func (f *medianField) reprice() bool {
	if !reprice(f.x.conditions, f.has, f.price) {
		return false
	}
	f.pay()
	f.recount()
	return true
}
