package linkage

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
)

// Options are how two registers are matched. The zero value of a number means
// its default.
type Options struct {
	Shape    Shape
	LinkAt   float64 // probability from which a pair is linked; default 0.95
	ReviewAt float64 // probability of there being a counterpart from which a person is asked; default 0.5
	Weights  *Weights
	Areas    map[string]bool // names of divisions without their last character, as names carry them in front
	// Decided is what people said of pairs: true the same, false not. It holds
	// whatever the fields say: those that are the same are links, with the score
	// that the fields would give, those that are not are in no pair.
	Decided map[Key]bool
}

// A Result is what became of two registers.
type Result struct {
	Pairs    []Pair // links and pairs to review, by left key, the best first
	Compared int    // pairs of distinct content that were compared
}

// scored is a candidate with what was found.
type scored struct {
	right   int32 // of prepared.right
	odds    float64
	reasons []Reason
}

// kept are how many candidates of a row stay in play, and from which odds.
const (
	keptCandidates = 12
	keptOdds       = -7.0
)

// Match finds which rows of two registers are the same establishment. It
// returns an error for keys that are empty or stand twice, and where ctx ends
// before it is done. The same input gives the same result.
func Match(ctx context.Context, left, right []Record, o Options) (Result, error) {
	if o.LinkAt == 0 {
		o.LinkAt = 0.95
	}
	if o.ReviewAt == 0 {
		o.ReviewAt = 0.5
	}
	if o.Shape != OneToOne && o.Shape != ManyToOne {
		return Result{}, fmt.Errorf("shape %q: one_to_one or many_to_one", o.Shape)
	}
	w := DefaultWeights()
	if o.Weights != nil {
		w = *o.Weights
	}
	p, err := prepare(left, right, o.Areas)
	if err != nil {
		return Result{}, err
	}
	found, compared, err := p.compareAll(ctx, w)
	if err != nil {
		return Result{}, err
	}
	var pairs []Pair
	if o.Shape == OneToOne {
		pairs = p.oneToOne(found, left, right, o)
	} else {
		pairs = p.manyToOne(found, left, right, o)
	}
	pairs = p.leftOver(pairs, left, right, o, w)
	pairs = append(pairs, p.byPeople(left, right, o, w)...)
	slices.SortFunc(pairs, func(a, b Pair) int {
		return cmp.Or(cmp.Compare(a.Left, b.Left), cmp.Compare(a.Rank, b.Rank), cmp.Compare(b.Score, a.Score), cmp.Compare(a.Right, b.Right))
	})
	return Result{Pairs: pairs, Compared: compared}, ctx.Err()
}

// compareAll compares each left entry with its candidates, on all cores.
func (p *prepared) compareAll(ctx context.Context, w Weights) (found [][]scored, compared int, err error) {
	x := newIndex(p.right, p.lexicon)
	found = make([][]scored, len(p.left))
	var next, count atomic.Int64
	var wait sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wait.Go(func() {
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= len(p.left) {
					return
				}
				ids := x.candidates(p.left[i])
				count.Add(int64(len(ids)))
				found[i] = p.score(p.left[i], ids, w)
			}
		})
	}
	wait.Wait()
	return found, int(count.Load()), ctx.Err()
}

// score compares one left entry with its candidates and keeps the best.
func (p *prepared) score(e *entry, ids []int32, w Weights) []scored {
	var out []scored
	for _, id := range ids {
		reasons, bits := w.compare(e, p.right[id], p.onRight)
		if odds := w.odds(bits, len(p.right)); odds >= keptOdds {
			out = append(out, scored{id, odds, reasons})
		}
	}
	slices.SortFunc(out, func(a, b scored) int {
		return cmp.Or(cmp.Compare(b.odds, a.odds), cmp.Compare(a.right, b.right))
	})
	return out[:min(len(out), keptCandidates)]
}

// among is the probability of the i-th of rivals that cannot all be right.
// Rivals of one house are one establishment with several rows, and do not
// take anything from each other. It also counts those that fit about as well.
func among(i int, odds []float64, houses []string) (p float64, rivals int) {
	own := math.Exp2(min(odds[i], 60))
	rest := 1.0
	best := map[string]float64{}
	for j, o := range odds {
		if j == i || houses[j] != "" && houses[j] == houses[i] {
			continue
		}
		key := houses[j]
		if key == "" {
			key = fmt.Sprint("\x00", j)
		}
		best[key] = max(best[key], math.Exp2(min(o, 60)))
		if o > odds[i]-5 {
			rivals++
		}
	}
	for _, b := range slices.Sorted(mapValues(best)) {
		rest += b
	}
	return own / (own + rest), rivals
}

func mapValues(m map[string]float64) func(yield func(float64) bool) {
	return func(yield func(float64) bool) {
		for _, v := range m {
			if !yield(v) {
				return
			}
		}
	}
}

// byPeople are the pairs that people linked, where both rows are there.
func (p *prepared) byPeople(left, right []Record, o Options, w Weights) []Pair {
	if len(o.Decided) == 0 {
		return nil
	}
	entriesOf := func(entries []*entry, rows []Record) map[string]*entry {
		m := make(map[string]*entry, len(rows))
		for _, e := range entries {
			for _, row := range e.rows {
				m[rows[row].Key] = e
			}
		}
		return m
	}
	lefts, rights := entriesOf(p.left, left), entriesOf(p.right, right)
	var pairs []Pair
	for key, same := range o.Decided {
		l, r := lefts[key.Left], rights[key.Right]
		if !same || l == nil || r == nil {
			continue
		}
		reasons, bits := w.compare(l, r, p.onRight)
		pairs = append(pairs, Pair{Key: key, Verdict: Link, Score: probability(w.odds(bits, len(p.right))), Rank: 1, Reasons: reasons})
	}
	return pairs
}

// withRivals adds what the rivals took to the reasons.
func withRivals(reasons []Reason, odds, p float64, rivals int) []Reason {
	lost := math.Round((math.Log2(p/(1-p))-odds)*10) / 10
	if rivals == 0 || lost > -0.1 || math.IsInf(lost, 0) || math.IsNaN(lost) {
		return reasons
	}
	return append(slices.Clip(reasons), Reason{Field: "rivals", Level: Partly, Bits: lost, Count: rivals})
}
