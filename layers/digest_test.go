package layers_test

import (
	"slices"
	"testing"

	"github.com/paulmach/orb"

	"onemap/geo/where"
	"onemap/layers"
	"onemap/layers/layerstest"
)

// A digest tells contents that make other tiles apart, and nothing else.
func TestDigest(t *testing.T) {
	db := layerstest.DB(t)
	store := layers.NewStore(db)
	l, err := store.Layer(t.Context(), "base_road")
	if err != nil {
		t.Fatal(err)
	}
	digest := func(sql string) string {
		t.Helper()
		if _, err := db.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
		d, snapshot, err := store.Digest(t.Context(), l)
		if err != nil || snapshot == "" {
			t.Fatal(snapshot, err)
		}
		return d
	}
	empty := digest(`SELECT 1`)
	one := digest(`INSERT INTO map.base_road (id, name, class, geom) VALUES (1, '路', 'primary', 'SRID=4326;LINESTRING(120 29, 121 29)')`)
	two := digest(`INSERT INTO map.base_road (id, name, class, geom) VALUES (2, '路', 'primary', 'SRID=4326;LINESTRING(120 29, 121 29)')`)
	renamed := digest(`UPDATE map.base_road SET name = '街' WHERE id = 2`)
	moved := digest(`UPDATE map.base_road SET geom = 'SRID=4326;LINESTRING(120 29, 121 29.0000001)' WHERE id = 2`)
	classed := digest(`UPDATE map.base_road SET class = 'track' WHERE id = 2`)
	numbered := digest(`UPDATE map.base_road SET ref = 'A1' WHERE id = 2`)
	all := []string{empty, one, two, renamed, moved, classed, numbered}
	slices.Sort(all)
	if len(slices.Compact(all)) != 7 {
		t.Errorf("some of these are equal: %v", all)
	}
	if same := digest(`UPDATE map.base_road SET maxspeed_kmh = 30 WHERE id = 2`); same != numbered {
		t.Error("a field that no tile has changes the digest")
	}
	if same := digest(`DELETE FROM map.base_road; INSERT INTO map.base_road (id, name, class, geom) VALUES (1, '路', 'primary', 'SRID=4326;LINESTRING(120 29, 121 29)')`); same != one {
		t.Error("the same rows written again have another digest")
	}
}

// Boxes are of the features that hold the condition.
func TestBoxes(t *testing.T) {
	db := layerstest.DB(t)
	store := layers.NewStore(db)
	if _, err := db.Exec(t.Context(), `INSERT INTO map.base_road (name, class, geom) VALUES
		('a', 'primary', 'SRID=4326;LINESTRING(120 29, 121 30)'), ('b', 'track', 'SRID=4326;LINESTRING(1 2, 3 1)')`); err != nil {
		t.Fatal(err)
	}
	l, err := store.Layer(t.Context(), "base_road")
	if err != nil {
		t.Fatal(err)
	}
	var got []orb.Bound
	for b, err := range store.Boxes(t.Context(), l, where.Eq{Field: "class", Value: "track"}) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, b)
	}
	if want := (orb.Bound{Min: orb.Point{1, 1}, Max: orb.Point{3, 2}}); len(got) != 1 || got[0] != want {
		t.Errorf("%v", got)
	}
	n := 0
	for range store.Boxes(t.Context(), l, where.True) {
		n++
		break // and nothing is left open: the pool of the test closes
	}
	for _, err := range store.Boxes(t.Context(), l, where.Eq{Field: "nothing", Value: "x"}) {
		if err == nil {
			t.Error("a field that is not there")
		}
		n++
	}
	if n != 2 {
		t.Errorf("%d rounds", n)
	}
}
