package live

import (
	"time"

	"github.com/paulmach/orb"

	"onemap/layers/feed"
)

// handOut sends what is new to every stream that may see it.
func (h *Hub) handOut(r round) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case r.resets != h.resets:
		// Entries before the reset are gone, and those after it are of the new
		// snapshot; all streams begin anew.
		h.resets = r.resets
		h.next, h.at = r.next, r.reset
		h.advance(r)
		h.resyncAll(ReasonReset)
	case r.lost: // the hand-out was slower than the ring is long
		h.next = r.next
		h.advance(r)
		h.resyncAll(ReasonOld)
	default:
		if len(h.groups) > 0 {
			h.deliver(r.entries)
		}
		h.next = r.next
		h.advance(r)
	}
	h.joinWaiting()
}

// advance moves the hub's cursor to the end of a round.
func (h *Hub) advance(r round) {
	for _, c := range []feed.Cursor{r.position, lastCursor(r.entries)} {
		if c.SameHistory(h.at) && c.Compare(h.at) > 0 {
			h.at = c
		}
	}
}

func lastCursor(es []*entry) feed.Cursor {
	if len(es) == 0 {
		return feed.Cursor{}
	}
	return es[len(es)-1].cursor
}

// deliver matches each transaction with each group once.
func (h *Hub) deliver(entries []*entry) {
	var touched []*group
	for _, e := range entries {
		var written map[writing][]byte
		for i := range e.tables {
			t := &e.tables[i]
			groups := h.byTable[t.table]
			if len(groups) == 0 {
				continue
			}
			rows := look(t)
			if len(groups) > 1 && written == nil {
				written = map[writing][]byte{}
			}
			for _, g := range groups {
				fresh := len(g.out) == 0 && len(g.frames) == 0
				if g.take(e, t, rows, written) && fresh {
					touched = append(touched, g)
				}
			}
		}
	}
	if len(touched) == 0 {
		return
	}
	clients := map[*client]struct{}{}
	for _, g := range touched {
		frames, events := g.finish()
		for _, m := range g.members {
			m.client.pending = append(m.client.pending, frames...)
			clients[m.client] = struct{}{}
		}
		h.counts.events.Add(uint64(events * len(g.members)))
	}
	last := lastCursor(entries)
	for c := range clients {
		h.push(c, last, c.pending...)
		clear(c.pending)
		c.pending = c.pending[:0]
	}
}

// push queues frames for a client and counts them.
func (h *Hub) push(c *client, cursor feed.Cursor, frames ...*frame) {
	if !cursor.IsZero() && !c.ids { // without a cursor the hub may be unlocked
		cursor = feed.Cursor{}
	}
	if c.send(cursor, frames...) {
		h.counts.slow.Add(1)
		return
	}
	h.counts.frames.Add(uint64(len(frames)))
	for _, f := range frames {
		h.counts.bytes.Add(uint64(len(f.data)))
	}
}

// look prepares a table's changes for being looked at by many views.
func look(t *tableChange) []seenChange {
	rows := make([]seenChange, len(t.changes))
	for i, c := range t.changes {
		rows[i] = seenChange{id: c.id, old: seen{Row: c.old}, new: seen{Row: c.new}}
	}
	return rows
}

// writing is an event as it reads for all views of the same fields.
type writing struct {
	table string
	row   int
	op    string
	shape string
}

// take adds what a transaction means to the group to its frame, and says
// whether it means anything.
func (g *group) take(e *entry, t *tableChange, rows []seenChange, written map[writing][]byte) bool {
	g.scratch = g.scratch[:0]
	n := 0
	if t.whole {
		box, any := g.boxOf(t.bulk)
		if !any {
			return false
		}
		g.scratch = appendLayerChanged(g.scratch, e, g.layer.Name, box)
		n = 1
	} else {
		var box *orb.Bound
		for i := range rows {
			r := &rows[i]
			op := g.judge(r)
			if op == "" {
				continue
			}
			n++
			if n <= maxRows && len(g.scratch) <= maxFrame {
				if n > 1 {
					g.scratch = append(g.scratch, ',')
				}
				w := writing{t.table, i, op, g.shape}
				text, ok := written[w]
				if !ok {
					if op == "gone" {
						text = appendGone(nil, e, g.layer.Name, r.id)
					} else {
						text = appendChanged(nil, e, &g.view, op, r.id, &r.new)
					}
					if written != nil {
						written[w] = text
					}
				}
				g.scratch = append(g.scratch, text...)
			}
			// The box of the rows that were or are seen: nothing of others.
			if op != "insert" {
				box = unite(box, &r.old)
			}
			if op != "gone" {
				box = unite(box, &r.new)
			}
		}
		if n == 0 {
			return false
		}
		if n > maxRows || len(g.scratch) > maxFrame {
			g.scratch = appendLayerChanged(g.scratch[:0], e, g.layer.Name, box)
			n = 1
		}
	}
	if len(g.out) > 0 && len(g.out)+len(g.scratch) > maxFrame {
		g.cut()
	}
	if len(g.out) > 0 {
		g.out = append(g.out, ',')
	} else {
		g.out = append(g.out, `{"type":"events","stream":"`...)
		g.out = append(g.out, g.name...)
		g.out = append(g.out, `","events":[`...)
	}
	g.out = append(g.out, g.scratch...)
	g.events += n
	g.upTo = e.cursor
	return true
}

// cut ends the frame at hand.
func (g *group) cut() {
	g.out = append(g.out, `],"cursor":`...)
	g.out = appendCursor(g.out, g.upTo)
	g.out = append(g.out, '}')
	g.frames = append(g.frames, newFrame(TypeEvents, g.out, len(g.members)))
	g.out = nil
}

// finish returns the group's frames and makes it ready for the next round.
func (g *group) finish() (frames []*frame, events int) {
	if len(g.out) > 0 {
		g.cut()
	}
	frames, events = g.frames, g.events
	g.frames, g.events = nil, 0
	return frames, events
}

// boxOf says where a change of a whole table may be seen by the view, nil for
// anywhere. Only who sees all rows is told where it was; any is false where
// that is outside of the window.
func (v *view) boxOf(b feed.Bulk) (box *orb.Bound, any bool) {
	if !b.HasBound || !v.all {
		return nil, true
	}
	if len(v.window) == 0 {
		return &b.Bound, true
	}
	for _, w := range v.window {
		any = any || w.Intersects(b.Bound)
	}
	return &b.Bound, any
}

// unite widens a box, nil for none yet, by a row's.
func unite(box *orb.Bound, r *seen) *orb.Bound {
	own, ok := r.box()
	if !ok {
		return box
	}
	if box != nil {
		own = box.Union(own)
	}
	return &own
}

// resyncAll tells every client that what it has may be old.
func (h *Hub) resyncAll(reason string) {
	if len(h.clients) == 0 {
		return
	}
	f := newFrame(TypeResync, resyncMessage("", h.at, reason), len(h.clients))
	for c := range h.clients {
		if len(c.subs) > 0 {
			h.push(c, h.at, f)
			h.counts.resyncs.Add(1)
		}
	}
}

// beat tells every client how far it has everything.
func (h *Hub) beat() {
	s := h.status()
	h.mu.Lock()
	defer h.mu.Unlock()
	if s.State == feed.Off {
		for c := range h.clients {
			c.close(CloseOff, "live is off: the database lets nobody follow its log")
		}
		return
	}
	f := newFrame(TypeHeartbeat, heartbeatMessage(h.at, s), len(h.clients))
	for c := range h.clients {
		h.push(c, h.at, f)
	}
}

// waiting is a subscription whose cursor this node has not reached.
type waiting struct {
	sub    *subscription
	view   view
	want   feed.Cursor // zero: any, the node has no snapshot yet
	before time.Time
}

// joinWaiting answers the subscriptions that need wait no longer.
func (h *Hub) joinWaiting() {
	if h.at.IsZero() {
		return
	}
	now := time.Now()
	var joined []*client
	h.forgetWaiting(func(w *waiting) bool {
		if w.want.SameHistory(h.at) && w.want.Compare(h.at) > 0 && now.Before(w.before) {
			return false
		}
		h.join(w.sub, w.view, w.want)
		joined = append(joined, w.sub.client)
		return true
	})
	for _, c := range joined {
		h.giveIDs(c)
	}
}

// forgetWaiting leaves out those that gone says are.
func (h *Hub) forgetWaiting(gone func(*waiting) bool) {
	kept := h.waiting[:0]
	for _, w := range h.waiting {
		if !gone(w) {
			kept = append(kept, w)
		}
	}
	clear(h.waiting[len(kept):])
	h.waiting = kept
}
