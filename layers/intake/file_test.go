package intake_test

import (
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/text/encoding/simplifiedchinese"

	"onemap/layers"
	"onemap/layers/intake"
)

const places = `
title: Places of a test
layer: place
source: test
crs: WGS84
key: {columns: [id]}
geometry: {lon: lon, lat: lat}
fields:
  kind: {const: hydrant}
  name: {column: name}
  capacity: {column: capacity}
`

func parse(t *testing.T, text string) intake.Mapping {
	t.Helper()
	m, err := intake.ParseMapping("test.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func file(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func rejects(t *testing.T, path string) [][]string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	all, err := csv.NewReader(bytes.NewReader(b)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return all[1:]
}

func TestWaysToWriteCSV(t *testing.T) {
	s, db := store(t)
	gb, err := simplifiedchinese.GB18030.NewEncoder().String("id,name,lon,lat,capacity\n1,\"义乌, 㐂\",120.1,29.3,5\n")
	if err != nil {
		t.Fatal(err)
	}
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	z.Write([]byte("id,name,lon,lat,capacity\n1,\"义乌, 㐂\",120.1,29.3,5\n"))
	z.Close()
	for _, tt := range []struct{ name, text, want string }{
		{"plain", "id,name,lon,lat,capacity\n1,井,120.1,29.3,5\n", "井"},
		{"no line break at the end", "id,name,lon,lat,capacity\n1,井,120.1,29.3,5", "井"},
		{"byte order mark", "\xef\xbb\xbfid,name,lon,lat,capacity\n1,井,120.1,29.3,5\n", "井"},
		{"Windows line ends", "id,name,lon,lat,capacity\r\n1,井,120.1,29.3,5\r\n", "井"},
		{"semicolons", "id;name;lon;lat;capacity\n1;a,b;120.1;29.3;5\n", "a,b"},
		{"tabs", "id\tname\tlon\tlat\tcapacity\n1\ta,b\t120.1\t29.3\t5\n", "a,b"},
		{"quotes, doubled ones and a line break", "id,name,lon,lat,capacity\n1,\"say \"\"a\"\"\nb\",120.1,29.3,5\n", "say \"a\"\nb"},
		{"a bare quote is a character", "id,name,lon,lat,capacity\n1,12' 6\" pipe,120.1,29.3,5\n", "12' 6\" pipe"},
		{"blanks around values", "id,name,lon,lat,capacity\n1, a ,120.1 , 29.3,5\n", "a"},
		{"blank lines", "id,name,lon,lat,capacity\n\n1,a,120.1,29.3,5\n\n\n", "a"},
		{"GB18030, four bytes a character too", gb, "义乌, 㐂"},
		{"gzip under another name", packed.String(), "义乌, 㐂"},
		{"a whole number with noughts behind the point", "id,name,lon,lat,capacity\n1,a,120.1,29.3,5.000\n", "a"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := db.Exec(t.Context(), `TRUNCATE map.place`); err != nil {
				t.Fatal(err)
			}
			sum := run(t, s, intake.Options{File: file(t, "a.csv", tt.text), Mapping: parse(t, places)})
			var name, key string
			var capacity int
			if err := db.QueryRow(t.Context(), `SELECT name, source_key, capacity FROM map.place`).Scan(&name, &key, &capacity); err != nil {
				t.Fatal(err)
			}
			if sum.Inserted != 1 || name != tt.want || key != "test:1" || capacity != 5 {
				t.Errorf("name %q key %q capacity %d, %+v", name, key, capacity, sum)
			}
		})
	}
}

// Every bad row has its line, field, value and reason, and the others come in.
func TestBadRowsDoNotStopTheRest(t *testing.T) {
	s, db := store(t)
	bad := []struct{ row, field, value, reason string }{
		{"a,name,,29.3,1", "lon", "", "no coordinates"},
		{"b,name,NaN,29.3,1", "lon", "NaN", "not a coordinate"},
		{"c,name,120,Inf,1", "lat", "Inf", "not a coordinate"},
		{"d,name,0,0,1", "geometry", "0 0", "0, 0 is no place"},
		{"e,name,29.3,120.1,1", "geometry", "29.3 120.1", "swapped"},
		{"f,name,120.1,29.3,x", "capacity", "x", "not a whole number"},
		{"g,name,120.1,29.3,-1", "capacity", "-1", "less than 0"},
		{"h,name,120.1,29.3,99999999999", "capacity", "99999999999", "too large"},
		{"i,na\x07me,120.1,29.3,1", "name", "na\x07me", "control character U+0007"},
		{"j," + strings.Repeat("长", 2001) + ",120.1,29.3,1", "name", "", "longer than 2000"},
		{"k,name,120.1,29.3", "", "", "4 fields where the header has 5"},
		{",name,120.1,29.3,1", "id", "", "no key"},
		{"good1,name,120.1,29.3,1", "id", "", "the key of an earlier row"},
		{"\"m\"x,name,120.1,29.3,1", "", "", "behind a closing quote"},
		{"n,name,0x1p3,29.3,1", "lon", "0x1p3", "not a coordinate"},
		{"o,n\xffme,120.1,29.3,1", "name", "n�me", "not UTF-8"},
		{"p,\"never closed,120.1,29.3,1", "", "", "a quote is not closed"},
	}
	var b strings.Builder
	b.WriteString("id,name,lon,lat,capacity\ngood1,\"two\nlines 井\",120.1,29.3,1\n") // lines 2 and 3
	for _, r := range bad {
		b.WriteString(r.row + "\n")
	}
	b.WriteString("good2,b,120.1,29.3,\n")
	path := filepath.Join(t.TempDir(), "rejects.csv")
	sum := run(t, s, intake.Options{File: file(t, "a.csv", b.String()), Mapping: parse(t, places), RejectFile: path})
	if sum.Inserted != 2 || sum.RejectedRows() != int64(len(bad)) || sum.Read != int64(len(bad)+2) {
		t.Fatalf("%+v", sum)
	}
	got := rejects(t, path)
	for i, want := range bad {
		r := got[i]
		if r[0] != fmt.Sprint(i+4) || r[1] != want.field || want.value != "" && r[2] != want.value || !strings.Contains(r[3], want.reason) || r[4] != want.row {
			t.Errorf("row %q: line, field, value, reason, row are %q; want line %d, %q, %q, …%s…", want.row, r, i+4, want.field, want.value, want.reason)
		}
	}
	var n int
	if err := db.QueryRow(t.Context(), `SELECT rejected FROM onemap.batch WHERE id = $1`, sum.Batch).Scan(&n); err != nil || n != len(bad) {
		t.Errorf("the batch says %d rejected, %v", n, err)
	}
}

func TestFilesThatCannotBeRead(t *testing.T) {
	s, db := store(t)
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	z.Write([]byte("id,name,lon,lat,capacity\n"))
	for i := range 50_000 {
		fmt.Fprintf(z, "%d,name %d,120.1,29.3,1\n", i, i*7919)
	}
	z.Close()
	cut := packed.Bytes()[:packed.Len()/2]
	for _, tt := range []struct{ name, file, text, want string }{
		{"empty", "a.csv", "", "it is empty"},
		{"a column is missing", "a.csv", "id,lon,lat,capacity\n1,2,3,4\n", "the mapping names this column"},
		{"a column is there twice", "a.csv", "id,name,name,lon,lat,capacity\n", "twice"},
		{"UTF-16", "a.csv", "\xff\xfei\x00d\x00", "UTF-16"},
		{"gzip that ends too early", "a.csv.gz", string(cut), "ends too early"},
		{"no JSON", "a.geojson", "id,name\n", "does not begin with {"},
		{"JSON that ends too early", "a.geojson", `{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"id":"1"},"geometry":{"type":"Point","coordinates":[120,30]}}`, "does not end"},
		{"no collection", "a.geojson", `{"type":"Feature","geometry":null}`, "not a FeatureCollection"},
		{"another system than declared", "a.geojson", `{"features":[],"type":"FeatureCollection","crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:EPSG::3857"}}}`, "EPSG:3857"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := parse(t, places)
			if tt.file == "a.geojson" {
				m.Geometry = intake.Geometry{}
			}
			_, err := intake.Run(t.Context(), s, intake.Options{File: file(t, tt.file, tt.text), Mapping: m})
			if !errors.Is(err, layers.ErrInvalid) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v; want …%s…", err, tt.want)
			}
		})
	}
	var n int
	if err := db.QueryRow(t.Context(), `SELECT count(*) FROM map.place`).Scan(&n); err != nil || n != 0 {
		t.Errorf("%d rows came in, %v", n, err)
	}
}

func TestAllRowsBadChangesNothing(t *testing.T) {
	s, _ := store(t)
	_, err := intake.Run(t.Context(), s, intake.Options{File: file(t, "a.csv", "id,name,lon,lat,capacity\n1,a,500000,3200000,1\n"), Mapping: parse(t, places)})
	if !errors.Is(err, intake.ErrNothing) || !strings.Contains(err.Error(), "coordinate system") {
		t.Errorf("%v", err)
	}
}

func TestGeoJSON(t *testing.T) {
	s, db := store(t)
	text := `{"name":"x","features":[
		{"geometry":{"coordinates":[120.1,29.3,17.5],"type":"Point"},"properties":{"id":7,"name":"\u4e95 \"a\"","capacity":3,"deep":{"a":[1]}},"type":"Feature"},
		{"type":"Feature","properties":{"id":8,"name":null,"capacity":null},"geometry":{"type":"MultiPoint","coordinates":[[120.2,29.3]]}},
		{"type":"Feature","properties":{"id":9,"name":"line"},"geometry":{"type":"LineString","coordinates":[[120.2,29.3],[120.3,29.3]]}},
		{"type":"Feature","properties":{"id":10},"geometry":null},
		{"type":"Feature","properties":{"id":11},"geometry":{"type":"Point","coordinates":["x"]}},
		17
	],"crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:OGC:1.3:CRS84"}},"type":"FeatureCollection"}`
	m := parse(t, places)
	m.Geometry = intake.Geometry{}
	path := filepath.Join(t.TempDir(), "r.csv")
	sum := run(t, s, intake.Options{File: file(t, "a.geojson", text), Mapping: m, RejectFile: path})
	if sum.Inserted != 2 || sum.RejectedRows() != 4 {
		t.Fatalf("%+v", sum)
	}
	var name string
	if err := db.QueryRow(t.Context(), `SELECT name FROM map.place WHERE source_key = 'test:7'`).Scan(&name); err != nil || name != `井 "a"` {
		t.Errorf("name %q, %v", name, err)
	}
	for i, want := range [][2]string{{"3", "not one point"}, {"4", "no place"}, {"5", "not a GeoJSON geometry"}, {"6", "not a GeoJSON feature"}} {
		if r := rejects(t, path)[i]; r[0] != want[0] || r[3] != want[1] {
			t.Errorf("rejected %q, want %q", r, want)
		}
	}
}
