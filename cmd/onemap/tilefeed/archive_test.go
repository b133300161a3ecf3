package tilefeed_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/maptile"

	"onemap/cmd/onemap/tilefeed"
	"onemap/geo/where"
	"onemap/tiles"
	"onemap/tiles/archive"
	"onemap/tiles/pmtiles"
	"onemap/web/takeout"
)

// exportRoads writes an archive of the roads to path.
func exportRoads(w *world, path string) {
	w.Helper()
	l, err := w.store.Layer(w.Context(), "base_road")
	if err != nil {
		w.Fatal(err)
	}
	wanted := []takeout.Layer{{Layer: l, Where: where.True, Fields: []string{"name", "class"}}}
	takeout.Zooms(wanted, -1, -1)
	part := path + ".part"
	built, err := takeout.Build(w.Context(), w.store, &tiles.Maker{PostGIS: tilefeed.PostGIS{Store: w.store}}, wanted[0], nil, 0, part, nil)
	if err != nil {
		w.Fatal(err)
	}
	defer os.Remove(part)
	if n, err := takeout.Finish(w.Context(), takeout.Whole{Format: "pmtiles", Path: path, Right: archive.RightPublic, Made: time.Now(), By: "test",
		Layers: wanted, Built: []takeout.Built{built}, Parts: []string{part}}, nil); err != nil || n == 0 || built.Digest == "" {
		w.Fatal(n, built, err)
	}
}

// The life of an archive beside a database that goes on changing.
func TestArchive(t *testing.T) {
	path := filepath.Join(t.TempDir(), "base.pmtiles")
	w := newWorld(t, tilefeed.Options{Budget: 1}, func(w *world) {
		w.exec(`INSERT INTO map.base_road (id, name, class, geom) VALUES
			(1, '人民路', 'primary', 'SRID=4326;LINESTRING(120.001 29.305, 120.009 29.305)'),
			(2, '远路', 'primary', 'SRID=4326;LINESTRING(120.501 29.305, 120.509 29.305)')`)
		exportRoads(w, path)
	})
	a := &tilefeed.Archive{Path: path, Store: w.store, Stamps: w.stamps, Visible: w.feed.Visible, Log: slog.New(slog.DiscardHandler), Every: 20 * time.Millisecond}
	if err := a.Open(); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = a.Run(ctx) })
	t.Cleanup(func() { stop(); running.Wait() })

	near, far := maptile.At(orb.Point{120.005, 29.305}, 13), maptile.At(orb.Point{120.505, 29.305}, 13)
	request := func(at maptile.Tile) tiles.Request {
		t.Helper()
		l, err := w.store.Layer(t.Context(), "base_road")
		if err != nil {
			t.Fatal(err)
		}
		return tiles.Request{At: at, Layers: []tiles.LayerRequest{{Name: l.Name, Version: l.Version, Where: where.True, Fields: []string{"name", "class"}}}}
	}
	ask := func(at maptile.Tile) tiles.Part {
		t.Helper()
		parts, err := a.Tile(t.Context(), request(at))
		if err != nil {
			t.Fatal(err)
		}
		return parts[0]
	}
	// until waits until the archive holds the tiles or does not, and compares what
	// a maker then gives with PostGIS.
	until := func(what string, one, other bool) {
		t.Helper()
		w.until(what, func() bool { w.store.ForgetRegistry(); return ask(near).Held == one && ask(far).Held == other })
		maker := &tiles.Maker{Memory: a, PostGIS: tilefeed.PostGIS{Store: w.store}, Position: w.keeper.Position, Stamps: w.stamps}
		for _, at := range []maptile.Tile{near, far} {
			got, err := maker.Get(t.Context(), request(at))
			if err != nil {
				t.Fatal(err)
			}
			want, err := tilefeed.PostGIS{Store: w.store}.Tile(t.Context(), request(at))
			if err != nil || !bytes.Equal(got.MVT, want[0].MVT) {
				t.Errorf("%s: %v is not as PostGIS has it (%v)", what, at, err)
			}
		}
	}
	until("roads from the archive", true, true)
	if len(ask(near).MVT) == 0 {
		t.Error("the archive's tile is empty")
	}

	w.psql(`UPDATE map.base_road SET name = '人民西路' WHERE id = 1`)
	until("one tile changed, the other from the archive", false, true)

	// What a new snapshot of the log begins with is compared anew.
	w.psql(`SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE database = current_database() AND active`)
	until("no road from an archive that is not what the table is", false, false)

	exportRoads(w, path)
	until("roads from the new archive", true, true)

	w.psql(`UPDATE onemap.layer SET title_en = 'Streets' WHERE name = 'base_road'`)
	until("no road of another definition", false, false)

	exportRoads(w, path)
	until("roads of the definition that is", true, true)
	w.psql(`TRUNCATE map.base_road`)
	until("no road from an emptied table", false, false)
}

func TestArchiveThatIsNone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "base.pmtiles")
	a := &tilefeed.Archive{Path: path, Stamps: new(tiles.Stamps), Log: slog.New(slog.DiscardHandler)}
	if err := a.Open(); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
	if err := os.WriteFile(path, []byte("PMTiles"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := a.Open(); !errors.Is(err, pmtiles.ErrFormat) {
		t.Error(err)
	}
	parts, err := a.Tile(t.Context(), tiles.Request{Layers: []tiles.LayerRequest{{Name: "base_road"}}})
	if err != nil || len(parts) != 1 || parts[0].Held || a.File() != nil {
		t.Error(parts, err)
	}
}
