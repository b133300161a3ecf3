package datafile_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"

	"onemap/layers/datafile"
	"onemap/layers/gdal"
)

// A sample with Chinese names and values, in CGCS2000 of the 3° zone of 120° E.
const sample = `{"type":"FeatureCollection","crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:EPSG::4549"}},"features":[
{"type":"Feature","properties":{"名称":"甲泵站","流量":12.5,"数量":3},"geometry":{"type":"Polygon","coordinates":[[[507000,3243000],[507100,3243000],[507100,3243100],[507000,3243000]]]}},
{"type":"Feature","properties":{"名称":"乙泵站","流量":null,"数量":4},"geometry":{"type":"Polygon","coordinates":[[[507200,3243000],[507300,3243000],[507300,3243100],[507200,3243000]]]}}]}`

// made converts the sample by ogr2ogr and returns the files that it wrote.
func made(t *testing.T, name string, args ...string) map[string][]byte {
	t.Helper()
	if !gdal.Installed() {
		t.Skip("GDAL is not installed")
	}
	dir := t.TempDir()
	in := filepath.Join(dir, "in.geojson")
	if err := os.WriteFile(in, []byte(sample), 0o600); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, "out")
	if err := os.Mkdir(out, 0o700); err != nil {
		t.Fatal(err)
	}
	if b, err := exec.CommandContext(t.Context(), "ogr2ogr", append(args, filepath.Join(out, name), in)...).CombinedOutput(); err != nil {
		t.Fatalf("ogr2ogr: %v: %s", err, b)
	}
	files := map[string][]byte{}
	entries, err := os.ReadDir(out)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(out, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		files[e.Name()] = b
	}
	return files
}

// look opens a file, and returns its sheet and its rows as texts.
func look(t *testing.T, name string, content []byte) (datafile.Sheet, []string, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "kept")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := datafile.Open(t.Context(), path, name, t.TempDir(), datafile.Default)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	defer f.Close()
	s := f.Sheets()[0]
	var rows []string
	if err := f.Read(t.Context(), s, func(r *datafile.Row) error {
		at := ""
		if r.Geometry != nil {
			at = " " + r.Geometry.GeoJSONType()
		}
		rows = append(rows, strings.Join(r.Values, "|")+at)
		return nil
	}); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return s, rows, f.Format
}

func TestVectorFormats(t *testing.T) {
	gbk := func(s string) string {
		b, err := simplifiedchinese.GB18030.NewEncoder().String(s)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	zipOf := func(files map[string][]byte, leave ...string) []byte {
		var all []entry
		for name, b := range files {
			skip := false
			for _, l := range leave {
				skip = skip || strings.HasSuffix(name, l)
			}
			if !skip {
				all = append(all, entry{gbk("泵站/" + name), b})
			}
		}
		return zipped(t, all...)
	}
	utf8 := made(t, "pumps.shp", "-f", "ESRI Shapefile", "-lco", "ENCODING=UTF-8")
	old := made(t, "pumps.shp", "-f", "ESRI Shapefile", "-lco", "ENCODING=CP936")
	for _, tt := range []struct {
		name, file, format, crs string
		content                 []byte
		rows                    []string
	}{
		{"Shapefile with .cpg", "泵站.zip", "shapefile", "EPSG:4549", zipOf(utf8), []string{"甲泵站|12.5|3 Polygon", "乙泵站||4 Polygon"}},
		{"Shapefile of an old program, without .cpg", "泵站.zip", "shapefile", "EPSG:4549", zipOf(old, ".cpg"), []string{"甲泵站|12.5|3 Polygon", "乙泵站||4 Polygon"}},
		{"Shapefile without its index", "泵站.zip", "shapefile", "EPSG:4549", zipOf(utf8, ".shx"), []string{"甲泵站|12.5|3 Polygon", "乙泵站||4 Polygon"}},
		{"Shapefile without .prj", "泵站.zip", "shapefile", "", zipOf(utf8, ".prj"), []string{"甲泵站|12.5|3 Polygon", "乙泵站||4 Polygon"}},
		{"GeoPackage", "a.gpkg", "gpkg", "EPSG:4549", made(t, "a.gpkg", "-f", "GPKG")["a.gpkg"], []string{"甲泵站|12.5|3 Polygon", "乙泵站||4 Polygon"}},
		{"FlatGeobuf", "a.fgb", "fgb", "EPSG:4549", made(t, "a.fgb", "-f", "FlatGeobuf", "-lco", "SPATIAL_INDEX=NO")["a.fgb"], []string{"甲泵站|12.5|3 Polygon", "乙泵站||4 Polygon"}},
		{"GeoJSON", "a.json", "geojson", "EPSG:4549", []byte(sample), []string{"甲泵站|12.5|3 Polygon", "乙泵站||4 Polygon"}},
		{"GeoJSON packed", "a.json.gz", "geojson", "EPSG:4326", []byte(strings.Replace(sample, "4549", "4326", 1)), []string{"甲泵站|12.5|3 Polygon", "乙泵站||4 Polygon"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, rows, format := look(t, tt.file, tt.content)
			if format != tt.format || s.CRS != tt.crs || !s.Geometry || fmt.Sprint(s.Columns) != "[名称 流量 数量]" {
				t.Errorf("%s, %q, %q", format, s.CRS, s.Columns)
			}
			if fmt.Sprint(rows) != fmt.Sprint(tt.rows) {
				t.Errorf("got %q, want %q", rows, tt.rows)
			}
		})
	}
	t.Run("KML", func(t *testing.T) {
		s, rows, format := look(t, "a.kml", made(t, "a.kml", "-f", "LIBKML", "-t_srs", "EPSG:4326", "-s_srs", "EPSG:4549")["a.kml"])
		if format != "kml" || s.CRS != "EPSG:4326" || len(rows) != 2 || !strings.Contains(strings.Join(rows, " "), "甲泵站") {
			t.Errorf("%s %+v %q", format, s, rows)
		}
	})
	t.Run("DXF", func(t *testing.T) {
		s, rows, format := look(t, "a.dxf", made(t, "a.dxf", "-f", "DXF", "-nlt", "LINESTRING", "-select", "")["a.dxf"])
		if format != "dxf" || s.CRS != "" || len(rows) != 2 {
			t.Errorf("%s %+v %q", format, s, rows)
		}
	})
}

// Texts of cells: by encoding, delimiter, header.
func TestTables(t *testing.T) {
	gb := func(s string) []byte {
		b, err := simplifiedchinese.GB18030.NewEncoder().Bytes([]byte(s))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	utf16 := func(s string) []byte {
		b := []byte{0xff, 0xfe}
		for _, r := range s {
			b = append(b, byte(r), byte(r>>8))
		}
		return b
	}
	for _, tt := range []struct {
		name    string
		content []byte
		columns string
		line    int
		rows    []string
	}{
		{"UTF-8", []byte("名称,经度\n甲,120\n"), "[名称 经度]", 1, []string{"甲|120"}},
		{"a byte order mark", []byte("\xef\xbb\xbf名称,经度\r\n甲,120\r\n"), "[名称 经度]", 1, []string{"甲|120"}},
		{"GB18030", gb("名称;经度\n甲;120\n"), "[名称 经度]", 1, []string{"甲|120"}},
		{"UTF-16 with tabs", utf16("名称\t经度\n甲\t120\n"), "[名称 经度]", 1, []string{"甲|120"}},
		{"a title and a note above", gb("某区登记表,,\n填报单位：某局,,日期：2024-05-01\n名称,经度,纬度\n甲,120,29\n"), "[名称 经度 纬度]", 3, []string{"甲|120|29"}},
		{"a header of two rows", gb("名称,坐标,,备注\n,经度,纬度,\n甲,120,29,好\n"), "[名称 坐标/经度 坐标/纬度 备注]", 1, []string{"甲|120|29|好"}},
		{"names that come twice, or not at all", []byte("a,a,,b\n1,2,3,4\n"), "[a a (2) 列C b]", 1, []string{"1|2|3|4"}},
		{"line breaks and quotes in cells", []byte("a,b\n\"x\ny\",\"say \"\"hi\"\"\"\n12' 6\" pipe,2\n"), "[a b]", 1, []string{"x\ny|say \"hi\"", "12' 6\" pipe|2"}},
		{"rows that are short, long and empty", []byte("a,b,c\n1\n,,\n1,2,3,,,\n"), "[a b c]", 1, []string{"1||", "1|2|3"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, rows, _ := look(t, "t.csv", tt.content)
			if fmt.Sprint(s.Columns) != tt.columns || s.HeaderLine != tt.line {
				t.Errorf("columns %q at %d, want %s at %d", s.Columns, s.HeaderLine, tt.columns, tt.line)
			}
			if fmt.Sprintf("%q", rows) != fmt.Sprintf("%q", tt.rows) {
				t.Errorf("got %q, want %q", rows, tt.rows)
			}
		})
	}
}

// What Excel itself writes: shared texts, dates, rich text, several sheets, a hidden one.
func TestWorkbooks(t *testing.T) {
	f := excelize.NewFile()
	defer f.Close()
	day, err := f.NewStyle(&excelize.Style{CustomNumFmt: ptr(`yyyy"年"m"月"d"日"`)})
	if err != nil {
		t.Fatal(err)
	}
	for cell, v := range map[string]any{"A1": "名称", "B1": "建成日期", "C1": "编号", "D1": "高度", "A2": "甲", "B2": 45292, "C2": 330782001001001, "D2": 120.0745, "A3": "乙", "B3": 60, "C3": "007", "D3": 1e-7} {
		if err := f.SetCellValue("Sheet1", cell, v); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.SetCellStyle("Sheet1", "B2", "B3", day); err != nil {
		t.Fatal(err)
	}
	if _, err := f.NewSheet("空"); err != nil {
		t.Fatal(err)
	}
	b, err := f.WriteToBuffer()
	if err != nil {
		t.Fatal(err)
	}
	s, rows, format := look(t, "x.xlsx", b.Bytes())
	want := []string{"甲|2024-01-01|330782001001001|120.0745", "乙|1900-02-28|007|0.0000001"}
	if format != "xlsx" || fmt.Sprint(s.Columns) != "[名称 建成日期 编号 高度]" || fmt.Sprint(rows) != fmt.Sprint(want) {
		t.Errorf("%q %q", s.Columns, rows)
	}
}

func ptr(s string) *string { return &s }
