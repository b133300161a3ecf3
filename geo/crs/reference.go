package crs

import (
	"fmt"
	"strconv"

	"github.com/paulmach/orb"
)

// A Reference is a coordinate system as the OGC API standards name it: by a
// URI, with coordinates in the order of axes that its registry gives.
//
//	CRS84                     longitude, latitude
//	EPSG:4326, EPSG:4490      latitude, longitude
//	EPSG:3857                 easting, northing
//	EPSG:4513 to EPSG:4554    northing, easting: CGCS2000's 3° zones, see [Zone3EPSG]
//
// All are computed here, without PROJ: geographic systems exactly, projected
// ones within a micrometre of what PROJ computes. Where PROJ and onemap could
// differ they agree: WGS 84 and CGCS2000 are taken as equal.
type Reference struct {
	URI string
	// SRID is the EPSG code of coordinates in (x, y) order; 4326 for CRS84.
	SRID int

	flip              bool // written as (y, x)
	metres            bool
	forward, backward func(orb.Point) (orb.Point, bool)
	meridian          float64 // of a zone
	zone              bool
}

const (
	// CRS84 is longitude and latitude of WGS 84, what GeoJSON has by default.
	CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
	epsg  = "http://www.opengis.net/def/crs/EPSG/0/"
)

var references, referenceByURI = makeReferences()

func makeReferences() ([]Reference, map[string]int) {
	all := []Reference{
		{URI: CRS84, SRID: 4326},
		{URI: epsg + "4490", SRID: 4490, flip: true},
		{URI: epsg + "4326", SRID: 4326, flip: true},
		{URI: epsg + "3857", SRID: 3857, metres: true, forward: mercator, backward: mercatorInverse},
	}
	for _, prefix := range []bool{true, false} {
		for zone := 25; zone <= 45; zone++ {
			n, err := Zone3EPSG(zone, prefix)
			if err != nil {
				panic(err) // 25 to 45 are all there are
			}
			g := gaussKruger{meridian: float64(3 * zone), easting: 500_000}
			if prefix {
				g.easting += float64(zone) * 1e6
			}
			all = append(all, Reference{URI: epsg + strconv.Itoa(n), SRID: n, flip: true, metres: true,
				forward: g.forward, backward: g.inverse, meridian: g.meridian, zone: true})
		}
	}
	byURI := make(map[string]int, len(all))
	for i, r := range all {
		byURI[r.URI] = i
	}
	return all, byURI
}

// References returns the systems that can write every place of a box (lon and
// lat in degrees), CRS84 first: a zone whose meridian is far away cannot. An
// empty box has all.
func References(b orb.Bound) []Reference {
	var out []Reference
	for _, r := range references {
		if r.holds(b) {
			out = append(out, r)
		}
	}
	return out
}

func (r Reference) holds(b orb.Bound) bool {
	return !r.zone || b.IsEmpty() || b.Min[0] >= r.meridian-reachDeg && b.Max[0] <= r.meridian+reachDeg
}

// ParseReference reads a URI. It returns an error wrapping [ErrUnknown] for
// every other text.
func ParseReference(uri string) (Reference, error) {
	i, ok := referenceByURI[uri]
	if !ok {
		return Reference{}, fmt.Errorf("%w %q: use one of those that the collection lists, such as %s", ErrUnknown, shorten(uri), CRS84)
	}
	return references[i], nil
}

// Metres says whether coordinates are in metres; else they are in degrees.
func (r Reference) Metres() bool { return r.metres }

// IsLonLat says whether coordinates are written as onemap stores them.
func (r Reference) IsLonLat() bool { return r.forward == nil && !r.flip }

// CRS returns the system as writers declare it.
func (r Reference) CRS() CRS {
	switch r.SRID {
	case 4326:
		return WGS84
	case 4490:
		return CGCS2000
	}
	return CRS{kind: other, epsg: r.SRID}
}

// Write returns a longitude and latitude (degrees) as the system writes them.
// It returns an error where the place is beyond the system.
func (r Reference) Write(p orb.Point) (orb.Point, error) {
	q, ok := p, true
	if r.forward != nil {
		q, ok = r.forward(p)
	}
	if !ok {
		return orb.Point{}, fmt.Errorf("%w: %g %g is too far away for %s", ErrBeyond, p[0], p[1], r.URI)
	}
	return r.swap(q), nil
}

// Read returns coordinates that are written in the system as longitude and
// latitude (degrees). It returns an error where the place is beyond the system.
func (r Reference) Read(p orb.Point) (orb.Point, error) {
	q, ok := r.swap(p), true
	if r.backward != nil {
		q, ok = r.backward(q)
	}
	if !ok {
		return orb.Point{}, fmt.Errorf("%w: %g %g is no place of %s", ErrBeyond, p[0], p[1], r.URI)
	}
	return q, nil
}

// XY returns coordinates that are written in the system in (x, y) order.
func (r Reference) XY(p orb.Point) orb.Point { return r.swap(p) }

func (r Reference) swap(p orb.Point) orb.Point {
	if r.flip {
		return orb.Point{p[1], p[0]}
	}
	return p
}
