package linkage

import (
	"cmp"
	"slices"
)

// mostEqualRows is how many rows of equal content are told apart. More of them
// in a register with one row per establishment are a fault of the register.
const mostEqualRows = 20

// edge is a possible pair of rows.
type edge struct {
	left, right int // rows
	odds        float64
	score       float64
	rank        int
	rivals      int
	reasons     []Reason
}

// oneToOne finds the assignment of rows to rows that is the most probable as
// a whole. A pair's probability is the lesser of those among the left row's
// candidates and among the right row's.
func (p *prepared) oneToOne(found [][]scored, left, right []Record, o Options) []Pair {
	edges := p.edges(found, left, right, decisions(o.Decided))
	rate(edges)
	var pairs []Pair
	chosen := assign(edges, func(e edge) float64 { return e.odds - keptOdds + 1 })
	for i, e := range edges {
		key := Key{left[e.left].Key, right[e.right].Key}
		switch {
		case chosen[i] && e.score >= o.LinkAt:
			pairs = append(pairs, Pair{Key: key, Verdict: Link, Score: e.score, Rank: e.rank, Reasons: e.reasons})
		case e.score < 0.05 || e.rank > 3:
		default:
			pairs = append(pairs, Pair{Key: key, Verdict: Review, Score: e.score, Rank: e.rank, Reasons: withRivals(e.reasons, e.odds, e.score, e.rivals)})
		}
	}
	return worthAsking(pairs, o.ReviewAt)
}

// edges are all pairs of rows in play. Rows that a person linked are out of
// it, and so are pairs that a person refused.
func (p *prepared) edges(found [][]scored, left, right []Record, by saidOf) []edge {
	var out []edge
	for i, candidates := range found {
		le := p.left[i]
		for _, l := range le.rows[:min(len(le.rows), mostEqualRows)] {
			saidLeft := by.left[left[l].Key]
			if saidLeft.same {
				continue
			}
			for _, c := range candidates {
				re := p.right[c.right]
				for _, r := range re.rows[:min(len(re.rows), mostEqualRows)] {
					if key := right[r].Key; !saidLeft.not[key] && !by.right[key].same {
						out = append(out, edge{left: l, right: r, odds: c.odds, reasons: c.reasons})
					}
				}
			}
		}
	}
	return out
}

// rate gives each edge its probability and its rank.
func rate(edges []edge) {
	byLeft, byRight := map[int][]int{}, map[int][]int{}
	for i, e := range edges {
		byLeft[e.left] = append(byLeft[e.left], i)
		byRight[e.right] = append(byRight[e.right], i)
		edges[i].score = 1
	}
	for side, groups := range []map[int][]int{byLeft, byRight} {
		for _, ids := range groups {
			slices.SortFunc(ids, func(a, b int) int { return cmp.Or(cmp.Compare(edges[b].odds, edges[a].odds), cmp.Compare(a, b)) })
			odds, apart := make([]float64, len(ids)), make([]string, len(ids)) // each row is an establishment of its own
			for i, id := range ids {
				odds[i] = edges[id].odds
			}
			for i, id := range ids {
				e := &edges[id]
				score, rivals := among(i, odds, apart)
				if score < e.score {
					e.score, e.rivals = score, rivals
				}
				if side == 0 {
					e.rank = i + 1
				}
			}
		}
	}
}

// worthAsking drops the pairs to review of rows that are linked already, and
// of rows that probably have no counterpart.
func worthAsking(pairs []Pair, reviewAt float64) []Pair {
	leftDone, rightDone, any := map[string]bool{}, map[string]bool{}, map[string]float64{}
	for _, p := range pairs {
		if p.Verdict == Link {
			leftDone[p.Left], rightDone[p.Right] = true, true
		}
	}
	open := func(p Pair) bool { return !leftDone[p.Left] && !rightDone[p.Right] }
	for _, p := range pairs {
		if open(p) {
			any[p.Left] += p.Score
		}
	}
	return slices.DeleteFunc(pairs, func(p Pair) bool {
		return p.Verdict == Review && (!open(p) || any[p.Left] < reviewAt)
	})
}
