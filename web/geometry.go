package web

import (
	"math"

	"github.com/paulmach/orb"
)

// rounded returns a copy of g with seven decimals: a centimetre on the ground.
func rounded(g orb.Geometry) orb.Geometry {
	switch g := orb.Clone(g).(type) {
	case orb.Point:
		return roundPoint(g)
	case orb.MultiPoint:
		roundLine(g)
		return g
	case orb.LineString:
		roundLine(g)
		return g
	case orb.MultiLineString:
		for _, l := range g {
			roundLine(l)
		}
		return g
	case orb.Polygon:
		for _, r := range g {
			roundLine(r)
		}
		return g
	case orb.MultiPolygon:
		for _, p := range g {
			for _, r := range p {
				roundLine(r)
			}
		}
		return g
	default:
		return g
	}
}

func roundLine[L ~[]orb.Point](l L) {
	for i := range l {
		l[i] = roundPoint(l[i])
	}
}

func roundPoint(p orb.Point) orb.Point {
	return orb.Point{math.Round(p[0]*1e7) / 1e7, math.Round(p[1]*1e7) / 1e7}
}
