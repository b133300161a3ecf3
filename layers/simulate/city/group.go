package city

import (
	"container/heap"
	"math"

	"github.com/paulmach/orb"
)

// group parts blocks among seeds: each block goes to the seed from which it is
// easiest to reach, where crossing a main street or the river costs as much
// as wall times the way. Every group is connected.
func (c *City) group(blocks []int, seeds []orb.Point, wall float64) [][]int {
	in := map[int]bool{}
	for _, b := range blocks {
		in[b] = true
	}
	owner := map[int]int{}
	q := &queue{}
	for g, p := range seeds {
		best, near := -1, math.Inf(1)
		for _, b := range blocks {
			if d := dist(c.blocks[b].at, p); d < near {
				if _, taken := owner[b]; !taken {
					best, near = b, d
				}
			}
		}
		if best < 0 {
			break
		}
		owner[best] = g
		heap.Push(q, step{0, best, g})
	}
	// The seeds are in the queue with cost 0, so they keep their owner.
	done := map[int]bool{}
	for q.Len() > 0 {
		s := heap.Pop(q).(step)
		if done[s.block] {
			continue
		}
		done[s.block] = true
		owner[s.block] = s.group
		b := &c.blocks[s.block]
		for _, h := range c.mesh.ring(b.face) {
			f := c.mesh.half[h^1].face
			if f == 0 {
				continue
			}
			n := c.blockOf[f]
			if !in[n] || done[n] {
				continue
			}
			cost := dist(b.at, c.blocks[n].at)
			switch c.mesh.edge[h/2].class {
			case "motorway", "trunk", "primary":
				cost *= wall
			case "secondary":
				cost *= 1 + (wall-1)/2
			}
			if (b.use == "water") != (c.blocks[n].use == "water") {
				cost *= wall
			}
			heap.Push(q, step{s.cost + cost, n, s.group})
		}
	}
	out := make([][]int, len(seeds))
	for _, b := range blocks {
		out[owner[b]] = append(out[owner[b]], b)
	}
	return out
}

// groupEvenly parts blocks into connected groups of about n.
func (c *City) groupEvenly(blocks []int, n int, subject string, wall float64) [][]int {
	k := max(1, int(math.Round(float64(len(blocks))/float64(n))))
	r := c.stream(subject, 0)
	// Seeds far apart: of some candidates, the one farthest from those chosen.
	var seeds []orb.Point
	for range k {
		var best orb.Point
		far := -1.0
		for range 12 {
			p := c.blocks[pick(r, blocks)].at
			d := math.Inf(1)
			for _, q := range seeds {
				d = min(d, dist(p, q))
			}
			// Where blocks are small, seeds may stand closer.
			d /= 0.25 + math.Sqrt(c.blocks[c.nearest(blocks, p)].areaM2)/400
			if d > far {
				best, far = p, d
			}
		}
		seeds = append(seeds, best)
	}
	var out [][]int
	for _, g := range c.group(blocks, seeds, wall) {
		if len(g) > 0 {
			out = append(out, g)
		}
	}
	return out
}

func (c *City) nearest(blocks []int, p orb.Point) int {
	best, near := blocks[0], math.Inf(1)
	for _, b := range blocks {
		if d := dist(c.blocks[b].at, p); d < near {
			best, near = b, d
		}
	}
	return best
}

type step struct {
	cost         float64
	block, group int
}

// A queue is a heap of steps; equal costs go by number, so that the order is
// always the same.
type queue []step

func (q queue) Len() int { return len(q) }
func (q queue) Less(i, j int) bool {
	if q[i].cost != q[j].cost {
		return q[i].cost < q[j].cost
	}
	if q[i].group != q[j].group {
		return q[i].group < q[j].group
	}
	return q[i].block < q[j].block
}
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x any)   { *q = append(*q, x.(step)) }
func (q *queue) Pop() any {
	old := *q
	x := old[len(old)-1]
	*q = old[:len(old)-1]
	return x
}
