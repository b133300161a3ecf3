package siting

import "math"

// spare places again the units of a maximal covering plan that nothing hangs
// on: all they cover is covered by others too. The model is content with them
// anywhere; people are better off where they bring help sooner. Each goes to
// the candidate from which the time to demand falls most. Nothing that was
// covered is lost: a unit more anywhere never covers less.
func (p *Problem) spare(posts []int) []int {
	out := append([]int{}, posts...)
	fixed := map[int]int{}
	for _, j := range p.Fixed {
		fixed[j]++
	}
	for s, j := range out {
		if fixed[j] > 0 {
			fixed[j]--
			continue
		}
		if !p.needless(out, s) {
			continue
		}
		out[s] = p.quickest(out, s)
	}
	return out
}

// needless says whether all that unit s covers is covered by others.
func (p *Problem) needless(posts []int, s int) bool {
	must := map[int]bool{}
	for _, i := range p.Must {
		must[i] = true
	}
	for i, d := range p.Demand {
		if d == 0 && !must[i] || float64(p.Seconds[posts[s]][i]) > p.Within {
			continue
		}
		alone := true
		for k, j := range posts {
			if k != s && float64(p.Seconds[j][i]) <= p.Within {
				alone = false
				break
			}
		}
		if alone {
			return false
		}
	}
	return true
}

// quickest is the candidate where unit s, beside the others, makes the sum of
// demand times seconds least; candidates that have a unit are left out.
func (p *Problem) quickest(posts []int, s int) int {
	now := make([]float64, len(p.Demand)) // seconds from the others
	taken := map[int]bool{}
	for i := range now {
		now[i] = math.Inf(1)
	}
	for k, j := range posts {
		if k == s {
			continue
		}
		taken[j] = true
		for i, t := range p.Seconds[j] {
			now[i] = min(now[i], float64(t))
		}
	}
	longest := max(p.Longest, 4*p.Within)
	best, most := posts[s], -1.0
	for j, row := range p.Seconds {
		if taken[j] {
			continue
		}
		saved := 0.0
		for i, t := range row {
			if had := min(now[i], longest); float64(t) < had {
				saved += p.Demand[i] * (had - float64(t))
			}
		}
		if saved > most || saved == most && j == posts[s] {
			best, most = j, saved
		}
	}
	return best
}
