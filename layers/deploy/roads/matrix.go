package roads

import (
	"context"
	"math"
	"runtime"
	"sync"
	"sync/atomic"
)

// Matrix returns the seconds from each place to each other one, as
// [from][to]; [Unreachable] where no road leads. It ends early with ctx's error.
func (g *Graph) Matrix(ctx context.Context, from, to []Place) ([][]float32, error) {
	return g.MatrixWithin(ctx, from, to, math.Inf(1))
}

// MatrixWithin is [Graph.Matrix] for times up to limit seconds: what is
// further may be [Unreachable] in it. It is much faster where the limit is
// short against the city.
func (g *Graph) MatrixWithin(ctx context.Context, from, to []Place, limit float64) ([][]float32, error) {
	ends := g.endsOf(to)
	out := make([][]float32, len(from))
	var next atomic.Int64
	var work sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(from)) {
		work.Go(func() {
			s := g.searches.Get().(*search)
			defer g.searches.Put(s)
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= len(from) {
					return
				}
				out[i] = g.row(s, from[i], to, ends, limit)
			}
		})
	}
	work.Wait()
	return out, ctx.Err()
}

// ends are the nodes from which a set of places is entered.
type ends struct {
	is    []bool
	count int
}

func (g *Graph) endsOf(to []Place) ends {
	e := ends{is: make([]bool, len(g.nodes))}
	mark := func(v int32) {
		if !e.is[v] {
			e.is[v] = true
			e.count++
		}
	}
	for _, p := range to {
		for _, d := range g.doors(p, false) {
			if !math.IsInf(d.seconds, 1) {
				mark(d.node)
			}
		}
	}
	return e
}

func (g *Graph) row(s *search, from Place, to []Place, e ends, limit float64) []float32 {
	s.begin()
	g.start(s, 0, from)
	left := e.count
	g.run(s, limit, func(v int32) bool {
		if e.is[v] {
			left--
		}
		return left == 0
	})
	row := make([]float32, len(to))
	for k, p := range to {
		seconds, _ := g.end(s, p)
		row[k] = float32(min(seconds, g.beside(from, p)))
	}
	return row
}

// Nearest returns for each place of to the seconds from the nearest of from and
// its number; [Unreachable] and -1 where none leads there. It is one search,
// however many posts there are.
func (g *Graph) Nearest(from, to []Place) (seconds []float32, which []int) {
	r := g.Reach(from, math.Inf(1))
	defer r.Close()
	seconds, which = make([]float32, len(to)), make([]int, len(to))
	for k, p := range to {
		seconds[k], which[k] = r.At(p)
	}
	return seconds, which
}
