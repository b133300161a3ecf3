package main

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"onemap/layers/layerstest"
)

// typed runs a command line as if it was typed.
func typed(t *testing.T, args ...string) (status int, out, errs string) {
	t.Helper()
	var o, e bytes.Buffer
	status = execute(t.Context(), args, &o, &e)
	return status, o.String(), e.String()
}

func TestEveryCommandShowsAnExample(t *testing.T) {
	var walk func(typ reflect.Type, path []string)
	walk = func(typ reflect.Type, path []string) {
		for f := range typ.Fields() {
			if _, ok := f.Tag.Lookup("cmd"); ok {
				name := f.Tag.Get("name")
				if name == "" {
					name = strings.ToLower(f.Name)
				}
				walk(f.Type, append(path[:len(path):len(path)], name))
			}
		}
		if len(path) > 0 && path[0] == "version" {
			return
		}
		status, out, _ := typed(t, append(path[:len(path):len(path)], "--help")...)
		if want := strings.TrimSuffix("onemap "+strings.Join(path, " "), " "); status != statusDone || !strings.Contains(out, "Example") || strings.Count(out, want) < 2 {
			t.Errorf("%s --help ended with %d and shows no example:\n%s", want, status, out)
		}
	}
	walk(reflect.TypeFor[commandLine](), nil)
}

func TestWrongUsage(t *testing.T) {
	for _, args := range [][]string{
		{"fly"},
		{"up", "--fly"},
		{"up", "--city", "rome"},
		{"up", "--database-url", "postgres://h/d"},
		{"serve"},
		{"export"},
		{"export", "asset", "--format", "pdf"},
		{"user", "create", "li.na"},
		{"user", "create", "li.na", "--name", "N", "--org", "o", "--role", "emperor"},
		{"token", "create", "--user", "li.na", "--days=-1"},
		{"import", "assets", "cli_test.go", "--map", "nowhere"},
		{"import", "incidents", "cli_test.go", "--map", "portland-street-trees"},
	} {
		status, out, errs := typed(t, args...)
		if status != statusUsage || out != "" || !strings.HasPrefix(errs, "onemap: ") {
			t.Errorf("%q: status %d, printed %q, said %q", args, status, out, errs)
		}
	}
}

func TestFailure(t *testing.T) {
	t.Run("no city where one is named", func(t *testing.T) {
		status, _, errs := typed(t, "user", "list", "--data", t.TempDir())
		if status != statusFailed || !strings.Contains(errs, "onemap up") {
			t.Errorf("status %d, said %q", status, errs)
		}
	})
	t.Run("for machines the error is JSON", func(t *testing.T) {
		status, _, errs := typed(t, "--json", "user", "list", "--data", t.TempDir())
		var v struct{ Error string }
		if err := json.Unmarshal([]byte(errs), &v); status != statusFailed || err != nil || v.Error == "" {
			t.Errorf("status %d, said %q", status, errs)
		}
	})
}

// A backtest is of a forecast or of classes, and a lattice's corner has two numbers.
func TestForecastArguments(t *testing.T) {
	for field, args := range map[string][]string{
		"run:":    {"forecast", "backtest"},
		"run: ":   {"forecast", "backtest", "7", "--classes", "110-101"},
		"again:":  {"forecast", "backtest", "--classes", "110-101", "--again"},
		"origin:": {"forecast", "fit", "--classes", "110-101", "--origin", "120"},
	} {
		if status, out, errs := typed(t, args...); status == statusDone || out != "" || !strings.HasPrefix(errs, "onemap: "+field) {
			t.Errorf("%q: status %d, printed %q, said %q", args, status, out, errs)
		}
	}
}

func TestEnvironment(t *testing.T) {
	t.Setenv("ONEMAP_DATABASE_URL", layerstest.URL(t))
	t.Setenv("ONEMAP_JSON", "true")
	status, out, errs := typed(t, "migrate")
	var v struct{ Steps, Schema int }
	if err := json.Unmarshal([]byte(out), &v); status != statusDone || err != nil || v.Steps != 0 || v.Schema < 5 {
		t.Errorf("status %d, printed %q, said %q", status, out, errs)
	}
}

// An operator's day: an account, a key for it, an export as it, its end.
func TestAccounts(t *testing.T) {
	db := layerstest.DB(t)
	_, err := db.Exec(t.Context(), `INSERT INTO onemap.organisation (code, level, kind, area_code, name_zh, name_en) VALUES ('urban', 'city', 'department', '', '城管', 'Urban')`)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("ONEMAP_DATABASE_URL", db.Config().ConnString())

	status, out, errs := typed(t, "user", "create", "li.na", "--name", "李娜", "--org", "urban", "--role", "department_officer")
	if status != statusDone || !strings.Contains(out, "Password: ") {
		t.Fatalf("status %d, printed %q, said %q", status, out, errs)
	}
	if status, _, errs := typed(t, "user", "create", "li.na", "--name", "李娜", "--org", "urban", "--role", "planner"); status != statusFailed || !strings.Contains(errs, "li.na") && !strings.Contains(errs, "login") {
		t.Errorf("a second account of the name: status %d, said %q", status, errs)
	}
	if _, out, _ := typed(t, "user", "list"); !strings.Contains(out, "李娜") || !strings.Contains(out, "active") {
		t.Errorf("the list is\n%s", out)
	}

	status, out, errs = typed(t, "token", "create", "--user", "li.na", "--name", "nightly", "--json")
	var key struct{ Key, Prefix string }
	if err := json.Unmarshal([]byte(out), &key); status != statusDone || err != nil || !strings.HasPrefix(key.Key, key.Prefix) || len(key.Key) < 40 {
		t.Fatalf("status %d, printed %q, said %q", status, out, errs)
	}
	if _, out, _ := typed(t, "token", "list"); !strings.Contains(out, key.Prefix) || strings.Contains(out, key.Key) {
		t.Errorf("the list of keys is\n%s", out)
	}

	status, out, errs = typed(t, "export", "grid_unit", "--format", "csv", "--as-user", "li.na")
	if status != statusDone || !strings.Contains(out, "grid_code") {
		t.Errorf("export: status %d, printed %q, said %q", status, out, errs)
	}
	file := t.TempDir() + "/grids.geojson"
	if status, out, errs = typed(t, "export", "grid_unit", "-o", file); status != statusDone || !strings.Contains(out, "0 features") {
		t.Errorf("export: status %d, printed %q, said %q", status, out, errs)
	}
	if status, _, errs := typed(t, "export", "atlantis"); status != statusFailed || !strings.Contains(errs, "not found") {
		t.Errorf("export: status %d, said %q", status, errs)
	}
	var exports int
	if err := db.QueryRow(t.Context(), `SELECT count(*) FROM onemap.audit WHERE action = 'layer.export'`).Scan(&exports); err != nil || exports != 2 {
		t.Errorf("%d exports are in the audit (%v)", exports, err)
	}

	if status, _, errs := typed(t, "token", "revoke", key.Prefix); status != statusDone {
		t.Errorf("revoke: %s", errs)
	}
	if status, _, errs := typed(t, "user", "disable", "li.na"); status != statusDone {
		t.Errorf("disable: %s", errs)
	}
	if _, out, _ := typed(t, "user", "list"); !strings.Contains(out, "disabled") {
		t.Errorf("the list is\n%s", out)
	}
}
