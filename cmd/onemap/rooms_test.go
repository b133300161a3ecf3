package main

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"
)

// A room is a folder and what it may import, directly or through others.
type room struct {
	folder string
	mayOwn []string // packages of onemap, with what is below them
	never  []string // of other modules and the standard library
	narrow bool     // mayOwn means these packages and none below them
	why    string
}

// rooms are the arrows of ARCHITECTURE.md. The first that fits a package counts.
var rooms = []room{
	{folder: "onemap/migrations",
		never: []string{"github.com/", "net/", "database/"},
		why:   "migrations are read by old and new programs alike"},
	{folder: "onemap/geo", mayOwn: []string{"onemap/geo"},
		never: []string{"net/http", "database/", "github.com/jackc/", "os/exec"},
		why:   "geo is pure: values in, values out"},
	{folder: "onemap/tiles", mayOwn: []string{"onemap/geo", "onemap/tiles"},
		never: []string{"net/http", "database/", "github.com/jackc/"},
		why:   "tiles declares the sources it reads, and cmd hands them in"},
	{folder: "onemap/layers/feed", narrow: true,
		mayOwn: []string{"onemap/geo", "onemap/geo/cql2", "onemap/geo/relate", "onemap/geo/where", "onemap/layers", "onemap/layers/feed", "onemap/migrations"},
		never:  []string{"github.com/go-chi/"},
		why:    "the log knows tables, no subjects"},
	{folder: "onemap/layers", mayOwn: []string{"onemap/geo", "onemap/layers", "onemap/migrations"},
		never: []string{"github.com/go-chi/", "github.com/danielgtaylor/"},
		why:   "layers is the data: it knows neither HTTP nor tiles"},
	{folder: "onemap/web", mayOwn: []string{"onemap/geo", "onemap/layers", "onemap/migrations", "onemap/tiles", "onemap/web"},
		why: "web may use all but cmd"},
	{folder: "onemap/cmd", mayOwn: []string{"onemap"},
		why: "cmd is the wiring"},
}

// directOnly may not be imported by a room's own files, though what they use
// may stand on it.
var directOnly = map[string][]string{
	"onemap/web": {"github.com/jackc/pgx", "github.com/pressly/goose", "database/sql"},
}

func TestArrowsBetweenRooms(t *testing.T) {
	for _, p := range list(t) {
		r, ok := roomOf(p.ImportPath)
		if !ok {
			t.Errorf("%s is in no room: say in ARCHITECTURE.md and here what it may know", p.ImportPath)
			continue
		}
		for _, dep := range p.Deps {
			if dep == "onemap" || strings.HasPrefix(dep, "onemap/") {
				if !r.may(dep) {
					t.Errorf("%s imports %s, perhaps through others: %s", p.ImportPath, dep, r.why)
				}
				continue
			}
			for _, no := range r.never {
				if strings.HasPrefix(dep, no) {
					t.Errorf("%s imports %s, perhaps through others: %s", p.ImportPath, dep, r.why)
				}
			}
		}
		for _, dep := range p.Imports {
			for _, no := range directOnly[r.folder] {
				if under(dep, no) {
					t.Errorf("%s imports %s: all SQL is in layers", p.ImportPath, dep)
				}
			}
		}
	}
}

// The check itself must be able to fail.
func TestRoomsRefuse(t *testing.T) {
	for _, tt := range []struct {
		from, to string
		want     bool
	}{
		{"onemap/tiles", "onemap/layers", false},
		{"onemap/layers/asset", "onemap/tiles", false},
		{"onemap/layers/feed", "onemap/layers/access", false},
		{"onemap/layers/feed", "onemap/layers", true},
		{"onemap/layers/access", "onemap/layers/feed", true},
		{"onemap/geo/where", "onemap/layers", false},
		{"onemap/web/live", "onemap/layers/access", true},
		{"onemap/web", "onemap/cmd/onemap", false},
		{"onemap/migrations", "onemap/geo", false},
	} {
		r, ok := roomOf(tt.from)
		if got := ok && r.may(tt.to); got != tt.want {
			t.Errorf("%s -> %s allowed: %v, want %v", tt.from, tt.to, got, tt.want)
		}
	}
}

// may says whether the room may import one of our packages.
func (r room) may(dep string) bool {
	for _, own := range r.mayOwn {
		if dep == own || under(dep, own) && !r.narrow {
			return true
		}
	}
	return false
}

func under(pkg, folder string) bool { return pkg == folder || strings.HasPrefix(pkg, folder+"/") }

func roomOf(pkg string) (room, bool) {
	for _, r := range rooms {
		if under(pkg, r.folder) {
			return r, true
		}
	}
	return room{}, false
}

type goPackage struct {
	ImportPath string
	Imports    []string
	Deps       []string
}

// list asks the go command for all our packages and what they stand on.
func list(t *testing.T) []goPackage {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports,Deps", "onemap/...")
	cmd.Dir = "../.."
	out, err := cmd.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			t.Fatalf("go list: %v: %s", err, exit.Stderr)
		}
		t.Fatal(err)
	}
	var all []goPackage
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p goPackage
		err := d.Decode(&p)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}
