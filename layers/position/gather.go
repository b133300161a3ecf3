package position

import (
	"context"
	"fmt"
	"time"

	"github.com/paulmach/orb"

	"onemap/layers/access"
)

const (
	every      = 100 * time.Millisecond
	maxBatch   = 1000   // positions in one transaction: a window's frame stays small
	maxWaiting = 20_000 // positions in memory: four seconds of what one node is made for
	writeTime  = 20 * time.Second
)

// errClosed: the server stops.
var errClosed = fmt.Errorf("the server stops: %w", ErrBusy)

// A point is a position on the map.
type point struct {
	at       time.Time // UTC, microseconds
	lonlat   orb.Point // EPSG:4326
	accuracy float32   // metres; 0: not known
	crs      string    // as declared
	srid     int       // of orig; 0 where it has none
	orig     *orb.Point
}

// An item is the positions of one worker that came together.
type item struct {
	person           int64
	login, name, org string
	points           []point
	begin            bool      // the worker is on duty with them
	since            time.Time // zero: since the first of them
	by               access.Scope
	address          string
	asked            bool // going on duty was tried

	group *group
	taken Taken
	err   error
}

// A group is the items of one request, which waits for all of them.
type group struct {
	left int
	done chan struct{}
}

// submit hands items to the writer and waits until they are written or refused,
// each with its own error. After an error of its own what became of them is not
// known: they may be sent again.
func (s *Store) submit(ctx context.Context, items []*item) error {
	n := 0
	g := &group{left: len(items), done: make(chan struct{})}
	for _, it := range items {
		it.group = g
		n += len(it.points)
	}
	if n == 0 {
		return nil
	}
	s.mu.Lock()
	switch {
	case s.closed:
		s.mu.Unlock()
		return errClosed
	case s.waiting > 0 && s.waiting+n > maxWaiting:
		s.mu.Unlock()
		return ErrBusy
	}
	s.pending = append(s.pending, items...)
	s.waiting += n
	if !s.flushing {
		s.flushing = true
		s.flushes.Add(1)
		go s.flush(context.WithoutCancel(ctx)) // it writes what others hand in too; Close waits for it
	}
	s.mu.Unlock()
	select {
	case <-g.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Close writes what waits and ends. Nothing is taken after it.
func (s *Store) Close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.flushes.Wait()
}

// flush writes batches until nothing is pending. There is one at a time.
func (s *Store) flush(ctx context.Context) {
	defer s.flushes.Done()
	pace := s.Every
	if pace == 0 {
		pace = every
	}
	for {
		began := time.Now()
		batch := s.take()
		if batch == nil {
			return
		}
		s.writeAll(ctx, batch)
		for _, it := range batch {
			if it.group.left--; it.group.left == 0 {
				close(it.group.done)
			}
		}
		// A full batch more may be waiting: then there is no pause.
		if wait := pace - time.Since(began); wait > 0 && s.backlog() < maxBatch {
			time.Sleep(wait)
		}
	}
}

// take returns the next batch, nil where nothing is pending: then the next
// position starts the writer again.
func (s *Store) take() []*item {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, points := 0, 0
	for n < len(s.pending) && (n == 0 || points+len(s.pending[n].points) <= maxBatch) {
		points += len(s.pending[n].points)
		n++
	}
	if n == 0 {
		s.flushing, s.pending = false, nil
		return nil
	}
	batch := s.pending[:n:n]
	s.pending = s.pending[n:]
	s.waiting -= points
	return batch
}

func (s *Store) backlog() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.waiting
}
