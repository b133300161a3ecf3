package live

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"onemap/layers/feed"
)

// screen does what the package documentation tells a client to do, and so must
// end with what the database holds, whatever happens to its connection.
type screen struct {
	*rig
	box    [4]float64
	cursor string
	shown  map[int64]string
	// What happened to it.
	connections, resyncs, events int
}

// load reads the present state of the window.
func (s *screen) load(ctx context.Context) error {
	rows, err := s.db.Query(ctx, `SELECT id, name FROM map.place WHERE ST_Intersects(geom, ST_MakeEnvelope($1, $2, $3, $4, 4326))`,
		s.box[0], s.box[1], s.box[2], s.box[3])
	if err != nil {
		return err
	}
	defer rows.Close()
	s.shown = map[int64]string{}
	for rows.Next() {
		var id int64
		var name string
		if err := rows.Scan(&id, &name); err != nil {
			return err
		}
		s.shown[id] = name
	}
	return rows.Err()
}

// connection lives through one connection: it ends it after some frames, or
// when it has everything up to end().
func (s *screen) connection(ctx context.Context, frames int, end func() (feed.Cursor, bool)) (done bool, err error) {
	c, _, err := websocket.DefaultDialer.DialContext(ctx, "ws"+strings.TrimPrefix(s.web.URL, "http")+"/live", nil)
	if err != nil {
		return false, err
	}
	defer c.Close()
	s.connections++
	if err := c.WriteJSON(Subscribe{Type: TypeSubscribe, ID: "a", Layer: "place", BBox: s.box[:], Cursor: s.cursor}); err != nil {
		return false, err
	}
	subscribed, fresh := false, s.cursor == ""
	for {
		c.SetReadDeadline(time.Now().Add(30 * time.Second))
		_, b, err := c.ReadMessage()
		if err != nil {
			return false, nil // connect again
		}
		var m message
		if err := json.Unmarshal(b, &m); err != nil {
			return false, err
		}
		switch m.Type {
		case TypeSubscribed:
			subscribed = true
			s.cursor = m.Cursor
			if fresh {
				err = s.load(ctx)
			}
		case TypeResync:
			s.resyncs++
			s.cursor = m.Cursor
			err = s.load(ctx)
		case TypeEvents:
			s.cursor = m.Cursor
			for _, e := range m.Events {
				s.events++
				switch e.Type {
				case FeatureChanged:
					s.shown[e.Data.ID] = e.Data.Properties["name"].(string)
				case FeatureGone:
					delete(s.shown, e.Data.ID)
				case LayerChanged:
					err = s.load(ctx)
				}
			}
			if frames--; frames == 0 {
				return false, err
			}
		case TypeHeartbeat:
			if subscribed {
				s.cursor = m.Cursor
			}
		}
		if err != nil {
			return false, err
		}
		if at, ok := end(); ok && subscribed {
			if have, err := feed.ParseCursor(s.cursor); err == nil && have.Compare(at) >= 0 {
				return true, nil
			}
		}
	}
}

// TestScreensEndWithTheTruth runs screens over torn connections, a small ring,
// large transactions and lost places in the log.
func TestScreensEndWithTheTruth(t *testing.T) {
	screens, writers, span, kills := 12, 3, 2*time.Second, 1
	if os.Getenv("ONEMAP_LONG") != "" {
		screens, writers, span, kills = 100, 6, 2*time.Minute, 20
	}
	r := ownRig(t, func(h *Hub) { h.ring.maxEntries = 200 })
	ctx := t.Context()
	var ended atomic.Pointer[feed.Cursor]
	end := func() (feed.Cursor, bool) {
		if c := ended.Load(); c != nil {
			return *c, true
		}
		return feed.Cursor{}, false
	}
	var watching sync.WaitGroup
	all := make([]*screen, screens)
	for i := range all {
		x := float64(rand.IntN(10))
		all[i] = &screen{rig: r, box: [4]float64{x, 0, x + float64(rand.IntN(5)), 10}}
		watching.Go(func() {
			for {
				done, err := all[i].connection(ctx, 1+rand.IntN(40), end)
				if err != nil {
					t.Error(err)
					return
				}
				if done {
					return
				}
				if rand.IntN(3) == 0 {
					time.Sleep(rand.N(100 * time.Millisecond))
				}
			}
		})
	}
	until := time.Now().Add(span)
	var writing sync.WaitGroup
	for range writers {
		writing.Go(func() {
			for n := 0; time.Now().Before(until); n++ {
				sql := []string{
					`INSERT INTO map.place (kind, name, geom, grid_code, area_code) SELECT 'hydrant', 'n' || random(), ST_Point(random() * 15, random() * 10, 4326), 'g', '' FROM generate_series(1, 1 + (random() * 3)::int)`,
					`UPDATE map.place SET geom = ST_Point(random() * 15, random() * 10, 4326), name = 'm' || random() WHERE id IN (SELECT id FROM map.place ORDER BY random() LIMIT 3 FOR UPDATE SKIP LOCKED)`,
					`DELETE FROM map.place WHERE id IN (SELECT id FROM map.place ORDER BY random() LIMIT 2 FOR UPDATE SKIP LOCKED)`,
					`UPDATE map.place SET name = 'u' || random() WHERE id IN (SELECT id FROM map.place ORDER BY random() LIMIT 1 FOR UPDATE SKIP LOCKED)`,
				}[rand.IntN(4)]
				if rand.IntN(200) == 0 {
					sql = `INSERT INTO map.place (kind, name, geom, grid_code, area_code) SELECT 'hydrant', 'bulk' || random(), ST_Point(random() * 15, random() * 10, 4326), 'g', '' FROM generate_series(1, 500)`
				}
				if _, err := r.db.Exec(ctx, sql); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for range kills {
		time.Sleep(span / time.Duration(kills+1))
		r.exec(`SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE database = current_database() AND active`)
	}
	writing.Wait()
	at := r.exec(`DELETE FROM map.place WHERE id = 1`)
	ended.Store(&at)
	watching.Wait()
	connections, resyncs, events := 0, 0, 0
	for i, s := range all {
		want := &screen{rig: r, box: s.box}
		if err := want.load(ctx); err != nil {
			t.Fatal(err)
		}
		if d := differ(s.shown, want.shown); d != "" {
			t.Errorf("screen %d: %s", i, d)
		}
		connections, resyncs, events = connections+s.connections, resyncs+s.resyncs, events+s.events
	}
	t.Logf("%d screens, %d connections, %d resyncs, %d events, stats %+v", screens, connections, resyncs, events, r.hub.Stats())
	if events == 0 || connections <= screens {
		t.Error("nothing happened")
	}
}

func differ(got, want map[int64]string) string {
	for id, name := range want {
		if got[id] != name {
			return fmt.Sprintf("feature %d is %q, should be %q", id, got[id], name)
		}
	}
	if len(got) != len(want) {
		return fmt.Sprintf("shows %d features, should %d", len(got), len(want))
	}
	return ""
}
