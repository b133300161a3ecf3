package hotspot_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"

	"onemap/layers/forecast/hotspot"
)

// box is a rectangle from (x0, y0) to (x1, y1), metres.
func box(x0, y0, x1, y1 float64) orb.MultiPolygon {
	return orb.MultiPolygon{{{{x0, y0}, {x1, y0}, {x1, y1}, {x0, y1}, {x0, y0}}}}
}

// grid is a lattice of squares of 100 m, cols wide and rows high.
func grid(t testing.TB, cols, rows int) *hotspot.Space {
	t.Helper()
	s, err := hotspot.Lattice(box(0, 0, float64(cols)*100, float64(rows)*100), 100, 0, orb.Point{})
	if err != nil {
		t.Fatal(err)
	}
	if s.Len() != cols*rows {
		t.Fatalf("%d cells, want %d", s.Len(), cols*rows)
	}
	return s
}

// A model learns from when and where and nothing else: an event has no place
// for a person, a name, an age or an officer.
func TestAnEventIsWhenAndWhereOnly(t *testing.T) {
	e := reflect.TypeFor[hotspot.Event]()
	want := map[string]reflect.Type{"Day": reflect.TypeFor[float64](), "At": reflect.TypeFor[orb.Point]()}
	for i := range e.NumField() {
		if f := e.Field(i); want[f.Name] != f.Type {
			t.Errorf("Event has a field %s %s: places only, never a person", f.Name, f.Type)
		}
	}
}

func TestLattice(t *testing.T) {
	for _, tt := range []struct {
		name   string
		city   orb.MultiPolygon
		angle  float64
		origin orb.Point
		cells  int
	}{
		{"borders on the lattice's lines add no cells", box(0, 0, 300, 200), 0, orb.Point{}, 6},
		{"a square that is touched is a cell, whole", box(50, 50, 250, 150), 0, orb.Point{}, 6},
		{"the origin is a corner", box(50, 50, 250, 150), 0, orb.Point{50, 50}, 2},
		{"an origin far away shifts by whole cells", box(50, 50, 250, 150), 0, orb.Point{-9950, 10050}, 2},
		{"a turn by a quarter changes nothing here", box(0, 0, 300, 200), 90, orb.Point{}, 6},
		{"the city within one cell", box(10, 10, 20, 20), 0, orb.Point{}, 1},
		{"a hole is outside", orb.MultiPolygon{{box(0, 0, 300, 300)[0][0], {{100, 100}, {100, 200}, {200, 200}, {200, 100}, {100, 100}}}}, 0, orb.Point{}, 8},
		{"two parts", append(box(0, 0, 100, 100), box(500, 0, 600, 100)...), 0, orb.Point{}, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, err := hotspot.Lattice(tt.city, 100, tt.angle, tt.origin)
			if err != nil {
				t.Fatal(err)
			}
			if s.Len() != tt.cells {
				t.Fatalf("%d cells, want %d", s.Len(), tt.cells)
			}
			if got, want := s.TotalM2(), 1e4*float64(tt.cells); math.Abs(got-want) > 1e-6 {
				t.Errorf("area %g, want %g", got, want)
			}
			for i := range s.Len() {
				if got := s.CellAt(s.Centre(i)); got != i {
					t.Errorf("the centre of cell %d lies in %d", i, got)
				}
				if a := planar.Area(s.Ring(i)); math.Abs(a-1e4) > 1e-6 {
					t.Errorf("ring of %g m², want 1e4, counter-clockwise", a)
				}
			}
		})
	}
}

func TestTurnedLatticeCoversTheCity(t *testing.T) {
	city := orb.MultiPolygon{{{{0, 0}, {1000, 200}, {700, 900}, {300, 1200}, {0, 0}}}}
	s, err := hotspot.Lattice(city, 70, 27, orb.Point{13, -7})
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 5000 {
		p := orb.Point{r.Float64() * 1000, r.Float64() * 1200}
		c := s.CellAt(p)
		if planar.MultiPolygonContains(city, p) && c < 0 {
			t.Fatalf("%v is in the city and in no cell", p)
		}
		if c >= 0 && !planar.PolygonContains(s.Ring(c), p) {
			t.Fatalf("%v is not in cell %d, which was found for it", p, c)
		}
	}
}

func TestCellAtIsHalfOpenAndRefusesNonsense(t *testing.T) {
	s := grid(t, 2, 2)
	for _, tt := range []struct {
		p    orb.Point
		want int
	}{
		{orb.Point{0, 0}, 0}, {orb.Point{99.9, 0}, 0}, {orb.Point{100, 0}, 1}, {orb.Point{100, 100}, 3},
		{orb.Point{200, 0}, -1}, {orb.Point{0, -0.1}, -1},
		{orb.Point{math.NaN(), 0}, -1}, {orb.Point{math.Inf(1), 0}, -1}, {orb.Point{0, math.Inf(-1)}, -1},
	} {
		if got := s.CellAt(tt.p); got != tt.want {
			t.Errorf("%v lies in %d, want %d", tt.p, got, tt.want)
		}
	}
}

func TestNeighbours(t *testing.T) {
	s := grid(t, 3, 3)
	if got, want := s.Neighbours(4), []int32{0, 1, 2, 3, 5, 6, 7, 8}; !slices.Equal(got, want) {
		t.Errorf("the middle has %v, want %v", got, want)
	}
	if got, want := s.Neighbours(0), []int32{1, 3, 4}; !slices.Equal(got, want) {
		t.Errorf("the corner has %v, want %v", got, want)
	}
}

func TestAreas(t *testing.T) {
	cells := []orb.MultiPolygon{box(0, 0, 400, 400), box(400, 0, 1000, 400), box(0, 400, 1000, 500), box(2000, 0, 2010, 10)}
	s, err := hotspot.Areas(cells)
	if err != nil {
		t.Fatal(err)
	}
	want := []float64{160000, 240000, 100000, 100}
	for i := range cells {
		if math.Abs(s.AreaM2(i)-want[i]) > 1e-6 {
			t.Errorf("grid %d has %g m², want %g", i, s.AreaM2(i), want[i])
		}
		if got := s.CellAt(s.Centre(i)); got != i {
			t.Errorf("the middle of grid %d lies in %d", i, got)
		}
	}
	if got := s.CellAt(orb.Point{1500, 50}); got != -1 {
		t.Errorf("a point in the gap lies in %d", got)
	}
	if got := s.Neighbours(0); !slices.Equal(got, []int32{1, 2}) {
		t.Errorf("grid 0 touches %v", got)
	}
	if got := s.Neighbours(3); len(got) != 0 {
		t.Errorf("the island touches %v", got)
	}
	r := rand.New(rand.NewPCG(3, 4))
	for range 20000 {
		p := orb.Point{r.Float64() * 2100, r.Float64() * 600}
		want := slices.IndexFunc(cells, func(m orb.MultiPolygon) bool { return planar.MultiPolygonContains(m, p) })
		if got := s.CellAt(p); got != want {
			t.Fatalf("%v lies in %d, want %d", p, got, want)
		}
	}
}

func TestSpacesRefuseWhatHasNoArea(t *testing.T) {
	nan := box(0, 0, 1, 1)
	nan[0][0][1][0] = math.NaN()
	for name, make := range map[string]func() (*hotspot.Space, error){
		"no outline":     func() (*hotspot.Space, error) { return hotspot.Lattice(nil, 100, 0, orb.Point{}) },
		"a line":         func() (*hotspot.Space, error) { return hotspot.Lattice(box(0, 0, 100, 0), 100, 0, orb.Point{}) },
		"a broken point": func() (*hotspot.Space, error) { return hotspot.Lattice(nan, 100, 0, orb.Point{}) },
		"no cell size":   func() (*hotspot.Space, error) { return hotspot.Lattice(box(0, 0, 1, 1), 0, 0, orb.Point{}) },
		"NaN cell size":  func() (*hotspot.Space, error) { return hotspot.Lattice(box(0, 0, 1, 1), math.NaN(), 0, orb.Point{}) },
		"millions":       func() (*hotspot.Space, error) { return hotspot.Lattice(box(0, 0, 1e6, 1e6), 1, 0, orb.Point{}) },
		"no angle":       func() (*hotspot.Space, error) { return hotspot.Lattice(box(0, 0, 1, 1), 1, math.NaN(), orb.Point{}) },
		"no grids":       func() (*hotspot.Space, error) { return hotspot.Areas(nil) },
		"an empty grid":  func() (*hotspot.Space, error) { return hotspot.Areas([]orb.MultiPolygon{box(0, 0, 1, 1), nil}) },
	} {
		if _, err := make(); !errors.Is(err, hotspot.ErrInput) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCheck(t *testing.T) {
	at := func(days ...float64) (out []hotspot.Event) {
		for _, d := range days {
			out = append(out, hotspot.Event{Day: d})
		}
		return out
	}
	for _, tt := range []struct {
		name   string
		events []hotspot.Event
		until  float64
		ok     bool
	}{
		{"none", nil, 0, true},
		{"in order", at(1, 1, 2), 3, true},
		{"on the cut", at(1, 3), 3, false},
		{"in the future", at(1, 9), 3, false},
		{"not sorted", at(2, 1), 3, false},
		{"no day", at(math.NaN()), 3, false},
		{"no cut", nil, math.NaN(), false},
	} {
		if err := hotspot.Check(tt.events, tt.until); (err == nil) != tt.ok || err != nil && !errors.Is(err, hotspot.ErrInput) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}
