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

// deliver matches each transaction with each group that it may concern, once.
func (h *Hub) deliver(entries []*entry) {
	var touched, concerned []*group
	for _, e := range entries {
		concerned = h.concern(e, concerned[:0])
		var written map[writing][]byte
		if len(concerned) > 1 {
			written = map[writing][]byte{}
		}
		for _, g := range concerned {
			g.concerned = false
			fresh := !g.touched
			if g.take(e, written) && fresh {
				touched = append(touched, g)
			}
		}
	}
	if len(touched) == 0 {
		return
	}
	clients := map[*client]struct{}{}
	for _, g := range touched {
		frames, events, tiles := g.finish()
		for _, m := range g.members {
			m.client.pending = append(m.client.pending, frames...)
			clients[m.client] = struct{}{}
		}
		h.counts.events.Add(uint64(events * len(g.members)))
		h.counts.stale.Add(uint64(tiles * len(g.members)))
	}
	last := lastCursor(entries)
	for c := range clients {
		h.push(c, last, c.pending...)
		clear(c.pending)
		c.pending = c.pending[:0]
	}
}

// concern finds the groups that a transaction may concern, and gives each of
// their parts the rows that may.
func (h *Hub) concern(e *entry, found []*group) []*group {
	for i := range e.tables {
		t := &e.tables[i]
		w := h.byTable[t.table]
		if w == nil {
			continue
		}
		var rows []seenChange
		give := func(p *part) {
			if p.change != t {
				p.change, p.seen, p.rows = t, rows, p.rows[:0]
				if !p.group.concerned {
					p.group.concerned = true
					found = append(found, p.group)
				}
			}
		}
		if t.whole {
			for _, p := range w.all {
				give(p)
			}
			continue
		}
		rows = look(t)
		for j := range rows {
			w.find(&rows[j], func(p *part) {
				give(p)
				p.rows = append(p.rows, j)
			})
		}
	}
	return found
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
func (g *group) take(e *entry, written map[writing][]byte) bool {
	g.scratch, g.fresh = g.scratch[:0], g.fresh[:0]
	n := 0
	stale := false
	for _, p := range g.parts {
		if p.change != nil {
			n += p.take(e, written)
			stale = stale || p.stale.any()
			p.change, p.seen = nil, nil
		}
	}
	if n == 0 && !stale {
		return false
	}
	if len(g.scratch) > 0 {
		if len(g.out) > 0 {
			g.out = append(g.out, ',')
		}
		g.out = append(g.out, g.scratch...)
		g.events += n - len(g.fresh)
	}
	g.latestOf(g.fresh)
	g.upTo, g.touched = e.cursor, true
	if len(g.out) > maxFrame || len(g.each) > maxPositions {
		g.cut()
	}
	return true
}

// take adds the events of the layer to the group's, and its tiles to those of
// the frame. It returns how many events there are.
func (p *part) take(e *entry, written map[writing][]byte) (n int) {
	g := p.group
	if p.change.whole {
		box, any := p.boxOf(p.change.bulk)
		if !any {
			return 0
		}
		if len(p.open) > 0 {
			p.stale.addBox(box)
		}
		if !p.events {
			return 0
		}
		g.comma()
		g.scratch = appendLayerChanged(g.scratch, e, p.layer.Name, box)
		return 1
	}
	start := len(g.scratch)
	var box *orb.Bound
	latest := g.latestWins()
	rows := maxRows
	if latest {
		rows = maxPositions
	}
	for _, i := range p.rows {
		r := &p.seen[i]
		d := p.judge(r)
		if len(p.open) > 0 {
			if d.old {
				p.stale.addRow(&p.view, &r.old)
			}
			if d.new {
				p.stale.addRow(&p.view, &r.new)
			}
		}
		if d.op == "" {
			continue
		}
		n++
		if n <= rows && len(g.scratch)-start <= maxFrame {
			w := writing{p.change.table, i, d.op, p.shape}
			text, ok := written[w]
			if !ok {
				if d.op == "gone" {
					text = appendGone(nil, e, p.layer.Name, r.id)
				} else {
					text = appendChanged(nil, e, &p.view, d.op, r)
				}
				if written != nil {
					written[w] = text
				}
			}
			if latest {
				g.fresh = append(g.fresh, eventText{r.id, text})
			} else {
				g.comma()
				g.scratch = append(g.scratch, text...)
			}
		}
		// The box of the rows that were or are seen: nothing of others.
		if d.op != "insert" {
			box = unite(box, &r.old)
		}
		if d.op != "gone" {
			box = unite(box, &r.new)
		}
	}
	if n > rows || len(g.scratch)-start > maxFrame {
		g.scratch, g.fresh = g.scratch[:start], g.fresh[:0]
		g.comma()
		g.scratch = appendLayerChanged(g.scratch, e, p.layer.Name, box)
		n = 1
	}
	return n
}

// comma parts the next event of the transaction from the last.
func (g *group) comma() {
	if len(g.scratch) > 0 {
		g.scratch = append(g.scratch, ',')
	}
}

// cut ends the frame at hand: its events, and with them the tiles that they
// and other changes made stale.
func (g *group) cut() {
	kind, stale := TypeStale, false
	for _, p := range g.parts {
		stale = stale || p.stale.any()
	}
	size := len(g.out) + 256
	for _, e := range g.each {
		size += len(e.text) + 1
	}
	b := append(make([]byte, 0, size), `{"type":"`...)
	if len(g.out)+len(g.each) > 0 {
		kind = TypeEvents
	}
	b = append(b, kind...)
	b = append(b, `","stream":"`...)
	b = append(b, g.name...)
	b = append(b, `",`...)
	if kind == TypeEvents {
		b = append(b, `"events":[`...)
		b = append(b, g.out...)
		for i, e := range g.each {
			if i > 0 || len(g.out) > 0 {
				b = append(b, ',')
			}
			b = append(b, e.text...)
		}
		b = append(b, `],`...)
	}
	if stale {
		if kind == TypeEvents {
			b = append(b, `"stale":{`...)
		}
		var n int
		b, n = appendStale(b, g.parts)
		g.tiles += n
		if kind == TypeEvents {
			b = append(b, '}')
		}
		b = append(b, ',')
	}
	b = append(b, `"cursor":`...)
	b = appendCursor(b, g.upTo)
	b = append(b, '}')
	f := newFrame(kind, b, len(g.members))
	f.stream, f.cursor = g.name, appendCursor(nil, g.upTo)
	if kind == TypeStale {
		for _, p := range g.parts {
			if len(p.open) > 0 {
				f.layers = append(f.layers, p.layer.Name)
			}
		}
	} else if len(g.out) == 0 { // positions alone: there are no tiles with them
		f.each = g.each
	}
	g.events += len(g.each)
	g.frames = append(g.frames, f)
	g.out, g.each, g.at = g.out[:0], nil, nil
}

// finish returns the group's frames, how many events and tiles they tell of,
// and makes it ready for the next round.
func (g *group) finish() (frames []*frame, events, tiles int) {
	stale := false
	for _, p := range g.parts {
		stale = stale || p.stale.any()
	}
	if len(g.out)+len(g.each) > 0 || stale {
		g.cut()
	}
	frames, events, tiles = g.frames, g.events, g.tiles
	g.frames, g.events, g.tiles, g.touched = nil, 0, 0, false
	if cap(g.out) > maxFrame || cap(g.scratch) > maxFrame { // after a large change
		g.out, g.scratch = nil, nil
	}
	if cap(g.fresh) > maxRows {
		g.fresh = nil
	}
	return frames, events, tiles
}

// boxOf says where a change of a whole table may be seen by the view, nil for
// anywhere. Only who sees all rows is told where it was; any is false where
// that is outside of the window.
func (v *view) boxOf(b feed.Bulk) (box *orb.Bound, any bool) {
	if !b.HasBound || !v.all {
		return nil, true
	}
	if len(v.reach) == 0 {
		return &b.Bound, true
	}
	for _, w := range v.reach {
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
	views  []view
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
		h.join(w.sub, w.views, w.want)
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
