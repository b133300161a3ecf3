package patrol

import "math"

// soon is the tolerance of comparing times, in seconds.
const soon = 1e-6

// moment is where a unit stands in its shift, after some stops.
type moment struct {
	t      float64 // seconds
	place  int
	breaks int // taken
	travel float64
	wait   float64
}

// begin is the moment at which a unit sets out.
func (u *Unit) begin() moment { return moment{t: u.FromS, place: u.Start} }

// rest takes the next break. It says no if that would begin too late.
func (p *Problem) rest(u *Unit, m moment) (moment, float64, bool) {
	b := &u.Breaks[m.breaks]
	if b.Place >= 0 {
		d := p.drive(m.place, b.Place)
		m.t, m.travel, m.place = m.t+d, m.travel+d, b.Place
	}
	from := max(m.t, b.EarliestS)
	if !(from <= b.LatestS+soon) {
		return m, from, false
	}
	m.wait += from - m.t
	m.t = from + b.LengthS
	m.breaks++
	return m, from, true
}

// away is how long it takes to be at the place of the next break.
func (p *Problem) away(u *Unit, m *moment, from int) float64 {
	return p.drive(from, u.Breaks[m.breaks].Place)
}

// visits of a spot by a unit.
type visit struct {
	unit  int32
	start float64
}

// apart puts a stop at t off until it is far enough from those of the other
// units, and of this one before it.
func (p *Problem) apart(others []visit, unit int32, own float64, t float64) float64 {
	gap := p.Rules.ApartS
	t = max(t, own+gap)
	for moved := true; moved; {
		moved = false
		for _, o := range others {
			if o.unit != unit && o.start-t < gap-soon && t-o.start < gap-soon {
				t, moved = o.start+gap, true
			}
		}
	}
	return t
}

// never is before every stop.
var never = math.Inf(-1)

// step drives to a spot and stays, with the breaks that come before it. Own is
// when the unit last began a stop there. Paused, if not nil, is told each break.
func (p *Problem) step(u *Unit, unit int32, m moment, spot int32, others []visit, own float64, paused func(from, drive float64, after moment)) (after moment, arrive, start float64, ok bool) {
	s := &p.Spots[spot]
	for {
		d := p.drive(m.place, s.Place)
		arrive = m.t + d
		start = p.apart(others, unit, own, arrive)
		leave := start + s.StayS
		if m.breaks < len(u.Breaks) {
			b := &u.Breaks[m.breaks]
			// A break is taken at the first moment between two stops at which it may
			// begin, and before a stop after which it would be too late.
			if m.t >= b.EarliestS-soon || leave+p.away(u, &m, s.Place) > b.LatestS+soon {
				was := m
				next, from, ok := p.rest(u, m)
				if !ok {
					return m, 0, 0, false
				}
				if paused != nil {
					paused(from, next.travel-was.travel, next)
				}
				m = next
				continue
			}
		}
		if !(leave <= u.UntilS+soon) { // +Inf too
			return m, 0, 0, false
		}
		return moment{t: leave, place: s.Place, breaks: m.breaks, travel: m.travel + d, wait: m.wait + start - arrive}, arrive, start, true
	}
}

// home ends the shift: breaks that are still due, and the way back.
func (p *Problem) home(u *Unit, m moment, paused func(from, drive float64, after moment)) (moment, bool) {
	for m.breaks < len(u.Breaks) {
		// Whoever is back before a break may begin takes none.
		if m.t+p.drive(m.place, u.End) <= u.Breaks[m.breaks].EarliestS+soon {
			break
		}
		was := m
		next, from, ok := p.rest(u, m)
		if !ok {
			return m, false
		}
		if paused != nil {
			paused(from, next.travel-was.travel, next)
		}
		m = next
	}
	d := p.drive(m.place, u.End)
	m.t, m.travel, m.place = m.t+d, m.travel+d, u.End
	return m, m.t <= u.UntilS+soon
}

// time drives a whole route. Others, if not nil, are the stops at each spot;
// those of this unit among them do not count. It says no for a route that
// cannot be driven within the shift.
func (p *Problem) time(unit int, route []int32, others [][]visit) (moment, bool) {
	u := &p.Units[unit]
	m := u.begin()
	ok := true
	var starts [mostStops + 1]float64
	for k, s := range route {
		if k >= mostStops {
			return m, false
		}
		var o []visit
		if others != nil {
			o = others[s]
		}
		if m, _, starts[k], ok = p.step(u, int32(unit), m, s, o, last(route, starts[:], k, s), nil); !ok {
			return m, false
		}
	}
	return p.home(u, m, nil)
}

// last is when the route began its last stop at a spot before its stop k.
func last(route []int32, starts []float64, k int, spot int32) float64 {
	for i := k - 1; i >= 0; i-- {
		if route[i] == spot {
			return starts[i]
		}
	}
	return never
}
