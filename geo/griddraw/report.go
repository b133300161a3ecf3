package griddraw

import (
	"cmp"
	"math"
	"slices"

	"github.com/paulmach/orb"
)

// A Flag is what people should look at in a cell.
type Flag string

const (
	TooSmall     Flag = "too_small"     // less than 0.4 of the wanted size, and nothing to join
	TooLarge     Flag = "too_large"     // more than twice the wanted size in built-up land, and no way through
	Thin         Flag = "thin"          // long and thin
	NoRoad       Flag = "no_road"       // no road or path at its edge
	CutsBuilding Flag = "cuts_building" // a building lies across its edge
	InParts      Flag = "in_parts"      // not of one piece
)

// A Remark is one thing at one place.
type Remark struct {
	Kind     string    `json:"kind"` // see the constants
	Cell     string    `json:"cell,omitempty"`
	Other    string    `json:"other,omitempty"`
	Building int64     `json:"building,omitempty"`
	M2       float64   `json:"m2,omitempty"`
	At       orb.Point `json:"at"`
}

// Kinds of findings beside the flags.
const (
	BorderBuilding = "border_building" // a building across a community's border: the border wins, which is no fault of the drawing
	ClaimedTwice   = "claimed_twice"   // ground of two communities: it went to the first
	NumbersOut     = "numbers_out"     // more cells than the code has numbers for
)

// Areas are figures of cells' areas in square metres.
type Areas struct {
	N   int     `json:"n"`
	Min float64 `json:"min"`
	P5  float64 `json:"p5"`
	P25 float64 `json:"p25"`
	P50 float64 `json:"p50"`
	P75 float64 `json:"p75"`
	P95 float64 `json:"p95"`
	Max float64 `json:"max"`
	Sum float64 `json:"sum"`
}

// A Report says what was drawn and what people should look at.
type Report struct {
	Communities int      `json:"communities"`
	Cells       int      `json:"cells"`
	All         Areas    `json:"all"`
	BuiltUp     Areas    `json:"built_up"`   // of cells mostly in built-up land
	Violations  []Remark `json:"violations"` // what must not be: buildings cut, cells in parts, numbers run out
	Outliers    []Remark `json:"outliers"`   // cells with a flag that is no violation
	Notes       []Remark `json:"notes"`      // what the input did not allow
}

func newReport(communities int) Report {
	return Report{Communities: communities, Violations: []Remark{}, Outliers: []Remark{}, Notes: []Remark{}}
}

func (r *Report) claimed(at []pt) {
	for _, p := range at {
		r.Notes = append(r.Notes, Remark{Kind: ClaimedTwice, At: p.degrees()})
	}
}

func areasOf(m2 []float64) Areas {
	if len(m2) == 0 {
		return Areas{}
	}
	slices.Sort(m2)
	q := func(p float64) float64 { return math.Round(m2[int(p*float64(len(m2)-1)+0.5)]) }
	sum := 0.0
	for _, a := range m2 {
		sum += a
	}
	return Areas{N: len(m2), Min: q(0), P5: q(0.05), P25: q(0.25), P50: q(0.5), P75: q(0.75), P95: q(0.95), Max: q(1), Sum: math.Round(sum)}
}

// fill flags the cells and counts.
func (r *Report) fill(cells []Cell, parts []*part, a *arrangement, of []int32, town *town, onBorder []int, grounds []ground, o Options) {
	r.Cells = len(cells)
	ofFace := make([]int32, len(a.faces)) // of has the numbers from before the cells were ordered
	for f := range ofFace {
		ofFace[f] = -1
	}
	for i, p := range parts {
		for _, f := range p.faces {
			ofFace[f] = int32(i)
		}
	}
	var edges []seg
	var sides [][2]int32
	for e, s := range a.edges {
		l, g := int32(-1), int32(-1)
		if f := a.face[2*e]; f >= 0 {
			l = ofFace[f]
		}
		if f := a.face[2*e+1]; f >= 0 {
			g = ofFace[f]
		}
		if l != g && s.rank != border {
			edges, sides = append(edges, s), append(sides, [2]int32{l, g})
		}
	}
	cut := map[int32][]int{}
	for _, n := range town.cutBy(edges) {
		for i, s := range edges {
			if town.houses[n].box.meets(s.box()) && town.houses[n].insideM(s, slack) > 0 {
				for _, c := range sides[i] {
					if c >= 0 && !slices.Contains(cut[c], n) {
						cut[c] = append(cut[c], n)
					}
				}
			}
		}
	}
	var all, built []float64
	for i := range cells {
		c := &cells[i]
		all = append(all, c.AreaM2)
		if c.Built > 0.6*c.Load {
			built = append(built, c.AreaM2)
		}
		at := middle(c.Shape).degrees()
		flag := func(f Flag, wrong bool) {
			c.Flags = append(c.Flags, f)
			x := Remark{Kind: string(f), Cell: c.Code, M2: math.Round(c.AreaM2), At: at}
			if wrong {
				r.Violations = append(r.Violations, x)
			} else {
				r.Outliers = append(r.Outliers, x)
			}
		}
		if slices.Contains(c.Flags, InParts) {
			c.Flags = nil
			flag(InParts, true)
		}
		if c.Load < 0.4 {
			flag(TooSmall, false)
		}
		if c.Built > 2 {
			flag(TooLarge, false)
		}
		if parts[i].sliver() {
			flag(Thin, false)
		}
		if !parts[i].road {
			flag(NoRoad, false)
		}
		if ns := cut[int32(i)]; len(ns) > 0 {
			c.Flags = append(c.Flags, CutsBuilding)
			for _, n := range ns {
				b := town.houses[n]
				r.Violations = append(r.Violations, Remark{Kind: string(CutsBuilding), Cell: c.Code, Building: b.id, At: b.ring[0].degrees()})
			}
		}
		if len(c.Code) > len(c.Community)+o.Digits {
			r.Violations = append(r.Violations, Remark{Kind: NumbersOut, Cell: c.Code, At: at})
		}
	}
	for _, n := range onBorder {
		b := town.houses[n]
		inside := false
		for _, g := range grounds {
			x, y := pointIn([][]pt{b.ring})
			inside = inside || g.holds(x, y)
		}
		if inside {
			r.Notes = append(r.Notes, Remark{Kind: BorderBuilding, Building: b.id, At: b.ring[0].degrees()})
		}
	}
	slices.SortStableFunc(r.Outliers, func(x, y Remark) int { return cmp.Compare(x.Kind, y.Kind) })
	r.All, r.BuiltUp = areasOf(all), areasOf(built)
}
