// Package crs names the coordinate systems that writers may declare and brings
// their coordinates to longitude and latitude of WGS 84.
//
// It is pure: values in, values out. Systems that need a projection library
// ([CRS.NeedsPROJ]) are left to PostGIS, which layers/intake asks in batches.
//
// Coordinates are [orb.Point] in (x, y) order, whatever axis order the registry
// gives. For WGS 84, CGCS2000, GCJ-02, BD-09 and every geographic EPSG system
// that is (lon, lat) in degrees, though EPSG:4326 and EPSG:4490 are officially
// (lat, lon). For projected systems it is (easting, northing) in the unit of
// the system, mostly metres, though surveyors in China, and the registry for
// the Gauss-Krüger systems of CGCS2000, call the northing X and give it first.
//
// onemap stores longitude and latitude under SRID 4326 and takes CGCS2000 as
// equal to WGS 84: the ellipsoids differ by 0.1 mm, the frames by a few
// decimetres, because CGCS2000 is fixed at epoch 2000.0 while positions by
// satellite move with the plate by about 3 cm a year.
package crs

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/paulmach/orb"
)

var (
	// ErrUnknown: no coordinate system has that name.
	ErrUnknown = errors.New("unknown coordinate system")
	// ErrRefused: the system exists, but its coordinates cannot be brought to
	// WGS 84 without parameters that only its owner has.
	ErrRefused = errors.New("refused coordinate system")
)

// Names lists what [Parse] takes, for messages to people.
const Names = "WGS84, CGCS2000, GCJ02, BD09 or EPSG:n"

// A CRS is a coordinate system that a writer declared. Its zero value is
// WGS 84.
type CRS struct {
	kind kind
	epsg int // for other only
}

type kind uint8

const (
	wgs84 kind = iota
	cgcs2000
	gcj02
	bd09
	other // EPSG:n
)

// The systems with names of their own.
var (
	WGS84    = CRS{kind: wgs84}
	CGCS2000 = CRS{kind: cgcs2000}
	GCJ02    = CRS{kind: gcj02}
	BD09     = CRS{kind: bd09}
)

// Parse reads the name of a coordinate system: WGS84, CGCS2000, GCJ02, BD09 or
// EPSG:n, in any case, with or without hyphens ("gcj-02"). It does not guess:
// an empty name is an error. It returns an error wrapping [ErrUnknown], or
// [ErrRefused] for Beijing 1954, New Beijing and Xi'an 1980. Whether PostGIS
// knows an EPSG code shows when it is used.
func Parse(name string) (CRS, error) {
	s := strings.ToUpper(strings.TrimSpace(name))
	switch strings.NewReplacer("-", "", "_", "", " ", "").Replace(s) {
	case "WGS84":
		return WGS84, nil
	case "CGCS2000":
		return CGCS2000, nil
	case "GCJ02":
		return GCJ02, nil
	case "BD09", "BD09LL":
		return BD09, nil
	}
	digits, ok := strings.CutPrefix(s, "EPSG:")
	if !ok || len(digits) < 4 || len(digits) > 6 || strings.Trim(digits, "0123456789") != "" || digits[0] == '0' {
		return CRS{}, fmt.Errorf("%w %q: use %s", ErrUnknown, shorten(name), Names)
	}
	n, err := strconv.Atoi(digits)
	if err != nil {
		return CRS{}, fmt.Errorf("%w %q: use %s", ErrUnknown, shorten(name), Names)
	}
	if why := refused(n); why != "" {
		return CRS{}, fmt.Errorf("%w EPSG:%d: %s", ErrRefused, n, why)
	}
	return CRS{kind: other, epsg: n}, nil
}

// String returns the name as onemap stores it: WGS84, CGCS2000, GCJ02, BD09 or
// EPSG:n. Parse reads it back.
func (c CRS) String() string {
	switch c.kind {
	case wgs84:
		return "WGS84"
	case cgcs2000:
		return "CGCS2000"
	case gcj02:
		return "GCJ02"
	case bd09:
		return "BD09"
	}
	return "EPSG:" + strconv.Itoa(c.epsg)
}

// IsLonLat says whether coordinates of c are stored as they are: WGS 84 and
// CGCS2000 by name or as EPSG:4326 and EPSG:4490.
func (c CRS) IsLonLat() bool {
	return c.kind == wgs84 || c.kind == cgcs2000 || c.kind == other && (c.epsg == 4326 || c.epsg == 4490)
}

// NeedsPROJ says whether only PostGIS can bring coordinates of c to WGS 84.
func (c CRS) NeedsPROJ() bool { return c.kind == other && !c.IsLonLat() }

// SRID returns the EPSG code of c, 0 for GCJ-02 and BD-09, which have none.
func (c CRS) SRID() int {
	switch c.kind {
	case wgs84:
		return 4326
	case cgcs2000:
		return 4490
	case other:
		return c.epsg
	}
	return 0
}

// ToWGS84 returns p, which is in c, as (lon, lat) of WGS 84. It returns an
// error where c needs PROJ.
func (c CRS) ToWGS84(p orb.Point) (orb.Point, error) {
	switch {
	case c.IsLonLat():
		return p, nil
	case c.kind == gcj02:
		return GCJ02ToWGS84(p), nil
	case c.kind == bd09:
		return BD09ToWGS84(p), nil
	}
	return orb.Point{}, fmt.Errorf("%v to WGS84: needs PROJ", c)
}

// FromWGS84 returns p, which is (lon, lat) of WGS 84, in c. It returns an
// error where c needs PROJ.
func (c CRS) FromWGS84(p orb.Point) (orb.Point, error) {
	switch {
	case c.IsLonLat():
		return p, nil
	case c.kind == gcj02:
		return WGS84ToGCJ02(p), nil
	case c.kind == bd09:
		return WGS84ToBD09(p), nil
	}
	return orb.Point{}, fmt.Errorf("WGS84 to %v: needs PROJ", c)
}

func shorten(s string) string {
	if r := []rune(s); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return s
}
