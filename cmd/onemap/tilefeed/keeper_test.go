package tilefeed_test

import (
	"context"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/maptile"

	"github.com/jackc/pgx/v5/pgxpool"

	"onemap/cmd/onemap/tilefeed"
)

// Each of these happens to a layer in memory while others write to it. After it
// the tiles from memory are those from PostGIS.
func TestWhateverHappensMemoryEqualsPostGIS(t *testing.T) {
	for _, tt := range []struct {
		name   string
		do     func(w *world)
		reload bool // the layer is to be read anew; what the log tells whole is not
	}{
		{"insert", func(w *world) { w.exec(insertPlaces, 50) }, false},
		{"update in place", func(w *world) { w.exec(`UPDATE map.place SET name = 'x', state = 'limited' WHERE id % 3 = 0`) }, false},
		{"update to another place", func(w *world) {
			w.exec(`UPDATE map.place SET geom = ST_SetSRID(ST_MakePoint(120.1 + 0.0001 * (id % 500), 29.3), 4326), grid_code = 'g2' WHERE id % 2 = 0`)
		}, false},
		{"update of the id", func(w *world) { w.exec(`UPDATE map.place SET id = id + 1000000 WHERE id % 5 = 0`) }, false},
		{"delete", func(w *world) { w.exec(`DELETE FROM map.place WHERE id % 2 = 1`) }, false},
		{"all at once", func(w *world) {
			tx, err := w.db.Begin(w.Context())
			if err != nil {
				w.Fatal(err)
			}
			for _, sql := range []string{`DELETE FROM map.place WHERE id < 100`, `UPDATE map.place SET id = id - 100 WHERE id BETWEEN 100 AND 150`, `UPDATE map.place SET name = 'twice' WHERE id < 50`, `DELETE FROM map.place WHERE id = 30`} {
				if _, err := tx.Exec(w.Context(), sql); err != nil {
					w.Fatal(err)
				}
			}
			if err := tx.Commit(w.Context()); err != nil {
				w.Fatal(err)
			}
		}, false},
		{"truncate", func(w *world) { w.exec(`TRUNCATE map.place`); w.exec(insertPlaces, 40) }, true},
		{"truncate and fill in one transaction", func(w *world) {
			w.psql(`BEGIN; TRUNCATE map.place; INSERT INTO map.place (kind, geom, grid_code, area_code) SELECT 'depot', ST_SetSRID(ST_MakePoint(120.05, 29.25), 4326), 'g1', 'a' FROM generate_series(1, 400); COMMIT`)
		}, true},
		{"column added by a stranger", func(w *world) { w.psql(`ALTER TABLE map.place ADD COLUMN extra text DEFAULT 'e'`) }, true},
		{"column that is not kept dropped by a stranger", func(w *world) { w.psql(`ALTER TABLE map.place DROP COLUMN attributes`) }, true},
		{"type changed by a stranger", func(w *world) { w.psql(`ALTER TABLE map.place ALTER COLUMN capacity TYPE bigint USING capacity * 2`) }, true},
		{"column dropped and made again by a stranger", func(w *world) {
			w.psql(`BEGIN; ALTER TABLE map.place DROP COLUMN dept_code; ALTER TABLE map.place ADD COLUMN dept_code text NOT NULL DEFAULT 'other'; COMMIT`)
		}, true},
		{"replaced by us", func(w *world) {
			if err := w.store.Replace(w.Context(), "place", func(ctx context.Context, db *pgxpool.Pool, staging string) error {
				_, err := db.Exec(ctx, `INSERT INTO `+staging+` (id, kind, name, geom, grid_code, area_code)
					SELECT i, 'depot', 'replaced', ST_SetSRID(ST_MakePoint(120 + 0.2 * random(), 29.3), 4326), 'g1', 'a' FROM generate_series(1, 100) i`)
				return err
			}); err != nil {
				w.Fatal(err)
			}
		}, true},
		{"field of the registry renamed", func(w *world) {
			w.exec(`UPDATE onemap.layer_field SET title_en = 'Called' WHERE layer = 'place' AND name = 'name'`)
		}, true},
		{"field taken out of tiles", func(w *world) {
			w.exec(`UPDATE onemap.layer_field SET in_tile = false WHERE layer = 'place' AND name = 'name'`)
		}, true},
		{"field added to the layer", func(w *world) {
			w.psql(`ALTER TABLE map.place ADD COLUMN built date DEFAULT '2001-02-03'`,
				`INSERT INTO onemap.layer_field (layer, name, title_zh, title_en, type, sensitivity) VALUES ('place', 'built', '建成', 'Built', 'date', 'public')`)
		}, true},
		{"style changed", func(w *world) { w.exec(`UPDATE onemap.layer SET style = '{"color": "#123456"}' WHERE name = 'place'`) }, true},
		{"zooms changed", func(w *world) { w.exec(`UPDATE onemap.layer SET minzoom = 5, detail_zoom = 9 WHERE name = 'place'`) }, true},
		{"connection lost", func(w *world) {
			w.exec(`SELECT pg_terminate_backend(pid) FROM pg_stat_replication WHERE application_name = 'onemap feed' AND pid IN (SELECT active_pid FROM pg_replication_slots WHERE database = current_database())`)
		}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, tilefeed.Options{}, places(300))
			w.held("place")
			stop := w.disorder()
			n := w.loads("place")
			tt.do(w)
			if tt.reload {
				w.again("place", n)
			}
			w.caughtUp()
			stop()
			w.same("place")
			if !tt.reload && w.loads("place") != n {
				t.Error("the layer was read anew, and the log told all")
			}
		})
	}
}

func TestTableDroppedAndMadeAgain(t *testing.T) {
	w := newWorld(t, tilefeed.Options{}, places(100))
	w.held("place")
	w.psql(`CREATE TABLE map.other (LIKE map.place INCLUDING ALL); DROP TABLE map.place`)
	w.until("that the layer is given up", func() bool { return w.status("place").Why == "it has no table" })
	if p := w.memory("place", maptile.New(0, 0, 0), true); p.Held {
		t.Error("a layer without a table is in memory")
	}
	w.psql(`ALTER TABLE map.other RENAME TO place; ALTER TABLE map.place REPLICA IDENTITY FULL; ALTER PUBLICATION onemap ADD TABLE map.place`)
	w.exec(`INSERT INTO map.place (id, kind, geom, grid_code, area_code) SELECT i, 'depot', ST_SetSRID(ST_MakePoint(120.05, 29.25), 4326), 'g1', 'a' FROM generate_series(1, 7) i`)
	w.held("place")
	w.same("place")
}

func TestLayerAddedAndRemoved(t *testing.T) {
	w := newWorld(t, tilefeed.Options{}, places(100))
	w.held("place")
	w.psql(`BEGIN; SELECT map.feature_table('tree', 'Point', 'species text, planted date, height_m real, girth numeric(6,2), protected boolean'); ALTER PUBLICATION onemap ADD TABLE map.tree; COMMIT`)
	w.exec(`INSERT INTO map.tree (species, planted, height_m, girth, protected, geom, grid_code, area_code)
		SELECT 's' || i % 9, date '2000-01-01' + i, i * 0.1, i * 0.25, i % 2 = 0, ST_SetSRID(ST_MakePoint(120 + 0.2 * random(), 29.2 + 0.2 * random()), 4326), 'g1', 'a' FROM generate_series(1, 200) i`)
	w.psql(`INSERT INTO onemap.layer (name, title_zh, title_en, subject, geometry, share) VALUES ('tree', '树', 'Trees', 'other', 'Point', 'unconditional');
		INSERT INTO onemap.layer_field (layer, name, title_zh, title_en, type, sensitivity) VALUES
		('tree', 'species', 's', 's', 'text', 'public'), ('tree', 'planted', 'p', 'p', 'date', 'public'), ('tree', 'height_m', 'h', 'h', 'number', 'public'),
		('tree', 'girth', 'g', 'g', 'number', 'public'), ('tree', 'protected', 'p', 'p', 'boolean', 'public'), ('tree', 'grid_code', 'g', 'g', 'text', 'public')`)
	w.held("tree")
	w.same("tree")
	w.exec(`UPDATE map.tree SET height_m = height_m * 1.7, girth = NULL, planted = NULL WHERE id % 3 = 0`)
	w.same("tree")
	w.exec(`DELETE FROM onemap.layer WHERE name = 'tree'`)
	w.until("that the layer is forgotten", func() bool { return w.status("tree").Name == "" })
	if w.keeper.Status().Bytes == 0 {
		t.Error("the others are forgotten too")
	}
}

// What memory cannot keep as PostGIS shows it stays there, and says why.
func TestWhatCannotBeKept(t *testing.T) {
	for _, tt := range []struct{ name, do, why, undo string }{
		{"an infinite time", `INSERT INTO map.incident (class_standard, class_kind, class_code, severity, source, state, occurred_at, geom, grid_code, area_code)
			SELECT standard, kind, code, 1, 'import', 'closed', 'infinity', ST_SetSRID(ST_MakePoint(120.1, 29.3), 4326), 'g1', 'a' FROM onemap.class WHERE kind = 'matter' LIMIT 1`, "infinite", ``},
		{"only the key of changed rows in the log", `ALTER TABLE map.incident REPLICA IDENTITY DEFAULT`, "REPLICA IDENTITY", `ALTER TABLE map.incident REPLICA IDENTITY FULL`},
		{"not in the publication", `ALTER PUBLICATION onemap DROP TABLE map.incident`, "publication", `ALTER PUBLICATION onemap ADD TABLE map.incident`},
		{"a column of another type than the field's", `ALTER TABLE map.incident ALTER COLUMN severity TYPE numeric`, "severity", `ALTER TABLE map.incident ALTER COLUMN severity TYPE int`},
		{"a column less", `ALTER TABLE map.incident RENAME COLUMN severity TO gravity`, "no column severity", `ALTER TABLE map.incident RENAME COLUMN gravity TO severity`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, tilefeed.Options{}, func(w *world) {
				w.exec(`INSERT INTO map.incident (class_standard, class_kind, class_code, severity, source, state, occurred_at, geom, grid_code, area_code)
					SELECT standard, kind, code, 1 + i % 4, 'import', 'closed', now() - i * interval '1 h', ST_SetSRID(ST_MakePoint(120.1 + 0.001 * i, 29.3), 4326), 'g1', 'a'
					FROM generate_series(1, 50) i, (SELECT * FROM onemap.class WHERE kind = 'matter' LIMIT 1) c`)
			})
			w.held("incident")
			w.same("incident")
			w.psql(tt.do)
			w.until("that the layer is given up", func() bool {
				s := w.status("incident")
				return s.State == tilefeed.Out && contains(s.Why, tt.why)
			})
			if p := w.memory("incident", maptile.New(0, 0, 0), true); p.Held {
				t.Error("it is held")
			}
			if tt.undo != "" {
				w.psql(tt.undo)
				w.held("incident")
				w.same("incident")
			}
		})
	}
}

func contains(s, part string) bool {
	for i := 0; i+len(part) <= len(s); i++ {
		if s[i:i+len(part)] == part {
			return true
		}
	}
	return false
}

// Every change, of a layer in memory or not, makes the tiles of its old and its
// new place stale, and no others.
func TestStamps(t *testing.T) {
	w := newWorld(t, tilefeed.Options{}, func(w *world) {
		w.exec(`INSERT INTO map.place (id, kind, geom, grid_code, area_code) VALUES (1000, 'depot', ST_SetSRID(ST_MakePoint(120.05, 29.25), 4326), 'g1', 'a')`)
	})
	w.held("place")
	here, there, far := maptile.At(orb.Point{120.05, 29.25}, 14), maptile.At(orb.Point{120.15, 29.35}, 14), maptile.At(orb.Point{120.1, 29.22}, 14)
	stale := func(do string) (layers [2][3]bool) {
		t.Helper()
		w.caughtUp()
		at := w.keeper.Position()
		w.psql(do)
		w.caughtUp()
		for i, name := range []string{"place", "base_poi"} {
			for j, tile := range []maptile.Tile{here, there, far} {
				layers[i][j] = w.stamps.At(name, tile) > at
			}
		}
		return layers
	}
	for _, tt := range []struct {
		do   string
		want [2][3]bool
	}{
		{`UPDATE map.place SET geom = ST_SetSRID(ST_MakePoint(120.15, 29.35), 4326)`, [2][3]bool{{true, true, false}}},
		{`UPDATE map.place SET name = 'b'`, [2][3]bool{{false, true, false}}},
		{`INSERT INTO map.place (kind, geom, grid_code, area_code) VALUES ('depot', ST_SetSRID(ST_MakePoint(120.05, 29.25), 4326), 'g1', 'a')`, [2][3]bool{{true, false, false}}},
		{`DELETE FROM map.place WHERE id = 1000`, [2][3]bool{{false, true, false}}},
		{`UPDATE onemap.setting SET value = value`, [2][3]bool{}},
		{`INSERT INTO map.base_poi (class, geom, grid_code, area_code) VALUES ('cafe', ST_SetSRID(ST_MakePoint(120.1, 29.22), 4326), 'g1', 'a')`, [2][3]bool{1: {false, false, true}}},
		// Ten thousand rows at once are stamped as one box.
		{`INSERT INTO map.base_poi (class, geom, grid_code, area_code) SELECT 'cafe', ST_SetSRID(ST_MakePoint(120.15 + i * 1e-8, 29.35), 4326), 'g1', 'a' FROM generate_series(1, 10000) i`, [2][3]bool{1: {false, true, false}}},
		{`TRUNCATE map.place`, [2][3]bool{{true, true, true}}},
	} {
		if got := stale(tt.do); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.do, got, tt.want)
		}
	}
}
