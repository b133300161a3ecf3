package layers_test

import (
	"testing"

	"onemap/geo/where"
	"onemap/layers"
	"onemap/layers/layerstest"
)

// A page begins after the last one's end whatever the condition is: that of an
// owner is an OR.
func TestPagesEndUnderAnOr(t *testing.T) {
	db := layerstest.DB(t)
	if _, err := db.Exec(t.Context(), `INSERT INTO map.base_poi (id, name, class, geom)
		SELECT i, i % 2, 'x', 'SRID=4326;POINT(120 29)' FROM generate_series(1, 10) i`); err != nil {
		t.Fatal(err)
	}
	store := layers.NewStore(db)
	l, err := store.Layer(t.Context(), "base_poi")
	if err != nil {
		t.Fatal(err)
	}
	q := layers.Query{Layer: l, Where: where.Any{where.Eq{Field: "name", Value: "0"}, where.Eq{Field: "name", Value: "1"}}, After: 7}
	n := 0
	for f, err := range store.Features(t.Context(), q) {
		if err != nil {
			t.Fatal(err)
		}
		if f.ID <= q.After {
			t.Errorf("feature %d is on the page after %d", f.ID, q.After)
		}
		n++
	}
	if n != 3 {
		t.Errorf("%d features after the seventh of ten", n)
	}
}
