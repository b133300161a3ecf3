package tilestest

import (
	"errors"
	"fmt"

	"github.com/paulmach/orb"
)

// Geometry reads a geometry's commands (section 4.3) of a kind: 1 points, 2
// lines, 3 polygons. It returns a MultiPoint, MultiLineString or MultiPolygon of
// whole numbers; rings repeat their first point.
func Geometry(kind uint32, commands []uint32) (orb.Geometry, error) {
	c := cursor{rest: commands}
	switch kind {
	case 1:
		return c.points()
	case 2:
		return c.lines()
	case 3:
		return c.polygons()
	}
	return nil, fmt.Errorf("geometry type %d", kind)
}

type cursor struct {
	rest []uint32
	x, y int64
}

// command reads a command that must have the id; count 0 stands for any above it.
func (c *cursor) command(id, count uint32) (int, error) {
	if len(c.rest) == 0 {
		return 0, fmt.Errorf("ends where command %d should come", id)
	}
	got, n := c.rest[0]&7, c.rest[0]>>3
	c.rest = c.rest[1:]
	if got != id || n == 0 || count > 0 && n != count {
		return 0, fmt.Errorf("command %d × %d where %d should come", got, n, id)
	}
	if id != 7 && uint64(n)*2 > uint64(len(c.rest)) {
		return 0, fmt.Errorf("command %d × %d with %d parameters", got, n, len(c.rest))
	}
	return int(n), nil
}

func (c *cursor) path(to []orb.Point, n int) []orb.Point {
	for range n {
		c.x += int64(int32(c.rest[0]>>1) ^ -int32(c.rest[0]&1))
		c.y += int64(int32(c.rest[1]>>1) ^ -int32(c.rest[1]&1))
		c.rest = c.rest[2:]
		to = append(to, orb.Point{float64(c.x), float64(c.y)})
	}
	return to
}

func (c *cursor) points() (orb.Geometry, error) {
	n, err := c.command(1, 0)
	if err != nil {
		return nil, err
	}
	if len(c.rest) != 2*n {
		return nil, errors.New("points go on after their MoveTo")
	}
	return orb.MultiPoint(c.path(nil, n)), nil
}

// stretch reads a MoveTo and a LineTo.
func (c *cursor) stretch() ([]orb.Point, error) {
	if _, err := c.command(1, 1); err != nil {
		return nil, err
	}
	line := c.path(nil, 1)
	n, err := c.command(2, 0)
	if err != nil {
		return nil, err
	}
	line = c.path(line, n)
	for i := 1; i < len(line); i++ {
		if line[i] == line[i-1] {
			return nil, fmt.Errorf("point %v comes twice", line[i])
		}
	}
	return line, nil
}

func (c *cursor) lines() (orb.Geometry, error) {
	var all orb.MultiLineString
	for len(c.rest) > 0 || all == nil {
		line, err := c.stretch()
		if err != nil {
			return nil, err
		}
		all = append(all, line)
	}
	return all, nil
}

func (c *cursor) polygons() (orb.Geometry, error) {
	var all orb.MultiPolygon
	for len(c.rest) > 0 || all == nil {
		ring, err := c.stretch()
		if err != nil {
			return nil, err
		}
		if _, err := c.command(7, 1); err != nil {
			return nil, err
		}
		if len(ring) < 3 {
			return nil, fmt.Errorf("a ring of %d points", len(ring))
		}
		if ring[len(ring)-1] == ring[0] {
			return nil, fmt.Errorf("a ring comes back to %v before it is closed", ring[0])
		}
		r := orb.Ring(append(ring, ring[0]))
		switch a := Area(r); {
		case a > 0:
			all = append(all, orb.Polygon{r})
		case a == 0:
			return nil, fmt.Errorf("the ring at %v has no area", ring[0])
		case all == nil:
			return nil, errors.New("a hole comes first")
		default:
			last := len(all) - 1
			all[last] = append(all[last], r)
		}
	}
	return all, nil
}

// Area returns a ring's area by the surveyor's formula: positive for an outer
// one, as y points down.
func Area(r orb.Ring) float64 {
	var sum float64
	for i := 1; i < len(r); i++ {
		sum += r[i-1][0]*r[i][1] - r[i][0]*r[i-1][1]
	}
	return sum / 2
}

// Valid tells what is wrong with polygons of whole numbers, as section 4.3.5 has it
// and OGC 06-103r4 behind it: rings are simple, holes lie in their ring and
// beside each other. Rings may touch at single points. Polygons do not cross.
// It compares all edges with each other.
func Valid(polygons orb.MultiPolygon) error {
	type edge struct {
		a, b       orb.Point
		ring, i, n int
	}
	var edges []edge
	rings := 0
	for _, p := range polygons {
		for _, r := range p {
			for i := 1; i < len(r); i++ {
				edges = append(edges, edge{r[i-1], r[i], rings, i - 1, len(r) - 1})
			}
			rings++
		}
	}
	for i, e := range edges {
		for _, f := range edges[i+1:] {
			if e.ring == f.ring {
				if next := f.i == e.i+1 || e.i == 0 && f.i == e.n-1; next {
					if turn(e.a, e.b, f.a) == 0 && turn(e.a, e.b, f.b) == 0 && overlap(e.a, e.b, f.a, f.b) {
						return fmt.Errorf("a spike: %v-%v, %v-%v", e.a, e.b, f.a, f.b)
					}
					continue
				}
				if meet(e.a, e.b, f.a, f.b) {
					return fmt.Errorf("a ring meets itself: %v-%v, %v-%v", e.a, e.b, f.a, f.b)
				}
			} else if cross(e.a, e.b, f.a, f.b) || overlap(e.a, e.b, f.a, f.b) {
				return fmt.Errorf("rings cross: %v-%v, %v-%v", e.a, e.b, f.a, f.b)
			}
		}
	}
	for _, p := range polygons {
		for i, hole := range p[1:] {
			if !inside(hole, p[0]) {
				return fmt.Errorf("the hole at %v lies outside", hole[0])
			}
			for j, other := range p[1:] {
				if i != j && inside(hole, other) {
					return fmt.Errorf("the hole at %v lies in another", hole[0])
				}
			}
		}
	}
	return nil
}

func turn(a, b, c orb.Point) float64 {
	return (b[0]-a[0])*(c[1]-a[1]) - (b[1]-a[1])*(c[0]-a[0])
}

func opposite(s, t float64) bool { return s > 0 && t < 0 || s < 0 && t > 0 }

// cross: in the middle of both.
func cross(a, b, c, d orb.Point) bool {
	return opposite(turn(a, b, c), turn(a, b, d)) && opposite(turn(c, d, a), turn(c, d, b))
}

// on: p lies on the segment.
func on(p, a, b orb.Point) bool {
	return turn(a, b, p) == 0 && min(a[0], b[0]) <= p[0] && p[0] <= max(a[0], b[0]) && min(a[1], b[1]) <= p[1] && p[1] <= max(a[1], b[1])
}

func meet(a, b, c, d orb.Point) bool {
	return cross(a, b, c, d) || on(a, c, d) || on(b, c, d) || on(c, a, b) || on(d, a, b)
}

// overlap: along more than a point.
func overlap(a, b, c, d orb.Point) bool {
	if turn(a, b, c) != 0 || turn(a, b, d) != 0 {
		return false
	}
	// Along the longer axis of the line they lie on.
	k := 0
	if max(a[1], b[1])-min(a[1], b[1]) > max(a[0], b[0])-min(a[0], b[0]) {
		k = 1
	}
	return max(min(a[k], b[k]), min(c[k], d[k])) < min(max(a[k], b[k]), max(c[k], d[k]))
}

// inside tells whether a ring lies in another that it does not cross: the
// middles of its edges do.
func inside(r, in orb.Ring) bool {
	for i := 1; i < len(r); i++ {
		p := orb.Point{(r[i-1][0] + r[i][0]) / 2, (r[i-1][1] + r[i][1]) / 2}
		odd, border := false, false
		for j := 1; j < len(in); j++ {
			a, b := in[j-1], in[j]
			border = border || on(p, a, b)
			if (a[1] <= p[1]) != (b[1] <= p[1]) && (turn(a, b, p) > 0) == (b[1] > a[1]) {
				odd = !odd
			}
		}
		if !border {
			return odd
		}
	}
	return false
}
