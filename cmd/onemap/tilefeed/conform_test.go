package tilefeed_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/maptile"

	"onemap/cmd/onemap/tilefeed"
	"onemap/geo/where"
	"onemap/layers"
	"onemap/layers/base"
	"onemap/layers/intake"
	"onemap/layers/layerstest"
	"onemap/tiles"
	"onemap/tiles/tilestest"
)

// A source of real rows: an OpenStreetMap extract for the base library, and
// files with their mappings.
type realData struct {
	name, osm string
	files     [][2]string // file, mapping
	long      bool
}

var realRows = []realData{
	{name: "minneapolis", files: [][2]string{
		{"minneapolis/minneapolis_neighborhoods.geojson", "minneapolis-neighbourhoods"},
		{"minneapolis/fire_stations_areas.geojson", "minneapolis-fire-stations"},
		{"minneapolis/hydrants.csv.gz", "minneapolis-hydrants"},
	}},
	{name: "portland", osm: "portland/streets.osm.pbf", files: [][2]string{
		{"portland/police_districts.geojson", "portland-police-districts"},
		{"portland/nij2016_aug01_aug31_calls.csv.gz", "portland-calls"},
	}},
	{name: "chicago", long: true, files: [][2]string{
		{"chicago/business_licences.csv.gz", "chicago-business-licences"},
		{"chicago/food_inspections.csv.gz", "chicago-food-inspections"},
		{"chicago/sanitation_311.csv.gz", "chicago-sanitation-311"},
	}},
	{name: "liechtenstein", long: true, osm: "osm/liechtenstein.osm.pbf"},
	{name: "delaware", long: true, osm: "osm/delaware.osm.pbf"},
	{name: "portland trees", long: true, files: [][2]string{
		{"portland/park_trees.csv.gz", "portland-park-trees"},
		{"portland/street_trees.csv.gz", "portland-street-trees"},
		{"portland/burglary_vehicle_theft_2012_2017.csv.gz", "portland-burglary-vehicle-theft"},
	}},
	{name: "st. louis", long: true, files: [][2]string{
		{"stlouis/neighborhoods.geojson", "stlouis-neighbourhoods"},
		{"stlouis/service_requests_partial.csv.gz", "stlouis-service-requests"},
		{"stlouis/incidents_2008_2015.csv.gz", "stlouis-incidents"},
	}},
}

// What decoders read from memory's plain tiles equals what they read from
// ST_AsMVT of the same rows: the same features and properties, points within a
// unit, lines and polygons within 2 units (Hausdorff), on real layers. What may
// differ, [exception] names.
func TestMemoryConformsToPostGIS(t *testing.T) {
	for _, d := range realRows {
		t.Run(d.name, func(t *testing.T) {
			long := os.Getenv("ONEMAP_LONG") != ""
			if d.long && !long {
				t.Skip("long: make test-long")
			}
			w := worldAt(t, layerstest.URL(t), tilefeed.Options{Budget: 2 << 30}, func(w *world) { d.bring(w) })
			perZoom := 1
			if long {
				perZoom = 4
			}
			ls, err := w.store.Layers(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, l := range ls {
				w.conforms(l, perZoom)
			}
		})
	}
}

func (d realData) bring(w *world) {
	path := func(file string) string {
		p := filepath.Join("..", "..", "..", "..", "shared", "data", file)
		if _, err := os.Stat(p); err != nil {
			w.Skipf("no %s beside the project", file)
		}
		return p
	}
	if d.osm != "" {
		if _, err := base.ImportOSM(w.Context(), w.store, base.OSMOptions{File: path(d.osm), By: "test"}); err != nil {
			w.Fatal(err)
		}
	}
	for _, f := range d.files {
		m, err := intake.FindMapping(f[1])
		if err != nil {
			w.Fatal(err)
		}
		if _, err := intake.Run(w.Context(), w.store, intake.Options{File: path(f[0]), Mapping: m, By: "test"}); err != nil {
			w.Fatal(f[0], err)
		}
	}
}

// conforms compares tiles of a layer, of all zooms, at places where it has rows.
func (w *world) conforms(l layers.Layer, perZoom int) {
	w.Helper()
	rows, err := w.db.Query(w.Context(), "SELECT ST_X(p), ST_Y(p) FROM (SELECT ST_PointOnSurface(geom) p FROM map."+l.Name+" WHERE NOT ST_IsEmpty(geom) ORDER BY hashint8(id) LIMIT 200) q")
	if err != nil {
		w.Fatal(err)
	}
	var places []orb.Point
	for rows.Next() {
		var p orb.Point
		if err := rows.Scan(&p[0], &p[1]); err != nil {
			w.Fatal(err)
		}
		places = append(places, p)
	}
	if len(places) == 0 {
		return
	}
	w.held(l.Name)
	rng := rand.New(rand.NewPCG(1, uint64(len(l.Name))))
	postgis := tilefeed.PostGIS{Store: w.store, Visible: w.feed.Visible}
	var features int
	exceptions := map[string]int{}
	for z := l.MinZoom; z <= min(l.MaxZoom, 20); z += 2 {
		for range perZoom {
			at := maptile.At(places[rng.IntN(len(places))], maptile.Zoom(z))
			r := w.request(l.Name, at, true, where.All{})
			got, err := w.keeper.Tile(w.Context(), r)
			if err != nil || !got[0].Held {
				w.Fatal(l.Name, err)
			}
			want, err := postgis.Tile(w.Context(), r)
			if err != nil {
				w.Fatal(err)
			}
			features += w.compare(fmt.Sprintf("%s %d/%d/%d", l.Name, at.Z, at.X, at.Y), got[0], want[0], exceptions)
		}
	}
	w.Logf("%s: %d features compared, exceptions %v", l.Name, features, exceptions)
}

// compare reports how memory's part differs from PostGIS's, and returns how many
// features it has.
func (w *world) compare(name string, got, want tiles.Part, exceptions map[string]int) int {
	w.Helper()
	a, b := w.byID(name, got.MVT), w.byID(name, want.MVT)
	complain := func(id uint64, format string, args ...any) {
		w.Errorf("%s feature %d: %s", name, id, fmt.Sprintf(format, args...))
	}
	for id, f := range a {
		g, ok := b[id]
		if !ok {
			if why := alone(f.Geometry); why != "" {
				exceptions[why]++
			} else {
				complain(id, "PostGIS has none: %v", short(f.Geometry))
			}
			continue
		}
		if f.Kind != g.Kind {
			complain(id, "kind %d, PostGIS %d", f.Kind, g.Kind)
			continue
		}
		if p, q := fmt.Sprint(whole(f.Properties)), fmt.Sprint(whole(g.Properties)); p != q {
			complain(id, "%s, PostGIS %s", p, q)
		}
		why, d := apart(f.Geometry, g.Geometry)
		switch {
		case d <= 2 && (f.Kind != 1 || d <= 1):
		case why != "":
			exceptions[why]++
		default:
			complain(id, "%.1f units apart: %v, PostGIS %v", d, short(f.Geometry), short(g.Geometry))
		}
	}
	for id, g := range b {
		if _, ok := a[id]; !ok {
			if why := alone(g.Geometry); why != "" {
				exceptions["of PostGIS: "+why]++
			} else {
				complain(id, "memory has none: %v", short(g.Geometry))
			}
		}
	}
	return len(a)
}

func short(g orb.Geometry) string {
	s := fmt.Sprint(g)
	if len(s) > 300 {
		return s[:300] + " …"
	}
	return s
}

// byID decodes a part.
func (w *world) byID(name string, b []byte) map[uint64]tilestest.Feature {
	w.Helper()
	ls, err := tilestest.Decode(b)
	if err != nil {
		w.Fatalf("%s: %v", name, err)
	}
	all := map[uint64]tilestest.Feature{}
	for _, l := range ls {
		for _, f := range l.Features {
			if _, twice := all[f.ID]; twice || !f.HasID {
				w.Errorf("%s: two features %d", name, f.ID)
			}
			all[f.ID] = f
		}
	}
	return all
}

// whole gives all whole numbers one type: as what they are written is not
// seen by readers.
func whole(p map[string]any) map[string]any {
	for k, v := range p {
		switch v := v.(type) {
		case uint64:
			p[k] = int64(v)
		case float32:
			p[k] = float64(v)
		}
	}
	return p
}

// Exceptions, and why:
//
// ST_AsMVTGeom simplifies by Douglas and Peucker with half a unit, then drops
// what has become too small. So a polygon or a part of one that is thinner than
// about a unit is there in one tile and not in the other.
const thin = "thinner than a unit"

// alone tells why a feature may be in one tile only.
func alone(g orb.Geometry) string {
	switch g := g.(type) {
	case orb.MultiPolygon:
		for _, p := range g {
			if !slight(p[0]) {
				return ""
			}
		}
		return thin
	case orb.MultiLineString:
		for _, l := range g {
			if b := l.Bound(); b.Max[0]-b.Min[0] > 1 || b.Max[1]-b.Min[1] > 1 {
				return ""
			}
		}
		return thin
	}
	return ""
}

// slight tells whether a ring is hardly there: on average not two units wide.
func slight(r orb.Ring) bool {
	around := 0.0
	for i := 1; i < len(r); i++ {
		around += math.Hypot(r[i][0]-r[i-1][0], r[i][1]-r[i-1][1])
	}
	return math.Abs(tilestest.Area(r)) <= around
}

// apart returns the Hausdorff distance of two geometries' points, lines or
// borders, without slight rings; of points the largest distance of pairs, in the
// order of their places. why names what was left out.
func apart(a, b orb.Geometry) (why string, d float64) {
	if p, ok := a.(orb.MultiPoint); ok {
		q := b.(orb.MultiPoint)
		if len(p) != len(q) {
			return "", math.Inf(1)
		}
		for i := range p {
			d = max(d, math.Abs(p[i][0]-q[i][0]), math.Abs(p[i][1]-q[i][1]))
		}
		return "", d
	}
	la, thinA := paths(a)
	lb, thinB := paths(b)
	if len(thinA)+len(thinB) > 0 {
		why = thin
	}
	return why, max(directed(la, append(thinB, lb...)), directed(lb, append(thinA, la...)))
}

// paths returns lines or borders, and apart from them those of slight rings.
func paths(g orb.Geometry) (all, slights []orb.LineString) {
	switch g := g.(type) {
	case orb.MultiLineString:
		for _, l := range g {
			all = append(all, l)
		}
	case orb.MultiPolygon:
		for _, p := range g {
			for _, r := range p {
				if slight(r) {
					slights = append(slights, orb.LineString(r))
				} else {
					all = append(all, orb.LineString(r))
				}
			}
		}
	}
	return all, slights
}

// directed returns how far the farthest place on a lies from b. Places are
// taken every 8 units.
func directed(a, b []orb.LineString) (d float64) {
	for _, l := range a {
		for i := 1; i < len(l); i++ {
			p, q := l[i-1], l[i]
			n := 1 + int(math.Hypot(q[0]-p[0], q[1]-p[1])/8)
			for k := range n {
				t := float64(k) / float64(n)
				d = max(d, distance(orb.Point{p[0] + (q[0]-p[0])*t, p[1] + (q[1]-p[1])*t}, b, d))
			}
		}
	}
	return d
}

// distance returns how far p is from lines; it may stop where it is less than enough.
func distance(p orb.Point, lines []orb.LineString, enough float64) float64 {
	best := math.Inf(1)
	for _, l := range lines {
		for i := 1; i < len(l); i++ {
			ax, ay, bx, by := l[i-1][0], l[i-1][1], l[i][0], l[i][1]
			dx, dy := bx-ax, by-ay
			t := 0.0
			if dx != 0 || dy != 0 {
				t = max(0, min(1, ((p[0]-ax)*dx+(p[1]-ay)*dy)/(dx*dx+dy*dy)))
			}
			best = min(best, math.Hypot(ax+t*dx-p[0], ay+t*dy-p[1]))
			if best <= enough {
				return best
			}
		}
	}
	return best
}

var _ = strings.TrimSpace
