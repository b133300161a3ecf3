package live

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/paulmach/orb"

	"onemap/geo/where"
	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/feed"
	"onemap/layers/layerstest"
)

// city is a database, a feed and a hub. Tests share one: a feed's start waits
// for every write transaction of the cluster, also those of other tests.
type city struct {
	url   string
	db    *pgxpool.Pool
	store *layers.Store
	feed  *feed.Feed
	hub   *Hub
	end   func()
}

// found starts a city on the database at url.
func found(t testing.TB, url string, set func(*Hub)) *city {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	db, err := layers.Open(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	c := &city{url: url, db: db, store: layers.NewStore(db)}
	c.hub = NewHub(c.store, nil)
	if set != nil {
		set(c.hub)
	}
	c.feed = feed.New(url, feed.Registry(c.store), c.hub.Reader())
	c.hub.Follow(c.feed)
	var g sync.WaitGroup
	g.Go(func() { _ = c.feed.Run(ctx) })
	g.Go(func() { _ = c.hub.Run(ctx) })
	c.end = func() {
		cancel()
		g.Wait()
		db.Close()
	}
	return c
}

var (
	shared *city
	kept   keeper
)

// keeper is the first test that needs the shared city, but its cleanups wait
// until all tests are done.
type keeper struct {
	testing.TB
	cleanups []func()
}

func (k *keeper) Cleanup(f func()) { k.cleanups = append(k.cleanups, f) }

func TestMain(m *testing.M) {
	code := m.Run()
	if shared != nil {
		shared.end()
	}
	for _, f := range slices.Backward(kept.cleanups) {
		f()
	}
	os.Exit(code)
}

// rig is a test's own server over a city.
type rig struct {
	*testing.T
	*city
	web *httptest.Server

	mu    sync.Mutex
	right rights
	err   error
}

// all is the right to everything.
func all(l layers.Layer) (access.Right, bool) {
	r := access.Right{Where: where.True}
	for _, f := range l.Fields {
		r.Fields = append(r.Fields, f.Name)
	}
	return r, true
}

// newRig serves the shared city with empty tables to callers with the right to all.
func newRig(t *testing.T) *rig {
	t.Helper()
	if shared == nil {
		kept.TB = t
		shared = found(t, layerstest.URL(&kept), func(h *Hub) { h.settle = 0 })
	}
	r := serve(t, shared)
	r.wait(r.exec(`TRUNCATE map.place, map.incident RESTART IDENTITY CASCADE`))
	return r
}

// ownRig serves a city that the test may break.
func ownRig(t *testing.T, set func(*Hub)) *rig {
	t.Helper()
	url := layerstest.URL(t)
	c := found(t, url, set)
	t.Cleanup(c.end)
	r := serve(t, c)
	r.wait(r.exec(`SELECT 1`))
	return r
}

func serve(t *testing.T, c *city) *rig {
	r := &rig{T: t, city: c, right: all}
	again := func(context.Context) (rights, error) {
		r.mu.Lock()
		defer r.mu.Unlock()
		return r.right, r.err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/live", func(w http.ResponseWriter, q *http.Request) { c.hub.serveWS(w, q, again, false) })
	mux.HandleFunc("/live/sse", func(w http.ResponseWriter, q *http.Request) { c.hub.serveSSE(w, q, again, false) })
	r.web = httptest.NewServer(mux)
	t.Cleanup(func() { // the connections first: Close waits for requests
		r.web.CloseClientConnections()
		r.web.Close()
		for c.hub.Stats().Connections > 0 {
			time.Sleep(time.Millisecond)
		}
	})
	return r
}

// wait waits until the hub has handed out everything up to a cursor.
func (r *rig) wait(at feed.Cursor) {
	r.Helper()
	if err := r.feed.Wait(r.Context(), at); err != nil {
		r.Fatal(err)
	}
	for deadline := time.Now().Add(20 * time.Second); r.hub.Stats().Cursor.Compare(at) < 0; {
		if time.Now().After(deadline) {
			r.Fatalf("the hub is at %v, not %v", r.hub.Stats().Cursor, at)
		}
		r.hub.poke()
		time.Sleep(time.Millisecond)
	}
}

// setRight changes the rights of all callers.
func (r *rig) setRight(right rights, err error) {
	r.mu.Lock()
	r.right, r.err = right, err
	r.mu.Unlock()
	r.hub.registry.Store(true)
	r.hub.poke()
}

func (r *rig) exec(sql string, args ...any) feed.Cursor {
	r.Helper()
	if _, err := r.db.Exec(r.Context(), sql, args...); err != nil {
		r.Fatal(err)
	}
	at, err := feed.Now(r.Context(), r.db)
	if err != nil {
		r.Fatal(err)
	}
	return at
}

const insertPlace = `INSERT INTO map.place (kind, name, geom, grid_code, area_code)
	VALUES ('hydrant', $1, ST_SetSRID(ST_MakePoint($2, $3), 4326), $4, '')`

// client is a WebSocket client.
type testClient struct {
	*testing.T
	*websocket.Conn
}

func (r *rig) dial() *testClient {
	r.Helper()
	c, res, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(r.web.URL, "http")+"/live", nil)
	if err != nil {
		r.Fatal(err, res)
	}
	r.Cleanup(func() { c.Close() })
	return &testClient{r.T, c}
}

// message is any of the server's messages.
type message struct {
	Type, ID, Layer, Stream, Cursor, Reason, State, System, LSN string
	Timeline                                                    uint32
	HeartbeatS                                                  int `json:"heartbeat_s"`
	Problem                                                     problem
	Events                                                      []event
	Layers                                                      map[string][]string
	Areas                                                       map[string][]float64
	Stale                                                       struct{ Layers map[string][]string }
	Code                                                        int
}

type event struct {
	SpecVersion, ID, Source, Type, Subject, DataContentType, Cursor string
	Time                                                            time.Time
	Data                                                            struct {
		Layer      string
		Layers     []string
		ID         int64
		Op         string
		Geometry   json.RawMessage
		Properties map[string]any
		BBox       []float64
		OldBBox    []float64 `json:"old_bbox"`
	}
}

// next returns the next message that is no heartbeat.
func (c *testClient) next() message {
	c.Helper()
	for {
		c.SetReadDeadline(time.Now().Add(20 * time.Second))
		_, b, err := c.ReadMessage()
		if err != nil {
			c.Fatalf("read: %v", err)
		}
		var m message
		if err := json.Unmarshal(b, &m); err != nil {
			c.Fatalf("%v in %s", err, b)
		}
		if m.Type != TypeHeartbeat {
			return m
		}
	}
}

// want returns the next message, which must be of a type.
func (c *testClient) want(kind string) message {
	c.Helper()
	m := c.next()
	if m.Type != kind {
		c.Fatalf("got %+v, want %s", m, kind)
	}
	return m
}

func (c *testClient) say(v any) {
	c.Helper()
	if err := c.WriteJSON(v); err != nil {
		c.Fatal(err)
	}
}

// subscribe greets, subscribes and returns the answer.
func (c *testClient) subscribe(s Subscribe) message {
	c.Helper()
	s.Type = TypeSubscribe
	if s.ID == "" {
		s.ID = "a"
	}
	c.say(s)
	return c.want(TypeSubscribed)
}

// events returns the next n events, however many frames they come in.
func (c *testClient) events(n int) []event {
	c.Helper()
	var all []event
	for len(all) < n {
		all = append(all, c.want(TypeEvents).Events...)
	}
	if len(all) > n {
		c.Fatalf("%d events, want %d: %v", len(all), n, tell(all))
	}
	return all
}

// closed reads on until the connection is closed and returns the code.
func (c *testClient) closed() int {
	c.Helper()
	for end := time.Now().Add(time.Minute); ; {
		if time.Now().After(end) {
			c.Fatal("the connection stays open")
		}
		c.SetReadDeadline(time.Now().Add(20 * time.Second))
		if _, _, err := c.ReadMessage(); err != nil {
			var e *websocket.CloseError
			if !errors.As(err, &e) {
				c.Fatalf("read: %v", err)
			}
			return e.Code
		}
	}
}

// tell renders events in short: "insert a", "gone 7".
func tell(es []event) []string {
	var all []string
	for _, e := range es {
		switch e.Type {
		case FeatureGone:
			all = append(all, fmt.Sprint("gone ", e.Data.ID))
		case LayerChanged:
			all = append(all, fmt.Sprintf("%v%v", e.Data.Layers, e.Data.BBox))
		default:
			all = append(all, fmt.Sprint(e.Data.Op, " ", e.Data.Properties["name"]))
		}
	}
	return all
}

func TestAnEventIsACloudEvent(t *testing.T) {
	r := newRig(t)
	c := r.dial()
	hello := c.want(TypeHello)
	if hello.State != "live" || hello.HeartbeatS != 5 || hello.Timeline == 0 || !strings.HasSuffix(strings.ToUpper(hello.Cursor), strings.ToUpper(hello.LSN)) {
		t.Errorf("hello %+v", hello)
	}
	sub := c.subscribe(Subscribe{Layer: "incident", BBox: []float64{120, 29, 121, 31}})
	r.exec(`INSERT INTO map.incident (id, uuid, class_standard, class_code, severity, state, source, occurred_at, reported_at, description, geom, grid_code, area_code)
		SELECT 42, '0b25f0f0-7a47-4c3c-9b6f-2d1f6a0e0c01', standard, code, 2, 'reported', 'worker', '2026-11-22 08:00+08', '2026-11-22 08:00:01.5+08',
		'井盖 "破损"' || chr(10) || '<b>', ST_Point(120.123456789, 30, 4326), 'g1', '330782' FROM onemap.class WHERE kind = 'matter' ORDER BY code LIMIT 1`)
	m := c.want(TypeEvents)
	if m.Stream != sub.Stream || len(m.Events) != 1 {
		t.Fatalf("frame %+v", m)
	}
	e := m.Events[0]
	if e.SpecVersion != "1.0" || e.Type != FeatureChanged || e.Source != "/layers/incident" || e.Subject != "incident/42" || e.DataContentType != "application/json" ||
		e.ID != e.Cursor+"/incident/42" || e.Cursor != m.Cursor || time.Since(e.Time) > time.Hour || e.Data.ID != 42 || e.Data.Op != "insert" {
		t.Errorf("event %+v", e)
	}
	if got := string(e.Data.Geometry); got != `{"type":"Point","coordinates":[120.1234568,30]}` {
		t.Errorf("geometry %s", got)
	}
	for name, want := range map[string]any{
		"uuid": "0b25f0f0-7a47-4c3c-9b6f-2d1f6a0e0c01", "severity": 2.0, "description": "井盖 \"破损\"\n<b>", "occurred_at": "2026-11-22T00:00:00Z",
		"reported_at": "2026-11-22T00:00:01.5Z", "closed_at": nil, "grid_code": "g1",
	} {
		if got, there := e.Data.Properties[name]; got != want || !there {
			t.Errorf("%s = %v, want %v", name, got, want)
		}
	}
	for _, hidden := range []string{"reporter", "attributes", "geom", "batch", "source_key"} {
		if _, there := e.Data.Properties[hidden]; there {
			t.Errorf("%s is no field and was sent", hidden)
		}
	}
}

func TestWindowsAndFilters(t *testing.T) {
	r := newRig(t)
	east, west, grid, named, asked := r.dial(), r.dial(), r.dial(), r.dial(), r.dial()
	for _, c := range []*testClient{east, west, grid, named, asked} {
		c.want(TypeHello)
	}
	east.subscribe(Subscribe{Layer: "place", BBox: []float64{100, 0, 110, 10}})
	west.subscribe(Subscribe{Layer: "place", BBox: []float64{170, 0, -170, 10}}) // over the antimeridian
	grid.subscribe(Subscribe{Layer: "place", Grids: []string{"g1", "g2"}, Classes: []string{"hydrant"}})
	named.subscribe(Subscribe{Layer: "place", Fields: []string{"name"}})
	asked.subscribe(Subscribe{Layer: "place", Filter: "CASEI(name) LIKE 'M%' AND S_WITHIN(geom, POLYGON((100 0, 110 0, 110 10, 100 10, 100 0)))"})

	r.exec(insertPlace, "moves", 105, 5, "g1")
	r.exec(insertPlace, "far", -175, 5, "g3")
	r.exec(`UPDATE map.place SET geom = ST_Point(175, 5, 4326), grid_code = 'g2' WHERE name = 'moves'`)
	r.exec(`UPDATE map.place SET grid_code = 'g3' WHERE name = 'moves'`)
	r.exec(`UPDATE map.place SET attributes = '{"unseen": 1}'`) // nothing that anybody sees
	r.exec(`DELETE FROM map.place WHERE name = 'moves'`)
	r.exec(insertPlace, "end", 105, 5, "g1")

	for _, tt := range []struct {
		name string
		c    *testClient
		want []string
	}{
		{"east", east, []string{"insert moves", "gone 1", "insert end"}},
		{"over the antimeridian", west, []string{"insert far", "insert moves", "update moves", "gone 1"}},
		{"grid", grid, []string{"insert moves", "update moves", "gone 1", "insert end"}},
		{"a filter", asked, []string{"insert moves", "gone 1"}},
		{"one field", named, []string{"insert moves", "insert far", "update moves", "gone 1", "insert end"}},
	} {
		got := tell(tt.c.events(len(tt.want)))
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestRightsHideRowsAndFields(t *testing.T) {
	r := newRig(t)
	r.setRight(func(l layers.Layer) (access.Right, bool) {
		return access.Right{Where: where.Eq{Field: "dept_code", Value: "mine"}, Fields: []string{"name", "dept_code"}}, l.Name != "worker"
	}, nil)
	c := r.dial()
	c.want(TypeHello)
	c.subscribe(Subscribe{Layer: "place"})
	for _, tt := range []struct {
		want  Subscribe
		kind  string
		field string
	}{
		{Subscribe{Layer: "worker"}, "/problems/not-found", "layer"},
		{Subscribe{Layer: "nosuch"}, "/problems/not-found", "layer"},
		{Subscribe{Layer: "place", Grids: []string{"g"}}, "/problems/invalid-input", "grids"}, // a hidden field
		{Subscribe{Layer: "place", Fields: []string{"state"}}, "/problems/invalid-input", "fields"},
	} {
		tt.want.Type, tt.want.ID = TypeSubscribe, "b"
		c.say(tt.want)
		m := c.want(TypeError)
		if m.ID != "b" || m.Problem.Type != tt.kind || m.Problem.Errors[0].Field != tt.field || m.Problem.Errors[0].Remedy == "" {
			t.Errorf("%+v: %+v", tt.want, m)
		}
	}
	r.exec(insertPlace, "theirs", 120, 30, "g")
	r.exec(`UPDATE map.place SET dept_code = 'mine'`)
	r.exec(`UPDATE map.place SET capacity = 5`) // hidden: nothing to tell
	r.exec(`UPDATE map.place SET dept_code = 'theirs', name = 'secret'`)
	r.exec(`DELETE FROM map.place`)
	r.exec(insertPlace, "theirs too", 120, 30, "g")
	r.exec(`UPDATE map.place SET dept_code = 'mine', name = 'end'`)
	es := c.events(3)
	if got := tell(es); !slices.Equal(got, []string{"insert theirs", "gone 1", "insert end"}) {
		t.Errorf("%v", got)
	}
	for _, e := range es {
		if e.Type == FeatureChanged && len(e.Data.Properties) != 2 || e.Type == FeatureGone && (e.Data.Properties != nil || e.Data.Geometry != nil) {
			t.Errorf("event tells too much: %+v", e.Data)
		}
	}
}

func TestManyRowsAreOneChange(t *testing.T) {
	r := newRig(t)
	inside, elsewhere := r.dial(), r.dial()
	inside.want(TypeHello)
	elsewhere.want(TypeHello)
	inside.subscribe(Subscribe{Layer: "place", BBox: []float64{100, 0, 101, 10}})
	elsewhere.subscribe(Subscribe{Layer: "place", BBox: []float64{50, 0, 60, 10}})
	many := `INSERT INTO map.place (kind, name, geom, grid_code, area_code) SELECT 'hydrant', i::text,
		ST_SetSRID(ST_MakePoint(100 + (i - 1) * 0.01, 5), 4326), 'g', '' FROM generate_series(1, $1::int) i`
	r.exec(many, 100)
	inside.events(100) // a hundred come one by one
	r.exec(many, 1000) // 101 of them in the window
	es := inside.events(1)
	if got := tell(es); !slices.Equal(got, []string{"[place][100 5 101 5]"}) {
		t.Errorf("%v", got)
	}
	r.exec(`TRUNCATE map.place`)
	if got := tell(inside.events(1)); !slices.Equal(got, []string{"[place][]"}) {
		t.Errorf("truncate: %v", got)
	}
	if got := tell(elsewhere.events(1)); !slices.Equal(got, []string{"[place][]"}) { // the thousand were not in its window
		t.Errorf("elsewhere: %v", got)
	}
	r.exec(`SELECT pg_logical_emit_message(true, 'onemap', '{"replaced": "map.place"}')`)
	if got := tell(inside.events(1)); !slices.Equal(got, []string{"[place][]"}) {
		t.Errorf("replaced: %v", got)
	}
}

func TestATransactionIsOneFrameAndOneEventAFeature(t *testing.T) {
	r := newRig(t)
	c := r.dial()
	c.want(TypeHello)
	c.subscribe(Subscribe{Layer: "place"})
	tx, _ := r.db.Begin(t.Context())
	for i := range 40 {
		tx.Exec(t.Context(), insertPlace, fmt.Sprint(i), 120, 30, "g")
	}
	tx.Exec(t.Context(), `UPDATE map.place SET name = 'n' || name`)
	tx.Exec(t.Context(), `DELETE FROM map.place WHERE id > 10`)
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	m := c.want(TypeEvents)
	got := tell(m.Events)
	if len(got) != 10 || got[0] != "insert n0" || got[9] != "insert n9" {
		t.Errorf("%d events: %v", len(got), got)
	}
}

func TestEqualSubscribersShareAStream(t *testing.T) {
	r := newRig(t)
	streams := map[string]int{}
	for i := range 6 {
		c := r.dial()
		c.want(TypeHello)
		s := Subscribe{Layer: "place", BBox: []float64{100, 0, 101, 10}}
		if i >= 4 {
			s.BBox[2] = 102
		}
		streams[c.subscribe(s).Stream]++
	}
	if len(streams) != 2 {
		t.Errorf("streams %v", streams)
	}
	if s := r.hub.Stats(); s.Connections != 6 || s.Subscriptions != 6 || s.Streams != 2 {
		t.Errorf("stats %+v", s)
	}
}

func TestUnsubscribeAndReplace(t *testing.T) {
	r := newRig(t)
	c := r.dial()
	c.want(TypeHello)
	first := c.subscribe(Subscribe{ID: "x", Layer: "place", BBox: []float64{0, 0, 1, 1}})
	if second := c.subscribe(Subscribe{ID: "x", Layer: "place"}); second.Stream == first.Stream {
		t.Error("the same id with another window is another stream")
	}
	r.exec(insertPlace, "a", 0.5, 0.5, "g")
	c.events(1)
	c.say(Subscribe{Type: TypeUnsubscribe, ID: "x"})
	if m := c.want(TypeUnsubscribed); m.ID != "x" {
		t.Errorf("%+v", m)
	}
	if s := r.hub.Stats(); s.Subscriptions != 0 || s.Streams != 0 {
		t.Errorf("stats %+v", s)
	}
}

func TestBadMessagesAreAnsweredWithARemedy(t *testing.T) {
	r := newRig(t)
	c := r.dial()
	c.want(TypeHello)
	for _, tt := range []struct{ say, id, field string }{
		{`{`, "", "message"},
		{`[]`, "", "message"},
		{`{"type":"dance","id":"q"}`, "q", "type"},
		{`{"type":"subscribe","id":"","layer":"place"}`, "", "id"},
		{`{"type":"subscribe","id":"a"}`, "a", "layer"},
		{`{"type":"subscribe","id":"a","layer":"place","bbox":[1,2,3]}`, "a", "bbox"},
		{`{"type":"subscribe","id":"a","layer":"place","bbox":[1,5,3,2]}`, "a", "bbox"},
		{`{"type":"subscribe","id":"a","layer":"place","bbox":"x"}`, "a", "message"},
		{`{"type":"subscribe","id":"a","layer":"place","severity_max":9}`, "a", "severity_max"},
		{`{"type":"subscribe","id":"a","layer":"place","cursor":"0/1"}`, "a", "cursor"},
		{`{"type":"subscribe","id":"a","layer":"place","colour":1}`, "a", "message"},
		{`{"type":"subscribe","id":"a","layer":"place","filter":"state = "}`, "a", "filter"},
		{`{"type":"subscribe","id":"a","layer":"place","severity_max":1}`, "a", "severity_max"}, // places have none
	} {
		if err := c.WriteMessage(websocket.TextMessage, []byte(tt.say)); err != nil {
			t.Fatal(err)
		}
		m := c.want(TypeError)
		if m.ID != tt.id || len(m.Problem.Errors) != 1 || m.Problem.Errors[0].Field != tt.field || m.Problem.Errors[0].Remedy == "" || m.Problem.Status != 422 {
			t.Errorf("%s: %+v", tt.say, m)
		}
	}
	c.subscribe(Subscribe{Layer: "place"}) // and the connection is still good
}

func TestMaxSubscriptionsAndMessages(t *testing.T) {
	r := newRig(t)
	c := r.dial()
	c.want(TypeHello)
	for i := range maxSubs {
		c.subscribe(Subscribe{ID: fmt.Sprint(i), Layer: "place"})
	}
	c.say(Subscribe{Type: TypeSubscribe, ID: "more", Layer: "place"})
	if m := c.want(TypeError); m.ID != "more" {
		t.Errorf("%+v", m)
	}
	for range 2 * messageBurst {
		c.WriteMessage(websocket.TextMessage, []byte(`{`))
	}
	if code := c.closed(); code != CloseTooMany {
		t.Errorf("closed with %d", code)
	}
}

func TestPolygonsMeetWindowsExactly(t *testing.T) {
	// A thin diagonal: its box meets the window, it does not.
	row := func(g orb.Geometry) *seen { return &seen{looked: true, placed: true, bound: g.Bound(), geom: g} }
	diagonal := orb.LineString{{0, 0}, {10, 10}}
	for _, tt := range []struct {
		name string
		g    orb.Geometry
		box  orb.Bound
		want bool
	}{
		{"corner cut off", diagonal, orb.Bound{Min: orb.Point{6, 0}, Max: orb.Point{10, 4}}, false},
		{"crossed", diagonal, orb.Bound{Min: orb.Point{4, 0}, Max: orb.Point{10, 6}}, true},
		{"window inside", orb.Polygon{{{0, 0}, {10, 0}, {10, 10}, {0, 10}, {0, 0}}}, orb.Bound{Min: orb.Point{4, 4}, Max: orb.Point{5, 5}}, true},
		{"away", diagonal, orb.Bound{Min: orb.Point{11, 11}, Max: orb.Point{12, 12}}, false},
		{"point on the edge", orb.Point{5, 5}, orb.Bound{Min: orb.Point{5, 5}, Max: orb.Point{6, 6}}, true},
	} {
		if got := row(tt.g).Meets(tt.box); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}
