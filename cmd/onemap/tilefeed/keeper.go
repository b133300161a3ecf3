package tilefeed

import (
	"context"
	"log/slog"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"onemap/layers"
	"onemap/layers/feed"
	"onemap/tiles"
	"onemap/tiles/memory"
)

// Options of a Keeper.
type Options struct {
	Budget      int64         // bytes of all layers in memory; 0: [DefaultBudget]
	LayerBudget int64         // bytes of one layer; 0: half of Budget
	Stamps      *tiles.Stamps // told of every change, of layers held or not; nil: nobody is
	// Settle is how long a layer stays in memory at least before it makes room for
	// another, and out of it after that; 0: a minute.
	Settle time.Duration
	// Review is how often demand, the registry and the tables' schema are looked
	// at, the latter two besides what the log says of them; 0: a second.
	Review time.Duration
	Log    *slog.Logger // nil: slog.Default()
}

// A Keeper keeps layers in memory in step with the log. It is a reader of the
// feed, a source of tiles, and decides which layers are worth their memory.
//
// Make one with [NewKeeper], give its Reader to the feed behind the registry's,
// call Follow, and run Run. Its methods are safe for concurrent use.
//
// # How a layer is loaded
//
// There is one way, for the first time, a table replaced or altered, a lost
// connection, a transaction too large to be followed row by row, and a layer
// that went wrong. Transactions that touch the layer are set aside as they come.
// Then the table is read as of a snapshot that sees all that came before those.
// When all that the snapshot sees has come by the log as well, the transactions
// set aside that it does not see are applied, and the layer is live. The feed never waits for a load. Until the layer is live,
// and whenever the feed lags, its tiles come from PostGIS.
type Keeper struct {
	opts  Options
	store *layers.Store
	mem   *memory.Store
	feed  atomic.Pointer[feed.Feed]
	wake  chan struct{}

	// live are the plans of the layers that are in step. It is changed before the
	// feed's position moves on, and never in place.
	live  atomic.Pointer[map[string]*plan]
	asked sync.Map // name of a layer -> *atomic.Uint64, tiles asked for

	mu       sync.Mutex // held while a transaction is applied
	applied  uint64     // the place of the last transaction, or of the snapshot
	epoch    int        // of snapshots; 0: none yet
	registry bool       // the registry changed
	layers   map[string]*layer
	loading  *load
	queue    []string  // layers to load, in this order
	sized    time.Time // when sizes were asked for
	counted  time.Time // when demand was added up
	batch    batch     // of the transaction at hand
}

// DefaultBudget is the memory that layers may take together: 256 MiB.
const DefaultBudget = 256 << 20

// NewKeeper returns a Keeper of store's layers.
func NewKeeper(store *layers.Store, o Options) *Keeper {
	o = o.withDefaults()
	k := &Keeper{
		opts: o, store: store, wake: make(chan struct{}, 1), layers: map[string]*layer{},
		mem: memory.New(memory.Options{Budget: o.Budget, LayerBudget: func(string) int64 { return o.LayerBudget }}),
	}
	k.live.Store(&map[string]*plan{})
	return k
}

func (o Options) withDefaults() Options {
	if o.Budget <= 0 {
		o.Budget = DefaultBudget
	}
	if o.LayerBudget <= 0 {
		o.LayerBudget = o.Budget / 2
	}
	o.LayerBudget = min(o.LayerBudget, o.Budget)
	if o.Review == 0 {
		o.Review = time.Second
	}
	if o.Settle == 0 {
		o.Settle = time.Minute
	}
	return o
}

// Follow tells the keeper whose reader it is.
func (k *Keeper) Follow(f *feed.Feed) { k.feed.Store(f) }

// State is what the keeper does with a layer.
type State string

// States of a layer.
const (
	Out     State = "out"     // its tiles come from PostGIS; Why says why
	Loading State = "loading" // it is being read
	Held    State = "held"    // its tiles come from memory
)

// Reason says in a word why a layer is out.
type Reason string

// Reasons for a layer to be out.
const (
	NotYet      Reason = "not_yet"      // it is to be loaded
	Changed     Reason = "changed"      // as a whole: it is to be loaded anew
	WentWrong   Reason = "went_wrong"   // it could not be loaded, or kept in step
	Unfit       Reason = "unfit"        // its table cannot be kept as PostGIS shows it
	TooLarge    Reason = "too_large"    // for what one layer may take
	NoRoom      Reason = "no_room"      // beside layers more asked for
	RarelyAsked Reason = "rarely_asked" // for its size
)

// layer is what the keeper knows of one layer of the registry. It is guarded by
// Keeper.mu.
type layer struct {
	def    layers.Layer
	state  State
	reason Reason // it is out
	why    string // the same for people
	plan   *plan  // where it is held
	reads  *reads // the same

	size     int64   // bytes that it takes or would take, as far as is known
	known    bool    // size was measured, not estimated
	rows     float64 // as estimated
	demand   float64 // tiles asked for, the older the less
	askedTo  uint64  // how many of them are in demand
	since    time.Time
	after    time.Time // not to be loaded before
	failures int       // in a row
	barred   string    // the table's mark with which it could not be kept
	unfit    string    // why the catalogue says it cannot be kept
	loads    int
	took     time.Duration // of the last load
	lastAsk  time.Time
}

// Reader is for [feed.New].
func (k *Keeper) Reader() feed.Reader {
	return feed.Reader{Reset: k.reset, Apply: k.apply}
}

// reset forgets everything: what comes from now on does not continue it.
func (k *Keeper) reset(at feed.Cursor) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.epoch++
	k.applied, k.registry = at.LSN, true
	for _, l := range k.layers {
		if l.state != Out {
			k.discard(l, Changed, "the log was lost, it is to be read anew")
		}
		l.after, l.failures = time.Time{}, 0
	}
	if k.opts.Stamps != nil {
		k.opts.Stamps.Reset(at.LSN)
	}
	k.poke()
}

// discard gives a layer's content up, or its load. The caller holds mu.
func (k *Keeper) discard(l *layer, reason Reason, why string) {
	if l.state == Loading && k.loading != nil && k.loading.layer == l {
		k.loading.give(why)
	}
	if l.state == Held {
		k.publish(l.def.Name, nil)
		k.mem.Drop(l.def.Name)
	}
	l.state, l.reason, l.why, l.plan, l.reads, l.since = Out, reason, why, nil, nil, time.Now()
	k.poke()
}

// publish says that a layer is live, or with no plan that it is not. The caller
// holds mu.
func (k *Keeper) publish(name string, p *plan) {
	next := maps.Clone(*k.live.Load())
	if p != nil {
		next[name] = p
	} else {
		delete(next, name)
	}
	k.live.Store(&next)
}

func (k *Keeper) poke() {
	select {
	case k.wake <- struct{}{}:
	default:
	}
}

// maxLag is how far the feed may be behind before tiles come from PostGIS.
const maxLag = time.Second

// Position is the place in the log up to which memory and the stamps have every
// change; 0 while the log is not followed, or not closely: what is in memory is
// then older than what PostGIS has.
func (k *Keeper) Position() uint64 {
	if f := k.feed.Load(); f != nil {
		if s := f.Status(); s.State == feed.Live && s.Lag < maxLag {
			return s.Cursor.LSN
		}
	}
	return 0
}

// Wait returns as soon as Position has reached lsn, or with ctx's error.
func (k *Keeper) Wait(ctx context.Context, lsn uint64) error {
	f := k.feed.Load()
	if f == nil {
		return feed.ErrOff
	}
	c := f.Status().Cursor
	if c.IsZero() {
		return feed.ErrOff
	}
	c.LSN = lsn
	return f.Wait(ctx, c)
}

func (k *Keeper) log() *slog.Logger {
	if k.opts.Log != nil {
		return k.opts.Log
	}
	return slog.Default()
}
