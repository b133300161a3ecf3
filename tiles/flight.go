package tiles

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
)

// A flight is a tile being made, and those who wait for it. It goes on until
// the last of them has left, whoever asked first.
type flight struct {
	seen   moment // taken before it began: it holds every change up to there
	cancel context.CancelFunc
	forget func() // takes it out of flights; flights.mu is held
	done   chan struct{}
	// Set when done.
	tile Tile
	err  error

	waiting int // guarded by flights.mu
}

// flights are the tiles being made.
type flights struct {
	mu   sync.Mutex
	open map[key]*flight
	// From PostGIS for those whom nothing that began before they came may serve:
	// one is being made, and one at most waits for it to end.
	running, next map[key]*flight
}

// share returns a tile that is being made for another, if it holds all that has
// changed until now and all that this caller knows of; else it begins one.
func (m *Maker) share(ctx context.Context, k key, r Request, now moment) (Tile, error) {
	fs := &m.flights
	fs.mu.Lock()
	f := fs.open[k]
	if f != nil && m.serves(f, r, now) {
		m.counts.shared.Add(1)
	} else {
		f = m.launch(ctx, nil, func(ctx context.Context) (Tile, error) { return m.make(ctx, k, r, now, true) })
		f.seen = now
		f.forget = func() {
			if fs.open[k] == f {
				delete(fs.open, k)
			}
		}
		put(&fs.open, k, f)
	}
	f.waiting++
	fs.mu.Unlock()
	return fs.wait(ctx, f)
}

// serves says whether a tile that another waits for is new enough for who
// comes now. Where the log is not followed nobody can tell; then it is as old
// as the time that making it takes.
func (m *Maker) serves(f *flight, r Request, now moment) bool {
	if now.lsn == 0 || m.Stamps == nil {
		return r.Since <= f.seen.lsn
	}
	return f.seen.epoch == now.epoch && f.seen.lsn >= max(r.Since, m.changed(r))
}

// direct returns a tile that PostGIS begins to make after the call: it holds
// every commit that the caller can know of. Those who come while one is being
// made share the next.
func (m *Maker) direct(ctx context.Context, k key, r Request) (Tile, error) {
	fs := &m.flights
	fs.mu.Lock()
	f := fs.next[k]
	if f != nil {
		m.counts.shared.Add(1)
	} else {
		before := fs.running[k]
		f = m.launch(ctx, before, func(ctx context.Context) (Tile, error) {
			fs.mu.Lock()
			if fs.next[k] == f {
				delete(fs.next, k)
				put(&fs.running, k, f)
			}
			fs.mu.Unlock()
			return m.make(ctx, k, r, m.now(), false)
		})
		f.forget = func() {
			if fs.next[k] == f {
				delete(fs.next, k)
			}
			if fs.running[k] == f {
				delete(fs.running, k)
			}
		}
		put(&fs.next, k, f)
	}
	f.waiting++
	fs.mu.Unlock()
	t, err := fs.wait(ctx, f)
	t.LSN = max(t.LSN, r.Since)
	return t, err
}

// errUnfinished: the goroutine that made a tile ended without a word.
var errUnfinished = errors.New("tile: making it ended early")

// launch makes a tile on a goroutine of its own, after another flight has
// ended. flights.mu is held, and the caller sets forget before it is given back.
func (m *Maker) launch(ctx context.Context, after *flight, work func(context.Context) (Tile, error)) *flight {
	f := &flight{done: make(chan struct{}), err: errUnfinished}
	// What one caller's request carries the work may read; whether that caller
	// stays is nothing to the others.
	ctx, f.cancel = context.WithTimeout(context.WithoutCancel(ctx), m.Timeout)
	go func() {
		defer func() {
			if v := recover(); v != nil {
				f.err = fmt.Errorf("tile: panic: %v\n%s", v, debug.Stack())
			}
			m.flights.mu.Lock()
			f.forget()
			m.flights.mu.Unlock()
			close(f.done)
			f.cancel()
		}()
		if after != nil {
			select {
			case <-after.done:
			case <-ctx.Done():
				f.err = ctx.Err()
				return
			}
		}
		f.tile, f.err = work(ctx)
	}()
	return f
}

// wait waits for a flight to end, or for ctx to. Who leaves last ends it.
func (fs *flights) wait(ctx context.Context, f *flight) (Tile, error) {
	select {
	case <-f.done:
		return f.tile, f.err
	case <-ctx.Done():
	}
	fs.mu.Lock()
	defer fs.mu.Unlock()
	if f.waiting--; f.waiting == 0 {
		f.forget() // nobody may join what is being cancelled
		f.cancel()
	}
	return Tile{}, ctx.Err()
}

func put(to *map[key]*flight, k key, f *flight) {
	if *to == nil {
		*to = map[key]*flight{}
	}
	(*to)[k] = f
}
