package access

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"onemap/layers/feed"
)

// feeding is what the feed's reader keeps beside the state.
type feeding struct {
	mu sync.Mutex
	// While the state is read anew: how to stop that, and what the log brought
	// since it had to be, to be applied to the new state.
	stop  context.CancelFunc
	since [][]feed.Change
}

// settle is how long a reading anew waits first: a commit can reach the feed a
// moment before another session sees it.
const settle = 200 * time.Millisecond

// ours are the tables that rights are made of, beside the grids.
var ours = []string{"organisation", "area", "person", "person_role", "person_grid", "session", "api_key", "setting", "layer_grant", "layer", "layer_field"}

func isOurs(schema, table string) bool {
	if schema == "map" {
		_, ok := gridTables[table]
		return ok
	}
	return schema == "onemap" && slices.Contains(ours, table)
}

// Reader keeps the Directory in step with the log. Give it to feed.New, and
// the feed's status to [Directory.Follow].
func (d *Directory) Reader() feed.Reader {
	var next *state
	var running context.Context // the feed's, which outlives each of its calls
	return feed.Reader{
		Load: func(ctx context.Context, tx pgx.Tx, _ feed.Cursor) (err error) {
			running = ctx
			next, err = loadState(ctx, tx, nil)
			return err
		},
		Reset: func(feed.Cursor) {
			d.feeding.mu.Lock()
			defer d.feeding.mu.Unlock()
			if d.feeding.stop != nil {
				d.feeding.stop()
				d.feeding.stop, d.feeding.since = nil, nil
			}
			d.take(next)
			next = nil
		},
		Apply: func(tx *feed.Tx) { d.apply(running, tx) },
	}
}

// Follow says whom to ask how far the feed is: while it is not live, or more
// than a second behind, rights are read from PostgreSQL.
func (d *Directory) Follow(status func() feed.Status) {
	fresh := func() bool {
		s := status()
		return s.State == feed.Live && s.Lag <= maxLag
	}
	d.fresh.Store(&fresh)
}

// take puts a state in place.
func (d *Directory) take(st *state) {
	d.fed.Store(st)
	d.rightsChanged(st)
}

// rightsChanged tells those who wait, and sees to the next grant that ends.
func (d *Directory) rightsChanged(st *state) {
	d.changed.fireAt(st.nextEnd(time.Now()), func() { d.rightsChanged(st) })
	d.changed.fire()
}

// apply takes one transaction of the log.
func (d *Directory) apply(running context.Context, tx *feed.Tx) {
	var changes []feed.Change
	anew := false
	for _, c := range tx.Changes {
		if isOurs(c.Schema, c.Table) {
			changes = append(changes, c)
			anew = anew || outlineMissing(c)
		}
	}
	anew = anew || slices.ContainsFunc(tx.Replaced, func(name string) bool {
		schema, table, _ := strings.Cut(name, ".")
		return isOurs(schema, table)
	})
	if len(changes) == 0 && !anew {
		return
	}
	f := &d.feeding
	f.mu.Lock()
	defer f.mu.Unlock()
	if anew {
		if f.stop != nil {
			f.stop()
		}
		// Until it is read, current answers from PostgreSQL.
		d.fed.Store(nil)
		d.geoOld.Store(true)
		var ctx context.Context
		ctx, f.stop = context.WithCancel(running) // ends with the feed, its next Reset, or Close
		f.since = nil
		go d.readAnew(ctx)
		return
	}
	if f.stop != nil {
		f.since = append(f.since, changes)
		return
	}
	if st := d.fed.Load(); st != nil && st.apply(changes) != none {
		d.rightsChanged(st)
	}
}

// readAnew replaces the state after a table was swapped whole, which the log
// does not tell row by row. What the log brought meanwhile is applied to it,
// though it may hold some of that already: rows are set, not added.
func (d *Directory) readAnew(ctx context.Context) {
	for wait := settle; ; wait = min(2*wait, 10*time.Second) {
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
		st, err := d.read(ctx, nil)
		if err == nil {
			d.takeAnew(ctx, st)
			return
		}
		if ctx.Err() == nil {
			slog.WarnContext(ctx, "rights could not be read anew, trying again", "err", err)
		}
	}
}

func (d *Directory) takeAnew(ctx context.Context, st *state) {
	f := &d.feeding
	f.mu.Lock()
	defer f.mu.Unlock()
	if ctx.Err() != nil {
		return
	}
	for _, changes := range f.since {
		st.apply(changes)
	}
	f.stop()
	f.stop, f.since = nil, nil
	d.take(st)
}
