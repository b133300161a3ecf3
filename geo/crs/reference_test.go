package crs_test

import (
	"errors"
	"math"
	"testing"

	"github.com/paulmach/orb"

	"onemap/geo/crs"
)

const epsgURI = "http://www.opengis.net/def/crs/EPSG/0/"

// The numbers are those of PROJ's cs2cs 9.1.1, in the order of axes that it
// gives: echo 120.0745 29.3068 | cs2cs -f %.7f OGC:CRS84 EPSG:4528
var cs2cs = []struct {
	code    string
	lonLat  orb.Point
	written orb.Point
}{
	{"4528", orb.Point{120.0745, 29.3068}, orb.Point{3243276.8178789, 40507237.6599831}},
	{"4528", orb.Point{118.5, 29}, orb.Point{3210197.0577623, 40353832.7245077}},
	{"4528", orb.Point{87.6, 43.8}, orb.Point{5391184.7570466, 37893636.9303804}},
	{"4528", orb.Point{126.6, 45.75}, orb.Point{5089531.3203020, 41013525.1733589}},
	{"4549", orb.Point{120.0745, 29.3068}, orb.Point{3243276.8178789, 507237.6599831}},
	{"4549", orb.Point{118.5, 29}, orb.Point{3210197.0577623, 353832.7245077}},
	{"4549", orb.Point{87.6, 43.8}, orb.Point{5391184.7570466, -2106363.0696196}},
	{"4549", orb.Point{126.6, 45.75}, orb.Point{5089531.3203020, 1013525.1733589}},
	{"4513", orb.Point{120.0745, 29.3068}, orb.Point{4267250.9711676, 30102301.1816604}},
	{"4513", orb.Point{118.5, 29}, orb.Point{4145231.3027777, 29946141.3695225}},
	{"4513", orb.Point{87.6, 43.8}, orb.Point{4929437.1538867, 26514284.8804466}},
	{"4513", orb.Point{126.6, 45.75}, orb.Point{6526908.0431258, 29422111.6062295}},
	{"4533", orb.Point{120.0745, 29.3068}, orb.Point{3337631.2168515, 44041408.1643395}},
	{"4533", orb.Point{118.5, 29}, orb.Point{3324369.9283815, 43880425.0599159}},
	{"4533", orb.Point{87.6, 43.8}, orb.Point{6077168.9610424, 41718370.1732541}},
	{"4533", orb.Point{126.6, 45.75}, orb.Point{5102737.5700440, 44846449.3614198}},
	{"3857", orb.Point{120.0745, 29.3068}, orb.Point{13366632.1972569, 3414753.0537093}},
	{"3857", orb.Point{118.5, 29}, orb.Point{13191359.6590029, 3375646.0349193}},
	{"3857", orb.Point{87.6, 43.8}, orb.Point{9751587.3934908, 5434543.7084801}},
	{"3857", orb.Point{126.6, 45.75}, orb.Point{14093047.5344284, 5740376.6555565}},
	{"4490", orb.Point{120.0745, 29.3068}, orb.Point{29.3068000, 120.0745000}},
	{"4490", orb.Point{118.5, 29}, orb.Point{29.0000000, 118.5000000}},
	{"4490", orb.Point{87.6, 43.8}, orb.Point{43.8000000, 87.6000000}},
	{"4490", orb.Point{126.6, 45.75}, orb.Point{45.7500000, 126.6000000}},
	{"4326", orb.Point{120.0745, 29.3068}, orb.Point{29.3068000, 120.0745000}},
	{"4326", orb.Point{118.5, 29}, orb.Point{29.0000000, 118.5000000}},
	{"4326", orb.Point{87.6, 43.8}, orb.Point{43.8000000, 87.6000000}},
	{"4326", orb.Point{126.6, 45.75}, orb.Point{45.7500000, 126.6000000}},
}

func TestReferencesWriteWhatPROJWrites(t *testing.T) {
	for _, tt := range cs2cs {
		r, err := crs.ParseReference(epsgURI + tt.code)
		if err != nil {
			t.Fatal(err)
		}
		got, err := r.Write(tt.lonLat)
		if err != nil {
			t.Fatal(err)
		}
		tolerance := 2e-6 // cs2cs gave seven decimals
		if d := math.Hypot(got[0]-tt.written[0], got[1]-tt.written[1]); !(d < tolerance) {
			t.Errorf("EPSG:%s of %v is %.7f, PROJ says %.7f", tt.code, tt.lonLat, got, tt.written)
		}
		back, err := r.Read(tt.written)
		if err != nil {
			t.Fatal(err)
		}
		if d := math.Hypot(back[0]-tt.lonLat[0], back[1]-tt.lonLat[1]); !(d < 1e-10) {
			t.Errorf("EPSG:%s of %v reads back as %v", tt.code, tt.lonLat, back)
		}
	}
}

func TestReferencesThereAndBack(t *testing.T) {
	for _, r := range crs.References(orb.Bound{Min: orb.Point{1, 1}, Max: orb.Point{-1, -1}}) {
		for lon := 75.0; lon <= 135; lon += 7.3 {
			for lat := -85.0; lat <= 89; lat += 5.7 {
				p := orb.Point{lon, lat}
				w, err := r.Write(p)
				if err != nil {
					t.Fatal(err)
				}
				q, err := r.Read(w)
				if err != nil {
					t.Fatalf("%s %v %v: %v", r.URI, p, w, err)
				}
				if math.Abs(p[0]-q[0]) > 1e-8 || math.Abs(p[1]-q[1]) > 1e-8 { // a millimetre
					t.Fatalf("%s: %v came back as %v", r.URI, p, q)
				}
			}
		}
	}
}

func TestReferenceLimits(t *testing.T) {
	if _, err := crs.ParseReference(epsgURI + "2437"); !errors.Is(err, crs.ErrUnknown) {
		t.Errorf("Beijing 1954 is %v", err)
	}
	zone, err := crs.ParseReference(epsgURI + "4549")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := zone.Write(orb.Point{-75, 39}); !errors.Is(err, crs.ErrBeyond) {
		t.Errorf("Delaware in zone 40 is %v", err)
	}
	if _, err := zone.Read(orb.Point{3e6, 9e7}); !errors.Is(err, crs.ErrBeyond) {
		t.Errorf("90,000 km east of zone 40 is %v", err)
	}
	if n := len(crs.References(orb.Bound{Min: orb.Point{119.8, 29}, Max: orb.Point{120.3, 29.5}})); n != 46 {
		t.Errorf("Yiwu has %d systems, want 46", n)
	}
	if n := len(crs.References(orb.Bound{Min: orb.Point{-76, 38}, Max: orb.Point{-75, 39}})); n != 4 {
		t.Errorf("Delaware has %d systems, want 4", n)
	}
}

// A box of a zone is curved in degrees: its middle reaches farther north than
// its corners.
func TestReadBox(t *testing.T) {
	zone, err := crs.ParseReference(epsgURI + "4549")
	if err != nil {
		t.Fatal(err)
	}
	box, err := zone.ReadBox(orb.Point{3_200_000, 400_000}, orb.Point{3_300_000, 600_000})
	if err != nil {
		t.Fatal(err)
	}
	corner, err := zone.Read(orb.Point{3_300_000, 400_000})
	if err != nil {
		t.Fatal(err)
	}
	if top := box.Bound().Max[1]; !(top > corner[1]+1e-4) {
		t.Errorf("the box ends at %v, its corner is at %v", top, corner)
	}
	plain, err := crs.ParseReference(epsgURI + "4490")
	if err != nil {
		t.Fatal(err)
	}
	box, err = plain.ReadBox(orb.Point{29, 120}, orb.Point{30, 121})
	if err != nil || !orb.Equal(box, orb.Polygon{{{120, 29}, {121, 29}, {121, 30}, {120, 30}, {120, 29}}}) {
		t.Errorf("%v, %v", box, err)
	}
}
