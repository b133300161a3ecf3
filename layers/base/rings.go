package base

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/paulmach/orb"
)

// errOpen: the lines of an area do not close.
var errOpen = errors.New("no ring closes")

// assembled is what became of the lines of an area.
type assembled struct {
	area orb.MultiPolygon
	open int // segments left out because they are on no closed ring
}

// assemble makes an area of the lines that bound it, in any order and
// direction, several outers and inners mixed. What is inside follows from the
// geometry alone (a place is inside where an odd number of rings is around
// it), because roles are wrong too often; so do libosmium and osm2pgsql.
//
//   - A segment that two lines share bounds nothing and drops out: two inners
//     side by side become one hole, two outers one area.
//   - Rings may touch in points; they are told apart so that none crosses
//     another there.
//   - Where the lines have a gap (a member is not in the extract), the rings
//     that close are kept and the rest is counted in open.
//   - A gap between two ends closer than closeGap is closed.
//
// Lines that cross where neither has a vertex are left to the database's
// ST_MakeValid. It returns errOpen if nothing closes.
func assemble(lines [][]location) (assembled, error) {
	g := graphOf(lines)
	g.closeGaps()
	open := g.prune()
	if !g.even() {
		return assembled{}, fmt.Errorf("%w: an odd number of lines meets in a point", errOpen)
	}
	rings := g.rings()
	if len(rings) == 0 {
		return assembled{}, errOpen
	}
	return assembled{area: nest(rings), open: open}, nil
}

// closeGap is how far apart, in units of location, two loose ends may be to be
// taken for one: about 2 m, less than any survey error of a river bank.
const closeGap = 200

// segments is the graph of an area's lines: for each place the places it is
// joined to.
type segments map[location][]location

func graphOf(lines [][]location) segments {
	g := segments{}
	for _, line := range lines {
		for i := 1; i < len(line); i++ {
			g.toggle(line[i-1], line[i])
		}
	}
	return g
}

// toggle adds the segment ab, or takes it away where it is there already.
func (g segments) toggle(a, b location) {
	if a == b {
		return
	}
	if i := slices.Index(g[a], b); i >= 0 {
		g.remove(a, i)
		g.remove(b, slices.Index(g[b], a))
		return
	}
	g[a] = append(g[a], b)
	g[b] = append(g[b], a)
}

func (g segments) remove(a location, i int) {
	if g[a] = slices.Delete(g[a], i, i+1); len(g[a]) == 0 {
		delete(g, a)
	}
}

// closeGaps joins loose ends that lie within closeGap of each other.
func (g segments) closeGaps() {
	ends := g.where(func(degree int) bool { return degree == 1 })
	for i, a := range ends {
		for _, b := range ends[i+1:] {
			if math.Abs(float64(a.lon)-float64(b.lon)) <= closeGap && math.Abs(float64(a.lat)-float64(b.lat)) <= closeGap &&
				len(g[a]) == 1 && len(g[b]) == 1 && !slices.Contains(g[a], b) {
				g.toggle(a, b)
				break
			}
		}
	}
}

// prune takes away, from its loose ends, every line that is on no ring, and
// returns how many segments that were.
func (g segments) prune() (n int) {
	for _, a := range g.where(func(degree int) bool { return degree == 1 }) {
		for len(g[a]) == 1 {
			b := g[a][0]
			g.toggle(a, b)
			n++
			a = b
		}
	}
	return n
}

func (g segments) even() bool {
	return len(g.where(func(degree int) bool { return degree%2 != 0 })) == 0
}

// where returns the places of some degree in the order of their coordinates,
// so that the same lines always give the same rings.
func (g segments) where(is func(degree int) bool) []location {
	var out []location
	for a, to := range g {
		if is(len(to)) {
			out = append(out, a)
		}
	}
	slices.SortFunc(out, compare)
	return out
}

func compare(a, b location) int {
	return cmp.Or(cmp.Compare(a.lon, b.lon), cmp.Compare(a.lat, b.lat))
}

// rings walks along all segments and returns simple closed rings, in which no
// vertex but the first comes twice. g is used up.
//
// The walk keeps the inside to its left: it begins in the westernmost place,
// where the outside is to the west, with the segment that points furthest
// south, and at each place goes on along the first segment clockwise of the
// one it came by. So it pairs segments that are neighbours around a place, and
// rings that touch there do not cross.
func (g segments) rings() []orb.Ring {
	var out []orb.Ring
	places := g.where(func(int) bool { return true })
	for _, start := range places {
		for len(g[start]) > 0 {
			path := []location{start}
			seen := map[location]int{start: 0}
			at := start
			next := slices.MinFunc(g[start], func(a, b location) int {
				return cmp.Or(cmp.Compare(direction(start, a), direction(start, b)), compare(a, b))
			})
			for {
				g.toggle(at, next)
				if i, again := seen[next]; again {
					// A loop: it leaves the path as a ring of its own.
					if r := ringOf(path[i:]); r != nil {
						out = append(out, r)
					}
					for _, p := range path[i+1:] {
						delete(seen, p)
					}
					path = path[:i+1]
				} else {
					seen[next] = len(path)
					path = append(path, next)
				}
				from := at
				at = next
				if len(g[at]) == 0 {
					break
				}
				if len(path) == 1 { // the walk is closed; what else starts here is another walk
					break
				}
				next = clockwise(at, from, g[at])
			}
		}
	}
	return out
}

// direction is the angle of b seen from a, in radians from east, counter-clockwise.
func direction(a, b location) float64 {
	return math.Atan2(float64(b.lat)-float64(a.lat), float64(b.lon)-float64(a.lon))
}

// clockwise returns which of to comes first when one turns clockwise around at,
// beginning at from.
func clockwise(at, from location, to []location) location {
	if len(to) == 1 {
		return to[0]
	}
	back := direction(at, from)
	return slices.MinFunc(to, func(a, b location) int {
		return cmp.Or(cmp.Compare(turn(back, direction(at, a)), turn(back, direction(at, b))), compare(a, b))
	})
}

// turn is how far clockwise to is from, in (0, 2π].
func turn(from, to float64) float64 {
	t := math.Mod(from-to+4*math.Pi, 2*math.Pi)
	if t == 0 {
		t = 2 * math.Pi
	}
	return t
}

// ringOf closes the ring; nil where there are fewer than three places.
func ringOf(path []location) orb.Ring {
	if len(path) < 3 {
		return nil
	}
	r := make(orb.Ring, 0, len(path)+1)
	for _, p := range path {
		r = append(r, p.point())
	}
	return append(r, r[0])
}
