package model

import (
	"cmp"
	"math"
	"slices"
)

// A Score is what is to be expected of one place within the horizon.
type Score struct {
	Place     int     // number in the list of places
	Rank      int     // 1 is the highest
	Expected  float64 // fires within the horizon
	Low, High float64 // of Expected, 90 %: how well the model knows it, not how fires scatter
	Any       float64 // probability of at least one fire
	Drivers   []Driver
}

// A Driver is what raises a place's score most.
type Driver struct {
	Factor  string
	Times   float64 // by how much the score is higher than with the mean of all places
	Value   float64 // the place's own; of Use and Grade see Name and the grade
	Typical float64 // the mean of all places
	Name    string  // of Use: which
}

// z90 is the normal quantile of a two-sided interval of 90 %.
const z90 = 1.6448536

// Score scores every place as it was known on the day until, which is the day
// that the model was fitted for. The highest come first; equal scores stand in
// the order of a hash of the place's number, so that no end of the list or side
// of the city is favoured.
func (m *Model) Score(places []Place, fires []Fire) []Score {
	fires = sortedFires(fires)
	k := len(m.design.columns)
	row, first := make([]float64, k), make([]float64, k+1)
	out := make([]Score, len(places))
	for i, r := range m.design.describe(places, fires, m.Until, m.Params) {
		m.design.row(r, row)
		for j := range row {
			row[j] = m.standard(j, row[j])
		}
		first[0] = 1
		copy(first[1:], row)
		eta := m.eta(row)
		v := 0.0
		for a := range first {
			for b := range first {
				v += first[a] * m.covariance.At(a, b) * first[b]
			}
		}
		half := z90 * math.Sqrt(math.Max(0, v)*m.Phi)
		mu := m.Params.Horizon * math.Exp(eta)
		out[i] = Score{Place: i, Expected: mu, Low: mu * math.Exp(-half), High: mu * math.Exp(half), Any: 1 - math.Exp(-mu), Drivers: m.drivers(r, row)}
	}
	slices.SortFunc(out, func(a, b Score) int {
		return cmp.Or(cmp.Compare(b.Expected, a.Expected), cmp.Compare(mixed(a.Place), mixed(b.Place)))
	})
	for i := range out {
		out[i].Rank = i + 1
	}
	return out
}

// drivers are the three factors that raise a place's score most over that of a
// place with the mean of all.
func (m *Model) drivers(r raw, row []float64) []Driver {
	sum := map[string]float64{}
	for j, c := range m.design.columns {
		sum[c.factor] += m.beta[j+1] * row[j]
	}
	var out []Driver
	for _, f := range factors {
		s, ok := sum[f]
		if !ok || s < math.Log(1.05) { // what adds less than a twentieth drives nothing
			continue
		}
		d := Driver{Factor: f, Times: math.Exp(s), Value: r.value(f), Typical: m.typical.value(f)}
		if f == Use {
			d.Name = r.use
		}
		if math.IsNaN(d.Value) {
			continue
		}
		out = append(out, d)
	}
	slices.SortStableFunc(out, func(a, b Driver) int { return cmp.Compare(b.Times, a.Times) })
	return out[:min(3, len(out))]
}

var factors = []string{Use, Grade, Size, Height, Age, Water, FiresHere, FiresNear, FiresArea, Findings, Unvisited, Hazards, Density}

func (r raw) value(factor string) float64 {
	switch factor {
	case Grade:
		return float64(r.grade)
	case Size:
		return r.area
	case Height:
		return r.height
	case Age:
		return r.age
	case Water:
		return r.water
	case FiresHere:
		return r.here
	case FiresNear:
		return r.near
	case FiresArea:
		return r.wide
	case Findings:
		return r.findings
	case Unvisited:
		return r.unseen
	case Hazards:
		return r.hazards
	case Density:
		return r.density
	}
	return 0
}

// mean is the mean of each value that is known.
func mean(all []raw) raw {
	var out raw
	for _, f := range []struct {
		factor string
		to     *float64
	}{{Size, &out.area}, {Height, &out.height}, {Age, &out.age}, {Water, &out.water}, {FiresHere, &out.here}, {FiresNear, &out.near}, {FiresArea, &out.wide},
		{Findings, &out.findings}, {Unvisited, &out.unseen}, {Hazards, &out.hazards}, {Density, &out.density}} {
		n := 0.0
		for _, r := range all {
			if v := r.value(f.factor); !math.IsNaN(v) {
				*f.to += v
				n++
			}
		}
		if n > 0 {
			*f.to /= n
		}
	}
	return out
}

// mixed is a hash of a number (splitmix64): an order that means nothing.
func mixed(n int) uint64 {
	z := uint64(n) + 0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}
