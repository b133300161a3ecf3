package city

import (
	"math"
	"math/rand/v2"

	"github.com/paulmach/orb"
)

// hearths say where fires of the archive break out: in houses, more in old,
// tall and large ones, and at enterprises, more in dangerous trades and where
// visits found faults. As in real cities most of a place's danger shows in
// nothing that is known of it, and some fires are at no place.
type hearths struct {
	houses, firms wheel
	firm          []orb.Point
}

// Of what burns, by class of the call: the share at enterprises and the share
// of the rest in houses. Rubbish burns in the street, and false alarms come
// from both.
var burns = map[string][2]float64{
	"119-101": {0, 1}, "119-102": {1, 0}, "119-103": {1, 0}, "119-104": {0.1, 0.8}, "119-107": {0.1, 0.2}, "119-301": {0.5, 0.8},
}

// oldUses are blocks whose houses are old; what stands there has old wires.
var oldUses = map[string]float64{"lanes": 3, "village": 1.6, "slabs": 1.3, "market": 2, "shops": 1.6}

// fireGrade is how many fires an enterprise has, by its grade of risk, of those of a blue one.
var fireGrade = [5]float64{1, 7, 4, 1.8, 1}

func (c *City) newHearths() hearths {
	var h hearths
	r := c.stream("hearths", 0)
	h.houses = newWheel(len(c.buildings), func(i int) float64 {
		b := &c.buildings[i]
		w := max(1, oldUses[c.blocks[b.Block].use]) * math.Sqrt(b.floor/200) * math.Sqrt(float64(b.Levels))
		return w * math.Exp(0.8*r.NormFloat64())
	})
	var weight []float64
	c.Enterprises(func(e Enterprise) bool {
		w := fireGrade[e.Risk]
		faults := 0.0
		for _, v := range e.Inspections {
			faults += float64(v.Minor+3*v.Serious+6*v.Critical) / float64(len(e.Inspections))
		}
		w *= (1 + faults/2) * math.Exp(0.6*r.NormFloat64())
		if e.State != "open" {
			w = 0
		}
		h.firm, weight = append(h.firm, e.at), append(weight, w)
		return true
	})
	h.firms = newWheel(len(weight), func(i int) float64 { return weight[i] })
	return h
}

// of draws where a fire of a class breaks out, as a caller's address is found:
// to some metres. It is not ok for one that is at no place.
func (h hearths) of(c *City, code string, r *rand.Rand) (p orb.Point, ok bool) {
	share, known := burns[code]
	if !known {
		return p, false
	}
	u := r.Float64()
	miss := orb.Point{6 * r.NormFloat64(), 6 * r.NormFloat64()}
	switch {
	case u < share[0] && h.firms.total() > 0:
		p = h.firm[h.firms.draw(r)]
	case u < share[0]+(1-share[0])*share[1] && h.houses.total() > 0:
		p = c.buildings[h.houses.draw(r)].at
	default:
		return p, false
	}
	if block, in := c.locate(add(p, miss)); in && c.blocks[block].use != "water" {
		p = add(p, miss)
	}
	return p, true
}
