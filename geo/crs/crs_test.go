package crs_test

import (
	"errors"
	"math"
	"testing"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"onemap/geo/crs"
)

func TestParse(t *testing.T) {
	for _, tt := range []struct {
		name, in, want string
		lonLat, proj   bool
		srid           int
	}{
		{"WGS 84", "WGS84", "WGS84", true, false, 4326},
		{"case and hyphen do not matter", "gcj-02", "GCJ02", false, false, 0},
		{"Baidu's own spelling", "bd09ll", "BD09", false, false, 0},
		{"CGCS2000", "CGCS2000", "CGCS2000", true, false, 4490},
		{"4326 is lon, lat whatever its axes", "EPSG:4326", "EPSG:4326", true, false, 4326},
		{"4490 is lon, lat whatever its axes", "epsg:4490", "EPSG:4490", true, false, 4490},
		{"a projected one", "EPSG:4549", "EPSG:4549", false, true, 4549},
		{"feet of Oregon", "EPSG:2913", "EPSG:2913", false, true, 2913},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, err := crs.Parse(tt.in)
			if err != nil {
				t.Fatal(err)
			}
			if c.String() != tt.want || c.IsLonLat() != tt.lonLat || c.NeedsPROJ() != tt.proj || c.SRID() != tt.srid {
				t.Errorf("%v lonlat=%v proj=%v srid=%d", c, c.IsLonLat(), c.NeedsPROJ(), c.SRID())
			}
			if again, err := crs.Parse(c.String()); err != nil || again != c {
				t.Errorf("its own name reads back as %v, %v", again, err)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	for _, name := range []string{"", "EPSG", "EPSG:", "EPSG:43", "EPSG:04326", "EPSG:43 26", "EPSG:4326x", "EPSG:-4326", "EPSG:12345678", "WGS", "NAD83", "北京54"} {
		if c, err := crs.Parse(name); !errors.Is(err, crs.ErrUnknown) {
			t.Errorf("%q: %v, %v", name, c, err)
		}
	}
	// Ends and middles of every range of the registry: PROJ would take them and be tens of metres wrong.
	for _, name := range []string{
		"EPSG:4214", "EPSG:2401", "EPSG:2442", "EPSG:21413", "EPSG:21440", "EPSG:21453", "EPSG:21463", "EPSG:21483",
		"EPSG:4610", "EPSG:2327", "EPSG:2348", "EPSG:2349", "EPSG:2390", "EPSG:4555", "EPSG:4568", "EPSG:4799", "EPSG:4822",
	} {
		if name == "EPSG:21440" { // between two ranges: nobody's
			if _, err := crs.Parse(name); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if c, err := crs.Parse(name); !errors.Is(err, crs.ErrRefused) {
			t.Errorf("%q: %v, %v", name, c, err)
		}
	}
}

// vectors are from the domain notes (first four) and from npm gcoord 1.0.7,
// run once on made-up points.
var vectors = []struct{ wgs, gcj, bd orb.Point }{
	{orb.Point{120.0745, 29.3068}, orb.Point{120.07923622, 29.30431157}, orb.Point{120.08580175, 29.31012365}},
	{orb.Point{116.397477, 39.908692}, orb.Point{116.40372057, 39.91009549}, orb.Point{116.41009356, 39.91643483}},
	{orb.Point{121.4737, 31.2304}, orb.Point{121.47822306, 31.22845774}, orb.Point{121.48478147, 31.23431059}},
	{orb.Point{113.9213, 22.4921}, orb.Point{113.92615729, 22.48905333}, orb.Point{113.93271844, 22.49479957}},
	{orb.Point{113.309243, 28.363688}, orb.Point{113.3150279554, 28.3604102982}, orb.Point{113.3215666862, 28.3663259855}},
	{orb.Point{111.949009, 51.859957}, orb.Point{111.9576714318, 51.8609157338}, orb.Point{111.9640331366, 51.8672565864}},
	{orb.Point{114.767689, 40.886194}, orb.Point{114.7740283940, 40.8877424133}, orb.Point{114.7806264006, 40.8934081207}},
	{orb.Point{84.361881, 48.02785}, orb.Point{84.3649319887, 48.0289789380}, orb.Point{84.3713100350, 48.0352335211}},
	{orb.Point{116.43643, 46.136175}, orb.Point{116.4435538801, 46.1380249126}, orb.Point{116.4501459886, 46.1437980525}},
	{orb.Point{118.36516, 29.483219}, orb.Point{118.3703881444, 29.4807928104}, orb.Point{118.3769484248, 29.4864774477}},
	{orb.Point{121.633765, 24.535143}, orb.Point{121.6374941447, 24.5321768962}, orb.Point{121.6440467730, 24.5379562375}},
	{orb.Point{108.792294, 25.947909}, orb.Point{108.7964240630, 25.9447154470}, orb.Point{108.8029935614, 25.9505069517}},
	{orb.Point{86.536904, 44.7775}, orb.Point{86.5393366182, 44.7783601803}, orb.Point{86.5457800158, 44.7845052553}},
	{orb.Point{126.278385, 46.695574}, orb.Point{126.2848171751, 46.6975744956}, orb.Point{126.2914302091, 46.7033147011}},
	{orb.Point{80.680317, 33.993175}, orb.Point{80.6823368711, 33.9911028623}, orb.Point{80.6889166555, 33.9969649109}},
	{orb.Point{117.879988, 30.444456}, orb.Point{117.8851293870, 30.4418229921}, orb.Point{117.8916767828, 30.4475666823}},
	{orb.Point{90.759036, 30.520687}, orb.Point{90.7604057302, 30.5178695327}, orb.Point{90.7669705512, 30.5237342545}},
	{orb.Point{129.123465, 47.605997}, orb.Point{129.1312400893, 47.6085737614}, orb.Point{129.1376025795, 47.6148890798}},
	{orb.Point{99.156138, 32.574287}, orb.Point{99.1572444691, 32.5720586324}, orb.Point{99.1637883273, 32.5779510032}},
	{orb.Point{123.182494, 23.872701}, orb.Point{123.1866060144, 23.8701975319}, orb.Point{123.1931637423, 23.8758479914}},
	{orb.Point{83.498677, 28.807595}, orb.Point{83.5013270749, 28.8040986437}, orb.Point{83.5077828035, 28.8102400445}},
	{orb.Point{96.618736, 35.15291}, orb.Point{96.6189119819, 35.1518529660}, orb.Point{96.6253463631, 35.1580091227}},
	{orb.Point{132.378458, 33.896174}, orb.Point{132.3841422257, 33.8952167759}, orb.Point{132.3906163260, 33.9013379160}},
	{orb.Point{119.210428, 25.660243}, orb.Point{119.2151925851, 25.6573911635}, orb.Point{119.2217490248, 25.6630408917}},
	{orb.Point{100.161053, 47.696851}, orb.Point{100.1631278935, 47.6985068881}, orb.Point{100.1696796888, 47.7044017548}},
	{orb.Point{123.136202, 28.467541}, orb.Point{123.1407207785, 28.4645065962}, orb.Point{123.1471995880, 28.4706834238}},
	{orb.Point{106.147849, 46.783441}, orb.Point{106.1532717250, 46.7850178818}, orb.Point{106.1598666045, 46.7907675701}},
	{orb.Point{116.013285, 21.776268}, orb.Point{116.0178466043, 21.7736927374}, orb.Point{116.0243268901, 21.7798329414}},
}

func TestVectors(t *testing.T) {
	for _, v := range vectors {
		within(t, "to GCJ-02", crs.WGS84ToGCJ02(v.wgs), v.gcj, 0.001)
		within(t, "to BD-09", crs.WGS84ToBD09(v.wgs), v.bd, 0.001)
		// The vectors have eight or more digits: 1 mm.
		within(t, "from GCJ-02", crs.GCJ02ToWGS84(v.gcj), v.wgs, 0.002)
		within(t, "from BD-09", crs.BD09ToWGS84(v.bd), v.wgs, 0.002)
	}
}

func TestOutsideChinaNothingMoves(t *testing.T) {
	for _, p := range []orb.Point{{0, 0}, {-122.6, 45.5}, {72.003, 30}, {137.9, 30}, {100, 0.8}, {100, 55.9}, {180, 90}} {
		for name, f := range map[string]func(orb.Point) orb.Point{
			"WGS84ToGCJ02": crs.WGS84ToGCJ02, "GCJ02ToWGS84": crs.GCJ02ToWGS84,
			"WGS84ToBD09": crs.WGS84ToBD09, "BD09ToWGS84": crs.BD09ToWGS84,
		} {
			if got := f(p); got != p {
				t.Errorf("%s(%v) = %v", name, p, got)
			}
		}
	}
	if p := crs.GCJ02ToWGS84(orb.Point{math.NaN(), 30}); !math.IsNaN(p[0]) {
		t.Errorf("NaN became %v", p)
	}
}

func TestThereAndBackIsWithinAMillimetre(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		// Two hundredths of a degree inside the box, so that the image is in it too.
		p := orb.Point{rapid.Float64Range(72.03, 137.80).Draw(t, "lon"), rapid.Float64Range(0.85, 55.80).Draw(t, "lat")}
		for _, c := range []crs.CRS{crs.GCJ02, crs.BD09} {
			q, err := c.FromWGS84(p)
			if err != nil {
				t.Fatal(err)
			}
			back, err := c.ToWGS84(q)
			if err != nil {
				t.Fatal(err)
			}
			if d := metres(p, back); d > 0.001 {
				t.Errorf("%v by %v: %g m away", p, c, d)
			}
			if d := metres(p, q); d < 10 || d > 2500 {
				t.Errorf("%v in %v is %g m away", p, c, d)
			}
		}
	})
}

// At the edge the system jumps; the inverse must still end and stay near.
func TestEdgeOfTheBoxStaysNear(t *testing.T) {
	for _, p := range []orb.Point{{72.004, 30}, {137.8347, 30}, {100, 0.8293}, {100, 55.8271}, {72.004, 0.8293}, {137.8347, 55.8271}} {
		for _, c := range []crs.CRS{crs.GCJ02, crs.BD09} {
			back, err := c.ToWGS84(p)
			if err != nil {
				t.Fatal(err)
			}
			if d := metres(p, back); !(d < 2500) {
				t.Errorf("%v: %v goes to %v, %g m away", c, p, back, d)
			}
		}
	}
}

func TestZones(t *testing.T) {
	for _, tt := range []struct {
		name           string
		lon            float64
		zone, with, cm int
	}{
		{"Yiwu", 120.0745, 40, 4528, 4549},
		{"western edge belongs to the zone", 118.5, 40, 4528, 4549},
		{"eastern edge is the next one's", 121.5, 41, 4529, 4550},
		{"first", 73.5, 25, 4513, 4534},
		{"last", 136.4, 45, 4533, 4554},
	} {
		t.Run(tt.name, func(t *testing.T) {
			zone, err := crs.Zone3(tt.lon)
			if err != nil || zone != tt.zone {
				t.Fatalf("zone %d, %v", zone, err)
			}
			with, _ := crs.Zone3EPSG(zone, true)
			cm, _ := crs.MetricAt(tt.lon)
			if with != tt.with || cm.SRID() != tt.cm {
				t.Errorf("EPSG %d and %d", with, cm.SRID())
			}
		})
	}
	for _, lon := range []float64{73.4, 136.5, -120, math.NaN(), math.Inf(1)} {
		if z, err := crs.Zone3(lon); err == nil {
			t.Errorf("longitude %g has zone %d", lon, z)
		}
	}
}

// within fails if two points of degrees are more than so many metres apart.
func within(t *testing.T, what string, got, want orb.Point, m float64) {
	t.Helper()
	if d := metres(got, want); !(d <= m) {
		t.Errorf("%s: got %.9f want %.9f: %g m apart", what, got, want, d)
	}
}

// metres is the distance of two near points of degrees, plane.
func metres(a, b orb.Point) float64 {
	return math.Hypot((a[0]-b[0])*111320*math.Cos(a[1]*math.Pi/180), (a[1]-b[1])*111320)
}
