package intake_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"onemap/geo/crs"
	"onemap/layers"
	"onemap/layers/grid"
	"onemap/layers/intake"
)

// The same file twice changes nothing; a newer one writes what is new or
// different, and every feature keeps its id.
func TestAgain(t *testing.T) {
	s, db := store(t)
	head := "id,name,lon,lat,capacity\n"
	o := intake.Options{File: file(t, "a.csv", head+"1,a,120.1,29.3,5\n2,b,120.2,29.3,\n3,c,120.3,29.3,7\n"), Mapping: parse(t, places)}
	run(t, s, o)
	type row struct {
		ID, Batch int64
		Name      string
		At        int64
	}
	read := func(key string) (r row) {
		if err := db.QueryRow(t.Context(), `SELECT id, batch, name, extract(epoch FROM updated_at)::bigint FROM map.place WHERE source_key = $1`, key).Scan(&r.ID, &r.Batch, &r.Name, &r.At); err != nil {
			t.Fatal(err)
		}
		return r
	}
	one, two := read("test:1"), read("test:2")
	if sum := run(t, s, o); sum.Inserted+sum.Updated != 0 || sum.Unchanged != 3 {
		t.Errorf("again: %+v", sum)
	}
	if got := read("test:1"); got != one {
		t.Errorf("an equal row was written: %+v, was %+v", got, one)
	}
	o.File = file(t, "b.csv", head+"1,a,120.1,29.3,5\n2,b,120.2000001,29.3,\n4,d,120.4,29.3,7\n")
	if sum := run(t, s, o); sum.Inserted != 1 || sum.Updated != 1 || sum.Unchanged != 1 {
		t.Errorf("newer: %+v", sum)
	}
	if got := read("test:2"); got.ID != two.ID || got.Batch == two.Batch {
		t.Errorf("a moved row: %+v, was %+v", got, two)
	}
	read("test:3") // a file that leaves a row out does not delete it
}

func TestDuplicatesAndCancelling(t *testing.T) {
	s, db := store(t)
	text := "id,name,lon,lat,capacity,term,n\n" +
		"1,first,120.1,29.3,1,2020-01-01,1\n" +
		"1,last,120.1,29.3,2,2019-01-01,1\n" +
		"1,nowhere,,29.3,3,2021-01-01,1\n"
	for _, tt := range []struct {
		policy, latest   string
		want             string
		skipped, rejects int64
	}{
		{"reject", "", "first", 0, 2},
		{"skip", "", "first", 1, 1},
		{"last", "", "last", 1, 1}, // a row without a place does not take the place of one with it
		{"last", "term", "first", 1, 1},
		{"number", "", "first,last", 0, 1},
	} {
		t.Run(tt.policy+tt.latest, func(t *testing.T) {
			if _, err := db.Exec(t.Context(), `TRUNCATE map.place`); err != nil {
				t.Fatal(err)
			}
			m := parse(t, places)
			m.Key.Duplicates, m.Key.Latest = tt.policy, tt.latest
			o := intake.Options{File: file(t, "a.csv", text), Mapping: m}
			sum := run(t, s, o)
			var names string
			if err := db.QueryRow(t.Context(), `SELECT string_agg(name, ',' ORDER BY id) FROM map.place`).Scan(&names); err != nil {
				t.Fatal(err)
			}
			if names != tt.want || sum.SkippedRows() != tt.skipped || sum.RejectedRows() != tt.rejects {
				t.Errorf("%s: %+v", names, sum)
			}
			if again := run(t, s, o); again.Inserted+again.Updated != 0 {
				t.Errorf("again: %+v", again)
			}
		})
	}

	t.Run("cancelling rows take back the nearest before, or the first after", func(t *testing.T) {
		if _, err := db.Exec(t.Context(), `TRUNCATE map.place`); err != nil {
			t.Fatal(err)
		}
		text := "id,name,lon,lat,capacity,n\n" +
			"1,a,120,30,1,1\n2,a,120,30,1,1\n3,a,120,30,1,-1\n" + // 3 takes back 2
			"4,b,120,30,1,-1\n5,b,120,30,1,1\n6,b,120,30,1,1\n" + // 4 takes back 5
			"7,c,120,30,1,-1\n" // 7 finds nothing
		m := parse(t, places)
		minus := "-1"
		m.Cancel = &intake.Cancel{When: intake.Rule{Column: "n", Equals: &minus}, Columns: []string{"name"}}
		sum := run(t, s, intake.Options{File: file(t, "a.csv", text), Mapping: m})
		var keys string
		if err := db.QueryRow(t.Context(), `SELECT string_agg(source_key, ' ' ORDER BY id) FROM map.place`).Scan(&keys); err != nil {
			t.Fatal(err)
		}
		if keys != "test:1 test:6" || sum.SkippedRows() != 5 || sum.Skipped["cancels a row that is not in the file"] != 1 {
			t.Errorf("%s: %+v", keys, sum)
		}
	})
}

func TestCoordinateSystems(t *testing.T) {
	s, db := store(t)
	want := orb.Point{120.0745, 29.3068}
	gcj, bd := crs.WGS84ToGCJ02(want), crs.WGS84ToBD09(want)
	for _, tt := range []struct {
		crs  string
		x, y float64
		srid int // of orig; -1: none
	}{
		{"WGS84", want[0], want[1], -1},
		{"EPSG:4490", want[0], want[1], -1},
		{"GCJ02", gcj[0], gcj[1], 0},
		{"BD09", bd[0], bd[1], 0},
		{"EPSG:4549", 507237.6600, 3243276.8179, 4549}, // easting, northing
		{"EPSG:3857", 13366632.1973, 3414753.0537, 3857},
	} {
		t.Run(tt.crs, func(t *testing.T) {
			if _, err := db.Exec(t.Context(), `TRUNCATE map.place`); err != nil {
				t.Fatal(err)
			}
			text := fmt.Sprintf("id,name,lon,lat,capacity\n1,a,%.10f,%.10f,1\n", tt.x, tt.y)
			run(t, s, intake.Options{File: file(t, "a.csv", text), Mapping: parse(t, places), CRS: tt.crs})
			var got orb.Point
			var name string
			var srid *int
			var ox, oy *float64
			if err := db.QueryRow(t.Context(), `SELECT geom, crs, ST_SRID(orig), ST_X(orig), ST_Y(orig) FROM map.place`).Scan(&got, &name, &srid, &ox, &oy); err != nil {
				t.Fatal(err)
			}
			if d := math.Hypot(got[0]-want[0], got[1]-want[1]) * 111_000; d > 0.002 || name != tt.crs {
				t.Errorf("%v by %s: %g m off", got, name, d)
			}
			if tt.srid < 0 && srid != nil || tt.srid >= 0 && (srid == nil || *srid != tt.srid || math.Abs(*ox-tt.x) > 1e-9 || math.Abs(*oy-tt.y) > 1e-9) {
				t.Errorf("orig is %v %v %v", srid, ox, oy)
			}
		})
	}
}

// A point that PROJ cannot transform is one bad row, not the end of the batch.
func TestTransformFindsTheCulprit(t *testing.T) {
	_, db := store(t)
	c, err := crs.Parse("EPSG:4549")
	if err != nil {
		t.Fatal(err)
	}
	points := make([]orb.Point, 100)
	for i := range points {
		points[i] = orb.Point{507237 + float64(i), 3243276}
	}
	points[37] = orb.Point{1e30, -1e30}
	at, ok, err := intake.Transform(t.Context(), db, c, points)
	if err != nil {
		t.Fatal(err)
	}
	for i := range points {
		good := ok[i] && at[i][0] > 120 && at[i][0] < 120.1 && at[i][1] > 29.3 && at[i][1] < 29.4
		if good == (i == 37) {
			t.Errorf("point %d: %v %v", i, at[i], ok[i])
		}
	}
}

// An incident's class, severity and department come from the class list; an
// unknown class rejects the row.
func TestClasses(t *testing.T) {
	s, db := store(t)
	m := parse(t, `
layer: incident
source: test
crs: WGS84
time_zone: Asia/Shanghai
key: {columns: [id]}
geometry: {lon: lon, lat: lat}
classes:
  standard: mine
  kind: matter
  code: {column: kind, slug: true}
  name: {column: kind}
  groups: [{match: ^fire, severity: 1, public_reported: true, major: f, major_en: Fires}, {severity: 4}]
fields:
  class_standard: {const: mine}
  class_code: {column: kind, slug: true}
  occurred_at: {column: at, time: ["YYYY/MM/DD HH:mm"], max: now}
`)
	text := "id,kind,at,lon,lat\n1,Fire (house),2024/02/29 23:30,120,30\n2,Noise,2024/01/01 00:00,120,30\n3,Noise,2023/02/29 10:00,120,30\n4,Noise,2999/01/01 10:00,120,30\n5,!!!,2024/01/01 10:00,120,30\n"
	sum := run(t, s, intake.Options{File: file(t, "a.csv", text), Mapping: m})
	if sum.Inserted != 2 || sum.RejectedRows() != 3 {
		t.Fatalf("%+v", sum)
	}
	var class, state, source, at string
	var severity int
	var public bool
	if err := db.QueryRow(t.Context(), `SELECT i.class_code, i.severity, i.state, i.source, to_char(i.occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI'), c.public_reported
		FROM map.incident i JOIN onemap.class c ON (c.standard, c.kind, c.code) = (i.class_standard, i.class_kind, i.class_code) WHERE i.source_key = 'test:1'`).
		Scan(&class, &severity, &state, &source, &at, &public); err != nil {
		t.Fatal(err)
	}
	if class != "fire-house" || severity != 1 || state != "closed" || source != "import" || at != "2024-02-29 15:30" || !public {
		t.Errorf("%s %d %s %s %s %v", class, severity, state, source, at, public)
	}
}

// The rules of a subject, and of unique columns, reject single rows.
func TestAssetCodes(t *testing.T) {
	s, _ := store(t)
	m := parse(t, `
layer: asset
source: test
crs: CGCS2000
key: {columns: [id]}
geometry: {lon: lon, lat: lat}
fields:
  class_standard: {const: GB/T 47678.5-2026}
  class_code: {column: class}
  code: {column: code}
  state: {column: state, lookup: {完好: intact, 破损: damaged}}
`)
	text := "id,class,code,state,lon,lat\n" +
		"1,01001,33078201001000001,完好,120,30\n" +
		"2,01002,33078201001000002,完好,120,30\n" + // another class
		"3,01001,33078201001000001,完好,120,30\n" + // code of an earlier row
		"4,01001,,破损,120,30\n" +
		"5,01001,,没了,120,30\n" + // unknown state
		"6,99999,,完好,120,30\n" // unknown class
	sum := run(t, s, intake.Options{File: file(t, "a.csv", text), Mapping: m})
	if sum.Inserted != 2 || sum.RejectedRows() != 4 {
		t.Fatalf("%+v", sum)
	}
	// Another source's row with a code that is taken.
	path := filepath.Join(t.TempDir(), "r.csv")
	sum = run(t, s, intake.Options{File: file(t, "b.csv", "id,class,code,state,lon,lat\n1,01001,33078201001000001,完好,121,30\n2,01001,33078201001000009,完好,121,30\n"),
		Mapping: m, Source: "other", RejectFile: path})
	if sum.Inserted != 1 || sum.RejectedRows() != 1 || rejects(t, path)[0][1] != "code" {
		t.Errorf("%+v", sum)
	}
}

// The Finder is the database's grid_at, wherever a point falls: inside, on a
// border, on a corner.
func TestFinderIsGridAt(t *testing.T) {
	s, db := store(t)
	run(t, s, intake.Options{File: data(t, "stlouis/neighborhoods.geojson"), Mapping: mapping(t, "stlouis-neighbourhoods")})
	if _, err := db.Exec(t.Context(), `INSERT INTO map.grid_duty (grid_code, area_code, geom)
		SELECT 'D' || grid_code, 'duty', ST_Multi(ST_Envelope(geom)) FROM map.grid_community WHERE grid_code IN ('16', '35', '38', '39')`); err != nil {
		t.Fatal(err)
	}
	f, err := grid.Load(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	b, _ := f.Bound()
	rng := rand.New(rand.NewPCG(1, 2))
	var xs, ys []float64
	for range 20_000 {
		xs = append(xs, b.Min[0]+rng.Float64()*(b.Max[0]-b.Min[0]))
		ys = append(ys, b.Min[1]+rng.Float64()*(b.Max[1]-b.Min[1]))
	}
	rows, err := db.Query(t.Context(), `SELECT ST_X(g), ST_Y(g) FROM (SELECT (ST_DumpPoints(geom)).geom AS g FROM map.grid_community
		UNION ALL SELECT (ST_DumpPoints(geom)).geom FROM map.grid_duty
		UNION ALL SELECT ST_LineInterpolatePoint(ST_ExteriorRing(ST_GeometryN(geom, 1)), f) FROM map.grid_community, generate_series(0.05, 0.95, 0.05) f) p`)
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() { // corners and borders
		var x, y float64
		if err := rows.Scan(&x, &y); err != nil {
			t.Fatal(err)
		}
		xs, ys = append(xs, x), append(ys, y)
	}
	rows, err = db.Query(t.Context(), `SELECT x, y, g.grid_code, g.area_code FROM unnest($1::float8[], $2::float8[]) p(x, y), LATERAL map.grid_at(ST_SetSRID(ST_MakePoint(x, y), 4326)) g`, xs, ys)
	if err != nil {
		t.Fatal(err)
	}
	n, wrong := 0, 0
	for rows.Next() {
		var p orb.Point
		var code, area string
		if err := rows.Scan(&p[0], &p[1], &code, &area); err != nil {
			t.Fatal(err)
		}
		n++
		if c, a := f.At(p); c != code || a != area {
			if wrong++; wrong < 10 {
				t.Errorf("%.17g: Finder says %q %q, PostGIS %q %q", p, c, a, code, area)
			}
		}
	}
	if rows.Err() != nil || n < 24_000 || wrong > 0 {
		t.Errorf("%d points, %d wrong, %v", n, wrong, rows.Err())
	}
}

// A crash or a failure in the middle leaves the layer as it was.
func TestAllOrNothing(t *testing.T) {
	s, db := store(t)
	o := intake.Options{File: file(t, "a.csv", "id,name,lon,lat,capacity\n1,a,120.1,29.3,5\n"), Mapping: parse(t, places)}
	run(t, s, o)
	var b strings.Builder
	b.WriteString("id,name,lon,lat,capacity\n")
	for i := range 2_000 {
		fmt.Fprintf(&b, "%d,b,120.1,29.3,6\n", i)
	}
	// A check that the import does not know, as an administrator may add one.
	if _, err := db.Exec(t.Context(), `ALTER TABLE map.place ADD CONSTRAINT odd CHECK (source_key <> 'test:1999' OR capacity < 5)`); err != nil {
		t.Fatal(err)
	}
	o.File = file(t, "b.csv", b.String())
	if _, err := intake.Run(t.Context(), s, o); err == nil || errors.Is(err, layers.ErrInvalid) {
		t.Fatalf("%v", err)
	}
	var n, capacity int
	if err := db.QueryRow(t.Context(), `SELECT count(*), max(capacity) FROM map.place`).Scan(&n, &capacity); err != nil || n != 1 || capacity != 5 {
		t.Errorf("%d rows, capacity %d, %v", n, capacity, err)
	}
	var batches int
	if err := db.QueryRow(t.Context(), `SELECT count(*) FROM onemap.batch`).Scan(&batches); err != nil || batches != 1 {
		t.Errorf("%d batches, %v", batches, err)
	}
}

// A large file into an empty layer, then a newer one that changes most of it,
// take the way of building the table anew.
func TestBulk(t *testing.T) {
	s, db := store(t)
	if _, err := db.Exec(t.Context(), `INSERT INTO map.grid_unit (grid_code, area_code, geom) VALUES
		('330782001001001', '330782001', ST_Multi(ST_MakeEnvelope(120, 29, 120.5, 30, 4326)))`); err != nil {
		t.Fatal(err)
	}
	write := func(n, from int, name string) string {
		var b strings.Builder
		b.WriteString("id,name,lon,lat,capacity\n")
		for i := range n {
			fmt.Fprintf(&b, "%d,%s %d,%.6f,29.3,%d\n", i+from, name, i+from, 120+float64(i)/float64(n), i%7)
		}
		return file(t, name+".csv", b.String())
	}
	const n = 60_000
	o := intake.Options{File: write(n, 0, "some-long-name-that-makes-the-file-large"), Mapping: parse(t, places)}
	if st, err := os.Stat(o.File); err != nil || st.Size() < 2<<20 {
		t.Fatal("the file is too small to be bulk")
	}
	if sum := run(t, s, o); sum.Inserted != n {
		t.Fatalf("%+v", sum)
	}
	check := func(rows int64) {
		t.Helper()
		var count, wrong, null int64
		if err := db.QueryRow(t.Context(), `SELECT count(*), count(*) FILTER (WHERE (grid_code || ' ' || area_code) IS DISTINCT FROM (SELECT g.grid_code || ' ' || g.area_code FROM map.grid_at(geom) g)),
			count(*) FILTER (WHERE id IS NULL OR state <> 'ready') FROM map.place`).Scan(&count, &wrong, &null); err != nil {
			t.Fatal(err)
		}
		if count != rows || wrong+null != 0 {
			t.Errorf("%d rows, %d in the wrong grid, %d without defaults", count, wrong, null)
		}
	}
	check(n)
	var id int64
	if err := db.QueryRow(t.Context(), `SELECT id FROM map.place WHERE source_key = 'test:59999'`).Scan(&id); err != nil {
		t.Fatal(err)
	}
	o.File = write(n, 10, "another-name")
	if sum := run(t, s, o); sum.Inserted != 10 || sum.Updated != n-10 {
		t.Errorf("%+v", sum)
	}
	check(n + 10)
	var same, next int64
	if err := db.QueryRow(t.Context(), `SELECT id FROM map.place WHERE source_key = 'test:59999'`).Scan(&same); err != nil || same != id {
		t.Errorf("id %d became %d, %v", id, same, err)
	}
	if err := db.QueryRow(t.Context(), `INSERT INTO map.place (kind, geom) VALUES ('hydrant', ST_SetSRID(ST_MakePoint(120.1, 29.1), 4326)) RETURNING id`).Scan(&next); err != nil || next <= n+10 {
		t.Errorf("the next id is %d, %v", next, err)
	}
}
