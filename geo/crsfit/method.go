package crsfit

import (
	"errors"
	"fmt"
	"strings"

	"github.com/paulmach/orb"

	"onemap/geo/crs"
)

// A Method is a way to read the pairs of numbers of a file. Its zero value is
// longitude and latitude of WGS 84 in decimal degrees.
type Method struct {
	CRS     crs.CRS
	Swapped bool // the pair is (lat, lon) or (northing, easting)
	Form    Form
}

// ErrMethod: no method has that name.
var ErrMethod = errors.New("unknown way to read coordinates")

// ErrNumber: a number cannot be what the method says it is, such as 75 minutes.
var ErrNumber = errors.New("not a coordinate of this kind")

// String returns the method's name: the system's, then "/yx" where the axes are
// swapped, then "/" and the form where numbers are not plain, as in
// "EPSG:4549/yx" and "GCJ02/ddmm". [ParseMethod] reads it back.
func (m Method) String() string {
	s := m.CRS.String()
	if m.Swapped {
		s += "/yx"
	}
	if m.Form != Plain {
		s += "/" + m.Form.String()
	}
	return s
}

// ParseMethod reads the name of a method; the name of a system alone is one. It
// returns an error wrapping [ErrMethod], or that of [crs.Parse].
func ParseMethod(name string) (Method, error) {
	parts := strings.Split(name, "/")
	c, err := crs.Parse(parts[0])
	if err != nil {
		return Method{}, err
	}
	m := Method{CRS: c}
	parts = parts[1:]
	if len(parts) > 0 && parts[0] == "yx" {
		m.Swapped, parts = true, parts[1:]
	}
	if len(parts) > 0 {
		form, ok := formNamed(parts[0])
		if !ok {
			return Method{}, fmt.Errorf("%w: %q", ErrMethod, parts[0])
		}
		m.Form, parts = form, parts[1:]
	}
	if len(parts) > 0 {
		return Method{}, fmt.Errorf("%w: %q is too much", ErrMethod, parts[0])
	}
	return m, nil
}

// Coordinates returns a pair of the file as coordinates of the method's system,
// in (x, y) order, degrees in decimals: what a writer declares with
// [Method.CRS]. It returns an error wrapping [ErrNumber] for numbers that are
// not of its form.
func (m Method) Coordinates(pair [2]float64) (orb.Point, error) {
	if m.Swapped {
		pair[0], pair[1] = pair[1], pair[0]
	}
	x, okX := m.Form.degrees(pair[0])
	y, okY := m.Form.degrees(pair[1])
	if !okX || !okY {
		return orb.Point{}, fmt.Errorf("%w: %v as %v", ErrNumber, pair, m)
	}
	return orb.Point{x, y}, nil
}

// Read returns a pair of the file as longitude and latitude of WGS 84. It
// returns an error wrapping [ErrNumber] for numbers that the method cannot
// have, and an error for a system that needs PROJ (see [crs.PlaneOf]).
func (m Method) Read(pair [2]float64) (orb.Point, error) {
	p, err := m.Coordinates(pair)
	if err != nil {
		return orb.Point{}, err
	}
	if plane, ok := crs.PlaneOf(m.CRS); ok {
		q, ok := plane.Inverse(p)
		if !ok {
			return orb.Point{}, fmt.Errorf("%w: %v as %v", ErrNumber, pair, m)
		}
		return q, nil
	}
	if !(p[0] >= -180 && p[0] <= 180 && p[1] >= -90 && p[1] <= 90) && !m.CRS.NeedsPROJ() {
		return orb.Point{}, fmt.Errorf("%w: %v as %v", ErrNumber, pair, m)
	}
	return m.CRS.ToWGS84(p)
}

// Write returns a longitude and latitude of WGS 84 as the pair of numbers that
// the method reads it from. It is what the tests shift real points with.
func (m Method) Write(at orb.Point) ([2]float64, error) {
	var p orb.Point
	if plane, ok := crs.PlaneOf(m.CRS); ok {
		if p, ok = plane.Forward(at); !ok {
			return [2]float64{}, fmt.Errorf("%w: %v in %v", ErrNumber, at, m)
		}
	} else {
		var err error
		if p, err = m.CRS.FromWGS84(at); err != nil {
			return [2]float64{}, err
		}
	}
	pair := [2]float64{m.Form.number(p[0]), m.Form.number(p[1])}
	if m.Swapped {
		pair[0], pair[1] = pair[1], pair[0]
	}
	return pair, nil
}
