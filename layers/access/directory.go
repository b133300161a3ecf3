package access

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"onemap/layers/vault"
)

const (
	// maxLag is how far the feed may be behind before rights are read from PostgreSQL.
	maxLag = time.Second
	// pollAge is how old rights read from PostgreSQL may be. Areas and grids,
	// the bulk of it and slow to change, may be older.
	pollAge    = time.Second
	geoPollAge = 30 * time.Second
)

// Directory is everyone and their rights, in memory. Its methods are safe for
// concurrent use; while the feed is live, asking for a Scope neither queries
// nor waits.
//
// Give its [Directory.Reader] to the feed and the feed's status to
// [Directory.Follow]. Without them it works from PostgreSQL, with rights up to
// a second old.
type Directory struct {
	// Keys seal the secrets of second factors; nil: new ones stand as they are.
	// Set before the first use.
	Keys *vault.Keys

	db *pgxpool.Pool

	fresh   atomic.Pointer[func() bool] // whether the feed is live and in time; nil: no feed
	fed     atomic.Pointer[state]       // kept by the feed; nil before its first snapshot, and while it is read anew
	fedUsed atomic.Bool                 // it answered since PostgreSQL was read last
	feeding feeding

	pollTurn chan struct{} // held by who reads PostgreSQL
	polled   *state        // guarded by pollTurn
	polledAt time.Time
	geoAt    time.Time
	geoOld   atomic.Bool // the log says that grids or areas are others than read

	gone    goneSet    // signed out or revoked here, whatever memory may say
	fresher fresherSet // sessions that were changed here a moment ago
	sliding sync.Map
	hashing chan struct{} // one place for each password hash computed at a time

	changed changed
}

// NewDirectory returns a Directory on a pool made by layers.Open. It reads
// nothing yet.
func NewDirectory(db *pgxpool.Pool) *Directory {
	return &Directory{db: db, pollTurn: make(chan struct{}, 1), hashing: make(chan struct{}, hashesAtOnce)}
}

// Load reads everything from PostgreSQL: to be ready, and to know early that
// it can be read.
func (d *Directory) Load(ctx context.Context) error {
	_, err := d.poll(ctx, 0)
	return err
}

// current returns the state to answer from.
func (d *Directory) current(ctx context.Context) (*state, error) {
	if fresh := d.fresh.Load(); fresh != nil && (*fresh)() {
		if st := d.fed.Load(); st != nil {
			if !d.fedUsed.Load() { // most often it is, and is only read
				d.fedUsed.Store(true)
			}
			return st, nil
		}
	}
	return d.poll(ctx, pollAge)
}

// poll returns a state read from PostgreSQL not longer than age ago.
func (d *Directory) poll(ctx context.Context, age time.Duration) (*state, error) {
	select {
	case d.pollTurn <- struct{}{}:
		defer func() { <-d.pollTurn }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	now := time.Now()
	// What was read before the feed answered last is older than what it said.
	if d.polled != nil && now.Sub(d.polledAt) < age && !d.fedUsed.Swap(false) {
		return d.polled, nil
	}
	var geo *geography
	if d.polled != nil && age > 0 && now.Sub(d.geoAt) < geoPollAge && !d.geoOld.Swap(false) {
		geo = d.polled.geo
	}
	st, err := d.read(ctx, geo)
	if err != nil {
		return nil, err
	}
	if geo == nil {
		d.geoAt = now
	}
	d.polled, d.polledAt = st, now
	return st, nil
}

// read reads the state in a transaction of its own.
func (d *Directory) read(ctx context.Context, geo *geography) (*state, error) {
	var st *state
	err := pgx.BeginTxFunc(ctx, d.db, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) (err error) {
		st, err = loadState(ctx, tx, geo)
		return err
	})
	return st, err
}

// ScopeOf returns the scope of a person by number: for jobs done in someone's
// name. It returns [ErrUnauthenticated] if there is no such active person.
func (d *Directory) ScopeOf(ctx context.Context, personID int64) (Scope, error) {
	st, err := d.current(ctx)
	if err != nil {
		return Scope{}, err
	}
	return d.scopeIn(ctx, st, personID)
}

// scopeIn returns a person's scope from a state, or from PostgreSQL where the
// state does not know the person yet.
func (d *Directory) scopeIn(ctx context.Context, st *state, personID int64) (Scope, error) {
	if !st.knows(personID) {
		var err error
		if st, err = d.poll(ctx, 0); err != nil {
			return Scope{}, err
		}
	}
	return st.scope(personID, time.Now())
}

// Organisation returns the organisation with a code, from memory. It returns
// false if there is none.
func (d *Directory) Organisation(ctx context.Context, code string) (Organisation, bool, error) {
	st, err := d.current(ctx)
	if err != nil {
		return Organisation{}, false, err
	}
	st.mu.RLock()
	defer st.mu.RUnlock()
	o, ok := st.orgs[code]
	return o, ok, nil
}

// Changed returns a channel that is closed when anyone's rights next change:
// by a role, a grant, a grid, a share type, a sign-out; also at the moment a
// grant ends. Ask for a new channel, then for new scopes.
func (d *Directory) Changed() <-chan struct{} { return d.changed.wait() }

// changed wakes those who wait for a change.
type changed struct {
	mu    sync.Mutex
	ch    chan struct{}
	timer *time.Timer // of the next grant that ends
}

func (c *changed) wait() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ch == nil {
		c.ch = make(chan struct{})
	}
	return c.ch
}

func (c *changed) fire() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ch != nil {
		close(c.ch)
		c.ch = nil
	}
}

// fireAt fires at a moment, instead of the one set before; never, if it is zero.
func (c *changed) fireAt(at time.Time, then func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.timer != nil {
		c.timer.Stop()
		c.timer = nil
	}
	if !at.IsZero() {
		c.timer = time.AfterFunc(time.Until(at), then)
	}
}

// Close ends what the Directory does on its own. It still answers.
func (d *Directory) Close() {
	d.feeding.mu.Lock()
	defer d.feeding.mu.Unlock()
	if d.feeding.stop != nil {
		d.feeding.stop()
		d.feeding.stop = nil
	}
	d.changed.fireAt(time.Time{}, nil)
}

// goneSet remembers for a while which sessions and keys ended on this node, so
// that they do at once, and do not come back with an older snapshot.
type goneSet struct {
	mu  sync.Mutex
	all map[string]time.Time
}

// goneFor is far longer than any snapshot stays in use.
const goneFor = time.Hour

func (g *goneSet) add(name string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	for n, at := range g.all {
		if now.Sub(at) > goneFor {
			delete(g.all, n)
		}
	}
	if g.all == nil {
		g.all = map[string]time.Time{}
	}
	g.all[name] = now
}

func (g *goneSet) has(name string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	_, ok := g.all[name]
	return ok
}

// noRow says whether a query found nothing.
func noRow(err error) bool { return errors.Is(err, pgx.ErrNoRows) }

// doing says what failed, for errors that never reach a client.
func doing(what string, err error) error { return fmt.Errorf("%s: %w", what, err) }
