package feed_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"onemap/layers"
	"onemap/layers/feed"
	"onemap/layers/layerstest"
)

// world is a database with a running feed whose transactions a test receives.
type world struct {
	*testing.T
	url  string
	db   *pgxpool.Pool
	feed *feed.Feed
	txs  chan *feed.Tx
	sets chan feed.Cursor // Resets
}

// newWorld starts a feed on a fresh database after prepare, which may be nil.
func newWorld(t *testing.T, prepare func(*world)) *world {
	t.Helper()
	w := &world{T: t, url: layerstest.URL(t), txs: make(chan *feed.Tx, 100_000), sets: make(chan feed.Cursor, 100)}
	db, err := layers.Open(t.Context(), w.url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	w.db = db
	w.feed = feed.New(w.url, feed.Reader{
		Reset: func(at feed.Cursor) { w.sets <- at },
		Apply: func(tx *feed.Tx) { w.txs <- tx },
	})
	if prepare != nil {
		prepare(w)
	}
	run(t, w.feed)
	return w
}

// run runs f until the test ends, and waits for its end before the database is dropped.
func run(t *testing.T, f *feed.Feed) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- f.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// live waits until the feed has its snapshot.
func (w *world) live() feed.Cursor {
	w.Helper()
	return receive(w.T, w.sets, "a snapshot")
}

func (w *world) next() *feed.Tx {
	w.Helper()
	return receive(w.T, w.txs, "a transaction")
}

// patience is how long a test waits for what should come at once.
const patience = 20 * time.Second

func receive[E any](t *testing.T, from <-chan E, what string) E {
	t.Helper()
	select {
	case e := <-from:
		return e
	case <-time.After(patience):
		t.Fatalf("%s did not come", what)
		panic("unreachable")
	}
}

func (w *world) exec(sql string, args ...any) {
	w.Helper()
	if _, err := w.db.Exec(w.Context(), sql, args...); err != nil {
		w.Fatal(err)
	}
}

// place inserts a hydrant and returns its id.
const insertPlace = `INSERT INTO map.place (kind, name, geom, grid_code, area_code)
	VALUES ('hydrant', $1, ST_SetSRID(ST_MakePoint($2, 30), 4326), 'g', '') RETURNING id`

// story renders a transaction in short: "place+a place~a>b place-b".
func story(tx *feed.Tx) string {
	s := ""
	for _, c := range tx.Changes {
		if s != "" {
			s += " "
		}
		s += c.Table
		switch c.Op {
		case feed.Insert:
			s += fmt.Sprint("+", c.New.Get("name"))
		case feed.Update:
			s += fmt.Sprint("~", c.Old.Get("name"), ">", c.New.Get("name"))
		case feed.Delete:
			s += fmt.Sprint("-", c.Old.Get("name"))
		case feed.Truncate:
			s += "!"
		}
	}
	return s
}

func TestTransactionsComeWholeInCommitOrder(t *testing.T) {
	w := newWorld(t, nil)
	at := w.live()
	ctx := t.Context()

	w.exec(insertPlace, "a", 120)
	w.exec(`UPDATE map.place SET name = 'b' WHERE name = 'a'`)

	// Rolled back: nothing. A rolled back part: only the rest.
	tx, err := w.db.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	tx.Exec(ctx, insertPlace, "never", 120)
	tx.Rollback(ctx)
	pgx.BeginFunc(ctx, w.db, func(tx pgx.Tx) error {
		tx.Exec(ctx, insertPlace, "outer", 120)
		part, err := tx.Begin(ctx)
		if err != nil {
			return err
		}
		part.Exec(ctx, insertPlace, "inner, rolled back", 120)
		part.Rollback(ctx)
		part, _ = tx.Begin(ctx)
		part.Exec(ctx, insertPlace, "inner", 120)
		return part.Commit(ctx)
	})

	// Two at once: the one that commits first comes first, though it began last.
	first, _ := w.db.Begin(ctx)
	first.Exec(ctx, insertPlace, "1", 120)
	second, _ := w.db.Begin(ctx)
	second.Exec(ctx, insertPlace, "2", 120)
	first.Exec(ctx, insertPlace, "1 again", 120)
	if err := second.Commit(ctx); err != nil {
		t.Fatal(err)
	}
	if err := first.Commit(ctx); err != nil {
		t.Fatal(err)
	}
	w.exec(`DELETE FROM map.place WHERE name = 'b'`)
	w.exec(`TRUNCATE map.place`)

	for _, want := range []string{"place+a", "place~a>b", "place+outer place+inner", "place+2", "place+1 place+1 again", "place-b", "place!"} {
		tx := w.next()
		if got := story(tx); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		if tx.Cursor.Compare(at) <= 0 {
			t.Errorf("%q is at %v, not after %v", want, tx.Cursor, at)
		}
		if age := time.Since(tx.At); age < 0 || age > time.Hour {
			t.Errorf("%q was committed %v ago", want, age)
		}
		at = tx.Cursor
	}
}
