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

func (b *builder) geometry(g orb.Geometry) error {
	switch g := g.(type) {
	case nil:
	case orb.Point:
		return b.line(Points, g)
	case orb.MultiPoint:
		for _, p := range g {
			if err := b.line(Points, p); err != nil {
				return err
			}
		}
	case orb.LineString:
		return b.line(Lines, g...)
	case orb.MultiLineString:
		for _, l := range g {
			if err := b.line(Lines, l...); err != nil {
				return err
			}
		}
	case orb.Ring:
		return b.geometry(orb.Polygon{g})
	case orb.Bound:
		return b.geometry(g.ToPolygon())
	case orb.Polygon:
		for i, r := range g {
			b.inner = i > 0
			if err := b.line(Polygons, r...); err != nil {
				return err
			}
		}
	case orb.MultiPolygon:
		for _, p := range g {
			if err := b.geometry(p); err != nil {
				return err
			}
		}
	case orb.Collection:
		for _, q := range g {
			if err := b.geometry(q); err != nil {
				return err
			}
		}
	default:
		return fmt.Errorf("%w: %T", ErrGeometry, g)
	}
	return nil
}

func (b *builder) line(kind Kind, pts ...orb.Point) error {
	start := len(b.pts)
	for _, p := range pts {
		if math.IsNaN(p[0]-p[0]) || math.IsNaN(p[1]-p[1]) {
			return fmt.Errorf("%w: a coordinate is not finite", ErrGeometry)
		}
		b.pts = append(b.pts, p)
	}
	b.close(kind, start)
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
