package crs

// refused says why an EPSG code is not taken, "" if it is.
//
// PROJ treats Beijing 1954 and Xi'an 1980 to CGCS2000 as a ballpark
// transformation, which does nothing and is tens of metres wrong without a
// word. The real parameters differ by city and belong to the surveying
// authority. The ranges are those of the EPSG registry (geographic systems,
// Gauss-Krüger zones of 6° and 3° with and without zone prefix, old northing-
// first codes) and of ESRI where PostGIS's spatial_ref_sys lists them.
func refused(epsg int) string {
	for _, r := range refusedRanges {
		if r.from <= epsg && epsg <= r.to {
			return r.why
		}
	}
	return ""
}

const (
	noParameters = " cannot be brought to WGS 84 without the owner's parameters; transform the file to CGCS2000 (EPSG:4490) first"
	beijing1954  = "Beijing 1954" + noParameters
	newBeijing   = "New Beijing" + noParameters
	xian1980     = "Xi'an 1980" + noParameters
	geocentric   = "geocentric coordinates are no place on a map; use longitude and latitude"
)

var refusedRanges = []struct {
	from, to int
	why      string
}{
	{4214, 4214, beijing1954},
	{2401, 2442, beijing1954},   // 3° zones 25-45, then CM 75E-135E
	{21413, 21423, beijing1954}, // 6° zones 13-23
	{21453, 21463, beijing1954}, // 6° CM 75E-135E
	{21473, 21483, beijing1954}, // 6° 13N-23N, deprecated
	{4610, 4610, xian1980},
	{2327, 2348, xian1980}, // 6° zones 13-23, then CM 75E-135E
	{2349, 2390, xian1980}, // 3° zones 25-45, then CM 75E-135E
	{4555, 4555, newBeijing},
	{4568, 4589, newBeijing}, // 6° zones and CMs
	{4652, 4656, newBeijing}, // 3° zones 25-29
	{4766, 4800, newBeijing}, // 3° zones 30-45, CM 75E-129E
	{4812, 4812, newBeijing}, // 3° CM 132E
	{4822, 4822, newBeijing}, // 3° CM 135E
	{102569, 102569, newBeijing},
	{4479, 4479, geocentric}, // CGCS2000
	{4978, 4978, geocentric}, // WGS 84
}
