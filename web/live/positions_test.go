package live

import (
	"context"
	"testing"

	"onemap/layers/feed"
)

// onDuty puts workers on the map, n of them, for as long as the test.
func (r *rig) onDuty(n int) {
	r.Helper()
	r.Cleanup(func() { _, _ = r.db.Exec(context.Background(), `DELETE FROM onemap.person WHERE login LIKE 'batch-%'`) })
	r.exec(`INSERT INTO onemap.organisation (code, level, kind, area_code, name_zh, name_en) VALUES ('batch', 'county', 'government', '330799', '市', 'City') ON CONFLICT DO NOTHING`)
	r.exec(`INSERT INTO onemap.person (login, name, org, password_hash) SELECT 'batch-' || i, i::text, 'batch', '' FROM generate_series(1, $1::int) i`, n)
	r.wait(r.exec(`INSERT INTO map.worker (person, name, org, geom, grid_code, area_code)
		SELECT id, name, org, ST_Point(100 + name::int * 0.001, 5, 4326), 'g', '' FROM onemap.person WHERE login LIKE 'batch-%' ORDER BY id`))
}

// moveAll is what a batch of positions does to the table.
const moveAll = `UPDATE map.worker SET geom = ST_Translate(geom, 0, 0.0001), seen_at = now() WHERE org = 'batch'`

// The positions of a city's staff come in batches, and each batch to a screen
// that shows the whole city as positions, not as the word to load all anew.
func TestPositionsInBatches(t *testing.T) {
	r := newRig(t)
	r.onDuty(1000)
	city, street, mixed := r.dial(), r.dial(), r.dial()
	for _, c := range []*testClient{city, street, mixed} {
		c.want(TypeHello)
	}
	city.subscribe(Subscribe{Layer: "worker"})
	street.subscribe(Subscribe{Layer: "worker", BBox: []float64{100, 0, 100.01, 10}})
	mixed.subscribe(Subscribe{Layer: "worker,place"})
	r.exec(moveAll)
	m := city.want(TypeEvents)
	if len(m.Events) != 1000 {
		t.Fatalf("%d events: %+v", len(m.Events), m.Events[0])
	}
	for _, e := range m.Events {
		if e.Type != FeatureChanged || e.Data.Op != "update" {
			t.Fatalf("%+v", e)
		}
	}
	if es := street.events(10); es[0].Type != FeatureChanged {
		t.Errorf("%+v", es[0])
	}
	if es := mixed.events(1); es[0].Type != LayerChanged { // with another layer it is a layer like others
		t.Errorf("%+v", es[0])
	}
	r.exec(`UPDATE map.worker SET geom = ST_Translate(geom, 10, 0) WHERE org = 'batch'`)
	for _, e := range street.events(10) {
		if e.Type != FeatureGone {
			t.Fatalf("%+v", e)
		}
	}
	city.events(1000)
	// Who comes back after some batches gets the places of now, and need not load.
	before, err := feed.Now(t.Context(), r.db)
	if err != nil {
		t.Fatal(err)
	}
	for range 4 {
		r.wait(r.exec(moveAll))
	}
	back := r.dial()
	back.want(TypeHello)
	back.subscribe(Subscribe{Layer: "worker", Cursor: before.String()})
	if es := back.events(1000); es[0].Type != FeatureChanged {
		t.Errorf("%+v", es[0])
	}
}

// What comes before a frame is written is one event for each worker.
func TestPositionsOfAFrameAreTheLatest(t *testing.T) {
	r := newRig(t)
	r.onDuty(300)
	c := r.dial()
	c.want(TypeHello)
	c.subscribe(Subscribe{Layer: "worker"})
	r.hub.mu.Lock() // the hand-out waits, the feed does not
	for range 6 {
		r.exec(moveAll)
	}
	at := r.exec(`DELETE FROM map.worker WHERE name = '300'`)
	err := r.feed.Wait(t.Context(), at)
	r.hub.mu.Unlock()
	if err != nil {
		t.Fatal(err)
	}
	where, events, frames := map[int64]string{}, 0, 0
	for gone := false; !gone; {
		m := c.want(TypeEvents)
		frames++
		for _, e := range m.Events {
			events++
			if gone = gone || e.Type == FeatureGone; e.Type == FeatureGone {
				delete(where, e.Data.ID)
			} else {
				where[e.Data.ID] = string(e.Data.Geometry)
			}
		}
	}
	if frames > 2 || events > 600 || len(where) != 299 {
		t.Errorf("%d events in %d frames, %d workers", events, frames, len(where))
	}
	rows, err := r.db.Query(t.Context(), `SELECT id, ST_AsGeoJSON(geom, 7) FROM map.worker WHERE org = 'batch'`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		var g string
		if err := rows.Scan(&id, &g); err != nil {
			t.Fatal(err)
		}
		if where[id] != g {
			t.Errorf("worker %d is shown at %s, is at %s", id, where[id], g)
		}
	}
}

// More than a node is made for is the word to load anew.
func TestTooManyPositions(t *testing.T) {
	r := newRig(t)
	r.onDuty(maxPositions + 1)
	c := r.dial()
	c.want(TypeHello)
	c.subscribe(Subscribe{Layer: "worker"})
	r.exec(moveAll)
	if es := c.events(1); es[0].Type != LayerChanged || len(es[0].Data.BBox) != 4 {
		t.Errorf("%+v", es[0])
	}
	r.exec(`UPDATE map.worker SET seen_at = now() WHERE org = 'batch' AND name <> '1'`)
	c.events(maxPositions)
}

// A thousand screens that show the same get the same frames: positions are
// matched and written once, however many look.
func TestAThousandScreensShareTheFrames(t *testing.T) {
	r := newRig(t)
	r.onDuty(500)
	screens := make([]*client, 1000)
	for i := range screens {
		c := newClient(func(context.Context) (rights, error) { return all, nil })
		screens[i] = c
		r.hub.connect(c)
		t.Cleanup(func() { r.hub.disconnect(c) })
		r.hub.subscribe(t.Context(), c, Subscribe{Type: TypeSubscribe, ID: "a", Layer: "worker"})
	}
	before := r.hub.Stats()
	const batches = 5
	shared, bytes := 0, 0
	for range batches {
		r.wait(r.exec(moveAll))
		var first *frame
		for n, c := range screens {
			for {
				q, ok, code, reason := c.take()
				if code != 0 {
					t.Fatalf("screen %d is closed: %d %s", n, code, reason)
				}
				if !ok {
					break
				}
				if q.kind != TypeEvents {
					continue
				}
				if first == nil {
					first = q.frame
					shared, bytes = shared+1, bytes+len(first.data)
				}
				if q.frame != first || first.prepared == nil {
					t.Fatalf("screen %d got a frame of its own", n)
				}
			}
		}
	}
	after := r.hub.Stats()
	if n := uint64(len(screens)); shared != batches || after.Events-before.Events != batches*500*n || after.Slow != before.Slow {
		t.Errorf("%d frames; before %+v, after %+v", shared, before, after)
	}
	t.Logf("%d screens share %d frames of %d bytes in all", len(screens), shared, bytes)
}
