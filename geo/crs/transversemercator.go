package crs

import (
	"math"

	"github.com/paulmach/orb"
)

// The ellipsoid of CGCS2000, which differs from that of WGS 84 by 0.1 mm at the poles.
const (
	cgcsA = 6378137.0 // metres
	cgcsF = 1 / 298.257222101
)

// reachDeg is how far from a meridian, in degrees of longitude, [gaussKruger]
// is still exact. Farther away the series no longer converges.
const reachDeg = 60

// gaussKruger is a transverse Mercator projection of CGCS2000 with the scale 1
// on its central meridian and the origin on the equator.
//
// It is Krüger's series to the sixth order in the third flattening (Karney,
// "Transverse Mercator with an accuracy of a few nanometers", 2011, equations
// 7 to 11, 35 and 36), as PROJ's is: the two agree within a micrometre.
type gaussKruger struct {
	meridian float64 // degrees
	easting  float64 // metres at the meridian
}

// The third flattening, the first eccentricity, the radius of the circle as
// long as a meridian, and Krüger's coefficients both ways.
var (
	tmN = cgcsF / (2 - cgcsF)
	tmE = math.Sqrt(cgcsF * (2 - cgcsF))
	tmA = cgcsA / (1 + tmN) * poly(tmN*tmN, 1, 1./4, 1./64, 1./256)

	tmAlpha = [6]float64{
		tmN * poly(tmN, 1./2, -2./3, 5./16, 41./180, -127./288, 7891./37800),
		tmN * tmN * poly(tmN, 13./48, -3./5, 557./1440, 281./630, -1983433./1935360),
		tmN * tmN * tmN * poly(tmN, 61./240, -103./140, 15061./26880, 167603./181440),
		math.Pow(tmN, 4) * poly(tmN, 49561./161280, -179./168, 6601661./7257600),
		math.Pow(tmN, 5) * poly(tmN, 34729./80640, -3418889./1995840),
		math.Pow(tmN, 6) * 212378941. / 319334400,
	}
	tmBeta = [6]float64{
		tmN * poly(tmN, 1./2, -2./3, 37./96, -1./360, -81./512, 96199./604800),
		tmN * tmN * poly(tmN, 1./48, 1./15, -437./1440, 46./105, -1118711./3870720),
		tmN * tmN * tmN * poly(tmN, 17./480, -37./840, -209./4480, 5569./90720),
		math.Pow(tmN, 4) * poly(tmN, 4397./161280, -11./504, -830251./7257600),
		math.Pow(tmN, 5) * poly(tmN, 4583./161280, -108847./3991680),
		math.Pow(tmN, 6) * 20648693. / 638668800,
	}
)

// poly is c[0] + c[1]x + c[2]x² …
func poly(x float64, c ...float64) float64 {
	sum := 0.0
	for i := len(c) - 1; i >= 0; i-- {
		sum = sum*x + c[i]
	}
	return sum
}

// forward returns the easting and northing, in metres, of a longitude and
// latitude in degrees; false beyond [reachDeg] of the meridian.
func (g gaussKruger) forward(p orb.Point) (orb.Point, bool) {
	d := math.Remainder(p[0]-g.meridian, 360)
	if !(math.Abs(d) <= reachDeg && math.Abs(p[1]) <= 90) {
		return orb.Point{}, false
	}
	sinL, cosL := math.Sincos(d * math.Pi / 180)
	tau := conformal(math.Tan(p[1] * math.Pi / 180))
	xi0, eta0 := math.Atan2(tau, cosL), math.Asinh(sinL/math.Hypot(tau, cosL))
	xi, eta := xi0, eta0
	for i, a := range tmAlpha {
		j := 2 * float64(i+1)
		xi += a * math.Sin(j*xi0) * math.Cosh(j*eta0)
		eta += a * math.Cos(j*xi0) * math.Sinh(j*eta0)
	}
	return orb.Point{g.easting + tmA*eta, tmA * xi}, true
}

// inverse returns the longitude and latitude, in degrees, of an easting and
// northing in metres; false beyond [reachDeg] of the meridian.
func (g gaussKruger) inverse(p orb.Point) (orb.Point, bool) {
	xi0, eta0 := p[1]/tmA, (p[0]-g.easting)/tmA
	if !(math.Abs(xi0) <= math.Pi/2 && math.Abs(eta0) <= 3) {
		return orb.Point{}, false
	}
	xi, eta := xi0, eta0
	for i, b := range tmBeta {
		j := 2 * float64(i+1)
		xi -= b * math.Sin(j*xi0) * math.Cosh(j*eta0)
		eta -= b * math.Cos(j*xi0) * math.Sinh(j*eta0)
	}
	sinhE, cosX := math.Sinh(eta), math.Cos(xi)
	lon := math.Atan2(sinhE, cosX) * 180 / math.Pi
	lat := math.Atan(geodetic(math.Sin(xi)/math.Hypot(sinhE, cosX))) * 180 / math.Pi
	if !(math.Abs(lon) <= reachDeg+1e-9) {
		return orb.Point{}, false
	}
	return orb.Point{math.Remainder(lon+g.meridian, 360), lat}, true
}

// conformal turns the tangent of a latitude into that of the conformal one.
func conformal(tau float64) float64 {
	h := math.Hypot(1, tau)
	s := math.Sinh(tmE * math.Atanh(tmE*tau/h))
	return tau*math.Hypot(1, s) - s*h
}

// geodetic undoes conformal by Newton's method; three rounds reach the last bit.
func geodetic(want float64) float64 {
	tau := want
	for range 5 {
		have := conformal(tau)
		e2 := tmE * tmE
		step := (want - have) / math.Hypot(1, have) * (1 + (1-e2)*tau*tau) / ((1 - e2) * math.Hypot(1, tau))
		tau += step
		if !(math.Abs(step) > 1e-14*math.Max(1, math.Abs(tau))) {
			break
		}
	}
	return tau
}
