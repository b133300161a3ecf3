package feed

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"onemap/layers"
)

// A Reader is told what is in the log. Any of its functions may be nil. They
// are called by one goroutine, one after the other, readers in the order they
// were given to [New]; while one works, the feed waits.
type Reader struct {
	// Load reads the reader's state. tx is read-only and sees exactly what was
	// committed up to at. An error makes the feed begin anew.
	Load func(ctx context.Context, tx pgx.Tx, at Cursor) error
	// Reset says that all readers have loaded the state at a new snapshot: what
	// was applied before cannot be continued.
	Reset func(at Cursor)
	// Apply takes the next committed transaction.
	Apply func(*Tx)
}

// What is kept of one transaction, unless a Feed says otherwise.
const (
	DefaultMaxRows  = 100_000
	DefaultMaxBytes = 64 << 20
)

// A Feed follows the log of one database. Its methods are safe for concurrent use.
type Feed struct {
	// Set before Run, if at all.
	MaxRows  int          // changes kept of one table in one transaction; 0: [DefaultMaxRows]
	MaxBytes int          // bytes kept of one transaction; 0: [DefaultMaxBytes]
	Log      *slog.Logger // nil: slog.Default()

	url     string
	readers []Reader
	status  status
	commits commits
}

// New returns a Feed of the database at databaseURL. Run starts it.
func New(databaseURL string, readers ...Reader) *Feed {
	return &Feed{url: databaseURL, readers: readers, status: status{state: Starting, since: time.Now(), born: time.Now()}}
}

// How long to wait before the next attempt: after a lost connection, and where
// the database refuses for good until its operator changes something.
const (
	backoffMin = 100 * time.Millisecond
	backoffMax = 10 * time.Second
	backoffOff = 10 * time.Second
)

// Run follows the log until ctx ends, and then returns nil. It reconnects as
// often as it must; the only error is a database URL that is none.
func (f *Feed) Run(ctx context.Context) error {
	db, err := layers.Open(ctx, f.url)
	if err != nil {
		return fmt.Errorf("feed: %w", err)
	}
	defer db.Close()
	defer f.status.set(Off, "stopped")

	probing := make(chan struct{})
	go func() {
		defer close(probing)
		f.probe(ctx, db)
	}()
	defer func() { <-probing }()

	backoff := backoffMin
	for {
		started := time.Now()
		err := f.follow(ctx, db)
		if ctx.Err() != nil {
			return nil
		}
		wait := backoff/2 + rand.N(backoff/2) // jitter: the nodes of a restarted database do not all return at once
		var off *offError
		if errors.As(err, &off) {
			if f.status.set(Off, off.why) {
				f.log().Warn("feed is off", "why", off.why)
			}
			wait = backoffOff
		} else {
			f.log().Warn("feed lost its place in the log", "err", err, "retry_in", wait)
			f.status.set(Starting, "connecting again")
		}
		if backoff = min(2*backoff, backoffMax); time.Since(started) > time.Minute {
			backoff = backoffMin
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
	}
}

// follow makes a slot, loads the readers and applies transactions until
// something breaks.
func (f *Feed) follow(ctx context.Context, db *pgxpool.Pool) error {
	if err := preflight(ctx, db); err != nil {
		return err
	}
	s, err := openSlot(ctx, db, func(why string) { f.status.set(Waiting, why) })
	if err != nil {
		return err
	}
	defer s.close(ctx, db)
	f.status.set(Starting, "loading")
	if err := f.load(ctx, db, s); err != nil {
		return err
	}
	f.commits.forget() // what they are about to forget has no place in the log to come
	for _, r := range f.readers {
		if r.Reset != nil {
			r.Reset(s.at)
		}
	}
	return f.stream(ctx, s)
}

// load lets the readers read the state at the slot's snapshot.
func (f *Feed) load(ctx context.Context, db *pgxpool.Pool, s *slot) error {
	tx, err := db.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return fmt.Errorf("feed: load: %w", err)
	}
	defer tx.Rollback(context.WithoutCancel(ctx)) // it holds the snapshot, and with it vacuum, back
	for _, sql := range []string{
		"SET TRANSACTION SNAPSHOT '" + s.snapshot + "'", // takes no parameter; the name is the server's own
		"SET LOCAL statement_timeout = 0",
		"SET LOCAL idle_in_transaction_session_timeout = 0",
	} {
		if _, err := tx.Exec(ctx, sql); err != nil {
			return fmt.Errorf("feed: load: %w", err)
		}
	}
	if err := tx.QueryRow(ctx, "SELECT pg_current_snapshot()::text").Scan(&s.seen); err != nil {
		return fmt.Errorf("feed: load: %w", err)
	}
	for _, r := range f.readers {
		if r.Load == nil {
			continue
		}
		if err := r.Load(ctx, tx, s.at); err != nil {
			return fmt.Errorf("feed: load: %w", err)
		}
	}
	return nil
}

func (f *Feed) log() *slog.Logger {
	if f.Log != nil {
		return f.Log
	}
	return slog.Default()
}
