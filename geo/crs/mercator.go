package crs

import (
	"math"

	"github.com/paulmach/orb"
)

// mercatorReach is the latitude, in degrees, to which Web Mercator is computed;
// it goes to infinity at the poles.
const mercatorReach = 89.9

// mercator returns the Web Mercator metres (EPSG:3857) of a longitude and
// latitude in degrees; false near the poles.
func mercator(p orb.Point) (orb.Point, bool) {
	if !(math.Abs(p[1]) <= mercatorReach) {
		return orb.Point{}, false
	}
	return orb.Point{cgcsA * p[0] * math.Pi / 180, cgcsA * math.Asinh(math.Tan(p[1]*math.Pi/180))}, true
}

// mercatorInverse undoes mercator.
func mercatorInverse(p orb.Point) (orb.Point, bool) {
	q := orb.Point{p[0] / cgcsA * 180 / math.Pi, math.Atan(math.Sinh(p[1]/cgcsA)) * 180 / math.Pi}
	return q, math.Abs(q[1]) <= mercatorReach && math.Abs(q[0]) <= 180+1e-9
}
