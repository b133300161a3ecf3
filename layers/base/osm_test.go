package base_test

import (
	"context"
	"encoding/csv"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"onemap/layers"
	"onemap/layers/base"
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

// importOSM imports a file and returns the lines of the reject file:
// "way/12 base_building rejected: the way is not closed".
func importOSM(t testing.TB, db *pgxpool.Pool, file string) (base.Summary, []string) {
	t.Helper()
	rejects := filepath.Join(t.TempDir(), "rejects.csv")
	sum, err := base.ImportOSM(t.Context(), layers.NewStore(db), base.OSMOptions{File: file, Rejects: rejects, By: "test"})
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, r := range readCSV(t, rejects) {
		out = append(out, r[0]+"/"+r[1]+" "+r[2]+" "+r[3]+": "+r[4])
	}
	return sum, out
}

// readCSV returns the lines after the header; none where there is no file.
func readCSV(t testing.TB, path string) [][]string {
	t.Helper()
	f, err := os.Open(path)
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	all, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return all[1:]
}

func count(t testing.TB, db *pgxpool.Pool, sql string, args ...any) (n int64) {
	t.Helper()
	if err := db.QueryRow(context.Background(), sql, args...).Scan(&n); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return n
}

// column collects a query's only column.
func column(t testing.TB, db *pgxpool.Pool, sql string, args ...any) []string {
	t.Helper()
	rows, err := db.Query(context.Background(), sql, args...)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
		out = append(out, s)
	}
	if err := rows.Err(); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return out
}

func hasPrefix(lines []string, prefix string) bool {
	for _, l := range lines {
		if strings.HasPrefix(l, prefix) {
			return true
		}
	}
	return false
}
