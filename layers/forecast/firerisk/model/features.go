package model

import (
	"cmp"
	"math"
	"slices"

	"github.com/paulmach/orb"
)

// Factors are what a score is made of. Several columns may be of one factor.
const (
	Use       = "use"        // what the place is used for
	Grade     = "grade"      // the department's own four colours
	Size      = "size"       // ground area
	Height    = "height"     // storeys, or metres
	Age       = "age"        // years since it was built
	Water     = "water"      // distance to the nearest hydrant in use
	FiresHere = "fires_here" // fires at the place
	FiresNear = "fires_near" // within 150 m
	FiresArea = "fires_area" // within 500 m
	Findings  = "findings"   // of its last two inspections
	Unvisited = "unvisited"  // days since the last inspection
	Hazards   = "hazards"    // found and not yet rectified
	Density   = "density"    // places within 100 m
)

// A column of the design: its factor, and for a use which one.
type column struct {
	factor string
	use    string // of Use; "" others
	level  int    // of Grade
}

// design says which columns there are: it depends on the places alone, as they
// were known on a day.
type design struct {
	columns []column
	uses    map[string]int // use -> column
	grades  [5]int         // grade -> column, -1: none
	only    map[string]int // factor -> its column, where it has one
	at      []orb.Point
	density []float64
}

// commonUse is at how many places a use must be to have a column of its own.
const commonUse = 30

func newDesign(places []Place, day float64) *design {
	d := &design{uses: map[string]int{}, only: map[string]int{}, at: points(places)}
	count := map[string]int{}
	grades := [5]int{}
	known := map[string]bool{}
	for _, p := range places {
		count[p.Use]++
		if g := p.grade(day); g >= 0 && g <= 4 {
			grades[g]++
		}
		known[Size] = known[Size] || !math.IsNaN(p.AreaM2)
		known[Height] = known[Height] || !math.IsNaN(p.Storeys) || !math.IsNaN(p.HeightM)
		known[Age] = known[Age] || !math.IsNaN(p.Built)
		known[Water] = known[Water] || !math.IsNaN(p.WaterM)
		known[Unvisited] = known[Unvisited] || len(p.Visits) > 0 && over(p.Visits[0].Day, day)
		known[Hazards] = known[Hazards] || slices.ContainsFunc(p.Hazards, func(h Hazard) bool { return h.From <= day })
	}
	known[Findings] = known[Unvisited]
	known[FiresHere], known[FiresNear], known[FiresArea], known[Density] = true, true, true, true
	common := []string{}
	for u, n := range count {
		if n >= commonUse && u != "" {
			common = append(common, u)
		}
	}
	slices.Sort(common)
	for _, u := range common {
		d.uses[u] = len(d.columns)
		d.columns = append(d.columns, column{factor: Use, use: u})
	}
	for g := range d.grades {
		d.grades[g] = -1
		if g >= 1 && grades[g] >= commonUse {
			d.grades[g] = len(d.columns)
			d.columns = append(d.columns, column{factor: Grade, level: g})
		}
	}
	for _, f := range []string{Size, Height, Age, Water, FiresHere, FiresNear, FiresArea, Findings, Unvisited, Hazards, Density} {
		if known[f] {
			d.only[f] = len(d.columns)
			d.columns = append(d.columns, column{factor: f})
		}
	}
	b := newBuckets(d.at, 100)
	d.density = make([]float64, len(places))
	for i := range places {
		b.within(d.at[i], 100, func(int, float64) { d.density[i]++ })
	}
	return d
}

// longestUnvisited is the number of days after which it makes no difference,
// and that of a place that never was inspected.
const longestUnvisited = 3 * 365.0

// raw are a place's values before they are standardised, as words show them;
// NaN: not known.
type raw struct {
	use                                                          string
	grade                                                        int
	area, height, age, water, here, near, wide, findings, unseen float64
	hazards, density                                             float64
}

// at describes every place as it was known on the day cut. fires are sorted by
// day; those that were not known by cut are not looked at.
func (d *design) describe(places []Place, fires []Fire, cut float64, p Params) []raw {
	n, _ := slices.BinarySearchFunc(fires, cut, func(f Fire, c float64) int { return cmp.Compare(f.Day, math.Nextafter(c, math.Inf(1))) })
	past := fires[:n]
	from, _ := slices.BinarySearchFunc(past, cut-p.Years*365, func(f Fire, c float64) int { return cmp.Compare(f.Day, c) })
	past = slices.DeleteFunc(slices.Clone(past[from:]), func(f Fire) bool { return !f.by(cut) })
	fireAt := make([]orb.Point, len(past))
	for i, f := range past {
		fireAt[i] = f.At
	}
	b := newBuckets(fireAt, 500)
	out := make([]raw, len(places))
	for i, q := range places {
		r := raw{use: q.Use, grade: q.grade(cut), area: q.AreaM2, height: q.Storeys, water: q.WaterM, density: d.density[i], unseen: longestUnvisited, age: math.NaN()}
		if math.IsNaN(r.height) {
			r.height = q.HeightM / 3
		}
		if !math.IsNaN(q.Built) {
			r.age = math.Max(0, 1970+cut/365.2425-q.Built)
		}
		b.within(q.At, 500, func(j int, metres float64) {
			w := math.Exp2(-(cut - past[j].Day) / 365) // a fire counts half after a year
			r.wide += w
			if metres <= 150 {
				r.near += w
			}
			if metres <= 30 {
				r.here += w
			}
		})
		seen := 0
		for k := len(q.Visits) - 1; k >= 0 && seen < 2; k-- {
			v := q.Visits[k]
			if !over(v.Day, cut) {
				continue
			}
			if seen == 0 {
				r.unseen = math.Min(longestUnvisited, cut-v.Day)
			}
			r.findings += v.Findings
			if v.Failed {
				r.findings += 3
			}
			seen++
		}
		for _, h := range q.Hazards {
			if h.From <= cut && h.To > cut {
				r.hazards++
				if h.Major {
					r.hazards += 3
				}
			}
		}
		out[i] = r
	}
	return out
}

// row writes a place's columns, before they are standardised: logarithms of
// counts and sizes, so that no place is unlike all others. What is not known
// is NaN and becomes the mean.
func (d *design) row(r raw, into []float64) {
	for j := range into {
		into[j] = 0
	}
	if j, ok := d.uses[r.use]; ok {
		into[j] = 1
	}
	if r.grade >= 1 && r.grade <= 4 && d.grades[r.grade] >= 0 {
		into[d.grades[r.grade]] = 1
	}
	set := func(factor string, v float64) {
		if j, ok := d.only[factor]; ok {
			into[j] = v
		}
	}
	set(Size, math.Log(r.area+1))
	set(Height, math.Log(r.height+1))
	set(Age, r.age)
	set(Water, math.Log1p(r.water/50))
	set(FiresHere, math.Log1p(2*r.here))
	set(FiresNear, math.Log1p(r.near))
	set(FiresArea, math.Log1p(r.wide))
	set(Findings, math.Log1p(r.findings))
	set(Unvisited, math.Log1p(r.unseen/30))
	set(Hazards, math.Log1p(r.hazards))
	set(Density, math.Log(r.density))
}
