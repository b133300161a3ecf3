package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"onemap/layers/layerstest"
	"onemap/layers/setup"
)

// findings runs doctor and returns what it found, by what it looked at.
func findings(t *testing.T, args ...string) (status int, found map[string]setup.Finding) {
	t.Helper()
	status, out, errs := typed(t, append([]string{"--json", "doctor"}, args...)...)
	var v struct {
		OK       bool
		Findings []setup.Finding
	}
	if err := json.Unmarshal([]byte(out), &v); err != nil {
		t.Fatalf("printed %q, said %q: %v", out, errs, err)
	}
	if v.OK != (status == statusDone) {
		t.Errorf("it says ok: %v, and ends with %d", v.OK, status)
	}
	found = make(map[string]setup.Finding)
	for _, f := range v.Findings {
		found[f.What] = f
		if f.Level != setup.Good && f.Remedy == "" {
			t.Errorf("%s is %s and doctor knows no remedy", f.What, f.Level)
		}
	}
	return status, found
}

func TestDoctorOfDatabase(t *testing.T) {
	db := layerstest.DB(t)
	status, found := findings(t, "--database-url", db.Config().ConnString())
	if status != statusDone {
		t.Errorf("status %d: %v", status, found)
	}
	for _, what := range []string{"PostgreSQL", "encoding", "extensions", "wal_level", "replication right", "replication slots", "walsenders", "schema"} {
		if found[what].Level != setup.Good {
			t.Errorf("%s: %+v", what, found[what])
		}
	}

	t.Run("a role that may not follow the log", func(t *testing.T) {
		status, found := findings(t, "--database-url", plainRole(t, db.Config().ConnString()))
		if f := found["replication right"]; f.Level != setup.Warning || !strings.Contains(f.Remedy, "REPLICATION") || !strings.Contains(f.Remedy, "live screens are off") {
			t.Errorf("%+v", f)
		}
		if status != statusFailed && found["schema"].Level == setup.Fault {
			t.Errorf("status %d: %v", status, found)
		}
	})
	t.Run("a database that is not onemap's", func(t *testing.T) {
		u, err := url.Parse(db.Config().ConnString())
		if err != nil {
			t.Fatal(err)
		}
		u.Path = "/template1"
		status, found := findings(t, "--database-url", u.String())
		if f := found["schema"]; status != statusFailed || f.Level != setup.Fault || !strings.Contains(f.Remedy, "onemap migrate") {
			t.Errorf("status %d, %+v", status, f)
		}
	})
	t.Run("a database that is not there", func(t *testing.T) {
		status, found := findings(t, "--database-url", "postgres://nobody@127.0.0.1:1/none?connect_timeout=2")
		if f := found["database"]; status != statusFailed || f.Level != setup.Fault {
			t.Errorf("status %d, %+v", status, f)
		}
	})
	t.Run("an old write transaction is named", func(t *testing.T) {
		tx, err := db.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer tx.Rollback(t.Context())
		if _, err := tx.Exec(t.Context(), `SELECT pg_current_xact_id()`); err != nil {
			t.Fatal(err)
		}
		_, found := findings(t, "--database-url", db.Config().ConnString())
		if f := found["oldest write transaction"]; !strings.Contains(f.Found, "open for") {
			t.Errorf("%+v", f)
		}
	})
}

// plainRole makes a role that owns nothing and may not follow the log, but may
// do all else that onemap does, and returns the database's URL for it.
func plainRole(t *testing.T, dbURL string) string {
	t.Helper()
	c, err := pgx.Connect(t.Context(), dbURL)
	if err != nil {
		t.Fatal(err)
	}
	role := "plain_" + c.Config().Database
	for _, sql := range []string{
		`CREATE ROLE ` + role + ` LOGIN PASSWORD 'plain'`,
		`GRANT USAGE ON SCHEMA onemap, map, river TO ` + role,
		`GRANT ALL ON ALL TABLES IN SCHEMA onemap, map, river, public TO ` + role,
		`GRANT ALL ON ALL SEQUENCES IN SCHEMA onemap, map, river TO ` + role,
	} {
		if _, err := c.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		ctx := context.WithoutCancel(t.Context())
		defer c.Close(ctx)
		for _, sql := range []string{`DROP OWNED BY ` + role, `DROP ROLE ` + role} {
			if _, err := c.Exec(ctx, sql); err != nil {
				t.Error(err)
			}
		}
	})
	u, err := url.Parse(dbURL)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword(role, "plain")
	return u.String()
}

func TestDoctorOfMachine(t *testing.T) {
	t.Run("nothing is installed", func(t *testing.T) {
		t.Setenv("PATH", t.TempDir())
		status, found := findings(t, "--data", filepath.Join(t.TempDir(), "new"), "--postgres-bin", t.TempDir())
		if status != statusFailed {
			t.Errorf("status %d", status)
		}
		if f := found["postgres"]; f.Level != setup.Fault || !strings.Contains(f.Remedy, "apt-get install postgresql-15 postgresql-15-postgis-3 postgresql-15-pgrouting") {
			t.Errorf("%+v", f)
		}
		if f := found["ogr2ogr"]; f.Level != setup.Fault || f.Remedy != "apt-get install gdal-bin" {
			t.Errorf("%+v", f)
		}
	})
	t.Run("a data folder that others can read", func(t *testing.T) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "demo-users.txt"), nil, 0o644); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(os.Chmod(dir, 0o700), os.Chmod(filepath.Dir(dir), 0o755)); err != nil { // for PostgreSQL to pass through
			t.Fatal(err)
		}
		_, found := findings(t, "--data", dir)
		if f := found["data folder"]; f.Level != setup.Warning || !strings.Contains(f.Remedy, "chmod 600") {
			t.Errorf("%+v", f)
		}
	})
	t.Run("a data folder that PostgreSQL cannot reach", func(t *testing.T) {
		if os.Geteuid() != 0 {
			t.Skip("not root: PostgreSQL runs as ourselves")
		}
		open := t.TempDir()
		closed := filepath.Join(open, "closed")
		if err := errors.Join(os.Chmod(filepath.Dir(open), 0o755), os.Chmod(open, 0o755), os.Mkdir(closed, 0o700)); err != nil {
			t.Fatal(err)
		}
		status, found := findings(t, "--data", filepath.Join(closed, "new"))
		if f := found["data folder"]; status != statusFailed || f.Level != setup.Fault || !strings.Contains(f.Found, "chmod o+x "+closed) {
			t.Errorf("status %d, %+v", status, f)
		}
	})
}

// doctor tells which layers would be in memory, and of the others why not.
func TestDoctorOfMemory(t *testing.T) {
	db := layerstest.DB(t)
	url := db.Config().ConnString()
	for _, sql := range []string{
		`INSERT INTO map.place (kind, geom, grid_code, area_code) SELECT 'depot', ST_SetSRID(ST_MakePoint(120, 30), 4326), 'g', '' FROM generate_series(1, 20000)`,
		`ALTER TABLE map.worker REPLICA IDENTITY DEFAULT`,
		`ANALYZE`,
	} {
		if _, err := db.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	_, found := findings(t, "--database-url", url, "--memory", "1GiB")
	var held, all int // of which one does not fit
	f := found["memory for layers"]
	if _, err := fmt.Sscanf(f.Found, "1.0 GiB; %d of %d layers", &held, &all); err != nil || f.Level != setup.Good || held < 20 || held != all-1 {
		t.Errorf("%+v, %v", f, err)
	}
	if f := found["secrets"]; f.Level != setup.Warning || !strings.Contains(f.Remedy, "--secret-key") {
		t.Errorf("%+v", f)
	}
	if f := found["quality"]; f.Level != setup.Good || !strings.Contains(f.Found, "no rules") {
		t.Errorf("%+v", f)
	}
	if f := found["layer worker"]; f.Level != setup.Warning || !strings.Contains(f.Found, "REPLICA IDENTITY") {
		t.Errorf("%+v", f)
	}
	if _, ok := found["layer place"]; ok {
		t.Error("a layer that fits is complained about")
	}
	_, found = findings(t, "--database-url", url, "--memory", "1GiB", "--memory-layer", "64KiB")
	if f := found["layer place"]; f.Level != setup.Warning || !strings.Contains(f.Found, "too large") || !strings.Contains(f.Remedy, "--memory-layer") {
		t.Errorf("%+v", f)
	}
}
