package griddraw

import (
	"container/heap"
	"math"
)

// around finds a way through the plot that goes round its buildings, near the
// straight line of which it is told, for the first few lines that give one.
// It searches a raster of the plot for the shortest way that keeps near the
// line (A*), and then pulls it straight.
func (p *plot) around(straight [][2]pt) []pt {
	const most = 90 // squares along the longer side
	b := boxOf(p.rings[0])
	mx, my := metres(float64(b.y0+b.y1) / 2)
	w, h := float64(b.x1-b.x0)*mx, float64(b.y1-b.y0)*my
	step := max(2, max(w, h)/most)
	sx, sy := int64(step/mx)+1, int64(step/my)+1
	nx, ny := int((b.x1-b.x0)/sx)+1, int((b.y1-b.y0)/sy)+1
	open := make([]bool, nx*ny)
	at := func(i int) pt { return pt{b.x0 + int64(i%nx)*sx + sx/2, b.y0 + int64(i/nx)*sy + sy/2} }
	for i := range open {
		q := at(i)
		open[i] = inRings(p.rings, float64(q.x)+0.5, float64(q.y)+0.5)
	}
	p.town.bins.near(b, func(n int) {
		house := p.town.houses[n]
		for y := max(0, int((house.box.y0-b.y0)/sy)-1); y <= min(ny-1, int((house.box.y1-b.y0)/sy)+1); y++ {
			for x := max(0, int((house.box.x0-b.x0)/sx)-1); x <= min(nx-1, int((house.box.x1-b.x0)/sx)+1); x++ {
				q := at(y*nx + x)
				if inRings([][]pt{house.ring}, float64(q.x)+0.5, float64(q.y)+0.5) {
					open[y*nx+x] = false
				}
			}
		}
	})
	tried := 0
	for _, c := range straight {
		if share, ok := p.share(c[:]); !ok || share < 0.25 || share > 0.75 {
			continue
		}
		if tried++; tried > 6 {
			return nil
		}
		if line := p.way(c, open, nx, ny, at, step); line != nil {
			return line
		}
	}
	return nil
}

// way searches from the line's beginning to its end.
func (p *plot) way(c [2]pt, open []bool, nx, ny int, at func(int) pt, step float64) []pt {
	nearest := func(q pt) int {
		best, d := -1, 4*step
		for i, o := range open {
			if o {
				if e := distM(at(i), q); e < d && p.town.free(seg{a: at(i), b: q}) && p.clear(at(i), q) {
					best, d = i, e
				}
			}
		}
		return best
	}
	from, to := nearest(c[0]), nearest(c[1])
	if from < 0 || to < 0 {
		return nil
	}
	cost := make([]float64, len(open))
	back := make([]int, len(open))
	for i := range cost {
		cost[i], back[i] = math.Inf(1), -1
	}
	length := distM(c[0], c[1])
	off := func(q pt) float64 {
		mx, my := metres(float64(q.y))
		return math.Abs(float64(c[1].x-c[0].x)*float64(q.y-c[0].y)-float64(c[1].y-c[0].y)*float64(q.x-c[0].x)) * mx * my / length
	}
	cost[from] = 0
	queue := &stepHeap{{0, from}}
	for queue.Len() > 0 {
		s := heap.Pop(queue).(stepTo)
		if s.at == to {
			break
		}
		x, y := s.at%nx, s.at/nx
		for dy := -1; dy <= 1; dy++ {
			for dx := -1; dx <= 1; dx++ {
				i, j := x+dx, y+dy
				if dx == 0 && dy == 0 || i < 0 || j < 0 || i >= nx || j >= ny || !open[j*nx+i] {
					continue
				}
				n := j*nx + i
				k := cost[s.at] + step*math.Hypot(float64(dx), float64(dy))*(1+off(at(n))/(0.15*length+10))
				if k < cost[n] {
					cost[n], back[n] = k, s.at
					heap.Push(queue, stepTo{k + distM(at(n), at(to)), n})
				}
			}
		}
	}
	if back[to] < 0 {
		return nil
	}
	line := []pt{c[1]}
	for i := to; i >= 0; i = back[i] {
		line = append(line, at(i))
	}
	line = append(line, c[0])
	line = p.pulled(line)
	for i := 1; i < len(line); i++ {
		if !p.town.free(seg{a: line[i-1], b: line[i]}) {
			return nil
		}
	}
	if share, ok := p.share(line); !ok || share < 0.2 || share > 0.8 {
		return nil
	}
	return line
}

// pulled leaves out the corners of a line that it does not need.
func (p *plot) pulled(line []pt) []pt {
	out := line[:1:1]
	for i := 0; i < len(line)-1; {
		j := len(line) - 1
		for ; j > i+1; j-- {
			if p.town.free(seg{a: line[i], b: line[j]}) && p.clear(line[i], line[j]) {
				break
			}
		}
		out = append(out, line[j])
		i = j
	}
	return out
}

// clear says whether the straight way keeps inside the plot.
func (p *plot) clear(a, b pt) bool {
	s := seg{a: a, b: b}
	for _, ring := range p.rings {
		for i, u := range ring {
			v := ring[(i+1)%len(ring)]
			if _, bad := crossing(s, seg{a: u, b: v}); bad {
				return false
			}
			if u != a && u != b && passes(s, u) {
				return false
			}
		}
	}
	return true
}

type stepTo struct {
	cost float64
	at   int
}

type stepHeap []stepTo

func (h stepHeap) Len() int { return len(h) }
func (h stepHeap) Less(i, j int) bool {
	return h[i].cost < h[j].cost || h[i].cost == h[j].cost && h[i].at < h[j].at
}
func (h stepHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *stepHeap) Push(x any)   { *h = append(*h, x.(stepTo)) }
func (h *stepHeap) Pop() any {
	old := *h
	x := old[len(old)-1]
	*h = old[:len(old)-1]
	return x
}
