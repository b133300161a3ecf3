package crsfit

import (
	"math"
	"slices"

	"github.com/paulmach/orb"

	"onemap/geo/crs"
)

// A Reading is what a method makes of the rows.
type Reading struct {
	Method Method
	At     []orb.Point // one a row; NaN where the method cannot read it
	Share  float64     // of the rows: those inside the cover
}

const (
	// leastShare of the rows must lie where the base library is.
	leastShare = 0.5
	// sameM: readings nowhere farther apart are one, such as WGS 84 and
	// CGCS2000, or a 3° and a 6° zone of one meridian without prefix.
	sameM = 1.0
	// mostReadings are judged, those with the most rows inside.
	mostReadings = 8
)

// Candidates returns the methods that put at least half of the rows inside the
// boxes of cover, with their readings, those that put most there first. A
// method that reads as another does is left out; of two, that one stays which
// is given as already read, was declared (nil: none was), or comes first in the order
// plain degrees, other forms of degrees, 3° zones, 6° zones, UTM, Web Mercator.
func Candidates(pairs [][2]float64, cover []orb.Bound, declared *Method, read ...Reading) []Reading {
	out := slices.DeleteFunc(slices.Clone(read), func(r Reading) bool { return r.Share < leastShare })
	for _, m := range methods(pairs, declared) {
		r := reading(m, pairs, cover)
		if r.Share < leastShare || slices.ContainsFunc(out, func(o Reading) bool { return same(o, r) }) {
			continue
		}
		out = append(out, r)
	}
	slices.SortStableFunc(out, func(a, b Reading) int {
		// A row more or less at the edge of the cover says nothing.
		return int(math.Round(20*b.Share)) - int(math.Round(20*a.Share))
	})
	return out[:min(len(out), mostReadings)]
}

// NewReading returns the reading of a method that [Method.Read] cannot do
// itself, from places that another transformed.
func NewReading(m Method, at []orb.Point, cover []orb.Bound) Reading {
	r := Reading{Method: m, At: at}
	inside, rows := 0, 0
	for _, p := range at {
		rows++
		if slices.ContainsFunc(cover, func(b orb.Bound) bool { return b.Contains(p) }) {
			inside++
		}
	}
	r.Share = float64(inside) / math.Max(1, float64(rows))
	return r
}

func reading(m Method, pairs [][2]float64, cover []orb.Bound) Reading {
	at := make([]orb.Point, len(pairs))
	misses := 0
	for i, pair := range pairs {
		p, err := m.Read(pair)
		if err != nil || !slices.ContainsFunc(cover, func(b orb.Bound) bool { return b.Contains(p) }) {
			misses++
		}
		if err != nil {
			p = orb.Point{math.NaN(), math.NaN()}
		}
		at[i] = p
		if misses == 20 && misses > i*3/4 { // hopeless: do not go through the rest
			return Reading{Method: m}
		}
	}
	return NewReading(m, at, cover)
}

func same(a, b Reading) bool {
	for i := range a.At {
		if d := distanceM(a.At[i], b.At[i]); d > sameM {
			return false
		}
	}
	return true
}

func distanceM(a, b orb.Point) float64 {
	return math.Hypot((a[0]-b[0])*metresPerDegree*math.Cos(a[1]*math.Pi/180), (a[1]-b[1])*metresPerDegree)
}

// methods lists all that are tried.
func methods(pairs [][2]float64, declared *Method) []Method {
	var out []Method
	add := func(m Method) {
		out = append(out, m, Method{CRS: m.CRS, Swapped: !m.Swapped, Form: m.Form})
	}
	if declared != nil {
		add(*declared)
	}
	dotted := looksDotted(pairs)
	for f := Plain; f < forms; f++ {
		if f == DotSeconds && !dotted || f == Plain && dotted {
			continue
		}
		for _, c := range []crs.CRS{crs.WGS84, crs.GCJ02, crs.BD09} {
			add(Method{CRS: c, Form: f})
		}
	}
	for _, r := range [][2]int{{4534, 4554}, {4513, 4533}, {4502, 4512}, {4491, 4501}, {32643, 32653}, {3857, 3857}} {
		for n := r[0]; n <= r[1]; n++ {
			add(Method{CRS: crs.EPSG(n)})
		}
	}
	return out
}

// fewSeconds different values of seconds are no sign of anything: numbers that
// are rounded have few.
const fewSeconds = 20

// looksDotted says whether the numbers are degrees with minutes and seconds
// behind the point. Decimal degrees have a third and a fourth decimal below 60
// in three rows of five; all of some dozen rows have not, in both columns, by chance.
func looksDotted(pairs [][2]float64) bool {
	seconds := [2]map[int]bool{{}, {}}
	rows, bad := 0, 0
	for _, pair := range pairs {
		if math.IsNaN(pair[0]) || math.IsNaN(pair[1]) {
			continue
		}
		rows++
		for k, v := range pair {
			if _, ok := DotSeconds.degrees(v); !ok || math.Abs(v) > 180 {
				bad++
				break
			}
			s := math.Round(math.Abs(v)*1e11) / 1e7
			seconds[k][int(s-100*math.Floor(s/100))] = true
		}
	}
	return bad*50 <= rows && len(seconds[0]) >= fewSeconds && len(seconds[1]) >= fewSeconds
}
