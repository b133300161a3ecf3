package crsfit_test

import (
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"github.com/paulmach/orb"

	"onemap/geo/crs"
	"onemap/geo/crsfit"
)

const data = "../../../shared/data/"

// A register is real points of one kind over the base library of their city.
type register struct {
	name string
	w    *world
	at   []orb.Point
}

// centre is the part of Portland that the extract of streets covers.
var centre = orb.Bound{Min: orb.Point{-122.705, 45.492}, Max: orb.Point{-122.632, 45.542}}

func portland(t testing.TB, names ...string) []register {
	w := loadWorld(t, data+"portland/streets.osm.pbf", orb.Point{-122.635, 45.515})
	w.bound = orb.Bound{Min: w.move(centre.Min), Max: w.move(centre.Max)}
	var out []register
	for _, s := range []struct {
		name, file, x, y string
		every            int
	}{
		{"street trees", "street_trees", "lon", "lat", 4},
		{"park trees", "park_trees", "Longitude", "Latitude", 1},
		{"police calls", "nij2016_aug01_aug31_calls", "X", "Y", 1},
		{"thefts", "burglary_vehicle_theft_2012_2017", "lon", "lat", 1},
		{"bicycle trips", "biketown_trips", "start_lon", "start_lat", 40},
	} {
		if len(names) > 0 && !slices.Contains(names, s.name) {
			continue
		}
		var at []orb.Point
		for _, p := range readPoints(t, data+"portland/"+s.file+".csv.gz", s.x, s.y, s.every) {
			if p = w.move(p); w.bound.Contains(p) {
				at = append(at, p)
			}
		}
		out = append(out, register{s.name, w, at})
	}
	return out
}

// written are the ways in which the test writes files. Yiwu is in the 3° zone
// 40 (meridian 120°) and the 6° zones 20 and 21.
var written = []string{
	"WGS84", "GCJ02", "BD09", "WGS84/yx", "GCJ02/yx", "BD09/yx",
	"WGS84/ddmm", "WGS84/ddmmss", "WGS84/dd.mmss", "GCJ02/dd.mmss", "BD09/ddmm", "WGS84/e6", "GCJ02/yx/ddmm",
	"EPSG:4549", "EPSG:4549/yx", "EPSG:4528", "EPSG:4528/yx", "EPSG:4510", "EPSG:4499", "EPSG:4498/yx", "EPSG:4548",
	"EPSG:32651", "EPSG:3857",
}

// judged writes points by a method and returns the verdict on the file.
func judged(t testing.TB, w *world, at []orb.Point, method string, declared *crsfit.Method) crsfit.Verdict {
	t.Helper()
	m, err := crsfit.ParseMethod(method)
	if err != nil {
		t.Fatal(err)
	}
	pairs := make([][2]float64, len(at))
	for i, p := range at {
		if pairs[i], err = m.Write(p); err != nil {
			t.Fatal(err)
		}
		for k := range pairs[i] { // as files have them: a centimetre
			digits := 1e7
			switch {
			case m.CRS.NeedsPROJ():
				digits = 100
			case m.Form == crsfit.PackedMinutes:
				digits = 1e5
			case m.Form == crsfit.PackedSeconds:
				digits = 1e3
			}
			pairs[i][k] = math.Round(pairs[i][k]*digits) / digits
		}
	}
	v, err := crsfit.Judge(crsfit.Candidates(pairs, []orb.Bound{w.bound.Pad(0.02)}, declared), w.look)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// right says whether a verdict's best is a method, or reads as it does.
func right(t testing.TB, v crsfit.Verdict, method string, at orb.Point) bool {
	t.Helper()
	m, err := crsfit.ParseMethod(method)
	if err != nil {
		t.Fatal(err)
	}
	pair, err := m.Write(at)
	if err != nil {
		t.Fatal(err)
	}
	got, err := v.Candidates[0].Method.Read(pair)
	return err == nil && math.Hypot(got[0]-at[0], got[1]-at[1]) < 1e-5
}

func sampled(r *rand.Rand, at []orb.Point, n int) []orb.Point {
	out := make([]orb.Point, n)
	for i := range out {
		out[i] = at[r.IntN(len(at))]
	}
	return out
}

// Each way to write a file of 200 rows is found.
func TestEveryWayOfWritingIsFound(t *testing.T) {
	calls := portland(t, "police calls")[0]
	r := rand.New(rand.NewPCG(5, 4))
	for _, method := range written {
		at := sampled(r, calls.at, 200)
		v := judged(t, calls.w, at, method, nil)
		if len(v.Candidates) == 0 || !right(t, v, method, at[0]) || !v.Sure {
			t.Errorf("%s: %v, sure %v", method, v.Why, v.Sure)
			for _, c := range v.Candidates {
				t.Logf("  %v share %.2f measure %.1f", c.Method, c.Share, c.Measure)
			}
		}
	}
}

// Points that have nothing to do with roads and buildings, points beside all
// candidates, and a handful of rows give no verdict.
func TestWhatCannotBeToldIsNotTold(t *testing.T) {
	calls := portland(t, "police calls")[0]
	r := rand.New(rand.NewPCG(7, 7))
	box := calls.w.bound
	anywhere := make([]orb.Point, 200)
	for i := range anywhere {
		anywhere[i] = orb.Point{box.Min[0] + r.Float64()*(box.Max[0]-box.Min[0]), box.Min[1] + r.Float64()*(box.Max[1]-box.Min[1])}
	}
	if v := judged(t, calls.w, anywhere, "GCJ02", nil); v.Sure || v.Why != crsfit.Weak {
		t.Errorf("places at random: sure %v, %v", v.Sure, v.Why)
	}
	at := sampled(r, calls.at, 200)
	if v := judged(t, calls.w, at[:20], "GCJ02", nil); v.Sure || v.Why != crsfit.Few {
		t.Errorf("20 rows: sure %v, %v", v.Sure, v.Why)
	}
	for i := range at { // a file with both: no one reading is right
		if i%2 == 0 {
			at[i] = crs.WGS84ToGCJ02(at[i])
		}
	}
	if v := judged(t, calls.w, at, "WGS84", nil); v.Sure {
		t.Errorf("half WGS 84, half GCJ-02: sure of %v", v.Candidates[0].Method)
	}
	far := make([]orb.Point, 100)
	for i := range far {
		far[i] = orb.Point{-60 + r.Float64(), -20 + r.Float64()}
	}
	if v := judged(t, calls.w, far, "WGS84", nil); v.Why != crsfit.Outside {
		t.Errorf("another continent: %v", v.Why)
	}
}

// A file of Xi'an 1980 declared as CGCS2000 lies tens of metres beside. It is
// not called right, and the shift is named.
func TestAnUnknownDatumIsNamedAsAnOffset(t *testing.T) {
	trees := portland(t, "street trees")[0]
	at := sampled(rand.New(rand.NewPCG(8, 1)), trees.at, 200)
	for i, p := range at {
		at[i] = orb.Point{p[0] + 62/97000., p[1] - 38/111320.}
	}
	v := judged(t, trees.w, at, "EPSG:4549", nil)
	if v.Sure || v.Why != crsfit.Offset || math.Hypot(v.By[0]+62, v.By[1]-38) > 12 {
		t.Errorf("sure %v, %v, offset %.0f", v.Sure, v.Why, v.By)
	}
}

// TestVerdictsOnRealFiles prints how many verdicts on files of 200 rows are
// right, cannot be told and are wrong, by register and how the file is drawn.
func TestVerdictsOnRealFiles(t *testing.T) {
	if os.Getenv("ONEMAP_LONG") == "" {
		t.Skip("long: make test-long")
	}
	registers := portland(t)
	for _, x := range []struct {
		name string
		mid  orb.Point
	}{{"delaware", orb.Point{-75.5, 39.2}}, {"liechtenstein", orb.Point{9.54, 47.15}}} {
		w := loadWorld(t, data+"osm/"+x.name+".osm.pbf", x.mid)
		registers = append(registers, register{x.name + " places", w, w.pois})
	}
	files, told := 0, 0
	for _, reg := range registers {
		for _, kind := range []string{"all over", "in a row"} {
			r := rand.New(rand.NewPCG(11, 12))
			var good, unsure, wrong int
			for i := range 2 * len(written) {
				at := sampled(r, reg.at, 200)
				if kind == "in a row" {
					from := r.IntN(len(reg.at) - 200)
					at = reg.at[from : from+200]
				}
				v := judged(t, reg.w, at, written[i%len(written)], nil)
				switch {
				case !v.Sure:
					unsure++
				case right(t, v, written[i%len(written)], at[0]):
					good++
				default:
					wrong++
					t.Errorf("%s, %s: %s taken for %v", reg.name, kind, written[i%len(written)], v.Candidates[0].Method)
				}
			}
			t.Logf("%-20s %-9s right %3d, cannot tell %3d, wrong %d of %d", reg.name, kind, good, unsure, wrong, good+unsure+wrong)
			if reg.name != "park trees" { // trees in a park stand to no road in any way
				files, told = files+good+unsure+wrong, told+good
			}
		}
	}
	t.Logf("without park trees: %d of %d right (%.2f %%)", told, files, 100*float64(told)/float64(files))
	if float64(told) < 0.99*float64(files) {
		t.Errorf("%d of %d verdicts are right, want 99 %%", told, files)
	}
}
