package web_test

import (
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/paulmach/orb/encoding/mvt"

	"onemap/cmd/onemap/tilefeed"
	"onemap/layers/feed"
	"onemap/tiles"
)

// fromMemory gives the world its feed, layers in memory and a cache of tiles, as
// cmd does, and waits until a layer is held.
func (w *world) fromMemory(layer string) {
	w.t.Helper()
	stamps := new(tiles.Stamps)
	keeper := tilefeed.NewKeeper(w.server.Store, tilefeed.Options{Stamps: stamps, Log: w.server.Log})
	f := feed.New(w.database, feed.Registry(w.server.Store), w.server.Directory.Reader(), keeper.Reader())
	f.Log = w.server.Log
	keeper.Follow(f)
	w.server.Directory.Follow(f.Status)
	w.server.Feed = f.Status
	w.server.Tiles = &tiles.Maker{Memory: keeper, PostGIS: tilefeed.PostGIS{Store: w.server.Store, Visible: f.Visible},
		Position: keeper.Position, Wait: keeper.Wait, Stamps: stamps, CacheBytes: 16 << 20}
	ctx, stop := context.WithCancel(w.t.Context())
	var work sync.WaitGroup
	work.Go(func() { _ = f.Run(ctx) })
	work.Go(func() { _ = keeper.Run(ctx) })
	w.t.Cleanup(func() { stop(); work.Wait() })
	held := func() bool {
		for _, l := range keeper.Status().Layers {
			if l.Name == layer {
				return l.State == tilefeed.Held
			}
		}
		return false
	}
	for began := time.Now(); keeper.Position() == 0 || !held(); {
		if time.Since(began) > 30*time.Second {
			w.t.Fatalf("%s is not held: %+v %+v", layer, f.Status(), keeper.Status())
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// cursor is one that holds everything committed before the call.
func (w *world) cursor() feed.Cursor {
	w.t.Helper()
	c, err := feed.Now(w.t.Context(), w.db)
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

// names returns the names in a tile.
func names(t testing.TB, r reply) []string {
	t.Helper()
	if r.StatusCode == http.StatusNoContent {
		return nil
	}
	ls, err := mvt.Unmarshal(r.body)
	if err != nil {
		t.Fatalf("%d: %v: %s", r.StatusCode, err, r.body)
	}
	var out []string
	for _, l := range ls {
		for _, f := range l.Features {
			out = append(out, fmt.Sprint(f.Properties["name"]))
		}
	}
	return out
}

const roadTile = "/tiles/base_road/14/13653/6796.mvt"

// One's own write is in the next tile, wherever it was made: by its cursor.
func TestTileSince(t *testing.T) {
	w := newWorld(t)
	w.fromMemory("base_road")
	before := w.want(200, w.as("", "GET", roadTile, nil))
	for i := range 20 {
		name := fmt.Sprintf("路%d", i)
		w.exec(`UPDATE map.base_road SET name = $1`, name)
		c := w.cursor()
		r := w.want(200, w.as("", "GET", roadTile+"?since="+c.String(), nil))
		if got := names(t, r); len(got) != 1 || got[0] != name {
			t.Fatalf("%q after the change to %s, from %s", got, name, r.Header.Get("Onemap-Source"))
		}
		if at, err := feed.ParseCursor(r.Header.Get("Onemap-Cursor")); err != nil || !at.SameHistory(c) || at.LSN < c.LSN {
			t.Errorf("a tile of %s, asked for since %s: %v", r.Header.Get("Onemap-Cursor"), c, err)
		}
		if r.Header.Get("Etag") == before.Header.Get("Etag") {
			t.Error("another tile, the same tag")
		}
	}
	// Who writes in SQL has PostgreSQL's own form.
	here := w.cursor().LSN
	w.want(200, w.as("", "GET", fmt.Sprintf("%s?since=%X/%X", roadTile, here>>32, here&0xffffffff), nil))
	for query, want := range map[string]int{
		"since=yesterday": 422, "since=1.1.FF": 409, "since=" + strings.ToLower(w.cursor().String()) + "0x": 422, "sinc=1": 422,
	} {
		r := w.as("", "GET", roadTile+"?"+query, nil)
		if p := r.problem(t); r.StatusCode != want || p.Detail == "" {
			t.Errorf("%s: %d, want %d: %s", query, r.StatusCode, want, r.body)
		}
	}
}

// A tile that is kept is shown until a commit, by whomever, changes it, and not
// a moment after the log's reader has it.
func TestTileIsKeptUntilACommit(t *testing.T) {
	w := newWorld(t)
	w.fromMemory("base_road")
	one := w.want(200, w.as("", "GET", roadTile, nil))
	tag := one.Header.Get("Etag")
	hits := w.server.Tiles.Stats().Hits
	two := w.want(304, w.as("", "GET", roadTile, nil, "If-None-Match", tag))
	if len(two.body) > 0 || two.Header.Get("Etag") != tag || two.Header.Get("Onemap-Cursor") == "" || two.Header.Get("Cache-Control") == "" {
		t.Errorf("%v %q", two.Header, two.body)
	}
	if now := w.server.Tiles.Stats().Hits; now != hits+1 {
		t.Errorf("%d hits, then %d: the tile was not kept", hits, now)
	}
	w.exec(`INSERT INTO map.base_road (name, class, geom) VALUES ('far', 'primary', 'SRID=4326;LINESTRING(10 10, 11 11)')`)
	w.until(w.cursor())
	w.want(304, w.as("", "GET", roadTile, nil, "If-None-Match", tag))
	if now := w.server.Tiles.Stats().Hits; now != hits+2 {
		t.Error("a change elsewhere made the tile stale")
	}
	w.exec(`DELETE FROM map.base_road WHERE name <> 'far'`)
	w.until(w.cursor())
	w.want(204, w.as("", "GET", roadTile, nil, "If-None-Match", tag))
}

// until waits until the feed has applied what is up to c.
func (w *world) until(c feed.Cursor) {
	w.t.Helper()
	for began := time.Now(); w.server.Feed().Cursor.LSN < c.LSN; {
		if time.Since(began) > 30*time.Second {
			w.t.Fatalf("the feed hangs: %+v", w.server.Feed())
		}
		time.Sleep(time.Millisecond)
	}
}

func TestTileHeaders(t *testing.T) {
	w := newWorld(t)
	w.exec(`INSERT INTO map.base_road (name, class, geom) SELECT 'number ' || i, 'primary', ST_SetSRID(ST_MakeLine(ST_MakePoint(120.001, 29.305 - i * 1e-6), ST_MakePoint(120.019, 29.305)), 4326) FROM generate_series(1, 50) i`)
	w.fromMemory("base_road")
	r := w.want(200, w.as("", "GET", roadTile, nil, "Accept-Encoding", "identity"))
	for name, want := range map[string]string{
		"Content-Type": "application/vnd.mapbox-vector-tile", "Cache-Control": "public, no-cache", "Onemap-Source": "memory", "Content-Encoding": "", "Onemap-Lag": "",
		"Content-Length": fmt.Sprint(len(r.body)),
	} {
		if got := r.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if vary := strings.Join(r.Header.Values("Vary"), ", "); !strings.Contains(vary, "Cookie") || !strings.Contains(vary, "Authorization") || !strings.Contains(vary, "Accept-Encoding") {
		t.Errorf("Vary: %s", vary)
	}
	for _, c := range []struct {
		accept string
		packed bool
	}{{"gzip", true}, {"br, GZIP;q=0.5", true}, {"zstd", false}, {"gzip;q=0, zstd", false}, {"gzip; q=0.0", false}} {
		p := w.want(200, w.as("", "GET", roadTile, nil, "Accept-Encoding", c.accept))
		if got := p.Header.Get("Content-Encoding"); (got == "gzip") != c.packed {
			t.Errorf("%s: encoded as %q", c.accept, got)
			continue
		}
		body := p.body
		if c.packed {
			z, err := gzip.NewReader(strings.NewReader(string(p.body)))
			if err != nil {
				t.Fatal(err)
			}
			if body, err = io.ReadAll(z); err != nil {
				t.Fatal(err)
			}
		}
		if string(body) != string(r.body) {
			t.Errorf("%s: other bytes", c.accept)
		}
		if p.Header.Get("Etag") != r.Header.Get("Etag") {
			t.Errorf("%s: another tag", c.accept)
		}
	}
	head := w.want(200, w.as("", "HEAD", roadTile, nil))
	if len(head.body) > 0 || head.Header.Get("Etag") != r.Header.Get("Etag") {
		t.Errorf("HEAD: %v", head.Header)
	}
	if got := w.want(200, w.as("centre", "GET", roadTile, nil)).Header.Get("Cache-Control"); got != "private, no-cache" {
		t.Errorf("a tile by right: Cache-Control: %s", got)
	}
}

// Without the log, tiles come from PostGIS, nothing is kept, and a caller's
// write is seen all the same.
func TestTileWithoutTheLog(t *testing.T) {
	w := newWorld(t)
	c := w.cursor()
	for i := range 3 {
		name := fmt.Sprint("路", i)
		w.exec(`UPDATE map.base_road SET name = $1`, name)
		r := w.want(200, w.as("", "GET", roadTile+"?since="+c.String(), nil))
		if got := names(t, r); len(got) != 1 || got[0] != name || r.Header.Get("Onemap-Source") != "postgis" || r.Header.Get("Onemap-Cursor") != "" {
			t.Errorf("%q, %v", got, r.Header)
		}
	}
}

// A kept tile asks the database nothing, neither for rights nor for the latest
// hour of a layer of counts, and shows the new hour when there is one.
func TestKeptTileAsksNothing(t *testing.T) {
	w := newWorld(t)
	w.exec(`UPDATE onemap.layer SET detail_zoom = NULL, minzoom = 0 WHERE name = 'population'`)
	hour := func(h int) {
		w.exec(`INSERT INTO map.population (hour, n, density_km2, geom, grid_code) SELECT '2026-11-22 00:00Z'::timestamptz + $1 * interval '1 hour', 100 + $1, 1, ST_SetSRID(ST_MakePoint(120.005, 29.305), 4326), '330799001001001'`, h)
	}
	hour(1)
	w.fromMemory("base_road")
	const tile = "/tiles/population/14/13653/6796.mvt"
	count := func() string {
		t.Helper()
		ls, err := mvt.Unmarshal(w.want(200, w.as("centre", "GET", tile, nil)).body)
		if err != nil || len(ls) != 1 || len(ls[0].Features) != 1 {
			t.Fatalf("%v, %+v", err, ls)
		}
		return fmt.Sprint(ls[0].Features[0].Properties["n"])
	}
	if got := count(); got != "101" {
		t.Fatalf("%s inhabitants", got)
	}
	// It asks again for a second after the first time; the registry is read anew
	// every other second.
	for began := time.Now(); ; {
		before := w.db.Stat().AcquireCount()
		for range 10 {
			count()
		}
		took := w.db.Stat().AcquireCount() - before
		if took <= 2 {
			break
		}
		if time.Since(began) > 10*time.Second {
			t.Fatalf("ten kept tiles took %d connections", took)
		}
	}
	hour(2)
	w.until(w.cursor())
	if got := count(); got != "102" {
		t.Errorf("%s inhabitants in the new hour", got)
	}
}
