package feed

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// State is what a feed is doing.
type State string

const (
	Starting State = "starting" // connecting, or loading its readers
	Waiting  State = "waiting"  // for write transactions that were open before its slot; Why names one
	Live     State = "live"
	Off      State = "off" // the database does not let it follow the log; Why says what is missing
)

var (
	// ErrForeign: a cursor belongs to another database, or to another timeline of it.
	ErrForeign = errors.New("cursor of another history")
	// ErrOff: the feed is off.
	ErrOff = errors.New("the log cannot be followed")
)

// Status is how a feed is.
type Status struct {
	State  State
	Since  time.Time // of State
	Why    string    // for people; "" when live
	Cursor Cursor    // all up to it was applied; zero before the first snapshot
	// Lag is how long ago the oldest thing was committed that may not have been
	// applied yet, as far as can be told; 0 when caught up. It is measured by
	// asking the database for its position twice a second.
	Lag time.Duration
	// Counts since New.
	Connections  uint64 // snapshots taken
	Transactions uint64 // applied
	Changes      uint64 // applied, those in bulk included
}

type status struct {
	mu      sync.Mutex
	state   State
	why     string
	since   time.Time
	born    time.Time
	at      Cursor
	waiters []waiter

	connections, transactions, changes uint64

	asked   Cursor    // the last probe's answer
	askedAt time.Time // when it was asked; zero: never
}

type waiter struct {
	want  Cursor
	ready chan error // buffered
}

// Status returns how the feed is now.
func (f *Feed) Status() Status {
	s := &f.status
	s.mu.Lock()
	defer s.mu.Unlock()
	out := Status{
		State: s.state, Since: s.since, Why: s.why, Cursor: s.at,
		Connections: s.connections, Transactions: s.transactions, Changes: s.changes,
	}
	now := time.Now()
	switch {
	case s.at.IsZero():
		out.Lag = now.Sub(s.born)
	case s.askedAt.IsZero(): // just begun
	case s.at.Compare(s.asked) < 0: // not there yet
		out.Lag = now.Sub(s.askedAt)
	case now.Sub(s.askedAt) > 4*probeEvery: // the database no longer answers
		out.Lag = now.Sub(s.askedAt)
	}
	return out
}

// Wait returns nil as soon as the feed has applied everything up to c. It
// returns [ErrForeign] for a cursor that it can never reach, [ErrOff] if the
// feed is off, and ctx's error if ctx ends first.
func (f *Feed) Wait(ctx context.Context, c Cursor) error {
	s := &f.status
	s.mu.Lock()
	done, err := s.reached(c)
	if done || err != nil {
		s.mu.Unlock()
		return err
	}
	w := waiter{c, make(chan error, 1)}
	s.waiters = append(s.waiters, w)
	s.mu.Unlock()
	select {
	case err := <-w.ready:
		return err
	case <-ctx.Done():
		s.mu.Lock()
		s.waiters = slices.DeleteFunc(s.waiters, func(v waiter) bool { return v.ready == w.ready })
		s.mu.Unlock()
		return ctx.Err()
	}
}

// reached says whether c was applied, or why it never will be.
func (s *status) reached(c Cursor) (bool, error) {
	switch {
	case c.IsZero():
		return true, nil
	case s.state == Off:
		return false, ErrOff
	case s.at.IsZero():
		return false, nil
	case c.System != s.at.System || c.Timeline < s.at.Timeline:
		return false, ErrForeign
	}
	return s.at.Compare(c) >= 0, nil
}

// set changes the state and says whether it did.
func (s *status) set(state State, why string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	changed := s.state != state
	if changed {
		s.state, s.since = state, time.Now()
	}
	s.why = why
	if state == Off {
		s.wake()
	}
	return changed
}

// live says that transactions after at are being applied. at is the place of a
// new snapshot, which may be of another history than the one before.
func (s *status) live(at Cursor) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state, s.since, s.why = Live, time.Now(), ""
	s.connections++
	s.at = at
	s.wake()
}

// advance moves the position on. It never moves back: a keepalive may tell an
// older end than the last commit's.
func (s *status) advance(lsn uint64, tx *Tx) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if tx != nil {
		s.transactions++
		s.changes += uint64(len(tx.Changes))
		for _, b := range tx.Bulk {
			s.changes += uint64(b.Count)
		}
	}
	if lsn <= s.at.LSN {
		return
	}
	s.at.LSN = lsn
	if len(s.waiters) > 0 {
		s.wake()
	}
}

// wake answers those waiters who need wait no longer.
func (s *status) wake() {
	s.waiters = slices.DeleteFunc(s.waiters, func(w waiter) bool {
		done, err := s.reached(w.want)
		if done || err != nil {
			w.ready <- err
			return true
		}
		return false
	})
}

func (s *status) position() Cursor {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.at
}

// probeEvery is how often the database is asked how far its log is.
const probeEvery = 500 * time.Millisecond

// probe measures the lag until ctx ends. A position that was not reached yet is
// kept until it is, so that Lag grows from when it was asked.
func (f *Feed) probe(ctx context.Context, db *pgxpool.Pool) {
	tick := time.NewTicker(probeEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		s := &f.status
		s.mu.Lock()
		skip := s.state == Off || !s.askedAt.IsZero() && s.at.Compare(s.asked) < 0 && s.at.SameHistory(s.asked)
		s.mu.Unlock()
		if skip {
			continue
		}
		asked := time.Now()
		c, err := flushed(ctx, db)
		if err != nil {
			continue // the age of the last answer tells
		}
		s.mu.Lock()
		s.asked, s.askedAt = c, asked
		s.mu.Unlock()
	}
}

// flushed returns how far the log is on disk, which is as far as it can be followed.
func flushed(ctx context.Context, db *pgxpool.Pool) (Cursor, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	return position(ctx, db, "pg_current_wal_flush_lsn()")
}
