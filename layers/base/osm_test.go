package base_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"onemap/layers"
	"onemap/layers/base"
	"onemap/layers/layerstest"
)

// shared returns the path of a file of the shared data, which lies beside the
// project, and skips where it is absent.
func shared(t testing.TB, name string) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for dir != filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		dir = filepath.Dir(dir)
	}
	path := filepath.Join(dir, "..", "shared", "data", name)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("the shared data are absent: %v", err)
	}
	return path
}

func importOSM(t testing.TB, db *pgxpool.Pool, file string) (base.Summary, string) {
	t.Helper()
	rejects := filepath.Join(t.TempDir(), "rejects.csv")
	sum, err := base.ImportOSM(t.Context(), layers.NewStore(db), base.OSMOptions{File: file, Rejects: rejects, By: "test"})
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(rejects)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return sum, string(b)
}

func count(t testing.TB, db *pgxpool.Pool, sql string, args ...any) (n int64) {
	t.Helper()
	if err := db.QueryRow(context.Background(), sql, args...).Scan(&n); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return n
}

func TestTry(t *testing.T) {
	for _, f := range []string{"portland/streets.osm.pbf", "osm/liechtenstein.osm.pbf", "osm/delaware.osm.pbf"} {
		t.Run(filepath.Base(f), func(t *testing.T) {
			file := shared(t, f)
			db := layerstest.DB(t)
			sum, rej := importOSM(t, db, file)
			t.Logf("%+v %+v", sum, *sum.Network)
			if len(rej) > 6000 {
				rej = rej[:6000]
			}
			t.Log(rej)
		})
	}
}
