package model

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// Reasons of a line of the list.
const (
	ForRisk    = "risk"
	ForOverdue = "overdue" // its legal term has passed
	ForAudit   = "random"  // drawn from all places alike
	ForLongest = "longest" // longest without an inspection: where there is no model to say more
)

// A Candidate may be put on the list.
type Candidate struct {
	Place   int     // the caller's number
	Score   float64 // fires to be expected; ignored where there is no model
	Overdue float64 // days since its legal term passed; 0 or less: it has not, or there is none
	Unseen  float64 // days since its last inspection; +Inf: never
}

// Wanted says how the lines are shared out.
type Wanted struct {
	Lines   int
	Random  float64 // share drawn from all, 0.05 to 0.10; 0: 0.08
	Overdue float64 // of the rest, the most that may go to the overdue, 0 to 1
	Seed    uint64
	NoModel bool // the model is withheld: overdue, then longest without an inspection
}

// A Pick is a line of the list.
type Pick struct {
	Place  int
	Reason string
	Chance float64 // of ForAudit: with which probability it was drawn
}

// Choose picks the lines. The audit is drawn first and from all candidates,
// whatever their score: only so its findings say how good the scores are, and
// a place that was never looked at can be found. Then come the overdue, those
// with the longest delay first, then the highest scores.
//
// It returns an error that names the field where a share is out of its range.
func Choose(all []Candidate, w Wanted) ([]Pick, error) {
	if w.Random == 0 {
		w.Random = 0.08
	}
	switch {
	case w.Lines < 1:
		return nil, fmt.Errorf("lines: %d: at least 1", w.Lines)
	case !(w.Random >= 0.05 && w.Random <= 0.10):
		return nil, fmt.Errorf("random: %g: 0.05 to 0.10; a list without a random audit cannot be checked", w.Random)
	case !(w.Overdue >= 0 && w.Overdue <= 1):
		return nil, fmt.Errorf("overdue: %g: 0 to 1", w.Overdue)
	}
	lines := min(w.Lines, len(all))
	if lines == 0 {
		return nil, nil
	}
	draw := max(1, int(math.Ceil(w.Random*float64(lines)-1e-9)))
	if lines == 1 {
		draw = 0 // one line is no list
	}
	// A copy in the order of the numbers: the draw depends on seed and candidates, not on how they came.
	pool := slices.Clone(all)
	slices.SortFunc(pool, func(a, b Candidate) int { return cmp.Compare(a.Place, b.Place) })
	r := rand.New(rand.NewPCG(w.Seed, 0x6175646974))
	r.Shuffle(len(pool), func(i, j int) { pool[i], pool[j] = pool[j], pool[i] })
	var out []Pick
	for _, c := range pool[:draw] {
		out = append(out, Pick{c.Place, ForAudit, float64(draw) / float64(len(all))})
	}
	rest := pool[draw:]
	slices.SortFunc(rest, func(a, b Candidate) int {
		return cmp.Or(cmp.Compare(math.Max(b.Overdue, 0), math.Max(a.Overdue, 0)), cmp.Compare(b.Score, a.Score), cmp.Compare(mixed(a.Place), mixed(b.Place)))
	})
	late := 0
	for late < len(rest) && rest[late].Overdue > 0 {
		late++
	}
	late = min(late, int(math.Round(w.Overdue*float64(lines-draw))))
	for _, c := range rest[:late] {
		out = append(out, Pick{Place: c.Place, Reason: ForOverdue})
	}
	rest = rest[late:]
	slices.SortFunc(rest, func(a, b Candidate) int {
		if w.NoModel {
			return cmp.Or(cmp.Compare(math.Max(b.Overdue, 0), math.Max(a.Overdue, 0)), cmp.Compare(b.Unseen, a.Unseen), cmp.Compare(mixed(a.Place), mixed(b.Place)))
		}
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(mixed(a.Place), mixed(b.Place)))
	})
	for _, c := range rest[:min(lines-len(out), len(rest))] {
		p := Pick{Place: c.Place, Reason: ForRisk}
		if w.NoModel {
			p.Reason = ForLongest
			if c.Overdue > 0 {
				p.Reason = ForOverdue
			}
		}
		out = append(out, p)
	}
	return out, nil
}
