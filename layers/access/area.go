package access

import (
	"slices"
	"strings"

	"github.com/paulmach/orb"
)

// slack is how near an edge counts as on it, in degrees: 1e-7 is a centimetre.
const slack = 1e-7

// A relation of an area to a box.
type relation int8

const (
	unsure relation = iota // an edge runs through the box, or the outline is not known
	covers                 // the whole box is inside
	apart                  // none of it is
)

// areas is the outlines of all administrative divisions. It never changes.
type areas struct {
	all    []area
	byCode map[string]int
}

type area struct {
	code  string
	level int // index in levels
	outline
}

// levels of divisions and organisations, from the widest.
var levels = []string{"province", "city", "county", "town", "community"}

func newAreas(all []area) *areas {
	as := &areas{all: all, byCode: make(map[string]int, len(all))}
	for i, a := range all {
		as.byCode[a.code] = i
	}
	return as
}

// relation says how the area with code, a prefix of the area_code of its rows,
// lies to b. It is sure of covers only where no other area of its level or
// below comes near the box, and of apart only where none of the area's own
// parts does: outlines that overlap, or do not nest, decide nothing.
func (as *areas) relation(code string, b orb.Bound) relation {
	i, ok := as.byCode[code]
	if !ok {
		return unsure
	}
	own := &as.all[i]
	is := own.relation(b)
	if is == unsure {
		return unsure
	}
	for i := range as.all {
		a := &as.all[i]
		if a == own || !a.bound.Intersects(b) {
			continue
		}
		part := strings.HasPrefix(a.code, code)
		if part == (is == apart) && (part || a.level >= own.level) && a.relation(b) != apart {
			return unsure
		}
	}
	return is
}

// An outline is a multipolygon prepared for questions about boxes. Its edges
// are kept in runs with a box each, so that most are never looked at.
type outline struct {
	bound orb.Bound // padded by slack
	runs  []run
}

type run struct {
	bound orb.Bound // padded by slack
	line  orb.LineString
}

const runLength = 16 // edges a run

// nowhere is the empty box: it meets none.
var nowhere = orb.Bound{Min: orb.Point{1, 1}, Max: orb.Point{-1, -1}}

func newOutline(mp orb.MultiPolygon) outline {
	o := outline{bound: nowhere}
	for _, p := range mp {
		for _, ring := range p {
			for i := 0; i+1 < len(ring); i += runLength {
				line := orb.LineString(ring[i:min(i+runLength+1, len(ring))])
				o.runs = append(o.runs, run{line.Bound().Pad(slack), line})
			}
		}
	}
	for i, r := range o.runs {
		if i == 0 {
			o.bound = r.bound
		}
		o.bound = o.bound.Union(r.bound)
	}
	return o
}

// relation says how the outline lies to b.
func (o *outline) relation(b orb.Bound) relation {
	if len(o.runs) == 0 {
		return unsure
	}
	if !o.bound.Intersects(b) {
		return apart
	}
	wide := b.Pad(slack)
	for _, r := range o.runs {
		if !r.bound.Intersects(b) {
			continue
		}
		for i := 1; i < len(r.line); i++ {
			if meets(wide, r.line[i-1], r.line[i]) {
				return unsure
			}
		}
	}
	// No edge is near the box, so one of its points speaks for all of them.
	if o.holds(b.Min) {
		return covers
	}
	return apart
}

// holds says whether p, on no edge, is inside: a ray to the east crosses an
// odd number of edges. That is right for holes and for parts side by side.
func (o *outline) holds(p orb.Point) bool {
	in := false
	for _, r := range o.runs {
		if p[1] < r.bound.Min[1] || p[1] > r.bound.Max[1] || p[0] > r.bound.Max[0] {
			continue
		}
		for i := 1; i < len(r.line); i++ {
			a, b := r.line[i-1], r.line[i]
			if (a[1] > p[1]) != (b[1] > p[1]) && p[0] < a[0]+(p[1]-a[1])/(b[1]-a[1])*(b[0]-a[0]) {
				in = !in
			}
		}
	}
	return in
}

// meets says whether the segment from p to q touches the box (Liang and Barsky).
func meets(b orb.Bound, p, q orb.Point) bool {
	t0, t1 := 0.0, 1.0
	for axis := range 2 {
		d := q[axis] - p[axis]
		lo, hi := b.Min[axis]-p[axis], b.Max[axis]-p[axis]
		if d == 0 {
			if lo > 0 || hi < 0 {
				return false
			}
			continue
		}
		u, v := lo/d, hi/d
		if u > v {
			u, v = v, u
		}
		t0, t1 = max(t0, u), min(t1, v)
		if t0 > t1 {
			return false
		}
	}
	return true
}

func newArea(code, level string, mp orb.MultiPolygon) area {
	return area{code: code, level: slices.Index(levels, level), outline: newOutline(mp)}
}
