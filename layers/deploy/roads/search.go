package roads

import "math"

// A search is Dijkstra's of shortest times from one or more places. Its arrays
// are as long as the network and used again: round says which entries count.
type search struct {
	seconds []float64
	round   []uint32
	now     uint32
	from    []int32 // the start that reached the node first
	before  []int32 // the node before it; -1 at a start
	settled []uint32
	queue   queue
}

func newSearch(nodes int) *search {
	return &search{seconds: make([]float64, nodes), round: make([]uint32, nodes), from: make([]int32, nodes), before: make([]int32, nodes), settled: make([]uint32, nodes)}
}

// begin forgets what was found before.
func (s *search) begin() {
	s.now++
	if s.now == 0 { // it went round: what is old would look new
		clear(s.round)
		clear(s.settled)
		s.now = 1
	}
	s.queue = s.queue[:0]
}

// at is the time to a node, +Inf where it was not reached.
func (s *search) at(v int32) float64 {
	if s.round[v] != s.now {
		return math.Inf(1)
	}
	return s.seconds[v]
}

func (s *search) offer(v int32, seconds float64, from, before int32) {
	if seconds >= s.at(v) {
		return
	}
	s.seconds[v], s.round[v], s.from[v], s.before[v] = seconds, s.now, from, before
	s.queue.push(entry{seconds, v})
}

// A door is a node by which a place is left or entered, and the seconds there.
type door struct {
	node    int32
	seconds float64 // +Inf: closed
}

// doors are the source's and the target's end of a place's edge: out of it, or
// into it. A place at a crossing has that crossing's door open, whatever the
// direction of the edge it was snapped to.
func (g *Graph) doors(p Place, out bool) [2]door {
	source, target := door{g.source[p.edge], math.Inf(1)}, door{g.target[p.edge], math.Inf(1)}
	there, back := g.forward[p.edge], g.backward[p.edge]
	if !out { // one comes from the source by going forward
		there, back = back, there
	}
	if back >= 0 {
		source.seconds = p.along * back
	}
	if there >= 0 {
		target.seconds = (1 - p.along) * there
	}
	switch p.along {
	case 0:
		source.seconds = 0
	case 1:
		target.seconds = 0
	}
	return [2]door{source, target}
}

// start puts place number i into the search.
func (g *Graph) start(s *search, i int, p Place) {
	off := p.OffM / g.offMS()
	for _, d := range g.doors(p, true) {
		if !math.IsInf(d.seconds, 1) {
			s.offer(d.node, off+d.seconds, int32(i), -1)
		}
	}
}

// run settles nodes up to a number of seconds, until done says so.
func (g *Graph) run(s *search, limit float64, done func(v int32) bool) {
	for len(s.queue) > 0 {
		e := s.queue.pop()
		v := e.node
		if s.settled[v] == s.now {
			continue
		}
		if e.seconds > limit {
			return
		}
		s.settled[v] = s.now
		if done != nil && done(v) {
			return
		}
		from := s.from[v]
		for a := g.first[v]; a < g.first[v+1]; a++ {
			s.offer(g.heads[a], e.seconds+g.costs[a], from, v)
		}
	}
}

// end is the time to a place, by either end of its edge, and that end.
func (g *Graph) end(s *search, p Place) (seconds float64, by int32) {
	seconds, by = math.Inf(1), -1
	for _, d := range g.doors(p, false) {
		if t := s.at(d.node) + d.seconds; t < seconds {
			seconds, by = t, d.node
		}
	}
	return seconds + p.OffM/g.offMS(), by
}

// beside is the time between two places of the same edge without leaving it,
// +Inf where they are not or the way is closed.
func (g *Graph) beside(a, b Place) float64 {
	if a.edge != b.edge {
		return math.Inf(1)
	}
	off := (a.OffM + b.OffM) / g.offMS()
	if a.At == b.At {
		return 0
	}
	if c := g.forward[a.edge]; c >= 0 && b.along >= a.along {
		return off + (b.along-a.along)*c
	}
	if c := g.backward[a.edge]; c >= 0 && b.along <= a.along {
		return off + (a.along-b.along)*c
	}
	return math.Inf(1)
}

type entry struct {
	seconds float64
	node    int32
}

// A queue is a heap of four children a node, which touches less memory than
// one of two. Of equal times the lower node comes first, so that a search
// always goes the same way.
type queue []entry

func (a entry) before(b entry) bool {
	return a.seconds < b.seconds || a.seconds == b.seconds && a.node < b.node
}

func (q *queue) push(e entry) {
	h := append(*q, e)
	i := len(h) - 1
	for i > 0 {
		up := (i - 1) / 4
		if !e.before(h[up]) {
			break
		}
		h[i] = h[up]
		i = up
	}
	h[i] = e
	*q = h
}

func (q *queue) pop() entry {
	h := *q
	top, last := h[0], h[len(h)-1]
	h = h[:len(h)-1]
	*q = h
	if len(h) == 0 {
		return top
	}
	i := 0
	for {
		least := 4*i + 1
		if least >= len(h) {
			break
		}
		for c := least + 1; c < min(4*i+5, len(h)); c++ {
			if h[c].before(h[least]) {
				least = c
			}
		}
		if !h[least].before(last) {
			break
		}
		h[i] = h[least]
		i = least
	}
	h[i] = last
	return top
}
