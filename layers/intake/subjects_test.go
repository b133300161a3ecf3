package intake_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/intake"
	"onemap/layers/population"
)

const gridMapping = `
layer: grid_unit
source: survey
crs: WGS84
key: {columns: [code]}
grid: {valid_from: "%s"}
fields:
  grid_code: {column: code}
  name: {column: name}
  area_code: {column: area}
`

// gridFile is a file of squares of 0.01 degrees: code, name, west, south.
func gridFile(t *testing.T, squares ...string) string {
	var b strings.Builder
	b.WriteString(`{"type":"FeatureCollection","features":[`)
	for i, s := range squares {
		var code, name string
		var x, y float64
		if _, err := fmt.Sscan(s, &code, &name, &x, &y); err != nil {
			t.Fatal(err)
		}
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"type":"Feature","properties":{"code":%q,"name":%q,"area":%q},"geometry":{"type":"Polygon","coordinates":[[[%g,%g],[%g,%g],[%g,%g],[%g,%g],[%g,%g]]]}}`,
			code, name, code[:min(9, len(code))], x, y, x+.01, y, x+.01, y+.01, x, y+.01, x, y)
	}
	b.WriteString(`]}`)
	return file(t, "grids.geojson", b.String())
}

func TestGridVersions(t *testing.T) {
	s, db := store(t)
	const a, b, c = "330782001001001", "330782001001002", "330782001001003"
	on := func(day string) intake.Mapping { return parse(t, fmt.Sprintf(gridMapping, day)) }
	run(t, s, intake.Options{File: gridFile(t, a+" a 120 29", b+" b 120.01 29"), Mapping: on("2025-01-01")})
	// Two hydrants, one in each grid.
	run(t, s, intake.Options{File: file(t, "p.csv", "id,name,lon,lat,capacity\n1,a,120.005,29.005,1\n2,b,120.015,29.005,1\n"), Mapping: parse(t, places)})

	// A year later: a is as it was, b is another shape (shifted by a quarter), c is new.
	sum := run(t, s, intake.Options{File: gridFile(t, a+" a 120 29", b+" b 120.0125 29", c+" c 120.0225 29"), Mapping: on("2026-01-01")})
	if sum.Inserted != 2 || sum.Unchanged != 1 {
		t.Errorf("%+v", sum)
	}
	versions := func() string {
		var v string
		if err := db.QueryRow(t.Context(), `SELECT string_agg(substr(grid_code, 15) || ' ' || valid_from || ' ' || coalesce(valid_to::text, 'now'), ', ' ORDER BY grid_code, valid_from) FROM map.grid_unit`).Scan(&v); err != nil {
			t.Fatal(err)
		}
		return v
	}
	if want := "1 2025-01-01 now, 2 2025-01-01 2026-01-01, 2 2026-01-01 now, 3 2026-01-01 now"; versions() != want {
		t.Errorf("%s\nwant %s", versions(), want)
	}

	t.Run("the same again changes nothing", func(t *testing.T) {
		before := versions()
		sum := run(t, s, intake.Options{File: gridFile(t, a+" a 120 29", b+" b 120.0125 29", c+" c 120.0225 29"), Mapping: on("2026-01-01")})
		if sum.Inserted+sum.Updated != 0 || versions() != before {
			t.Errorf("%+v %s", sum, versions())
		}
	})
	t.Run("a correction of the same day is no new version", func(t *testing.T) {
		sum := run(t, s, intake.Options{File: gridFile(t, a+" a 120 29", b+" B 120.0125 29", c+" c 120.0225 29"), Mapping: on("2026-01-01")})
		if sum.Updated != 1 || sum.Inserted != 0 {
			t.Errorf("%+v", sum)
		}
	})
	t.Run("what the file leaves out ends, and its features move out", func(t *testing.T) {
		run(t, s, intake.Options{File: gridFile(t, b+" B 120.0125 29", c+" c 120.0225 29"), Mapping: on("2026-06-01")})
		if want := "1 2025-01-01 2026-06-01, "; !strings.HasPrefix(versions(), want) {
			t.Errorf("%s", versions())
		}
		var grids string
		if err := db.QueryRow(t.Context(), `SELECT string_agg(name || '=' || grid_code, ' ' ORDER BY name) FROM map.place`).Scan(&grids); err != nil {
			t.Fatal(err)
		}
		if grids != "a= b="+b {
			t.Errorf("features: %s", grids)
		}
	})
	t.Run("a code is never used for another place", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "r.csv")
		run(t, s, intake.Options{File: gridFile(t, a+" a 121 29", b+" B 120.0125 29", c+" c 120.0225 29"), Mapping: on("2026-07-01"), RejectFile: path})
		if r := rejects(t, path); len(r) != 1 || !strings.Contains(r[0][3], "another place") {
			t.Errorf("%q", r)
		}
	})
	t.Run("an older state cannot follow", func(t *testing.T) {
		_, err := intake.Run(t.Context(), s, intake.Options{File: gridFile(t, b+" b 120.01 29"), Mapping: on("2025-06-01")})
		if !errors.Is(err, layers.ErrInvalid) {
			t.Errorf("%v", err)
		}
	})
	t.Run("the deployment's pattern", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "r.csv")
		_, err := intake.Run(t.Context(), s, intake.Options{File: gridFile(t, "33078200100199 x 122 29"), Mapping: on("2026-07-01"), RejectFile: path})
		if !errors.Is(err, intake.ErrNothing) || len(rejects(t, path)) != 1 {
			t.Errorf("%v", err)
		}
		if _, err := db.Exec(t.Context(), `UPDATE onemap.setting SET value = '"^[0-9]{14,15}$"' WHERE key = 'grid.unit.code_pattern'`); err != nil {
			t.Fatal(err)
		}
		if sum := run(t, s, intake.Options{File: gridFile(t, "33078200100199 x 122 29"), Mapping: on("2026-07-01"), Source: "elsewhere"}); sum.Inserted != 1 {
			t.Errorf("%+v", sum)
		}
	})
	t.Run("overlaps and gaps are told", func(t *testing.T) {
		sum := run(t, s, intake.Options{Source: "third", Mapping: on("2026-07-01"), File: gridFile(t,
			"330782001002001 a 123 29", "330782001002002 b 123.009 29", // a tenth over each other
			"330782001002003 c 123.019 29", "330782001002004 d 123 29.01", "330782001002005 e 123.019 29.01", "330782001002006 f 123.0095 29.02",
			"330782001002007 g 123 29.02", "330782001002008 h 123.019 29.02")})
		all := strings.Join(sum.Notes, "; ")
		if !strings.Contains(all, "330782001002001 and 330782001002002 overlap") || !strings.Contains(all, "gaps between") {
			t.Errorf("%s", all)
		}
	})
}

// A trip is counted where it begins and where it ends; the release leaves out
// what lies below the floor, rounds the rest, and is the same when repeated.
func TestPopulation(t *testing.T) {
	s, db := store(t)
	const a, b = "330782001001001", "330782001001002"
	run(t, s, intake.Options{File: gridFile(t, a+" a 120 29", b+" b 120.01 29"), Mapping: parse(t, fmt.Sprintf(gridMapping, "2025-01-01"))})
	m := parse(t, `
layer: population
source: trips
crs: WGS84
time_zone: Asia/Kolkata # half an hour off: hours are those of the clock there
trips:
  start: {lon: x0, lat: y0}
  end: {lon: x1, lat: y1}
  start_time: {column: t0, time: ["YYYY-MM-DD HH:mm"]}
  end_time: {column: t1, time: ["YYYY-MM-DD HH:mm"]}
`)
	var f strings.Builder
	f.WriteString("t0,t1,x0,y0,x1,y1\n")
	trip := func(n int, t0, t1 string, x0, x1 float64) {
		for range n {
			fmt.Fprintf(&f, "2026-03-01 %s,2026-03-01 %s,%g,29.005,%g,29.005\n", t0, t1, x0, x1)
		}
	}
	trip(12, "08:50", "09:10", 120.005, 120.015) // a 8 o'clock -> b 9 o'clock
	trip(3, "08:20", "08:40", 120.005, 120.005)  // within a: counted twice there
	trip(9, "10:00", "10:59", 120.015, 120.005)  // below the floor
	trip(1, "11:00", "10:00", 120.005, 120.015)  // ends before it begins
	trip(1, "11:00", "12:00", 125, 120.015)      // far outside all grids
	trip(1, "11:00", "12:00", 120.2, 120.015)    // outside, but near
	o := intake.Options{File: file(t, "trips.csv", f.String()), Mapping: m}
	sum := run(t, s, o)
	if sum.Read != 27 || sum.RejectedRows() != 2 || sum.Outside != 1 {
		t.Fatalf("%+v", sum)
	}
	raw := func() (v string) {
		if err := db.QueryRow(t.Context(), `SELECT string_agg(right(grid_code, 1) || ' ' || to_char(hour AT TIME ZONE 'Asia/Kolkata', 'HH24:MI') || ' ' || n, ', ' ORDER BY hour, grid_code) FROM onemap.population_count`).Scan(&v); err != nil {
			t.Fatal(err)
		}
		return v
	}
	if want := "1 08:00 18, 2 09:00 12, 1 10:00 9, 2 10:00 9, 2 12:00 1"; raw() != want {
		t.Errorf("counts %s\nwant   %s", raw(), want)
	}
	released := func() (v string) {
		if err := db.QueryRow(t.Context(), `SELECT (SELECT string_agg(id || ' ' || right(grid_code, 1) || ' ' || n, ', ' ORDER BY hour) FROM map.population)
			|| ' | ' || (SELECT string_agg(right(from_grid, 1) || '>' || right(to_grid, 1) || ' ' || n, ', ' ORDER BY hour) FROM map.population_od)`).Scan(&v); err != nil {
			t.Fatal(err)
		}
		return v
	}
	// 12 is rounded to 10. 18 is left out: without it, who knows how many came and
	// went through a that day would know the 9. The flow of 12 is left out for the
	// flow within a, the only other of its hour and grid.
	var counts string
	if err := db.QueryRow(t.Context(), `SELECT string_agg(right(grid_code, 1) || ' ' || n, ', ' ORDER BY hour) || ' | ' || (SELECT count(*) FROM map.population_od) FROM map.population`).Scan(&counts); err != nil {
		t.Fatal(err)
	}
	if counts != "2 10 | 0" {
		t.Errorf("released %s", counts)
	}
	if again := run(t, s, o); again.Inserted+again.Updated != 0 {
		t.Errorf("again: %+v", again)
	}

	// A day is released once, whatever counts come later, unless someone says why
	// again. Without the trips within a, the flow shows.
	o.File = file(t, "trips2.csv", strings.ReplaceAll(f.String(), "2026-03-01 08:20,2026-03-01 08:40", "2026-03-01 13:20,2026-03-01 13:40"))
	sum = run(t, s, o)
	if len(sum.Notes) == 0 || !strings.Contains(sum.Notes[0], "1 days were released before") {
		t.Errorf("notes %q", sum.Notes)
	}
	if err := db.QueryRow(t.Context(), `SELECT string_agg(right(grid_code, 1) || ' ' || n, ', ' ORDER BY hour) || ' | ' || (SELECT count(*) FROM map.population_od) FROM map.population`).Scan(&counts); err != nil {
		t.Fatal(err)
	}
	if counts != "2 10 | 0" {
		t.Errorf("released again: %s", counts)
	}
	if _, err := population.Release(t.Context(), s, population.Order{By: access.Operator("test"), Again: true, Reason: "trips of another operator"}); err != nil {
		t.Fatal(err)
	}
	if want := "2 2 10 | 1>2 10"; !strings.HasSuffix(released(), want[2:]) {
		t.Errorf("released %s, want %s", released(), want)
	}
}

// Inspections find their enterprises whichever file comes first.
func TestInspectionsFollowTheRegister(t *testing.T) {
	register := `
layer: enterprise
source: register
crs: WGS84
key: {columns: [lic]}
geometry: {lon: lon, lat: lat}
fields: {licence: {column: lic}, name: {column: name}, uscc: {column: uscc}}
`
	inspections := `
layer: inspection
source: visits
crs: WGS84
key: {columns: [id]}
geometry: {lon: lon, lat: lat}
inspections: {sets_risk: true}
fields:
  licence: {column: lic}
  inspected_on: {column: on}
  result: {column: result, lookup: {ok: pass, bad: fail, shut: not_done}}
  risk: {column: risk}
`
	lics := "lic,name,uscc,lon,lat\nL1,a,91350100M000100Y43,120,30\nL2,b,,120,30\nL3,c,91350100M000100Y44,120,30\n" // L3: a wrong check digit
	seen := "id,lic,on,result,risk,lon,lat\n1,L1,2026-01-31,ok,1,120,30\n2,L1,2026-02-28,bad,2,120,30\n3,L1,2026-03-30,shut,1,120,30\n4,L9,2026-02-01,ok,,120,30\n"
	for _, order := range []string{"register first", "inspections first"} {
		t.Run(order, func(t *testing.T) {
			s, db := store(t)
			steps := []intake.Options{{File: file(t, "l.csv", lics), Mapping: parse(t, register)}, {File: file(t, "i.csv", seen), Mapping: parse(t, inspections)}}
			if order == "inspections first" {
				steps[0], steps[1] = steps[1], steps[0]
			}
			for _, o := range append(steps, steps...) {
				run(t, s, o)
			}
			var last, due string
			var risk, tied, n int
			if err := db.QueryRow(t.Context(), `SELECT last_inspected_on::text, next_due_on::text, risk, (SELECT count(*) FROM map.inspection i WHERE i.enterprise = e.id), (SELECT count(*) FROM map.enterprise)
				FROM map.enterprise e WHERE licence = 'L1'`).Scan(&last, &due, &risk, &tied, &n); err != nil {
				t.Fatal(err)
			}
			if last != "2026-02-28" || n != 2 || tied != 3 {
				t.Errorf("last inspected %s, %d inspections, %d enterprises", last, tied, n)
			}
			if risk != 2 || due != "2026-05-28" {
				t.Errorf("risk %d, due %s", risk, due)
			}
		})
	}
}

// Smaller cuts of the real sets, with what becomes of their rows. Whole, they
// run in TestRealDataWhole.
func TestRealDataCut(t *testing.T) {
	if os.Getenv("ONEMAP_LONG") == "" {
		t.Skip("long: make test-long")
	}
	cut := func(name string, lines int) string {
		text := head(t, data(t, name), lines)
		return file(t, strings.TrimSuffix(filepath.Base(name), ".gz"), text)
	}
	s, db := store(t)
	for _, set := range []struct {
		mapping, file                      string
		lines                              int
		inserted, unchanged, skip, rejects int64
	}{
		{"portland-police-districts", "portland/police_districts.geojson", 0, 60, 0, 0, 0},
		{"portland-calls", "portland/nij2016_aug01_aug31_calls.csv.gz", 3000, 3000, 0, 0, 0},
		{"portland-street-trees", "portland/street_trees.csv.gz", 5000, 5000, 0, 0, 0},
		{"stlouis-incidents", "stlouis/incidents_2008_2015.csv.gz", 6000, -1, 0, -1, -1},
		{"minneapolis-fires", "minneapolis/fires.csv.gz", 3000, -1, 0, 0, -1},
		{"chicago-business-licences", "chicago/business_licences.csv.gz", 3000, -1, 0, -1, -1},
		{"chicago-food-inspections", "chicago/food_inspections.csv.gz", 3000, -1, 0, 0, -1},
	} {
		path := data(t, set.file)
		if set.lines > 0 {
			path = cut(set.file, set.lines)
		}
		o := intake.Options{File: path, Mapping: mapping(t, set.mapping), By: "test"}
		sum := run(t, s, o)
		if sum.Inserted+sum.SkippedRows()+sum.RejectedRows() != sum.Read {
			t.Errorf("%s: %d read, but %d new, %d left out, %d rejected", set.mapping, sum.Read, sum.Inserted, sum.SkippedRows(), sum.RejectedRows())
		}
		for _, n := range [][2]int64{{sum.Inserted, set.inserted}, {sum.SkippedRows(), set.skip}, {sum.RejectedRows(), set.rejects}} {
			if n[1] >= 0 && n[0] != n[1] {
				t.Errorf("%s: %+v", set.mapping, sum)
			}
		}
		if again := run(t, s, o); again.Inserted+again.Updated != 0 {
			t.Errorf("%s again: %+v", set.mapping, again)
		}
	}
	var tied, due, inGrid, outside int
	if err := db.QueryRow(t.Context(), `SELECT (SELECT count(*) FROM map.inspection WHERE enterprise IS NOT NULL), (SELECT count(*) FROM map.enterprise WHERE next_due_on IS NOT NULL),
		(SELECT count(*) FROM map.asset WHERE grid_code <> ''), (SELECT count(*) FROM map.asset WHERE grid_code = '')`).Scan(&tied, &due, &inGrid, &outside); err != nil {
		t.Fatal(err)
	}
	if tied == 0 || due == 0 || inGrid < outside {
		t.Errorf("%d inspections tied, %d enterprises due, %d trees in a district, %d outside", tied, due, inGrid, outside)
	}
}
