package tiles_test

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/mvt"
	"github.com/paulmach/orb/geojson"
	"github.com/paulmach/orb/maptile"

	"onemap/cmd/onemap/tilefeed"
	"onemap/geo/where"
	"onemap/layers"
	"onemap/layers/feed"
	"onemap/layers/layerstest"
	"onemap/tiles"
)

var update = flag.Bool("update", false, "write the golden tiles anew; read the diff before you commit it")

// sourceFunc is a source that is a function.
type sourceFunc func(context.Context, tiles.Request) ([]tiles.Part, error)

func (f sourceFunc) Tile(ctx context.Context, r tiles.Request) ([]tiles.Part, error) {
	return f(ctx, r)
}

// The world of the golden tiles: features at places where tile servers fail.
const world = `
INSERT INTO map.base_poi (id, name, class, geom) VALUES
    (1, '义乌', 'town', 'SRID=4326;POINT(120.0745 29.3068)'),
    (2, 'antimeridian west', 'town', 'SRID=4326;POINT(-180 10)'),
    (3, 'antimeridian east', 'town', 'SRID=4326;POINT(180 10)'),
    (4, 'just east of it', 'town', 'SRID=4326;POINT(-179.999 10)'),
    (5, 'null island', 'town', 'SRID=4326;POINT(0 0)'),
    (6, 'north pole', 'town', 'SRID=4326;POINT(0 90)'),
    (7, 'مرحبا', 'town', 'SRID=4326;POINT(-0.1 -0.1)');
INSERT INTO map.base_water (id, name, class, geom) VALUES
    (1, 'to the south pole', 'sea', ST_Multi('SRID=4326;POLYGON((-180 -90, 180 -90, 180 -60, -180 -60, -180 -90))')),
    (2, 'with an island', 'lake', ST_Multi('SRID=4326;POLYGON((100 20, 110 20, 110 30, 100 30, 100 20), (103 23, 107 23, 107 27, 103 27, 103 23))'));
INSERT INTO map.base_road (id, name, class, geom) VALUES
    (1, '一号公路', 'trunk', 'SRID=4326;LINESTRING(100 25, 120 25, 120 40)');
UPDATE onemap.layer SET minzoom = 0, detail_zoom = NULL;
INSERT INTO onemap.class (standard, kind, code, major, major_zh, major_en, name_zh, name_en) VALUES ('test', 'component', '1', '1', '一', 'one', '灯', 'lamp');
INSERT INTO map.asset (id, class_standard, class_code, dept_code, geom)
    SELECT i, 'test', '1', CASE WHEN i % 2 = 0 THEN 'urban' ELSE 'police' END, ST_SetSRID(ST_MakePoint(-180 + 0.36 * i, -89 + 0.178 * i), 4326) FROM generate_series(0, 1000) i;
UPDATE onemap.layer SET detail_zoom = 12 WHERE name = 'asset';`

func TestGoldenTiles(t *testing.T) {
	url := layerstest.URL(t)
	db, err := layers.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	if _, err := db.Exec(t.Context(), world); err != nil {
		t.Fatal(err)
	}
	store := layers.NewStore(db)
	postgis := tilefeed.PostGIS{Store: store}
	memory := inMemory(t, url, store)
	base := []tiles.LayerRequest{
		{Name: "base_water", Where: where.True, Fields: []string{"name", "class"}},
		{Name: "base_road", Where: where.True, Fields: []string{"name", "class"}},
		{Name: "base_poi", Where: where.True, Fields: []string{"name"}},
	}
	for _, tt := range []struct {
		name   string
		at     maptile.Tile
		layers []tiles.LayerRequest
	}{
		{"world_0_0_0", maptile.New(0, 0, 0), base},
		{"all_of_china_1_1_0", maptile.New(1, 0, 1), base},
		{"last_column_2_3_1", maptile.New(3, 1, 2), base},
		{"first_column_2_0_1", maptile.New(0, 1, 2), base},
		{"last_column_22", maptile.New(1<<22-1, 1980478, 22), base},
		{"yiwu_22", maptile.At([2]float64{120.0745, 29.3068}, 22), base},
		{"point_in_the_buffer_1_0_0", maptile.New(0, 0, 1), base},
		{"counted_by_cell_1_1_0", maptile.New(1, 0, 1), []tiles.LayerRequest{{Name: "asset", Where: where.True}}},
		{"counted_by_right_1_1_0", maptile.New(1, 0, 1), []tiles.LayerRequest{{Name: "asset", Where: where.Eq{Field: "dept_code", Value: "police"}}}},
		{"empty_5_10_10", maptile.New(10, 10, 5), base},
	} {
		for i, l := range tt.layers { // memory answers for the definition that it was loaded with
			def, err := store.Layer(t.Context(), l.Name)
			if err != nil {
				t.Fatal(err)
			}
			tt.layers[i].Version = def.Version
		}
		tileBy := func(m *tiles.Maker, from string) []byte {
			tile, err := m.Get(t.Context(), tiles.Request{At: tt.at, Layers: tt.layers})
			if err != nil {
				t.Fatal(err)
			}
			if tile.From != from {
				t.Errorf("made from %s, want %s", tile.From, from)
			}
			return tile.MVT
		}
		t.Run(tt.name, func(t *testing.T) {
			made := tileBy(&tiles.Maker{PostGIS: postgis}, tiles.FromPostGIS)
			got := dump(t, made)
			golden := filepath.Join("testdata", tt.name+".txt")
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
			if got := tileBy(&tiles.Maker{Memory: memory}, tiles.FromMemory); !alike(loose(t, got), loose(t, made)) {
				t.Errorf("from memory\n%s\nwant\n%s", dump(t, got), want)
			}
		})
	}
}

// loose is a tile as words, in an order that does not depend on who made it:
// memory's features are in that of a curve and PostGIS' in that of the ids, and
// a ring may begin anywhere.
func loose(t *testing.T, b []byte) []string {
	t.Helper()
	ls, err := mvt.Unmarshal(b)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range ls {
		for _, f := range l.Features {
			if p, ok := f.Geometry.(orb.Polygon); ok {
				for i, r := range p {
					p[i] = fromSmallest(r)
				}
			}
		}
		slices.SortFunc(l.Features, func(a, b *geojson.Feature) int {
			return cmp.Or(cmp.Compare(fmt.Sprint(a.ID), fmt.Sprint(b.ID)), cmp.Compare(describe(a), describe(b)))
		})
	}
	return strings.Fields(text(ls))
}

// fromSmallest begins a ring at its smallest point.
func fromSmallest(r orb.Ring) orb.Ring {
	open := r[:len(r)-1]
	first := 0
	for i, p := range open {
		if cmp.Or(cmp.Compare(p[0], open[first][0]), cmp.Compare(p[1], open[first][1])) < 0 {
			first = i
		}
	}
	return append(append(slices.Clone(open[first:]), open[:first]...), open[first])
}

// alike says whether two texts are the same but for numbers that differ by a
// unit: PostGIS computes with doubles, memory with integers of 2^36 to the world,
// four to a unit of the largest zoom.
func alike(a, b []string) bool {
	return slices.EqualFunc(a, b, func(a, b string) bool {
		x, err := strconv.Atoi(strings.Trim(a, "[]"))
		y, err2 := strconv.Atoi(strings.Trim(b, "[]"))
		return a == b || err == nil && err2 == nil && max(x-y, y-x) <= 1
	})
}

// inMemory returns the source of a database's layers in memory, when they are there.
func inMemory(t *testing.T, url string, store *layers.Store) tiles.Source {
	t.Helper()
	quiet := slog.New(slog.DiscardHandler)
	keeper := tilefeed.NewKeeper(store, tilefeed.Options{Log: quiet})
	f := feed.New(url, feed.Registry(store), keeper.Reader())
	f.Log = quiet
	keeper.Follow(f)
	ctx, stop := context.WithCancel(t.Context())
	var work sync.WaitGroup
	work.Go(func() { _ = f.Run(ctx) })
	work.Go(func() { _ = keeper.Run(ctx) })
	t.Cleanup(func() { stop(); work.Wait() })
	for began := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		missing := 4
		for _, l := range keeper.Status().Layers {
			if l.State == tilefeed.Held && slices.Contains([]string{"base_water", "base_road", "base_poi", "asset"}, l.Name) {
				missing--
			}
		}
		if missing == 0 && keeper.Position() > 0 {
			return keeper
		}
		if time.Since(began) > 30*time.Second {
			t.Fatalf("the layers are not held: %+v", keeper.Status())
		}
	}
}

// dump writes a tile as text: a line a feature, in the tile's order.
func dump(t *testing.T, b []byte) string {
	t.Helper()
	ls, err := mvt.Unmarshal(b)
	if err != nil {
		t.Fatal(err)
	}
	return text(ls)
}

func text(ls mvt.Layers) string {
	var out strings.Builder
	for _, l := range ls {
		fmt.Fprintf(&out, "layer %s version %d extent %d\n", l.Name, l.Version, l.Extent)
		for _, f := range l.Features {
			fmt.Fprintf(&out, "  %v %s\n", f.ID, describe(f))
		}
	}
	return out.String()
}

func describe(f *geojson.Feature) string {
	var b strings.Builder
	for _, k := range slices.SortedFunc(maps.Keys(f.Properties), cmp.Compare[string]) {
		fmt.Fprintf(&b, "%s=%v ", k, f.Properties[k])
	}
	return fmt.Sprintf("%s%s %v", b.String(), f.Geometry.GeoJSONType(), f.Geometry)
}

// The counts of a zoom's tiles add up to the rows, at every zoom, also on the
// antimeridian and at the poles.
func TestCountsAddUpToTheRows(t *testing.T) {
	db := layerstest.DB(t)
	if _, err := db.Exec(t.Context(), world); err != nil {
		t.Fatal(err)
	}
	src := tilefeed.PostGIS{Store: layers.NewStore(db)}
	for zoom := range maptile.Zoom(5) {
		var sum uint64
		for x := range uint32(1) << zoom {
			for y := range uint32(1) << zoom {
				parts, err := src.Tile(t.Context(), tiles.Request{At: maptile.New(x, y, zoom), Layers: []tiles.LayerRequest{{Name: "asset", Where: where.True, Fields: []string{"class_code"}}}})
				if err != nil {
					t.Fatal(err)
				}
				ls, err := mvt.Unmarshal(parts[0].MVT)
				if err != nil {
					t.Fatal(err)
				}
				for _, l := range ls {
					for _, f := range l.Features {
						sum += uint64(f.Properties["count"].(float64))
						if f.Properties["class:1"] != f.Properties["count"] {
							t.Errorf("a cell of one class has %v", f.Properties)
						}
					}
				}
			}
		}
		if sum != 1001 {
			t.Errorf("zoom %d counts %d of 1001", zoom, sum)
		}
	}
}

func TestETagIsOfContentAndRight(t *testing.T) {
	content := []byte("the same bytes")
	src := sourceFunc(func(context.Context, tiles.Request) ([]tiles.Part, error) {
		return []tiles.Part{{Held: true, MVT: content}}, nil
	})
	tag := func(l tiles.LayerRequest) string {
		tile, err := (&tiles.Maker{PostGIS: src}).Get(t.Context(), tiles.Request{Layers: []tiles.LayerRequest{l}})
		if err != nil {
			t.Fatal(err)
		}
		return tile.ETag
	}
	one := tag(tiles.LayerRequest{Name: "asset", Where: where.And(where.Eq{Field: "a", Value: "1"}, where.Eq{Field: "b", Value: "2"})})
	if same := tag(tiles.LayerRequest{Name: "asset", Where: where.And(where.Eq{Field: "b", Value: "2"}, where.Eq{Field: "a", Value: "1"})}); same != one {
		t.Error("equal rights, different tags")
	}
	if other := tag(tiles.LayerRequest{Name: "asset", Where: where.True}); other == one {
		t.Error("different rights, equal tags")
	}
	if other := tag(tiles.LayerRequest{Name: "asset", Where: where.And(where.Eq{Field: "a", Value: "1"}, where.Eq{Field: "b", Value: "2"}), Fields: []string{"name"}}); other == one {
		t.Error("different fields, equal tags")
	}
	content = []byte("other bytes")
	if other := tag(tiles.LayerRequest{Name: "asset", Where: where.And(where.Eq{Field: "a", Value: "1"}, where.Eq{Field: "b", Value: "2"})}); other == one {
		t.Error("different content, equal tags")
	}
}
