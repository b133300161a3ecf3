package feed_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/paulmach/orb"
	"go.uber.org/goleak"

	"onemap/layers"
	"onemap/layers/feed"
	"onemap/layers/layerstest"
)

func TestTypes(t *testing.T) {
	w := newWorld(t, func(w *world) {
		w.exec(`CREATE TABLE map.every (
			id int PRIMARY KEY, txt text, v varchar(9), c char(3), i2 int2, i4 int4, i8 int8, f4 float4, f8 float8, num numeric, yes bool,
			d date, dinf date, ts timestamp, tz timestamptz, u uuid, j jsonb, js json, b bytea, ta text[], nothing text, ip inet,
			geom geometry(Point, 4326), poly geometry, none geometry)`)
		w.exec(`ALTER TABLE map.every REPLICA IDENTITY FULL`)
		w.exec(`ALTER PUBLICATION onemap ADD TABLE map.every`)
	})
	w.live()
	w.exec(`INSERT INTO map.every VALUES (1, '井盖 ''x''', 'v', 'c', -2, 4, -8, 0.5, 1.25, -12345.678900, true,
		'1949-10-01', 'infinity', '2026-11-22 08:00:00.123456', '2026-11-22 08:00:00.123456+08',
		'0b25f0f0-7a47-4c3c-9b6f-2d1f6a0e0c01', '{"a": 1}', '{"a":  1}', '\x00ff', '{井盖,NULL,"a b"}', NULL, '10.0.0.1',
		ST_Point(120.5, 30.25, 4326), ST_GeomFromText('POLYGON((0 0, 2 0, 2 1, 0 0))', 4490), 'POINT EMPTY')`)
	row := w.next().Changes[0].New
	for column, want := range map[string]any{
		"id": int64(1), "txt": "井盖 'x'", "v": "v", "c": "c  ", "i2": int64(-2), "i4": int64(4), "i8": int64(-8),
		"f4": 0.5, "f8": 1.25, "num": -12345.6789, "yes": true,
		"d": time.Date(1949, 10, 1, 0, 0, 0, 0, time.UTC), "dinf": time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC),
		"ts": time.Date(2026, 11, 22, 8, 0, 0, 123456000, time.UTC), "tz": time.Date(2026, 11, 22, 0, 0, 0, 123456000, time.UTC),
		"u": "0b25f0f0-7a47-4c3c-9b6f-2d1f6a0e0c01", "j": []byte(`{"a": 1}`), "js": []byte(`{"a":  1}`), "b": []byte{0, 255},
		"ta": []string{"井盖", "", "a b"}, "nothing": nil, "geom": orb.Point{120.5, 30.25},
		"poly": orb.Polygon{{{0, 0}, {2, 0}, {2, 1}, {0, 0}}}, "no such column": nil,
	} {
		if got := row.Get(column); !reflect.DeepEqual(got, want) {
			t.Errorf("%s = %#v, want %#v", column, got, want)
		}
	}
	if b, ok := row.Bound("poly"); !ok || b != (orb.Bound{Max: orb.Point{2, 1}}) {
		t.Errorf("bound of the polygon: %v, %v", b, ok)
	}
	for _, c := range []string{"none", "txt", "nothing"} {
		if _, ok := row.Bound(c); ok {
			t.Errorf("%s has a bound", c)
		}
	}
}

func TestNumericAgainstPostgres(t *testing.T) {
	w := newWorld(t, func(w *world) {
		w.exec(`CREATE TABLE map.n (id int PRIMARY KEY, n numeric, f float8)`)
		w.exec(`ALTER PUBLICATION onemap ADD TABLE map.n`)
	})
	w.live()
	w.exec(`INSERT INTO map.n SELECT i, v::numeric, v::numeric::float8 FROM unnest('{0,1,-1,10000,9999,0.0001,0.00012345,1e20,1e-20,
		123456789.987654321,100000000,-0.5,12340000,3.14159265358979}'::text[]) WITH ORDINALITY AS x(v, i)`)
	for _, c := range w.next().Changes {
		if got, want := c.New.Get("n"), c.New.Get("f"); got != want {
			t.Errorf("numeric %v, as float8 %v", got, want)
		}
	}
}

func TestUnchangedToastIsTakenFromTheOldRow(t *testing.T) {
	w := newWorld(t, nil)
	w.live()
	// A polygon that does not compress: 20,000 vertices on a wobbling circle.
	w.exec(`INSERT INTO map.base_water (class, name, grid_code, area_code, geom)
		SELECT 'lake', 'a', 'g', '', ST_Multi(ST_SetSRID(ST_MakePolygon(ST_AddPoint(l, ST_StartPoint(l))), 4326))
		FROM (SELECT ST_MakeLine(array_agg(ST_MakePoint(120 + cos(i * 2 * pi() / 20000) * (1 + sin(i) * 1e-6), 30 + sin(i * 2 * pi() / 20000)) ORDER BY i)) AS l
		      FROM generate_series(0, 19999) i) t`)
	inserted := w.next().Changes[0].New.Get("geom").(orb.MultiPolygon)
	if n := len(inserted[0][0]); n != 20001 {
		t.Fatalf("%d vertices", n)
	}
	w.exec(`UPDATE map.base_water SET name = 'b'`)
	c := w.next().Changes[0]
	if got := c.New.Get("geom"); !orb.Equal(got.(orb.Geometry), inserted) {
		t.Error("the new row lost its geometry")
	}
	if !c.New.Same(c.Old, "geom") || c.New.Same(c.Old, "name") {
		t.Error("the geometry is the same, the name is not")
	}
	if c.Old.Get("name") != "a" || c.New.Get("name") != "b" {
		t.Error(story(&feed.Tx{Changes: []feed.Change{c}}))
	}
	if b, ok := c.New.Bound("geom"); !ok || b != inserted.Bound() {
		t.Errorf("bound %v, want %v", b, inserted.Bound())
	}
}

func TestKeyOnlyTables(t *testing.T) {
	w := newWorld(t, nil)
	w.live()
	w.exec(`INSERT INTO onemap.setting VALUES ('k', '1')`)
	w.next()
	w.exec(`UPDATE onemap.setting SET value = '2' WHERE key = 'k'`)
	if c := w.next().Changes[0]; c.Old.Ok() || c.New.Get("key") != "k" {
		t.Error("an update that leaves the key alone has no old row")
	}
	w.exec(`UPDATE onemap.setting SET key = 'l' WHERE key = 'k'`)
	if c := w.next().Changes[0]; c.Old.Get("key") != "k" || c.Old.Whole() || c.New.Get("key") != "l" {
		t.Error("an update of the key has the old key")
	}
	w.exec(`DELETE FROM onemap.setting WHERE key = 'l'`)
	if c := w.next().Changes[0]; c.Old.Get("key") != "l" || c.Old.Get("value") != nil || c.New.Ok() {
		t.Error("a delete has the key")
	}
}

// What the snapshot holds and what the stream brings is together exactly what was
// committed, while many write.
func TestSnapshotAndStreamMeet(t *testing.T) {
	url := layerstest.URL(t)
	db, err := layers.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	var mu sync.Mutex
	have := map[int64]int{}
	f := feed.New(url, feed.Reader{
		Load: func(ctx context.Context, tx pgx.Tx, at feed.Cursor) error {
			rows, err := tx.Query(ctx, `SELECT id FROM map.place`)
			if err != nil {
				return err
			}
			ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
			mu.Lock()
			defer mu.Unlock()
			clear(have)
			for _, id := range ids {
				have[id]++
			}
			return err
		},
		Apply: func(tx *feed.Tx) {
			mu.Lock()
			defer mu.Unlock()
			for _, c := range tx.Changes {
				switch c.Op {
				case feed.Insert:
					have[c.New.Get("id").(int64)]++
				case feed.Delete:
					have[c.Old.Get("id").(int64)]--
				}
			}
		},
	})
	const writers = 4
	write := func(n int) {
		var g sync.WaitGroup
		for range writers {
			g.Go(func() {
				for range n {
					err := pgx.BeginFunc(t.Context(), db, func(tx pgx.Tx) error {
						for range 1 + rand.IntN(3) {
							if _, err := tx.Exec(t.Context(), insertPlace, "x", 120); err != nil {
								return err
							}
						}
						if rand.IntN(4) == 0 {
							_, err := tx.Exec(t.Context(), `DELETE FROM map.place WHERE id = (SELECT id FROM map.place LIMIT 1 FOR UPDATE SKIP LOCKED)`)
							return err
						}
						return nil
					})
					if err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		g.Wait()
	}
	check := func() {
		t.Helper()
		at, err := feed.Now(t.Context(), db)
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Wait(t.Context(), at); err != nil {
			t.Fatal(err)
		}
		rows, _ := db.Query(t.Context(), `SELECT id FROM map.place`)
		ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
		if err != nil {
			t.Fatal(err)
		}
		mu.Lock()
		defer mu.Unlock()
		n := 0
		for id, times := range have {
			if times != 0 && times != 1 {
				t.Errorf("row %d came %d times", id, times)
			}
			n += times
		}
		for _, id := range ids {
			if have[id] != 1 {
				t.Errorf("row %d is in the table and came %d times", id, have[id])
			}
		}
		if n != len(ids) || n == 0 {
			t.Errorf("%d rows known, %d in the table", n, len(ids))
		}
	}
	var g sync.WaitGroup
	g.Go(func() { write(150) })
	run(t, f) // starts amid the writes
	g.Wait()
	check()

	// The same across lost connections.
	g.Go(func() { write(150) })
	for range 2 {
		if _, err := db.Exec(t.Context(), `SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots
			WHERE database = current_database() AND active`); err != nil {
			t.Fatal(err)
		}
		at, _ := feed.Now(t.Context(), db)
		if err := f.Wait(t.Context(), at); err != nil {
			t.Fatal(err)
		}
	}
	g.Wait()
	check()
}

func TestLostConnectionIsReset(t *testing.T) {
	w := newWorld(t, nil)
	first := w.live()
	w.exec(insertPlace, "a", 120)
	w.next()
	before := w.feed.Status().Connections
	w.exec(`SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE database = current_database() AND active`)
	second := receive(t, w.sets, "a second snapshot")
	if second.Compare(first) <= 0 || !second.SameHistory(first) {
		t.Errorf("second snapshot at %v, first at %v", second, first)
	}
	w.exec(insertPlace, "b", 120)
	if got := story(w.next()); got != "place+b" {
		t.Errorf("after the reset: %q", got)
	}
	if s := w.feed.Status(); s.State != feed.Live || s.Connections != before+1 {
		t.Errorf("status %+v", s)
	}
}

func TestSlotWaitsBehindAnOpenWriter(t *testing.T) {
	var open pgx.Tx
	w := newWorld(t, func(w *world) {
		var err error
		if open, err = w.db.Begin(w.Context()); err != nil {
			w.Fatal(err)
		}
		if _, err := open.Exec(w.Context(), insertPlace, "open", 120); err != nil {
			w.Fatal(err)
		}
	})
	var pid int
	if err := open.QueryRow(t.Context(), `SELECT pg_backend_pid()`).Scan(&pid); err != nil {
		t.Fatal(err)
	}
	// Others' open writers may be named beside ours: the cluster is shared.
	deadline := time.Now().Add(patience)
	for s := w.feed.Status(); s.State != feed.Waiting || !strings.Contains(s.Why, fmt.Sprint(pid)); s = w.feed.Status() {
		if time.Now().After(deadline) {
			t.Fatalf("status %+v does not name process %d", s, pid)
		}
		time.Sleep(20 * time.Millisecond)
	}
	if err := open.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.live()
	w.exec(insertPlace, "after", 120)
	if got := story(w.next()); got != "place+after" {
		t.Errorf("%q: what committed before the snapshot is in it, not in the stream", got)
	}
}

func TestEndingWhileWaitingForASlot(t *testing.T) {
	url := layerstest.URL(t)
	before := goleak.IgnoreCurrent()
	db, err := layers.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	open, _ := db.Begin(t.Context())
	defer func() {
		open.Rollback(context.Background())
		db.Close()
		goleak.VerifyNone(t, before)
	}()
	open.Exec(t.Context(), insertPlace, "open", 120)
	ctx, cancel := context.WithCancel(t.Context())
	f := feed.New(url)
	done := make(chan error)
	go func() { done <- f.Run(ctx) }()
	for f.Status().State != feed.Waiting {
		time.Sleep(10 * time.Millisecond)
	}
	cancel()
	if err := receive(t, done, "the end of Run"); err != nil {
		t.Error(err)
	}
}

func TestWait(t *testing.T) {
	w := newWorld(t, nil)
	w.live()
	ctx := t.Context()
	w.exec(insertPlace, "a", 120)
	at, err := feed.Now(ctx, w.db)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.feed.Wait(ctx, at); err != nil {
		t.Fatal(err)
	}
	select {
	case <-w.txs:
	default:
		t.Error("Wait returned before the transaction was applied")
	}
	// What is in no publication moves the log too, and so the position.
	w.exec(`CREATE TABLE map.unpublished AS SELECT 1 AS a`)
	at, _ = feed.Now(ctx, w.db)
	if err := w.feed.Wait(ctx, at); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]feed.Cursor{
		"another cluster": {System: at.System + 1, Timeline: at.Timeline, LSN: 1},
		"an old timeline": {System: at.System, Timeline: at.Timeline - 1, LSN: at.LSN},
	} {
		if err := w.feed.Wait(ctx, c); !errors.Is(err, feed.ErrForeign) {
			t.Errorf("cursor of %s: %v", name, err)
		}
	}
	ahead := at
	ahead.LSN += 1 << 40
	short, cancel := context.WithCancel(ctx)
	cancel()
	if err := w.feed.Wait(short, ahead); !errors.Is(err, context.Canceled) {
		t.Errorf("a cursor far ahead: %v", err)
	}
}

func TestNowEndsWithItsCommit(t *testing.T) {
	w := newWorld(t, nil)
	w.live()
	for i := range 200 { // enough for records that end with a page
		w.exec(`INSERT INTO onemap.setting VALUES ($1, '1')`, fmt.Sprint("k", i, strings.Repeat("x", i)))
		at, err := feed.Now(t.Context(), w.db)
		if err != nil {
			t.Fatal(err)
		}
		tx := w.next()
		if tx.Cursor.Compare(at) > 0 {
			t.Fatalf("the commit ends at %v, Now said %v", tx.Cursor, at)
		}
	}
}

func TestLargeTransactionIsCapped(t *testing.T) {
	w := newWorld(t, func(w *world) { w.feed.MaxRows = 100 })
	w.live()
	w.exec(`WITH a AS (INSERT INTO map.place (kind, name, geom, grid_code, area_code)
		SELECT 'hydrant', i::text, ST_SetSRID(ST_MakePoint(100 + i * 0.01, 30 + i * 0.01), 4326), 'g', '' FROM generate_series(1, 1000) i)
		INSERT INTO onemap.setting VALUES ('small', '1')`)
	tx := w.next()
	if len(tx.Changes) != 1 || tx.Changes[0].Table != "setting" {
		t.Errorf("%d changes are kept, want the one of the other table", len(tx.Changes))
	}
	want := feed.Bulk{Schema: "map", Table: "place", Count: 1000, HasBound: true,
		Bound: orb.Bound{Min: orb.Point{100.01, 30.01}, Max: orb.Point{110, 40}}}
	if len(tx.Bulk) != 1 || tx.Bulk[0] != want {
		t.Errorf("bulk %+v, want %+v", tx.Bulk, want)
	}
	if !tx.Touches("map.place") || !tx.Touches("onemap.setting") || tx.Touches("map.asset") {
		t.Errorf("replaced %v", tx.Replaced)
	}
	// By bytes too, and the next transaction is whole again.
	w.exec(insertPlace, "one", 120)
	if got := story(w.next()); got != "place+one" {
		t.Errorf("the next: %q", got)
	}
}

func TestTransactionIsCappedByBytes(t *testing.T) {
	w := newWorld(t, func(w *world) { w.feed.MaxBytes = 100_000 })
	w.live()
	w.exec(`INSERT INTO map.incident (class_standard, class_code, severity, state, source, occurred_at, description, geom, grid_code, area_code)
		SELECT standard, code, 1, 'reported', 'import', now(), repeat('字', 1000), ST_SetSRID(ST_MakePoint(120, 30), 4326), '', ''
		FROM onemap.class, generate_series(1, 200) WHERE kind = 'matter' AND code = (SELECT min(code) FROM onemap.class WHERE kind = 'matter')`)
	tx := w.next()
	if len(tx.Bulk) != 1 || tx.Bulk[0].Count < 200 || len(tx.Changes) != 0 {
		t.Errorf("%d changes and bulk %+v", len(tx.Changes), tx.Bulk)
	}
	if tx.Bytes > 200_000 {
		t.Errorf("%d bytes", tx.Bytes)
	}
}

func TestSwappedAndAlteredTablesAreReplaced(t *testing.T) {
	w := newWorld(t, nil)
	w.live()
	w.exec(`SELECT pg_logical_emit_message(true, 'onemap', '{"replaced": "map.asset"}')`)
	if got := w.next().Replaced; !reflect.DeepEqual(got, []string{"map.asset"}) {
		t.Errorf("announced: %v", got)
	}
	// Other programs' messages, and nonsense under our name, stop nothing.
	w.exec(`SELECT pg_logical_emit_message(true, 'other', 'x'), pg_logical_emit_message(true, 'onemap', '{'), pg_logical_emit_message(false, 'onemap', '{"replaced": "map.asset"}')`)
	w.exec(insertPlace, "a", 120)
	if tx := w.next(); len(tx.Replaced) != 0 || story(tx) != "place+a" {
		t.Errorf("%q replaced %v", story(tx), tx.Replaced)
	}
	// A new column shows at the next change.
	w.exec(`ALTER TABLE map.place ADD COLUMN extra text DEFAULT 'd'`)
	w.exec(insertPlace, "b", 120)
	tx := w.next()
	if !reflect.DeepEqual(tx.Replaced, []string{"map.place"}) || tx.Changes[0].New.Get("extra") != "d" {
		t.Errorf("altered: replaced %v, extra %v", tx.Replaced, tx.Changes[0].New.Get("extra"))
	}
	// The store's own replacement.
	store := layers.NewStore(w.db)
	err := store.Replace(t.Context(), "place", func(ctx context.Context, db *pgxpool.Pool, staging string) error {
		_, err := db.Exec(ctx, `INSERT INTO `+staging+` (id, kind, name, geom, grid_code, area_code, crs, state, dept_code, attributes, updated_at)
			VALUES (7, 'hydrant', 'new', ST_SetSRID(ST_MakePoint(120, 30), 4326), '', '', 'WGS84', 'ready', '', '{}', now())`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for tx = w.next(); !tx.Touches("map.place"); tx = w.next() {
	}
	w.exec(`UPDATE map.place SET name = 'newer' WHERE id = 7`)
	for tx = w.next(); len(tx.Changes) == 0; tx = w.next() {
	}
	if story(tx) != "place~new>newer" {
		t.Errorf("after the swap: %q", story(tx))
	}
}

func TestOffSaysWhatIsMissing(t *testing.T) {
	for name, tt := range map[string]struct{ sql, why string }{
		"no publication": {`DROP PUBLICATION onemap`, "publication"},
		"no right":       {`CREATE ROLE %s LOGIN; GRANT CONNECT ON DATABASE %[2]s TO %[1]s`, "REPLICATION"},
	} {
		t.Run(name, func(t *testing.T) {
			url := layerstest.URL(t)
			db, err := layers.Open(t.Context(), url)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(db.Close)
			sql := tt.sql
			if strings.Contains(sql, "%s") {
				database := db.Config().ConnConfig.Database
				role := "r_" + database
				sql = fmt.Sprintf(sql, role, database)
				t.Cleanup(func() {
					db.Exec(context.Background(), `REVOKE ALL ON DATABASE `+database+` FROM `+role+`; DROP ROLE `+role)
				})
				url = strings.Replace(url, "postgres@", role+"@", 1)
			}
			if _, err := db.Exec(t.Context(), sql); err != nil {
				t.Fatal(err)
			}
			f := feed.New(url)
			run(t, f)
			err = f.Wait(t.Context(), feed.Cursor{System: 1, Timeline: 1, LSN: 1})
			if s := f.Status(); !errors.Is(err, feed.ErrOff) || s.State != feed.Off || !strings.Contains(s.Why, tt.why) {
				t.Errorf("Wait: %v, status %+v", err, s)
			}
		})
	}
}

func TestRowsAreNotOverwritten(t *testing.T) {
	w := newWorld(t, nil)
	w.live()
	w.exec(insertPlace, strings.Repeat("a", 200), 120)
	tx := w.next()
	before := tx.Changes[0].New.Get("name")
	for range 50 {
		w.exec(insertPlace, strings.Repeat("b", 200), 120)
		w.next()
	}
	if got := tx.Changes[0].New.Get("name"); got != before || !bytes.Equal([]byte(got.(string)), bytes.Repeat([]byte("a"), 200)) {
		t.Error("a kept row changed")
	}
}

// Ten million rows of one transaction pass without being kept.
func TestTenMillionRowsInOneTransaction(t *testing.T) {
	if os.Getenv("ONEMAP_LONG") == "" {
		t.Skip("long: make test-long")
	}
	w := newWorld(t, func(w *world) {
		w.exec(`CREATE TABLE map.many (id bigint PRIMARY KEY, name text, geom geometry(Point, 4326))`)
		w.exec(`ALTER PUBLICATION onemap ADD TABLE map.many`)
	})
	w.live()
	var most uint64
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			most = max(most, m.HeapAlloc)
			select {
			case <-stop:
				return
			case <-time.After(50 * time.Millisecond):
			}
		}
	}()
	const rows = 10_000_000
	w.exec(`INSERT INTO map.many SELECT i, 'row ' || i, ST_SetSRID(ST_MakePoint(i % 360 - 180, 30), 4326) FROM generate_series(1, $1::bigint) i`, rows)
	var tx *feed.Tx
	select {
	case tx = <-w.txs:
	case <-time.After(15 * time.Minute):
		t.Fatal("it did not come")
	}
	close(stop)
	<-stopped
	if len(tx.Bulk) != 1 || tx.Bulk[0].Count != rows || len(tx.Changes) != 0 {
		t.Errorf("%d changes, bulk %+v", len(tx.Changes), tx.Bulk)
	}
	t.Logf("at most %d MiB of heap", most>>20)
	if most > 300<<20 {
		t.Errorf("%d MiB of heap", most>>20)
	}
}
