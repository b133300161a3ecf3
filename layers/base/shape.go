package base

import (
	"errors"
	"fmt"
	"math"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/ewkb"

	"onemap/geo/crs"
	"onemap/layers"
)

// shape gives a geometry the kind that a layer takes, in one part or several:
// lines one by one, points one by one, areas as one MultiPolygon. A closed
// line counts as an area where areas are wanted, because CAD files know no
// other; for a layer of points an area stays what it is, and the database
// finds a point in it.
func shape(g orb.Geometry, kind geometryKind) ([]orb.Geometry, error) {
	var out []orb.Geometry
	switch kind {
	case points:
		switch g := g.(type) {
		case orb.Point:
			return []orb.Geometry{g}, nil
		case orb.MultiPoint:
			for _, p := range g {
				out = append(out, p)
			}
		case orb.Polygon, orb.MultiPolygon:
			return areaOf(g)
		}
	case lines:
		switch g := g.(type) {
		case orb.LineString:
			out = appendLine(out, g)
		case orb.MultiLineString:
			for _, l := range g {
				out = appendLine(out, l)
			}
		}
		if _, ok := g.(orb.LineString); ok && len(out) == 0 {
			return nil, errors.New("a line needs two different points")
		}
	case areas:
		return areaOf(g)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("the layer takes %s", map[geometryKind]string{points: "points", lines: "lines", areas: "areas"}[kind])
	}
	return out, nil
}

func areaOf(g orb.Geometry) ([]orb.Geometry, error) {
	var m orb.MultiPolygon
	switch g := g.(type) {
	case orb.Polygon:
		m = orb.MultiPolygon{g}
	case orb.MultiPolygon:
		m = g
	case orb.LineString:
		if len(g) > 3 && g[0] == g[len(g)-1] {
			m = orb.MultiPolygon{{orb.Ring(g)}}
		}
	case orb.MultiLineString:
		for _, l := range g {
			if len(l) < 4 || l[0] != l[len(l)-1] {
				return nil, errors.New("the layer takes areas: a line of it is not closed")
			}
			m = append(m, orb.Polygon{orb.Ring(l)})
		}
	}
	if len(m) == 0 {
		return nil, errors.New("the layer takes areas")
	}
	for _, p := range m {
		if len(p) == 0 {
			return nil, errors.New("it is empty")
		}
		for _, r := range p {
			if len(r) < 4 || r[0] != r[len(r)-1] { // the database refuses to read such a ring at all
				return nil, errors.New("a ring needs four points, the last equal to the first")
			}
		}
	}
	return []orb.Geometry{m}, nil
}

// appendLine adds a line without points that come twice in a row.
func appendLine(out []orb.Geometry, l orb.LineString) []orb.Geometry {
	var line orb.LineString
	for i, p := range l {
		if i == 0 || p != l[i-1] {
			line = append(line, p)
		}
	}
	if len(line) < 2 {
		return out
	}
	return append(out, line)
}

// toWGS84 returns g's coordinates as they came, for the column orig, and as
// longitude and latitude. The systems that this is for (GCJ-02, BD-09) have no
// SRID.
func toWGS84(c crs.CRS, g orb.Geometry) (orig any, moved orb.Geometry, err error) {
	b, err := ewkb.Marshal(g, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("keep the coordinates as they came: %w", err)
	}
	moved = orb.Clone(g)
	eachPoint(moved, func(p *orb.Point) {
		q, e := c.ToWGS84(*p)
		if e != nil {
			err = e
		}
		*p = q
	})
	if p, ok := moved.(orb.Point); ok { // a point is a value, not a slice
		moved, err = c.ToWGS84(p)
	}
	return layers.RawEWKB(b), moved, err
}

// eachPoint visits the points of lines and areas where they are.
func eachPoint(g orb.Geometry, f func(*orb.Point)) {
	switch g := g.(type) {
	case orb.LineString:
		for i := range g {
			f(&g[i])
		}
	case orb.MultiPolygon:
		for _, p := range g {
			for _, r := range p {
				for i := range r {
					f(&r[i])
				}
			}
		}
	}
}

// onEarth says whether g's bound is one of longitudes and latitudes; it is not
// where a coordinate is infinite or not a number.
func onEarth(g orb.Geometry) bool {
	b := g.Bound()
	finite := true
	eachPoint(g, func(p *orb.Point) { finite = finite && !math.IsNaN(p[0]+p[1]) })
	return finite && b.Min[0] >= -180 && b.Max[0] <= 180 && b.Min[1] >= -90 && b.Max[1] <= 90
}

func firstPoint(g orb.Geometry) string {
	p := g.Bound().Min
	return fmt.Sprintf("(%g, %g)", p[0], p[1])
}
