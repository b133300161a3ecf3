package tilefeed

import (
	"context"
	"errors"
	"fmt"
	"time"

	"onemap/layers"
	"onemap/layers/feed"
	"onemap/tiles/memory"
)

var (
	// errVoid: what is being read is out of date. Loading begins anew.
	errVoid = errors.New("it changed as a whole while it was read")
	// errEarly: the database does not yet show all that is in the log.
	errEarly = errors.New("a commit is not visible yet")
	// errUnfit: the table cannot be kept.
	errUnfit = errors.New("it cannot be kept in memory")
)

// maxAside is how many bytes of transactions are set aside for one load.
const maxAside = 64 << 20

// fewAside is how many transactions are applied while the feed waits.
const fewAside = 8

// A load reads one layer. Its fields are guarded by Keeper.mu, but for those
// that only the loading goroutine uses.
type load struct {
	layer  *layer
	def    layers.Layer
	ctx    context.Context // ends when the load was given up
	cancel context.CancelCauseFunc
	from   uint64     // all up to it is in the snapshot, or the load begins again
	aside  []*feed.Tx // what came since
	bytes  int        // of aside
	given  bool       // it was given up

	// The loading goroutine's.
	plan     *plan
	snapshot feed.Snapshot
	sees     feed.Cursor // everything in the snapshot was committed before
	into     *memory.Loader
	rows     int64
	row      memory.Row
	needs    int64 // bytes that it took when it turned out not to fit
}

// give gives a load up. The caller holds mu.
func (ld *load) give(why string) {
	ld.given, ld.aside = true, nil
	ld.cancel(fmt.Errorf("%w: %s", errVoid, why))
}

// keep sets a transaction aside. The caller holds mu.
func (ld *load) keep(tx *feed.Tx) {
	if ld.given {
		return
	}
	ld.aside = append(ld.aside, tx)
	if ld.bytes += tx.Bytes; ld.bytes > maxAside {
		ld.give("more was written meanwhile than can be set aside")
	}
}

// begin begins to set aside what is written to a layer. The caller holds mu.
func (k *Keeper) begin(ctx context.Context, l *layer) *load {
	ctx, cancel := context.WithCancelCause(ctx)
	k.loading = &load{layer: l, def: l.def, ctx: ctx, cancel: cancel, from: k.applied}
	l.state, l.reason, l.why, l.since = Loading, "", "", time.Now()
	return k.loading
}

// load reads a layer into memory and puts it in step.
func (k *Keeper) load(ld *load) {
	defer ld.cancel(nil)
	ctx, l, name, start := ld.ctx, ld.layer, ld.def.Name, time.Now()
	err := k.read(ctx, ld)
	if err == nil {
		err = k.catchUp(ld)
	}
	if ld.into != nil {
		if errors.Is(err, memory.ErrBudget) {
			ld.needs = k.beyond()
		}
		ld.into.Abandon() // does nothing after Install
	}
	if cause := context.Cause(ctx); err != nil && errors.Is(cause, errVoid) {
		err = cause
	}

	k.mu.Lock()
	defer k.mu.Unlock()
	k.loading = nil
	k.poke()
	took := time.Since(start)
	if err == nil {
		l.loads++
		l.took = took
		k.log().Info("layer is in memory", "layer", name, "rows", ld.rows, "seconds", took.Seconds())
		return
	}
	if l.state == Loading {
		l.state, l.since = Out, time.Now()
		l.reason, l.why = WentWrong, err.Error()
	}
	k.blame(l, ld, err)
	if ctx.Err() == nil || errors.Is(err, errVoid) {
		k.log().Info("layer stays in PostGIS", "layer", name, "why", l.why, "again_in", time.Until(l.after).Round(time.Millisecond))
	}
}

// blame decides when a layer that could not be loaded is tried again.
func (k *Keeper) blame(l *layer, ld *load, err error) {
	l.failures++
	l.after = later(l.failures)
	switch {
	case errors.Is(err, memory.ErrBudget):
		// What would be needed is now known better than from statistics.
		need := ld.needs
		if ld.rows > 0 && l.rows > float64(ld.rows) {
			need = int64(float64(need) * l.rows / float64(ld.rows))
		}
		l.size, l.known, l.why = max(l.size, need)+l.size/8, true, "it does not fit"
		l.reason = TooLarge
	case errors.Is(err, errUnfit), errors.Is(err, errValue):
		if ld.plan != nil {
			l.barred = ld.plan.mark
		}
		l.reason, l.after = Unfit, time.Now().Add(unfitFor)
	case errors.Is(err, layers.ErrInTheWay):
		l.why = "someone waits for its table"
	}
}

// beyond is how many bytes a load takes beside the layers that are held.
func (k *Keeper) beyond() int64 {
	bytes := k.mem.Bytes()
	for _, i := range k.mem.Layers() {
		bytes -= i.Bytes
	}
	return bytes
}

// unfitFor is how long a layer with a value that cannot be kept is left alone.
const unfitFor = 10 * time.Minute

// later is when to try again after so many failures.
func later(failures int) time.Time {
	wait := 100 * time.Millisecond << min(failures, 9)
	return time.Now().Add(min(wait, 30*time.Second))
}

// read reads the table as of a snapshot that sees all that the feed had applied
// when the load began.
func (k *Keeper) read(ctx context.Context, ld *load) error {
	f := k.feed.Load()
	if f == nil {
		return feed.ErrOff
	}
	for attempt := 0; ; attempt++ {
		err := k.store.Scan(ctx, layers.Scan{
			Table: ld.def.Name,
			Begin: func(t layers.Table, snapshot string) ([]string, error) {
				// A commit is in the log before others see it.
				if seen, ok := f.Visible(snapshot); !ok || seen < ld.from {
					return nil, errEarly
				}
				var err error
				if ld.snapshot, err = feed.ParseSnapshot(snapshot); err != nil {
					return nil, err
				}
				// And others may see it before it has come by the log.
				if ld.sees, err = feed.Now(ctx, k.store.DB()); err != nil {
					return nil, err
				}
				if err = feed.Push(ctx, k.store.DB()); err != nil {
					return nil, err
				}
				var why string
				if ld.plan, why = planOf(ld.def, t); ld.plan == nil {
					return nil, fmt.Errorf("%w: %s", errUnfit, why)
				}
				ld.into = k.mem.Load(ld.plan.layer)
				return ld.plan.columns, nil
			},
			Row: func(values [][]byte) error {
				if err := ld.plan.row(values, &ld.row); err != nil {
					return err
				}
				ld.rows++
				return ld.into.Add(&ld.row)
			},
		})
		if !errors.Is(err, errEarly) || attempt == 9 {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Millisecond << attempt):
		}
	}
}

// catchUp installs what was read, with what was set aside meanwhile, and makes
// the layer live when nothing is set aside any more.
func (k *Keeper) catchUp(ld *load) error {
	r := newReads(ld.plan)
	later, err := ld.later(r, k.take(ld))
	if err != nil {
		return err
	}
	// Nobody asks for it before it is live.
	if err := ld.into.Install(ld.from, later...); err != nil {
		return err
	}
	// What the snapshot holds is not to be applied when it comes by the log: it
	// must have come before the layer is live.
	if err := k.feed.Load().Wait(ld.ctx, ld.sees); err != nil {
		k.mem.Drop(ld.def.Name)
		return err
	}
	for {
		aside := k.take(ld)
		if len(aside) <= fewAside {
			return k.join(ld, r, aside)
		}
		if err := k.replay(ld, r, aside); err != nil {
			k.mem.Drop(ld.def.Name)
			return err
		}
	}
}

// take returns what was set aside since it was taken last.
func (k *Keeper) take(ld *load) []*feed.Tx {
	k.mu.Lock()
	defer k.mu.Unlock()
	aside := ld.aside
	ld.aside, ld.bytes = nil, 0
	return aside
}

// join applies the last of what was set aside while the feed waits: from the
// next transaction on the layer is in step.
func (k *Keeper) join(ld *load, r *reads, aside []*feed.Tx) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	err := context.Cause(ld.ctx)
	if err == nil {
		err = k.replay(ld, r, append(aside, ld.aside...))
	}
	if err == nil {
		// The layer is as of here, and a tile of it says no earlier place, whatever
		// the feed says at the moment.
		err = k.mem.Apply(k.applied, nil)
	}
	if err != nil {
		k.mem.Drop(ld.def.Name)
		return err
	}
	l := ld.layer
	l.state, l.reason, l.why, l.since, l.plan, l.reads, l.failures = Held, "", "", time.Now(), ld.plan, r, 0
	k.publish(ld.def.Name, ld.plan)
	return nil
}

// replay applies transactions that were set aside to the installed layer.
func (k *Keeper) replay(ld *load, r *reads, aside []*feed.Tx) error {
	for _, tx := range aside {
		rows, err := ld.changes(r, tx)
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			continue
		}
		if err := k.mem.Apply(tx.Cursor.LSN, []memory.Changes{{Layer: ld.def.Name, Rows: rows}}); err != nil {
			return err
		}
		r.release()
	}
	return nil
}

// later turns transactions that were set aside into what Install takes.
func (ld *load) later(r *reads, aside []*feed.Tx) ([]memory.Later, error) {
	var out []memory.Later
	for _, tx := range aside {
		rows, err := ld.changes(r, tx)
		if err != nil {
			return nil, err
		}
		if len(rows) > 0 {
			out = append(out, memory.Later{LSN: tx.Cursor.LSN, Rows: rows})
			r.rows, r.out = nil, nil // they are Install's now
		}
	}
	return out, nil
}

// changes returns what a transaction that was set aside did to the layer, if it
// is not in the snapshot that was read.
func (ld *load) changes(r *reads, tx *feed.Tx) ([]memory.Change, error) {
	if ld.snapshot.Holds(tx.XID) {
		return nil, nil
	}
	for _, table := range tx.Replaced {
		if layerOf(table) == ld.def.Name {
			return nil, errVoid
		}
	}
	var b batch
	b.sort(tx)
	for i := range b.tables {
		if b.tables[i].name == ld.def.Name {
			return r.changes(tx, b.tables[i].changes)
		}
	}
	return nil, nil
}
