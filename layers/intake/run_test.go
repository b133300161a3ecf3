package intake_test

import (
	"bufio"
	"compress/gzip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"onemap/layers"
	"onemap/layers/intake"
	"onemap/layers/layerstest"
)

// data returns the path of a real data set; it skips the test where there is none.
func data(t testing.TB, name string) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("no go.mod above")
		}
		dir = filepath.Dir(dir)
	}
	path := filepath.Join(dir, "..", "shared", "data", name)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("real data set %s is not here", name)
	}
	return path
}

func store(t testing.TB) (*layers.Store, *pgxpool.Pool) {
	db := layerstest.DB(t)
	return layers.NewStore(db), db
}

func mapping(t testing.TB, name string) intake.Mapping {
	t.Helper()
	m, err := intake.FindMapping(name)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func run(t testing.TB, s *layers.Store, o intake.Options) intake.Summary {
	t.Helper()
	sum, err := intake.Run(t.Context(), s, o)
	if err != nil {
		t.Fatalf("%v (%+v)", err, sum)
	}
	t.Logf("%s: read %d inserted %d updated %d unchanged %d skipped %v rejected %v notes %v in %v", filepath.Base(o.File), sum.Read, sum.Inserted, sum.Updated, sum.Unchanged, sum.Skipped, sum.Rejected, sum.Notes, sum.Took)
	return sum
}

// head returns the first lines of a packed file, its header not counted.
func head(t testing.TB, path string, lines int) string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	r := bufio.NewReader(z)
	for range lines + 1 {
		line, err := r.ReadString('\n')
		b.WriteString(line)
		if err != nil {
			break
		}
	}
	return b.String()
}
