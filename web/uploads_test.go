package web_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"onemap/layers/upload"
)

// workbook is a table with a title line and a header of two rows, as offices write them.
func workbook(t *testing.T) []byte {
	t.Helper()
	book := excelize.NewFile()
	defer book.Close()
	rows := [][]any{{"户外广告设施台账"}, {"编号", "基本情况", "", "坐标", ""}, {"", "名称", "状态", "经度", "纬度"}}
	for i := range 12 {
		rows = append(rows, []any{fmt.Sprintf("GG-%03d", i), fmt.Sprintf("广告%d", i), "完好", 120.001 + float64(i)/1000, 29.305})
	}
	rows = append(rows, []any{"GG-900", "无坐标", "完好", "不详", ""})
	for i, row := range rows {
		if err := book.SetSheetRow("Sheet1", fmt.Sprintf("A%d", i+1), &row); err != nil {
			t.Fatal(err)
		}
	}
	for _, box := range [][2]string{{"A1", "E1"}, {"A2", "A3"}, {"B2", "C2"}, {"D2", "E2"}} {
		if err := book.MergeCell("Sheet1", box[0], box[1]); err != nil {
			t.Fatal(err)
		}
	}
	var b bytes.Buffer
	if err := book.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func (w *world) bring(login, name string, file []byte) reply {
	w.t.Helper()
	return w.as(login, "POST", "/api/v1/uploads?name="+name, bytes.NewReader(file), "Content-Type", "application/octet-stream")
}

// A file over the API: brought, planned, previewed, applied and undone, by its
// own organisation; to another it does not exist.
func TestUploadToLayerAndBack(t *testing.T) {
	w := newWorld(t)
	brought := w.want(http.StatusCreated, w.bring("urban", "ads.xlsx", workbook(t)))
	var file upload.Upload
	brought.into(t, &file)
	at := fmt.Sprintf("/api/v1/uploads/%d", file.ID)
	if brought.Header.Get("Location") != at {
		t.Errorf("it is at %q, want %q", brought.Header.Get("Location"), at)
	}
	if len(file.Sheets) != 1 || file.Sheets[0].HeaderLine != 2 || file.Sheets[0].HeaderRows != 2 {
		t.Fatalf("the header is not found: %s", brought.body)
	}
	plan := file.Sheets[0].Plan
	if plan.Place.X == "" || plan.Place.Y == "" || plan.New == nil || plan.New.TitleZH != "户外广告设施台账" {
		t.Fatalf("the plan is %+v", plan)
	}
	body := func() map[string]any { return map[string]any{"plan": plan} }

	// Without a system that somebody declared, nothing is read.
	plan.CRS = ""
	if p := w.want(http.StatusUnprocessableEntity, w.as("urban", "POST", at+"/preview", body())).problem(t); !strings.Contains(p.Detail, "declared") {
		t.Errorf("it is not said what is missing: %+v", p)
	}
	plan.CRS = "WGS84"
	w.want(http.StatusOK, w.as("urban", "POST", at+"/crs", body()))

	var b upload.Batch
	w.want(http.StatusCreated, w.as("urban", "POST", at+"/preview", body())).into(t, &b)
	if b.State != "previewed" || b.Change.Inserted != 12 || b.Rejected != 1 {
		t.Fatalf("the preview is %+v", b)
	}
	layer, batch := "/api/v1/layers/"+plan.New.Name, fmt.Sprintf("/api/v1/batches/%d", b.ID)

	// Another organisation's officer finds neither the file nor the batch, whatever is asked of them.
	for _, c := range []struct{ method, path string }{
		{"GET", at}, {"DELETE", at}, {"GET", at + "/sheet?header_line=1"}, {"GET", at + "/plan?layer=place"}, {"POST", at + "/crs"}, {"POST", at + "/preview"},
		{"GET", batch}, {"GET", batch + "/rejects"}, {"GET", batch + "/features"}, {"POST", batch + "/apply"}, {"POST", batch + "/undo"}, {"DELETE", batch},
	} {
		var sent any
		switch {
		case strings.HasPrefix(c.path, at) && c.method == "POST":
			sent = body()
		case strings.HasSuffix(c.path, "/undo"):
			sent = map[string]any{}
		}
		w.want(http.StatusNotFound, w.as("police", c.method, c.path, sent))
	}
	for _, list := range []string{"/api/v1/uploads", "/api/v1/batches"} {
		if r := w.want(http.StatusOK, w.as("police", "GET", list, nil)); bytes.Contains(r.body, []byte("ads.xlsx")) {
			t.Errorf("%s tells another organisation of the file: %s", list, r.body)
		}
	}
	w.want(http.StatusNotFound, w.as("urban", "GET", layer, nil)) // a preview is no layer

	w.want(http.StatusOK, w.as("urban", "POST", batch+"/apply", nil)).into(t, &b)
	if b.State != "applied" {
		t.Fatalf("it is %s", b.State)
	}
	w.want(http.StatusOK, w.as("urban", "GET", layer, nil))
	w.want(http.StatusConflict, w.as("urban", "POST", batch+"/apply", nil)) // once
	if r := w.want(http.StatusOK, w.as("urban", "GET", batch+"/rejects", nil)); !bytes.Contains(r.body, []byte("不详")) {
		t.Errorf("the row without a place is not told: %s", r.body)
	}
	var rows struct{ Features []any }
	w.want(http.StatusOK, w.as("urban", "GET", layer+"/features", nil)).into(t, &rows)
	if len(rows.Features) != 12 {
		t.Errorf("%d rows, want 12", len(rows.Features))
	}

	w.want(http.StatusOK, w.as("urban", "POST", batch+"/undo", map[string]any{})).into(t, &b)
	if b.State != "undone" {
		t.Errorf("it is %s", b.State)
	}
}

// Files that mean harm, and files that are none: each is refused with words for
// the person, and the server goes on.
func TestHostileUploads(t *testing.T) {
	w := newWorld(t)
	zipped := func(name string, content []byte) []byte {
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		f, err := z.Create(name)
		if err == nil {
			_, err = f.Write(content)
		}
		if err == nil {
			err = z.Close()
		}
		if err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	for name, file := range map[string][]byte{
		"nothing.csv":  {},
		"broken.xlsx":  append([]byte("PK\x03\x04"), bytes.Repeat([]byte{0xff}, 400)...),
		"program.xlsx": append([]byte("\x7fELF"), bytes.Repeat([]byte{0}, 400)...),
		"bomb.zip":     zipped("a.csv", bytes.Repeat([]byte("0"), 64<<20)),
		"xxe.kml": []byte(`<?xml version="1.0"?><!DOCTYPE k [<!ENTITY x SYSTEM "file:///etc/passwd">]>
			<kml xmlns="http://www.opengis.net/kml/2.2"><Document><Placemark><name>&x;</name><Point><coordinates>120,29</coordinates></Point></Placemark></Document></kml>`),
		"vsi.geojson": []byte(`"/vsicurl/http://127.0.0.1/x"`),
	} {
		t.Run(name, func(t *testing.T) {
			r := w.bring("urban", name, file)
			if r.StatusCode < 400 || r.StatusCode > 499 {
				t.Fatalf("answered with %d: %.300s", r.StatusCode, r.body)
			}
			if p := r.problem(t); p.Detail == "" || strings.Contains(p.Detail, "/tmp") || bytes.Contains(r.body, []byte("root:")) {
				t.Errorf("what the person reads: %+v", p)
			}
		})
	}
	var kept struct{ Uploads []upload.Upload }
	w.want(http.StatusOK, w.as("urban", "GET", "/api/v1/uploads", nil)).into(t, &kept)
	if len(kept.Uploads) != 0 {
		t.Errorf("kept are %+v", kept.Uploads)
	}
	// A path in an archive is never one: the file is called by its last part.
	if r := w.want(http.StatusCreated, w.bring("urban", "path.zip", zipped("../../etc/cron.d/x.csv", []byte("a,b\n1,2\n")))); !bytes.Contains(r.body, []byte(`"x.csv"`)) || bytes.Contains(r.body, []byte("cron.d")) {
		t.Errorf("its path is taken for one: %s", r.body)
	}
	w.want(http.StatusForbidden, w.bring("worker", "a.csv", []byte("a,b\n1,2\n")))
	w.want(http.StatusUnauthorized, w.bring("", "a.csv", []byte("a,b\n1,2\n")))
}
