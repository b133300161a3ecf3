// Package layerstest gives tests a real PostGIS database each.
//
// They share the server at ONEMAP_TEST_DATABASE_URL, which make test starts
// with layerstest/testdb. Where it is not set, a process of tests starts one
// for itself, so that plain go test works too.
package layerstest

import (
	"context"
	"fmt"
	"hash/fnv"
	"io/fs"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"onemap/layers"
	"onemap/migrations"
)

// URL returns the address of a fresh database with the whole schema, cloned
// from a template, file by file (the other way writes the whole copy into the log,
// which every feed of the cluster then reads), which the test's end drops. Close connections
// and replication before that, in a t.Cleanup made after this call.
func URL(t testing.TB) string {
	t.Helper()
	server := server(t)
	template := template(t, server)
	name := fmt.Sprintf("t_%d_%d", os.Getpid(), next())
	admin(t, server, fmt.Sprintf(`CREATE DATABASE %s TEMPLATE %s STRATEGY file_copy`, name, template))
	t.Cleanup(func() { admin(t, server, fmt.Sprintf(`DROP DATABASE IF EXISTS %s WITH (FORCE)`, name)) })
	return withDatabase(server, name)
}

// DB returns a pool on a fresh database.
func DB(t testing.TB) *pgxpool.Pool {
	t.Helper()
	db, err := layers.Open(t.Context(), URL(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	return db
}

var (
	mu       sync.Mutex
	count    int
	prepared string
)

func next() int {
	mu.Lock()
	defer mu.Unlock()
	count++
	return count
}

// template makes, once a schema version, the database that others are copies of.
func template(t testing.TB, server string) string {
	mu.Lock()
	defer mu.Unlock()
	if prepared != "" {
		return prepared
	}
	h := fnv.New64a()
	files, err := fs.Glob(migrations.FS, "*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		b, err := migrations.FS.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		h.Write(b)
	}
	fmt.Fprint(h, layers.JobSchemaVersion())
	name := fmt.Sprintf("template_%x", h.Sum64())
	ctx := context.Background()
	c, err := pgx.Connect(ctx, server)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(ctx)
	// Several packages' tests start at once: one makes the template, the rest wait.
	if _, err := c.Exec(ctx, `SELECT pg_advisory_lock(7330782)`); err != nil {
		t.Fatal(err)
	}
	var have bool
	if err := c.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)`, name).Scan(&have); err != nil {
		t.Fatal(err)
	}
	if !have {
		making := name + "_making"
		for _, sql := range []string{"DROP DATABASE IF EXISTS " + making, "CREATE DATABASE " + making} {
			if _, err := c.Exec(ctx, sql); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := layers.Migrate(ctx, withDatabase(server, making)); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Exec(ctx, fmt.Sprintf("ALTER DATABASE %s RENAME TO %s", making, name)); err != nil {
			t.Fatal(err)
		}
	}
	prepared = name
	return name
}

func admin(t testing.TB, server, sql string) {
	t.Helper()
	ctx := context.Background() // the test's own context has ended when it cleans up
	c, err := pgx.Connect(ctx, server)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(ctx)
	if _, err := c.Exec(ctx, sql); err != nil {
		t.Fatal(err)
	}
}

// withDatabase returns a postgres:// URL with another database's name.
func withDatabase(url, name string) string {
	base, query, _ := strings.Cut(url, "?")
	i := strings.LastIndex(base, "/")
	url = base[:i+1] + name
	if query != "" {
		url += "?" + query
	}
	return url
}
