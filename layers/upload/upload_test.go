package upload_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"

	"onemap/geo/crs"
	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/intake"
	"onemap/layers/layerstest"
	"onemap/layers/quality"
	"onemap/layers/upload"

	"github.com/paulmach/orb"
)

// office is a department with an officer, in a city of two grids.
type office struct {
	*testing.T
	db    *pgxpool.Pool
	store *upload.Store
	by    access.Scope
}

func newOffice(t *testing.T) *office {
	t.Helper()
	db := layerstest.DB(t)
	for _, sql := range []string{
		`INSERT INTO onemap.organisation (code, level, kind, area_code, name_zh, name_en) VALUES ('fire', 'county', 'department', '330782', '消防救援大队', 'Fire brigade')`,
		`INSERT INTO map.grid_unit (source_key, grid_code, area_code, geom) VALUES
			('t:1', '330782001001001', '330782001001', ST_Multi(ST_MakeEnvelope(120.06, 29.30, 120.07, 29.32, 4326))),
			('t:2', '330782001001002', '330782001001', ST_Multi(ST_MakeEnvelope(120.07, 29.30, 120.09, 29.32, 4326)))`,
	} {
		if _, err := db.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	store := layers.NewStore(db)
	s := upload.New(store, t.TempDir(), 2)
	s.Quality = &quality.Store{Layers: store}
	return &office{t, db, s, access.Operator("test")}
}

func (o *office) put(name string, file []byte) upload.Upload {
	o.Helper()
	u, err := o.store.Put(o.Context(), o.by, "", name, bytes.NewReader(file))
	if err != nil {
		o.Fatal(err)
	}
	return u
}

func (o *office) stage(u upload.Upload, p upload.Plan) upload.Batch {
	o.Helper()
	if p.New != nil && p.New.Owner == "" {
		p.New.Owner = "fire"
	}
	b, err := o.store.StageUpload(o.Context(), o.by, "", u.ID, p)
	if err != nil {
		o.Fatal(err)
	}
	return b
}

func (o *office) apply(b upload.Batch) upload.Batch {
	o.Helper()
	done, err := o.store.Apply(o.Context(), o.by, "", b.ID)
	if err != nil {
		o.Fatal(err)
	}
	return done
}

func (o *office) int(sql string) (n int) {
	o.Helper()
	if err := o.db.QueryRow(o.Context(), sql).Scan(&n); err != nil {
		o.Fatal(err)
	}
	return n
}

// hydrants is a sheet as departments keep it: a title over everything, a note, a
// header of two rows with merged cells, GCJ-02, dates as Excel has them, a code
// that is a number, dirty values, and a sum at its end.
func hydrants(t *testing.T, rows int) []byte {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	set := func(cell string, v any) {
		if err := f.SetCellValue("Sheet1", cell, v); err != nil {
			t.Fatal(err)
		}
	}
	set("A1", "某某区消防栓登记表")
	set("A2", "填报单位：消防救援大队")
	for cell, v := range map[string]string{"A3": "序号", "B3": "编号", "C3": "名称", "D3": "坐标（高德）", "D4": "经度", "E4": "纬度", "F3": "状态", "G3": "安装日期", "H3": "口径", "I3": "联系电话", "J3": "街道"} {
		set(cell, v)
	}
	for _, m := range [][2]string{{"A1", "J1"}, {"A2", "J2"}, {"D3", "E3"}, {"A3", "A4"}, {"B3", "B4"}, {"C3", "C4"}, {"F3", "F4"}, {"G3", "G4"}, {"H3", "H4"}, {"I3", "I4"}, {"J3", "J4"}, {"J5", "J9"}} {
		if err := f.MergeCell("Sheet1", m[0], m[1]); err != nil {
			t.Fatal(err)
		}
	}
	date, err := f.NewStyle(&excelize.Style{NumFmt: 14})
	if err != nil {
		t.Fatal(err)
	}
	for i := range rows {
		at := crs.WGS84ToGCJ02(orb.Point{120.061 + 0.02*float64(i)/float64(rows), 29.305 + 0.01*float64(i%10)/10})
		row := i + 5
		set(fmt.Sprintf("A%d", row), i+1)
		set(fmt.Sprintf("B%d", row), fmt.Sprintf("XF%05d", i))
		set(fmt.Sprintf("C%d", row), fmt.Sprintf("消防栓 %d 号", i))
		set(fmt.Sprintf("D%d", row), at[0])
		set(fmt.Sprintf("E%d", row), at[1])
		set(fmt.Sprintf("F%d", row), []string{"完好", "完好", "损坏"}[i%3])
		set(fmt.Sprintf("G%d", row), 44000+i)
		if err := f.SetCellStyle("Sheet1", fmt.Sprintf("G%d", row), fmt.Sprintf("G%d", row), date); err != nil {
			t.Fatal(err)
		}
		set(fmt.Sprintf("H%d", row), 100)
		set(fmt.Sprintf("I%d", row), "13800138000")
		if row == 5 {
			set("J5", "稠城街道")
		} else if row > 9 {
			set(fmt.Sprintf("J%d", row), "江东街道")
		}
	}
	set(fmt.Sprintf("H%d", 6), "不详") // dirty
	set(fmt.Sprintf("A%d", rows+5), "合计")
	set(fmt.Sprintf("B%d", rows+5), rows)
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestASheetOfADepartmentBecomesALayer(t *testing.T) {
	o := newOffice(t)
	u := o.put(`C:\报表\消防栓登记表2024.xlsx`, hydrants(t, 60))
	if u.Name != "消防栓登记表2024.xlsx" || u.Format != "xlsx" || len(u.Sheets) != 1 {
		t.Fatalf("%+v", u)
	}
	s := u.Sheets[0]
	want := []string{"序号", "编号", "名称", "坐标（高德）/经度", "坐标（高德）/纬度", "状态", "安装日期", "口径", "联系电话", "街道"}
	if !slices.Equal(s.Columns, want) || s.HeaderLine != 3 || s.HeaderRows != 2 {
		t.Fatalf("columns %q, header %d+%d", s.Columns, s.HeaderLine, s.HeaderRows)
	}
	p := s.Plan
	if p.CRS != "GCJ02" || p.Place.X != want[3] || p.Place.Y != want[4] || !slices.Equal(p.Key, []string{"编号"}) || p.New.TitleZH != "某某区消防栓登记表" {
		t.Fatalf("plan %+v, %+v", p, *p.New)
	}
	types := map[string]string{}
	for _, f := range p.Fields {
		types[f.Column] = f.Field + " " + f.Type + " " + f.Sensitivity
	}
	for column, want := range map[string]string{"编号": "code text internal", "名称": "name text internal", "状态": "state text internal", "安装日期": "installed_on date internal",
		"口径": "diameter integer internal", "联系电话": "phone text sensitive", "街道": "town text internal"} {
		if types[column] != want {
			t.Errorf("%s: %q, want %q", column, types[column], want)
		}
	}
	if _, ok := types["序号"]; ok {
		t.Error("a serial number became a field")
	}

	b := o.stage(u, p)
	if b.State != upload.Previewed || b.Read != 61 || b.Staged != 59 || b.Rejected != 2 || b.Change.Inserted != 59 {
		t.Fatalf("%+v", b)
	}
	if o.int(`SELECT count(*) FROM onemap.layer WHERE name = '`+b.Layer+`'`) != 0 {
		t.Fatal("a preview made the layer")
	}
	rejects, err := o.store.Rejects(t.Context(), o.by, b.ID, 0, 0)
	if err != nil || len(rejects) != 2 || rejects[0].Row != 6 || rejects[0].Value != "不详" || rejects[1].Row != 65 {
		t.Fatalf("%+v, %v", rejects, err)
	}
	if b.Summary.Card == nil || len(b.Summary.Rules) == 0 {
		t.Error("no quality card of a new layer")
	} else {
		for _, r := range b.Summary.Card.Results {
			if r.Skipped == "failed" {
				t.Errorf("the rule %s of %s cannot be run on a layer that is not made yet", r.Rule.Kind, r.Rule.Field)
			}
		}
	}
	places, err := o.store.Preview(t.Context(), o.by, b.ID, 10)
	if err != nil || !strings.Contains(string(places), `"state": "new"`) {
		t.Fatalf("%s, %v", places, err)
	}

	b = o.apply(b)
	if b.State != upload.Applied || b.Change.Inserted+b.KeptOut != 59 {
		t.Fatalf("%+v", b)
	}
	// The first hydrant stands where it stands, not where GCJ-02 says.
	var lon, lat float64
	var grid, town, on string
	err = o.db.QueryRow(t.Context(), `SELECT ST_X(geom), ST_Y(geom), grid_code, town, installed_on::text FROM map.`+b.Layer+` WHERE code = 'XF00000'`).Scan(&lon, &lat, &grid, &town, &on)
	if err != nil || abs(lon-120.061) > 1e-7 || abs(lat-29.305) > 1e-7 || grid != "330782001001001" || town != "稠城街道" || on != "2020-06-18" {
		t.Fatalf("%v %v %s %s %s %v", lon, lat, grid, town, on, err)
	}
	if n := o.int(`SELECT count(*) FROM pg_publication_tables WHERE pubname = 'onemap' AND tablename = '` + b.Layer + `'`); n != 1 {
		t.Error("the log does not follow the layer")
	}
	l, err := o.store.Layers.Layer(t.Context(), b.Layer)
	if err != nil || l.Owner != "fire" || !l.Editable || l.Share != layers.Conditional {
		t.Fatalf("%+v, %v", l, err)
	}

	// The same file again: the plan is remembered, and nothing changes.
	again := o.put("消防栓.xlsx", hydrants(t, 60))
	remembered := again.Sheets[0].Remembered
	if remembered == nil || remembered.Layer != b.Layer {
		t.Fatalf("not remembered: %+v", remembered)
	}
	same := o.stage(again, *remembered)
	if same.Change != (intake.Change{Unchanged: 59}) {
		t.Fatalf("%+v", same.Change)
	}

	// The batch is undone as one: the layer goes with it, once the later one is dropped.
	if err := o.store.Drop(t.Context(), o.by, "", same.ID); err != nil {
		t.Fatal(err)
	}
	undone, err := o.store.Undo(t.Context(), o.by, "", b.ID, intake.RefuseLater)
	if err != nil || undone.State != upload.Undone {
		t.Fatalf("%+v, %v", undone, err)
	}
	if o.int(`SELECT count(*) FROM onemap.layer WHERE name = '`+b.Layer+`'`) != 0 || o.int(`SELECT count(*) FROM pg_class WHERE relname = '`+b.Layer+`'`) != 0 {
		t.Error("the layer is still there")
	}
	for _, action := range []string{"upload.create", "batch.preview", "batch.apply", "batch.drop", "batch.undo"} {
		if o.int(`SELECT count(*) FROM onemap.audit WHERE action = '`+action+`'`) == 0 {
			t.Errorf("%s is not in the audit", action)
		}
	}
}

func abs(f float64) float64 { return max(f, -f) }

// gb18030 is a text as an old program saved it.
func gb18030(t *testing.T, s string) []byte {
	t.Helper()
	b, err := simplifiedchinese.GB18030.NewEncoder().Bytes([]byte(s))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestALayerIsUpdatedBySourceKeyAndUndone(t *testing.T) {
	o := newOffice(t)
	head := "编号,名称,经度,纬度,口径\n"
	first := o.put("a.csv", gb18030(t, head+"1,甲,120.061,29.301,100\n2,乙,120.062,29.302,100\n3,丙,120.063,29.303,100\n"))
	p := first.Sheets[0].Plan
	if p.CRS != "" {
		t.Fatalf("a system was guessed of nothing: %q", p.CRS)
	}
	p.CRS, p.New.Name = "WGS84", "hydrant_x"
	made := o.apply(o.stage(first, p))

	second := o.put("b.csv", gb18030(t, head+"2,乙,120.062,29.302,150\n3,丙,120.063,29.303,100\n4,丁,120.064,29.304,100\n"))
	plan := *second.Sheets[0].Remembered
	plan.Full = true
	b := o.stage(second, plan)
	want := intake.Change{Inserted: 1, Updated: 1, Unchanged: 1, Deleted: 1}
	if b.Change != want {
		t.Fatalf("preview: %+v, want %+v", b.Change, want)
	}
	before := o.rows("hydrant_x")
	b = o.apply(b)
	if b.Change != want {
		t.Fatalf("applied: %+v, want %+v", b.Change, want)
	}
	if got, want := o.rows("hydrant_x"), "2 乙 150, 3 丙 100, 4 丁 100"; got != want {
		t.Fatalf("%s, want %s", got, want)
	}

	// What the first batch made cannot be undone under the second.
	if _, err := o.store.Undo(t.Context(), o.by, "", made.ID, intake.OverwriteLater); !errors.Is(err, layers.ErrConflict) {
		t.Fatalf("the layer was taken from under a later batch: %v", err)
	}
	// A row that somebody changed since is not undone unasked.
	if _, err := o.db.Exec(t.Context(), `UPDATE map.hydrant_x SET name = '丁丁' WHERE code = '4'`); err != nil {
		t.Fatal(err)
	}
	var later *intake.LaterError
	if _, err := o.store.Undo(t.Context(), o.by, "", b.ID, intake.RefuseLater); !errors.As(err, &later) || later.Rows != 1 {
		t.Fatalf("%v", err)
	}
	if got, want := o.rows("hydrant_x"), "2 乙 150, 3 丙 100, 4 丁丁 100"; got != want {
		t.Fatalf("a refused undo left %s", got)
	}
	if _, err := o.store.Undo(t.Context(), o.by, "", b.ID, intake.KeepLater); err != nil {
		t.Fatal(err)
	}
	if got, want := o.rows("hydrant_x"), before+", 4 丁丁 100"; got != want {
		t.Fatalf("%s, want %s", got, want)
	}
	if _, err := o.store.Undo(t.Context(), o.by, "", b.ID, intake.KeepLater); !errors.Is(err, layers.ErrConflict) {
		t.Fatalf("undone twice: %v", err)
	}
}

func (o *office) rows(layer string) (all string) {
	o.Helper()
	if err := o.db.QueryRow(o.Context(), `SELECT coalesce(string_agg(concat_ws(' ', code, name, diameter), ', ' ORDER BY code), '') FROM map.`+layer).Scan(&all); err != nil {
		o.Fatal(err)
	}
	return all
}
