package backtest

import (
	"math"
	"slices"

	"onemap/layers/forecast/hotspot"
)

// A ranking orders the cells of a space by what is expected of them a square
// metre, the most first. Counts have thousands of ties: they are broken by a
// kernel density, and then by a hash of the cell, which favours no corner. The
// uniform forecast, all of it one tie, gets the hash alone: it would else be
// that density.
type ranking struct {
	s     *hotspot.Space
	tie   []float64 // density that breaks ties, by cell
	hash  []uint64
	score []float64
	order []int32
	even  bool // every cell ties with every other
}

func newRanking(s *hotspot.Space) *ranking {
	r := &ranking{s: s, tie: make([]float64, s.Len()), hash: make([]uint64, s.Len()), score: make([]float64, s.Len()), order: make([]int32, s.Len())}
	for i := range r.hash {
		r.hash[i] = mix(uint64(i))
	}
	return r
}

// mix is the finaliser of splitmix64: neighbours become strangers.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// breakTies sets the expectation whose density breaks ties.
func (r *ranking) breakTies(expected []float64) {
	for i, v := range expected {
		r.tie[i] = v / r.s.AreaM2(i)
	}
}

// top returns cells in the order of what is expected, until they cover m2
// square metres. The slice holds until the next call.
func (r *ranking) top(expected []float64, m2 float64) []int32 {
	r.even = true
	for i, v := range expected {
		r.score[i] = v / r.s.AreaM2(i)
		r.order[i] = int32(i)
		r.even = r.even && math.Abs(r.score[i]-r.score[0]) <= 1e-12*r.score[0]
	}
	// Only what is flagged needs its order.
	n := min(len(r.order), 64)
	for {
		r.pick(n)
		var area float64
		for i, c := range r.order[:n] {
			if area += r.s.AreaM2(int(c)); area >= m2 {
				return r.order[:i+1]
			}
		}
		if n == len(r.order) {
			return r.order
		}
		n = min(len(r.order), 4*n)
	}
}

// pick brings the n highest cells to the front, in order.
func (r *ranking) pick(n int) {
	lo, hi := 0, len(r.order)
	for hi-lo > 24 && n < hi { // quickselect: afterwards order[:n] are the highest
		p := r.order[lo+(hi-lo)/2]
		i, j := lo, hi-1
		for i <= j {
			for r.compare(r.order[i], p) < 0 {
				i++
			}
			for r.compare(r.order[j], p) > 0 {
				j--
			}
			if i <= j {
				r.order[i], r.order[j] = r.order[j], r.order[i]
				i, j = i+1, j-1
			}
		}
		switch {
		case n <= j:
			hi = j + 1
		case n >= i:
			lo = i
		default:
			lo, hi = n, n
		}
	}
	if hi > lo && n < hi {
		slices.SortFunc(r.order[lo:hi], r.compare)
	}
	slices.SortFunc(r.order[:n], r.compare)
}

func (r *ranking) compare(a, b int32) int {
	switch {
	case r.score[a] != r.score[b] && !r.even:
		return higher(r.score[a], r.score[b])
	case r.tie[a] != r.tie[b] && !r.even:
		return higher(r.tie[a], r.tie[b])
	case r.hash[a] < r.hash[b]:
		return -1
	case r.hash[a] > r.hash[b]:
		return 1
	}
	return 0
}

func higher(a, b float64) int {
	if a > b {
		return -1
	}
	return 1
}
