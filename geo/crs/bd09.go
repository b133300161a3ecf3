package crs

import (
	"math"

	"github.com/paulmach/orb"
)

// bdTurn is Baidu's x_pi, in radians per degree.
const bdTurn = math.Pi * 3000 / 180

// bdForward is GCJ-02 to BD-09 by the formula alone.
func bdForward(p orb.Point) orb.Point {
	z := math.Hypot(p[0], p[1]) + 0.00002*math.Sin(p[1]*bdTurn)
	theta := math.Atan2(p[1], p[0]) + 0.000003*math.Cos(p[0]*bdTurn)
	return orb.Point{z*math.Cos(theta) + 0.0065, z*math.Sin(theta) + 0.006}
}

// WGS84ToBD09 returns p, (lon, lat) of WGS 84, in BD-09. Outside the box around
// China they are the same.
func WGS84ToBD09(p orb.Point) orb.Point {
	if !inChina(p) {
		return p
	}
	return bdForward(gcjForward(p))
}

// BD09ToWGS84 returns p, (lon, lat) of BD-09, in WGS 84, to less than 1 mm. It
// inverts both steps by iteration: the usual closed form of the first is up to
// 22 cm wrong. The box around China and its edge are as in [GCJ02ToWGS84].
func BD09ToWGS84(p orb.Point) orb.Point {
	if !inChina(p) {
		return p
	}
	return invert(gcjForward, invert(bdForward, p))
}
