package live

import (
	"context"
	"errors"
	"fmt"
	"time"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/feed"
)

// errSubscriptions: a connection has as many as it may.
var errSubscriptions = &layers.InputError{Field: "id", Remedy: fmt.Sprintf("at most %d subscriptions on a connection", maxSubs)}

// message handles a client's message.
func (h *Hub) message(ctx context.Context, c *client, b []byte) {
	m, err := parseMessage(b)
	switch {
	case err != nil:
		h.refuse(c, m.ID, err)
	case m.Type == TypeUnsubscribe:
		h.mu.Lock()
		defer h.mu.Unlock()
		h.drop(c, m.ID)
		h.push(c, feed.Cursor{}, newFrame(TypeUnsubscribed, idMessage(TypeUnsubscribed, m.ID, ""), 1))
	default:
		h.subscribe(ctx, c, m)
	}
}

// subscribe opens a subscription by the rights of this moment.
func (h *Hub) subscribe(ctx context.Context, c *client, want Subscribe) {
	rights, err := c.again(ctx)
	if err != nil {
		h.rightsFailed(c, err, true)
		return
	}
	views, err := viewsOf(want, rights, func(name string) (layers.Layer, error) { return h.store.Layer(ctx, name) })
	if err != nil {
		h.refuse(c, want.ID, err)
		return
	}
	var from feed.Cursor
	if want.Cursor != "" {
		if from, err = feed.ParseCursor(want.Cursor); err != nil {
			h.refuse(c, want.ID, err)
			return
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, here := h.clients[c]; !here {
		return
	}
	c.checked = time.Now()
	h.drop(c, want.ID)
	if len(c.subs) >= maxSubs {
		h.refuse(c, want.ID, errSubscriptions)
		return
	}
	s := &subscription{client: c, want: want}
	c.subs[want.ID] = s
	if h.at.IsZero() || from.SameHistory(h.at) && from.Compare(h.at) > 0 {
		h.waiting = append(h.waiting, &waiting{s, views, from, time.Now().Add(maxWait)})
		h.wakeAt(ctx, from)
		return
	}
	h.join(s, views, from)
}

// wakeAt makes the hub look again when the feed has reached a cursor, which may
// come without a transaction.
func (h *Hub) wakeAt(ctx context.Context, c feed.Cursor) {
	f := h.feed.Load()
	if f == nil || c.IsZero() {
		return // the first snapshot wakes the hub
	}
	go func() {
		ctx, cancel := context.WithTimeout(ctx, maxWait)
		defer cancel()
		_ = f.Wait(ctx, c) // too late is as good a reason to look
		h.poke()
	}()
}

// join answers a subscription and replays what it missed since from; the zero
// cursor wants nothing replayed. The hub is locked and has a place.
func (h *Hub) join(s *subscription, views []view, from feed.Cursor) {
	c := s.client
	h.enter(s, views)
	g := s.group
	if from.IsZero() {
		// A commit can come by the log a moment before other sessions see it, so
		// the state that the client loads now may lack the latest: they are sent too.
		from, _ = h.ring.before(time.Now().Add(-h.settle), h.next)
	}
	if from.IsZero() {
		h.push(c, feed.Cursor{}, subscribedFrame(s, h.at))
		return
	}
	reason := ""
	var missed []*entry
	switch {
	case !from.SameHistory(h.at) || from.Compare(h.at) > 0:
		reason = ReasonForeign
	default:
		var ok bool
		if missed, ok = h.ring.after(from, h.next); !ok || len(missed) > maxReplayed {
			reason = ReasonOld
		}
	}
	var frames []*frame
	events, tiles := 0, 0
	if reason == "" {
		// The same matching, into a group of one.
		alone := newGroup(views, g.name, "")
		alone.members = []*subscription{s}
		for _, e := range missed {
			alone.offer(e)
			alone.take(e, nil)
			if alone.events > maxReplay || len(alone.frames) > 2 {
				reason = ReasonOld
				break
			}
		}
		frames, events, tiles = alone.finish()
	}
	if reason != "" {
		h.counts.resyncs.Add(1)
		h.push(c, feed.Cursor{}, subscribedFrame(s, h.at), newFrame(TypeResync, resyncMessage(s.want.ID, h.at, reason), 1))
		return
	}
	h.counts.replayed.Add(uint64(events))
	h.counts.events.Add(uint64(events))
	h.counts.stale.Add(uint64(tiles))
	h.push(c, feed.Cursor{}, append([]*frame{subscribedFrame(s, from)}, frames...)...)
}

// offer gives a transaction to a group by itself.
func (g *group) offer(e *entry) {
	for i := range e.tables {
		t := &e.tables[i]
		for _, p := range g.parts {
			if p.layer.Name != t.table {
				continue
			}
			p.change, p.seen, p.rows = t, look(t), p.rows[:0]
			for j := range p.seen {
				p.rows = append(p.rows, j)
			}
		}
	}
}

// drop ends a subscription without a word. The hub is locked.
func (h *Hub) drop(c *client, id string) {
	s := c.subs[id]
	if s == nil {
		return
	}
	h.leave(s)
	h.forgetWaiting(func(w *waiting) bool { return w.sub == s })
	delete(c.subs, id)
}

// refuse tells a client what was wrong with its message.
func (h *Hub) refuse(c *client, id string, err error) {
	if !errors.Is(err, layers.ErrInvalid) && !errors.Is(err, layers.ErrNotFound) && !errors.Is(err, feed.ErrCursor) {
		h.log().Error("live subscription failed", "err", err)
	}
	h.counts.refusals.Add(1)
	h.push(c, feed.Cursor{}, newFrame(TypeError, errorMessage(id, err), 1))
}

// rightsFailed closes a client whose rights cannot be told. now: they must be known now.
func (h *Hub) rightsFailed(c *client, err error, now bool) {
	switch {
	case errors.Is(err, access.ErrUnauthenticated):
		c.close(CloseSignedOut, "signed out")
	case errors.Is(err, access.ErrForbidden):
		c.close(CloseForbidden, "forbidden")
	case now || time.Since(c.checked) > recheckGrace:
		h.log().Error("live rights cannot be checked", "err", err)
		c.close(CloseFailed, "try again")
	}
}
