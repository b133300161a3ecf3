package tilefeed_test

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/paulmach/orb/maptile"

	"onemap/cmd/onemap/tilefeed"
	"onemap/layers"
	"onemap/layers/cluster"
	"onemap/layers/feed"
)

// A slot that waits for another's open transaction: tiles come from PostGIS
// until it has ended, and from memory after that.
func TestSlotWaitsBehindAnothersTransaction(t *testing.T) {
	w := newWorld(t, tilefeed.Options{}, func(w *world) {
		places(200)(w)
		tx, err := w.db.Begin(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tx.Exec(context.Background(), insertPlaces, 5); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { tx.Rollback(context.Background()) })
		time.AfterFunc(2500*time.Millisecond, func() { tx.Commit(context.Background()) })
	})
	w.until("the feed waiting", func() bool { return w.feed.Status().State == feed.Waiting })
	if w.keeper.Position() != 0 || w.memory("place", maptile.New(0, 0, 0), true).Held {
		t.Error("memory answers before there is a snapshot")
	}
	stop := w.disorder()
	w.held("place")
	stop()
	w.same("place")
}

// A transaction of more rows than are followed one by one.
func TestTransactionTooLargeToFollow(t *testing.T) {
	rows, most := 6_000, 2_000
	if os.Getenv("ONEMAP_LONG") != "" {
		rows, most = 10_000_000, feed.DefaultMaxRows
	}
	w := newWorld(t, tilefeed.Options{Budget: 2 << 30, LayerBudget: 2 << 30}, func(w *world) {
		w.maxRows = most
		places(300)(w)
	})
	w.held("place")
	stop := w.disorder()
	n := w.loads("place")
	at := w.keeper.Position()
	// Without the trigger and the checks of a row it is the log that is tried.
	w.psql(`ALTER TABLE map.place DISABLE TRIGGER USER`)
	w.again("place", n-1)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Minute)
	defer cancel()
	if _, err := w.db.Exec(ctx, insertPlaces, rows); err != nil {
		t.Fatal(err)
	}
	c, err := feed.Now(ctx, w.db)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.feed.Wait(ctx, c); err != nil {
		t.Fatal(err)
	}
	stop()
	for end := time.Now().Add(10 * time.Minute); w.status("place").Rows < int64(rows) || w.status("place").State != tilefeed.Held; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%+v", w.status("place"))
		}
	}
	if w.loads("place") == n {
		t.Error("the layer was not read anew")
	}
	if w.stamps.At("place", maptile.New(0, 0, 0)) <= at {
		t.Error("no tile is stale")
	}
	if rows > 1_000_000 {
		var want int
		if err := w.db.QueryRow(ctx, `SELECT count(*) FROM map.place`).Scan(&want); err != nil || int64(want) != w.status("place").Rows {
			t.Errorf("%d rows in PostGIS, %d in memory: %v", want, w.status("place").Rows, err)
		}
		s := w.status("place")
		t.Logf("%d rows in %v, %.1f bytes a row", s.Rows, s.Took, float64(s.Bytes)/float64(s.Rows))
		return // a tile of ten million points is no comparison
	}
	w.same("place")
}

// PostgreSQL stops and starts again: memory says nothing until it has a new
// snapshot, and then what is there.
func TestPostgresRestarted(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(filepath.Dir(dir), 0o755); err != nil { // PostgreSQL's user passes through
		t.Fatal(err)
	}
	c, err := cluster.Start(t.Context(), cluster.Options{Dir: dir, Fast: true, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Stop(); err != nil {
			t.Error(err)
		}
	})
	if _, err := layers.Migrate(t.Context(), c.URL()); err != nil {
		t.Fatal(err)
	}
	w := worldAt(t, c.URL(), tilefeed.Options{}, places(300))
	w.held("place")
	stop := w.disorder()
	n := w.loads("place")
	b, err := os.ReadFile(filepath.Join(dir, "pg", "postmaster.pid"))
	if err != nil {
		t.Fatal(err)
	}
	line, _, _ := strings.Cut(string(b), "\n")
	pid, err := strconv.Atoi(line)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGINT); err != nil { // a fast shutdown; the cluster starts it again
		t.Fatal(err)
	}
	w.until("that memory says nothing", func() bool { return w.keeper.Position() == 0 })
	if w.memory("place", maptile.New(0, 0, 0), true).Held {
		t.Error("it answers without the log")
	}
	w.again("place", n)
	stop()
	w.same("place")
}

// Layers share the memory there is: what is too large stays out, what is asked
// for comes in, and what was asked for less makes room.
func TestBudget(t *testing.T) {
	if os.Getenv("ONEMAP_LONG") == "" {
		t.Skip("long: make test-long")
	}
	w := newWorld(t, tilefeed.Options{Budget: 1_850_000, LayerBudget: 1_800_000, Settle: time.Millisecond}, func(w *world) {
		w.exec(insertPlaces, 60_000)
		w.exec(`INSERT INTO map.base_poi (class, name, geom, grid_code, area_code)
			SELECT 'cafe', md5(i::text), ST_SetSRID(ST_MakePoint(120 + 0.2 * random(), 29.2 + 0.2 * random()), 4326), 'g1', 'a' FROM generate_series(1, 20000) i`)
		w.exec(`INSERT INTO map.base_address (street, number, geom, grid_code, area_code)
			SELECT md5(i::text) || md5((i+1)::text), md5(i::text), ST_SetSRID(ST_MakePoint(120 + 0.2 * random(), 29.2 + 0.2 * random()), 4326), 'g1', 'a' FROM generate_series(1, 40000) i`)
		w.exec(`ANALYZE`)
	})
	ask := func(name string, n int) {
		for range n {
			w.memory(name, maptile.New(12, 3413, 1699), true)
		}
	}
	out := func(name string, reason tilefeed.Reason) {
		t.Helper()
		w.until(name+" out: "+string(reason), func() bool {
			s := w.status(name)
			return s.State == tilefeed.Out && s.Reason == reason && s.Why != ""
		})
	}
	within := func() {
		t.Helper()
		if s := w.keeper.Status(); s.Bytes > s.Budget || s.Budget != 1_850_000 || s.LayerBudget != 1_800_000 {
			t.Errorf("%d bytes of %d", s.Bytes, s.Budget)
		}
	}
	ask("place", 10)
	w.held("place")
	out("base_address", tilefeed.TooLarge)
	if n := w.loads("base_address"); n != 0 || w.status("base_address").Rows != 40_000 {
		t.Errorf("a hopeless load was begun %d times", n)
	}
	out("base_poi", tilefeed.RarelyAsked)
	within()
	ask("base_poi", 3000)
	w.held("base_poi")
	out("place", tilefeed.NoRoom)
	within()
	ask("place", 20_000)
	w.held("place")
	out("base_poi", tilefeed.NoRoom)
	within()
	// What grows beyond its share is given up.
	w.exec(insertPlaces, 90_000)
	out("place", tilefeed.TooLarge)
	within()
	w.held("base_poi")
}
