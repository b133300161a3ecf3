package crs

import "github.com/paulmach/orb"

// A Plane is a projected system that onemap computes without PROJ: the zones of
// CGCS2000, the UTM zones of China and Web Mercator. Coordinates are (easting,
// northing) in metres.
type Plane struct {
	g     gaussKruger
	scale float64 // on the central meridian; 0 for Web Mercator
}

// utmScale is that of UTM on its central meridians.
const utmScale = 0.9996

// PlaneOf returns the plane of a projected system:
//
//	EPSG:4491-4501, 4502-4512    CGCS2000, 6° zones 13-23, easting with prefix, without
//	EPSG:4513-4533, 4534-4554    CGCS2000, 3° zones 25-45, easting with prefix, without
//	EPSG:32643-32653             WGS 84, UTM zones 43N-53N
//	EPSG:3857                    Web Mercator
//
// It returns false for every other system.
func PlaneOf(c CRS) (Plane, bool) {
	if c.kind != other {
		return Plane{}, false
	}
	gk := func(meridian int, prefix int) (Plane, bool) {
		return Plane{gaussKruger{float64(meridian), 500_000 + float64(prefix)*1e6}, 1}, true
	}
	switch n := c.epsg; {
	case n >= 4491 && n <= 4501:
		zone := n - 4491 + 13
		return gk(6*zone-3, zone)
	case n >= 4502 && n <= 4512:
		return gk(75+6*(n-4502), 0)
	case n >= 4513 && n <= 4533:
		zone := n - 4488
		return gk(3*zone, zone)
	case n >= 4534 && n <= 4554:
		return gk(3*(n-4509), 0)
	case n >= 32643 && n <= 32653:
		return Plane{gaussKruger{float64(6*(n-32600) - 183), 500_000}, utmScale}, true
	case n == 3857:
		return Plane{}, true
	}
	return Plane{}, false
}

// Forward returns the easting and northing, in metres, of a longitude and
// latitude in degrees; false where the plane does not reach.
func (p Plane) Forward(at orb.Point) (orb.Point, bool) {
	if p.scale == 0 {
		return mercator(at)
	}
	q, ok := p.g.forward(at)
	return orb.Point{p.g.easting + (q[0]-p.g.easting)*p.scale, q[1] * p.scale}, ok
}

// Inverse undoes [Plane.Forward].
func (p Plane) Inverse(at orb.Point) (orb.Point, bool) {
	if p.scale == 0 {
		return mercatorInverse(at)
	}
	return p.g.inverse(orb.Point{p.g.easting + (at[0]-p.g.easting)/p.scale, at[1] / p.scale})
}

// EPSG returns the system of a code that [PlaneOf] knows. It does not ask
// whether the code is one; [Parse] does.
func EPSG(code int) CRS { return CRS{kind: other, epsg: code} }
