package web_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"image"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/paulmach/orb/encoding/mvt"
)

func TestTilesByRight(t *testing.T) {
	w := newWorld(t)
	w.report("centre", 120.005, 29.305)
	w.report("centre", 120.0109, 29.305)
	const tile = "/14/13653/6796.mvt"
	count := func(login, layers, query string) map[string]int {
		t.Helper()
		r := w.as(login, "GET", "/tiles/"+layers+tile+query, nil)
		if r.StatusCode == 204 {
			return map[string]int{}
		}
		w.want(200, r)
		if ct := r.Header.Get("Content-Type"); ct != "application/vnd.mapbox-vector-tile" {
			t.Errorf("type %q", ct)
		}
		ls, err := mvt.Unmarshal(r.body)
		if err != nil {
			t.Fatal(err)
		}
		n := map[string]int{}
		for _, l := range ls {
			n[l.Name] = len(l.Features)
		}
		return n
	}
	if n := count("", "base_road", ""); n["base_road"] != 1 {
		t.Errorf("the public sees %v", n)
	}
	if n := count("centre", "base_road,incident", ""); n["incident"] != 2 || n["base_road"] != 1 {
		t.Errorf("the centre sees %v", n)
	}
	if n := count("worker", "incident", ""); n["incident"] != 1 {
		t.Errorf("the worker of one grid sees %v", n)
	}
	if n := count("centre", "incident", "?grid=330799002001001&class=T01"); n["incident"] != 1 {
		t.Errorf("filtered: %v", n)
	}
	if n := count("centre", "incident", "?datetime=../2000-01-01"); n["incident"] != 0 {
		t.Errorf("before 2000: %v", n)
	}
	for _, tt := range []struct {
		login, path string
		status      int
	}{
		{"", "/tiles/incident" + tile, 404},         // may not know of it
		{"worker", "/tiles/enterprise" + tile, 404}, // 不予共享
		{"police", "/tiles/enterprise" + tile, 200}, // its owner
		{"", "/tiles/nothing" + tile, 404},
		{"", "/tiles/base_road,nothing" + tile, 404},
		{"", "/tiles/base_road,base_road" + tile, 422},
		{"", "/tiles/base_road/23/0/0.mvt", 400},
		{"", "/tiles/base_road/3/8/0.mvt", 400},
		{"", "/tiles/base_road/a/0/0.mvt", 400},
		{"", "/tiles/base_road/14/0/0.mvt", 204},
		{"centre", "/tiles/base_road" + tile + "?datetime=2001-01-01", 422},
		{"centre", "/tiles/base_road" + tile + "?colour=red", 422},
	} {
		w.want(tt.status, w.as(tt.login, "GET", tt.path, nil))
	}
}

func TestTileETag(t *testing.T) {
	w := newWorld(t)
	w.report("centre", 120.005, 29.305)
	const tile = "/tiles/incident/14/13653/6796.mvt"
	first := w.want(200, w.as("centre", "GET", tile, nil, "Accept-Encoding", "gzip"))
	etag := first.Header.Get("ETag")
	if etag == "" || first.Header.Get("Cache-Control") != "private, no-cache" || !strings.Contains(strings.Join(first.Header.Values("Vary"), ","), "Authorization") {
		t.Errorf("headers %v", first.Header)
	}
	r := w.want(304, w.as("centre", "GET", tile, nil, "If-None-Match", etag))
	if len(r.body) != 0 {
		t.Error("304 with a body")
	}
	w.want(200, w.as("worker", "GET", tile, nil, "If-None-Match", etag)) // of another right: even equal content is not "as you have it"
	w.report("centre", 120.006, 29.305)
	w.want(200, w.as("centre", "GET", tile, nil, "If-None-Match", etag))
}

func TestCompression(t *testing.T) {
	w := newWorld(t)
	plain := w.want(200, w.as("centre", "GET", "/api/v1/layers", nil, "Accept-Encoding", "identity"))
	for enc, open := range map[string]func(io.Reader) (io.Reader, error){
		"zstd": func(r io.Reader) (io.Reader, error) { return zstd.NewReader(r) },
	} {
		r := w.want(200, w.as("centre", "GET", "/api/v1/layers", nil, "Accept-Encoding", enc))
		if r.Header.Get("Content-Encoding") != enc {
			t.Errorf("%s: %v", enc, r.Header)
			continue
		}
		d, err := open(bytes.NewReader(r.body))
		if err != nil {
			t.Fatal(err)
		}
		if b, err := io.ReadAll(d); err != nil || !bytes.Equal(b, plain.body) {
			t.Errorf("%s: differs (%v)", enc, err)
		}
	}
}

func TestTileJSON(t *testing.T) {
	w := newWorld(t)
	var j struct {
		TileJSON         string `json:"tilejson"`
		Tiles            []string
		Bounds           []float64
		MinZoom, MaxZoom int
		VectorLayers     []struct {
			ID         string
			Fields     map[string]string
			ClassField string `json:"class_field"`
			RankField  string `json:"rank_field"`
			DetailZoom int    `json:"detail_zoom"`
			TileKiB    int    `json:"tile_kib"`
		} `json:"vector_layers"`
	}
	w.want(200, w.as("centre", "GET", "/tiles/base_road,incident.json?class=T01", nil)).into(t, &j)
	if len(j.VectorLayers) != 3 || j.VectorLayers[2].ID != "_omitted" || j.MinZoom != 0 {
		t.Fatalf("%+v", j)
	}
	if v := j.VectorLayers[1]; v.ClassField != "class_code" || v.RankField != "severity" || v.DetailZoom != 14 || v.TileKiB != 256 || j.VectorLayers[0].DetailZoom != 0 {
		t.Errorf("%+v", j.VectorLayers)
	}
	if j.TileJSON != "3.0.0" || j.VectorLayers[1].Fields["severity"] == "" || j.VectorLayers[1].Fields["description"] != "" {
		t.Errorf("%+v", j)
	}
	if j.VectorLayers[0].Fields["count"] != "" || j.VectorLayers[1].Fields["count"] == "" {
		t.Errorf("the points are counted, the roads are not: %+v", j.VectorLayers)
	}
	if want := w.url + "/tiles/base_road,incident/{z}/{x}/{y}.mvt?class=T01"; j.Tiles[0] != want {
		t.Errorf("tiles at %s", j.Tiles[0])
	}
	w.want(404, w.as("", "GET", "/tiles/incident.json", nil))
}

// A layer of counts is drawn an hour at a time: the latest where none is asked for.
func TestTilesOfCountsAreOfOneHour(t *testing.T) {
	w := newWorld(t)
	w.exec(`INSERT INTO map.population (hour, n, density_km2, grid_code, area_code, geom)
		SELECT h, n, 1, '330799001001001', '330799001001', ST_SetSRID(ST_MakePoint(120.005, 29.305), 4326)
		FROM (VALUES ('2026-11-22T07:00Z'::timestamptz, 50), ('2026-11-22T08:00Z', 60), ('2026-11-22T09:00Z', 70)) v (h, n)`)
	w.exec(`INSERT INTO map.population_od (hour, from_grid, to_grid, n, grid_code, area_code, geom)
		SELECT h, '330799001001001', '330799002001001', n, '330799001001001', '330799001001', ST_SetSRID(ST_MakeLine(ST_MakePoint(120.005, 29.305), ST_MakePoint(120.015, 29.305)), 4326)
		FROM (VALUES ('2026-11-22T07:00Z'::timestamptz, 50), ('2026-11-22T08:00Z', 60)) v (h, n)`)
	for query, want := range map[string]string{
		"":                                  "map[population:[70] population_od:[60]]",
		"?datetime=2026-11-22T08:00:00Z":    "map[population:[60] population_od:[60]]",
		"?datetime=2026-11-22T07:00:00Z/..": "map[population:[50 60 70] population_od:[50 60]]",
		"?grid=330799001001001":             "map[population:[70] population_od:[60]]",
		"?datetime=../2026-11-22T07:00:00Z": "map[]",
	} {
		r := w.as("centre", "GET", "/tiles/population,population_od/14/13653/6796.mvt"+query, nil)
		got := map[string][]int{}
		if r.StatusCode != 204 {
			parsed, err := mvt.Unmarshal(w.want(200, r).body)
			if err != nil {
				t.Fatal(err)
			}
			for _, l := range parsed {
				for _, f := range l.Features {
					got[l.Name] = append(got[l.Name], f.Properties.MustInt("n"))
				}
				slices.Sort(got[l.Name])
			}
		}
		if fmt.Sprint(got) != want {
			t.Errorf("%q: %v, want %s", query, got, want)
		}
	}
}

type collection struct {
	Type     string
	Features []struct {
		ID         int64
		Geometry   json.RawMessage
		Properties map[string]any
	}
	Links []struct{ Href, Rel string }
}

func TestFeaturesPageByPage(t *testing.T) {
	w := newWorld(t)
	for range 5 {
		w.report("centre", 120.005, 29.305)
	}
	next, seen := "/api/v1/layers/incident/features?limit=2&properties=state,grid_code", map[int64]bool{}
	pages := 0
	for next != "" {
		var c collection
		w.want(200, w.as("centre", "GET", next, nil)).into(t, &c)
		next = ""
		pages++
		for _, f := range c.Features {
			if seen[f.ID] || len(f.Properties) != 2 || f.Properties["state"] != "reported" {
				t.Errorf("feature %+v", f)
			}
			seen[f.ID] = true
		}
		for _, l := range c.Links {
			if l.Rel == "next" {
				next = strings.TrimPrefix(l.Href, w.url)
			}
		}
	}
	if len(seen) != 5 || pages != 3 {
		t.Errorf("%d features on %d pages", len(seen), pages)
	}
	w.want(200, w.as("centre", "GET", "/api/v1/layers/incident/features/1", nil))
	w.want(404, w.as("", "GET", "/api/v1/layers/incident/features/1", nil))
	w.want(404, w.as("centre", "GET", "/api/v1/layers/incident/features/99999", nil))
	w.want(404, w.as("centre", "GET", "/api/v1/layers/incident/features/x", nil))
	w.want(422, w.as("centre", "GET", "/api/v1/layers/incident/features?properties=reporter", nil))
	w.want(422, w.as("centre", "GET", "/api/v1/layers/incident/features?limit=10001", nil))
}

func TestExport(t *testing.T) {
	w := newWorld(t)
	w.report("centre", 120.005, 29.305)
	var c collection
	r := w.want(200, w.as("centre", "GET", "/api/v1/layers/incident/export", nil))
	r.into(t, &c)
	if len(c.Features) != 1 || !strings.Contains(r.Header.Get("Content-Disposition"), "incident-") {
		t.Errorf("%s %v", r.body, r.Header)
	}
	lines := strings.Split(strings.TrimSpace(string(w.want(200, w.as("police", "GET", "/api/v1/layers/enterprise/export?format=ndjson", nil)).body)), "\n")
	if len(lines) != 2 || !json.Valid([]byte(lines[0])) {
		t.Errorf("%q", lines)
	}
	rows, err := csv.NewReader(bytes.NewReader(w.want(200, w.as("police", "GET", "/api/v1/layers/enterprise/export?format=csv", nil)).body)).ReadAll()
	if err != nil || len(rows) != 3 {
		t.Fatalf("%v %v", rows, err)
	}
	if all := strings.Join(rows[2], "|"); !strings.Contains(all, "'=1+1") || !strings.HasSuffix(all, "|120.015|29.305") {
		t.Errorf("row %s", all)
	}
	// What may not be seen is not there, and not recorded as taken.
	w.want(404, w.as("worker", "GET", "/api/v1/layers/enterprise/export", nil))
	w.want(404, w.as("", "GET", "/api/v1/layers/incident/export", nil))
	w.want(422, w.as("centre", "GET", "/api/v1/layers/incident/export?format=shp", nil))
	var audit struct {
		Entries []struct{ Login, Object, Address string }
	}
	w.want(200, w.as("auditor", "GET", "/api/v1/audit?action=layer.export", nil)).into(t, &audit)
	if len(audit.Entries) != 3 || audit.Entries[2].Login != "centre" || audit.Entries[2].Object != "layer/incident" || audit.Entries[2].Address != "127.0.0.1" {
		t.Errorf("recorded %+v", audit.Entries)
	}
}

func TestPhotos(t *testing.T) {
	w := newWorld(t)
	// Exif: little-endian TIFF with one entry, orientation 6 (a quarter clockwise), and a word that must go.
	exif := []byte("II*\x00\x08\x00\x00\x00\x01\x00\x12\x01\x03\x00\x01\x00\x00\x00\x06\x00\x00\x00\x00\x00\x00\x00secret-place")
	sent := photo(t, 800, 400, exif)
	up := func(login string, b []byte, kind string) reply {
		return w.as(login, "POST", "/api/v1/photos", bytes.NewReader(b), "Content-Type", kind)
	}
	var p struct {
		ID            string
		Width, Height int
	}
	w.want(201, up("worker", sent, "image/jpeg")).into(t, &p)
	if p.Width != 400 || p.Height != 800 {
		t.Errorf("turned to %d x %d", p.Width, p.Height)
	}
	var again struct{ ID string }
	w.want(201, up("worker", sent, "image/jpeg")).into(t, &again)
	if again.ID != p.ID {
		t.Error("the same photo has two ids")
	}
	at := "/api/v1/photos/" + p.ID
	full := w.want(200, w.as("worker", "GET", at, nil))
	if bytes.Contains(full.body, []byte("secret-place")) {
		t.Error("metadata is kept")
	}
	m, _, err := image.Decode(bytes.NewReader(full.body))
	if err != nil {
		t.Fatal(err)
	}
	// A quarter clockwise, the red corner is at the top right.
	if r, g, _, _ := m.At(395, 5).RGBA(); r < 0xc000 || g > 0x4000 {
		t.Errorf("the corner is %v", m.At(395, 5))
	}
	thumb := w.want(200, w.as("worker", "GET", at+"?size=thumb", nil))
	if c, _, err := image.DecodeConfig(bytes.NewReader(thumb.body)); err != nil || c.Height != 320 || c.Width != 160 {
		t.Errorf("thumbnail %+v %v", c, err)
	}
	// Nobody else sees it until an incident they may see shows it.
	w.want(404, w.as("centre", "GET", at, nil))
	b := reportBody(120.005, 29.305)
	b["photos"] = []map[string]any{{"id": p.ID, "kind": "near"}}
	var i incidentReply
	w.want(201, w.as("worker", "POST", "/api/v1/incidents", b)).into(t, &i)
	if len(i.Photos) != 1 || i.Photos[0].ID != p.ID {
		t.Errorf("photos %+v", i.Photos)
	}
	w.want(200, w.as("centre", "GET", at, nil))
	w.want(200, w.as("urban", "GET", at, nil))
	w.want(404, w.as("police", "GET", at, nil))
	w.want(404, w.as("centre", "GET", "/api/v1/photos/..%2f..%2fetc%2fpasswd", nil))

	w.want(422, up("worker", []byte("GIF89a, says it"), "image/png"))
	w.want(422, up("worker", sent[:len(sent)/2], "image/jpeg"))
	w.want(422, up("worker", bomb, "image/png"))
	w.want(413, up("worker", make([]byte, 13<<20), "image/jpeg"))
}

// bomb is the head of a PNG that claims 100,000 x 100,000 pixels.
var bomb = []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x01\x86\xa0\x00\x01\x86\xa0\x08\x06\x00\x00\x00\x9c\xfd\x29\x27")

func TestLookups(t *testing.T) {
	w := newWorld(t)
	i := w.report("centre", 120.015, 29.305)
	for _, tt := range []struct {
		q, first string
		kind     string
	}{
		{"T01", "T01", ""}, {"jgqs", "T01", "matter"}, {"井盖缺失", "T01", ""}, {"missing man", "T01", ""}, {"jgq", "T01", "matter"},
	} {
		var c struct {
			Classes []struct{ Code, Standard string }
		}
		w.want(200, w.as("centre", "GET", "/api/v1/classes?q="+strings.ReplaceAll(tt.q, " ", "%20")+"&kind="+tt.kind, nil)).into(t, &c)
		if len(c.Classes) == 0 || c.Classes[0].Code != tt.first {
			t.Errorf("%q finds %+v", tt.q, c)
		}
	}
	find := func(login, q string) []string {
		t.Helper()
		var s struct {
			Hits []struct {
				Layer string
				BBox  []float64
			}
		}
		w.want(200, w.as(login, "GET", "/api/v1/search?q="+q, nil)).into(t, &s)
		var ls []string
		for _, h := range s.Hits {
			ls = append(ls, h.Layer)
		}
		return ls
	}
	if got := find("", "人民"); len(got) != 1 || got[0] != "base_road" {
		t.Errorf("the public finds %v", got)
	}
	if got := find("centre", "人民"); len(got) != 2 { // the incident's place, too
		t.Errorf("the centre finds %v", got)
	}
	if got := find("police", "化工"); len(got) != 1 {
		t.Errorf("police find %v", got)
	}
	if got := find("worker", "化工"); len(got) != 0 {
		t.Errorf("the worker finds %v", got)
	}
	if got := find("centre", "%23"+strconv.FormatInt(i.ID, 10)); len(got) != 1 || got[0] != "incident" {
		t.Errorf("by number: %v", got)
	}
	if got := find("centre", "330799001001001"); len(got) == 0 || got[0] != "grid_unit" {
		t.Errorf("by grid code: %v", got)
	}
	if got := find("centre", "%25"); len(got) != 0 {
		t.Errorf("a percent sign finds %v", got)
	}
	var at struct {
		Grid   string `json:"grid_code"`
		Layers []struct {
			Name     string
			Features []struct {
				DistanceM float64 `json:"distance_m"`
			}
		}
	}
	w.want(200, w.as("centre", "GET", "/api/v1/at?lon=120.015&lat=29.3051&radius_m=30", nil)).into(t, &at)
	if at.Grid != "330799002001001" || len(at.Layers) != 3 { // the grid, the road, the incident
		t.Errorf("%+v", at)
	}
	w.want(422, w.as("", "GET", "/api/v1/at?lon=200&lat=0", nil))
	w.want(422, w.as("", "GET", "/api/v1/at?lat=0", nil))
	w.want(404, w.as("", "GET", "/api/v1/population/hours", nil))
	w.want(200, w.as("centre", "GET", "/api/v1/population/hours", nil))
	var st struct{ Bounds []float64 }
	w.want(200, w.as("", "GET", "/api/v1/settings", nil)).into(t, &st)
	if len(st.Bounds) != 4 || abs(st.Bounds[0]-120) > 1e-5 || abs(st.Bounds[3]-29.31) > 1e-5 {
		t.Errorf("bounds %v", st.Bounds)
	}
}

func TestPages(t *testing.T) {
	w := newWorld(t)
	if r := w.want(200, w.as("", "GET", "/", nil)); !strings.Contains(string(r.body), "centre") || r.Header.Get("Content-Security-Policy") == "" {
		t.Errorf("%s %v", r.body, r.Header)
	}
	if r := w.want(200, w.as("", "GET", "/m", nil)); !strings.Contains(string(r.body), "phone") {
		t.Errorf("%s", r.body)
	}
	if r := w.want(200, w.as("", "GET", "/assets/app-1234.js", nil)); !strings.Contains(r.Header.Get("Cache-Control"), "immutable") || !strings.HasPrefix(r.Header.Get("Content-Type"), "text/javascript") {
		t.Errorf("%v", r.Header)
	}
	for _, p := range []string{"/placeholder.txt", "/assets/", "/assets", "/../go.mod", "/assets/..%2f..%2fgo.mod"} {
		w.want(http.StatusNotFound, w.as("", "GET", p, nil))
	}
	if r := w.want(200, w.as("", "HEAD", "/livez", nil)); len(r.body) != 0 {
		t.Error("HEAD has a body")
	}
	var ready struct {
		Ready bool
		Lost  []string
	}
	w.want(200, w.as("", "GET", "/readyz", nil)).into(t, &ready)
	if !ready.Ready || len(ready.Lost) != 1 {
		t.Errorf("%+v", ready)
	}
}
