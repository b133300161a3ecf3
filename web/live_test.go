package web_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"onemap/layers/feed"
	"onemap/web/live"
)

// follow gives the world its feed and its live connections, as cmd does.
func (w *world) follow() {
	w.t.Helper()
	hub := live.NewHub(w.server.Store, w.server.Directory)
	f := feed.New(w.database, w.server.Directory.Reader(), hub.Reader())
	hub.Follow(f)
	w.server.Directory.Follow(f.Status)
	w.server.Hub, w.server.Feed, w.server.Sharing.Wait = hub, f.Status, f.Wait
	ctx, stop := context.WithCancel(w.t.Context())
	var work sync.WaitGroup
	work.Go(func() { _ = f.Run(ctx) })
	work.Go(func() { _ = hub.Run(ctx) })
	w.t.Cleanup(func() { stop(); work.Wait() })
	// The hub too: a client that comes before it has taken in the feed's first
	// snapshot is told to load anew.
	for began := time.Now(); f.Status().State != feed.Live || hub.Stats().Cursor == (feed.Cursor{}); {
		if time.Since(began) > 30*time.Second {
			w.t.Fatalf("the feed does not start: %+v", f.Status())
		}
		time.Sleep(5 * time.Millisecond)
	}
}

type frame struct {
	Type   string
	ID     string
	Events []struct {
		Type string
		Data struct {
			ID         int64
			Properties map[string]any
		}
	}
	Problem json.RawMessage
}

func (w *world) socket(login string) *websocket.Conn {
	w.t.Helper()
	c, res, err := websocket.DefaultDialer.DialContext(w.t.Context(), strings.Replace(w.url, "http", "ws", 1)+"/live",
		http.Header{"Authorization": {"Bearer " + w.tokens[login]}})
	if err != nil {
		w.t.Fatalf("%v: %+v", err, res)
	}
	w.t.Cleanup(func() { _ = c.Close() })
	return c
}

func (w *world) await(c *websocket.Conn, typ string) frame {
	w.t.Helper()
	for {
		_ = c.SetReadDeadline(time.Now().Add(20 * time.Second))
		var f frame
		if err := c.ReadJSON(&f); err != nil {
			w.t.Fatalf("waiting for %s: %v", typ, err)
		}
		if f.Type == typ {
			return f
		}
	}
}

// A report is seen on the open screens of those who may see it, without the
// fields that they may not.
func TestReportIsSeenLive(t *testing.T) {
	w := newWorld(t)
	w.follow()
	centre, worker := w.socket("centre"), w.socket("worker")
	for _, c := range []*websocket.Conn{centre, worker} {
		w.await(c, "hello")
		if err := c.WriteJSON(map[string]any{"type": "subscribe", "id": "a", "layer": "incident"}); err != nil {
			t.Fatal(err)
		}
		w.await(c, "subscribed")
	}
	// The worker's grid is in the east; what happens in the west is not hers to
	// see, and the next thing that she hears of is what happens in the east.
	west := w.report("centre", 120.015, 29.305)
	east := w.report("centre", 120.005, 29.305)
	f := w.await(centre, "events")
	if f.Events[0].Data.ID != west.ID || f.Events[0].Data.Properties["class_code"] != "T01" {
		t.Errorf("the centre hears %+v", f)
	}
	f = w.await(worker, "events")
	if f.Events[0].Data.ID != east.ID || len(f.Events) != 1 {
		t.Errorf("the worker hears %+v", f)
	}
	// A layer that one may not know of cannot be subscribed to.
	if err := worker.WriteJSON(map[string]any{"type": "subscribe", "id": "b", "layer": "enterprise"}); err != nil {
		t.Fatal(err)
	}
	if f := w.await(worker, "error"); f.ID != "b" {
		t.Errorf("%+v", f)
	}
	var ready struct{ Feed string }
	w.want(200, w.as("", "GET", "/readyz", nil)).into(t, &ready)
	if ready.Feed != "live" {
		t.Errorf("%+v", ready)
	}
}

func TestLiveEventsAsStream(t *testing.T) {
	w := newWorld(t)
	w.follow()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, "GET", w.url+"/live/sse?layer=incident", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+w.tokens["centre"])
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != 200 || res.Header.Get("Content-Type") != "text/event-stream" || res.Header.Get("Content-Encoding") != "" {
		t.Fatalf("%d %v", res.StatusCode, res.Header)
	}
	var got strings.Builder
	buf := make([]byte, 4096)
	reported := false
	for !strings.Contains(got.String(), `"class_code":"T01"`) {
		n, err := res.Body.Read(buf)
		if err != nil {
			t.Fatalf("%v after %s", err, got.String())
		}
		got.Write(buf[:n])
		if !reported && strings.Contains(got.String(), "event: subscribed") {
			w.report("worker", 120.005, 29.305)
			reported = true
		}
	}
}
