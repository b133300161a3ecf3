package intake

import (
	"fmt"
	"math"
	"strings"

	"github.com/paulmach/orb"
)

// place reads the coordinates of a row as they stand in the file.
func (p *plan) place(r *record) (orb.Point, *Fault) {
	if p.lon < 0 {
		switch g := r.geom.(type) {
		case orb.Point:
			return finite(g)
		case orb.MultiPoint:
			if len(g) == 1 {
				return finite(g[0])
			}
		case nil:
			return orb.Point{}, &Fault{Field: "geometry", Reason: "no place"}
		}
		return orb.Point{}, &Fault{Field: "geometry", Value: r.geom.GeoJSONType(), Reason: "not one point"}
	}
	return columnPlace(r, p.lon, p.lat, p.cols.names)
}

// columnPlace reads two columns as coordinates.
func columnPlace(r *record, lon, lat int, names []string) (orb.Point, *Fault) {
	var at orb.Point
	for i, slot := range [2]int{lon, lat} {
		v := strings.TrimSpace(r.values[slot])
		if v == "" {
			return at, &Fault{Field: names[slot], Reason: "no coordinates"}
		}
		n, err := number(v)
		if err != nil {
			return at, &Fault{Field: names[slot], Value: shorten(v, 100), Reason: "not a coordinate"}
		}
		at[i] = n
	}
	return finite(at)
}

// finite refuses the places that stand for not knowing.
func finite(p orb.Point) (orb.Point, *Fault) {
	switch value := func() string { return fmt.Sprintf("%g %g", p[0], p[1]) }; {
	case math.IsNaN(p[0]+p[1]) || math.IsInf(p[0]+p[1], 0):
		return p, &Fault{Field: "geometry", Value: value(), Reason: "not a coordinate"}
	case p[0] == 0 && p[1] == 0:
		return p, &Fault{Field: "geometry", Value: value(), Reason: "0, 0 is no place but a missing one"}
	}
	return p, nil
}

// onMap refuses a place of WGS 84 that is not on Earth or outside bounds.
func onMap(p orb.Point, bounds orb.Bound) *Fault {
	switch value := func() string { return fmt.Sprintf("%g %g", p[0], p[1]) }; {
	case !(p[0] >= -180 && p[0] <= 180 && p[1] >= -90 && p[1] <= 90):
		return &Fault{Field: "geometry", Value: value(), Reason: "not longitude and latitude: are they swapped, or is the coordinate system another?"}
	case p[0] == 0 && p[1] == 0:
		return &Fault{Field: "geometry", Value: value(), Reason: "0, 0 is no place but a missing one"}
	case !bounds.Contains(p):
		return &Fault{Field: "geometry", Value: value(), Reason: "far outside the mapping's bounds, or all grids"}
	}
	return nil
}
