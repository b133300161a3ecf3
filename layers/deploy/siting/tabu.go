package siting

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
)

// A hunt is one line of tabu search: always the best swap that is not
// forbidden, forbidden being to undo what was done lately (Glover 1989).
type hunt struct {
	f    field
	rnd  *rand.Rand
	open []int32 // candidates that may be in a better plan
	// plain: what moves are worth is what they change the value by, for there
	// are no conditions.
	plain bool
	best  best
}

// best is the best plan met: that misses the conditions least, then by value.
type best struct {
	posts []int32
	short float64
	value float64
}

// before says whether a is better than b.
func (a best) before(b best) bool {
	if b.posts == nil {
		return a.posts != nil
	}
	if a.posts == nil {
		return false
	}
	if a.short != b.short {
		return a.short < b.short
	}
	return a.value > b.value
}

func (h *hunt) look() bool {
	now := best{posts: h.f.table().slots, short: h.f.short(), value: h.f.value()}
	if !now.before(h.best) {
		return false
	}
	now.posts = slices.Clone(now.posts)
	h.best = now
	return true
}

// run hunts until effort steps are spent, from where the field stands; after a
// while without a better plan it starts again from one of starts, or from the
// best one shaken. enough ends it early.
func (h *hunt) run(ctx context.Context, effort int64, starts [][]int32, enough func(best) bool) {
	t := h.f.table()
	end := t.steps + effort
	inTill := make([]int64, t.m) // not to be put in before that round
	outTill := make([]int64, len(t.slots))
	movable := 0
	for s := range t.slots {
		if !t.fixed[s] {
			movable++
		}
	}
	if movable == 0 || len(h.open) == 0 {
		h.look()
		return
	}
	h.look()
	var idle int64
	patience := int64(60 + 8*movable)
	shaken := 0
	for round := int64(1); t.steps < end && ctx.Err() == nil; round++ {
		s, j := h.move(round, inTill, outTill)
		if s < 0 {
			idle = patience
		} else {
			old := t.slots[s]
			h.f.put(s, j)
			if old >= 0 {
				inTill[old] = round + 4 + int64(h.rnd.IntN(4+movable/2))
			}
			outTill[s] = round + 1 + int64(h.rnd.IntN(2+movable/4))
			if h.look() {
				idle, shaken = 0, 0
				if enough(h.best) {
					return
				}
			} else {
				idle++
			}
		}
		if round%25 == 0 && h.f.reprice() {
			continue
		}
		if idle >= patience {
			idle = 0
			shaken++
			if len(starts) > 0 {
				to(h.f, starts[0])
				starts = starts[1:]
			} else {
				to(h.f, h.best.posts)
				h.shake(2 + h.rnd.IntN(min(movable, 3+shaken)))
			}
			clear(inTill)
			clear(outTill)
			h.look()
		}
	}
}

// move finds the best swap that is allowed; s is -1 where there is none.
func (h *hunt) move(round int64, inTill, outTill []int64) (s int, j int32) {
	t := h.f.table()
	s, j = -1, -1
	bestWorth := 0.0
	// A forbidden swap is taken where it leads to more than was ever met.
	now, record := h.f.value(), h.best.value
	for slot := range t.slots {
		if t.fixed[slot] {
			continue
		}
		held := outTill[slot] > round
		base := -t.loss[slot]
		line := t.extra[slot*t.m : (slot+1)*t.m]
		own := t.slots[slot]
		for _, c := range h.open {
			w := base + t.gain[c] + line[c]
			if s >= 0 && w <= bestWorth || c == own || t.at[c] >= t.stack {
				continue
			}
			if (held || inTill[c] > round) && !(h.plain && now+w > record+tiny*math.Abs(record)) {
				continue
			}
			s, j, bestWorth = slot, c, w
		}
	}
	t.steps += int64(len(t.slots) * len(h.open))
	return s, j
}

// shake moves n units anywhere.
func (h *hunt) shake(n int) {
	t := h.f.table()
	for range n {
		s := h.rnd.IntN(len(t.slots))
		c := h.open[h.rnd.IntN(len(h.open))]
		if !t.fixed[s] && t.at[c] < t.stack {
			h.f.put(s, c)
		}
	}
}
