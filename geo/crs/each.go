package crs

import (
	"errors"
	"fmt"

	"github.com/paulmach/orb"
)

// ErrBeyond: a place is outside what a coordinate system can write.
var ErrBeyond = errors.New("beyond the coordinate system")

// Each returns a copy of g with f done to each of its points. It ends with f's
// first error. Geometries other than points, lines, polygons, their multiples
// and bounds are an error.
func Each(g orb.Geometry, f func(orb.Point) (orb.Point, error)) (orb.Geometry, error) {
	switch g := orb.Clone(g).(type) {
	case nil:
		return nil, nil
	case orb.Point:
		return f(g)
	case orb.MultiPoint:
		return g, eachOf(g, f)
	case orb.LineString:
		return g, eachOf(g, f)
	case orb.MultiLineString:
		for _, l := range g {
			if err := eachOf(l, f); err != nil {
				return nil, err
			}
		}
		return g, nil
	case orb.Polygon:
		return g, eachRing(g, f)
	case orb.MultiPolygon:
		for _, p := range g {
			if err := eachRing(p, f); err != nil {
				return nil, err
			}
		}
		return g, nil
	case orb.Collection:
		for i := range g {
			one, err := Each(g[i], f)
			if err != nil {
				return nil, err
			}
			g[i] = one
		}
		return g, nil
	default:
		return nil, fmt.Errorf("a geometry of type %T has no points to go through", g)
	}
}

func eachRing(p orb.Polygon, f func(orb.Point) (orb.Point, error)) error {
	for _, r := range p {
		if err := eachOf(r, f); err != nil {
			return err
		}
	}
	return nil
}

func eachOf[L ~[]orb.Point](l L, f func(orb.Point) (orb.Point, error)) error {
	for i := range l {
		p, err := f(l[i])
		if err != nil {
			return err
		}
		l[i] = p
	}
	return nil
}

// boxSteps is into how many pieces an edge of a box is cut where it is curved
// in degrees: over 100 km of a Gauss-Krüger zone the pieces stray by less
// than a centimetre from it.
const boxSteps = 64

// ReadBox returns the box between two corners written in the system as a
// polygon in degrees, its edges cut in pieces where they are curved there.
func (r Reference) ReadBox(a, b orb.Point) (orb.Polygon, error) {
	a, b = r.swap(a), r.swap(b) // (x, y) from here on
	steps := 1
	if r.zone {
		steps = boxSteps
	}
	corners := []orb.Point{{a[0], a[1]}, {b[0], a[1]}, {b[0], b[1]}, {a[0], b[1]}, {a[0], a[1]}}
	ring := make(orb.Ring, 0, 4*steps+1)
	for i := range 4 {
		from, to := corners[i], corners[i+1]
		for k := range steps {
			t := float64(k) / float64(steps)
			p, err := r.Read(r.swap(orb.Point{from[0] + t*(to[0]-from[0]), from[1] + t*(to[1]-from[1])}))
			if err != nil {
				return nil, err
			}
			ring = append(ring, p)
		}
	}
	return orb.Polygon{append(ring, ring[0])}, nil
}
