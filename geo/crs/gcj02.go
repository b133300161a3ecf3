package crs

import (
	"math"

	"github.com/paulmach/orb"
)

// GCJ-02 shifts WGS 84 by 18 to 711 m inside a box around China and not at all
// outside. The formula is public knowledge, not a published standard: onemap
// uses it to understand what phones and maps in China send.
const (
	krasovskyA  = 6378245.0 // metres
	krasovskyEE = 0.00669342162296594323
)

// inChina says whether p is in the box where GCJ-02 differs from WGS 84. It is
// a box, not the border: Hong Kong, Taiwan and strips of the neighbours are in it.
// NaN is outside.
func inChina(p orb.Point) bool {
	return p[0] >= 72.004 && p[0] <= 137.8347 && p[1] >= 0.8293 && p[1] <= 55.8271
}

// gcjShift returns GCJ-02 minus WGS 84 at p in degrees, by the formula alone,
// without the box: so it has no jump.
func gcjShift(p orb.Point) orb.Point {
	const pi = math.Pi
	x, y := p[0]-105, p[1]-35
	common := 20*math.Sin(6*pi*x) + 20*math.Sin(2*pi*x)
	dLat := -100 + 2*x + 3*y + 0.2*y*y + 0.1*x*y + 0.2*math.Sqrt(math.Abs(x)) +
		2.0/3*(common+
			20*math.Sin(pi*y)+40*math.Sin(pi*y/3)+
			160*math.Sin(pi*y/12)+320*math.Sin(pi*y/30))
	dLon := 300 + x + 2*y + 0.1*x*x + 0.1*x*y + 0.1*math.Sqrt(math.Abs(x)) +
		2.0/3*(common+
			20*math.Sin(pi*x)+40*math.Sin(pi*x/3)+
			150*math.Sin(pi*x/12)+300*math.Sin(pi*x/30))
	phi := p[1] * pi / 180
	sin := math.Sin(phi)
	m := 1 - krasovskyEE*sin*sin
	root := math.Sqrt(m)
	return orb.Point{
		dLon * 180 / (pi * krasovskyA * math.Cos(phi) / root),
		dLat * 180 / (pi * krasovskyA * (1 - krasovskyEE) / (m * root)),
	}
}

func gcjForward(p orb.Point) orb.Point {
	d := gcjShift(p)
	return orb.Point{p[0] + d[0], p[1] + d[1]}
}

// WGS84ToGCJ02 returns p, (lon, lat) of WGS 84, in GCJ-02. Outside the box
// around China they are the same.
func WGS84ToGCJ02(p orb.Point) orb.Point {
	if !inChina(p) {
		return p
	}
	return gcjForward(p)
}

// GCJ02ToWGS84 returns p, (lon, lat) of GCJ-02, in WGS 84, to less than 1 mm.
// Outside the box around China they are the same; within a kilometre of the
// box's edge, where the system itself jumps, the answer may be that of the
// other side.
func GCJ02ToWGS84(p orb.Point) orb.Point {
	if !inChina(p) {
		return p
	}
	return invert(gcjForward, p)
}

// invert finds the p with f(p) = target, where f moves points by less than
// 0.02° and changes slowly: p ← p − (f(p) − target). Three rounds give less than
// 1 mm; f must have no jump, so the box is not asked.
func invert(f func(orb.Point) orb.Point, target orb.Point) orb.Point {
	p := target
	for range 8 {
		q := f(p)
		dx, dy := q[0]-target[0], q[1]-target[1]
		p[0] -= dx
		p[1] -= dy
		if math.Abs(dx) < 1e-10 && math.Abs(dy) < 1e-10 { // degrees: 0.01 mm
			break
		}
	}
	return p
}
