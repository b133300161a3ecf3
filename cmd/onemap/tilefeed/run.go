package tilefeed

import (
	"context"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"onemap/layers"
	"onemap/layers/feed"
)

const (
	sizesEvery = time.Minute
	// demandHalves is how long it takes until a tile asked for counts half.
	demandHalves = 10 * time.Minute
	// idleAfter is how long nobody may have asked for a large layer that is kept.
	idleAfter = time.Hour
)

// Run loads layers, and gives up those that changed as a whole or are no longer
// worth their memory, until ctx ends.
func (k *Keeper) Run(ctx context.Context) error {
	tick := time.NewTicker(k.opts.Review)
	defer tick.Stop()
	var loads sync.WaitGroup
	defer loads.Wait()
	for {
		if err := k.review(ctx); err != nil && ctx.Err() == nil {
			k.log().Warn("look after the layers in memory", "error", err)
		}
		if ld := k.next(ctx); ld != nil {
			loads.Go(func() { k.load(ld) })
		}
		var retry <-chan time.Time
		if wait := k.untilRetry(); wait > 0 {
			retry = time.After(wait)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-k.wake:
		case <-retry:
		case <-tick.C:
		}
	}
}

// review brings what the keeper knows of the layers up to date: the registry,
// the tables' schema, their sizes, and what is asked for.
func (k *Keeper) review(ctx context.Context) error {
	if f := k.feed.Load(); f == nil || f.Status().State != feed.Live {
		return nil
	}
	defs, err := k.store.Layers(ctx)
	if err != nil {
		return err
	}
	names := make([]string, len(defs))
	for i, l := range defs {
		names[i] = l.Name
	}
	// What was loaded before the catalogue was looked at must have its mark; what
	// is loaded meanwhile may have a newer one.
	before := k.marks()
	tables, err := k.store.Tables(ctx, names)
	if err != nil {
		return err
	}
	var sizes map[string]layers.TableSize
	if k.sizesAreOld(names) {
		if sizes, err = k.store.TableSizes(ctx, names); err != nil {
			return err
		}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.reconcile(defs)
	for _, l := range k.layers {
		k.compare(l, tables, before)
		k.measure(l, tables, sizes)
	}
	k.ask()
	k.decide()
	return nil
}

// marks returns the marks of the tables that are held.
func (k *Keeper) marks() map[string]string {
	k.mu.Lock()
	defer k.mu.Unlock()
	out := map[string]string{}
	for name, l := range k.layers {
		if l.state == Held {
			out[name] = l.plan.mark
		}
	}
	return out
}

// reconcile takes over the registry. The caller holds mu.
func (k *Keeper) reconcile(defs []layers.Layer) {
	k.registry = false
	there := map[string]bool{}
	for _, def := range defs {
		there[def.Name] = true
		l := k.layers[def.Name]
		if l == nil {
			k.layers[def.Name] = &layer{def: def, state: Out, reason: NotYet, why: "it is not loaded yet", since: time.Now(), lastAsk: time.Now().Add(-2 * idleAfter)}
			continue
		}
		if l.def.Version != def.Version {
			k.discard(l, Changed, "its definition changed")
			l.after, l.barred, l.known = time.Time{}, "", false
			l.def = def
		}
	}
	for name, l := range k.layers {
		if !there[name] {
			k.discard(l, Changed, "it is no longer a layer")
			delete(k.layers, name)
		}
	}
}

// compare looks whether a table's schema changed without a word in the log.
// The caller holds mu.
func (k *Keeper) compare(l *layer, tables map[string]layers.Table, before map[string]string) {
	name := l.def.Name
	t, ok := tables[name]
	switch {
	case !ok:
		l.unfit = "it has no table"
	default:
		_, l.unfit = planOf(l.def, t)
	}
	if l.barred != "" && l.barred != t.Mark {
		l.barred, l.after = "", time.Time{}
	}
	was, held := before[name]
	if !held || l.state != Held || l.plan.mark != was || ok && t.Mark == was {
		return
	}
	k.discard(l, Changed, "the schema of its table changed")
	l.after = time.Time{}
	if k.opts.Stamps != nil {
		// Tiles made until now may show what was before. Later ones have a later
		// place, or PostGIS's.
		k.opts.Stamps.TouchAll(name, k.Position()+1)
	}
}

func (k *Keeper) sizesAreOld(names []string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	old := time.Since(k.sized) > sizesEvery
	for _, name := range names {
		l := k.layers[name]
		old = old || l == nil || l.state == Out && l.size == 0
	}
	if old {
		k.sized = time.Now()
	}
	return old
}

// measure keeps about how large a layer is. The caller holds mu.
func (k *Keeper) measure(l *layer, tables map[string]layers.Table, sizes map[string]layers.TableSize) {
	size, ok := sizes[l.def.Name]
	if !ok || l.unfit != "" {
		return
	}
	p, _ := planOf(l.def, tables[l.def.Name])
	if p == nil {
		return
	}
	// What was found out by loading is better than an estimate, as long as the
	// table is of about the same size.
	if l.known && size.Rows < l.rows*1.2+1000 && size.Rows > l.rows*0.8-1000 {
		return
	}
	l.rows, l.size, l.known = size.Rows, sizeOf(p, size), false
}

// ask lets old demand fade and adds the new. The caller holds mu.
func (k *Keeper) ask() {
	now := time.Now()
	fade := math.Exp2(-float64(now.Sub(k.counted)) / float64(demandHalves))
	k.counted = now
	for name, l := range k.layers {
		l.demand *= fade
		if n, ok := k.asked.Load(name); ok {
			total := n.(*atomic.Uint64).Load()
			if total > l.askedTo {
				l.demand += float64(total - l.askedTo)
				l.askedTo, l.lastAsk = total, now
			}
		}
	}
}

// decide drops what is to make room, and says of what stays out why. The caller
// holds mu.
func (k *Keeper) decide() {
	for _, i := range k.mem.Layers() {
		if l := k.layers[i.Name]; l != nil && l.state == Held {
			l.size, l.known, l.rows = i.Bytes, true, float64(i.Rows)
		}
	}
	now := time.Now()
	var all []candidate
	for name, l := range k.layers {
		if l.state == Out && l.unfit != "" {
			l.reason, l.why = Unfit, l.unfit
			continue
		}
		all = append(all, candidate{name: name, size: l.size, demand: l.demand,
			held: l.state != Out, idle: now.Sub(l.lastAsk) > idleAfter})
	}
	in, out := choose(k.opts.Budget, k.opts.LayerBudget, all)
	used, wanted := int64(0), false
	for _, l := range k.layers {
		if l.state != Out {
			used += l.size
		}
	}
	k.queue = k.queue[:0]
	for _, name := range in {
		l := k.layers[name]
		if l.state == Out {
			wanted = true
			k.queue = append(k.queue, name)
		}
	}
	for name, no := range out {
		l := k.layers[name]
		switch {
		case l.state == Out:
			l.reason, l.why = no.reason, no.why
		case l.state == Held && (used > k.opts.Budget || l.size > k.opts.LayerBudget || wanted && now.Sub(l.since) > k.opts.Settle):
			k.log().Info("layer leaves memory", "layer", name, "why", no.why)
			used -= l.size
			k.discard(l, no.reason, no.why)
			l.after = now.Add(k.opts.Settle)
		}
	}
}

// next begins the next load, if there is one to do and none goes on.
func (k *Keeper) next(ctx context.Context) *load {
	if f := k.feed.Load(); f == nil || f.Status().State != feed.Live || ctx.Err() != nil {
		return nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.loading != nil || k.epoch == 0 {
		return nil
	}
	now, used := time.Now(), int64(0)
	for _, l := range k.layers {
		if l.state == Held {
			used += l.size
		}
	}
	for _, name := range k.queue {
		l := k.layers[name]
		if l == nil || l.state != Out || l.after.After(now) || l.barred != "" {
			continue
		}
		if used+l.size > k.opts.Budget {
			l.reason, l.why = NoRoom, "it waits for others to make room"
			continue
		}
		return k.begin(ctx, l)
	}
	return nil
}

// untilRetry is how long until a layer may be tried again; 0: none waits.
func (k *Keeper) untilRetry() time.Duration {
	k.mu.Lock()
	defer k.mu.Unlock()
	wait := time.Duration(0)
	for _, name := range k.queue {
		l := k.layers[name]
		if l == nil || l.state != Out || l.after.IsZero() {
			continue
		}
		if d := time.Until(l.after); d > 0 && (wait == 0 || d < wait) {
			wait = d
		}
	}
	return wait
}
