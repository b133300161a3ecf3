package web_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// enterprise is a GeoJSON Feature of the layer enterprise, which police owns.
func enterprise(name string, lon, lat float64, more string) *strings.Reader {
	if more != "" {
		more = "," + more
	}
	return strings.NewReader(fmt.Sprintf(`{"type":"Feature","geometry":{"type":"Point","coordinates":[%v,%v]},"properties":{"name":%q%s}}`, lon, lat, name, more))
}

type featureReply struct {
	ID         int64
	Geometry   struct{ Coordinates []float64 }
	Properties map[string]any
}

const geoJSON = "application/geo+json"

// A feature's life: made by its owner's officer, read, changed, deleted; each
// step recorded, each answer with the place in the log that holds it.
func TestFeatureIsMadeChangedAndDeleted(t *testing.T) {
	w := newWorld(t)
	const items = "/ogc/collections/enterprise/items"
	r := w.want(201, w.as("police", "POST", items, enterprise("新厂", 120.005, 29.305, `"risk":2,"next_due_on":"2026-12-01","area_code":"999"`), "Content-Type", geoJSON))
	if r.Header.Get("Onemap-Cursor") == "" || r.Header.Get("ETag") == "" {
		t.Errorf("%v", r.Header)
	}
	var made featureReply
	r.into(t, &made)
	if p := made.Properties; p["grid_code"] != "330799001001001" || p["area_code"] != "330799001001" || p["risk"] != 2.0 || p["next_due_on"] != "2026-12-01" || p["state"] != "open" {
		t.Errorf("made as %v", p)
	}
	at := strings.TrimPrefix(r.Header.Get("Location"), w.url)
	read := w.want(200, w.as("police", "GET", at, nil))
	tag := read.Header.Get("ETag")
	if tag != r.Header.Get("ETag") {
		t.Errorf("made with the tag %s, read with %s", r.Header.Get("ETag"), tag)
	}
	// Moved to the other grid, by what was read.
	var back map[string]any
	read.into(t, &back)
	back["geometry"].(map[string]any)["coordinates"] = []float64{120.015, 29.305}
	j, err := json.Marshal(back)
	if err != nil {
		t.Fatal(err)
	}
	moved := w.want(200, w.as("police", "PUT", at, strings.NewReader(string(j)), "Content-Type", geoJSON, "If-Match", tag))
	moved.into(t, &made)
	if made.Properties["grid_code"] != "330799002001001" || made.Properties["risk"] != 2.0 {
		t.Errorf("moved to %v", made.Properties)
	}
	// Who changes what they saw before is told so.
	w.want(412, w.as("police", "PUT", at, strings.NewReader(string(j)), "Content-Type", geoJSON, "If-Match", tag)).problem(t)
	w.want(428, w.as("police", "DELETE", at, nil)).problem(t)
	tag = moved.Header.Get("ETag")
	patched := w.want(200, w.as("police", "PATCH", at, strings.NewReader(`{"properties":{"risk":null,"name":"旧厂"}}`), "Content-Type", "application/merge-patch+json", "If-Match", tag))
	patched.into(t, &made)
	if made.Properties["risk"] != 4.0 || made.Properties["name"] != "旧厂" || made.Properties["next_due_on"] != "2026-12-01" {
		t.Errorf("changed to %v", made.Properties)
	}
	r = w.want(204, w.as("police", "DELETE", at, nil, "If-Match", patched.Header.Get("ETag")))
	if r.Header.Get("Onemap-Cursor") == "" {
		t.Error("a deletion does not say where the log has it")
	}
	w.want(404, w.as("police", "GET", at, nil))
	w.want(404, w.as("police", "DELETE", at, nil))
	w.want(412, w.as("police", "PUT", at, enterprise("x", 120.005, 29.305, ""), "Content-Type", geoJSON, "If-Match", "*"))
	var recorded []string
	rows, err := w.db.Query(t.Context(), `SELECT action || ' ' || login FROM onemap.audit WHERE action LIKE 'feature.%' ORDER BY id`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			t.Fatal(err)
		}
		recorded = append(recorded, s)
	}
	if want := "feature.create police feature.replace police feature.update police feature.delete police"; strings.Join(recorded, " ") != want {
		t.Errorf("recorded %v", recorded)
	}
}

func TestFeatureWriterIsTold(t *testing.T) {
	w := newWorld(t)
	w.exec(`UPDATE onemap.layer SET owner = 'urban' WHERE name IN ('base_water', 'asset')`)
	w.exec(`INSERT INTO onemap.class (standard, kind, code, major, major_zh, major_en, name_zh, name_en) VALUES ('test', 'component', '01', '1', '一', 'one', '灯', 'lamp')`)
	const asset, water, firm = "/ogc/collections/asset/items", "/ogc/collections/base_water/items", "/ogc/collections/enterprise/items"
	point := func(properties string) string {
		return `{"type":"Feature","geometry":{"type":"Point","coordinates":[120.005,29.305]},"properties":{` + properties + `}}`
	}
	lamp := `"class_standard":"test","class_code":"01"`
	ring := func(coordinates string) string {
		return `{"type":"Feature","geometry":{"type":"Polygon","coordinates":[` + coordinates + `]},"properties":{"class":"lake"}}`
	}
	w.want(201, w.as("urban", "POST", asset, strings.NewReader(point(lamp+`,"code":"1234567890123456"`)), "Content-Type", geoJSON))
	for _, tt := range []struct {
		name, login, path, body string
		status                  int
		field                   string
	}{
		{"no JSON", "urban", asset, `{"type":`, 422, "body"},
		{"not a feature", "urban", asset, `{"type":"Point","coordinates":[1,2]}`, 422, "type"},
		{"no geometry", "urban", asset, `{"type":"Feature","properties":{}}`, 422, "geometry"},
		{"another geometry", "urban", asset, `{"type":"Feature","geometry":{"type":"LineString","coordinates":[[1,2],[3,4]]},"properties":{}}`, 422, "geometry.type"},
		{"half a place", "urban", asset, `{"type":"Feature","geometry":{"type":"Point","coordinates":[120]},"properties":{}}`, 422, "geometry.coordinates"},
		{"swapped axes", "urban", asset, `{"type":"Feature","geometry":{"type":"Point","coordinates":[29.3,120.0]},"properties":{` + lamp + `}}`, 422, "geometry"},
		{"a field that is not", "urban", asset, point(lamp + `,"colour":"red"`), 422, "properties.colour"},
		{"a column that is no field", "urban", asset, point(lamp + `,"source_key":"x"`), 422, "properties.source_key"},
		{"a text for a date", "urban", asset, point(lamp + `,"surveyed_on":"yesterday"`), 422, "properties.surveyed_on"},
		{"a state that is none", "urban", asset, point(lamp + `,"state":"shiny"`), 422, "properties.state"},
		{"a class that is none", "urban", asset, point(`"class_standard":"test","class_code":"77"`), 422, "properties.class_code"},
		{"a code that the table refuses", "urban", asset, point(lamp + `,"code":"17"`), 422, "properties.code"},
		{"no class", "urban", asset, point(`"class_standard":"test"`), 422, "properties.class_code"},
		{"a code twice", "urban", asset, point(lamp + `,"code":"1234567890123456"`), 409, ""},
		{"a number for a text", "urban", asset, point(lamp + `,"name":7`), 422, "properties.name"},
		{"an open ring", "urban", water, ring(`[[120.001,29.301],[120.002,29.301],[120.002,29.302],[120.001,29.302]]`), 422, "geometry.coordinates[0]"},
		{"a ring that crosses itself", "urban", water, ring(`[[120.001,29.301],[120.002,29.302],[120.002,29.301],[120.001,29.302],[120.001,29.301]]`), 422, "geometry"},
		{"outside the area", "urban", water, ring(`[[121.001,29.301],[121.002,29.301],[121.002,29.302],[121.001,29.301]]`), 403, ""},
		{"not the owner, who sees rows of their own", "police", asset, point(lamp), 403, ""},
		{"not the owner, who may see it", "police", water, ring(`[[120.001,29.301],[120.002,29.301],[120.002,29.302],[120.001,29.301]]`), 403, ""},
		{"a layer that has its own ways", "urban", "/ogc/collections/grid_unit/items", point(""), 405, ""},
		{"nobody", "", asset, point(lamp), 401, ""},
		{"an administrator", "admin", asset, point(lamp), 403, ""},
		{"the commander, who may see it", "centre", "/ogc/collections/incident/items", point(""), 403, ""},
		{"a number too large", "police", firm, point(`"name":"x","risk":99999`), 422, "properties"},
		{"a risk that is none", "police", firm, point(`"name":"x","risk":9`), 422, "properties.risk"},
		{"half a risk", "police", firm, point(`"name":"x","risk":1.5`), 422, "properties.risk"},
		{"NUL", "police", firm, point(`"name":"x\u0000"`), 422, "text"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := *w
			w.t = t
			r := w.as(tt.login, "POST", tt.path, strings.NewReader(tt.body), "Content-Type", geoJSON)
			p := w.want(tt.status, r).problem(t)
			if tt.field != "" && (len(p.Errors) != 1 || p.Errors[0].Field != tt.field) {
				t.Errorf("%+v", p)
			}
			if strings.Contains(p.Detail, "constraint") || strings.Contains(p.Detail, "SQLSTATE") {
				t.Errorf("the database speaks: %s", p.Detail)
			}
		})
	}
	w.want(415, w.as("urban", "POST", asset, strings.NewReader(point(lamp)), "Content-Type", "text/plain"))
	single := w.want(201, w.as("urban", "POST", water, strings.NewReader(ring(`[[120.001,29.301],[120.002,29.301],[120.002,29.302],[120.001,29.301]]`)), "Content-Type", geoJSON))
	if !strings.Contains(string(single.body), "MultiPolygon") {
		t.Errorf("%s", single.body)
	}
}

// The system of the coordinates is declared, kept, and read by its axes.
func TestFeatureIsWrittenInItsSystem(t *testing.T) {
	w := newWorld(t)
	const items = "/ogc/collections/enterprise/items"
	for _, tt := range []struct{ uri, coordinates, crs, orig string }{
		{"http://www.opengis.net/def/crs/EPSG/0/4549", "3243276.8178789,507237.6599831", "EPSG:4549", "4549 507237.660 3243276.818"},
		{"http://www.opengis.net/def/crs/EPSG/0/4528", "3243276.8178789,40507237.6599831", "EPSG:4528", "4528 40507237.660 3243276.818"},
		{"http://www.opengis.net/def/crs/EPSG/0/4490", "29.3068,120.0745", "CGCS2000", ""},
		{"http://www.opengis.net/def/crs/EPSG/0/3857", "13366632.1972569,3414753.0537093", "EPSG:3857", "3857 13366632.197 3414753.054"},
		{"", "120.0745,29.3068", "WGS84", ""},
	} {
		body := `{"type":"Feature","geometry":{"type":"Point","coordinates":[` + tt.coordinates + `]},"properties":{"name":"x","dept_code":"police"}}`
		header := []string{"Content-Type", geoJSON}
		if tt.uri != "" {
			header = append(header, "Content-Crs", "<"+tt.uri+">")
		}
		r := w.want(201, w.as("police", "POST", items, strings.NewReader(body), header...))
		var f featureReply
		r.into(t, &f)
		var lon, lat float64
		var crs, orig string
		if err := w.db.QueryRow(t.Context(), `SELECT ST_X(geom), ST_Y(geom), crs, coalesce(ST_SRID(orig) || ' ' || to_char(ST_X(orig), 'FM999999999.000') || ' ' || to_char(ST_Y(orig), 'FM999999999.000'), '')
			FROM map.enterprise WHERE id = $1`, f.ID).Scan(&lon, &lat, &crs, &orig); err != nil {
			t.Fatal(err)
		}
		if d := lon - 120.0745; d > 1e-9 || d < -1e-9 || lat-29.3068 > 1e-9 || lat-29.3068 < -1e-9 || crs != tt.crs || orig != tt.orig {
			t.Errorf("%s: %v %v %s %q", tt.uri, lon, lat, crs, orig)
		}
	}
	body := `{"type":"Feature","geometry":{"type":"Point","coordinates":[1,2]},"properties":{"name":"x"}}`
	w.want(400, w.as("police", "POST", items, strings.NewReader(body), "Content-Type", geoJSON, "Content-Crs", "<http://www.opengis.net/def/crs/EPSG/0/2437>"))
}

// Of many who change the same state of a feature at once, one does, and each
// of the others hears that it is no longer what they saw.
func TestOneWriterWins(t *testing.T) {
	w := newWorld(t)
	const items = "/ogc/collections/enterprise/items"
	made := w.want(201, w.as("police", "POST", items, enterprise("x", 120.005, 29.305, ""), "Content-Type", geoJSON))
	at, tag := strings.TrimPrefix(made.Header.Get("Location"), w.url), made.Header.Get("ETag")
	statuses := make(chan int)
	for i := range 8 {
		go func() {
			r := w.as("police", "PATCH", at, strings.NewReader(fmt.Sprintf(`{"properties":{"name":"writer %d"}}`, i)),
				"Content-Type", "application/merge-patch+json", "If-Match", tag)
			statuses <- r.StatusCode
		}()
	}
	count := map[int]int{}
	for range 8 {
		count[<-statuses]++
	}
	if count[200] != 1 || count[412] != 7 {
		t.Errorf("%v", count)
	}
}

// A row of another's in the same layer is seen and not written; and a row of
// one's own may not be made another's where that puts it out of reach.
func TestRowsOfOthersAreNotWritten(t *testing.T) {
	w := newWorld(t)
	w.exec(`UPDATE onemap.layer SET owner = 'urban', share = 'unconditional', share_basis = '' WHERE name = 'place'`)
	w.exec(`INSERT INTO map.place (id, kind, name, dept_code, geom) VALUES
		(1, 'depot', 'far away', 'police', 'SRID=4326;POINT(121 29.3)'), (2, 'depot', 'far away and ours', 'urban', 'SRID=4326;POINT(121 29.3)')`)
	const items = "/ogc/collections/place/items/"
	patch := func(id, body string) int {
		t.Helper()
		return w.as("urban", "PATCH", items+id, strings.NewReader(body), "Content-Type", "application/merge-patch+json", "If-Match", "*").StatusCode
	}
	w.want(200, w.as("urban", "GET", items+"1", nil))
	if got := patch("1", `{"properties":{"name":"mine"}}`); got != 403 {
		t.Errorf("another's: %d", got)
	}
	w.want(403, w.as("urban", "DELETE", items+"1", nil, "If-Match", "*"))
	if got := patch("2", `{"properties":{"name":"still ours"}}`); got != 200 {
		t.Errorf("ours: %d", got)
	}
	if got := patch("2", `{"properties":{"dept_code":"police"}}`); got != 403 {
		t.Errorf("given away: %d", got)
	}
	if allow := w.as("urban", "OPTIONS", items+"1", nil).Header.Get("Allow"); allow != "GET, HEAD, OPTIONS" {
		t.Errorf("another's allows %s", allow)
	}
	var n int
	if err := w.db.QueryRow(t.Context(), `SELECT count(*) FROM map.place WHERE name IN ('far away', 'still ours') AND dept_code IN ('police', 'urban')`).Scan(&n); err != nil || n != 2 {
		t.Errorf("%d rows, %v", n, err)
	}
}
