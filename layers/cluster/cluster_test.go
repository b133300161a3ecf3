package cluster_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"onemap/layers/cluster"
	"onemap/layers/layerstest"
)

func start(t *testing.T, opts cluster.Options) *cluster.Cluster {
	t.Helper()
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	c, err := cluster.Start(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Stop() })
	return c
}

// keep writes a row that must still be there later: 42.
func keep(t *testing.T, url string) {
	t.Helper()
	c, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(context.Background())
	if _, err := c.Exec(t.Context(), `CREATE TABLE kept AS SELECT 42 AS n`); err != nil {
		t.Fatal(err)
	}
}

func query[T any](t *testing.T, url, sql string, args ...any) T {
	t.Helper()
	c, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(context.Background())
	var v T
	if err := c.QueryRow(t.Context(), sql, args...).Scan(&v); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return v
}

func TestStart(t *testing.T) {
	if testing.Short() {
		t.Skip("a durable cluster takes seconds")
	}
	dir := layerstest.Folder(t)
	c := start(t, cluster.Options{Dir: dir})

	for _, tt := range []struct{ sql, want string }{
		{`SHOW wal_level`, "logical"},
		{`SHOW listen_addresses`, "127.0.0.1"},
		{`SHOW fsync`, "on"},
		{`SELECT current_user::text`, "onemap"},
		{`SELECT rolsuper::text FROM pg_roles WHERE rolname = current_user`, "false"},
		{`SELECT rolreplication::text FROM pg_roles WHERE rolname = current_user`, "true"},
		{`SELECT pg_get_userbyid(datdba)::text FROM pg_database WHERE datname = current_database()`, "onemap"},
		{`SELECT datcollate FROM pg_database WHERE datname = current_database()`, "C.UTF-8"},
		{`SELECT string_agg(extname, ' ' ORDER BY extname) FROM pg_extension WHERE extname <> 'plpgsql'`, "btree_gist pgrouting postgis"},
	} {
		if got := query[string](t, c.URL(), tt.sql); got != tt.want {
			t.Errorf("%s = %q, want %q", tt.sql, got, tt.want)
		}
	}
	for name, want := range map[string]os.FileMode{"pg": 0o700, "run": 0o700, "pgpass": 0o600, "lock": 0o600} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("mode of %s is %o, want %o", name, got, want)
		}
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm()&0o007 != 0 {
		t.Errorf("the data folder is open to others: %v, %v", info.Mode(), err)
	}

	t.Run("loopback asks for the password", func(t *testing.T) {
		if conn, err := pgx.Connect(t.Context(), c.LoopbackURL()); err == nil {
			conn.Close(t.Context())
			t.Error("loopback let us in without a password")
		}
		u, err := url.Parse(c.LoopbackURL())
		if err != nil {
			t.Fatal(err)
		}
		pass, err := os.ReadFile(filepath.Join(dir, "pgpass"))
		if err != nil {
			t.Fatal(err)
		}
		u.User = url.UserPassword("onemap", strings.TrimSpace(string(pass[bytes.LastIndexByte(pass, ':')+1:])))
		if got := query[string](t, u.String(), `SELECT current_user::text`); got != "onemap" {
			t.Errorf("over loopback I am %q", got)
		}
		u.User = url.User("postgres")
		if conn, err := pgx.Connect(t.Context(), u.String()); err == nil {
			conn.Close(t.Context())
			t.Error("loopback let the superuser in")
		}
	})

	t.Run("a second copy is refused and told who is first", func(t *testing.T) {
		_, err := cluster.Start(t.Context(), cluster.Options{Dir: dir})
		if !errors.Is(err, cluster.ErrInUse) || !strings.Contains(err.Error(), fmt.Sprintf("pid %d", os.Getpid())) {
			t.Errorf("got %v", err)
		}
	})

	t.Run("others of the same user find the running one", func(t *testing.T) {
		got, err := cluster.Running(dir)
		if err != nil || got != c.URL() {
			t.Errorf("Running = %q, %v, want %q", got, err, c.URL())
		}
	})

	t.Run("stopped and started again it has its data and its port", func(t *testing.T) {
		keep(t, c.URL())
		before := c.LoopbackURL()
		if err := c.Stop(); err != nil {
			t.Fatal(err)
		}
		if got, err := cluster.Running(dir); got != "" || err != nil {
			t.Errorf("Running = %q, %v after Stop", got, err)
		}
		c = start(t, cluster.Options{Dir: dir})
		if got := query[int](t, c.URL(), `SELECT n FROM kept`); got != 42 {
			t.Errorf("kept %d", got)
		}
		if c.LoopbackURL() != before {
			t.Errorf("the address was %s and is %s", before, c.LoopbackURL())
		}
	})
}

func TestFolder(t *testing.T) {
	for _, tt := range []struct {
		name string
		make func(t *testing.T, dir string) string // returns the folder to use
		want error
		says string
		root bool // only root can see this
	}{
		{"an empty path", func(*testing.T, string) string { return "" }, cluster.ErrFolder, "no path", false},
		{"somebody's folder is left alone", func(t *testing.T, dir string) string {
			write(t, filepath.Join(dir, "thesis.txt"), 0o644)
			return dir
		}, cluster.ErrFolder, "not empty", false},
		{"a file", func(t *testing.T, dir string) string {
			write(t, filepath.Join(dir, "data"), 0o644)
			return filepath.Join(dir, "data")
		}, cluster.ErrFolder, "not a directory", false},
		{"a folder under a closed one", func(t *testing.T, dir string) string {
			if err := os.Chmod(dir, 0o700); err != nil { // it is root's
				t.Fatal(err)
			}
			return filepath.Join(dir, "a", "b")
		}, cluster.ErrFolder, "chmod o+x", true},
		{"another user's data folder", func(t *testing.T, dir string) string {
			write(t, filepath.Join(dir, "lock"), 0o600)
			if err := os.Chown(dir, 1234, 1234); err != nil {
				t.Fatal(err)
			}
			return dir
		}, cluster.ErrFolder, "belongs to user number 1234", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.root && os.Geteuid() != 0 {
				t.Skip("only root runs PostgreSQL as another user")
			}
			parent := layerstest.Folder(t)
			dir := tt.make(t, parent)
			before, err := os.Stat(parent)
			if err != nil {
				t.Fatal(err)
			}
			c, err := cluster.Start(t.Context(), cluster.Options{Dir: dir, Fast: true})
			if err == nil {
				c.Stop()
				t.Fatal("it started")
			}
			if !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("got %v", err)
			}
			if after, err := os.Stat(parent); err != nil || after.Mode() != before.Mode() {
				t.Errorf("the folder's mode was changed from %v to %v", before.Mode(), after.Mode())
			}
		})
	}
}

func write(t *testing.T, path string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, []byte("1\n"), mode); err != nil {
		t.Fatal(err)
	}
}

// A unix socket's path has at most 107 bytes.
func TestLongFolder(t *testing.T) {
	parent := layerstest.Folder(t)
	if err := os.Chmod(parent, 0o755); err != nil {
		t.Fatal(err)
	}
	c := start(t, cluster.Options{Dir: filepath.Join(parent, strings.Repeat("long", 30)), Fast: true})
	if got := query[int](t, c.URL(), `SELECT 1`); got != 1 {
		t.Errorf("got %d", got)
	}
}

// What initdb left when it was cut short is no obstacle.
func TestHalfMade(t *testing.T) {
	dir := layerstest.Folder(t)
	write(t, filepath.Join(dir, "lock"), 0o600)
	if err := os.MkdirAll(filepath.Join(dir, "pg.new", "base"), 0o700); err != nil {
		t.Fatal(err)
	}
	c := start(t, cluster.Options{Dir: dir, Fast: true})
	if got := query[int](t, c.URL(), `SELECT 1`); got != 1 {
		t.Errorf("got %d", got)
	}
}

// awaitQuery asks until the server answers.
func awaitQuery(t *testing.T, url string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for {
		if conn, err := pgx.Connect(ctx, url); err == nil {
			conn.Close(ctx)
			return
		}
		if ctx.Err() != nil {
			t.Fatal("the server does not answer again")
		}
		time.Sleep(20 * time.Millisecond)
	}
}
