package layers_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/paulmach/orb"

	"onemap/layers"
	"onemap/layers/layerstest"
)

// catalog describes all that hangs on a table of schema map, in words that are
// equal for equal tables.
func catalog(t *testing.T, db *pgxpool.Pool, table string) []string {
	t.Helper()
	rows, err := db.Query(t.Context(), `
		SELECT 'column ' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod) || ' ' || a.attnotnull || ' ' || a.attidentity::text FROM pg_attribute a WHERE attrelid = ('map.' || $1)::regclass AND attnum > 0 AND NOT attisdropped
		UNION ALL SELECT 'constraint ' || conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = ('map.' || $1)::regclass
		UNION ALL SELECT 'index ' || indexdef FROM pg_indexes WHERE schemaname = 'map' AND tablename = $1
		UNION ALL SELECT 'trigger ' || pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid = ('map.' || $1)::regclass AND NOT tgisinternal
		UNION ALL SELECT 'identity ' || relreplident::text FROM pg_class WHERE oid = ('map.' || $1)::regclass
		UNION ALL SELECT 'published ' || pubname FROM pg_publication_tables WHERE schemaname = 'map' AND tablename = $1
		UNION ALL SELECT 'grant ' || grantee || privilege_type FROM information_schema.role_table_grants WHERE table_schema = 'map' AND table_name = $1
		ORDER BY 1`, table)
	if err != nil {
		t.Fatal(err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestReplaceLeavesTheTableAsItWasBuilt(t *testing.T) {
	db := layerstest.DB(t)
	store := layers.NewStore(db)
	if _, err := db.Exec(t.Context(), `INSERT INTO map.base_poi (class, geom) VALUES ('old', 'SRID=4326;POINT(1 2)')`); err != nil {
		t.Fatal(err)
	}
	for _, table := range []string{"base_poi", "incident", "asset", "grid_unit", "road_edge"} {
		before := catalog(t, db, table)
		if len(before) < 5 {
			t.Fatalf("catalog of %s: %q", table, before)
		}
		err := store.Replace(t.Context(), table, func(ctx context.Context, db *pgxpool.Pool, staging string) error {
			if table != "base_poi" {
				return nil
			}
			_, err := db.CopyFrom(ctx, pgx.Identifier{"map", "stage_base_poi"}, []string{"id", "class", "grid_code", "area_code", "geom"},
				pgx.CopyFromRows([][]any{{int64(77), "new", "", "", orb.Point{3, 4}}}))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		after := catalog(t, db, table)
		if len(before) != len(after) {
			t.Errorf("%s: had %d things, has %d", table, len(before), len(after))
		}
		for i := range min(len(before), len(after)) {
			// A condition of several ORs comes back with fewer parentheses.
			plain := strings.NewReplacer("(", "", ")", "").Replace
			if plain(before[i]) != plain(after[i]) {
				t.Errorf("%s:\n had %s\n has %s", table, before[i], after[i])
			}
		}
	}
	var class string
	var p orb.Point
	if err := db.QueryRow(t.Context(), `SELECT class, geom FROM map.base_poi`).Scan(&class, &p); err != nil {
		t.Fatal(err)
	}
	if class != "new" || p != (orb.Point{3, 4}) {
		t.Errorf("got %s at %v", class, p)
	}
	// The next id does not collide with one that came with the file, and the grid trigger works.
	var id int64
	var grid *string
	if err := db.QueryRow(t.Context(), `INSERT INTO map.base_poi (class, geom) VALUES ('next', 'SRID=4326;POINT(1 2)') RETURNING id, grid_code`).Scan(&id, &grid); err != nil {
		t.Fatal(err)
	}
	if id != 78 || grid == nil || *grid != "" {
		t.Errorf("next id %d, grid %v", id, grid)
	}
}

func TestReplaceIsAllOrNothing(t *testing.T) {
	db := layerstest.DB(t)
	store := layers.NewStore(db)
	if _, err := db.Exec(t.Context(), `INSERT INTO map.base_poi (class, geom) VALUES ('old', 'SRID=4326;POINT(1 2)')`); err != nil {
		t.Fatal(err)
	}
	broken := errors.New("the file ends here")
	err := store.ReplaceAll(t.Context(), []string{"base_poi", "base_road"}, func(ctx context.Context, db *pgxpool.Pool, staging map[string]string) error {
		if _, err := db.Exec(ctx, "INSERT INTO "+staging["base_poi"]+" (class, grid_code, area_code, geom) VALUES ('new', '', '', 'SRID=4326;POINT(1 2)')"); err != nil {
			return err
		}
		// A reader in the middle sees the old state.
		var class string
		if err := db.QueryRow(ctx, `SELECT class FROM map.base_poi`).Scan(&class); err != nil || class != "old" {
			t.Errorf("in the middle: %q, %v", class, err)
		}
		return broken
	})
	if !errors.Is(err, broken) {
		t.Fatalf("got %v", err)
	}
	var n int
	if err := db.QueryRow(t.Context(), `SELECT count(*) FROM map.base_poi WHERE class = 'old'`).Scan(&n); err != nil || n != 1 {
		t.Errorf("%d old rows, %v", n, err)
	}
	if err := db.QueryRow(t.Context(), `SELECT count(*) FROM pg_tables WHERE tablename LIKE 'stage%'`).Scan(&n); err != nil || n != 0 {
		t.Errorf("%d staging tables left, %v", n, err)
	}
}
