package push_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/intake"
	"onemap/layers/layerstest"
	"onemap/layers/push"
	"onemap/layers/quality"
	"onemap/layers/upload"
)

type city struct {
	*testing.T
	db    *pgxpool.Pool
	store *push.Store
	by    access.Scope
}

// newCity has a layer of hydrants, whose diameter lies between 1 and 999 or the row waits.
func newCity(t *testing.T) *city {
	t.Helper()
	db := layerstest.DB(t)
	exec := func(sql string, args ...any) {
		t.Helper()
		if _, err := db.Exec(t.Context(), sql, args...); err != nil {
			t.Fatal(err)
		}
	}
	exec(`INSERT INTO onemap.organisation (code, level, kind, area_code, name_zh, name_en) VALUES ('fire', 'county', 'department', '330782', '消防救援大队', 'Fire brigade')`)
	exec(`INSERT INTO map.grid_unit (source_key, grid_code, area_code, geom) VALUES ('t:1', '330782001001001', '330782001001', ST_Multi(ST_MakeEnvelope(120.06, 29.30, 120.09, 29.32, 4326)))`)
	store := layers.NewStore(db)
	q := &quality.Store{Layers: store}
	uploads := upload.New(store, t.TempDir(), 2)
	uploads.Quality = q
	by := access.Operator("test")
	l := layers.Layer{Name: "hydrant_x", TitleZH: "消防栓", TitleEN: "Hydrants", Subject: "other", Geometry: "Point", Owner: "fire", Share: layers.Conditional, ShareBasis: "test", MaxZoom: 22, DetailZoom: 13,
		Editable: true, TileBudget: 256 << 10, Fields: []layers.Field{{Name: "name", TitleZH: "名称", TitleEN: "Name", Type: "text", Sensitivity: layers.Internal}, {Name: "diameter", TitleZH: "口径", TitleEN: "Diameter", Type: "integer", Sensitivity: layers.Internal}}}
	tx, err := db.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(t.Context())
	if err := layers.MakeLayer(t.Context(), tx, l, func() error {
		_, err := q.AddRuleTx(t.Context(), tx, by, layers.WithComputed(l), quality.Rule{Layer: l.Name, Kind: "range", Indicator: "accuracy.content", Field: "diameter", Params: map[string]any{"min": 1, "max": 999}, Weight: 1, Quarantine: true, TitleZH: "口径", TitleEN: "Diameter"})
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	store.ForgetRegistry()
	return &city{t, db, &push.Store{Uploads: uploads, Folder: t.TempDir()}, by}
}

func line(key string, lon float64, name, diameter string) string {
	return fmt.Sprintf(`{"type":"Feature","id":%q,"geometry":{"type":"Point","coordinates":[%g,29.31]},"properties":{"name":%q,"diameter":%s}}`, key, lon, name, diameter)
}

func (c *city) push(o push.Options, lines ...string) (answers []push.Answer, sum push.Sum, again bool) {
	c.Helper()
	o.Layer, o.CRS = "hydrant_x", "WGS84"
	r, again, err := c.store.Push(c.Context(), c.by, o, strings.NewReader(strings.Join(lines, "\n")))
	if err != nil {
		c.Fatal(err)
	}
	defer r.Close()
	d := json.NewDecoder(r)
	for {
		var a push.Answer
		if err := d.Decode(&a); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			c.Fatal(err)
		}
		if a.Sum != nil {
			sum = *a.Sum
			continue
		}
		answers = append(answers, a)
	}
	return answers, sum, again
}

func (c *city) rows() (all string) {
	c.Helper()
	if err := c.db.QueryRow(c.Context(), `SELECT coalesce(string_agg(concat_ws(' ', substr(source_key, 6), name, diameter), ', ' ORDER BY source_key), '') FROM map.hydrant_x`).Scan(&all); err != nil {
		c.Fatal(err)
	}
	return all
}

func results(answers []push.Answer) string {
	var out []string
	for _, a := range answers {
		out = append(out, fmt.Sprintf("%d %s", a.Line, a.Result))
	}
	return strings.Join(out, ", ")
}

func TestRowsArePushedAndEachLineIsAnswered(t *testing.T) {
	c := newCity(t)
	answers, sum, _ := c.push(push.Options{}, line("1", 120.061, "甲", "100"), "", line("2", 120.062, "乙", "100"), `{"id":"3","geometry":null`,
		line("4", 120.064, "丁", `"wide"`), line("5", 29.31, "戊", "100"), line("6", 120.066, "己", "5000"), `{"id":"7","delete":true}`, `{"id":"8","geometry":{"type":"Point","coordinates":[120.07,29.31]},"properties":{"owner":"me"}}`)
	if got, want := results(answers), "1 inserted, 3 inserted, 4 refused, 5 refused, 6 refused, 7 held, 8 absent, 9 refused"; got != want {
		t.Fatalf("%s\nwant %s", got, want)
	}
	if a := answers[3]; a.Key != "4" || a.Field != "diameter" || a.Value != "wide" || a.Remedy == "" {
		t.Errorf("%+v", a)
	}
	if a := answers[7]; a.Field != "owner" || a.Key != "8" {
		t.Errorf("%+v", a)
	}
	if sum.Lines != 8 || len(sum.Batches) != 1 || sum.Results[push.Refused] != 4 {
		t.Errorf("%+v", sum)
	}
	if got, want := c.rows(), "1 甲 100, 2 乙 100"; got != want {
		t.Fatalf("%s, want %s", got, want)
	}

	// Changed, the same, taken away: one change, which is undone as one.
	answers, sum, _ = c.push(push.Options{Whole: true}, line("1", 120.061, "甲", "150"), `{"id":2,"delete":true}`, line("9", 120.069, "壬", "80"), line("1", 120.061, "甲", "160"))
	if got, want := results(answers), "1 updated, 2 deleted, 3 inserted, 4 refused"; got != want {
		t.Fatalf("%s\nwant %s", got, want)
	}
	if got, want := c.rows(), "1 甲 150, 9 壬 80"; got != want {
		t.Fatalf("%s, want %s", got, want)
	}
	if _, err := c.store.Uploads.Undo(t.Context(), c.by, "", sum.Batches[0], intake.RefuseLater); err != nil {
		t.Fatal(err)
	}
	if got, want := c.rows(), "1 甲 100, 2 乙 100"; got != want {
		t.Fatalf("after the undo: %s, want %s", got, want)
	}
	var left int
	if err := c.db.QueryRow(t.Context(), `SELECT count(*) FROM pg_tables WHERE schemaname = 'import' AND tablename ~ '^(batch|gone)_'`).Scan(&left); err != nil || left != 0 {
		t.Errorf("%d tables are left, %v", left, err)
	}
}

// In batches the order of the lines holds, for a key that comes again too.
func TestBatchesKeepTheOrder(t *testing.T) {
	c := newCity(t)
	_, sum, _ := c.push(push.Options{Batch: 3}, line("1", 120.061, "甲", "1"), line("2", 120.061, "乙", "1"), `{"id":"1","delete":true}`, line("1", 120.061, "甲", "3"), line("3", 120.061, "丙", "1"),
		line("4", 120.061, "丁", "1"), `{"id":"4","delete":true}`)
	if got, want := c.rows(), "1 甲 3, 2 乙 1, 3 丙 1"; got != want {
		t.Fatalf("%s, want %s: %+v", got, want, sum)
	}
	if len(sum.Batches) != 4 {
		t.Errorf("%+v", sum)
	}
	// All that is upserted is wrong: what goes, goes.
	answers, _, _ := c.push(push.Options{}, line("5", 120.061, "戊", `"x"`), `{"id":"2","delete":true}`)
	if got, want := results(answers)+"; "+c.rows(), "1 refused, 2 deleted; 1 甲 3, 3 丙 1"; got != want {
		t.Fatalf("%s, want %s", got, want)
	}
}

func TestAPushIsSentAgain(t *testing.T) {
	c := newCity(t)
	o := push.Options{Key: "k1"}
	first, sum, again := c.push(o, line("1", 120.061, "甲", "1"))
	if again {
		t.Fatal("the first is no other's")
	}
	if _, err := c.db.Exec(t.Context(), `UPDATE map.hydrant_x SET name = '乙'`); err != nil {
		t.Fatal(err)
	}
	second, sum2, again := c.push(o, line("1", 120.061, "甲", "1"))
	if !again || results(first) != results(second) || fmt.Sprint(sum) != fmt.Sprint(sum2) || c.rows() != "1 乙 1" {
		t.Fatalf("%v %v %v %s", again, second, sum2, c.rows())
	}
	o.Layer, o.CRS = "hydrant_x", "WGS84"
	if _, _, err := c.store.Push(t.Context(), c.by, o, strings.NewReader(line("1", 120.061, "丙", "1"))); !errors.Is(err, layers.ErrConflict) {
		t.Fatalf("another body with the key: %v", err)
	}
	if _, _, err := c.store.Push(t.Context(), access.Scope{}, o, strings.NewReader("x")); !errors.Is(err, access.ErrUnauthenticated) {
		t.Fatalf("the public: %v", err)
	}
}
