package live

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/feed"
)

// Times and limits of the protocol.
const (
	coalesce     = 25 * time.Millisecond // at most one frame a stream in it
	heartbeat    = 5 * time.Second
	recheck      = time.Minute // rights are asked for again
	recheckGrace = 2 * time.Minute
	settle       = 250 * time.Millisecond // until all sessions see a commit that came by the log
	maxWait      = 30 * time.Second       // for a cursor ahead of the node
	maxSubs      = 64                     // a connection
	maxRows      = 100                    // of one transaction in one stream, one by one
	maxFrame     = 256 << 10              // bytes of events
	maxReplay    = 1000                   // events on resuming; more is a resync
	maxReplayed  = 20_000                 // transactions looked at on resuming
	ringEntries  = 50_000
	ringBytes    = 64 << 20
	defaultConns = 20_000
)

// A Hub hands out what the feed applies to the connections that may see it.
// Make one with [NewHub], give its Reader to the feed behind the directory's,
// call Follow, and run Run. Its methods are safe for concurrent use.
type Hub struct {
	MaxConnections int          // 0: 20,000; a quarter of them for the public. Set before use
	Log            *slog.Logger // nil: slog.Default(). Set before use
	// Looked is told of who subscribes to a sensitive layer, before they see
	// anything of it; where it fails they do not. nil: nobody is. Set before use.
	Looked func(ctx context.Context, by access.Scope, l layers.Layer) error

	store     *layers.Store
	directory *access.Directory // nil: rights change only by the clock
	feed      atomic.Pointer[feed.Feed]
	ring      ring
	settle    time.Duration
	wake      chan struct{}
	registry  atomic.Bool // the registry of layers changed

	mu      sync.Mutex
	clients map[*client]struct{}
	public  int // of the clients
	groups  map[string]*group
	byTable map[string]*windows // by the layer's name
	waiting []*waiting
	named   int         // groups so far
	next    uint64      // the ring's number up to which all was handed out
	at      feed.Cursor // the same as a cursor; zero before the first snapshot
	resets  int         // of the ring, as far as told to clients
	stopped bool

	counts counts
}

// NewHub returns a Hub of the layers of store.
func NewHub(store *layers.Store, directory *access.Directory) *Hub {
	return &Hub{
		store: store, directory: directory,
		ring: ring{maxEntries: ringEntries, maxBytes: ringBytes}, settle: settle, wake: make(chan struct{}, 1),
		clients: map[*client]struct{}{}, groups: map[string]*group{}, byTable: map[string]*windows{},
	}
}

// Follow tells the hub whose reader it is: where positions and the state of
// the log come from.
func (h *Hub) Follow(f *feed.Feed) { h.feed.Store(f) }

// Reader is for [feed.New]. It never waits for a client.
func (h *Hub) Reader() feed.Reader {
	return feed.Reader{
		Reset: func(at feed.Cursor) {
			h.ring.reset(at)
			h.registry.Store(true)
			h.poke()
		},
		Apply: func(tx *feed.Tx) {
			if tx.Touches("onemap.layer") || tx.Touches("onemap.layer_field") {
				h.registry.Store(true)
				h.poke()
			}
			if e := entryOf(tx); e != nil {
				h.ring.add(e)
				h.poke()
			}
		},
	}
}

func (h *Hub) poke() {
	select {
	case h.wake <- struct{}{}:
	default:
	}
}

// Run hands out until ctx ends; then it closes every connection and returns nil.
func (h *Hub) Run(ctx context.Context) error {
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	rights := h.rightsChanged()
	var last time.Time
	for {
		beats := false
		select {
		case <-ctx.Done():
			h.stop()
			return nil
		case <-h.wake:
			// The first of a burst goes out at once, the rest together.
			if wait := coalesce - time.Since(last); wait > 0 {
				select {
				case <-ctx.Done():
					h.stop()
					return nil
				case <-time.After(wait):
				}
			}
		case <-rights: // a closed channel, looked at again below
		case <-beat.C:
			beats = true
		}
		// First how far to go, then whether rights changed: a transaction that
		// came after a change of rights is judged by the new ones.
		round := h.look()
		changed := false
		select {
		case <-rights:
			changed = true
			rights = h.rightsChanged() // the new channel before the new scopes
		default:
		}
		h.checkRights(ctx, changed, h.registry.Swap(false))
		h.handOut(round)
		if beats {
			h.beat()
		}
		last = time.Now()
	}
}

func (h *Hub) rightsChanged() <-chan struct{} {
	if h.directory == nil {
		return nil
	}
	return h.directory.Changed()
}

// round is how far one hand-out goes.
type round struct {
	entries  []*entry
	next     uint64
	resets   int
	reset    feed.Cursor // of the last reset
	lost     bool
	position feed.Cursor // all up to it is in entries, or was before
}

// look finds out how far a hand-out can go. The position is read first:
// whatever it covers is in the ring by then.
func (h *Hub) look() round {
	var r round
	r.position = h.status().Cursor
	h.mu.Lock()
	next := h.next
	h.mu.Unlock()
	r.entries, r.next, r.resets, r.reset, r.lost = h.ring.from(next)
	return r
}

// status is the feed's; without one it is off.
func (h *Hub) status() feed.Status {
	if f := h.feed.Load(); f != nil {
		return f.Status()
	}
	return feed.Status{State: feed.Off, Why: "the log is not followed"}
}

// stop closes every connection, and those to come.
func (h *Hub) stop() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.stopped = true
	for c := range h.clients {
		c.close(CloseStopping, "this node stops: reconnect with your cursors")
	}
}

// connect takes a client in and greets it. A client that cannot stay is closed.
func (h *Hub) connect(c *client) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := h.status()
	c.send(feed.Cursor{}, h.helloFrame(s))
	limit := h.MaxConnections
	if limit == 0 {
		limit = defaultConns
	}
	// The public may not take the places of those who work here.
	full := len(h.clients) >= limit || c.public && h.public >= max(1, limit/4)
	switch {
	case h.stopped:
		c.close(CloseStopping, "this node stops: reconnect with your cursors")
	case s.State == feed.Off:
		c.close(CloseOff, "live is off: the database lets nobody follow its log")
	case full:
		h.counts.refused.Add(1)
		c.close(CloseTooMany, "too many connections")
	default:
		h.clients[c] = struct{}{}
		if c.public {
			h.public++
		}
		h.counts.connected.Add(1)
	}
}

// disconnect forgets a client.
func (h *Hub) disconnect(c *client) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, s := range c.subs {
		h.leave(s)
	}
	h.forgetWaiting(func(w *waiting) bool { return w.sub.client == c })
	clear(c.subs)
	if _, here := h.clients[c]; here && c.public {
		h.public--
	}
	delete(h.clients, c)
}

func (h *Hub) log() *slog.Logger {
	if h.Log != nil {
		return h.Log
	}
	return slog.Default()
}
