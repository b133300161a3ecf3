package intake_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"onemap/layers"
	"onemap/layers/base"
	"onemap/layers/intake"
)

func TestMappingsOfOnemap(t *testing.T) {
	all, err := intake.Mappings()
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 17 {
		t.Errorf("%d mappings", len(all))
	}
	sources := map[string]string{}
	for _, m := range all {
		if m.Title == "" || m.About == "" || m.CRS == "" {
			t.Errorf("%s lacks a title, its source or a coordinate system", m.Name)
		}
		if other, ok := sources[m.Source]; ok {
			t.Errorf("%s and %s have one source: their keys could meet", m.Name, other)
		}
		sources[m.Source] = m.Name
		text, err := intake.MappingText(m.Name)
		if err != nil || !strings.Contains(string(text), "# Source:") {
			t.Errorf("%s does not say its source, %v", m.Name, err)
		}
	}
}

// The README's long example is a right mapping.
func TestReadmeExample(t *testing.T) {
	text, err := os.ReadFile("mappings/README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, example, _ := strings.Cut(string(text), "```yaml\n")
	example, _, ok := strings.Cut(example, "```")
	if !ok {
		t.Fatal("no example")
	}
	if _, err := intake.ParseMapping("README", []byte(example)); err != nil {
		t.Error(err)
	}
}

// The examples for onemap import base, which has mappings of its own.
func TestBaseExamples(t *testing.T) {
	files, err := filepath.Glob("mappings/base/*.yaml")
	if err != nil || len(files) < 2 {
		t.Fatal(files, err)
	}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := base.ParseMapping("base_boundary", text); err != nil {
			t.Errorf("%s: %v", f, err)
		}
	}
}

func TestMappingMistakesNameTheLine(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"unknown key", "layer: place\nsource: a\nkeys: {columns: [id]}\n", "[3:1]"},
		{"unknown key in a field", "layer: place\nsource: a\nkey: {columns: [id]}\nfields:\n  name: {colum: x}\n", "[5:10]"},
		{"a list where a text belongs", "layer: [place]\n", "[1:8]"},
		{"no layer", "source: a\nkey: {columns: [id]}\n", "layer"},
		{"no key", "layer: place\nsource: a\n", "key.columns"},
		{"source with a colon", "layer: place\nsource: 'a:b'\nkey: {columns: [id]}\n", "source"},
		{"two sources of one field", "layer: place\nsource: a\nkey: {columns: [id]}\nfields:\n  name: {column: x, const: y}\n", "fields.name"},
		{"bounds the wrong way round", "layer: place\nsource: a\nkey: {columns: [id]}\nbounds: [10, 0, 5, 1]\n", "bounds"},
		{"no YAML", "layer: {", "[1:"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := intake.ParseMapping("m.yaml", []byte(tt.text))
			if !errors.Is(err, layers.ErrInvalid) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v; want …%s…", err, tt.want)
			}
		})
	}
}

// What a mapping asks of a layer is checked before the first row.
func TestMappingThatDoesNotFitTheLayer(t *testing.T) {
	s, _ := store(t)
	csv := file(t, "a.csv", "id,lon,lat\n1,120,30\n")
	head := "layer: place\nsource: a\nkey: {columns: [id]}\ngeometry: {lon: lon, lat: lat}\ncrs: WGS84\n"
	for _, tt := range []struct{ name, text, crs, want string }{
		{"no such layer", strings.Replace(head, "place", "plaice", 1), "", "no such layer"},
		{"a field that the layer lacks", head + "fields: {kind: {const: hydrant}, colour: {const: red}}\n", "", "colour"},
		{"a field that onemap sets", head + "fields: {kind: {const: hydrant}, grid_code: {const: red}}\n", "", "grid_code"},
		{"a field that the layer needs", head, "", "needs the field kind"},
		{"a bad pattern", head + "fields: {kind: {const: hydrant}, name: {column: id, match: '('}}\n", "", "match"},
		{"a zone that is none", head + "time_zone: Mars/Olympus\nfields: {kind: {const: hydrant}}\n", "", "Mars/Olympus"},
		{"Beijing 1954", head + "fields: {kind: {const: hydrant}}\n", "EPSG:2437", "Beijing 1954"},
		{"a system that PostGIS does not know", head + "fields: {kind: {const: hydrant}}\n", "EPSG:999999", "no such coordinate system"},
		{"a layer of polygons", "layer: base_water\nsource: a\nkey: {columns: [id]}\ncrs: WGS84\nfields: {class: {const: x}}\n", "", "import base"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := intake.Run(t.Context(), s, intake.Options{File: csv, Mapping: parse(t, tt.text), CRS: tt.crs})
			if !errors.Is(err, layers.ErrInvalid) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v; want …%s…", err, tt.want)
			}
		})
	}
}
