package linkage

import (
	"maps"
	"slices"
)

// Who is left over: a house where, after all other links, each register has
// exactly one establishment that nobody claimed, under different names. It
// was renamed, or one took the place of the other, and names cannot tell.
// How often it is chance the registers do tell: establishments that are
// linked have their counterpart, so a further one left over at their house is
// there by chance, at the rate h. Of u establishments of the right register
// without counterpart u·h are expected to have one left over at their house;
// if v have, then the share of chance among them is u·h/v. Both counts
// are taken one worse than they are, so that few cases prove nothing.

// house is who is at one address.
type house struct {
	left, right         map[string][]*entry // by [entry.house]: an establishment's entries
	freeLeft, freeRight []string            // those without a link
}

// leftOver adds pairs of establishments that are left over at the same house.
// pairs are those found so far; pairs to review that concern a new link go.
func (p *prepared) leftOver(pairs []Pair, left, right []Record, o Options, w Weights) []Pair {
	by := decisions(o.Decided)
	houses := p.houses(pairs, left, right, by)
	v, chance := expected(houses)
	if v == 0 {
		return pairs
	}
	score := 1 - (chance+1)/(float64(v)+2)
	if score < o.ReviewAt {
		return pairs
	}
	verdict := Review
	if score >= o.LinkAt {
		verdict = Link
	}
	var found []Pair
	done := map[string]bool{} // left keys
	for _, site := range slices.Sorted(maps.Keys(houses)) {
		h := houses[site]
		if len(h.freeLeft) != 1 || len(h.freeRight) != 1 {
			continue
		}
		r := h.right[h.freeRight[0]][0]
		for _, l := range h.left[h.freeLeft[0]] {
			reasons, _ := w.compare(l, r, p.onRight)
			if slices.ContainsFunc(reasons, func(r Reason) bool { return r.Field == "code" || r.Field == "number" && r.Level == Different }) {
				continue // what codes say is said
			}
			if o.Shape == OneToOne && len(l.rows)+len(r.rows)+len(h.left[h.freeLeft[0]]) > 3 {
				continue // which of them?
			}
			reasons = append(reasons, Reason{Field: "house", Level: Same, Bits: 0, Count: v})
			key := right[r.rows[0]].Key
			for _, row := range l.rows {
				if k := left[row].Key; !by.left[k].not[key] {
					found = append(found, Pair{Key: Key{k, key}, Verdict: verdict, Score: score, Rank: 1, Reasons: reasons})
					done[k] = true
				}
			}
		}
	}
	pairs = slices.DeleteFunc(pairs, func(p Pair) bool { return done[p.Left] && p.Verdict == Review })
	return append(pairs, found...)
}

// houses says who is at each address, and who of them is without a link.
func (p *prepared) houses(pairs []Pair, left, right []Record, by saidOf) map[string]*house {
	linkedLeft, linkedRight := map[string]bool{}, map[string]bool{}
	for _, pair := range pairs {
		if pair.Verdict == Link {
			linkedLeft[pair.Left], linkedRight[pair.Right] = true, true
		}
	}
	houses := map[string]*house{}
	at := func(site string) *house {
		h := houses[site]
		if h == nil {
			h = &house{left: map[string][]*entry{}, right: map[string][]*entry{}}
			houses[site] = h
		}
		return h
	}
	for _, e := range p.left {
		if e.site != "" && e.house != "" {
			h := at(e.site)
			h.left[e.house] = append(h.left[e.house], e)
		}
	}
	for _, e := range p.right {
		if h := houses[e.site]; h != nil && e.site != "" && e.house != "" {
			h.right[e.house] = append(h.right[e.house], e)
		}
	}
	free := func(of map[string][]*entry, rows []Record, linked map[string]bool, said map[string]said) []string {
		var out []string
		for _, name := range slices.Sorted(maps.Keys(of)) {
			if !slices.ContainsFunc(of[name], func(e *entry) bool {
				return slices.ContainsFunc(e.rows, func(row int) bool { return linked[rows[row].Key] || said[rows[row].Key].same })
			}) {
				out = append(out, name)
			}
		}
		return out
	}
	for _, h := range houses {
		h.freeLeft, h.freeRight = free(h.left, left, linkedLeft, by.left), free(h.right, right, linkedRight, by.right)
	}
	return houses
}

// expected counts the houses with one left over on each side, and how many of
// them chance would make.
func expected(houses map[string]*house) (v int, chance float64) {
	var claimed, besides, unclaimed int
	for _, h := range houses {
		n := len(h.right) - len(h.freeRight)
		claimed += n
		if len(h.freeLeft) == 1 {
			besides += n
		}
		unclaimed += len(h.freeRight)
		if len(h.freeLeft) == 1 && len(h.freeRight) == 1 {
			v++
		}
	}
	return v, float64(unclaimed) * float64(besides+1) / float64(claimed+1)
}
