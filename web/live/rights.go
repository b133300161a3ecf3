package live

import (
	"context"
	"sync"
	"time"

	"onemap/layers"
	"onemap/layers/feed"
)

// recheckers ask for rights at a time; each may need a query where the feed is behind.
const recheckers = 4

// checkRights asks again for the rights of those clients whose rights may have
// changed, or were not asked for in a minute, and ends or moves subscriptions.
// Nothing is handed out meanwhile.
func (h *Hub) checkRights(ctx context.Context, changed, registry bool) {
	h.mu.Lock()
	var due []*client
	for c := range h.clients {
		if changed || registry || time.Since(c.checked) > recheck {
			due = append(due, c)
		}
	}
	h.mu.Unlock()
	if len(due) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	all, err := h.store.Layers(ctx)
	if err != nil {
		h.log().Error("live cannot read the layers", "err", err)
		h.registry.Store(true) // again at the next round
		if changed {
			for _, c := range due {
				h.rightsFailed(c, err, true)
			}
		}
		return
	}
	byName := make(map[string]layers.Layer, len(all))
	for _, l := range all {
		byName[l.Name] = l
	}
	work := make(chan *client)
	var g sync.WaitGroup
	for range min(recheckers, len(due)) {
		g.Go(func() {
			for c := range work {
				rights, err := c.again(ctx)
				h.mu.Lock()
				if err != nil {
					h.rightsFailed(c, err, changed)
				} else {
					h.apply(c, rights, byName)
				}
				h.mu.Unlock()
			}
		})
	}
	for _, c := range due {
		work <- c
	}
	close(work)
	g.Wait()
}

// apply gives a client its rights of now. The hub is locked.
func (h *Hub) apply(c *client, rights rights, byName map[string]layers.Layer) {
	c.checked = time.Now()
	for id, s := range c.subs {
		views, err := viewsOf(s.want, rights, func(name string) (layers.Layer, error) {
			if l, ok := byName[name]; ok {
				return l, nil
			}
			return layers.Layer{}, layers.ErrNotFound
		})
		if err != nil {
			h.drop(c, id)
			h.counts.ended.Add(1)
			h.push(c, feed.Cursor{}, newFrame(TypeEnded, idMessage(TypeEnded, id, "forbidden"), 1))
			continue
		}
		if s.group == nil { // waiting: it will be answered by the new right
			for _, w := range h.waiting {
				if w.sub == s {
					w.views = views
				}
			}
			continue
		}
		if keyOf(views) == s.group.key {
			continue
		}
		h.leave(s)
		h.enter(s, views)
		h.counts.resyncs.Add(1)
		h.push(c, feed.Cursor{}, subscribedFrame(s, h.at), newFrame(TypeResync, resyncMessage(id, h.at, ReasonRight), 1))
	}
}
