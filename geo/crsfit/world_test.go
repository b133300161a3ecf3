package crsfit_test

import (
	"compress/gzip"
	"context"
	"encoding/csv"
	"io"
	"math"
	"os"
	"runtime"
	"strconv"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/osm"
	"github.com/paulmach/osm/osmpbf"

	"onemap/geo/crsfit"
)

// world is a base library in memory: roads and buildings of an OpenStreetMap
// extract, found by cells of 100 m.
type world struct {
	move  func(orb.Point) orb.Point
	cells map[[2]int32]*cell
	kx    float64 // metres per degree of longitude
	mid   orb.Point
	bound orb.Bound
	pois  []orb.Point // places of interest and addresses that are points
}

type cell struct {
	roads     [][2]orb.Point // metres
	buildings []orb.Ring     // metres
}

const cellM = 100

// yiwu is where foreign cities are moved to, so that GCJ-02 applies.
var yiwu = orb.Point{120.0745, 29.3068}

// mover moves a city around mid to Yiwu, keeping metres.
func mover(mid orb.Point) func(orb.Point) orb.Point {
	k := math.Cos(mid[1]*math.Pi/180) / math.Cos(yiwu[1]*math.Pi/180)
	return func(p orb.Point) orb.Point {
		return orb.Point{yiwu[0] + (p[0]-mid[0])*k, yiwu[1] + p[1] - mid[1]}
	}
}

func loadWorld(t testing.TB, path string, mid orb.Point) *world {
	f, err := os.Open(path)
	if err != nil {
		t.Skipf("real data is not here: %v", err)
	}
	defer f.Close()
	w := &world{move: mover(mid), cells: map[[2]int32]*cell{}, mid: yiwu, kx: 111320 * math.Cos(yiwu[1]*math.Pi/180)}
	nodes := map[osm.NodeID]orb.Point{}
	scan := osmpbf.New(context.Background(), f, runtime.NumCPU())
	defer scan.Close()
	first := true
	for scan.Scan() {
		switch o := scan.Object().(type) {
		case *osm.Node:
			p := w.move(orb.Point{o.Lon, o.Lat})
			nodes[o.ID] = p
			if o.Tags.Find("amenity") != "" || o.Tags.Find("shop") != "" || o.Tags.Find("addr:housenumber") != "" || o.Tags.Find("tourism") != "" {
				w.pois = append(w.pois, p)
			}
		case *osm.Way:
			road, building := o.Tags.Find("highway") != "", o.Tags.Find("building") != ""
			if !road && !building {
				continue
			}
			var line orb.LineString
			for _, n := range o.Nodes {
				if p, ok := nodes[n.ID]; ok {
					line = append(line, w.metres(p))
					if first {
						w.bound, first = orb.Bound{Min: p, Max: p}, false
					}
					w.bound = w.bound.Extend(p)
				}
			}
			if road {
				for i := 1; i < len(line); i++ {
					w.put(line[i-1:i+1].Bound(), func(c *cell) { c.roads = append(c.roads, [2]orb.Point{line[i-1], line[i]}) })
				}
			} else if len(line) > 3 {
				w.put(line.Bound(), func(c *cell) { c.buildings = append(c.buildings, orb.Ring(line)) })
			}
		}
	}
	if err := scan.Err(); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) metres(p orb.Point) orb.Point {
	return orb.Point{(p[0] - w.mid[0]) * w.kx, (p[1] - w.mid[1]) * 111320}
}

func (w *world) put(b orb.Bound, f func(*cell)) {
	for x := int32(math.Floor((b.Min[0] - crsfit.ReachM) / cellM)); x <= int32(math.Floor((b.Max[0]+crsfit.ReachM)/cellM)); x++ {
		for y := int32(math.Floor((b.Min[1] - crsfit.ReachM) / cellM)); y <= int32(math.Floor((b.Max[1]+crsfit.ReachM)/cellM)); y++ {
			c := w.cells[[2]int32{x, y}]
			if c == nil {
				c = new(cell)
				w.cells[[2]int32{x, y}] = c
			}
			f(c)
		}
	}
}

func (w *world) look(places []crsfit.Place) ([]crsfit.Around, error) {
	out := make([]crsfit.Around, len(places))
	for i, p := range places {
		m := w.metres(p.At)
		a := crsfit.Around{RoadM: crsfit.ReachM, BuildingM: crsfit.ReachM}
		if c := w.cells[[2]int32{int32(math.Floor(m[0] / cellM)), int32(math.Floor(m[1] / cellM))}]; c != nil {
			for _, s := range c.roads {
				a.RoadM = math.Min(a.RoadM, toSegment(m, s[0], s[1]))
			}
			for _, r := range c.buildings {
				if a.BuildingM > 0 {
					a.BuildingM = math.Min(a.BuildingM, toRing(m, r))
				}
			}
		}
		out[i] = a
	}
	return out, nil
}

func toSegment(p, a, b orb.Point) float64 {
	dx, dy := b[0]-a[0], b[1]-a[1]
	t := 0.0
	if l := dx*dx + dy*dy; l > 0 {
		t = math.Max(0, math.Min(1, ((p[0]-a[0])*dx+(p[1]-a[1])*dy)/l))
	}
	return math.Hypot(p[0]-a[0]-t*dx, p[1]-a[1]-t*dy)
}

func toRing(p orb.Point, r orb.Ring) float64 {
	inside, best := false, math.Inf(1)
	for i := 1; i < len(r); i++ {
		a, b := r[i-1], r[i]
		best = math.Min(best, toSegment(p, a, b))
		if (a[1] > p[1]) != (b[1] > p[1]) && p[0] < a[0]+(p[1]-a[1])/(b[1]-a[1])*(b[0]-a[0]) {
			inside = !inside
		}
	}
	if inside {
		return 0
	}
	return best
}

// readPoints reads two columns of a compressed CSV file, every nth row.
func readPoints(t testing.TB, path, lon, lat string, every int) []orb.Point {
	f, err := os.Open(path)
	if err != nil {
		t.Skipf("real data is not here: %v", err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	r := csv.NewReader(z)
	r.ReuseRecord = true
	head, err := r.Read()
	if err != nil {
		t.Fatal(err)
	}
	x, y := -1, -1
	for i, h := range head {
		switch h {
		case lon, "\ufeff" + lon:
			x = i
		case lat:
			y = i
		}
	}
	var out []orb.Point
	for n := 0; ; n++ {
		rec, err := r.Read()
		if err == io.EOF {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		if n%every != 0 {
			continue
		}
		a, errA := strconv.ParseFloat(rec[x], 64)
		b, errB := strconv.ParseFloat(rec[y], 64)
		if errA == nil && errB == nil {
			out = append(out, orb.Point{a, b})
		}
	}
}
