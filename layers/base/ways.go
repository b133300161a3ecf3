package base

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/paulmach/orb"
	"github.com/paulmach/osm"
)

// A course is where a way runs, as far as the file says.
type course struct {
	runs    []run // unbroken; more than one where nodes are missing between
	missing int   // nodes that are not in the file
	closed  bool  // it ends where it began
}

// A run is an unbroken part of a way.
type run struct {
	first    int // the number of its first vertex in the way
	vertices []vertex
}

// course finds a way's nodes. A way that traffic may use against its drawing
// only comes reversed, so that it always runs with the traffic.
func (x *extract) course(w *osm.Way) course {
	nodes := w.Nodes
	if w.Tags.Find("highway") != "" && onewayOf(w.Tags) == backward {
		nodes = slices.Clone(nodes)
		slices.Reverse(nodes)
	}
	var c course
	var r run
	end := func() {
		if len(r.vertices) > 0 {
			c.runs = append(c.runs, r)
		}
		r = run{}
	}
	for i, n := range nodes {
		at, ok := x.places.find(int64(n.ID))
		if !ok {
			c.missing++
			end()
			continue
		}
		if len(r.vertices) == 0 {
			r.first = i
		}
		r.vertices = append(r.vertices, vertex{int64(n.ID), at})
	}
	end()
	if len(nodes) > 3 && len(c.runs) > 0 {
		a, b := c.runs[0].vertices[0], c.runs[len(c.runs)-1].vertices
		z := b[len(b)-1]
		// Two nodes in one place close a way as well as one node twice.
		c.closed = nodes[0].ID == nodes[len(nodes)-1].ID || c.missing == 0 && a.at == z.at
	}
	return c
}

// plainly returns the way without area=yes where it does not close: it is
// a line then, whatever it says. The tags are copied, not changed.
func plainly(w *osm.Way) *osm.Way {
	n := len(w.Nodes)
	if w.Tags.Find("area") != "yes" || n > 3 && w.Nodes[0].ID == w.Nodes[n-1].ID {
		return w
	}
	open := *w
	open.Tags = slices.DeleteFunc(slices.Clone(w.Tags), func(t osm.Tag) bool { return t.Key == "area" })
	return &open
}

func (c course) lines() [][]location {
	var out [][]location
	for _, r := range c.runs {
		out = append(out, r.locations())
	}
	return out
}

func (r run) locations() []location {
	out := make([]location, len(r.vertices))
	for i, v := range r.vertices {
		out[i] = v.at
	}
	return out
}

// lines writes a way as the line that it is, and a road's edges.
func (x *extract) lines(ctx context.Context, w *osm.Way, c course) error {
	rows := ofLine(w.Tags)
	for _, r := range rows {
		part := 0
		var p pace
		if r.layer == road {
			p = paceOf(w.Tags, r.class)
			if onewayOf(w.Tags) == backward { // the course was turned
				p.forward, p.backward = p.backward, p.forward
			}
		}
		for _, run := range c.runs {
			id := partID(int64(w.ID), part)
			before := part
			for _, line := range lineStrings(run.locations()) {
				f := feature{id: partID(int64(w.ID), part), key: key('w', int64(w.ID), part), row: r, geom: line}
				if err := x.stage.add(ctx, f); err != nil {
					return err
				}
				part++
			}
			if part == before || !p.open() {
				continue
			}
			for _, e := range x.crossings.cut(int64(w.ID), id, run.first, run.vertices, p, r.class) {
				x.linker.add(e, locate(e.line[0][0], e.line[0][1]), locate(e.line[len(e.line)-1][0], e.line[len(e.line)-1][1]))
				if err := x.stage.addEdge(ctx, e); err != nil {
					return err
				}
			}
		}
		switch {
		case part == 0:
			if err := x.stage.rejects.add(rejected, key('w', int64(w.ID), 0), r.layer,
				fmt.Sprintf("a line needs two different places: of its %d nodes, %d are not in the file", len(w.Nodes), c.missing)); err != nil {
				return err
			}
		case c.missing > 0:
			if err := x.stage.rejects.add(repaired, key('w', int64(w.ID), 0), r.layer,
				fmt.Sprintf("%d of %d nodes are not in the file: kept what is there, in %d parts", c.missing, len(w.Nodes), part)); err != nil {
				return err
			}
		}
	}
	return nil
}

// partID is the id of the nth part of a way; there is one part but at an
// extract's edge and at the 180th meridian.
func partID(way int64, part int) int64 {
	if part == 0 {
		return way*4 + 2
	}
	return (way*edgesPerRoad + int64(part)) * 4
}

// lineStrings makes lines of a run: without points that come twice in a row,
// and cut where it leaps over the 180th meridian. What has fewer than two
// different points is no line.
func lineStrings(run []location) []orb.LineString {
	var out []orb.LineString
	var line orb.LineString
	end := func() {
		if len(line) > 1 {
			out = append(out, line)
		}
		line = nil
	}
	for i, at := range run {
		p := at.point()
		if i > 0 {
			if run[i-1] == at {
				continue
			}
			if q := run[i-1].point(); math.Abs(p[0]-q[0]) > 180 {
				lat := crossing180(q, p)
				if edge := (orb.Point{math.Copysign(180, q[0]), lat}); line[len(line)-1] != edge {
					line = append(line, edge)
				}
				end()
				if edge := (orb.Point{math.Copysign(180, p[0]), lat}); p != edge {
					line = append(line, edge)
				}
			}
		}
		line = append(line, p)
	}
	end()
	return out
}

// crossing180 is the latitude in which the short way from a to b crosses the
// 180th meridian.
func crossing180(a, b orb.Point) float64 {
	toA, toB := 180-math.Abs(a[0]), 180-math.Abs(b[0])
	if toA+toB == 0 {
		return a[1]
	}
	return a[1] + (b[1]-a[1])*toA/(toA+toB)
}

// leaps180 says whether a ring has an edge over the 180th meridian.
func leaps180(run []location) bool {
	for i := 1; i < len(run); i++ {
		if math.Abs(float64(run[i].lon)-float64(run[i-1].lon)) > 180e7 {
			return true
		}
	}
	return false
}

const over180 = "it leaps over the 180th meridian: OSM wants such areas cut there"

// areas writes a way as the area that it bounds; where relations are made of
// the way, it waits to hear whether one of them speaks for it.
func (x *extract) areas(ctx context.Context, w *osm.Way, c course, m *member) error {
	var rows []row
	if !isLine(w.Tags) {
		rows = ofArea(w.Tags)
	}
	if m != nil {
		*m = member{found: true, lines: c.lines(), rows: rows, closed: c.closed, missing: c.missing}
		return nil
	}
	if len(rows) == 0 {
		return nil
	}
	return x.wayArea(ctx, int64(w.ID), rows, c.lines(), c.closed, c.missing)
}

// wayArea writes the area that one way bounds.
func (x *extract) wayArea(ctx context.Context, id int64, rows []row, parts [][]location, closed bool, missing int) error {
	why := ""
	var area orb.MultiPolygon
	switch {
	case missing > 0:
		why = fmt.Sprintf("%d of its nodes are not in the file", missing)
	case !closed:
		why = "the way is not closed"
	case leaps180(parts[0]):
		why = over180
	default:
		a, err := assemble(parts)
		if err != nil {
			// Every segment comes twice, or there are not three points.
			why = "it has no area"
		}
		area = a.area
	}
	for _, r := range rows {
		if why != "" {
			if !closed && !rejectsOpen(r.layer) {
				continue
			}
			if err := x.stage.rejects.add(rejected, key('w', id, 0), r.layer, why); err != nil {
				return err
			}
			continue
		}
		if err := x.stage.add(ctx, feature{id: id*4 + 2, key: key('w', id, 0), row: r, geom: area}); err != nil {
			return err
		}
	}
	return nil
}

// rejectsOpen says whether an open way that claims to be of a layer is a
// fault. Boundaries are mostly mapped as open ways that a relation joins, and
// a line with an address or a name of a place is no area that broke.
func rejectsOpen(layer string) bool { return layer == landuse || layer == water || layer == building }
