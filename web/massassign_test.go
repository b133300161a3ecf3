package web_test

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
)

// maps are the objects in bodies whose names the caller chooses: each is read
// name by name, against a list.
var maps = []string{"PutConditionInputBody.limits", "Rules.scores", "DecideInputBody.values", "QualityRuleBody.params", "Field.lookup"}

type schema struct {
	Ref        string `json:"$ref"`
	Type       any
	Properties map[string]schema
	Additional json.RawMessage `json:"additionalProperties"`
	Items      *schema
	OneOf      []schema
	AnyOf      []schema
	AllOf      []schema
}

// No body takes a name that its route does not know: nobody makes themselves
// owner, handler or administrator by a field that was meant for the database.
// (Features of OGC API have fields of their own by layer: see layers/edit.)
func TestBodiesTakeNoOtherNames(t *testing.T) {
	b, err := os.ReadFile("ui/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	var api struct {
		Paths      map[string]map[string]json.RawMessage
		Components struct{ Schemas map[string]schema }
	}
	if err := json.Unmarshal(b, &api); err != nil {
		t.Fatal(err)
	}
	seen, bodies := map[string]bool{}, 0
	var walk func(s schema, at string)
	walk = func(s schema, at string) {
		if name := s.Ref[strings.LastIndex(s.Ref, "/")+1:]; name != "" {
			if !seen[name] {
				seen[name] = true
				walk(api.Components.Schemas[name], name)
			}
			return
		}
		types, _ := s.Type.([]any)
		if s.Type == "object" || slices.Contains(types, any("object")) {
			if string(s.Additional) != "false" && !slices.Contains(maps, at) {
				t.Errorf("%s takes names that nobody described", at)
			}
		}
		for name, p := range s.Properties {
			walk(p, at+"."+name)
		}
		if s.Items != nil {
			walk(*s.Items, at+"[]")
		}
		for _, in := range slices.Concat(s.OneOf, s.AnyOf, s.AllOf) {
			walk(in, at)
		}
	}
	for path, methods := range api.Paths {
		for method, raw := range methods {
			var op struct {
				RequestBody struct {
					Content map[string]struct{ Schema *schema }
				}
			}
			if json.Unmarshal(raw, &op) != nil || strings.HasPrefix(path, "/ogc/") {
				continue
			}
			for kind, c := range op.RequestBody.Content {
				if strings.Contains(kind, "json") && c.Schema != nil {
					bodies++
					walk(*c.Schema, method+" "+path)
				}
			}
		}
	}
	if bodies < 40 {
		t.Errorf("only %d bodies", bodies)
	}
}
