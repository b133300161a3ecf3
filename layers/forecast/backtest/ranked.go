package backtest

import (
	"math"
	"slices"

	"onemap/layers/forecast/hotspot"
)

// Ranked says by which of the pool's rankings the cells of one area are
// flagged.
type Ranked struct {
	By      string         `json:"by"`      // after the last window: what a forecast made now is ranked by
	Windows map[string]int `json:"windows"` // how many windows each ranking was in force
	// Hits are those that each ranking would have had in all windows.
	Hits map[string]float64 `json:"hits"`
}

// A chooser chooses for each area the ranking under which most was caught in
// the windows that have passed. A few hits more are chance: another ranking
// must be ahead of the one in force by more than
//
//	steady · sqrt(sum of windows |h - h'|)
//
// hits, which is about as many deviations of a difference that is none. So it
// begins with what is believed and seldom changes.
type chooser struct {
	rankings []hotspot.Ranking
	part     []int         // of each ranking: the index of its part
	force    []int         // by area: the ranking in force
	windows  [][][]float64 // by area, ranking and window: hits
	inForce  [][]int       // by area and ranking: windows
}

// steady is how many deviations another ranking must be ahead.
const steady = 2

func newChooser(pool hotspot.Pool, areasM2 []float64, totalM2 float64) *chooser {
	c := &chooser{}
	for _, r := range append(slices.Clone(pool.Rankings), hotspot.Ranking{Name: pool.Name(), Keep: 1, UpTo: 1}) {
		part := slices.IndexFunc(pool.Parts, func(m hotspot.Model) bool { return m.Name() == r.Part })
		if part >= 0 || r.Keep == 1 { // a pool of other parts has not all rankings
			c.rankings, c.part = append(c.rankings, r), append(c.part, part)
		}
	}
	for _, m2 := range areasM2 {
		first := slices.IndexFunc(c.rankings, func(r hotspot.Ranking) bool { return m2 <= r.UpTo*totalM2*(1+1e-9) })
		if first < 0 { // an area beyond the city
			first = len(c.rankings) - 1
		}
		c.force = append(c.force, first)
		c.windows = append(c.windows, make([][]float64, len(c.rankings)))
		c.inForce = append(c.inForce, make([]int, len(c.rankings)))
	}
	return c
}

// flagged puts into w, the pool's window, what the rankings in force caught,
// and then learns from it. mixed and parts are what was expected; ties are
// broken by the pool.
func (c *chooser) flagged(r *ranking, w *Window, mixed []float64, parts [][]float64, seen, areasM2 []float64) {
	w.Hits, w.FlagM2 = slices.Clone(w.Hits), slices.Clone(w.FlagM2)
	r.breakTies(mixed)
	score := make([]float64, len(mixed))
	for k, g := range c.rankings {
		var part []float64
		if c.part[k] >= 0 {
			part = parts[c.part[k]]
		}
		g.Score(mixed, part, score)
		top := r.top(score, slices.Max(areasM2))
		for a, m2 := range areasM2 {
			hits, area := flag(r, top, seen, m2)
			c.windows[a][k] = append(c.windows[a][k], hits)
			if c.force[a] == k {
				w.Hits[a], w.FlagM2[a] = hits, area
				c.inForce[a][k]++
			}
		}
	}
	for a := range areasM2 {
		c.choose(a)
	}
}

func (c *chooser) choose(a int) {
	for k, hits := range c.windows[a] {
		force := c.windows[a][c.force[a]]
		if k == c.force[a] {
			continue
		}
		var ahead, apart float64
		for i, h := range hits {
			ahead += h - force[i]
			apart += math.Abs(h - force[i])
		}
		if ahead > 0 && ahead > steady*math.Sqrt(apart) {
			c.force[a] = k
		}
	}
}

func (c *chooser) result() []Ranked {
	out := make([]Ranked, len(c.force))
	for a := range out {
		out[a] = Ranked{By: c.rankings[c.force[a]].Name, Windows: map[string]int{}, Hits: map[string]float64{}}
		for k, r := range c.rankings {
			out[a].Windows[r.Name], out[a].Hits[r.Name] = c.inForce[a][k], total(c.windows[a][k])
		}
	}
	return out
}
