package archive_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/mvt"
	"github.com/paulmach/orb/geojson"
	"github.com/paulmach/orb/maptile"

	"onemap/geo/where"
	"onemap/tiles"
	"onemap/tiles/archive"
	"onemap/tiles/pmtiles"
)

// points is a source of one layer of points, each in every tile that it lies
// in. A tile of an odd column says that it left one out.
type points struct {
	name string
	at   []orb.Point
}

func (s points) Tile(_ context.Context, r tiles.Request) ([]tiles.Part, error) {
	out := make([]tiles.Part, len(r.Layers))
	for i, l := range r.Layers {
		if l.Name != s.name {
			continue
		}
		out[i].Held = true
		var fc geojson.FeatureCollection
		for k, p := range s.at {
			if r.At.Bound(65.0 / 4096).Contains(p) {
				f := geojson.NewFeature(p)
				f.Properties["n"] = k
				fc.Features = append(fc.Features, f)
			}
		}
		if len(fc.Features) == 0 {
			continue
		}
		layer := mvt.NewLayer(s.name, &fc)
		layer.Version = 2
		layer.ProjectToTile(r.At)
		b, err := mvt.Marshal(mvt.Layers{layer})
		if err != nil {
			return nil, err
		}
		out[i].MVT = b
		if r.At.X%2 == 1 {
			out[i].Omitted = len(fc.Features)
		}
	}
	return out, nil
}

func scatter(seed uint64, n int) []orb.Point {
	rnd := rand.New(rand.NewPCG(seed, 1))
	out := make([]orb.Point, n)
	for i := range out {
		out[i] = orb.Point{119 + 2*rnd.Float64(), 28 + 2*rnd.Float64()}
	}
	return append(out, orb.Point{180, 10}, orb.Point{-180, 10}, orb.Point{0, 90}, orb.Point{0, 0})
}

const maxZoom = 9

func layerOf(name string) archive.Layer {
	return archive.Layer{LayerRequest: tiles.LayerRequest{Name: name, Version: 7, Where: where.True, Fields: []string{"n"}}, MinZoom: 2, MaxZoom: maxZoom}
}

// part builds the archive of a source's layer.
func part(t *testing.T, s points, metadata any) (archive.Part, uint64) {
	t.Helper()
	cover := archive.NewCover(maxZoom)
	for _, p := range s.at {
		if err := cover.Add(p.Bound()); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(t.TempDir(), s.name+".pmtiles")
	w, err := pmtiles.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	var last uint64
	n, err := archive.Build(t.Context(), &tiles.Maker{PostGIS: s}, layerOf(s.name), cover, w, func(done, all uint64) {
		if done != last+1 || done > all {
			t.Errorf("progress %d of %d after %d", done, all, last)
		}
		last = done
	})
	if err != nil {
		t.Fatal(err)
	}
	b, _ := json.Marshal(metadata)
	if err := w.Finish(pmtiles.Summary{MinZoom: 2, MaxZoom: maxZoom, Metadata: b}); err != nil {
		t.Fatal(err)
	}
	return archive.Part{Layer: layerOf(s.name), Reader: open(t, path)}, n
}

func open(t *testing.T, path string) *pmtiles.Reader {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	r, err := pmtiles.NewReader(f, info.Size())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// everyTile calls f for all tiles of the zooms.
func everyTile(from, to maptile.Zoom, f func(maptile.Tile)) {
	for z := from; z <= to; z++ {
		for x := range uint32(1) << z {
			for y := range uint32(1) << z {
				f(maptile.New(x, y, z))
			}
		}
	}
}

// An archive has exactly the tiles that the source has, in every byte, and
// only tiles of the cover were asked for.
func TestBuildHasEveryTile(t *testing.T) {
	src := points{"asset", scatter(3, 300)}
	p, n := part(t, src, struct{}{})
	maker := &tiles.Maker{PostGIS: src}
	var want uint64
	everyTile(2, 7, func(at maptile.Tile) {
		tile, err := maker.Get(t.Context(), tiles.Request{At: at, Layers: []tiles.LayerRequest{p.LayerRequest}})
		if err != nil {
			t.Fatal(err)
		}
		got, err := p.Tile(uint8(at.Z), at.X, at.Y)
		if err != nil {
			t.Fatal(err)
		}
		if len(got) > 0 {
			want++
			got, err = pmtiles.Decompress(got, 1<<20)
		}
		if err != nil || !bytes.Equal(got, tile.MVT) {
			t.Errorf("%v has %d bytes, want %d (%v)", at, len(got), len(tile.MVT), err)
		}
	})
	if n != p.Tiles || want == 0 || want > n {
		t.Errorf("%d tiles, the archive says %d, of the first zooms %d", n, p.Tiles, want)
	}
}

// Layers joined from their parts are as a maker joins them.
func TestMerge(t *testing.T) {
	sources := []points{{"base_water", scatter(1, 50)}, {"base_road", scatter(2, 200)}, {"base_poi", scatter(3, 400)}}
	var parts []archive.Part
	var all archive.First
	var requests []tiles.LayerRequest
	for _, s := range sources {
		p, _ := part(t, s, struct{}{})
		parts, all, requests = append(parts, p), append(all, s), append(requests, p.LayerRequest)
	}
	path := filepath.Join(t.TempDir(), "all.pmtiles")
	w, err := pmtiles.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	n, err := archive.Merge(t.Context(), parts, w, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Finish(pmtiles.Summary{MinZoom: 2, MaxZoom: maxZoom, Metadata: []byte("{}")}); err != nil {
		t.Fatal(err)
	}
	r, maker, full := open(t, path), &tiles.Maker{PostGIS: all}, 0
	everyTile(2, 7, func(at maptile.Tile) {
		tile, err := maker.Get(t.Context(), tiles.Request{At: at, Layers: requests})
		if err != nil {
			t.Fatal(err)
		}
		got, err := r.Tile(uint8(at.Z), at.X, at.Y)
		if err == nil && len(got) > 0 {
			full++
			got, err = pmtiles.Decompress(got, 1<<20)
		}
		if err != nil || !bytes.Equal(got, tile.MVT) {
			t.Errorf("%v has %d bytes, want %d (%v)", at, len(got), len(tile.MVT), err)
		}
	})
	if r.Tiles != n || full < 20 {
		t.Errorf("%d tiles, %d of them tried; the archive says %d", n, full, r.Tiles)
	}
}

// A broken source ends the work with its error, and at once.
func TestBuildFails(t *testing.T) {
	broken := errors.New("the database is gone")
	cover := archive.NewCover(maxZoom)
	if err := cover.Add(orb.Bound{Min: orb.Point{100, 20}, Max: orb.Point{120, 40}}); err != nil {
		t.Fatal(err)
	}
	w, err := pmtiles.Create(filepath.Join(t.TempDir(), "a.pmtiles"))
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abandon()
	_, err = archive.Build(t.Context(), &tiles.Maker{PostGIS: failing{broken}}, layerOf("asset"), cover, w, nil)
	if !errors.Is(err, broken) {
		t.Error(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	_, err = archive.Build(ctx, &tiles.Maker{PostGIS: points{"asset", scatter(1, 10)}}, layerOf("asset"), cover, w, func(done, _ uint64) {
		if done == 20 {
			stop()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

type failing struct{ error }

func (f failing) Tile(context.Context, tiles.Request) ([]tiles.Part, error) { return nil, f.error }

// The cover of boxes is every tile that meets one with its buffer, at every
// zoom, in order.
func TestCover(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 5))
	cover := archive.NewCover(7)
	var boxes []orb.Bound
	for range 30 {
		a := orb.Point{rnd.Float64()*360 - 180, rnd.Float64()*170 - 85}
		boxes = append(boxes, orb.Bound{Min: a, Max: orb.Point{min(180, a[0]+rnd.Float64()*5), min(90, a[1]+rnd.Float64()*5)}})
	}
	boxes = append(boxes, orb.Bound{Min: orb.Point{-180, -90}, Max: orb.Point{-180, -90}}, orb.Bound{Min: orb.Point{180, 90}, Max: orb.Point{180, 90}})
	for _, b := range boxes {
		if err := cover.Add(b); err != nil {
			t.Fatal(err)
		}
	}
	for z := range 8 {
		got := slices.Collect(cover.Tiles(z))
		if !slices.IsSorted(got) || len(slices.Compact(slices.Clone(got))) != len(got) || uint64(len(got)) != cover.Count(z, z) {
			t.Errorf("zoom %d is not in order, or has tiles twice", z)
		}
		have := map[maptile.Tile]bool{}
		for _, id := range got {
			z, x, y, _ := pmtiles.Address(id)
			have[maptile.New(x, y, maptile.Zoom(z))] = true
		}
		everyTile(maptile.Zoom(z), maptile.Zoom(z), func(at maptile.Tile) {
			// A parent has its children's tiles, whose buffers are narrower.
			meets := slices.ContainsFunc(boxes, func(b orb.Bound) bool { return at.Bound().Intersects(b) })
			near := slices.ContainsFunc(boxes, func(b orb.Bound) bool { return at.Bound(0.05).Intersects(b) })
			edge := at.Y == 0 || at.Y == 1<<at.Z-1 // the poles are theirs
			if meets && !have[at] || have[at] && !near && !edge {
				t.Errorf("%v: meets %v, near %v, in the cover %v", at, meets, near, have[at])
			}
		})
	}
	cut := orb.Bound{Min: orb.Point{0, 0}, Max: orb.Point{40, 40}}
	before := slices.Collect(cover.Tiles(7))
	cover.Within(cut)
	after := slices.Collect(cover.Tiles(7))
	for _, id := range before {
		z, x, y, _ := pmtiles.Address(id)
		at := maptile.New(x, y, maptile.Zoom(z))
		if slices.Contains(after, id) != at.Bound(65.0/4096).Intersects(cut) {
			t.Errorf("%v is left: %v", at, slices.Contains(after, id))
		}
	}
	if err := archive.NewCover(22).Add(orb.Bound{Min: orb.Point{-180, -85}, Max: orb.Point{180, 85}}); !errors.Is(err, archive.ErrTooMany) {
		t.Errorf("the world at zoom 22: %v", err)
	}
}

// What lies in a tile's buffer alone is in the cover, at every zoom: a tile's
// buffer is wider than its children's.
func TestCoverHoldsWhatLiesInTheBuffer(t *testing.T) {
	for z := maptile.Zoom(3); z <= 9; z++ {
		edge := maptile.New(5, 3, z).Bound()
		p := orb.Point{edge.Max[0] + (edge.Max[0]-edge.Min[0])*60/4096, edge.Center()[1]}
		cover := archive.NewCover(9)
		if err := cover.Add(p.Bound()); err != nil {
			t.Fatal(err)
		}
		got := map[maptile.Tile]bool{}
		ids := slices.Collect(cover.Tiles(int(z)))
		for _, id := range ids {
			z, x, y, _ := pmtiles.Address(id)
			got[maptile.New(x, y, maptile.Zoom(z))] = true
		}
		if want := map[maptile.Tile]bool{maptile.New(5, 3, z): true, maptile.New(6, 3, z): true}; !maps.Equal(got, want) || !slices.IsSorted(ids) {
			t.Errorf("zoom %d: %v", z, got)
		}
	}
}

// A source holds what the archive has for that right, and only as long as it
// is true.
func TestSource(t *testing.T) {
	src := points{"base_road", scatter(2, 100)}
	origin := archive.OriginLayer{Name: "base_road", Version: archive.FormatVersion(7), Whole: true, Fields: []string{"n"}, MinZoom: 2, MaxZoom: maxZoom, Digest: "1:ab"}
	p, _ := part(t, src, archive.Metadata{Onemap: &archive.Origin{Layers: []archive.OriginLayer{origin}}})
	changed := map[maptile.Tile]uint64{}
	s, err := archive.NewSource(p.Reader, func(layer string, at maptile.Tile) uint64 {
		if layer != "base_road" {
			t.Errorf("asked about %q", layer)
		}
		return changed[at]
	})
	if err != nil {
		t.Fatal(err)
	}
	at := maptile.At(src.at[0], 8)
	ask := func(r tiles.Request) tiles.Part {
		t.Helper()
		parts, err := s.Tile(t.Context(), r)
		if err != nil || len(parts) != len(r.Layers) {
			t.Fatal(parts, err)
		}
		return parts[0]
	}
	good := tiles.Request{At: at, Layers: []tiles.LayerRequest{p.LayerRequest}}
	if ask(good).Held {
		t.Error("it holds a layer before it was told that it may")
	}
	s.Believe("base_road", 100)
	want, _ := src.Tile(t.Context(), good)
	if got := ask(good); !got.Held || got.From != tiles.FromArchive || !bytes.Equal(got.MVT, want[0].MVT) || got.Omitted != want[0].Omitted {
		t.Errorf("got %d bytes, %d left out", len(got.MVT), got.Omitted)
	}
	if got := ask(tiles.Request{At: maptile.New(0, 200, 8), Layers: good.Layers}); !got.Held || len(got.MVT) > 0 {
		t.Errorf("where nothing is: %+v", got)
	}
	for name, change := range map[string]func(*tiles.Request){
		"another version":     func(r *tiles.Request) { r.Layers[0].Version = 8 },
		"a filter":            func(r *tiles.Request) { r.Layers[0].Where = where.Eq{Field: "n", Value: int64(1)} },
		"no right":            func(r *tiles.Request) { r.Layers[0].Where = nil },
		"fewer fields":        func(r *tiles.Request) { r.Layers[0].Fields = nil },
		"more fields":         func(r *tiles.Request) { r.Layers[0].Fields = []string{"n", "secret"} },
		"another layer":       func(r *tiles.Request) { r.Layers[0].Name = "base_poi" },
		"a larger zoom":       func(r *tiles.Request) { r.At = maptile.At(src.at[0], maxZoom+1) },
		"a smaller zoom":      func(r *tiles.Request) { r.At = maptile.At(src.at[0], 1) },
		"all as they are":     func(r *tiles.Request) { r.Plain = true },
		"a tile that changed": func(r *tiles.Request) { changed[at] = 101 },
	} {
		r := tiles.Request{At: at, Layers: slices.Clone(good.Layers)}
		change(&r)
		if ask(r).Held {
			t.Errorf("%s: it holds that", name)
		}
		delete(changed, at)
	}
	changed[at] = 100
	if !ask(good).Held {
		t.Error("a change that the archive has makes it old")
	}
	s.Believe("base_road", 0)
	if ask(good).Held {
		t.Error("it holds a layer that is not believed any more")
	}
}

func TestSourceRefuses(t *testing.T) {
	layer := archive.OriginLayer{Name: "base_road", Version: "7", Whole: true, MinZoom: 2, MaxZoom: maxZoom, Digest: "1:ab"}
	part1 := layer
	part1.Whole = false
	undigested := layer
	undigested.Digest = ""
	for name, o := range map[string]*archive.Origin{
		"another's archive": nil,
		"cut to a box":      {Cut: true, Layers: []archive.OriginLayer{layer}},
		"part of the rows":  {Layers: []archive.OriginLayer{part1}},
		"changed meanwhile": {Layers: []archive.OriginLayer{undigested}},
	} {
		p, _ := part(t, points{"base_road", scatter(2, 1)}, archive.Metadata{Onemap: o})
		s, err := archive.NewSource(p.Reader, nil)
		if err != nil {
			t.Fatal(err)
		}
		if ls := s.Layers(); len(ls) > 0 {
			t.Errorf("%s: it may come to hold %v", name, ls)
		}
	}
}

// The first source that holds a layer gives it; an error is an error.
func TestFirst(t *testing.T) {
	at := orb.Point{120, 29}
	a, b := points{"a", []orb.Point{at}}, points{"b", []orb.Point{at, at}}
	r := tiles.Request{At: maptile.At(at, 5), Layers: []tiles.LayerRequest{{Name: "b"}, {Name: "c"}, {Name: "a"}}}
	parts, err := archive.First{a, b}.Tile(t.Context(), r)
	if err != nil || !parts[0].Held || parts[1].Held || !parts[2].Held || bytes.Equal(parts[0].MVT, parts[2].MVT) {
		t.Error(fmt.Sprint(parts, err))
	}
	broken := errors.New("broken")
	if _, err := (archive.First{a, failing{broken}}).Tile(t.Context(), r); !errors.Is(err, broken) {
		t.Error(err)
	}
}
