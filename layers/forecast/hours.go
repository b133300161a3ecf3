package forecast

import (
	"math"
	"slices"
	"time"

	"github.com/paulmach/orb"

	"onemap/layers/forecast/hotspot"
)

// weekHours are the hours of a week, Monday's midnight first.
const weekHours = 168

// Hours say when in the week incidents happen: in the city, and in zones, which
// are squares of about a mile. A zone with few incidents has the city's hours.
type Hours struct {
	City  []float64 `json:"city" nullable:"false" doc:"168 shares of the week, Monday 0:00 first; they add up to 1"`
	Zones []Zone    `json:"zones" nullable:"false"`
}

// A Zone is cells that share their hours of the week. A cell's expectation for
// an hour is its expectation for a week times the share.
type Zone struct {
	Zone   int       `json:"zone" doc:"As the layer's field zone has it"`
	Centre orb.Point `json:"centre"`
	Events int       `json:"events"`
	Shares []float64 `json:"shares" nullable:"false" doc:"168, as of the city"`
}

const (
	zoneM = 1600.0
	// zoneHeld is how many of the city's incidents are mixed into a zone's own,
	// so that five of them are no rhythm.
	zoneHeld = 60.0
	// hourHeld is how many even ones are mixed into the city's.
	hourHeld = 24.0
)

// A clock holds the hours of the week of a space's zones.
type clock struct {
	zone  []int32 // of each cell
	at    []orb.Point
	n     []int
	city  [weekHours]float64
	share [][weekHours]float64 // of each zone
}

// hourOfWeek is the hour that a day of the epoch lies in: day 0 is a Monday's
// midnight.
func hourOfWeek(day float64) int {
	h := int(math.Floor(math.Mod(day, 7) * 24))
	return ((h % weekHours) + weekHours) % weekHours
}

// learnHours counts the hours of events, by zone. Times that reports round to
// midnight would be a peak of no meaning, but whether they do is the city's own
// affair: the page shows it.
func learnHours(s *hotspot.Space, past []hotspot.Event) clock {
	c := clock{zone: make([]int32, s.Len())}
	type square struct{ x, y int }
	squareOf := func(i int) square {
		at := s.Centre(i)
		return square{int(math.Floor(at[0] / zoneM)), int(math.Floor(at[1] / zoneM))}
	}
	var squares []square
	seen := map[square]bool{}
	for i := range s.Len() {
		if q := squareOf(i); !seen[q] {
			seen[q] = true
			squares = append(squares, q)
		}
	}
	slices.SortFunc(squares, func(a, b square) int {
		if a.y != b.y {
			return a.y - b.y
		}
		return a.x - b.x
	})
	number := map[square]int32{}
	for i, q := range squares {
		number[q] = int32(i)
		c.at = append(c.at, orb.Point{(float64(q.x) + 0.5) * zoneM, (float64(q.y) + 0.5) * zoneM})
	}
	for i := range c.zone {
		c.zone[i] = number[squareOf(i)]
	}
	c.n = make([]int, len(squares))
	counts := make([][weekHours]float64, len(squares))
	var total [weekHours]float64
	for _, e := range past {
		cell := s.CellAt(e.At)
		if cell < 0 {
			continue
		}
		h := hourOfWeek(e.Day)
		counts[c.zone[cell]][h]++
		total[h]++
		c.n[c.zone[cell]]++
	}
	c.city = shares(smoothWeek(total), nil, hourHeld)
	c.share = make([][weekHours]float64, len(squares))
	for z := range counts {
		c.share[z] = shares(smoothWeek(counts[z]), &c.city, zoneHeld)
	}
	return c
}

// smoothWeek spreads each hour over its neighbours, 1 2 1; a week is a circle.
func smoothWeek(n [weekHours]float64) (out [weekHours]float64) {
	for h := range n {
		out[h] = (n[(h+weekHours-1)%weekHours] + 2*n[h] + n[(h+1)%weekHours]) / 4
	}
	return out
}

// shares are counts with held more of a prior, nil being even, as parts of 1.
func shares(n [weekHours]float64, prior *[weekHours]float64, held float64) (out [weekHours]float64) {
	var sum float64
	for h := range n {
		p := 1.0 / weekHours
		if prior != nil {
			p = prior[h]
		}
		out[h] = n[h] + held*p
		sum += out[h]
	}
	for h := range out {
		out[h] /= sum
	}
	return out
}

// part is which share of a time's incidents a zone has in the hours that keep
// names: of the hours from an hour of the week on.
func (c clock) part(zone int32, from, hours int, keep func(i, hourOfDay int) bool) float64 {
	var in, all float64
	for i := range hours {
		h := (from + i) % weekHours
		v := c.share[zone][h]
		all += v
		if keep(i, h%24) {
			in += v
		}
	}
	return in / all
}

// doc is what the run's page shows.
func (c clock) doc(plane Plane) Hours {
	out := Hours{City: c.city[:], Zones: make([]Zone, len(c.at))}
	for z := range c.at {
		out.Zones[z] = Zone{Zone: z, Centre: plane.Inverse(c.at[z]), Events: c.n[z], Shares: roundAll(c.share[z][:])}
	}
	out.City = roundAll(out.City)
	return out
}

// roundAll cuts numbers for people to six digits.
func roundAll(v []float64) []float64 {
	out := make([]float64, len(v))
	for i, x := range v {
		out[i] = round6(x)
	}
	return out
}

func round6(x float64) float64 { return math.Round(x*1e6) / 1e6 }

// timeOf is the inverse of dayOf.
func timeOf(day float64, zone *time.Location) time.Time {
	whole := math.Floor(day)
	midnight := epoch(zone).AddDate(0, 0, int(whole))
	return midnight.Add(time.Duration((day - whole) * 24 * float64(time.Hour))).UTC().Round(time.Second)
}
