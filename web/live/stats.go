package live

import (
	"sync/atomic"
	"time"

	"onemap/layers/feed"
)

// counts are kept since the hub was made.
type counts struct {
	connected, refused, slow, frames, events, stale, bytes, replayed, resyncs, ended, refusals atomic.Uint64
}

// Stats is what a hub has done and does, for metrics.
type Stats struct {
	// Now.
	Connections   int
	Subscriptions int
	Streams       int // subscriptions with equal rights and windows are one
	RingEntries   int
	RingBytes     int
	RingAge       time.Duration // of the oldest transaction that can be replayed
	Cursor        feed.Cursor   // all up to it was handed out
	// Since the hub was made.
	Connected uint64 // connections
	Refused   uint64 // connections, for want of room
	Slow      uint64 // connections closed as too slow
	Frames    uint64 // queued for clients
	Bytes     uint64 // queued for clients
	Events    uint64 // queued for clients
	Stale     uint64 // names of stale tiles queued for clients
	Replayed  uint64 // events, on resuming
	Resyncs   uint64
	Ended     uint64 // subscriptions whose right was gone
	Errors    uint64 // client messages refused
}

// Stats returns the hub's counts.
func (h *Hub) Stats() Stats {
	n := &h.counts
	s := Stats{
		Connected: n.connected.Load(), Refused: n.refused.Load(), Slow: n.slow.Load(), Frames: n.frames.Load(), Bytes: n.bytes.Load(),
		Events: n.events.Load(), Stale: n.stale.Load(), Replayed: n.replayed.Load(), Resyncs: n.resyncs.Load(), Ended: n.ended.Load(), Errors: n.refusals.Load(),
	}
	var oldest time.Time
	s.RingEntries, s.RingBytes, oldest = h.ring.size()
	if !oldest.IsZero() {
		s.RingAge = time.Since(oldest)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	s.Connections, s.Streams, s.Cursor = len(h.clients), len(h.groups), h.at
	for c := range h.clients {
		s.Subscriptions += len(c.subs)
	}
	return s
}
