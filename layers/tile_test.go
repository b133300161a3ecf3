package layers_test

import (
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/mvt"
	"github.com/paulmach/orb/maptile"

	"onemap/geo/where"
	"onemap/layers"
	"onemap/layers/layerstest"
)

// Where not all features fit, those of least rank go first, and the part says
// how many went.
func TestTileKeepsToItsBudget(t *testing.T) {
	db := layerstest.DB(t)
	if _, err := db.Exec(t.Context(), `
		UPDATE onemap.layer SET tile_kib = 4 WHERE name = 'enterprise';
		INSERT INTO map.enterprise (name, risk, geom)
		SELECT 'number ' || i, CASE WHEN i % 10 = 0 THEN 1 ELSE 4 END, ST_SetSRID(ST_MakePoint(120 + i * 1e-5, 29), 4326) FROM generate_series(1, 1000) i`); err != nil {
		t.Fatal(err)
	}
	store := layers.NewStore(db)
	l, err := store.Layer(t.Context(), "enterprise")
	if err != nil {
		t.Fatal(err)
	}
	at := maptile.At(orb.Point{120.005, 29}, 14)
	wanted := []layers.TileLayer{{Layer: l, Where: where.True, Fields: []string{"name", "risk"}}}

	ask := func(plain bool) (part layers.TilePart, features, risky int) {
		parts, snapshot, err := store.Tile(t.Context(), at, wanted, plain)
		if err != nil {
			t.Fatal(err)
		}
		if snapshot == "" {
			t.Error("a tile without its snapshot")
		}
		ls, err := mvt.Unmarshal(parts[0].MVT)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range ls[0].Features {
			if f.Properties["risk"] == 1.0 {
				risky++
			}
		}
		return parts[0], len(ls[0].Features), risky
	}
	whole, all, risky := ask(true)
	if whole.Omitted != 0 || all < 500 || risky == 0 {
		t.Fatalf("plain: %d features, %d risky, %d omitted", all, risky, whole.Omitted)
	}
	// Who may not see the rank is not told by what stays which rows have it.
	wanted[0].Fields = []string{"name"}
	if _, err := db.Exec(t.Context(), `UPDATE map.enterprise SET name = CASE risk WHEN 1 THEN 'risky' ELSE name END`); err != nil {
		t.Fatal(err)
	}
	blind, _, err := store.Tile(t.Context(), at, wanted, false)
	if err != nil {
		t.Fatal(err)
	}
	ls, err := mvt.Unmarshal(blind[0].MVT)
	if err != nil {
		t.Fatal(err)
	}
	told := 0
	for _, f := range ls[0].Features {
		if f.Properties["name"] == "risky" {
			told++
		}
	}
	if n := len(ls[0].Features); told*5 > n {
		t.Errorf("%d of the %d that stay have the rank that may not be seen", told, n)
	}
	wanted[0].Fields = []string{"name", "risk"}
	part, kept, still := ask(false)
	if len(part.MVT) > 4<<10 || kept+part.Omitted != all || kept <= risky || still != risky {
		t.Errorf("%d bytes, %d kept and %d omitted of %d; %d of %d risky ones stayed", len(part.MVT), kept, part.Omitted, all, still, risky)
	}
}

// Counts are as few as they can be: a budget that they exceed is no reason to
// ask for them without end.
func TestCountsOverTheBudget(t *testing.T) {
	db := layerstest.DB(t)
	if _, err := db.Exec(t.Context(), `
		UPDATE onemap.layer SET tile_kib = 1 WHERE name = 'enterprise';
		INSERT INTO map.enterprise (name, risk, industry, geom)
		SELECT 'x', 4, 'industry ' || i, ST_SetSRID(ST_MakePoint(0.0175 * i, 0.0175 * (i * 7 % 1000)), 4326) FROM generate_series(1, 1000) i`); err != nil {
		t.Fatal(err)
	}
	store := layers.NewStore(db)
	l, err := store.Layer(t.Context(), "enterprise")
	if err != nil {
		t.Fatal(err)
	}
	parts, _, err := store.Tile(t.Context(), maptile.New(1, 0, 1), []layers.TileLayer{{Layer: l, Where: where.True, Fields: []string{"industry"}}}, false)
	if err != nil || len(parts[0].MVT) <= 1<<10 {
		t.Errorf("%d bytes, %v", len(parts[0].MVT), err)
	}
}
