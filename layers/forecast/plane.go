package forecast

import (
	"math"

	"github.com/paulmach/orb"
)

// A Plane is metres about a city's middle, easting and northing: the Lambert
// azimuthal equal-area projection of the ellipsoid of WGS 84 (Snyder, Map
// Projections: A Working Manual, 1987, p. 187). Areas are true everywhere, so a
// count per square metre is; 50 km from the middle a length is wrong by at most
// one part in 100,000. Its zero value is no plane: take one from [PlaneAbout].
type Plane struct {
	Middle orb.Point // longitude and latitude

	sinB, cosB, radius, scale float64 // of the authalic sphere at the middle
}

const (
	semiMajorM   = 6378137.0
	flattening   = 1 / 298.257223563
	eccentricity = flattening * (2 - flattening) // squared
)

// PlaneAbout returns the plane about a point, in longitude and latitude.
func PlaneAbout(middle orb.Point) Plane {
	p := Plane{Middle: middle}
	phi := middle[1] * math.Pi / 180
	beta := authalic(phi)
	p.sinB, p.cosB = math.Sincos(beta)
	p.radius = semiMajorM * math.Sqrt(qOf(math.Pi/2)/2)
	m := math.Cos(phi) / math.Sqrt(1-eccentricity*math.Sin(phi)*math.Sin(phi))
	p.scale = semiMajorM * m / (p.radius * p.cosB) // D of Snyder's (24-20)
	return p
}

// qOf is Snyder's (3-12).
func qOf(phi float64) float64 {
	e, s := math.Sqrt(eccentricity), math.Sin(phi)
	return (1 - eccentricity) * (s/(1-eccentricity*s*s) - math.Log((1-e*s)/(1+e*s))/(2*e))
}

// authalic is the latitude on the sphere of equal area (3-11).
func authalic(phi float64) float64 {
	return math.Asin(max(-1, min(1, qOf(phi)/qOf(math.Pi/2))))
}

// Forward brings longitude and latitude to metres.
func (p Plane) Forward(at orb.Point) orb.Point {
	sin, cos := math.Sincos(authalic(at[1] * math.Pi / 180))
	sinL, cosL := math.Sincos((at[0] - p.Middle[0]) * math.Pi / 180)
	b := p.radius * math.Sqrt(2/(1+p.sinB*sin+p.cosB*cos*cosL))
	return orb.Point{b * p.scale * cos * sinL, b / p.scale * (p.cosB*sin - p.sinB*cos*cosL)}
}

// Inverse brings metres back to longitude and latitude, to a tenth of a millimetre.
func (p Plane) Inverse(at orb.Point) orb.Point {
	x, y := at[0]/p.scale, at[1]*p.scale
	rho := math.Hypot(x, y)
	if rho == 0 {
		return p.Middle
	}
	sin, cos := math.Sincos(2 * math.Asin(min(1, rho/(2*p.radius))))
	beta := math.Asin(max(-1, min(1, cos*p.sinB+y*sin*p.cosB/rho)))
	lon := p.Middle[0] + math.Atan2(x*sin, rho*p.cosB*cos-y*p.sinB*sin)*180/math.Pi
	return orb.Point{lon, latitude(beta) * 180 / math.Pi}
}

// latitude is the inverse of [authalic], by its series (3-18) and one step of
// Newton's method (3-16).
func latitude(beta float64) float64 {
	const e2, e4, e6 = eccentricity, eccentricity * eccentricity, eccentricity * eccentricity * eccentricity
	phi := beta + (e2/3+31*e4/180+517*e6/5040)*math.Sin(2*beta) + (23*e4/360+251*e6/3780)*math.Sin(4*beta) + 761*e6/45360*math.Sin(6*beta)
	s, c := math.Sincos(phi)
	if c < 1e-6 {
		return phi
	}
	w := 1 - e2*s*s
	return phi + w*w/(2*c*(1-e2))*(qOf(math.Pi/2)*math.Sin(beta)-qOf(phi))
}

// MultiPolygon brings areas to the plane.
func (p Plane) MultiPolygon(m orb.MultiPolygon) orb.MultiPolygon { return eachPoint(m, p.Forward) }

// LonLat brings areas of the plane to longitude and latitude, rounded to 1e-7
// degrees, a centimetre, so that cells that share a corner share it exactly.
func (p Plane) LonLat(m orb.MultiPolygon) orb.MultiPolygon {
	return eachPoint(m, func(at orb.Point) orb.Point {
		at = p.Inverse(at)
		return orb.Point{math.Round(at[0]*1e7) / 1e7, math.Round(at[1]*1e7) / 1e7}
	})
}

func eachPoint(m orb.MultiPolygon, f func(orb.Point) orb.Point) orb.MultiPolygon {
	out := make(orb.MultiPolygon, len(m))
	for i, poly := range m {
		out[i] = make(orb.Polygon, len(poly))
		for j, ring := range poly {
			out[i][j] = make(orb.Ring, len(ring))
			for k, at := range ring {
				out[i][j][k] = f(at)
			}
		}
	}
	return out
}
