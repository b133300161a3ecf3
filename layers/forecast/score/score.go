package score

import (
	"errors"
	"fmt"
	"math"

	"github.com/paulmach/orb"

	"onemap/layers/forecast/hotspot"
)

// ErrInput is wrapped by the errors of which the text tells the one who asks
// what is wrong with the forecast or the events.
var ErrInput = errors.New("cannot score")

// A Cell is a place of a forecast.
type Cell struct {
	ID      string // for messages and for the order of ties; unique
	Shape   orb.MultiPolygon
	Score   float64 // more is more dangerous; of a forecast of flags it is nothing
	Second  float64 // orders cells of the same score; 0 for all: only ID does
	Flagged bool    // of a forecast of flags
}

// A Rule says how much of a forecast is looked at.
type Rule struct {
	// Flags: the cells that the forecast flags. Else cells are taken by their
	// score until they cover AreaM2 square metres, or Share of the city.
	Flags         bool
	AreaM2, Share float64
	// CityM2 is A, in square metres; 0: the area of all cells.
	CityM2 float64
	// Density ranks by score a square metre, and holds PAI* to the same area
	// instead of the same number of cells: for scores that are expected counts
	// in cells of unlike size.
	Density bool
}

// A Result is how a forecast did in one window.
type Result struct {
	Events    int     `json:"events"`     // N
	Hits      int     `json:"hits"`       // n
	Outside   int     `json:"outside"`    // of the N: in no cell
	Cells     int     `json:"cells"`      // of the forecast
	Flagged   int     `json:"flagged"`    // cells
	FlaggedM2 float64 `json:"flagged_m2"` // a
	CityM2    float64 `json:"city_m2"`    // A
	BestHits  int     `json:"best_hits"`  // n*
	HitRate   float64 `json:"hit_rate"`
	PAI       float64 `json:"pai"`
	BestPAI   float64 `json:"best_pai"` // PAI*
	PEI       float64 `json:"pei"`      // 0 where n* is
	// Low and High hold the PAI in 95 of 100 worlds like this one: the exact
	// binomial interval of the hit rate (Clopper & Pearson 1934).
	Low  float64 `json:"pai_low"`
	High float64 `json:"pai_high"`
	// Ties is how many cells have the last flagged score but are not flagged:
	// among these chance decided.
	Ties int `json:"ties"`
	// Gain is the information gain per event over an even spread, in nats:
	// (1/N) Σ ln(q_c/(a_c/A)), q being the scores' share mixed with 2 % of the
	// even spread. Only for scores that are not negative; nil for others.
	Gain *float64 `json:"gain,omitempty"`
	// Curve is the hit rate at other areas, for a forecast of scores.
	Curve []Point `json:"curve,omitempty"`
}

// A Point of the curve: so much of the city by score held so many of the events.
type Point struct {
	Share   float64 `json:"share"` // of the city's area, exactly
	Hits    int     `json:"hits"`
	HitRate float64 `json:"hit_rate"`
	PAI     float64 `json:"pai"`
}

// A Forecast is cells that were checked and can be asked for a place.
type Forecast struct {
	cells []Cell
	space *hotspot.Space
}

// New checks the cells of a forecast. It returns an error wrapping [ErrInput],
// naming the cell, for no cells, a cell without an area, scores that are not
// finite, an id that comes twice, and cells that overlap, whose area would
// count twice.
func New(cells []Cell) (*Forecast, error) {
	if len(cells) == 0 {
		return nil, fmt.Errorf("%w: the forecast has no cells", ErrInput)
	}
	shapes := make([]orb.MultiPolygon, len(cells))
	seen := make(map[string]bool, len(cells))
	for i, c := range cells {
		if seen[c.ID] {
			return nil, fmt.Errorf("%w: two cells are called %q: name a column that tells them apart", ErrInput, c.ID)
		}
		seen[c.ID] = true
		if !finite(c.Score) || !finite(c.Second) {
			return nil, fmt.Errorf("%w: the score of cell %q is no finite number", ErrInput, c.ID)
		}
		shapes[i] = c.Shape
		if !(areaOf(c.Shape) > 0) {
			return nil, fmt.Errorf("%w: cell %q has no area: it needs a polygon", ErrInput, c.ID)
		}
	}
	space, err := hotspot.Areas(shapes)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInput, err)
	}
	f := &Forecast{cells, space}
	if a, b, ok := f.overlap(); ok {
		return nil, fmt.Errorf("%w: cells %q and %q overlap, and their common area would count twice: give cells that do not", ErrInput, cells[a].ID, cells[b].ID)
	}
	return f, nil
}

// Len is the number of cells.
func (f *Forecast) Len() int { return len(f.cells) }

// AreaM2 is the area of all cells.
func (f *Forecast) AreaM2() float64 { return f.space.TotalM2() }

// Score judges the forecast by the events of one window. Events in no cell
// count as missed: N is all of them.
//
// It returns errors wrapping [ErrInput] for no events, a rule without an area,
// an area larger than the city, and a forecast in which nothing is flagged.
func (f *Forecast) Score(events []orb.Point, r Rule) (Result, error) {
	if len(events) == 0 {
		return Result{}, fmt.Errorf("%w: there are no events in that time and class: nothing can be said of the forecast", ErrInput)
	}
	res := Result{Events: len(events), Cells: len(f.cells), CityM2: r.CityM2}
	if r.CityM2 == 0 {
		res.CityM2 = f.AreaM2()
	}
	if !(res.CityM2 > 0) || res.CityM2 < f.AreaM2()*0.5 {
		return Result{}, fmt.Errorf("%w: the city has %.4g km², and the forecast's cells cover %.4g km²: check both areas and the coordinate system", ErrInput, res.CityM2/1e6, f.AreaM2()/1e6)
	}
	counts := make([]int, len(f.cells))
	for i, p := range events {
		if !finite(p[0]) || !finite(p[1]) {
			return Result{}, fmt.Errorf("%w: event %d has no finite place", ErrInput, i+1)
		}
		if c := f.space.CellAt(p); c >= 0 {
			counts[c]++
		} else {
			res.Outside++
		}
	}
	chosen, err := f.choose(r, res.CityM2)
	if err != nil {
		return Result{}, err
	}
	for _, c := range chosen {
		res.Hits += counts[c]
		res.FlaggedM2 += f.space.AreaM2(c)
	}
	res.Flagged = len(chosen)
	res.BestHits = f.best(counts, len(chosen), res.FlaggedM2, r)
	n := float64(res.Events)
	share := res.FlaggedM2 / res.CityM2
	res.HitRate = float64(res.Hits) / n
	res.PAI = res.HitRate / share
	res.BestPAI = float64(res.BestHits) / n / share
	if res.BestHits > 0 {
		res.PEI = float64(res.Hits) / float64(res.BestHits)
	}
	low, high := clopperPearson(res.Hits, res.Events)
	res.Low, res.High = low/share, high/share
	if !r.Flags {
		res.Ties = f.ties(chosen, r)
		res.Curve = f.curve(counts, r, res)
		res.Gain = f.gain(counts, res)
	}
	return res, nil
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
