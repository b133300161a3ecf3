package position

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"onemap/geo/fenceindex"
	"onemap/layers/feed"
	"onemap/layers/grid"
)

const (
	// settle is how long a reading anew waits: a commit can reach the feed a
	// moment before another session sees it.
	settle = 250 * time.Millisecond
	// groundAge is how old the ground may be where the log is not followed.
	groundAge = 10 * time.Second
	// maxChanges is how many changed fences are kept one by one.
	maxChanges = 10_000
)

// A ground is what positions are held against: grids, fences, organisations.
// It is used and changed by one goroutine at a time, see [known].
type ground struct {
	grids  *grid.Finder
	index  *fenceindex.Index // the fences that are in force
	fences map[string]fence  // by key, those that were or will be too
	above  map[string][]string
	next   time.Time // when a fence begins or ends to be in force; zero: never
}

// A fence as positions need it.
type fence struct {
	title    string
	from, to time.Time // to is exclusive; zero: no end
	orgs     []string
	geom     orb.MultiPolygon
}

func (f fence) inForce(at time.Time) bool {
	return !at.Before(f.from) && (f.to.IsZero() || at.Before(f.to))
}

// fenceKey is the key of a fence that was drawn.
func fenceKey(id int64) string { return "fence/" + strconv.FormatInt(id, 10) }

// title is a fence's name, its key where that is not known.
func (g *ground) title(key string) string {
	if f, ok := g.fences[key]; ok {
		return f.title
	}
	return key
}

// isFor says which fences are for the workers of an organisation.
func (g *ground) isFor(org string) func(key string) bool {
	line := g.above[org]
	return func(key string) bool {
		f := g.fences[key]
		return len(f.orgs) == 0 || slices.ContainsFunc(f.orgs, func(o string) bool { return o == org || slices.Contains(line, o) })
	}
}

// put adds a fence, or takes it away where f is nil.
func (g *ground) put(key string, f *fence, now time.Time) {
	g.index.Remove(key)
	if f == nil {
		delete(g.fences, key)
		return
	}
	g.fences[key] = *f
	if f.inForce(now) {
		g.index.Put(key, f.geom)
	}
	for _, at := range []time.Time{f.from, f.to} {
		if at.After(now) && (g.next.IsZero() || at.Before(g.next)) {
			g.next = at
		}
	}
}

// turn puts in force what is now, and out of it what is no more.
func (g *ground) turn(now time.Time) {
	if g.next.IsZero() || now.Before(g.next) {
		return
	}
	g.next = time.Time{}
	for key, f := range g.fences {
		switch in := g.index.Get(key) != nil; {
		case in != f.inForce(now), f.from.After(now), f.to.After(now):
			g.put(key, &f, now)
		}
	}
}

// known keeps the ground in step with the log.
type known struct {
	keep   atomic.Int64 // days; 0: not read yet
	follow atomic.Pointer[func() feed.Status]

	turn   sync.Mutex // held by who uses the ground
	ground *ground
	read   time.Time

	mu      sync.Mutex // guards what the feed tells
	stale   time.Time  // since when the ground must be read anew; zero: it need not
	changes []fenceChange
}

type fenceChange struct {
	key   string
	fence *fence // nil: it is gone
}

// now returns the ground as it is now. It is called by the writer, and by who
// takes a worker off the map; they may not keep it.
func (k *known) now(ctx context.Context, s *Store) (*ground, error) {
	k.turn.Lock()
	defer k.turn.Unlock()
	now := time.Now()
	k.mu.Lock()
	changes := k.changes
	k.changes = nil
	anew := k.ground == nil || !k.stale.IsZero() && now.Sub(k.stale) >= settle || !k.following() && now.Sub(k.read) >= groundAge
	if anew {
		k.stale = time.Time{}
	}
	k.mu.Unlock()
	if anew {
		g, keep, err := loadGround(ctx, s, now)
		if err != nil {
			k.mu.Lock()
			k.stale, k.changes = now.Add(-settle), append(changes, k.changes...)
			k.mu.Unlock()
			return nil, err
		}
		k.ground, k.read = g, now
		k.keep.Store(int64(keep))
	} else if changes != nil || !k.ground.next.IsZero() && !now.Before(k.ground.next) {
		k.ground = k.ground.copy() // another may still use the one before
	}
	for _, c := range changes {
		k.ground.put(c.key, c.fence, now)
	}
	k.ground.turn(now)
	return k.ground, nil
}

// following says whether the log tells of every change.
func (k *known) following() bool {
	status := k.follow.Load()
	return status != nil && (*status)().State == feed.Live
}

// forget makes the ground be read anew.
func (k *known) forget(wait bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if at := time.Now(); !wait {
		k.stale = at.Add(-settle)
	} else if k.stale.IsZero() {
		k.stale = at
	}
}

// Follow says whom to ask whether the log is followed.
func (s *Store) Follow(status func() feed.Status) { s.known.follow.Store(&status) }

// Reader keeps fences, grids and organisations in step with the log. Give it to
// feed.New, and the feed's status to [Store.Follow].
func (s *Store) Reader() feed.Reader {
	k := &s.known
	return feed.Reader{
		Reset: func(feed.Cursor) { k.forget(false); s.roster.forget() },
		Apply: func(tx *feed.Tx) {
			for _, table := range []string{"map.grid_unit", "map.grid_duty", "map.grid_community", "onemap.setting", "onemap.organisation"} {
				if tx.Touches(table) {
					k.forget(true)
				}
			}
			if tx.Touches("onemap.person") || tx.Touches("onemap.person_role") || tx.Touches("onemap.organisation") {
				s.roster.forget()
			}
			if slices.Contains(tx.Replaced, "map.fence") {
				k.forget(true)
			}
			for i := range tx.Changes {
				if c := &tx.Changes[i]; c.Schema == "map" && c.Table == "fence" {
					k.changed(c)
				}
			}
		},
	}
}

// changed keeps what the log says of a fence.
func (k *known) changed(c *feed.Change) {
	k.mu.Lock()
	defer k.mu.Unlock()
	of := c.New
	if c.Op == feed.Delete {
		of = c.Old
	}
	id, ok := of.Get("id").(int64)
	if c.Op == feed.Truncate || !ok || len(k.changes) >= maxChanges {
		k.changes = nil
		if k.stale.IsZero() {
			k.stale = time.Now()
		}
		return
	}
	change := fenceChange{key: fenceKey(id)}
	if c.Op != feed.Delete {
		f := &fence{}
		f.title, _ = of.Get("name").(string)
		f.from, _ = of.Get("valid_from").(time.Time)
		f.to, _ = of.Get("valid_to").(time.Time)
		f.orgs, _ = of.Get("orgs").([]string)
		f.geom, _ = of.Get("geom").(orb.MultiPolygon)
		change.fence = f
	}
	k.changes = append(k.changes, change)
}

// copy is a ground that can be changed while g is used.
func (g *ground) copy() *ground {
	out := *g
	out.fences = make(map[string]fence, len(g.fences))
	out.index = fenceindex.New()
	for key, f := range g.fences {
		out.fences[key] = f
		if g.index.Get(key) != nil {
			out.index.Put(key, f.geom)
		}
	}
	return &out
}

// loadGround reads everything, and how many days positions are kept.
func loadGround(ctx context.Context, s *Store, now time.Time) (*ground, int, error) {
	fail := func(err error) (*ground, int, error) { return nil, 0, fmt.Errorf("read fences: %w", err) }
	g := &ground{index: fenceindex.New(), fences: map[string]fence{}, above: map[string][]string{}}
	keep, kinds, err := settings(ctx, s)
	if err != nil {
		return fail(err)
	}
	if g.grids, err = grid.Load(ctx, s.db()); err != nil {
		return fail(err)
	}
	for _, kind := range kinds {
		if !slices.Contains(grid.Layers, kind) {
			continue
		}
		rows, err := s.db().Query(ctx, `SELECT grid_code, name, geom FROM `+pgx.Identifier{"map", kind}.Sanitize()+` WHERE valid_to IS NULL`)
		if err != nil {
			return fail(err)
		}
		var code, name string
		var geom orb.MultiPolygon
		if _, err := pgx.ForEachRow(rows, []any{&code, &name, &geom}, func() error {
			g.put(kind+"/"+code, &fence{title: strings.TrimSpace(code + " " + name), geom: geom}, now)
			geom = nil
			return nil
		}); err != nil {
			return fail(err)
		}
	}
	// Those that ended lately have a name yet for who left them.
	rows, err := s.db().Query(ctx, `SELECT id, name, valid_from, valid_to, orgs, geom FROM map.fence WHERE valid_to IS NULL OR valid_to > now() - interval '1 day'`)
	if err != nil {
		return fail(err)
	}
	var id int64
	var f fence
	var to *time.Time
	if _, err := pgx.ForEachRow(rows, []any{&id, &f.title, &f.from, &to, &f.orgs, &f.geom}, func() error {
		one := f
		if one.to = (time.Time{}); to != nil {
			one.to = *to
		}
		g.put(fenceKey(id), &one, now)
		f.geom, f.orgs = nil, nil
		return nil
	}); err != nil {
		return fail(err)
	}
	rows, err = s.db().Query(ctx, `WITH RECURSIVE up (code, above) AS (
			SELECT code, parent FROM onemap.organisation WHERE parent IS NOT NULL
			UNION SELECT up.code, o.parent FROM up JOIN onemap.organisation o ON o.code = up.above WHERE o.parent IS NOT NULL)
		SELECT code, above FROM up`)
	if err != nil {
		return fail(err)
	}
	var org, above string
	if _, err := pgx.ForEachRow(rows, []any{&org, &above}, func() error {
		g.above[org] = append(g.above[org], above)
		return nil
	}); err != nil {
		return fail(err)
	}
	return g, keep, nil
}

// settings reads how long positions are kept, and which grids are fences.
func settings(ctx context.Context, s *Store) (keepDays int, grids []string, err error) {
	keepDays, grids = 7, nil
	rows, err := s.db().Query(ctx, `SELECT key, value FROM onemap.setting WHERE key IN ('position.keep_days', 'position.fence_grids')`)
	if err != nil {
		return 0, nil, err
	}
	var key string
	var value json.RawMessage
	_, err = pgx.ForEachRow(rows, []any{&key, &value}, func() error {
		if key == "position.keep_days" {
			if json.Unmarshal(value, &keepDays) != nil || keepDays < 1 || keepDays > 366 {
				keepDays = 7
				s.log().Warn("setting position.keep_days is no number of days from 1 to 366: 7 is used")
			}
			return nil
		}
		if json.Unmarshal(value, &grids) != nil {
			s.log().Warn("setting position.fence_grids is no list of layers: no grid is a fence")
			grids = nil
		}
		return nil
	})
	return keepDays, grids, err
}

// keepDays is how many days positions are kept.
func (s *Store) keepDays(ctx context.Context) int {
	if n := s.known.keep.Load(); n > 0 {
		return int(n)
	}
	n, _, err := settings(ctx, s)
	if err != nil {
		return 7 // what needs it exactly fails for the same reason
	}
	return n
}

// KeepDays is how many days positions are kept: what a worker is told.
func (s *Store) KeepDays(ctx context.Context) int { return s.keepDays(ctx) }
