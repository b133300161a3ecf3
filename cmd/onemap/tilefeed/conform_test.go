package tilefeed_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
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
	{name: "minneapolis", long: true, files: [][2]string{
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

// enough is after how many features of a layer no smaller zoom is compared.
const enough = 100_000

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
	seen := map[maptile.Tile]bool{}
	// Large zooms first: few rows a tile, so many tiles, before there is enough.
	for z := min(l.MaxZoom, 20); z >= l.MinZoom && features < enough; z -= 2 {
		for range perZoom {
			at := maptile.At(places[rng.IntN(len(places))], maptile.Zoom(z))
			if seen[at] {
				continue
			}
			seen[at] = true
			r := w.request(l.Name, at, true, where.All{})
			var got []tiles.Part
			// On a busy machine the feed may lag, and memory then leaves it to PostGIS.
			w.until(l.Name+" from memory", func() bool {
				if got, err = w.keeper.Tile(w.Context(), r); err != nil {
					w.Fatal(err)
				}
				return got[0].Held
			})
			want, err := postgis.Tile(w.Context(), r)
			if err != nil {
				w.Fatal(err)
			}
			name := fmt.Sprintf("%s %d/%d/%d", l.Name, at.Z, at.X, at.Y)
			features += w.compare(name, got[0], want[0], exceptions)
			r.Plain = false
			if got, err = w.keeper.Tile(w.Context(), r); err != nil {
				w.Fatal(err)
			}
			w.valid(name, got[0].MVT)
		}
	}
	w.Logf("%s: %d features compared, exceptions %v", l.Name, features, exceptions)
}

// compare reports how memory's part differs from PostGIS's, and returns how many
// features it has.
func (w *world) compare(name string, got, want tiles.Part, exceptions map[string]int) int {
	w.Helper()
	w.valid(name, got.MVT)
	a, unnamed := w.byID(name, got.MVT)
	b, others := w.byID(name, want.MVT)
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
		case d > 2 && why == thin, d <= 2 && why == back:
			exceptions[why]++
		case d <= 2 && (f.Kind != 1 || d <= 1):
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
	// Tiles have no negative ids: such features are known by what they are.
	for _, f := range unnamed {
		i := slices.IndexFunc(others, func(g tilestest.Feature) bool {
			_, d := apart(f.Geometry, g.Geometry)
			return d <= 2 && f.Kind == g.Kind && fmt.Sprint(whole(f.Properties)) == fmt.Sprint(whole(g.Properties))
		})
		if i < 0 {
			if why := alone(f.Geometry); why != "" {
				exceptions[why]++
			} else {
				complain(0, "PostGIS has none: %v", short(f.Geometry))
			}
			continue
		}
		others = slices.Delete(others, i, i+1)
	}
	if len(others) > 0 {
		complain(0, "memory has none: %v", short(others[0].Geometry))
	}
	return len(a)
}

// valid reads a part strictly, and looks whether its polygons are valid.
func (w *world) valid(name string, b []byte) {
	w.Helper()
	ls, err := tilestest.Decode(b)
	if err != nil {
		w.Errorf("%s: %v", name, err)
	}
	for _, l := range ls {
		for _, f := range l.Features {
			// All edges are compared with each other: not of the largest.
			if m, ok := f.Geometry.(orb.MultiPolygon); ok && len(f.Commands) < 3000 {
				if err := tilestest.Valid(m); err != nil {
					w.Errorf("%s feature %d: %v", name, f.ID, err)
				}
			}
		}
	}
}

func short(g orb.Geometry) string {
	s := fmt.Sprint(g)
	if len(s) > 300 {
		return s[:300] + " …"
	}
	return s
}

// byID decodes a part: features by their id, and those without.
func (w *world) byID(name string, b []byte) (all map[uint64]tilestest.Feature, unnamed []tilestest.Feature) {
	w.Helper()
	ls, err := tilestest.Decode(b)
	if err != nil {
		w.Fatalf("%s: %v", name, err)
	}
	all = map[uint64]tilestest.Feature{}
	for _, l := range ls {
		for _, f := range l.Features {
			if !f.HasID {
				unnamed = append(unnamed, f)
				continue
			}
			if _, twice := all[f.ID]; twice {
				w.Errorf("%s: two features %d", name, f.ID)
			}
			all[f.ID] = f
		}
	}
	return all, unnamed
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

// Exceptions, and why they are no one's fault:
const (
	// ST_AsMVTGeom simplifies by Douglas and Peucker with half a unit before it
	// rounds, and drops what has become too small. So what is thinner than about a
	// unit may be in one tile and not in the other.
	thin = "thinner than a unit"
	// The same: a line that, rounded, goes there and back on itself.
	back = "a line back on itself"
	// What lies on the edge of the buffer, or within a unit of it, is in the tile
	// or not by how it was rounded.
	rim = "at the buffer's edge"
)

// alone tells why a feature may be in one tile only.
func alone(g orb.Geometry) string {
	if atRim(g) {
		return rim
	}
	switch g := g.(type) {
	case orb.MultiPolygon:
		for _, p := range g {
			if !slight(orb.LineString(p[0])) {
				return ""
			}
		}
		return thin
	case orb.MultiLineString:
		for _, l := range g {
			switch b := l.Bound(); {
			case b.Max[0]-b.Min[0] <= 1 && b.Max[1]-b.Min[1] <= 1:
			case l[0] == l[len(l)-1] && slight(l):
				return back
			default:
				return ""
			}
		}
		return thin
	}
	return ""
}

// nearRim tells whether a place lies within a unit of the buffer's edge.
func nearRim(p orb.Point) bool {
	const from, to = -tiles.Buffer + 1, tiles.Extent + tiles.Buffer - 1
	return p[0] <= from || p[1] <= from || p[0] >= to || p[1] >= to
}

// atRim tells whether all of a geometry does.
func atRim(g orb.Geometry) bool {
	all := true
	each := func(pts []orb.Point) {
		for _, p := range pts {
			all = all && nearRim(p)
		}
	}
	switch g := g.(type) {
	case orb.MultiPoint:
		each(g)
	case orb.MultiLineString:
		for _, l := range g {
			each(l)
		}
	default:
		return false
	}
	return all
}

// slight tells whether a ring is hardly there: on average not two units wide.
func slight(r orb.LineString) bool {
	around := 0.0
	for i := 1; i < len(r); i++ {
		around += math.Hypot(r[i][0]-r[i-1][0], r[i][1]-r[i-1][1])
	}
	return math.Abs(tilestest.Area(orb.Ring(r))) <= around
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
	p, narrowA := directed(la, append(thinB, lb...))
	q, narrowB := directed(lb, append(thinA, la...))
	if len(thinA)+len(thinB) > 0 || narrowA || narrowB {
		why = thin
	}
	if _, polygons := a.(orb.MultiPolygon); polygons {
		return why, max(p, q)
	}
	if max(p, q) > 2 {
		p, _ = directed(unspurred(la), unspurred(lb))
		q, _ = directed(unspurred(lb), unspurred(la))
		return back, max(p, q)
	}
	return "", max(p, q)
}

// unspurred takes out of lines what goes there and back on itself.
func unspurred(lines []orb.LineString) (all []orb.LineString) {
	for _, l := range lines {
		var to orb.LineString
		for _, p := range l {
			for n := len(to); n > 1; n = len(to) {
				a, b := to[n-2], to[n-1]
				ux, uy, vx, vy := b[0]-a[0], b[1]-a[1], p[0]-b[0], p[1]-b[1]
				if math.Abs(ux*vy-uy*vx) > 1 || ux*vx+uy*vy >= 0 {
					break
				}
				to = to[:n-1]
			}
			if len(to) == 0 || to[len(to)-1] != p {
				to = append(to, p)
			}
		}
		all = append(all, to)
	}
	return all
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
				if slight(orb.LineString(r)) {
					slights = append(slights, orb.LineString(r))
				} else {
					all = append(all, orb.LineString(r))
				}
			}
		}
	}
	return all, slights
}

// directed returns how far the farthest place on a lies from b, but for those at
// the rim. Places are taken every 8 units. narrow tells whether all places that
// are farther than 2 units lie where a comes back to itself within 1.5.
func directed(a, b []orb.LineString) (d float64, narrow bool) {
	narrow = true
	for _, l := range a {
		for i := 1; i < len(l); i++ {
			p, q := l[i-1], l[i]
			n := 1 + int(math.Hypot(q[0]-p[0], q[1]-p[1])/8)
			for k := range n {
				t := float64(k) / float64(n)
				at := orb.Point{p[0] + (q[0]-p[0])*t, p[1] + (q[1]-p[1])*t}
				if nearRim(at) {
					continue
				}
				if far := distance(at, b, d); far > d {
					d = far
					rest := []orb.LineString{l[:max(0, i-3)], l[min(len(l), i+3):]}
					narrow = narrow && (far <= 2 || distance(at, rest, 0) <= 1.5)
				}
			}
		}
	}
	return d, narrow
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
