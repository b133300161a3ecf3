package city

import (
	"hash/fnv"
	"math"
	"math/rand/v2"
)

// stream returns the random stream of one thing: of a subject by name, and of
// its n-th object. A stream depends on nothing that was drawn elsewhere, so a
// change in one subject leaves the others as they were.
func (c *City) stream(subject string, n int) *rand.Rand {
	h := fnv.New64a()
	h.Write([]byte(subject))
	return rand.New(rand.NewPCG(c.Seed^h.Sum64(), uint64(n)*0x9E3779B97F4A7C15+1))
}

// poisson draws a count with the given mean.
func poisson(r *rand.Rand, mean float64) int {
	if mean > 500 { // the normal approximation is within a fraction of a percent here
		return max(0, int(math.Round(mean+math.Sqrt(mean)*r.NormFloat64())))
	}
	// Knuth: multiply even numbers until their product falls below e^-mean.
	n, limit := 0, math.Exp(-mean)
	for p := r.Float64(); p > limit; p *= r.Float64() {
		n++
	}
	return n
}

// between draws evenly from [a, b).
func between(r *rand.Rand, a, b float64) float64 { return a + (b-a)*r.Float64() }

// pick draws one of a list.
func pick[T any](r *rand.Rand, of []T) T { return of[r.IntN(len(of))] }

// A wheel draws indexes in proportion to their weights.
type wheel struct{ sums []float64 }

func newWheel(n int, weight func(int) float64) wheel {
	w := wheel{make([]float64, n)}
	sum := 0.0
	for i := range n {
		sum += weight(i)
		w.sums[i] = sum
	}
	return w
}

// total is the sum of the weights.
func (w wheel) total() float64 {
	if len(w.sums) == 0 {
		return 0
	}
	return w.sums[len(w.sums)-1]
}

func (w wheel) draw(r *rand.Rand) int {
	x := r.Float64() * w.total()
	lo, hi := 0, len(w.sums)-1
	for lo < hi {
		mid := (lo + hi) / 2
		if w.sums[mid] > x {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	return lo
}
