package alert

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geo"

	"onemap/geo/relate"
	"onemap/layers"
)

const (
	maxPoints    = 20_000 // of a message in all
	maxPolygons  = 500
	maxRadiusKm  = 1000
	circlePoints = 64 // the polygon of a circle, within a thousandth of its radius
)

// outline is all areas of an info as one MultiPolygon of longitude and
// latitude; nil where none is drawn. field names the info in errors. Polygons
// may overlap each other: they are united by the database, not here.
func outline(field string, areas []Area) (orb.MultiPolygon, error) {
	var all orb.MultiPolygon
	points := 0
	for n, a := range areas {
		for k, s := range a.Polygon {
			at := fmt.Sprintf("%s.area[%d].polygon[%d]", field, n, k)
			ring, err := readRing(at, s)
			if err != nil {
				return nil, err
			}
			points += len(ring)
			all = append(all, orb.Polygon{ring})
		}
		for k, s := range a.Circle {
			ring, err := readCircle(fmt.Sprintf("%s.area[%d].circle[%d]", field, n, k), s)
			if err != nil {
				return nil, err
			}
			points += len(ring)
			all = append(all, orb.Polygon{ring})
		}
		if points > maxPoints || len(all) > maxPolygons {
			return nil, &layers.InputError{Field: field + ".area", Remedy: fmt.Sprintf("at most %d polygons with %d points in all: simplify them", maxPolygons, maxPoints)}
		}
	}
	return all, nil
}

// readRing reads "lat,lon lat,lon …".
func readRing(field, s string) (orb.Ring, error) {
	pairs := strings.Fields(s)
	if len(pairs) < 4 {
		return nil, &layers.InputError{Field: field, Value: layers.Short(s), Remedy: "four pairs lat,lon at least, the last the same as the first, with blanks between"}
	}
	if len(pairs) > maxPoints {
		return nil, &layers.InputError{Field: field, Remedy: fmt.Sprintf("at most %d points", maxPoints)}
	}
	ring := make(orb.Ring, len(pairs))
	for i, p := range pairs {
		at, err := readPair(fmt.Sprintf("%s, pair %d", field, i+1), p)
		if err != nil {
			return nil, err
		}
		ring[i] = at
	}
	if ring[0] != ring[len(ring)-1] {
		return nil, &layers.InputError{Field: field, Value: pairs[len(pairs)-1], Remedy: "the last pair the same as the first, " + pairs[0]}
	}
	if why := relate.Invalid(orb.Polygon{ring}); why != "" {
		return nil, &layers.InputError{Field: field, Remedy: "a polygon that does not touch or cross itself; it " + why + " (longitude latitude)"}
	}
	return ring, nil
}

func readPair(field, s string) (orb.Point, error) {
	a, b, ok := strings.Cut(s, ",")
	lat, err1 := strconv.ParseFloat(a, 64)
	lon, err2 := strconv.ParseFloat(b, 64)
	if !ok || err1 != nil || err2 != nil || math.IsNaN(lat+lon) || math.IsInf(lat+lon, 0) {
		return orb.Point{}, &layers.InputError{Field: field, Value: layers.Short(s), Remedy: "a pair lat,lon in degrees of WGS 84, 29.3068,120.0745"}
	}
	if math.Abs(lat) > 90 || math.Abs(lon) > 180 {
		remedy := "a latitude of -90 to 90, then a longitude of -180 to 180"
		if math.Abs(lat) <= 180 && math.Abs(lon) <= 90 {
			remedy += ": they seem to be exchanged"
		}
		return orb.Point{}, &layers.InputError{Field: field, Value: layers.Short(s), Remedy: remedy}
	}
	return orb.Point{lon, lat}, nil
}

// readCircle reads "lat,lon radius" and returns its polygon.
func readCircle(field, s string) (orb.Ring, error) {
	parts := strings.Fields(s)
	bad := &layers.InputError{Field: field, Value: layers.Short(s), Remedy: "lat,lon and a radius in kilometres, 29.3068,120.0745 5"}
	if len(parts) != 2 {
		return nil, bad
	}
	middle, err := readPair(field, parts[0])
	if err != nil {
		return nil, err
	}
	km, err := strconv.ParseFloat(parts[1], 64)
	if err != nil || !(km > 0) || km > maxRadiusKm {
		bad.Remedy = fmt.Sprintf("a radius of more than 0 and at most %d km", maxRadiusKm)
		return nil, bad
	}
	ring := make(orb.Ring, 0, circlePoints+1)
	for i := range circlePoints {
		p := geo.PointAtBearingAndDistance(middle, -360*float64(i)/circlePoints, km*1000)
		if math.Abs(p[0]) > 180 || math.Abs(p[0]-middle[0]) > 180 || math.Abs(middle[1])+km/111 > 89 {
			bad.Remedy = "a circle that holds no pole and does not cross 180°: draw it as polygons"
			return nil, bad
		}
		ring = append(ring, orb.Point{math.Round(p[0]*1e7) / 1e7, math.Round(p[1]*1e7) / 1e7})
	}
	return append(ring, ring[0]), nil
}

// writeRing writes a ring as CAP does. Seven places are a centimetre.
func writeRing(r orb.Ring) string {
	var b strings.Builder
	for i, p := range r {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(strconv.FormatFloat(math.Round(p[1]*1e7)/1e7, 'f', -1, 64))
		b.WriteByte(',')
		b.WriteString(strconv.FormatFloat(math.Round(p[0]*1e7)/1e7, 'f', -1, 64))
	}
	return b.String()
}
