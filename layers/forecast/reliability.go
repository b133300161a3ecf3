package forecast

import "time"

// Reliability is what a run's backtest found: the page that says how wrong the
// forecast has been. Shares are of 1.
type Reliability struct {
	WindowDays float64    `json:"window_days" doc:"The length of each window of the past that was forecast"`
	From       time.Time  `json:"from" doc:"When the first of them began"`
	To         time.Time  `json:"to" doc:"When the last one ended"`
	Origins    int        `json:"origins" doc:"How many"`
	Events     int        `json:"events" doc:"Incidents in them"`
	Areas      []AreaOf   `json:"areas" nullable:"false" doc:"At which areas hits are counted; the first is the one that was asked for"`
	Models     []Judged   `json:"models" nullable:"false" doc:"The champion first, then by information gain"`
	Difference Difference `json:"difference" doc:"The pool less the best baseline, window by window"`
	Curve      []CurveAt  `json:"curve" nullable:"false" doc:"Hit rate by the share of the area"`
	Calibrated Calibrated `json:"calibration"`
	Intervals  []Covered  `json:"intervals" nullable:"false" doc:"By size: cells, blocks of 1.3 km, the city"`
	OverTime   []WindowOf `json:"over_time" nullable:"false" doc:"Window by window, the earliest first"`
	Grid       *GridShift `json:"grid,omitempty" doc:"The same with the lattice's origin moved by half a cell; absent for governance grids"`
	Gate       []Check    `json:"gate" nullable:"false"`
	Champion   Reign      `json:"champion"`
	Reigns     []Reign    `json:"reigns" nullable:"false" doc:"Champions of these classes, the latest first"`
}

// An AreaOf is how much is flagged.
type AreaOf struct {
	Name  string  `json:"name"`
	Share float64 `json:"share"`
	KM2   float64 `json:"km2"`
}

// A Judged is one model over all windows.
type Judged struct {
	Model    string    `json:"model"`
	Title    Words     `json:"title"`
	Baseline bool      `json:"baseline" doc:"A plain count or density that a city could have without us"`
	Champion bool      `json:"champion"`
	Weight   float64   `json:"weight" doc:"Of a part in the pool: the mean over the windows"`
	IG       Range     `json:"ig" doc:"Information gained over an even spread, nats for each incident"`
	Deviance float64   `json:"deviance" doc:"Poisson deviance, mean of the windows: the less the better"`
	At       []JudgeAt `json:"at" nullable:"false" doc:"By area, as areas has them"`
}

// A JudgeAt is how a model did at one area.
type JudgeAt struct {
	HitRate Range   `json:"hit_rate"`
	PAI     Range   `json:"pai"`
	PEI     float64 `json:"pei" doc:"Hits by those of the best choice of the same area"`
}

// A Range is a measure and its 95 % bootstrap interval over the windows.
type Range struct {
	Value float64 `json:"value"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

// A Difference is paired.
type Difference struct {
	Against string `json:"against" doc:"The best baseline by information gain"`
	IG      Range  `json:"ig"`
	PAI     Range  `json:"pai" doc:"At the first area"`
}

// A CurveAt is a point of the hit-rate curve.
type CurveAt struct {
	Share float64 `json:"share"`
	Hit   float64 `json:"hit"`
	Best  float64 `json:"best" doc:"Of the best choice, known only afterwards"`
}

// Calibrated says whether what was expected came.
type Calibrated struct {
	Slope float64  `json:"slope" doc:"1: dense cells were as much denser as expected; below 1: less"`
	Level float64  `json:"level" doc:"All that was seen over all that was expected"`
	Bins  []Tenths `json:"bins" nullable:"false" doc:"Tenths of what was expected, from the sparsest cells to the densest"`
}

// Tenths are cells that together expected a tenth.
type Tenths struct {
	Cells    float64 `json:"cells"`
	Expected float64 `json:"expected"`
	Seen     float64 `json:"seen"`
}

// Covered is how often counts lay within the interval.
type Covered struct {
	Of         string  `json:"of" enum:"cells,blocks,city"`
	Covered    float64 `json:"covered"`
	Nominal    float64 `json:"nominal" doc:"What it should be, exactly: counts are whole, so it is more than 0.9"`
	Dispersion float64 `json:"dispersion" doc:"Variance by mean: 1 if counts were Poisson"`
	Judged     int     `json:"judged"`
}

// A WindowOf is one window of the past. Bands are those of neighbouring windows.
type WindowOf struct {
	From     time.Time `json:"from"`
	Seen     float64   `json:"seen"`
	Expected float64   `json:"expected"`
	Hits     float64   `json:"hits" doc:"In the first area"`
	PAI      float64   `json:"pai" doc:"Of the 12 windows up to this one, together: a single one is noise"`
	Low      float64   `json:"low" doc:"95 %"`
	High     float64   `json:"high"`
	Against  float64   `json:"against" doc:"The same of the best baseline"`
}

// A GridShift is how much the measure depends on where the lattice happens to lie.
type GridShift struct {
	Origins int     `json:"origins" doc:"How many places the lattice was laid at"`
	Windows int     `json:"windows" doc:"Over how many windows, the latest: the hit rates are of these"`
	HitLow  float64 `json:"hit_low"`
	HitHigh float64 `json:"hit_high"`
}

// A Check is one condition of the gate.
type Check struct {
	Name   string  `json:"name" enum:"origins,events,over_uniform,of_best,intervals"`
	Passed bool    `json:"passed"`
	Value  float64 `json:"value"`
	Limit  float64 `json:"limit"`
	Words  Words   `json:"words"`
}

// A Reign is a time in which one model was trusted.
type Reign struct {
	Model string     `json:"model"`
	Title Words      `json:"title"`
	Run   int64      `json:"run" doc:"Whose backtest crowned it"`
	From  time.Time  `json:"from"`
	To    *time.Time `json:"to,omitempty" doc:"Absent: it reigns"`
	Why   Words      `json:"why"`
}
