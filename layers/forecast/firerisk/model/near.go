package model

import (
	"math"
	"slices"

	"github.com/paulmach/orb"
)

// buckets finds points near a point: squares of side metres, each with the
// numbers of the points in it.
type buckets struct {
	side float64
	at   []orb.Point
	in   map[[2]int32][]int32
}

func newBuckets(at []orb.Point, side float64) *buckets {
	b := &buckets{side: side, at: at, in: make(map[[2]int32][]int32, len(at)/2)}
	for i, p := range at {
		k := b.key(p)
		b.in[k] = append(b.in[k], int32(i))
	}
	return b
}

func (b *buckets) key(p orb.Point) [2]int32 {
	return [2]int32{int32(math.Floor(p[0] / b.side)), int32(math.Floor(p[1] / b.side))}
}

// within calls yield with the points at most r metres from p, r <= side, in
// the order of squares and numbers.
func (b *buckets) within(p orb.Point, r float64, yield func(i int, metres float64)) {
	k := b.key(p)
	for dy := int32(-1); dy <= 1; dy++ {
		for dx := int32(-1); dx <= 1; dx++ {
			for _, i := range b.in[[2]int32{k[0] + dx, k[1] + dy}] {
				if d := math.Hypot(b.at[i][0]-p[0], b.at[i][1]-p[1]); d <= r {
					yield(int(i), d)
				}
			}
		}
	}
}

// A share of a fire that is counted at a place.
type hit struct {
	place int
	share float64
}

// nextDoor is how much farther than the nearest place others may be that share
// a fire with it: enterprises of one house stand on nearly one point.
const nextDoor = 5.0

// attribute finds the places of each fire: the nearest within nearM, and those
// as good as on the same point, in equal shares. A fire far from all places has
// none.
func attribute(at []orb.Point, fires []Fire, nearM float64) [][]hit {
	b := newBuckets(at, nearM+nextDoor)
	out := make([][]hit, len(fires))
	for n, f := range fires {
		best := math.Inf(1)
		b.within(f.At, nearM, func(_ int, d float64) { best = math.Min(best, d) })
		if math.IsInf(best, 1) {
			continue
		}
		b.within(f.At, best+nextDoor, func(i int, _ float64) { out[n] = append(out[n], hit{place: i}) })
		for i := range out[n] {
			out[n][i].share = 1 / float64(len(out[n]))
		}
	}
	return out
}

func sortedFires(fires []Fire) []Fire {
	out := slices.Clone(fires)
	slices.SortStableFunc(out, func(a, b Fire) int {
		switch {
		case a.Day < b.Day:
			return -1
		case a.Day > b.Day:
			return 1
		}
		return 0
	})
	return out
}

func points(places []Place) []orb.Point {
	at := make([]orb.Point, len(places))
	for i, p := range places {
		at[i] = p.At
	}
	return at
}
