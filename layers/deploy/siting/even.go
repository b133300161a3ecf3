package siting

import (
	"math/rand/v2"
	"slices"
)

// even moves units until none serves more demand than the balance allows, or
// no move helps: it first lessens what the most loaded units serve too much,
// then wins back the value. The bound is that of the problem without the
// balance, and so still holds.
func (p *Problem) even(posts []int32, rnd *rand.Rand) []int32 {
	now := slices.Clone(posts)
	fixed := map[int32]int{}
	for _, j := range p.Fixed {
		fixed[int32(j)]++
	}
	state := p.rate(now)
	for range 60 {
		better := false
		for range 40 * len(now) {
			s := rnd.IntN(len(now))
			if n := fixed[now[s]]; n > 0 && count(now, now[s]) <= n {
				continue
			}
			j := p.near(now, state, rnd)
			if count(now, j) >= p.stack() {
				continue
			}
			old := now[s]
			now[s] = j
			if r := p.rate(now); r.before(state) {
				state, better = r, true
			} else {
				now[s] = old
			}
		}
		if !better {
			break
		}
	}
	return now
}

func count(posts []int32, j int32) (n int) {
	for _, k := range posts {
		if k == j {
			n++
		}
	}
	return n
}

// rating is how well a plan keeps to everything, and what it is worth.
type rating struct {
	over  float64 // demand above the balance
	unmet int     // other conditions
	value float64
	load  []float64
	post  []int
}

func (r rating) before(o rating) bool {
	if r.unmet != o.unmet {
		return r.unmet < o.unmet
	}
	if r.over != o.over {
		return r.over < o.over
	}
	return r.value > o.value
}

func (p *Problem) rate(posts []int32) rating {
	list := make([]int, len(posts))
	for i, j := range posts {
		list[i] = int(j)
	}
	e := p.Evaluate(list)
	r := rating{value: e.Value, load: e.Loads, post: e.Post}
	if p.Model == PMedian {
		r.value = -e.Value
	}
	for _, u := range e.Unmet {
		if u.What == "balance" {
			r.over += u.Has - u.Want
		} else {
			r.unmet++
		}
	}
	return r
}

// near is a candidate by a point that the most loaded unit serves, or any.
func (p *Problem) near(posts []int32, r rating, rnd *rand.Rand) int32 {
	if r.over > 0 && rnd.IntN(4) > 0 {
		worst := 0
		for s := range r.load {
			if r.load[s] > r.load[worst] {
				worst = s
			}
		}
		for range 30 {
			j := rnd.IntN(len(p.Seconds))
			i := rnd.IntN(len(p.Demand))
			if r.post[i] == worst && p.Seconds[j][i] < float32(p.Within) {
				return int32(j)
			}
		}
	}
	return int32(rnd.IntN(len(p.Seconds)))
}
