package tilefeed_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/maptile"

	"onemap/cmd/onemap/tilefeed"
	"onemap/layers/feed"
	"onemap/layers/layerstest"
)

// A version is what a row was from a place in the log on.
type version struct {
	lsn      uint64
	gone     bool
	kind     string
	name     string
	capacity int64 // 0: NULL
	at       orb.Point
}

// history is every version of every row of the layer, as the log told them and
// as they were at each of its snapshots.
type history struct {
	mu   sync.Mutex
	rows map[int64][]version
}

func (h *history) add(id int64, v version) { h.rows[id] = append(h.rows[id], v) }

func versionOf(r feed.Row, lsn uint64) version {
	v := version{lsn: lsn, kind: r.Get("kind").(string), name: r.Get("name").(string), at: r.Get("geom").(orb.Point)}
	v.capacity, _ = r.Get("capacity").(int64)
	return v
}

func (h *history) reader() feed.Reader {
	return feed.Reader{
		Load: func(ctx context.Context, tx pgx.Tx, at feed.Cursor) error {
			h.mu.Lock()
			defer h.mu.Unlock()
			for id := range h.rows {
				h.add(id, version{lsn: at.LSN, gone: true})
			}
			rows, err := tx.Query(ctx, `SELECT id, kind, name, coalesce(capacity, 0), ST_X(geom), ST_Y(geom) FROM map.place`)
			if err != nil {
				return err
			}
			defer rows.Close()
			for rows.Next() {
				var id int64
				v := version{lsn: at.LSN}
				if err := rows.Scan(&id, &v.kind, &v.name, &v.capacity, &v.at[0], &v.at[1]); err != nil {
					return err
				}
				h.add(id, v)
			}
			return rows.Err()
		},
		Apply: func(tx *feed.Tx) {
			h.mu.Lock()
			defer h.mu.Unlock()
			lsn := tx.Cursor.LSN
			for _, c := range tx.Changes {
				if c.Table != "place" {
					continue
				}
				if c.Op == feed.Truncate {
					for id := range h.rows {
						h.add(id, version{lsn: lsn, gone: true})
					}
				}
				if c.Old.Ok() {
					h.add(c.Old.Get("id").(int64), version{lsn: lsn, gone: true})
				}
				if c.New.Ok() {
					h.add(c.New.Get("id").(int64), versionOf(c.New, lsn))
				}
			}
		},
	}
}

// asOf returns the rows as of a place in the log.
func (h *history) asOf(lsn uint64) map[int64]version {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := map[int64]version{}
	for id, vs := range h.rows {
		for i := len(vs) - 1; i >= 0; i-- {
			if vs[i].lsn <= lsn {
				if !vs[i].gone {
					out[id] = vs[i]
				}
				break
			}
		}
	}
	return out
}

// Several write at once, the table is altered and emptied, the connection is
// lost. Whenever the keeper says that a tile is of a place in the log, it shows
// the rows of that place, all of them and no others.
func TestSoak(t *testing.T) {
	lasts := 6 * time.Second
	if os.Getenv("ONEMAP_LONG") != "" {
		lasts = 2 * time.Minute
	}
	h := &history{rows: map[int64][]version{}}
	w := worldAt(t, layerstest.URL(t), tilefeed.Options{}, places(300), h.reader())
	w.held("place")
	stop := w.disorder()
	trouble := make(chan struct{})
	end := time.Now().Add(lasts)
	go func() {
		defer close(trouble)
		rng := rand.New(rand.NewPCG(1, 1))
		for n := 0; time.Now().Before(end); n++ {
			time.Sleep(time.Duration(200+rng.IntN(800)) * time.Millisecond)
			sql := []string{
				`UPDATE map.place SET name = 'all ' || id, capacity = id % 7 + 1`,
				`SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE database = current_database()`,
				`TRUNCATE map.place; INSERT INTO map.place (kind, name, geom, grid_code, area_code) SELECT 'depot', 'again', ST_SetSRID(ST_MakePoint(120.01 + 0.001 * i, 29.3), 4326), 'g1', 'a' FROM generate_series(1, 150) i`,
				fmt.Sprintf(`ALTER TABLE map.place ADD COLUMN extra%d int`, n),
				`DELETE FROM map.place WHERE id % 3 = 1`,
				`UPDATE onemap.layer SET position = position + 1 WHERE name = 'place'; UPDATE onemap.layer SET style = jsonb_build_object('n', random()) WHERE name = 'place'`,
				`UPDATE map.place SET geom = ST_SetSRID(ST_MakePoint(120 + 0.2 * random(), 29.2 + 0.2 * random()), 4326) WHERE id % 2 = 0`,
			}[n%7]
			// A table in the way of others' locks: it may fail.
			_, _ = w.db.Exec(context.Background(), sql)
		}
	}()
	at := maptile.At(city.Center(), 8)
	places := map[uint64]bool{}
	asked, held, most := 0, 0, 0
	for time.Now().Before(end) {
		p := w.memory("place", at, true)
		asked++
		if !p.Held {
			time.Sleep(time.Millisecond)
			continue
		}
		held++
		places[p.LSN] = true
		want := h.asOf(p.LSN)
		most = max(most, len(want))
		got := features(t, p.MVT)
		if len(got) != len(want) {
			t.Fatalf("at %X: %d features, %d rows", p.LSN, len(got), len(want))
		}
		for _, f := range got {
			id := int64(f.ID.(float64))
			v, ok := want[id]
			x, y := pixel(v.at, at)
			g := f.Geometry.(orb.Point)
			capacity, _ := f.Properties["capacity"].(float64)
			if !ok || f.Properties["name"] != v.name || f.Properties["kind"] != v.kind || int64(capacity) != v.capacity || math.Abs(g[0]-x) > 1 || math.Abs(g[1]-y) > 1 {
				t.Fatalf("at %X: feature %d is %v at %v; the row is %+v at (%g, %g)", p.LSN, id, f.Properties, g, v, x, y)
			}
		}
	}
	<-trouble
	stop()
	if len(places) < 20 || most < 200 {
		t.Errorf("asked %d times, held %d times, of %d places in the log, at most %d rows: that is no trial", asked, held, len(places), most)
	}
	t.Logf("asked %d times, held %d times, of %d places in the log", asked, held, len(places))
	w.same("place")
}

// pixel is where a point lies in a tile, in its units.
func pixel(p orb.Point, at maptile.Tile) (x, y float64) {
	n := math.Exp2(float64(at.Z))
	sin := math.Sin(p[1] * math.Pi / 180)
	x = ((p[0]+180)/360*n - float64(at.X)) * 4096
	y = ((0.5-math.Log((1+sin)/(1-sin))/(4*math.Pi))*n - float64(at.Y)) * 4096
	return x, y
}
