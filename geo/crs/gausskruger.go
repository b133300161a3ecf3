package crs

import (
	"fmt"
	"math"
)

// Zone3 returns the Gauss-Krüger 3° zone of CGCS2000 that holds a longitude in
// degrees: zone n has the central meridian 3n° and reaches 1.5° to each side.
// It returns an error outside zones 25 to 45 (73.5°E to 136.5°E), which
// CGCS2000 defines.
func Zone3(lon float64) (int, error) {
	n := math.Floor(lon/3 + 0.5)
	if !(n >= 25 && n <= 45) {
		return 0, fmt.Errorf("longitude %g: CGCS2000 has 3° zones from 73.5 to 136.5 degrees east only", lon)
	}
	return int(n), nil
}

// Zone3EPSG returns the EPSG code of a 3° zone of CGCS2000 (25 to 45): with
// prefix, eastings begin with the zone's number (zone·10⁶ + 500 km at the
// meridian, EPSG:4513-4533); without, they are 500 km there (EPSG:4534-4554).
func Zone3EPSG(zone int, prefix bool) (int, error) {
	if zone < 25 || zone > 45 {
		return 0, fmt.Errorf("zone %d: CGCS2000 has 3° zones 25 to 45", zone)
	}
	if prefix {
		return 4488 + zone, nil
	}
	return 4509 + zone, nil
}

// MetricAt returns the projected system of CGCS2000 to measure lengths and
// areas in near a longitude in degrees: its 3° zone, eastings without prefix.
func MetricAt(lon float64) (CRS, error) {
	zone, err := Zone3(lon)
	if err != nil {
		return CRS{}, err
	}
	n, err := Zone3EPSG(zone, false)
	return CRS{kind: other, epsg: n}, err
}
