package fenceindex

import (
	"math"

	"github.com/paulmach/orb"
)

// A Sureness says what a position of limited accuracy tells of a fence.
type Sureness int8

const (
	Unsure  Sureness = iota // the edge runs through the circle where the position may be
	Inside                  // the whole circle is inside
	Outside                 // none of it is
)

// Sure says whether somebody who is within accuracyM metres of p is certainly
// in the fence, or certainly not. With an accuracy of 0 it is always sure.
//
// Who takes Unsure for "as before" sees nobody enter and leave by the trembling
// of a receiver: to come back, one must go at least twice the accuracy.
func (f *Fence) Sure(p orb.Point, accuracyM float64) Sureness {
	in := f.Holds(p)
	if accuracyM > 0 && f.edgeWithin(p, accuracyM) {
		return Unsure
	}
	if in {
		return Inside
	}
	return Outside
}

// metres of a degree of latitude, on a sphere of the Earth's mean radius.
const metresDegree = 6_371_008.8 * math.Pi / 180

// edgeWithin says whether an edge of the fence is nearer to p than m metres. The
// ground is taken as flat around p, which is right to a thousandth for the
// kilometres that an accuracy may be.
func (f *Fence) edgeWithin(p orb.Point, m float64) bool {
	ky := metresDegree
	kx := ky * math.Cos(p[1]*math.Pi/180)
	// Far from the box, no edge is looked at.
	dx := max(f.bound.Min[0]-p[0], p[0]-f.bound.Max[0], 0) * kx
	dy := max(f.bound.Min[1]-p[1], p[1]-f.bound.Max[1], 0) * ky
	if dx*dx+dy*dy >= m*m {
		return false
	}
	for _, poly := range f.Geometry {
		for _, ring := range poly {
			for i := 1; i < len(ring); i++ {
				a, b := ring[i-1], ring[i]
				if squaredDistance((a[0]-p[0])*kx, (a[1]-p[1])*ky, (b[0]-p[0])*kx, (b[1]-p[1])*ky) < m*m {
					return true
				}
			}
		}
	}
	return false
}

// squaredDistance is that of the origin from the segment between two points.
func squaredDistance(ax, ay, bx, by float64) float64 {
	dx, dy := bx-ax, by-ay
	t := 0.0
	if l := dx*dx + dy*dy; l > 0 {
		t = min(max(-(ax*dx+ay*dy)/l, 0), 1)
	}
	x, y := ax+t*dx, ay+t*dy
	return x*x + y*y
}
