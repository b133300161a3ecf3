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
	mu     sync.Mutex
	recent []feed.Tx          // of our tables; At is when they came; not older than recentFor
	stop   context.CancelFunc // of a reading anew under way
}

const (
	// recentFor is how long transactions are kept to be applied to a state that
	// is read anew, which may not see the last of them.
	recentFor = 5 * time.Second
	// A commit can reach the feed before another session sees it.
	settle = 200 * time.Millisecond
)

// ours are the tables that rights are made of, beside the grids.
var ours = []string{"organisation", "area", "person", "person_role", "person_grid", "session", "api_key", "layer_grant", "layer", "layer_field"}

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
	return feed.Reader{
		Load: func(ctx context.Context, tx pgx.Tx, _ feed.Cursor) (err error) {
			next, err = loadState(ctx, tx, nil)
			return err
		},
		Reset: func(feed.Cursor) {
			d.feeding.mu.Lock()
			defer d.feeding.mu.Unlock()
			d.feeding.recent = nil
			if d.feeding.stop != nil {
				d.feeding.stop()
				d.feeding.stop = nil
			}
			d.take(next)
			next = nil
		},
		Apply: d.apply,
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
func (d *Directory) apply(tx *feed.Tx) {
	ourTx := feed.Tx{At: time.Now()}
	anew := false
	for _, c := range tx.Changes {
		if isOurs(c.Schema, c.Table) {
			ourTx.Changes = append(ourTx.Changes, c)
			anew = anew || outlineMissing(c)
		}
	}
	anew = anew || slices.ContainsFunc(tx.Replaced, func(name string) bool {
		schema, table, _ := strings.Cut(name, ".")
		return isOurs(schema, table)
	})
	if len(ourTx.Changes) == 0 && !anew {
		return
	}
	f := &d.feeding
	f.mu.Lock()
	defer f.mu.Unlock()
	f.recent = slices.DeleteFunc(f.recent, func(tx feed.Tx) bool { return f.stop == nil && time.Since(tx.At) > recentFor })
	f.recent = append(f.recent, ourTx)
	if st := d.fed.Load(); st != nil && st.apply(ourTx.Changes) != none {
		d.rightsChanged(st)
	}
	if anew {
		// Until it is read, current answers from PostgreSQL.
		d.fed.Store(nil)
		if f.stop != nil {
			f.stop()
		}
		var ctx context.Context
		ctx, f.stop = context.WithCancel(context.Background()) // ends with the next Reset, or Close
		go d.readAnew(ctx)
	}
}

// readAnew replaces the state after a table was swapped whole, which the log
// does not tell row by row. Transactions that came while it was read, or just
// before and may not have been visible, are applied again: rows are set, not added.
func (d *Directory) readAnew(ctx context.Context) {
	for wait := settle; ; wait = min(2*wait, 10*time.Second) {
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
		st, err := d.read(ctx, nil)
		if err != nil {
			if ctx.Err() == nil {
				slog.WarnContext(ctx, "rights could not be read anew, trying again", "err", err)
			}
			continue
		}
		f := &d.feeding
		f.mu.Lock()
		defer f.mu.Unlock()
		if ctx.Err() != nil {
			return
		}
		for _, tx := range f.recent {
			st.apply(tx.Changes)
		}
		f.stop()
		f.stop = nil
		d.take(st)
		return
	}
}
