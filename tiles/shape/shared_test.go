package shape_test

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"

	"onemap/tiles/shape"
)

// data finds the folder of real data beside the project's root.
func data(t testing.TB, file string) []byte {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("no go.mod above")
		}
	}
	b, err := os.ReadFile(filepath.Join(dir, "..", "shared", "data", file))
	if os.IsNotExist(err) {
		t.Skipf("no %s beside the project", file)
	}
	if err != nil {
		t.Fatal(err)
	}
	return b
}

var neighbours = []string{
	"stlouis/neighborhoods.geojson", "portland/police_districts.geojson", "minneapolis/minneapolis_neighborhoods.geojson",
	"minneapolis/fire_stations_areas.geojson", "zhejiang/jinhua_counties.geojson", "zhejiang/hangzhou_counties.geojson",
}

// Neighbours that share a border share it at every zoom: no place between them
// falls to none or to both, but for slivers thinner than two units. Each
// is simplified without knowing of the other.
func TestNeighboursStayNeighbours(t *testing.T) {
	for _, file := range neighbours {
		t.Run(file, func(t *testing.T) {
			shapes := polygons(t, data(t, file))
			for z := 6; z <= 15; z += 3 {
				thick, thin, n := tears(t, shapes, z, true)
				// Most of these cities' corners lie beside their neighbour's edge, not on
				// its corner: such borders open by as much as rounding moves them.
				if thick > 0 || thin > n/12 {
					t.Errorf("zoom %d: of %d places %d are torn, %d of them wider than two units", z, n, thin, thick)
				}
			}
		})
	}
}

// The test before can fail: simplified each for itself, neighbours tear apart.
func TestAloneNeighboursTear(t *testing.T) {
	shapes := polygons(t, data(t, neighbours[0]))
	torn := 0
	for z := 6; z <= 15; z += 3 {
		thick, _, _ := tears(t, shapes, z, false)
		torn += thick
	}
	if torn == 0 {
		t.Error("no tear seen")
	}
}

func polygons(t *testing.T, b []byte) []shape.Shape {
	t.Helper()
	fc, err := geojson.UnmarshalFeatureCollection(b)
	if err != nil {
		t.Fatal(err)
	}
	var all []shape.Shape
	for _, f := range fc.Features {
		if s := shaped(t, f.Geometry); s.Kind() == shape.Polygons {
			all = append(all, s)
		}
	}
	return all
}

// tears looks at places near the corners of polygons, in one tile of a zoom.
// It returns how many lay in exactly one polygon and, cut, lie in none or in
// several; thick are those around which all within a unit do.
func tears(t *testing.T, shapes []shape.Shape, z int, shared bool) (thick, thin, n int) {
	t.Helper()
	rng := rand.New(rand.NewPCG(uint64(z), 3))
	side := int64(1) << (36 - z)
	middle := shapes[len(shapes)/2].Box()
	x, y := (middle.MinX+middle.MaxX)/2/side, (middle.MinY+middle.MaxY)/2/side
	var c shape.Cutter
	var before, after []orb.MultiPolygon
	var corners []orb.Point
	for _, s := range shapes {
		m, _ := s.Geometry().(orb.MultiPolygon)
		for _, p := range m {
			for _, r := range p {
				for i := range r {
					q := shape.Project(r[i][0], r[i][1])
					r[i] = orb.Point{float64(q.X-x*side) / float64(side) * 4096, float64(q.Y-y*side) / float64(side) * 4096}
					if r[i][0] > 8 && r[i][0] < 4088 && r[i][1] > 8 && r[i][1] < 4088 {
						corners = append(corners, r[i])
					}
				}
			}
		}
		before = append(before, m)
		l := shape.Climb(s, shape.Options{MaxZoom: 18, Shared: shared})
		g, _ := cut(t, &c, l.At(z), uint32(z), uint32(x), uint32(y), false).(orb.MultiPolygon)
		after = append(after, g)
	}
	count := counter(before)
	countAfter := counter(after)
	if len(corners) == 0 {
		return 0, 0, 0
	}
	around := func(p orb.Point, d float64, ok func(orb.Point) bool) bool {
		for _, o := range [][2]float64{{0, 0}, {d, 0}, {-d, 0}, {0, d}, {0, -d}} {
			if !ok(orb.Point{p[0] + o[0], p[1] + o[1]}) {
				return false
			}
		}
		return true
	}
	for range 500 {
		p := corners[rng.IntN(len(corners))]
		p = orb.Point{p[0] + rng.Float64()*8 - 4.001, p[1] + rng.Float64()*8 - 4.001}
		// Where the land ends, or was torn before, there is nothing to keep.
		if !around(p, 4, func(q orb.Point) bool { return count(q) == 1 }) {
			continue
		}
		n++
		if countAfter(p) == 1 {
			continue
		}
		thin++
		if around(p, 1, func(q orb.Point) bool { return countAfter(q) != 1 }) {
			thick++
		}
	}
	return thick, thin, n
}

// counter returns a function that counts the polygons around a place.
func counter(in []orb.MultiPolygon) func(orb.Point) int {
	bounds := make([]orb.Bound, len(in))
	for i, m := range in {
		bounds[i] = m.Bound()
	}
	return func(p orb.Point) (n int) {
		for i, m := range in {
			if !bounds[i].Contains(p) {
				continue
			}
			odd := false
			for _, polygon := range m {
				for _, r := range polygon {
					for j := 1; j < len(r); j++ {
						a, b := r[j-1], r[j]
						if (a[1] <= p[1]) != (b[1] <= p[1]) && p[0] < a[0]+(p[1]-a[1])*(b[0]-a[0])/(b[1]-a[1]) {
							odd = !odd
						}
					}
				}
			}
			if odd {
				n++
			}
		}
		return n
	}
}
