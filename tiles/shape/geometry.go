package shape

import (
	"fmt"
	"math"

	"github.com/paulmach/orb"
)

// FromGeometry reads a geometry in degrees (EPSG:4326), as [FromEWKB] does.
func FromGeometry(g orb.Geometry) (Shape, Box, error) {
	b := builders.Get().(*builder)
	defer builders.Put(b)
	b.reset()
	if err := b.geometry(g); err != nil {
		return nil, Box{}, err
	}
	s, box := b.shape()
	return s, box, nil
}

func (g *builder) geometry(in orb.Geometry) error {
	switch in := in.(type) {
	case nil:
	case orb.Point:
		return g.line(Points, in)
	case orb.MultiPoint:
		for _, p := range in {
			if err := g.line(Points, p); err != nil {
				return err
			}
		}
	case orb.LineString:
		return g.line(Lines, in...)
	case orb.MultiLineString:
		for _, l := range in {
			if err := g.line(Lines, l...); err != nil {
				return err
			}
		}
	case orb.Ring:
		return g.geometry(orb.Polygon{in})
	case orb.Bound:
		return g.geometry(in.ToPolygon())
	case orb.Polygon:
		for i, r := range in {
			g.inner = i > 0
			if err := g.line(Polygons, r...); err != nil {
				return err
			}
		}
	case orb.MultiPolygon:
		for _, p := range in {
			if err := g.geometry(p); err != nil {
				return err
			}
		}
	case orb.Collection:
		for _, q := range in {
			if err := g.geometry(q); err != nil {
				return err
			}
		}
	default:
		return fmt.Errorf("%w: %T", ErrGeometry, in)
	}
	return nil
}

func (g *builder) line(kind Kind, pts ...orb.Point) error {
	start := len(g.pts)
	for _, p := range pts {
		if math.IsNaN(p[0]-p[0]) || math.IsNaN(p[1]-p[1]) {
			return fmt.Errorf("%w: a coordinate is not finite", ErrGeometry)
		}
		g.pts = append(g.pts, p)
	}
	g.close(kind, start)
	return nil
}

// Geometry returns the shape in degrees (EPSG:4326): a MultiPoint,
// MultiLineString or MultiPolygon; nil for an empty one.
func (s Shape) Geometry() orb.Geometry {
	var points orb.MultiPoint
	var lines orb.MultiLineString
	var polygons orb.MultiPolygon
	if len(s) == 0 {
		return nil
	}
	for r := read(s); r.more(); {
		n, inner := r.part()
		line := make(orb.LineString, 0, n+1)
		for _, p := range r.all(nil, n) {
			lon, lat := Unproject(p)
			line = append(line, orb.Point{lon, lat})
		}
		switch {
		case r.kind == Points:
			points = append(points, line...)
		case r.kind == Lines:
			lines = append(lines, line)
		case inner:
			last := &polygons[len(polygons)-1]
			*last = append(*last, orb.Ring(append(line, line[0])))
		default:
			polygons = append(polygons, orb.Polygon{orb.Ring(append(line, line[0]))})
		}
	}
	switch s.Kind() {
	case Points:
		return points
	case Lines:
		return lines
	}
	return polygons
}
