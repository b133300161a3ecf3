package live

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/feed"
)

func TestResumeHasNoGapUnderConcurrentWriters(t *testing.T) {
	r := newRig(t)
	const writers, each = 4, 60
	var g sync.WaitGroup
	for w := range writers {
		g.Go(func() {
			for i := range each {
				if _, err := r.db.Exec(t.Context(), insertPlace, fmt.Sprintf("%d/%d", w, i), 120, 30, "g"); err != nil {
					t.Error(err)
				}
			}
		})
	}
	got := map[string]int{}
	cursor, stream := "", ""
	c := r.dial()
	c.want(TypeHello)
	cursor = c.subscribe(Subscribe{Layer: "place", Cursor: r.hub.Stats().Cursor.String()}).Cursor
	for hops := 0; len(got) < writers*each; hops++ {
		// Some frames on each connection, then it is torn.
		for n := 0; n < 5 && len(got) < writers*each; n++ {
			m := c.want(TypeEvents)
			for _, name := range tell(m.Events) {
				got[name]++
			}
			cursor = m.Cursor
		}
		c.UnderlyingConn().(*net.TCPConn).SetLinger(0)
		c.Close()
		c = r.dial()
		c.want(TypeHello)
		stream = c.subscribe(Subscribe{Layer: "place", Cursor: cursor}).Stream
	}
	g.Wait()
	for name, times := range got {
		if times != 1 {
			t.Errorf("%q came %d times", name, times)
		}
	}
	if stream == "" {
		t.Error("no stream")
	}
	var n int
	r.db.QueryRow(t.Context(), `SELECT count(*) FROM map.place`).Scan(&n)
	if n != len(got) {
		t.Errorf("%d events, %d rows", len(got), n)
	}
}

func TestResumeReplaysByTheRightOfNow(t *testing.T) {
	r := newRig(t)
	c := r.dial()
	c.want(TypeHello)
	cursor := c.subscribe(Subscribe{Layer: "place"}).Cursor
	c.Close()
	r.exec(insertPlace, "in", 105, 5, "g")
	r.exec(insertPlace, "out", 95, 5, "g")
	r.wait(r.exec(`UPDATE map.place SET name = 'in too' WHERE name = 'in'`))
	c = r.dial()
	c.want(TypeHello)
	c.subscribe(Subscribe{Layer: "place", BBox: []float64{100, 0, 110, 10}, Cursor: cursor})
	if got := tell(c.events(2)); !slices.Equal(got, []string{"insert in", "update in too"}) {
		t.Errorf("%v", got)
	}
}

// What was committed a moment before a subscription is sent to it as well: the
// state that the client loads may lack it.
func TestTheLatestIsSentToNewSubscribers(t *testing.T) {
	r := ownRig(t, func(h *Hub) { h.settle = time.Hour })
	r.wait(r.exec(insertPlace, "just now", 120, 30, "g"))
	c := r.dial()
	c.want(TypeHello)
	c.subscribe(Subscribe{Layer: "place"})
	if got := tell(c.events(1)); !slices.Equal(got, []string{"insert just now"}) {
		t.Errorf("%v", got)
	}
}

func TestResync(t *testing.T) {
	r := ownRig(t, func(h *Hub) { h.ring.maxEntries, h.settle = 5, 0 })
	c := r.dial()
	c.want(TypeHello)
	start := c.subscribe(Subscribe{Layer: "place"}).Cursor
	for i := range 10 {
		r.wait(r.exec(insertPlace, fmt.Sprint(i), 120, 30, "g"))
	}
	c.events(10)
	foreign, err := feed.ParseCursor(start)
	if err != nil {
		t.Fatal(err)
	}
	other := foreign
	foreign.System++
	other.Timeline++
	for _, tt := range []struct{ cursor, reason string }{
		{start, ReasonOld}, {foreign.String(), ReasonForeign}, {other.String(), ReasonForeign},
	} {
		d := r.dial()
		d.want(TypeHello)
		sub := d.subscribe(Subscribe{ID: "s", Layer: "place", Cursor: tt.cursor})
		m := d.want(TypeResync)
		if m.ID != "s" || m.Reason != tt.reason || m.Cursor != sub.Cursor {
			t.Errorf("%+v after %+v, want reason %s", m, sub, tt.reason)
		}
		d.Close()
	}
	// The node loses its place: everybody is told, and goes on.
	r.exec(`SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE database = current_database() AND active`)
	if m := c.want(TypeResync); m.ID != "" || m.Reason != ReasonReset {
		t.Errorf("%+v", m)
	}
	r.exec(insertPlace, "after", 120, 30, "g")
	if got := tell(c.events(1)); got[0] != "insert after" {
		t.Errorf("%v", got)
	}
}

func TestACursorAheadWaits(t *testing.T) {
	r := newRig(t)
	c := r.dial()
	hello := c.want(TypeHello)
	ahead, err := feed.ParseCursor(hello.Cursor)
	if err != nil {
		t.Fatal(err)
	}
	ahead.LSN += 2000 // a little more log than this node has seen
	c.say(Subscribe{Type: TypeSubscribe, ID: "a", Layer: "place", Cursor: ahead.String()})
	c.say(Subscribe{Type: TypeSubscribe, ID: "b", Layer: "nosuch"})
	if m := c.want(TypeError); m.ID != "b" { // so a is not answered yet
		t.Errorf("%+v", m)
	}
	for range 10 {
		r.exec(insertPlace, strings.Repeat("x", 500), 120, 30, "g")
	}
	m := c.want(TypeSubscribed)
	if at, _ := feed.ParseCursor(m.Cursor); m.ID != "a" || at.Compare(ahead) < 0 {
		t.Errorf("%+v", m)
	}
}

// A client that does not read is dropped, and neither the others nor the feed wait for it.
func TestSlowClientIsDropped(t *testing.T) {
	r := newRig(t)
	quick := r.dial()
	quick.want(TypeHello)
	quick.subscribe(Subscribe{Layer: "incident", Fields: []string{"description"}})
	slow, _, err := (&websocket.Dialer{NetDial: func(network, addr string) (net.Conn, error) {
		c, err := net.Dial(network, addr)
		if err == nil {
			err = c.(*net.TCPConn).SetReadBuffer(4096)
		}
		return c, err
	}}).Dial("ws"+strings.TrimPrefix(r.web.URL, "http")+"/live", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer slow.Close()
	if err := slow.WriteJSON(Subscribe{Type: TypeSubscribe, ID: "a", Layer: "incident", BBox: []float64{100, 0, 130, 40}}); err != nil {
		t.Fatal(err)
	}
	for r.hub.Stats().Subscriptions < 2 {
		time.Sleep(time.Millisecond)
	}
	before := r.hub.Stats().Slow
	var read atomic.Int64 // by the quick one
	go func() {
		for {
			_, b, err := quick.ReadMessage()
			if err != nil {
				return
			}
			var m message
			if json.Unmarshal(b, &m) == nil {
				read.Add(int64(len(m.Events)))
			}
		}
	}()
	n := 0
	var cursor feed.Cursor
	for ; r.hub.Stats().Slow == before && n < 5000; n++ {
		cursor = r.exec(`INSERT INTO map.incident (class_standard, class_code, severity, state, source, occurred_at, description, geom, grid_code, area_code)
			SELECT standard, code, 2, 'reported', 'worker', now(), repeat('破', 4000), ST_Point(120, 30, 4326), 'g1', '' FROM onemap.class WHERE kind = 'matter' ORDER BY code LIMIT 1`)
	}
	if r.hub.Stats().Slow != before+1 {
		t.Fatalf("not dropped after %d events", n)
	}
	if err := r.feed.Wait(t.Context(), cursor); err != nil {
		t.Error(err)
	}
	for deadline := time.Now().Add(20 * time.Second); read.Load() < int64(n); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("the other got %d of %d", read.Load(), n)
		}
	}
}

// The queue itself: by count, by bytes, and one frame of any size.
func TestQueueLimits(t *testing.T) {
	small := newFrame(TypeEvents, []byte("x"), 1)
	c := newClient(nil)
	for i := range queueFrames {
		if c.send(feed.Cursor{}, small) {
			t.Fatalf("slow after %d", i)
		}
	}
	if !c.send(feed.Cursor{}, small) || c.closed() != CloseSlow {
		t.Error("the 257th frame did not close it")
	}
	if _, ok, code, _ := c.take(); ok || code != CloseSlow {
		t.Error("what waited for a slow client is dropped")
	}
	huge := newFrame(TypeEvents, make([]byte, 2*queueBytes), 1)
	c = newClient(nil)
	if c.send(feed.Cursor{}, huge) {
		t.Error("a large frame alone is not slow")
	}
	if !c.send(feed.Cursor{}, small) {
		t.Error("behind a large frame it is")
	}
}

func TestRightsRevokedMidConnection(t *testing.T) {
	r := newRig(t)
	c := r.dial()
	c.want(TypeHello)
	c.subscribe(Subscribe{ID: "p", Layer: "place"})
	c.subscribe(Subscribe{ID: "i", Layer: "incident"})
	r.setRight(func(l layers.Layer) (access.Right, bool) {
		right, _ := all(l)
		if l.Name == "incident" {
			return right, false
		}
		right.Fields = []string{"name"}
		return right, true
	}, nil)
	seen := map[string]message{}
	for range 3 {
		m := c.next()
		seen[m.Type] = m
	}
	if m := seen[TypeEnded]; m.ID != "i" || m.Reason != "forbidden" {
		t.Errorf("ended: %+v", seen)
	}
	if m := seen[TypeResync]; m.ID != "p" || m.Reason != ReasonRight {
		t.Errorf("resync: %+v", seen)
	}
	if m := seen[TypeSubscribed]; m.ID != "p" {
		t.Errorf("subscribed: %+v", seen)
	}
	r.exec(insertPlace, "a", 120, 30, "g")
	if e := c.events(1)[0]; len(e.Data.Properties) != 1 {
		t.Errorf("properties %v", e.Data.Properties)
	}
	r.setRight(nil, access.ErrUnauthenticated)
	if code := c.closed(); code != CloseSignedOut {
		t.Errorf("closed with %d", code)
	}
}

func TestRegistryChangesMoveSubscriptions(t *testing.T) {
	r := ownRig(t, func(h *Hub) { h.settle = 0 })
	c := r.dial()
	c.want(TypeHello)
	c.subscribe(Subscribe{Layer: "place"})
	r.exec(`DELETE FROM onemap.layer_field WHERE layer = 'place' AND name <> 'name'`)
	r.exec(insertPlace, "a", 120, 30, "g")
	c.want(TypeSubscribed)
	if m := c.want(TypeResync); m.Reason != ReasonRight {
		t.Errorf("%+v", m)
	}
	if e := c.events(1)[0]; len(e.Data.Properties) != 1 {
		t.Errorf("properties %v", e.Data.Properties)
	}
	r.exec(`DELETE FROM onemap.layer WHERE name = 'place'`)
	if m := c.want(TypeEnded); m.ID != "a" {
		t.Errorf("%+v", m)
	}
}

func TestStoppingAndOff(t *testing.T) {
	r := ownRig(t, nil)
	c := r.dial()
	c.want(TypeHello)
	r.hub.stop()
	if code := c.closed(); code != CloseStopping {
		t.Errorf("closed with %d", code)
	}
	r.hub.mu.Lock()
	r.hub.stopped = false
	r.hub.mu.Unlock()
	r.hub.feed.Store(nil)
	c = r.dial()
	if m := c.want(TypeHello); m.State != "off" {
		t.Errorf("%+v", m)
	}
	if code := c.closed(); code != CloseOff {
		t.Errorf("closed with %d", code)
	}
	r.hub.Follow(r.feed)
	r.hub.MaxConnections = 1
	// A round that began while live was off may close the first who comes after.
	for n := 0; n == 0; {
		r.dial().want(TypeHello)
		r.hub.mu.Lock()
		n = len(r.hub.clients)
		r.hub.mu.Unlock()
	}
	if code := r.dial().closed(); code != CloseTooMany {
		t.Errorf("closed with %d", code)
	}
	// Of four places the public gets one, however many of it come.
	r.hub.MaxConnections = 4
	come := func(public bool) *client {
		c := newClient(nil)
		c.public = public
		r.hub.connect(c)
		t.Cleanup(func() { r.hub.disconnect(c) })
		return c
	}
	one := come(true)
	if two, staff := come(true), come(false); one.closed() != 0 || two.closed() != CloseTooMany || staff.closed() != 0 {
		t.Errorf("closed with %d, %d, %d", one.closed(), two.closed(), staff.closed())
	}
	r.hub.disconnect(one)
	if again := come(true); again.closed() != 0 {
		t.Errorf("the place is not free again: %d", again.closed())
	}
}

func TestOtherSitesPagesAreRefused(t *testing.T) {
	r := newRig(t)
	_, res, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(r.web.URL, "http")+"/live", http.Header{"Origin": {"https://evil.example"}})
	if err == nil || res.StatusCode != http.StatusForbidden {
		t.Errorf("%v, %v", res, err)
	}
}

// sseEvent is one server-sent event.
type sseEvent struct {
	name, id string
	message
}

func (r *rig) stream(query, lastID string) (next func() sseEvent, end func()) {
	r.Helper()
	ctx, cancel := context.WithCancel(r.Context())
	q, err := http.NewRequestWithContext(ctx, "GET", r.web.URL+"/live/sse?"+query, nil)
	if err != nil {
		r.Fatal(err)
	}
	if lastID != "" {
		q.Header.Set("Last-Event-ID", lastID)
	}
	res, err := http.DefaultClient.Do(q)
	if err != nil {
		r.Fatal(err)
	}
	if ct := res.Header.Get("Content-Type"); ct != "text/event-stream" {
		r.Errorf("Content-Type %q", ct)
	}
	lines := bufio.NewScanner(res.Body)
	lines.Buffer(nil, 1<<20)
	r.Cleanup(func() { cancel(); res.Body.Close() })
	return func() (e sseEvent) {
		r.Helper()
		for lines.Scan() {
			name, value, _ := strings.Cut(lines.Text(), ": ")
			switch name {
			case "event":
				e.name = value
			case "id":
				e.id = value
			case "data":
				if err := json.Unmarshal([]byte(value), &e.message); err != nil {
					r.Fatal(err)
				}
			case "":
				return e
			}
		}
		r.Fatalf("stream ended: %v", lines.Err())
		return e
	}, cancel
}

func TestServerSentEvents(t *testing.T) {
	r := newRig(t)
	next, end := r.stream("layer=place,incident&bbox=100,0,110,10", "")
	var names []string
	var last string
	for range 4 {
		e := next()
		names = append(names, e.name)
		if e.id != "" {
			last = e.id
		}
		if e.name != e.Type {
			t.Errorf("event %s holds %s", e.name, e.Type)
		}
	}
	if !slices.Equal(names, []string{TypeHello, TypeSubscribed, TypeSubscribed, TypeHeartbeat}) || last == "" {
		t.Errorf("%v, id %q", names, last)
	}
	r.exec(insertPlace, "a", 105, 5, "g")
	for e := next(); ; e = next() {
		if e.name == TypeEvents {
			if got := tell(e.Events); !slices.Equal(got, []string{"insert a"}) || e.id != e.Cursor {
				t.Errorf("%v, id %q", got, e.id)
			}
			last = e.id
			break
		}
	}
	end()
	r.exec(insertPlace, "missed", 105, 5, "g")
	next, _ = r.stream("layer=place&bbox=100,0,110,10", last)
	for e := next(); ; e = next() {
		if e.name == TypeEvents {
			if got := tell(e.Events); !slices.Equal(got, []string{"insert missed"}) {
				t.Errorf("%v", got)
			}
			break
		}
	}
	next, _ = r.stream("layer=place&bbox=1,2", "")
	next() // hello
	if e := next(); e.name != TypeError || e.Problem.Errors[0].Field != "bbox" {
		t.Errorf("%+v", e)
	}
	if e := next(); e.name != TypeClose || e.Code != CloseInvalid {
		t.Errorf("%+v", e)
	}
}
