package forecast

import (
	"encoding/json"
	"time"

	"github.com/paulmach/orb"
)

// States of a run.
const (
	Queued   = "queued"   // waits for a node
	Running  = "running"  // see Progress
	Done     = "done"     // its cells are on the map
	Failed   = "failed"   // it could not be made: Why says what to change
	Withheld = "withheld" // it was made and did not pass its gate, or a person withdrew it
)

// A ClassKey names a class of incidents, as onemap.class does. Kind is matter.
type ClassKey struct {
	Standard string `json:"standard" minLength:"1" maxLength:"100"`
	Kind     string `json:"kind,omitempty" enum:"matter" doc:"Left out: matter"`
	Code     string `json:"code" minLength:"1" maxLength:"24"`
}

// A Class is a class with its names.
type Class struct {
	ClassKey
	NameZH string `json:"name_zh"`
	NameEN string `json:"name_en"`
}

// Words are a text in both languages.
type Words struct {
	ZH string `json:"zh"`
	EN string `json:"en"`
}

// Params are all that a run is made by, and nothing else: with the data cut and
// the ground they give its bits. Times are kept to the second.
type Params struct {
	Classes []ClassKey `json:"classes" nullable:"false" doc:"Sorted"`
	Dept    string     `json:"dept,omitempty" doc:"Only cases of this department; absent: of all"`
	Depts   []string   `json:"depts,omitempty" doc:"The department, and its branches when it was ordered"`
	Horizon string     `json:"horizon" enum:"shift,day,week,month,year"`
	From    time.Time  `json:"from"`
	To      time.Time  `json:"to" doc:"It does not belong to it"`
	Until   time.Time  `json:"until" doc:"The data cut: what was reported before it is known"`
	Zone    string     `json:"time_zone"`
	Hours   []int      `json:"hours,omitempty" doc:"Only these hours of each day, 0 to 23; absent: all"`
	Space   string     `json:"space" enum:"lattice,grid_unit,grid_duty,grid_community"`
	CellM   float64    `json:"cell_m,omitempty" doc:"Of a lattice: the side of a cell in metres"`
	Angle   float64    `json:"angle,omitempty" doc:"Of a lattice: degrees counter-clockwise"`
	Origin  *orb.Point `json:"origin,omitempty" doc:"Of a lattice: longitude and latitude of a corner; absent: the city's middle"`
	Share   float64    `json:"share,omitempty" doc:"Which share of the area is hot, 0 to 1"`
	Count   int        `json:"count,omitempty" doc:"Or how many cells are"`
	Seed    int64      `json:"seed"`
	Origins int        `json:"origins" doc:"How many times the backtest forecasts"`
}

// A Run is one forecast, as those who may see it see it.
type Run struct {
	ID          int64      `json:"id"`
	State       string     `json:"state" enum:"queued,running,done,failed,withheld"`
	Title       string     `json:"title" doc:"As whoever ordered it called it; else its classes"`
	Dept        string     `json:"dept,omitempty" doc:"The department whose it is; absent: of all"`
	Classes     []Class    `json:"classes" nullable:"false"`
	Horizon     string     `json:"horizon" enum:"shift,day,week,month,year"`
	From        time.Time  `json:"from"`
	To          time.Time  `json:"to"`
	Hours       []int      `json:"hours,omitempty" doc:"Only these hours of each day; absent: all"`
	Space       string     `json:"space" enum:"lattice,grid_unit,grid_duty,grid_community"`
	CellM       float64    `json:"cell_m,omitempty" doc:"Of a lattice: the side of a cell in metres"`
	Share       float64    `json:"share,omitempty" doc:"Asked: which share of the area is hot"`
	Count       int        `json:"count,omitempty" doc:"Or asked: how many cells are"`
	Until       time.Time  `json:"until" doc:"The data cut: what was reported before it is known"`
	MadeBy      string     `json:"made_by" doc:"Login; system: a standing order"`
	MadeAt      time.Time  `json:"made_at"`
	StartedAt   *time.Time `json:"started_at,omitempty"`
	FinishedAt  *time.Time `json:"finished_at,omitempty"`
	Standing    int64      `json:"standing,omitempty" doc:"Number of the standing order that it comes from"`
	Progress    float64    `json:"progress" minimum:"0" maximum:"1"`
	Doing       string     `json:"doing,omitempty" enum:"reading,ground,backtest,fitting,reasons,writing" doc:"The step that it is at"`
	Why         *Words     `json:"why,omitempty" doc:"Why it failed, or why it is withheld"`
	Model       string     `json:"model,omitempty" doc:"The model whose numbers these are: the champion of the backtest"`
	Seed        int64      `json:"seed"`
	Hash        string     `json:"hash,omitempty" doc:"SHA-256 of its record: data cut, ground, parameters, seed, model"`
	ResultHash  string     `json:"result_hash,omitempty" doc:"SHA-256 of its cells' numbers: made again from the record they are the same bits"`
	Cells       int        `json:"cells,omitempty" doc:"How many there are"`
	Hot         int        `json:"hot,omitempty" doc:"How many of them are hot"`
	Expected    float64    `json:"expected,omitempty" doc:"Incidents expected in all"`
	Low         float64    `json:"low,omitempty" doc:"Between which they will be in nine of ten cases"`
	High        float64    `json:"high,omitempty"`
	Summary     Summary    `json:"summary"`
	Current     bool       `json:"current" doc:"The latest of its recipe, and not withdrawn: what the layer shows where no run is named"`
	Shown       bool       `json:"shown" doc:"Its cells are in the layer; false: withheld, withdrawn, or taken away by age"`
	WithdrawnAt *time.Time `json:"withdrawn_at,omitempty"`
	WithdrawnBy string     `json:"withdrawn_by,omitempty"`
	CellsGoneAt *time.Time `json:"cells_gone_at,omitempty" doc:"When its cells were taken away by age; its record stays"`

	// Of one run only, not in lists.
	Params *Params         `json:"params,omitempty" doc:"All that was asked"`
	Record json.RawMessage `json:"record,omitempty" doc:"What the hash is of" huma:"-"`

	recipe   string
	classKey string
	org      string // whose it is
}

// A Summary is what a run's page says first: how many to expect where, and how
// wrong it has been.
type Summary struct {
	Events      int       `json:"events" doc:"Incidents that it learned from"`
	First       time.Time `json:"first" doc:"The earliest of them"`
	HotShare    float64   `json:"hot_share" doc:"Of the expected incidents, the share in hot cells"`
	HotAreaKM2  float64   `json:"hot_area_km2"`
	HotExpected float64   `json:"hot_expected"`
	AreaKM2     float64   `json:"area_km2" doc:"Of all cells"`
	Trust       Trust     `json:"trust"`
	Notes       []Words   `json:"notes" nullable:"false" doc:"What a reader must know of the data: cases left out, classes that began later"`
	Verdict     Words     `json:"verdict" doc:"One sentence: how far it can be trusted"`
}

// Trust is the headline of a backtest.
type Trust struct {
	Grade      string  `json:"grade" enum:"good,fair,weak,none" doc:"good: better than the best simple count, the difference is no chance; fair: as good as it; weak: better than nothing; none: not passed, or not tried"`
	Passed     bool    `json:"passed"`
	Origins    int     `json:"origins" doc:"How many times it forecast the past"`
	Events     int     `json:"events" doc:"Incidents that it was held against"`
	AreaShare  float64 `json:"area_share" doc:"At which share of the area hits are counted"`
	HitRate    float64 `json:"hit_rate" doc:"Share of the incidents that fell into the top cells of this share of the area"`
	HitLow     float64 `json:"hit_low" doc:"95 % bootstrap over the origins"`
	HitHigh    float64 `json:"hit_high"`
	PAI        float64 `json:"pai" doc:"Hit rate by share of the area: how many times better than chance"`
	PAILow     float64 `json:"pai_low"`
	PAIHigh    float64 `json:"pai_high"`
	Best       string  `json:"best" doc:"The best simple count or density of the same backtest"`
	BestPAI    float64 `json:"best_pai"`
	IG         float64 `json:"ig" doc:"Information gained over an even spread, in nats for each incident"`
	BestIG     float64 `json:"best_ig"`
	Coverage   float64 `json:"coverage" doc:"Share of counts that fell within the interval"`
	Nominal    float64 `json:"nominal" doc:"What that share should be, exactly"`
	GridSpread float64 `json:"grid_spread" doc:"By how much the hit rate moves when the lattice is shifted by half a cell"`
}

// A Cell is one place of a run.
type Cell struct {
	Run      int64            `json:"run"`
	Cell     int              `json:"cell"`
	Rank     int              `json:"rank" doc:"1: the first to be flagged: the densest, or by the ranking that caught most in the backtest"`
	Expected float64          `json:"expected"`
	Low      int              `json:"low" doc:"Between which the count will be in nine of ten cases"`
	High     int              `json:"high"`
	Share    float64          `json:"share" doc:"Of the run's total"`
	Density  float64          `json:"density" doc:"Times the city's average"`
	Change   float64          `json:"change" doc:"Expected, less what the same model would have expected a month before"`
	AreaM2   float64          `json:"area_m2"`
	Zone     int              `json:"zone" doc:"Whose hours of the week it has: see hours"`
	Hot      bool             `json:"hot"`
	GridCode string           `json:"grid_code"`
	AreaCode string           `json:"area_code"`
	Why      Words            `json:"why" doc:"What drives it; of hot cells only"`
	Centre   orb.Point        `json:"centre" doc:"Longitude and latitude"`
	Geometry orb.MultiPolygon `json:"-"`
}
