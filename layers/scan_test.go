package layers_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"onemap/layers"
	"onemap/layers/layerstest"
)

const manyPlaces = `INSERT INTO map.place (kind, name, geom, grid_code, area_code)
	SELECT 'hydrant', repeat('名', i % 50), ST_SetSRID(ST_MakePoint(120 + i * 1e-6, 30), 4326), 'g', '' FROM generate_series(1, $1) i`

func TestScanReadsEveryRowOfOneMoment(t *testing.T) {
	db := layerstest.DB(t)
	store := layers.NewStore(db)
	ctx := t.Context()
	if _, err := db.Exec(ctx, manyPlaces, 20_000); err != nil {
		t.Fatal(err)
	}
	rows, sum, nulls := 0, int64(0), 0
	err := store.Scan(ctx, layers.Scan{
		Table: "place",
		Begin: func(table layers.Table, snapshot string) ([]string, error) {
			if table.Why != "" || table.Name != "place" || strings.Count(snapshot, ":") != 2 {
				t.Errorf("%+v, %q", table, snapshot)
			}
			for name, base := range map[string]string{"id": "int8", "name": "text", "geom": "geometry", "capacity": "int4", "attributes": "jsonb", "updated_at": "timestamptz"} {
				if c, ok := table.Column(name); !ok || c.Base != base || !c.Logged || c.Enum {
					t.Errorf("%s: %+v", name, c)
				}
			}
			// What is written from now on is not of this moment.
			_, err := db.Exec(ctx, manyPlaces, 10)
			return []string{"name", "id", "capacity", "geom"}, err
		},
		Row: func(values [][]byte) error {
			rows++
			id := int64(binary.BigEndian.Uint64(values[1]))
			sum += id
			if want := strings.Repeat("名", int(id%50)); string(values[0]) != want {
				return fmt.Errorf("row %d is called %q", id, values[0])
			}
			if values[2] == nil {
				nulls++
			}
			if len(values[3]) != 25 {
				return fmt.Errorf("row %d: geometry of %d bytes", id, len(values[3]))
			}
			return nil
		},
	})
	if err != nil || rows != 20_000 || sum != 20_000*20_001/2 || nulls != rows {
		t.Errorf("%d rows, sum %d, %d NULLs: %v", rows, sum, nulls, err)
	}
}

func TestScanEndsWithTheCallersError(t *testing.T) {
	db := layerstest.DB(t)
	store := layers.NewStore(db)
	if _, err := db.Exec(t.Context(), manyPlaces, 50_000); err != nil {
		t.Fatal(err)
	}
	enough := errors.New("enough")
	for range 20 { // the pool has 16: none may be lost
		err := store.Scan(t.Context(), layers.Scan{
			Table: "place",
			Begin: func(layers.Table, string) ([]string, error) { return []string{"id"}, nil },
			Row:   func([][]byte) error { return enough },
		})
		if !errors.Is(err, enough) {
			t.Fatal(err)
		}
		err = store.Scan(t.Context(), layers.Scan{Table: "place", Begin: func(layers.Table, string) ([]string, error) { return nil, enough }})
		if !errors.Is(err, enough) {
			t.Fatal(err)
		}
	}
	if err := store.Scan(t.Context(), layers.Scan{Table: "no_such"}); !errors.Is(err, layers.ErrNotFound) {
		t.Error(err)
	}
}

func TestScanStepsAside(t *testing.T) {
	db := layerstest.DB(t)
	store := layers.NewStore(db)
	if _, err := db.Exec(t.Context(), manyPlaces, 5_000); err != nil {
		t.Fatal(err)
	}
	altered := make(chan error, 1)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	begun := false
	err := store.Scan(ctx, layers.Scan{
		Table: "place",
		Begin: func(layers.Table, string) ([]string, error) { return []string{"id", "geom"}, nil },
		Row: func([][]byte) error {
			if !begun {
				begun = true
				go func() {
					_, err := db.Exec(ctx, `ALTER TABLE map.place ADD COLUMN extra text`)
					altered <- err
				}()
			}
			time.Sleep(5 * time.Millisecond) // a large table
			return nil
		},
	})
	if !errors.Is(err, layers.ErrInTheWay) {
		t.Errorf("the scan ended with %v", err)
	}
	if err := <-altered; err != nil {
		t.Error(err)
	}
}

func TestTablesThatTheLogDoesNotTellWhole(t *testing.T) {
	db := layerstest.DB(t)
	store := layers.NewStore(db)
	ctx := t.Context()
	look := func() layers.Table {
		t.Helper()
		all, err := store.Tables(ctx, []string{"place", "no_such"})
		if err != nil {
			t.Fatal(err)
		}
		if len(all) != 1 {
			t.Fatalf("%d tables", len(all))
		}
		return all["place"]
	}
	before := look()
	if before.Why != "" {
		t.Fatal(before.Why)
	}
	for _, tt := range []struct{ do, why, undo string }{
		{`ALTER TABLE map.place REPLICA IDENTITY DEFAULT`, "REPLICA IDENTITY", `ALTER TABLE map.place REPLICA IDENTITY FULL`},
		{`ALTER PUBLICATION onemap DROP TABLE map.place`, "not in the publication", `ALTER PUBLICATION onemap ADD TABLE map.place`},
		{`ALTER PUBLICATION onemap SET (publish = 'insert, update, delete')`, "kinds of changes", `ALTER PUBLICATION onemap SET (publish = 'insert, update, delete, truncate')`},
		{`ALTER PUBLICATION onemap DROP TABLE map.place; ALTER PUBLICATION onemap ADD TABLE map.place WHERE (id > 5)`, "leaves rows", `ALTER PUBLICATION onemap DROP TABLE map.place; ALTER PUBLICATION onemap ADD TABLE map.place`},
		{`CREATE TABLE map.child () INHERITS (map.place)`, "inherit", `DROP TABLE map.child`},
	} {
		if _, err := db.Exec(ctx, tt.do); err != nil {
			t.Fatal(err)
		}
		if got := look(); !strings.Contains(got.Why, tt.why) {
			t.Errorf("%s: %q", tt.do, got.Why)
		}
		if _, err := db.Exec(ctx, tt.undo); err != nil {
			t.Fatal(err)
		}
		if got := look(); got.Why != "" || got.Mark != before.Mark {
			t.Errorf("%s: %q, mark %q, before %q", tt.undo, got.Why, got.Mark, before.Mark)
		}
	}
	for _, sql := range []string{
		`ALTER TABLE map.place ADD COLUMN extra text`,
		`ALTER TABLE map.place ALTER COLUMN capacity TYPE bigint`,
		`ALTER TABLE map.place ALTER COLUMN name TYPE text USING upper(name)`, // rewritten, nothing logged
		`ALTER TABLE map.place DROP COLUMN extra`,
		`TRUNCATE map.place`,
	} {
		was := look().Mark
		if _, err := db.Exec(ctx, sql); err != nil {
			t.Fatal(err)
		}
		if look().Mark == was {
			t.Errorf("%s leaves no mark", sql)
		}
	}
	if _, err := db.Exec(ctx, `ALTER TABLE map.place ADD COLUMN sum int GENERATED ALWAYS AS (capacity + 1) STORED`); err != nil {
		t.Fatal(err)
	}
	if c, _ := look().Column("sum"); c.Logged {
		t.Error("a generated column is not in the log")
	}
}

func TestTableSizes(t *testing.T) {
	db := layerstest.DB(t)
	store := layers.NewStore(db)
	if _, err := db.Exec(t.Context(), manyPlaces, 5_000); err != nil {
		t.Fatal(err)
	}
	for _, analysed := range []bool{false, true} {
		all, err := store.TableSizes(t.Context(), []string{"place"})
		if err != nil {
			t.Fatal(err)
		}
		s := all["place"]
		if s.Rows < 2_500 || s.Rows > 10_000 || s.Bytes < 400_000 {
			t.Errorf("analysed %v: %+v", analysed, s)
		}
		if c := s.Columns["name"]; analysed && (c.Width < 50 || c.Distinct != 50) {
			t.Errorf("%+v", c)
		}
		if _, err := db.Exec(t.Context(), `ANALYZE map.place`); err != nil {
			t.Fatal(err)
		}
	}
}
