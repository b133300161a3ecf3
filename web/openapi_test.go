package web_test

import (
	"bytes"
	"flag"
	"os"
	"testing"

	"onemap/web"
)

var update = flag.Bool("update", false, "write the golden files anew")

// The pages' types are generated from ui/openapi.json.
func TestOpenAPIIsCommitted(t *testing.T) {
	got, err := web.OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	const golden = "ui/openapi.json"
	if *update {
		if err := os.WriteFile(golden, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is not what the routes say: run go test ./web -run OpenAPI -update, read the difference, and generate the pages' types anew", golden)
	}
}
