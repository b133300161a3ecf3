package layers_test

import (
	"testing"

	"onemap/layers"
	"onemap/layers/layerstest"
)

func TestRegistryNamesRealColumns(t *testing.T) {
	db := layerstest.DB(t)
	all, err := layers.NewStore(db).Layers(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 19 {
		t.Fatalf("%d built-in layers", len(all))
	}
	for _, l := range all {
		if len(l.Fields) == 0 {
			t.Errorf("layer %s has no fields", l.Name)
		}
		for _, f := range l.Fields {
			var ok bool
			err := db.QueryRow(t.Context(), `SELECT EXISTS (SELECT FROM information_schema.columns
				WHERE table_schema = 'map' AND table_name = $1 AND column_name = $2)`, l.Name, f.Name).Scan(&ok)
			if err != nil {
				t.Fatal(err)
			}
			if !ok {
				t.Errorf("layer %s names the column %s, which its table lacks", l.Name, f.Name)
			}
		}
	}
}
