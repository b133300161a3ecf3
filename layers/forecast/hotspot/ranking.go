package hotspot

import "math"

// A Ranking is an order in which cells are flagged. Expected counts are best
// for how many come; which few dozen cells of a city come first is a question
// of its own, and there the plain count of all history knows something that a
// mix of densities smooths away. The score of a cell is
//
//	pool^Keep · part^(1-Keep)
//
// of what the pool and one of its parts expect. The pool's own is of every
// pool, the last of them.
type Ranking struct {
	Name string  // stands in records and tables
	Part string  // the name of the part; not looked at where Keep is 1
	Keep float64 // from 0 to 1
	// UpTo is the share of the city up to which it is taken before anything was
	// learned: of several the first.
	UpTo float64
}

// Score writes the score of each cell into into. pool and part are what they
// expect of each cell; scores are by cell, as those are.
func (r Ranking) Score(pool, part, into []float64) {
	switch r.Keep {
	case 1:
		copy(into, pool)
	case 0:
		copy(into, part)
	default:
		for i, v := range pool {
			into[i] = 0
			if v > 0 && part[i] > 0 {
				into[i] = math.Exp(r.Keep*math.Log(v) + (1-r.Keep)*math.Log(part[i]))
			}
		}
	}
}
