package fenceindex

import (
	"slices"

	"github.com/paulmach/orb"
)

// A Crossing is somebody's entering or leaving of a fence.
type Crossing struct {
	Key   string
	Enter bool
}

// Step says in which fences somebody is after a position, who was in those of
// the sorted list in before it, and what they crossed, sorted by key, what they
// left first. isFor says which fences are for them, nil for all; one that is not,
// or that the index does not have, is left. It does not change in.
func (x *Index) Step(in []string, p orb.Point, accuracyM float64, isFor func(key string) bool) (now []string, crossed []Crossing) {
	for _, key := range in {
		if f := x.Get(key); f == nil || isFor != nil && !isFor(key) || f.Sure(p, accuracyM) == Outside {
			crossed = append(crossed, Crossing{Key: key})
		}
	}
	left := len(crossed)
	x.At(p, func(f *Fence) {
		if _, was := slices.BinarySearch(in, f.Key); !was && (isFor == nil || isFor(f.Key)) && f.Sure(p, accuracyM) == Inside {
			crossed = append(crossed, Crossing{Key: f.Key, Enter: true})
		}
	})
	if len(crossed) == 0 {
		return in, nil
	}
	slices.SortFunc(crossed[left:], func(a, b Crossing) int {
		if a.Key < b.Key {
			return -1
		}
		return 1
	})
	now = make([]string, 0, len(in)+len(crossed))
	for _, key := range in {
		if !slices.Contains(crossed[:left], Crossing{Key: key}) {
			now = append(now, key)
		}
	}
	for _, c := range crossed[left:] {
		now = append(now, c.Key)
	}
	slices.Sort(now)
	return now, crossed
}
