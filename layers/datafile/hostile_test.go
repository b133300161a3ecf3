package datafile_test

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"onemap/layers"
	"onemap/layers/datafile"
	"onemap/layers/gdal"
)

// small are limits under which a bomb goes off early.
var small = datafile.Limits{Bytes: 8 << 20, Unpacked: 4 << 20, Entries: 50, Sheets: 5, Rows: 10_000, Columns: 50, Cell: 1 << 16, Vertices: 1000, Feature: 1 << 20, Time: 20 * time.Second}

// refused brings a file, reads all of it, and wants an [layers.InputError] that
// says one of the words; nothing else, and nothing outside of its folder.
func refused(t *testing.T, name string, content []byte, words ...string) {
	t.Helper()
	err := readAll(t, name, content, nil)
	if errors.Is(err, gdal.ErrMissing) {
		t.Skip("GDAL is not installed")
	}
	var in *layers.InputError
	if !errors.As(err, &in) {
		t.Fatalf("%s: %v, want an input error", name, err)
	}
	for _, w := range words {
		if strings.Contains(in.Error(), w) {
			return
		}
	}
	t.Errorf("%s: %q says none of %q", name, in.Error(), words)
}

// readAll brings a file and hands out its rows. It fails where anything is left behind.
func readAll(t *testing.T, name string, content []byte, yield func(*datafile.Row)) error {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "kept")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	work := filepath.Join(dir, "work")
	if err := os.Mkdir(work, 0o700); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if left, _ := os.ReadDir(work); len(left) > 0 {
			t.Errorf("%s left %s behind", name, left[0].Name())
		}
		if all, _ := os.ReadDir(dir); len(all) != 2 {
			t.Errorf("%s wrote outside of its folder: %v", name, all)
		}
	}()
	f, err := datafile.Open(t.Context(), path, name, work, small)
	if err != nil {
		return err
	}
	defer f.Close()
	for _, s := range f.Sheets() {
		if err := f.Read(t.Context(), s, func(r *datafile.Row) error {
			if yield != nil {
				yield(r)
			}
			return nil
		}); err != nil {
			return err
		}
	}
	return nil
}

type entry struct {
	name string
	body []byte
}

func zipped(t *testing.T, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, e := range entries {
		out, err := w.Create(e.name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := out.Write(e.body); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func zeros(n int) []byte { return make([]byte, n) }

func TestZipBombs(t *testing.T) {
	refused(t, "many.zip", zipped(t, entry{"a.csv", bytes.Repeat([]byte("1,2\n"), 4<<20)}), "bytes unpacked")

	// A zip that says it is small, and is not.
	honest := zipped(t, entry{"a.csv", bytes.Repeat([]byte("a,b\n1,2\n"), 1<<20)})
	lying := bytes.Clone(honest)
	at := bytes.LastIndex(lying, []byte("PK\x01\x02")) // the directory
	binary.LittleEndian.PutUint32(lying[at+24:], 100)
	refused(t, "lying.zip", lying, "damaged", "unpacked")

	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(zeros(64 << 20)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	refused(t, "bomb.csv.gz", b.Bytes(), "bytes unpacked")

	// Archives in archives, and gzip in gzip.
	refused(t, "nested.zip", zipped(t, entry{"in.xlsx", zipped(t, entry{"in.csv", []byte("a,b\n1,2")})}), "archive")
	var c bytes.Buffer
	z = gzip.NewWriter(&c)
	if _, err := z.Write(b.Bytes()); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	refused(t, "twice.gz", c.Bytes(), "packed once")

	var many []entry
	for i := range 60 {
		many = append(many, entry{fmt.Sprintf("%d.txt", i), []byte("x")})
	}
	refused(t, "entries.zip", zipped(t, many...), "files in an archive")
	refused(t, "damaged.zip", honest[:len(honest)/2], "damaged")
	refused(t, "nothing.csv", nil, "empty")
	refused(t, "program.exe", append([]byte("MZ\x00\x00"), zeros(1000)...), "CSV, XLSX")
	refused(t, "old.xls", append([]byte{0xd0, 0xcf, 0x11, 0xe0}, zeros(1000)...), ".xlsx")
}

// book makes a workbook of a worksheet's XML.
func book(t *testing.T, sheet string, more ...entry) []byte {
	t.Helper()
	return zipped(t, append([]entry{
		{"xl/workbook.xml", []byte(`<workbook xmlns:r="r"><sheets><sheet name="S" r:id="r1"/></sheets></workbook>`)},
		{"xl/_rels/workbook.xml.rels", []byte(`<Relationships><Relationship Id="r1" Target="worksheets/s.xml"/></Relationships>`)},
		{"xl/worksheets/s.xml", []byte(sheet)},
	}, more...)...)
}

func TestHostileWorkbooks(t *testing.T) {
	row := func(r int, cells ...string) string {
		var b strings.Builder
		fmt.Fprintf(&b, `<row r="%d">`, r)
		for i, c := range cells {
			fmt.Fprintf(&b, `<c r="%c%d" t="inlineStr"><is><t>%s</t></is></c>`, 'A'+i, r, c)
		}
		return b.String() + "</row>"
	}
	sheet := func(rows ...string) string {
		return "<worksheet><sheetData>" + strings.Join(rows, "") + "</sheetData></worksheet>"
	}
	// Columns: as many as Excel has, more than it has, and a million.
	refused(t, "wide.xlsx", book(t, sheet(row(1, "a", "b"), `<row r="2"><c r="XFD2"><v>1</v></c></row>`)), "columns")
	refused(t, "wider.xlsx", book(t, sheet(row(1, "a", "b"), `<row r="2"><c r="ZZZZ2"><v>1</v></c></row>`)), "damaged")
	var wide strings.Builder
	for i := range 200_000 {
		fmt.Fprintf(&wide, `<c><v>%d</v></c>`, i)
	}
	refused(t, "million.xlsx", book(t, sheet(row(1, "a", "b"), `<row r="2">`+wide.String()+`</row>`)), "columns")
	refused(t, "million.csv", []byte("a,b\n"+strings.Repeat("1,", 1_000_000)), "columns", "lines of at most")
	refused(t, "deep.xlsx", book(t, sheet(row(1, "a", "b"), `<row r="99999999999999999999"><c><v>1</v></c></row>`)), "damaged")
	refused(t, "backwards.xlsx", book(t, sheet(row(5, "a", "b"), row(3, "1", "2"))), "damaged")

	// XML that names files, or multiplies.
	xxe := `<!DOCTYPE w [<!ENTITY x SYSTEM "file:///etc/passwd">]>`
	refused(t, "xxe.xlsx", book(t, xxe+sheet(row(1, "a", "b"), row(2, "&x;", "1"))), "document type", "damaged")
	lol := `<!DOCTYPE w [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>`
	refused(t, "lol.xlsx", book(t, sheet(row(1, "a", "b"), row(2, "1", "2")), entry{"xl/sharedStrings.xml", []byte(lol + `<sst><si><t>&b;</t></si></sst>`)}), "document type", "damaged")
	refused(t, "unknown.xlsx", book(t, sheet(row(1, "a", "b"), row(2, "&undeclared;", "1"))), "damaged")

	// A sheet whose texts unpack to more than the file may.
	refused(t, "texts.xlsx", book(t, sheet(row(1, "a", "b")), entry{"xl/sharedStrings.xml", bytes.Repeat([]byte("<si><t>x</t></si>"), 1<<19)}), "bytes unpacked")

	// A sheet that is outside of the archive, or elsewhere in the world.
	for _, target := range []string{`/../../../etc/passwd`, `../../../../etc/passwd`, `file:///etc/passwd`, `http://127.0.0.1/x.xml" TargetMode="External`} {
		refused(t, "target.xlsx", zipped(t,
			entry{"xl/workbook.xml", []byte(`<workbook xmlns:r="r"><sheets><sheet name="S" r:id="r1"/></sheets></workbook>`)},
			entry{"xl/_rels/workbook.xml.rels", []byte(`<Relationships><Relationship Id="r1" Target="` + target + `"/></Relationships>`)}), "worksheet")
	}

	// Merged cells: as many as a hostile file likes, and larger than any sheet.
	var merged strings.Builder
	for i := range 210_000 {
		fmt.Fprintf(&merged, `<mergeCell ref="A%d:B%[1]d"/>`, i+1)
	}
	big := small
	big.Unpacked = 64 << 20
	path := filepath.Join(t.TempDir(), "merged.xlsx")
	if err := os.WriteFile(path, book(t, "<worksheet><sheetData>"+row(1, "a", "b")+"</sheetData><mergeCells>"+merged.String()+"</mergeCells></worksheet>"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := datafile.Open(t.Context(), path, "merged.xlsx", "", big); err == nil || !strings.Contains(err.Error(), "merged cells") {
		t.Errorf("merged: %v", err)
	}
}

// A formula is never computed, and a text that looks like one stays a text:
// whatever leaves as a sheet is quoted there.
func TestFormulaCells(t *testing.T) {
	sheet := `<worksheet><sheetData>
		<row r="1"><c t="inlineStr"><is><t>name</t></is></c><c t="inlineStr"><is><t>sum</t></is></c><c t="inlineStr"><is><t>note</t></is></c></row>
		<row r="2"><c t="inlineStr"><is><t>x</t></is></c><c><f>1+1</f><v>2</v></c><c t="inlineStr"><is><t>=HYPERLINK("http://evil")</t></is></c></row>
		<row r="3"><c t="inlineStr"><is><t>y</t></is></c><c><f>WEBSERVICE("http://127.0.0.1/")</f></c><c t="e"><v>#REF!</v></c></row>
		<row r="4"><c t="inlineStr"><is><t>z</t></is></c><c t="str"><f>A2&amp;A3</f><v>xy</v></c><c t="inlineStr"><is><t>+1</t></is></c></row>
		</sheetData></worksheet>`
	var got []string
	if err := readAll(t, "f.xlsx", book(t, sheet), func(r *datafile.Row) { got = append(got, strings.Join(r.Values, "|")) }); err != nil {
		t.Fatal(err)
	}
	want := []string{`x|2|=HYPERLINK("http://evil")`, `y||`, `z|xy|+1`}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Names in an archive are never paths of ours.
func TestPathTricks(t *testing.T) {
	csv := []byte("名称,经度,纬度\n甲,120,29\n")
	outside := filepath.Join(os.TempDir(), "escaped.csv")
	for _, name := range []string{"../../../.." + outside, "/etc/cron.d/escaped.csv", `..\..\escaped.csv`, "a\x00.csv", "/vsicurl/http://127.0.0.1/x.csv", strings.Repeat("x", 300) + ".csv", "-rf.csv"} {
		n := 0
		if err := readAll(t, "x.zip", zipped(t, entry{name, csv}), func(*datafile.Row) { n++ }); err != nil || n != 1 {
			t.Errorf("%q: %d rows, %v", name, n, err)
		}
	}
	if _, err := os.Stat(outside); err == nil {
		t.Error("a file escaped")
	}
	// A link in an archive is not followed.
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	h := &zip.FileHeader{Name: "link.csv"}
	h.SetMode(os.ModeSymlink | 0o777)
	out, err := w.CreateHeader(h)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(out, "/etc/passwd"); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	refused(t, "link.zip", b.Bytes(), "exactly one file of rows")
}

func TestHostileXMLForGDAL(t *testing.T) {
	kml := func(head, name string) []byte {
		return []byte(`<?xml version="1.0" encoding="UTF-8"?>` + head + `<kml xmlns="http://www.opengis.net/kml/2.2"><Document><Placemark><name>` + name +
			`</name><Point><coordinates>120,29</coordinates></Point></Placemark></Document></kml>`)
	}
	refused(t, "xxe.kml", kml(`<!DOCTYPE kml [<!ENTITY x SYSTEM "file:///etc/passwd">]>`, "&x;"), "document type")
	refused(t, "late.kml", append(kml("", "a"), []byte(strings.Repeat(" ", 1<<17)+`<!doctype kml [<!ENTITY x "y">]>`)...), "document type")
	utf16 := []byte{0xff, 0xfe}
	for _, c := range []byte(`<?xml version="1.0"?><!DOCTYPE kml []><kml/>`) {
		utf16 = append(utf16, c, 0)
	}
	refused(t, "wide.kml", utf16, "XML")
	// A file that is not what it says.
	refused(t, "vrt.kml", []byte(`<OGRVRTDataSource><OGRVRTLayer name="x"><SrcDataSource>/etc/passwd</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>`), "GDAL can read", "with a table")
	refused(t, "wfs.kml", []byte(`<OGRWFSDataSource><URL>http://127.0.0.1/</URL></OGRWFSDataSource>`), "GDAL can read", "with a table")
}

func TestGeometryBombs(t *testing.T) {
	ring := strings.Repeat("[120,29],", 2000)
	feature := func(g string) []byte {
		return []byte(`{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"a":1},"geometry":` + g + `}]}`)
	}
	refused(t, "vertices.geojson", feature(`{"type":"LineString","coordinates":[`+strings.TrimSuffix(ring, ",")+`]}`), "vertices")
	refused(t, "large.geojson", feature(`{"type":"LineString","coordinates":[`+strings.Repeat("[120.0000000000,29.0000000000],", 60_000)+`[1,2]]}`), "bytes in a feature")
	refused(t, "nested.geojson", feature(strings.Repeat(`{"type":"GeometryCollection","geometries":[`, 20_000)+strings.Repeat(`]}`, 20_000)), "damaged", "GeoJSON features")
	refused(t, "deep.geojson", []byte(`{"type":"FeatureCollection","features":`+strings.Repeat("[", 100_000)), "damaged")
	refused(t, "cut.geojson", []byte(`{"type":"FeatureCollection","features":[{"type":"Feature","properties":{},"geometry":null},`), "damaged")
	refused(t, "none.geojson", []byte(`{"type":"FeatureCollection","features":[]}`), "with features")
	// Coordinates that are none are no geometry, and the row says so later.
	for _, g := range []string{`{"type":"Point","coordinates":["NaN",1]}`, `{"type":"Point","coordinates":[]}`, `{"type":"Polygon","coordinates":[]}`, `{"type":"Nonsense","coordinates":[1,2]}`, `17`} {
		n := 0
		if err := readAll(t, "odd.geojson", feature(g), func(r *datafile.Row) {
			if r.Geometry == nil || r.Geometry == orb.Geometry(orb.Point{}) {
				n++
			}
		}); err != nil || n != 1 {
			t.Errorf("%s: %d, %v", g, n, err)
		}
	}
}

// A quote that stays open does not swallow the file, nor does it cost the square of it.
func TestOpenQuotes(t *testing.T) {
	var got []string
	text := "a,b\n1,\"open\n2,x\n3,\"two\nlines\"\n"
	if err := readAll(t, "q.csv", []byte(text), func(r *datafile.Row) { got = append(got, fmt.Sprint(r.Line, r.Values)) }); err != nil {
		t.Fatal(err)
	}
	if len(got) != 3 && len(got) != 2 {
		t.Errorf("%q", got)
	}
	begun := time.Now()
	refused(t, "quotes.csv", []byte("a,b\n"+strings.Repeat("\""+strings.Repeat("x", 40_000)+",1\n", 150)), "quotes that are closed")
	if took := time.Since(begun); took > 20*time.Second {
		t.Errorf("it took %v", took)
	}
}

// A .shp of random bytes, a .dbf that lies about its size: GDAL fails in its cage.
func TestHostileShapefiles(t *testing.T) {
	shp := append([]byte("\x00\x00\x27\x0a"), zeros(200)...)
	refused(t, "broken.zip", zipped(t, entry{"a.shp", shp}, entry{"a.dbf", zeros(10)}, entry{"a.shx", zeros(10)}), "GDAL can read", "with a table", "with features")
	refused(t, "alone.zip", zipped(t, entry{"a.shp", shp}), ".dbf")
	refused(t, "false.zip", zipped(t, entry{"a.shp", []byte("<kml/>")}, entry{"a.dbf", zeros(10)}), ".shp is none")
	sqlite := append([]byte("SQLite format 3\x00"), zeros(4096)...)
	refused(t, "broken.gpkg", sqlite, "GDAL can read", "with a table")
}
