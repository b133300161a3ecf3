package feed_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
	"onemap/layers/cluster"
	"onemap/layers/feed"
)

// While writers commit, each query's place in the log must be one up to which
// it saw every row.
func TestWhatIsVisibleHasAPlaceInTheLog(t *testing.T) {
	w := newWorld(t, nil)
	if _, ok := w.feed.Visible("3:3:"); ok {
		t.Error("it tells before there is a snapshot")
	}
	at := w.live()
	if err := w.feed.Wait(t.Context(), at); err != nil {
		t.Fatal(err)
	}
	const writers, each, readers = 4, 150, 3
	type look struct {
		before, lsn uint64
		names       []string
	}
	var work, reading sync.WaitGroup
	done := make(chan struct{})
	looks := make([][]look, readers)
	for r := range readers {
		reading.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				l := look{before: w.feed.Status().Cursor.LSN}
				var snapshot string
				if err := w.db.QueryRow(context.Background(), `SELECT pg_current_snapshot()::text, coalesce(array_agg(name), '{}') FROM map.place`).Scan(&snapshot, &l.names); err != nil {
					t.Error(err)
					return
				}
				var ok bool
				if l.lsn, ok = w.feed.Visible(snapshot); !ok {
					t.Errorf("the place of %s cannot be told", snapshot)
				}
				looks[r] = append(looks[r], l)
			}
		})
	}
	for n := range writers {
		work.Go(func() {
			for i := range each {
				if _, err := w.db.Exec(context.Background(), insertPlace, fmt.Sprint(n, "-", i), 120); err != nil {
					t.Error(err)
				}
			}
		})
	}
	work.Wait()
	close(done)
	reading.Wait()
	lsnOf := map[string]uint64{}
	for range writers * each {
		tx := w.next()
		lsnOf[tx.Changes[0].New.Get("name").(string)] = tx.Cursor.LSN
	}
	last := uint64(0)
	for _, list := range looks {
		for _, l := range list {
			have := map[string]bool{}
			for _, name := range l.names {
				have[name] = true
			}
			for name, lsn := range lsnOf {
				if lsn <= l.lsn && !have[name] {
					t.Fatalf("%s was committed at %d, and a query at %d did not see it", name, lsn, l.lsn)
				}
			}
			last = max(last, l.lsn)
		}
	}
	if last <= at.LSN {
		t.Error("no query was later than the snapshot")
	}
}

// A commit that waits for a synchronous standby is in the log and not visible.
func TestACommitThatIsNotVisibleYet(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(filepath.Dir(dir), 0o755); err != nil { // PostgreSQL's user passes through
		t.Fatal(err)
	}
	c, err := cluster.Start(t.Context(), cluster.Options{Dir: dir, Fast: true, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Stop() })
	if _, err := layers.Migrate(t.Context(), c.URL()); err != nil {
		t.Fatal(err)
	}
	db, err := layers.Open(t.Context(), c.URL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	w := &world{T: t, url: c.URL(), db: db, txs: make(chan *feed.Tx, 100), sets: make(chan feed.Cursor, 10)}
	w.feed = feed.New(w.url, feed.Reader{
		Reset: func(at feed.Cursor) { w.sets <- at },
		Apply: func(tx *feed.Tx) { w.txs <- tx },
	})
	run(t, w.feed)
	w.live()

	visible := func() uint64 {
		t.Helper()
		var snapshot string
		if err := db.QueryRow(t.Context(), `SELECT pg_current_snapshot()::text`).Scan(&snapshot); err != nil {
			t.Fatal(err)
		}
		lsn, ok := w.feed.Visible(snapshot)
		if !ok {
			t.Fatal("it cannot be told")
		}
		return lsn
	}
	w.exec(insertPlace, "first", 120)
	first := w.next().Cursor.LSN
	if got := visible(); got < first {
		t.Fatalf("%d, and the first commit is at %d", got, first)
	}
	admin, err := pgx.Connect(t.Context(), c.AdminURL())
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close(context.Background())
	set := func(names string) {
		t.Helper()
		for _, sql := range []string{`ALTER SYSTEM SET synchronous_standby_names = '` + names + `'`, `SELECT pg_reload_conf()`} {
			if _, err := admin.Exec(t.Context(), sql); err != nil {
				t.Fatal(err)
			}
		}
	}
	set("nobody")
	waiting := make(chan error, 1)
	// Until the setting has come to its session, a commit does not wait.
	late, n := uint64(0), 0
	for late == 0 {
		n++
		go func() { _, err := db.Exec(t.Context(), insertPlace, fmt.Sprint("late", n), 120); waiting <- err }()
		lsn := w.next().Cursor.LSN
		select {
		case err := <-waiting:
			if err != nil {
				t.Fatal(err)
			}
			first = lsn
		case <-time.After(300 * time.Millisecond):
			late = lsn
		}
	}
	if got := visible(); got < first || got >= late {
		t.Errorf("%d: the last visible commit is at %d, one that waits at %d", got, first, late)
	}
	set("")
	if err := <-waiting; err != nil {
		t.Fatal(err)
	}
	if got := visible(); got < late {
		t.Errorf("%d, and all is visible up to %d", got, late)
	}
	var names []string
	if err := db.QueryRow(t.Context(), `SELECT array_agg(name) FROM map.place`).Scan(&names); err != nil || !slices.Contains(names, fmt.Sprint("late", n)) {
		t.Error(names, err)
	}
}

// Where little is going on, what no commit wrote may stay unwritten for seconds.
func TestPush(t *testing.T) {
	w := newWorld(t, nil)
	w.live()
	if err := feed.Push(t.Context(), w.db); err != nil {
		t.Fatal(err)
	}
	at, err := feed.Now(t.Context(), w.db)
	if err != nil {
		t.Fatal(err)
	}
	if err := feed.Push(t.Context(), w.db); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := w.feed.Wait(ctx, at); err != nil {
		t.Error(err)
	}
	if got := w.feed.Status().Transactions; got == 0 {
		t.Error("no transaction came")
	}
}
