package backtest

import (
	"math"

	"onemap/layers/forecast/hotspot"
)

// Intervals say how often counts lay within the pool's negative binomial
// intervals, whose dispersion was fitted on the windows before each.
type Intervals struct {
	Level  float64  `json:"level"` // asked for, such as 0.9
	Cells  Coverage `json:"cells"`
	Blocks Coverage `json:"blocks"`
	City   Coverage `json:"city"`
}

// Coverage at one size of cell. Counts are whole, so an interval of level 0.9
// covers more than that: Nominal is the exact chance, which Covered is held
// against.
type Coverage struct {
	Covered    float64 `json:"covered"`
	Nominal    float64 `json:"nominal"`
	Dispersion float64 `json:"dispersion"` // of all windows
	Judged     int     `json:"judged"`     // cells times windows that expected something
}

// leastExpected is what a cell must expect to be judged: of those that expect
// hardly anything, [0, 0] is always right and says nothing.
const leastExpected = 0.05

// teachingWindows only teach the dispersion and are not judged.
const teachingWindows = 4

// A coverer judges intervals at cells, blocks and the whole city.
type coverer struct {
	level          float64
	blocks         []int32   // of each cell
	expected, seen []float64 // by block
	sizes          [3]tallied
	windows        int
}

// tallied is what was found at one size.
type tallied struct {
	square, cells           float64 // sum (y-l)²/l, and over how many
	inside, nominal, judged float64
}

func newCoverer(s *hotspot.Space, o Options) *coverer {
	c := &coverer{level: o.Level, blocks: make([]int32, s.Len())}
	number := map[[2]int]int32{}
	for i := range c.blocks {
		p := s.Centre(i)
		key := [2]int{int(math.Floor(p[0] / o.BlockM)), int(math.Floor(p[1] / o.BlockM))}
		if _, ok := number[key]; !ok {
			number[key] = int32(len(number))
		}
		c.blocks[i] = number[key]
	}
	c.expected, c.seen = make([]float64, len(number)), make([]float64, len(number))
	return c
}

func (c *coverer) add(expected, seen []float64) {
	clear(c.expected)
	clear(c.seen)
	for i, b := range c.blocks {
		c.expected[b] += expected[i]
		c.seen[b] += seen[i]
	}
	judge := c.windows >= teachingWindows
	c.sizes[0].add(expected, seen, c.level, judge)
	c.sizes[1].add(c.expected, c.seen, c.level, judge)
	c.sizes[2].add([]float64{total(expected)}, []float64{total(seen)}, c.level, judge)
	c.windows++
}

// add judges a window by the dispersion of those before, and then learns of it.
func (t *tallied) add(expected, seen []float64, level float64, judge bool) {
	phi := max(1, ratio(t.square, t.cells))
	for i, l := range expected {
		if l < leastExpected {
			continue
		}
		d := seen[i] - l
		t.square += d * d / l
		t.cells++
		if !judge {
			continue
		}
		low, high, within := hotspot.NegBin{Mean: l, Dispersion: phi}.Interval(level)
		t.judged++
		t.nominal += within
		if seen[i] >= float64(low) && seen[i] <= float64(high) {
			t.inside++
		}
	}
}

func (t tallied) coverage() Coverage {
	return Coverage{Covered: ratio(t.inside, t.judged), Nominal: ratio(t.nominal, t.judged), Dispersion: ratio(t.square, t.cells), Judged: int(t.judged)}
}

func (c *coverer) result(level float64) Intervals {
	return Intervals{Level: level, Cells: c.sizes[0].coverage(), Blocks: c.sizes[1].coverage(), City: c.sizes[2].coverage()}
}
