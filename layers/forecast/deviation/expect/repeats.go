package expect

import (
	"cmp"
	"math"
	"slices"

	"github.com/paulmach/orb"
)

// An Event is an incident as a place that repeats sees it: when, where, of
// which family of classes. ID is what the caller knows it by.
type Event struct {
	ID     int64
	Day    int
	Family int
	At     orb.Point // metres of a local plane
}

// Repeating says what a place that repeats is. Zero fields have their defaults.
type Repeating struct {
	RadiusM float64 // incidents within it of each other's middle are at one place; 40
	Today   int
	Days    int // that are looked back on; 90
	Least   int // incidents; 4
	// Chance is how probable as many may be at most by the density around; 0.001.
	Chance float64
}

// A Repeat is a place where incidents of a family come again and again.
type Repeat struct {
	Family int
	At     orb.Point // middle
	Events []int64   // ids, the latest first
	First  int
	Last   int
	Around float64 // incidents to be expected there by the density within 400 m
	P      float64
}

const aroundM = 400

// Repeats finds the places, those with most incidents first. Greedy: the
// incident with most others near it gives the first place, which takes them
// away; and so on. So no incident is at two places, and a chain of houses is
// not one place.
func Repeats(events []Event, r Repeating) []Repeat {
	def := func(v *float64, to float64) {
		if *v == 0 {
			*v = to
		}
	}
	def(&r.RadiusM, 40)
	def(&r.Chance, 0.001)
	if r.Days == 0 {
		r.Days = 90
	}
	if r.Least == 0 {
		r.Least = 4
	}
	families := map[int][]Event{}
	for _, e := range events {
		if e.Day <= r.Today && e.Day > r.Today-r.Days {
			families[e.Family] = append(families[e.Family], e)
		}
	}
	var out []Repeat
	for _, all := range families {
		slices.SortFunc(all, func(a, b Event) int { return cmp.Or(cmp.Compare(b.Day, a.Day), cmp.Compare(b.ID, a.ID)) })
		out = append(out, repeatsOf(all, r)...)
	}
	slices.SortFunc(out, func(a, b Repeat) int {
		return cmp.Or(cmp.Compare(len(b.Events), len(a.Events)), cmp.Compare(a.P, b.P), cmp.Compare(b.Last, a.Last), cmp.Compare(a.Family, b.Family), cmp.Compare(a.Events[0], b.Events[0]))
	})
	return out
}

func repeatsOf(all []Event, r Repeating) []Repeat {
	near := map[[2]int32][]int32{}
	key := func(p orb.Point) [2]int32 {
		return [2]int32{int32(math.Floor(p[0] / r.RadiusM)), int32(math.Floor(p[1] / r.RadiusM))}
	}
	for i, e := range all {
		near[key(e.At)] = append(near[key(e.At)], int32(i))
	}
	taken := make([]bool, len(all))
	around := func(i int, yield func(j int)) {
		k := key(all[i].At)
		for dy := int32(-1); dy <= 1; dy++ {
			for dx := int32(-1); dx <= 1; dx++ {
				for _, j := range near[[2]int32{k[0] + dx, k[1] + dy}] {
					if !taken[j] && math.Hypot(all[j].At[0]-all[i].At[0], all[j].At[1]-all[i].At[1]) <= r.RadiusM {
						yield(int(j))
					}
				}
			}
		}
	}
	count := func(i int) (n int) {
		around(i, func(int) { n++ })
		return n
	}
	at := make([]int, len(all))
	n := make([]int, len(all))
	for i := range all {
		at[i], n[i] = i, count(i)
	}
	slices.SortStableFunc(at, func(a, b int) int { return cmp.Compare(n[b], n[a]) })
	var out []Repeat
	for len(at) > 0 {
		i := at[0]
		if taken[i] || n[i] < r.Least {
			if n[i] < r.Least {
				break
			}
			at = at[1:]
			continue
		}
		if now := count(i); now < n[i] { // others went away with an earlier place: it stands further back
			n[i] = now
			k := 1
			for k < len(at) && n[at[k]] > now {
				at[k-1] = at[k]
				k++
			}
			at[k-1] = i
			continue
		}
		var members []int
		around(i, func(j int) { members = append(members, j) })
		p := Repeat{Family: all[i].Family, First: all[i].Day, Last: all[i].Day}
		slices.Sort(members)
		for _, j := range members {
			taken[j] = true
			p.At[0] += all[j].At[0] / float64(len(members))
			p.At[1] += all[j].At[1] / float64(len(members))
			p.Events = append(p.Events, all[j].ID)
			p.First, p.Last = min(p.First, all[j].Day), max(p.Last, all[j].Day)
		}
		// The density of the ring around, without the place itself.
		ring := 0.0
		for _, e := range all {
			if d := math.Hypot(e.At[0]-p.At[0], e.At[1]-p.At[1]); d <= aroundM && d > r.RadiusM {
				ring++
			}
		}
		p.Around = (ring + 1) * r.RadiusM * r.RadiusM / (aroundM*aroundM - r.RadiusM*r.RadiusM)
		if p.P = atLeast(len(members), p.Around, 0.5); p.P <= r.Chance {
			out = append(out, p)
		}
		at = at[1:]
	}
	return out
}
