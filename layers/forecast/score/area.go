package score

import (
	"math"

	"github.com/paulmach/orb"
)

// Plane brings longitude and latitude of WGS 84 to metres of the Lambert
// cylindrical equal-area projection of the ellipsoid (Snyder 1987, p. 81):
// x = aλ, y = aq/2. Areas are true everywhere on Earth, lengths and angles are
// not; a forecast is scored by areas and by which cell holds a point, and lines
// between near points stay straight.
func Plane(p orb.Point) orb.Point {
	const (
		a  = 6378137.0
		f  = 1 / 298.257223563
		e2 = f * (2 - f)
	)
	e := math.Sqrt(e2)
	s := math.Sin(p[1] * math.Pi / 180)
	q := (1 - e2) * (s/(1-e2*s*s) - math.Log((1-e*s)/(1+e*s))/(2*e)) // (3-12)
	return orb.Point{a * p[0] * math.Pi / 180, a * q / 2}
}
