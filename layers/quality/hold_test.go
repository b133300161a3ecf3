package quality_test

import (
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"onemap/layers/quality"
)

// An import's rows are tested before they are in the layer; those that fail a
// rule marked quarantine stay out of it, with what they say.
func TestAnImportsRowsAreHeld(t *testing.T) {
	w := newWorld(t)
	fill(w)
	w.exec(`CREATE SCHEMA IF NOT EXISTS import`)
	w.exec(`CREATE TABLE import.batch_9 (row_number bigint, source_key text, code text, name text, geom geometry(Point, 4326))`)
	w.exec(`INSERT INTO import.batch_9 VALUES
		(2, 's:3', 'A3', '东方商店', ST_SetSRID(ST_MakePoint(120.005, 29.305), 4326)), -- an update of what is there
		(3, 'x:1', 'B2', '有了', ST_SetSRID(ST_MakePoint(120.001, 29.301), 4326)),      -- another shop's code
		(4, 'x:2', 'C1', '', ST_SetSRID(ST_MakePoint(120.002, 29.302), 4326)),
		(5, 'x:3', 'C1', '二', ST_SetSRID(ST_MakePoint(120.003, 29.303), 4326)),
		(6, 'x:4', 'C2', '三', NULL)`)
	w.exec(`INSERT INTO onemap.batch (id, layer, file_name, sha256, crs, imported_by, rows_read, rejected) OVERRIDING SYSTEM VALUE
		VALUES (9, 'shop', 'a.csv', sha256(''), 'WGS84', 'test', 8, 3)`)
	unique := w.rule(quality.Rule{Kind: "unique", Field: "code", Quarantine: true})
	named := w.rule(quality.Rule{Kind: "filled", Field: "name"})
	placed := w.rule(quality.Rule{Kind: "placed", Quarantine: true})
	absent := w.rule(quality.Rule{Kind: "uscc", Field: "uscc"})
	read := w.rule(quality.Rule{Kind: "accepted"})
	want := map[int64][2]int64{unique: {2, 5}, named: {4, 5}, placed: {4, 5}, absent: {0, 0}, read: {5, 8}}
	err := pgx.BeginFunc(t.Context(), w.db, func(tx pgx.Tx) error {
		if _, err := tx.Exec(t.Context(), `SET LOCAL work_mem = '1234kB'`); err != nil {
			return err
		}
		card, err := w.s.Check(t.Context(), tx, w.get("shop"), "import.batch_9", 9)
		if err != nil {
			return err
		}
		if card.Rows != 5 || card.Batch != 9 || card.Held != 4 {
			t.Errorf("card %+v", card)
		}
		for _, r := range card.Results {
			if got := [2]int64{r.A, r.B}; got != want[r.Rule.ID] {
				t.Errorf("%s: %v, want %v", r.Rule.Kind, got, want[r.Rule.ID])
			}
		}
		var memory string
		if err := tx.QueryRow(t.Context(), `SHOW work_mem`).Scan(&memory); err != nil || memory != "1234kB" {
			t.Errorf("the caller's transaction was left with work_mem %s (%v)", memory, err)
		}
		n, err := w.s.Hold(t.Context(), tx, w.get("shop"), "import.batch_9", 9)
		if n != 4 {
			t.Errorf("%d rows held, want 4", n)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	var left, held []int64
	w.one(&left, `SELECT array_agg(row_number) FROM import.batch_9`)
	w.one(&held, `SELECT array_agg(row_number ORDER BY row_number) FROM onemap.quarantine WHERE state = 'held' AND content ? 'name'`)
	if !slices.Equal(left, []int64{2}) || !slices.Equal(held, []int64{3, 4, 5, 6}) {
		t.Errorf("left %v, held %v", left, held)
	}
	if _, err := w.s.Check(t.Context(), w.db, w.get("shop"), "onemap.person", 0); err == nil {
		t.Error("a table that is no layer's was tested")
	}
	if _, err := w.s.Check(t.Context(), w.db, w.get("shop"), "map.asset", 0); err == nil {
		t.Error("another layer's table was tested")
	}
	err = pgx.BeginFunc(t.Context(), w.db, func(tx pgx.Tx) error { return w.s.Unhold(t.Context(), tx, 9, "test") })
	var undone int
	w.one(&undone, `SELECT count(*) FROM onemap.quarantine WHERE state = 'undone'`)
	if err != nil || undone != 4 {
		t.Errorf("%d rows undone: %v", undone, err)
	}
}
