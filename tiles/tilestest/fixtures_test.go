package tilestest_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"onemap/tiles/tilestest"
)

// fixtures is where npm installs @mapbox/mvt-fixtures for the pages' tests.
const fixtures = "../../web/ui/node_modules/@mapbox/mvt-fixtures/fixtures"

type fixture struct {
	name  string
	valid bool
	mvt   []byte
	want  tileJSON
}

// A tileJSON is a fixture as its authors wrote it, before it was encoded.
type tileJSON struct {
	Layers []struct {
		Name     string
		Version  uint32
		Extent   *uint32
		Keys     []string
		Values   []map[string]any
		Features []struct {
			ID       *uint64
			Type     uint32
			Tags     []uint32
			Geometry []uint32
		}
	}
}

func readFixtures(t *testing.T) []fixture {
	t.Helper()
	folders, _ := filepath.Glob(filepath.Join(fixtures, "*", "info.json"))
	if len(folders) == 0 {
		t.Skip("no @mapbox/mvt-fixtures: run make ui")
	}
	var all []fixture
	for _, info := range folders {
		dir := filepath.Dir(info)
		f := fixture{name: filepath.Base(dir)}
		var i struct {
			Validity struct{ V2 bool }
		}
		for path, to := range map[string]any{info: &i, filepath.Join(dir, "tile.json"): &f.want} {
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(b, to); err != nil && path == info {
				t.Fatal(path, err)
			}
		}
		f.valid = i.Validity.V2
		var err error
		if f.mvt, err = os.ReadFile(filepath.Join(dir, "tile.mvt")); err != nil {
			t.Fatal(err)
		}
		all = append(all, f)
	}
	return all
}

// refused are fixtures that are called valid and yet are refused here.
var refused = map[string]string{
	"016": "byte for byte fixture 003, which is called invalid: without a geometry type",
	"057": "counts more points than it has; it is there to catch who reserves memory for them",
}

// The decoder of our tests reads every valid fixture as it was written and
// refuses the others.
func TestFixtures(t *testing.T) {
	for _, f := range readFixtures(t) {
		t.Run(f.name, func(t *testing.T) {
			got, err := tilestest.Decode(f.mvt)
			if _, ok := refused[f.name]; f.valid && !ok != (err == nil) {
				t.Fatalf("is valid; got %v", err)
			}
			if !f.valid && err == nil {
				t.Fatal("is not valid, and was read")
			}
			if err == nil {
				compare(t, got, f.want)
			}
		})
	}
}

func compare(t *testing.T, got []tilestest.Layer, want tileJSON) {
	t.Helper()
	if len(got) != len(want.Layers) {
		t.Fatalf("%d layers, want %d", len(got), len(want.Layers))
	}
	for i, w := range want.Layers {
		g := got[i]
		extent := uint32(4096)
		if w.Extent != nil {
			extent = *w.Extent
		}
		if g.Name != w.Name || g.Version != w.Version || g.Extent != extent || len(g.Features) != len(w.Features) {
			t.Fatalf("layer %q version %d extent %d with %d features", g.Name, g.Version, g.Extent, len(g.Features))
		}
		for j, wf := range w.Features {
			gf := g.Features[j]
			if wf.ID != nil && gf.ID != *wf.ID || gf.Kind != wf.Type || !slices.Equal(gf.Commands, wf.Geometry) {
				t.Errorf("feature %d: id %d kind %d %v", j, gf.ID, gf.Kind, gf.Commands)
			}
			properties := map[string]any{}
			for k := 0; k < len(wf.Tags); k += 2 {
				properties[w.Keys[wf.Tags[k]]] = typed(w.Values[wf.Tags[k+1]])
			}
			if !maps.Equal(gf.Properties, properties) {
				t.Errorf("feature %d: %v, want %v", j, gf.Properties, properties)
			}
		}
	}
}

// typed gives a fixture's value the type that its name in the protocol says.
func typed(v map[string]any) any {
	for name, x := range v {
		switch n, _ := x.(float64); name {
		case "float_value":
			return float32(n)
		case "int_value", "sint_value":
			return int64(n)
		case "uint_value":
			return uint64(n)
		case "string_value":
			return fmt.Sprint(x) // fixture 076 gives a number
		default:
			return x
		}
	}
	return nil
}

// Tiles of the world as others made them are read as well.
func TestRealTiles(t *testing.T) {
	tiles, _ := filepath.Glob(filepath.Join(fixtures, "..", "real-world", "*", "*.mvt"))
	if len(tiles) == 0 {
		t.Skip("no @mapbox/mvt-fixtures: run make ui")
	}
	for i := 0; i < len(tiles); i += 8 {
		b, err := os.ReadFile(tiles[i])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tilestest.Decode(b); err != nil {
			t.Errorf("%s: %v", tiles[i], err)
		}
	}
}
