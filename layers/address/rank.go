package address

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/paulmach/orb"
)

// How far a candidate of each kind can be trusted where all that the address
// says agrees. The numbers order candidates and tell sure from unsure; they are
// no probabilities.
const (
	trustHouse    = 0.97
	trustCrossing = 0.9
	trustPlace    = 0.9
	trustBetween  = 0.75
	trustRoad     = 0.85 // where no number was asked for
	trustRoadOnly = 0.5  // instead of the house
	trustGrid     = 0.85
	trustDivision = 0.8
	trustFallback = 0.3  // the division instead of all that was asked for
	elsewhere     = 0.55 // factor: it lies in another division than the address says
	unplaced      = 0.97 // factor: the address names no division
)

// ranked makes candidates of the hits, the best first.
func (x *sought) ranked(q Query) []Candidate {
	var all []Candidate
	add := func(h hit, trust float64, matched, missing []string) {
		c := h.Candidate
		c.Matched, c.Missing = append([]string{}, matched...), append([]string{}, missing...)
		c.Confidence = trust * x.inPlace(&c)
		all = append(all, c)
	}
	exact := false
	for _, h := range x.houses {
		trust, ok := x.house(h)
		if !ok {
			continue
		}
		exact = true
		add(h, trust, []string{"road", "number"}, x.indoors())
	}
	if h, ok := x.between(); ok && !exact {
		add(h, trustBetween*x.alikeRoad(h.street), []string{"road"}, append([]string{"number"}, x.indoors()...))
		exact = true
	}
	for _, h := range x.cross {
		add(h, trustCrossing, []string{"road", "cross"}, nil)
	}
	for _, h := range x.roads {
		trust, missing := trustRoad, []string(nil)
		if x.parsed.Number != "" {
			trust, missing = trustRoadOnly, []string{"number"}
		}
		if len(x.cross) > 0 {
			trust = trustRoadOnly
		}
		add(h, trust*x.alikeRoad(h.name), []string{"road"}, missing)
	}
	for _, h := range x.named {
		trust := map[string]float64{Place: trustPlace, Road: trustRoad, Grid: trustGrid, Division: trustDivision}[h.Kind]
		level, missing := map[string]string{Place: "estate", Road: "road", Grid: "grid", Division: "division"}[h.Kind], x.indoors()
		if x.parsed.Road != "" && x.parsed.Number != "" && h.Kind != Place {
			continue
		}
		add(h, trust*x.bears(h), []string{level}, missing)
	}
	for _, h := range x.areas {
		trust := trustFallback
		if x.parsed.Road == "" && x.parsed.Estate == "" && x.parsed.Rest == "" && x.parsed.Number == "" && x.parsed.Grid == "" {
			trust = trustDivision + 0.1
		}
		if h.BBox == nil || !x.finest(h) {
			continue
		}
		c := h.Candidate
		c.Matched, c.Missing, c.Confidence = []string{h.division}, []string{}, trust
		all = append(all, c)
	}
	all = distinct(all)
	doubt(all)
	slices.SortStableFunc(all, func(a, b Candidate) int {
		return cmp.Or(cmp.Compare(b.Confidence, a.Confidence), byDistance(q.Near, a, b), cmp.Compare(len(a.Title), len(b.Title)), cmp.Compare(a.Title, b.Title), cmp.Compare(a.ID, b.ID))
	})
	all = all[:min(len(all), q.Limit)]
	for i := range all {
		c := &all[i]
		c.Lon, c.Lat, c.Confidence = round7(c.Lon), round7(c.Lat), math.Round(c.Confidence*1000)/1000
		for k := range c.BBox {
			c.BBox[k] = round7(c.BBox[k])
		}
		if c.BBox == nil {
			c.BBox = []float64{c.Lon, c.Lat, c.Lon, c.Lat}
		}
	}
	return append([]Candidate{}, all...)
}

// house says how far a house of the road is the one that was asked for; false
// where it is a neighbour.
func (x *sought) house(h hit) (float64, bool) {
	have, want := Parse("某某路"+withEnd(h.number)).Number, x.parsed.Number
	road := x.alikeRoad(h.street)
	switch {
	case have == want:
		return trustHouse * road, true
	case digits(have) == digits(want): // 12-1 of 12, 甲12 of 12
		return 0.85 * road, true
	case x.typing && strings.HasPrefix(have, want):
		return 0.8 * road, true
	}
	return 0, false
}

// digits is the first run of digits of a house number.
func digits(number string) string {
	i := strings.IndexAny(number, "0123456789")
	if i < 0 {
		return ""
	}
	j := i
	for j < len(number) && number[j] >= '0' && number[j] <= '9' {
		j++
	}
	return number[i:j]
}

// alikeRoad is how like a road's name is to the one that was written.
func (x *sought) alikeRoad(name string) float64 {
	if x.parsed.Road == "" || name == x.parsed.Road {
		return 1
	}
	return likeness(x.parsed.Road, name) * 0.9
}

// bears says how well a name is what was looked for: it, its beginning, a part
// of it, like it.
func (x *sought) bears(h hit) float64 {
	want := strings.ToLower(x.text)
	best := 0.0
	for _, name := range []string{strings.ToLower(h.name), strings.ToLower(h.english), strings.ToLower(h.More)} {
		length := float64(len([]rune(want))) / math.Max(1, float64(len([]rune(name))))
		switch {
		case name == "":
		case name == want:
			return 1
		case strings.HasPrefix(name, want):
			best = math.Max(best, 0.75+0.2*length)
		case strings.Contains(name, want):
			best = math.Max(best, 0.6+0.2*length)
		default:
			best = math.Max(best, 0.9*likeness(want, name)-0.1)
		}
	}
	return best
}

// indoors are the levels that were asked for and that the base library does not have.
func (x *sought) indoors() (out []string) {
	for _, l := range []struct{ name, value string }{{"building", x.parsed.Building}, {"unit", x.parsed.Unit}, {"floor", x.parsed.Floor}, {"room", x.parsed.Room}} {
		if l.value != "" {
			out = append(out, l.name)
		}
	}
	return out
}

// finest says whether no division that the address names is in this one.
func (x *sought) finest(h hit) bool {
	return !slices.ContainsFunc(x.areas, func(o hit) bool { return len(o.Area) > len(h.Area) && strings.HasPrefix(o.Area, h.Area) })
}

// inPlace is how far a candidate lies where the address's divisions say. It
// notes the levels.
func (x *sought) inPlace(c *Candidate) float64 {
	if len(x.areas) == 0 {
		return unplaced
	}
	in, out := map[string]bool{}, map[string]bool{}
	for _, a := range x.areas {
		if strings.HasPrefix(c.Area, a.Area) && c.Area != "" {
			in[a.division] = true
		} else {
			out[a.division] = true
		}
	}
	factor := 1.0
	for _, level := range []string{"city", "county", "town", "community"} {
		switch {
		case in[level]:
			c.Matched = append(c.Matched, level)
		case out[level] && c.Area != "":
			c.Missing = append(c.Missing, level)
			factor *= elsewhere
		case out[level]:
			factor *= unplaced
		}
	}
	return factor
}

// between places a number that is not known between its neighbours on the same
// side of the road.
func (x *sought) between() (hit, bool) {
	want := atoi(digits(x.parsed.Number))
	if want == 0 || x.typing {
		return hit{}, false
	}
	var below, above *hit
	for i := range x.houses {
		h := &x.houses[i]
		n := atoi(digits(h.number))
		if n == 0 || n%2 != want%2 || n == want || len(x.houses) > 0 && h.street != x.houses[0].street {
			continue
		}
		if n < want && (below == nil || n > atoi(digits(below.number))) {
			below = h
		}
		if n > want && (above == nil || n < atoi(digits(above.number))) {
			above = h
		}
	}
	if below == nil || above == nil || metres(below.Candidate, above.Candidate) > 400 {
		return hit{}, false
	}
	lo, hi := atoi(digits(below.number)), atoi(digits(above.number))
	t := float64(want-lo) / float64(hi-lo)
	h := *below
	h.Kind, h.ID, h.Layer = Between, 0, "base_address"
	h.Lon, h.Lat = below.Lon+t*(above.Lon-below.Lon), below.Lat+t*(above.Lat-below.Lat)
	h.BBox = []float64{min(below.Lon, above.Lon), min(below.Lat, above.Lat), max(below.Lon, above.Lon), max(below.Lat, above.Lat)}
	h.Title = below.street + withEnd(x.parsed.Number)
	return h, true
}

func atoi(s string) int {
	n := 0
	for _, r := range s {
		n = n*10 + int(r-'0')
		if n > 1e6 {
			return 0
		}
	}
	return n
}

// distinct leaves one of the candidates that are the same thing found twice.
func distinct(all []Candidate) []Candidate {
	type key struct {
		layer, title string
		id           int64
	}
	seen := map[key]int{}
	var out []Candidate
	for _, c := range all {
		k := key{c.Layer, c.Title, c.ID}
		if i, ok := seen[k]; ok {
			if c.Confidence > out[i].Confidence {
				out[i] = c
			}
			continue
		}
		// A division is in the register and on the map.
		if i := slices.IndexFunc(out, func(o Candidate) bool {
			return o.Kind == Division && c.Kind == Division && o.Title == c.Title && metres(o, c) < 2000
		}); i >= 0 {
			if c.Layer != "" && out[i].Layer == "" {
				out[i].Layer, out[i].ID = c.Layer, c.ID
			}
			out[i].Confidence = math.Max(out[i].Confidence, c.Confidence)
			continue
		}
		seen[k] = len(out)
		out = append(out, c)
	}
	return out
}

// doubt lowers the confidence of candidates of one kind that are as good and
// lie elsewhere: a road of the same name in two towns is neither for sure. The
// parts of one road are some kilometres apart.
func doubt(all []Candidate) {
	rivals := make([]int, len(all))
	for i, a := range all {
		apart := 200.0
		if a.Kind == Road {
			apart = 5000
		}
		for _, b := range all {
			if b.Kind == a.Kind && b.Title == a.Title && math.Abs(a.Confidence-b.Confidence) < 0.01 && metres(a, b) > apart {
				rivals[i]++
			}
		}
	}
	for i := range all {
		if rivals[i] > 0 {
			all[i].Confidence *= 0.5 + 0.4/float64(1+rivals[i])
		}
	}
}

func byDistance(near *orb.Point, a, b Candidate) int {
	if near == nil {
		return 0
	}
	n := Candidate{Lon: near[0], Lat: near[1]}
	return cmp.Compare(metres(n, a), metres(n, b))
}

func metres(a, b Candidate) float64 {
	return math.Hypot((a.Lon-b.Lon)*metresPerDegree*math.Cos(a.Lat*math.Pi/180), (a.Lat-b.Lat)*metresPerDegree)
}

const metresPerDegree = 111_320

// round7 keeps seven decimals of a degree: a centimetre on the ground.
func round7(degrees float64) float64 { return math.Round(degrees*1e7) / 1e7 }

func sortNear(near []Near) {
	slices.SortStableFunc(near, func(a, b Near) int { return cmp.Or(cmp.Compare(a.DistanceM, b.DistanceM), cmp.Compare(a.ID, b.ID)) })
}
