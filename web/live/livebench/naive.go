package livebench

import (
	"encoding/json"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"

	"onemap/layers"
	"onemap/layers/feed"
)

// naive is how a live channel is usually written: for each change a loop over
// the subscribers that tests the window, makes the message and sends it. It
// has no right, no resume and no coalescing, so it does less.
type naive struct {
	layer string
	store *layers.Store

	mu   sync.Mutex
	subs map[*naiveSub]struct{}
}

type naiveSub struct {
	window *orb.Bound
	layer  layers.Layer
	send   chan []byte
}

func newNaive(o Options) *naive {
	return &naive{layer: o.Layer, store: o.Store, subs: map[*naiveSub]struct{}{}}
}

func (n *naive) reader() feed.Reader {
	return feed.Reader{Apply: func(tx *feed.Tx) {
		n.mu.Lock()
		defer n.mu.Unlock()
		for _, c := range tx.Changes {
			if c.Schema != "map" || c.Table != n.layer || !c.New.Ok() {
				continue
			}
			for s := range n.subs {
				if b, ok := s.message(tx, c); ok {
					select {
					case s.send <- b:
					default:
					}
				}
			}
		}
	}}
}

func (s *naiveSub) message(tx *feed.Tx, c feed.Change) ([]byte, bool) {
	g, _ := c.New.Get("geom").(orb.Geometry)
	if g == nil || s.window != nil && !s.window.Intersects(g.Bound()) {
		return nil, false
	}
	properties := map[string]any{}
	for _, f := range s.layer.Fields {
		properties[f.Name] = c.New.Get(f.Name)
	}
	b, err := json.Marshal(map[string]any{
		"specversion": "1.0", "type": "onemap.feature.changed", "source": "/layers/" + c.Table, "time": tx.At.UTC().Format(time.RFC3339Nano),
		"cursor": tx.Cursor.String(),
		"data":   map[string]any{"layer": c.Table, "id": c.New.Get("id"), "op": c.Op.String(), "geometry": geojson.NewGeometry(g), "properties": properties},
	})
	return b, err == nil
}

var upgrader websocket.Upgrader

func (n *naive) serve(w http.ResponseWriter, r *http.Request) {
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return // Upgrade has answered
	}
	defer conn.Close()
	var want struct{ BBox []float64 }
	if conn.ReadJSON(&want) != nil {
		return
	}
	s := &naiveSub{send: make(chan []byte, 1024)}
	if s.layer, err = n.store.Layer(r.Context(), n.layer); err != nil {
		return
	}
	if len(want.BBox) == 4 {
		s.window = &orb.Bound{Min: orb.Point{want.BBox[0], want.BBox[1]}, Max: orb.Point{want.BBox[2], want.BBox[3]}}
	}
	n.mu.Lock()
	n.subs[s] = struct{}{}
	n.mu.Unlock()
	defer func() {
		n.mu.Lock()
		delete(n.subs, s)
		n.mu.Unlock()
	}()
	if conn.WriteMessage(websocket.TextMessage, []byte(`{"type":"subscribed"}`)) != nil {
		return
	}
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		for {
			if _, _, err := conn.ReadMessage(); err != nil {
				return
			}
		}
	}()
	for {
		select {
		case <-gone:
			return
		case b := <-s.send:
			if conn.WriteMessage(websocket.TextMessage, b) != nil {
				return
			}
		}
	}
}
