package quality_test

import (
	"errors"
	"testing"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
	"onemap/layers/locate"
	"onemap/layers/quality"
)

func TestHeldRowsAreDecidedOn(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	w.exec(`CREATE SCHEMA IF NOT EXISTS import`)
	w.exec(`CREATE TABLE import.batch_5 (row_number bigint, source_key text, code text, uscc text, name text, staff integer, phone text, grid_code text, area_code text, crs text, geom geometry(Point, 4326))`)
	w.exec(`INSERT INTO import.batch_5 SELECT i, 'h:' || i, 'C' || i, '91350100M000100Y44', '店', 2, '10086', '330799001001001', '330799001001', 'WGS84', ST_SetSRID(ST_MakePoint(120.001 + i * 0.001, 29.301), 4326) FROM generate_series(1, 4) i`)
	w.rule(quality.Rule{Kind: "uscc", Field: "uscc", Quarantine: true})
	w.rule(quality.Rule{Kind: "range", Field: "staff", Params: map[string]any{"min": 0.0}, Quarantine: true})
	err := pgx.BeginFunc(ctx, w.db, func(tx pgx.Tx) error {
		if _, err := w.s.Check(ctx, tx, w.get("shop"), "import.batch_5", 5); err != nil {
			return err
		}
		n, err := w.s.Hold(ctx, tx, w.get("shop"), "import.batch_5", 5)
		if n != 4 {
			t.Errorf("%d held", n)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	held, err := w.s.HeldRows(ctx, w.as("market"), "shop", 0, false, 0, 100)
	if err != nil || len(held) != 4 || held[0].Values["uscc"] != "91350100M000100Y44" || held[0].Values["phone"] == nil || held[0].Values["crs"] != nil || held[0].Place == nil {
		t.Fatalf("%+v %v", held, err)
	}
	if _, err := w.s.HeldRows(ctx, w.as("tax"), "shop", 0, false, 0, 100); !errors.Is(err, layers.ErrNotFound) {
		t.Errorf("another department: %v", err)
	}
	do := func(login string, id int64, d quality.Decision) (quality.Held, error) {
		return w.s.Decide(ctx, w.as(login), id, d)
	}
	for name, tt := range map[string]struct {
		login string
		d     quality.Decision
		field string
		err   error
	}{
		"another department":   {"tax", quality.Decision{Name: quality.Drop, Reason: "x"}, "", layers.ErrNotFound},
		"no reason":            {"market", quality.Decision{Name: quality.LetIn}, "reason", nil},
		"unknown":              {"market", quality.Decision{Name: "burn", Reason: "x"}, "action", nil},
		"mended and still bad": {"market", quality.Decision{Name: quality.Mend, Values: map[string]string{"uscc": "91350100M000100Y45"}}, "values.uscc", nil},
		"another field broken": {"market", quality.Decision{Name: quality.Mend, Values: map[string]string{"staff": "many"}}, "values.staff", nil},
		"computed":             {"market", quality.Decision{Name: quality.Mend, Values: map[string]string{"area_code": "1"}}, "values.area_code", nil},
		"column of ours":       {"market", quality.Decision{Name: quality.Mend, Values: map[string]string{"source_key": "1"}}, "values.source_key", nil},
	} {
		_, err := do(tt.login, held[0].ID, tt.d)
		if field(err) != tt.field || tt.err != nil && !errors.Is(err, tt.err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	h, err := do("market", held[0].ID, quality.Decision{Name: quality.Mend, Values: map[string]string{"uscc": "91350100M000100Y43", "staff": "7"}, Place: &locate.Place{CRS: "WGS84", X: 120.015, Y: 29.305}})
	if err != nil || h.State != "mended" || h.Feature == 0 {
		t.Fatalf("%+v %v", h, err)
	}
	var grid string
	var staff int
	if err := w.db.QueryRow(ctx, `SELECT grid_code, staff FROM map.shop WHERE id = $1 AND source_key = 'h:1'`, h.Feature).Scan(&grid, &staff); err != nil || grid != "330799002001001" || staff != 7 {
		t.Errorf("in the layer: grid %s, staff %d: %v", grid, staff, err)
	}
	if h, err = do("branch", held[1].ID, quality.Decision{Name: quality.LetIn, Reason: "the register is being changed"}); err != nil || h.State != "let_in" {
		t.Errorf("%+v %v", h, err)
	}
	if h, err = do("market", held[2].ID, quality.Decision{Name: quality.Drop, Reason: "no such shop"}); err != nil || h.State != "dropped" || h.Feature != 0 {
		t.Errorf("%+v %v", h, err)
	}
	if _, err = do("market", held[2].ID, quality.Decision{Name: quality.LetIn, Reason: "x"}); !errors.Is(err, layers.ErrConflict) {
		t.Errorf("decided on twice: %v", err)
	}
	var n, audited int
	w.one(&n, `SELECT count(*) FROM map.shop`)
	w.one(&audited, `SELECT count(*) FROM onemap.audit WHERE action LIKE 'quality.quarantine.%' AND detail::text NOT LIKE '%91350100%'`)
	if n != 2 || audited != 3 {
		t.Errorf("%d rows in the layer, %d in the audit", n, audited)
	}
}
