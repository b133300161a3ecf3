package model

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// Orders that places are put in, to be compared.
const (
	ByModel    = "model"
	ByFires    = "prior_fires"       // most fires at the place and around it before
	ByUnseen   = "longest_unvisited" // longest without an inspection
	ByGrade    = "grade"             // the department's four colours, as inspections had given them
	ByChance   = "random"            // what any order without knowledge gives
	samples    = 1000                // of a bootstrap
	enoughSeen = 20                  // fires to judge by
)

// Shares are at which parts of all places the curve of an order is told.
var Shares = []float64{0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 1}

// A Trial is how good the orders were on days that had come to pass: each
// split fits on what was known on its day and looks at the fires after it.
type Trial struct {
	Splits   []Split `json:"splits" nullable:"false" doc:"The days that were played again"`
	Fires    int     `json:"fires" doc:"Fires after the days of all splits"`
	AtPlaces int     `json:"at_places" doc:"Those of them that are of a place"`
	K        int     `json:"k" doc:"How many places a crew can visit within the horizon"`
	Places   int     `json:"places"`
	Orders   []Order `json:"orders" nullable:"false" doc:"The model first, then orders that need none; that by grade is left out where no grade was dated by then"`
	Passed   bool    `json:"passed" doc:"The model may be used"`
	Why      string  `json:"why" doc:"Why not: few, no_lift, worse; empty where it passed"`
}

// A Split is one day that was played again.
type Split struct {
	Day   float64 `json:"day" doc:"Since 1970-01-01"`
	Until float64 `json:"until" doc:"Fires up to this day are looked for"`
	Fires int     `json:"fires" doc:"At places, after the day"`
	Found int     `json:"found" doc:"Of them at the k first places of the model"`
}

// An Order is how one way of ordering the places did, over all splits.
type Order struct {
	Name     string    `json:"name" enum:"model,prior_fires,longest_unvisited,grade,random"`
	Recall   float64   `json:"recall" doc:"Share of the fires that happened at the k first places"`
	Low      float64   `json:"low" doc:"Of recall, 95 %, by a bootstrap over fires"`
	High     float64   `json:"high"`
	Lift     float64   `json:"lift" doc:"Recall over what chance gives"`
	AUC      float64   `json:"auc" doc:"Probability that a place with a fire stands before one without"`
	Curve    []float64 `json:"curve" nullable:"false" doc:"Recall at 0.5, 1, 2, 5, 10, 20, 30, 50 and 100 % of the places"`
	LessLow  float64   `json:"less_low" doc:"Model's recall less this one's, 95 %, paired"`
	LessHigh float64   `json:"less_high"`
}

// Evaluate plays past days again: the last splits that fit into the history,
// each one test window of width days after the other, none overlapping. A split
// whose model cannot be fitted for lack of fires is left out. k is how many
// places can be visited. It returns an error wrapping [ErrFew] where no split is left.
func Evaluate(ctx context.Context, places []Place, fires []Fire, until, width float64, splits, k int, seed uint64, p Params) (Trial, error) {
	p = p.WithDefaults()
	fires = sortedFires(fires)
	t := Trial{K: min(max(k, 1), len(places)), Places: len(places)}
	// ranks[order][fire] are the mean places of the fires in each order, of all
	// splits; a fire of several places counts by its best.
	names := []string{ByModel, ByFires, ByUnseen, ByGrade}
	found := make([][]int, len(names)) // rank of each fire, from 0
	auc := make([][]float64, len(names))
	at := attribute(points(places), fires, p.NearM)
	var few error
	graded := false // by anybody on any of the days: without that it is no order
	for s := splits; s >= 1; s-- {
		day := until - float64(s)*width
		m, err := Fit(ctx, places, fires, day, p)
		if errors.Is(err, ErrFew) {
			few = err
			continue
		}
		if err != nil {
			return Trial{}, err
		}
		sp := Split{Day: day, Until: day + width}
		known := m.design.describe(places, fires, day, p)
		graded = graded || slices.ContainsFunc(known, func(r raw) bool { return r.grade > 0 })
		orders := [][]int{byScore(m.Score(places, fires)), byFires(known), byUnseen(known), byGrade(known)}
		rank := make([][]int, len(orders))
		for o := range orders {
			rank[o] = make([]int, len(places))
			for r, i := range orders[o] {
				rank[o][i] = r
			}
		}
		struck := map[int]bool{}
		for n, f := range fires {
			if f.Day <= day || f.Day > sp.Until {
				continue
			}
			t.Fires++
			if len(at[n]) == 0 {
				continue
			}
			sp.Fires++
			for _, h := range at[n] {
				struck[h.place] = true
			}
			for o := range orders {
				best := len(places)
				for _, h := range at[n] {
					best = min(best, rank[o][h.place])
				}
				found[o] = append(found[o], best)
				if o == 0 && best < t.K {
					sp.Found++
				}
			}
		}
		for o := range orders {
			auc[o] = append(auc[o], areaUnder(rank[o], struck))
		}
		t.AtPlaces += sp.Fires
		t.Splits = append(t.Splits, sp)
	}
	if len(t.Splits) == 0 {
		if few == nil {
			few = ErrFew
		}
		return t, fmt.Errorf("no past day can be played again: %w", few)
	}
	if !graded {
		names, found, auc = names[:3], found[:3], auc[:3]
	}
	t.Orders = t.compare(names, found, auc, seed)
	t.judge()
	return t, nil
}

func (t Trial) compare(names []string, found [][]int, auc [][]float64, seed uint64) []Order {
	chance := float64(t.K) / float64(t.Places)
	n := t.AtPlaces
	recall := func(o int, pick []int) float64 {
		hits := 0
		for _, i := range pick {
			if found[o][i] < t.K {
				hits++
			}
		}
		return float64(hits) / float64(max(1, len(pick)))
	}
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	r := rand.New(rand.NewPCG(seed, 1))
	drawn := make([][]float64, len(names))
	less := make([][]float64, len(names))
	pick := make([]int, n)
	for range samples {
		for i := range pick {
			pick[i] = r.IntN(max(1, n))
		}
		for o := range names {
			v := recall(o, pick)
			drawn[o] = append(drawn[o], v)
			less[o] = append(less[o], drawn[0][len(drawn[0])-1]-v)
		}
	}
	var out []Order
	for o, name := range names {
		x := Order{Name: name, Recall: recall(o, all), Lift: recall(o, all) / chance}
		x.Low, x.High = middle95(drawn[o])
		x.LessLow, x.LessHigh = middle95(less[o])
		for _, a := range auc[o] {
			x.AUC += a / float64(len(auc[o]))
		}
		for _, s := range Shares {
			k, hits := int(math.Ceil(s*float64(t.Places))), 0
			for _, f := range found[o] {
				if f < k {
					hits++
				}
			}
			x.Curve = append(x.Curve, float64(hits)/float64(max(1, n)))
		}
		out = append(out, x)
	}
	even := Order{Name: ByChance, Recall: chance, Low: chance, High: chance, Lift: 1, AUC: 0.5, Curve: slices.Clone(Shares)}
	even.LessLow, even.LessHigh = out[0].Low-chance, out[0].High-chance
	return append(out, even)
}

// judge is the gate: the model may be used where there were enough fires to
// judge it, it surely finds more than chance, and no order that needs no model
// surely finds more than it.
func (t *Trial) judge() {
	t.Passed, t.Why = false, ""
	switch {
	case t.AtPlaces < enoughSeen:
		t.Why = "few"
		return
	case t.Orders[0].Low <= t.Orders[len(t.Orders)-1].Recall:
		t.Why = "no_lift"
		return
	}
	for _, o := range t.Orders[1:] {
		if o.LessHigh < 0 {
			t.Why = "worse"
			return
		}
	}
	t.Passed = true
}

func middle95(v []float64) (low, high float64) {
	slices.Sort(v)
	return v[len(v)*25/1000], v[len(v)*975/1000]
}

// areaUnder is the area under the ROC curve: Mann and Whitney's U of the ranks
// of the places that burnt.
func areaUnder(rank []int, struck map[int]bool) float64 {
	a, b := float64(len(struck)), float64(len(rank)-len(struck))
	if a == 0 || b == 0 {
		return 0.5
	}
	sum := 0.0
	for i := range struck {
		sum += float64(rank[i] + 1)
	}
	return 1 - (sum-a*(a+1)/2)/(a*b)
}

func byScore(s []Score) []int {
	out := make([]int, len(s))
	for r, x := range s {
		out[r] = x.Place
	}
	return out
}

// sortBy orders places by the larger values, ties by a hash.
func sortBy(n int, values ...func(i int) float64) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	slices.SortFunc(out, func(a, b int) int {
		for _, v := range values {
			if c := cmp.Compare(v(b), v(a)); c != 0 {
				return c
			}
		}
		return cmp.Compare(mixed(a), mixed(b))
	})
	return out
}

func byFires(known []raw) []int {
	return sortBy(len(known), func(i int) float64 { return known[i].here }, func(i int) float64 { return known[i].near }, func(i int) float64 { return known[i].wide })
}

func byUnseen(known []raw) []int {
	return sortBy(len(known), func(i int) float64 { return known[i].unseen })
}

func byGrade(known []raw) []int {
	return sortBy(len(known), func(i int) float64 {
		if known[i].grade == 0 {
			return -9
		}
		return -float64(known[i].grade)
	})
}
