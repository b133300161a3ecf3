package main

import (
	"context"
	"errors"
	"net/url"
	"strconv"
	"sync"
	"testing"
	"time"

	"onemap/web/client"
)

// A watch is an open page: it follows the incidents live, goes on with its
// cursor after a lost connection, and loads the present state when it is told
// that what it missed cannot be replayed.
type watch struct {
	client.Client
	first int64 // incidents with larger ids are new

	mu      sync.Mutex
	seen    map[int64]bool
	resumed int // connections that went on from a cursor
	resyncs int
	changed chan struct{} // closed and made anew at each change
	subbed  chan struct{} // closed when first subscribed
	once    sync.Once
}

func newWatch(t *testing.T, c client.Client) *watch {
	t.Helper()
	w := &watch{Client: c, seen: map[int64]bool{}, changed: make(chan struct{}), subbed: make(chan struct{})}
	page, _, err := c.Incidents(t.Context(), url.Values{"limit": {"1000"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range page {
		w.first = max(w.first, i.ID)
	}
	return w
}

// start follows until the test ends, and returns once subscribed.
func (w *watch) start(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan struct{})
	t.Cleanup(func() { cancel(); <-ended })
	go func() {
		defer close(ended)
		cursor := ""
		for ctx.Err() == nil {
			if cursor != "" {
				w.mu.Lock()
				w.resumed++
				w.mu.Unlock()
			}
			cursor, _ = w.Live(ctx, "incident", cursor, nil, func(e client.Event) error { return w.take(ctx, e) })
			select {
			case <-ctx.Done():
			case <-time.After(100 * time.Millisecond): // a page waits 1 to 30 s
			}
		}
	}()
	select {
	case <-w.subbed:
	case <-time.After(30 * time.Second):
		t.Fatal("the live stream was not answered in 30 s")
	}
}

func (w *watch) take(ctx context.Context, e client.Event) error {
	switch e.Type {
	case "subscribed":
		w.once.Do(func() { close(w.subbed) })
	case "resync":
		w.mu.Lock()
		w.resyncs++
		w.mu.Unlock()
		return w.load(ctx)
	case "events":
		changes, err := e.Changes()
		if err != nil {
			return err
		}
		for _, c := range changes {
			switch c.Type {
			case "onemap.layer.changed":
				if err := w.load(ctx); err != nil {
					return err
				}
			case "onemap.feature.changed":
				w.saw(c.Data.ID)
			}
		}
	}
	return nil
}

// load reads the present state: all incidents that are new.
func (w *watch) load(ctx context.Context) error {
	for after := w.first; ; {
		page, err := w.Features(ctx, "incident", url.Values{"after": {strconv.FormatInt(after, 10)}, "limit": {"1000"}, "properties": {"state"}})
		if err != nil {
			return err
		}
		for _, f := range page.Features {
			id, ok := f.ID.(float64)
			if !ok {
				return errors.New("a feature without a number")
			}
			after = int64(id)
			w.saw(after)
		}
		if len(page.Features) < 1000 {
			return nil
		}
	}
}

func (w *watch) saw(id int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.seen[id] {
		w.seen[id] = true
		close(w.changed)
		w.changed = make(chan struct{})
	}
}

// missing waits up to 30 s until all acknowledged incidents were seen, and
// returns those that were not.
func (w *watch) missing(t *testing.T, acked map[string]int64) map[int64]bool {
	t.Helper()
	limit := time.After(30 * time.Second)
	for {
		w.mu.Lock()
		out := map[int64]bool{}
		for _, id := range acked {
			if !w.seen[id] {
				out[id] = true
			}
		}
		changed := w.changed
		w.mu.Unlock()
		if len(out) == 0 {
			return nil
		}
		select {
		case <-changed:
		case <-limit:
			return out
		}
	}
}
