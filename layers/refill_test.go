package layers_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
	"onemap/layers/layerstest"
)

// An empty layer is filled as a part of a transaction: the rows are that
// transaction's, ids go on, and the table is what it was.
func TestAnEmptyLayerIsFilledInATransaction(t *testing.T) {
	db := layerstest.DB(t)
	ctx := t.Context()
	exec := func(sql string) {
		t.Helper()
		if _, err := db.Exec(ctx, sql); err != nil {
			t.Fatal(err)
		}
	}
	shape := func() string { return strings.Join(catalog(t, db, "place"), "\n") }
	before := shape()
	exec(`INSERT INTO map.place (kind, area_code, grid_code, geom) VALUES ('shelter', '', '', 'SRID=4326;POINT(120 29)')`)
	exec(`DELETE FROM map.place`)
	fill := func(tx pgx.Tx) func(string) error {
		return func(staging string) error {
			_, err := tx.Exec(ctx, fmt.Sprintf(`INSERT INTO %s (kind, area_code, grid_code, geom) SELECT 'shelter', '', '', ST_SetSRID(ST_MakePoint(120, 29), 4326) FROM generate_series(1, 10)`, staging))
			return err
		}
	}
	refill := func(ctx context.Context) (done bool) {
		t.Helper()
		if err := pgx.BeginFunc(ctx, db, func(tx pgx.Tx) (err error) {
			done, err = layers.RefillTx(ctx, tx, "place", fill(tx))
			return err
		}); err != nil {
			t.Fatal(err)
		}
		return done
	}

	tx, err := db.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if done, err := layers.RefillTx(ctx, tx, "place", fill(tx)); !done || err != nil {
		t.Fatal(done, err)
	}
	var rows, ours, first int64
	count := func(q interface {
		QueryRow(context.Context, string, ...any) pgx.Row
	}) {
		t.Helper()
		if err := q.QueryRow(ctx, `SELECT count(*), count(*) FILTER (WHERE xmin::text = (pg_current_xact_id()::text::bigint & 4294967295)::text), coalesce(min(id), 0) FROM map.place`).Scan(&rows, &ours, &first); err != nil {
			t.Fatal(err)
		}
	}
	if count(tx); rows != 10 || ours != 10 || first < 2 {
		t.Errorf("%d rows, %d of the transaction, from id %d", rows, ours, first)
	}
	if err := tx.Rollback(ctx); err != nil {
		t.Fatal(err)
	}
	if count(db); rows != 0 || shape() != before {
		t.Errorf("after a rollback: %d rows, %s", rows, shape())
	}

	exec(`CREATE VIEW public.of_places AS SELECT id FROM map.place`)
	if refill(ctx) {
		t.Error("filled under a view")
	}
	exec(`DROP VIEW public.of_places`)
	if !refill(ctx) {
		t.Error("not filled")
	}
	if after := shape(); after != before {
		t.Errorf("it is now\n%s\nbefore it was\n%s", after, before)
	}
	exec(`INSERT INTO map.place (kind, area_code, grid_code, geom) VALUES ('shelter', '', '', 'SRID=4326;POINT(120 29)')`)
	if count(db); rows != 11 {
		t.Error(rows)
	}
	if refill(ctx) {
		t.Error("filled though it has rows")
	}
}
