package etas

import (
	"math"
	"sort"

	"github.com/paulmach/orb"
)

// An event in the order of the catalogue.
type event struct{ t, x, y float64 }

// A catalogue is the events of a city in square buckets, in rows, and by time
// within each: those that may have set off an event are runs of memory in nine
// buckets, and no pair is ever stored.
type catalogue struct {
	events     []event
	first      []int32 // bucket b holds events[first[b]:first[b+1]]
	bucket     []int32 // of each event
	cols, rows int
	from, till float64 // the time observed, days
}

// maxBuckets bounds the index; a city and a reach of 500 m need some thousands.
const maxBuckets = 1 << 20

// index sorts events, which are sorted by time, into buckets no smaller than
// reach metres.
func index(events []event, box orb.Bound, reach, from, till float64) *catalogue {
	c := &catalogue{from: from, till: till, cols: 1, rows: 1}
	w, h := box.Max[0]-box.Min[0], box.Max[1]-box.Min[1]
	side := max(reach, math.Sqrt(w*h/maxBuckets))
	if side < max(w, h) {
		c.cols, c.rows = int(w/side)+1, int(h/side)+1
	} else {
		side = max(w, h, 1)
	}
	at := make([]int32, len(events))
	c.first = make([]int32, c.cols*c.rows+1)
	for i, e := range events {
		col := min(max(int((e.x-box.Min[0])/side), 0), c.cols-1)
		row := min(max(int((e.y-box.Min[1])/side), 0), c.rows-1)
		at[i] = int32(row*c.cols + col)
		c.first[at[i]+1]++
	}
	for b := range c.cols * c.rows {
		c.first[b+1] += c.first[b]
	}
	next := append([]int32(nil), c.first...)
	c.events, c.bucket = make([]event, len(events)), make([]int32, len(events))
	for i, e := range events {
		k := next[at[i]]
		next[at[i]]++
		c.events[k], c.bucket[k] = e, at[i]
	}
	return c
}

// A window is the events of one bucket that lie in the reach of time before
// some event.
type window struct{ lo, hi, end int32 }

// windows sets w to the windows of the buckets around b for an event at time t,
// and returns how many they are.
func (c *catalogue) windows(w *[9]window, b int32, t, reachDays float64) int {
	n := 0
	col, row := int(b)%c.cols, int(b)/c.cols
	for r := max(0, row-1); r <= min(c.rows-1, row+1); r++ {
		for q := max(0, col-1); q <= min(c.cols-1, col+1); q++ {
			lo, end := c.first[r*c.cols+q], c.first[r*c.cols+q+1]
			if lo == end {
				continue
			}
			in := c.events[lo:end]
			w[n] = window{
				lo:  lo + int32(sort.Search(len(in), func(i int) bool { return in[i].t >= t-reachDays })),
				hi:  lo + int32(sort.Search(len(in), func(i int) bool { return in[i].t >= t })),
				end: end,
			}
			n++
		}
	}
	return n
}
