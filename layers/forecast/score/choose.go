package score

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"slices"
)

// choose returns the cells that the rule flags. By score they are taken in the
// order of score, second score and a hash of their id, until they cover the
// area: the last one may go beyond it, and the result says the exact area.
// The hash favours no corner of the map, as the order of a file would.
func (f *Forecast) choose(r Rule, cityM2 float64) ([]int, error) {
	if r.Flags {
		var out []int
		for i, c := range f.cells {
			if c.Flagged {
				out = append(out, i)
			}
		}
		if len(out) == 0 {
			return nil, fmt.Errorf("%w: the forecast flags no cell", ErrInput)
		}
		return out, nil
	}
	target := r.AreaM2
	if r.Share > 0 {
		target = r.Share * cityM2
	}
	if !(target > 0) || !finite(target) {
		return nil, fmt.Errorf("%w: say how much of the city is looked at: an area or a share above zero", ErrInput)
	}
	if target > f.AreaM2()*(1+1e-9) {
		return nil, fmt.Errorf("%w: %.4g km² are to be looked at, and the cells cover %.4g km²: choose less", ErrInput, target/1e6, f.AreaM2()/1e6)
	}
	order := f.order(r)
	return order[:f.until(order, target)], nil
}

// until is how many cells of an order cover an area. What is left within a
// millionth of it is rounding, and needs no further cell.
func (f *Forecast) until(order []int, target float64) int {
	var sum float64
	for i, c := range order {
		if sum >= target*(1-1e-6) {
			return i
		}
		sum += f.space.AreaM2(c)
	}
	return len(order)
}

func (f *Forecast) order(r Rule) []int {
	order, hash := make([]int, len(f.cells)), make([]uint64, len(f.cells))
	for i, c := range f.cells {
		h := fnv.New64a()
		_, _ = h.Write([]byte(c.ID)) // a hash never fails
		order[i], hash[i] = i, h.Sum64()
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(f.rank(b, r), f.rank(a, r)), cmp.Compare(f.cells[b].Second, f.cells[a].Second), cmp.Compare(hash[a], hash[b]), cmp.Compare(a, b))
	})
	return order
}

func (f *Forecast) rank(c int, r Rule) float64 {
	if r.Density {
		return f.cells[c].Score / f.space.AreaM2(c)
	}
	return f.cells[c].Score
}

// ties counts cells that are as good as the last one chosen, but were not.
func (f *Forecast) ties(chosen []int, r Rule) int {
	last := chosen[len(chosen)-1]
	as := func(c int) bool {
		return f.rank(c, r) == f.rank(last, r) && f.cells[c].Second == f.cells[last].Second
	}
	n := 0
	for c := range f.cells {
		if as(c) {
			n++
		}
	}
	for _, c := range chosen {
		if as(c) {
			n--
		}
	}
	return n
}

// best is n*, the most events that who knows the outcome finds: in as many cells
// as were flagged, which is how the entries of the NIJ challenge were judged.
// Where cells of unlike size are ranked by density it is the most in the same
// area instead, cells being taken by events a square metre while they fit.
func (f *Forecast) best(counts []int, chosen int, areaM2 float64, r Rule) int {
	var order []int
	for c, n := range counts {
		if n > 0 {
			order = append(order, c)
		}
	}
	worth := func(c int) float64 { return float64(counts[c]) }
	if r.Density {
		worth = func(c int) float64 { return float64(counts[c]) / f.space.AreaM2(c) }
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Or(cmp.Compare(worth(b), worth(a)), cmp.Compare(a, b)) })
	left, n := areaM2*(1+1e-6), 0
	for i, c := range order {
		a := f.space.AreaM2(c)
		if !r.Density && i < chosen || r.Density && a <= left {
			left -= a
			n += counts[c]
		}
	}
	return n
}
