package tilefeed_test

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/mvt"
	"github.com/paulmach/orb/geojson"
	"github.com/paulmach/orb/maptile"

	"onemap/cmd/onemap/tilefeed"
	"onemap/geo/where"
	"onemap/layers"
	"onemap/layers/feed"
	"onemap/layers/layerstest"
	"onemap/tiles"
)

// world is a database whose layers a keeper keeps.
type world struct {
	*testing.T
	url    string
	db     *pgxpool.Pool
	store  *layers.Store
	feed   *feed.Feed
	keeper *tilefeed.Keeper
	stamps *tiles.Stamps

	maxRows int // of the feed; set in prepare
}

// patience is how long a test waits for what should come soon.
const patience = 40 * time.Second

// newWorld starts a feed and a keeper on a fresh database after prepare, which may be nil.
func newWorld(t *testing.T, o tilefeed.Options, prepare func(*world)) *world {
	t.Helper()
	return worldAt(t, layerstest.URL(t), o, prepare)
}

// worldAt does so on the database at url. Readers given come before the keeper.
func worldAt(t *testing.T, url string, o tilefeed.Options, prepare func(*world), readers ...feed.Reader) *world {
	t.Helper()
	db, err := layers.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	w := &world{T: t, url: url, db: db, store: layers.NewStore(db), stamps: &tiles.Stamps{}}
	if prepare != nil {
		prepare(w)
	}
	o.Review = 100 * time.Millisecond
	o.Stamps, o.Log = w.stamps, slog.New(slog.DiscardHandler)
	w.keeper = tilefeed.NewKeeper(w.store, o)
	w.feed = feed.New(url, append(append([]feed.Reader{feed.Registry(w.store)}, readers...), w.keeper.Reader())...)
	w.feed.Log, w.feed.MaxRows = o.Log, w.maxRows
	w.keeper.Follow(w.feed)
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	for _, f := range []func(context.Context) error{w.feed.Run, w.keeper.Run} {
		running.Go(func() {
			if err := f(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	t.Cleanup(func() {
		cancel()
		running.Wait()
	})
	return w
}

func (w *world) exec(sql string, args ...any) {
	w.Helper()
	if _, err := w.db.Exec(w.Context(), sql, args...); err != nil {
		w.Fatalf("%s: %v", sql, err)
	}
}

// psql runs statements on a connection of its own, as a stranger does.
func (w *world) psql(statements ...string) {
	w.Helper()
	c, err := pgx.Connect(w.Context(), w.url)
	if err != nil {
		w.Fatal(err)
	}
	defer c.Close(context.Background())
	for _, sql := range statements {
		if _, err := c.Exec(w.Context(), sql); err != nil {
			w.Fatalf("%s: %v", sql, err)
		}
	}
}

func (w *world) status(name string) tilefeed.LayerStatus {
	for _, l := range w.keeper.Status().Layers {
		if l.Name == name {
			return l
		}
	}
	return tilefeed.LayerStatus{}
}

// until waits for what must come to be so.
func (w *world) until(what string, so func() bool) {
	w.Helper()
	for end := time.Now().Add(patience); !so(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			w.Fatalf("%s did not come to be:\n%+v\n%+v", what, w.feed.Status(), w.keeper.Status())
		}
	}
}

// held waits until a layer is in memory, and in step.
func (w *world) held(name string) {
	w.Helper()
	w.until(name+" in memory", func() bool { return w.status(name).State == tilefeed.Held && w.keeper.Position() != 0 })
	w.until("a tile of "+name+" from memory", func() bool { return w.memory(name, maptile.New(0, 0, 0), false).Held })
}

// loads is how often a layer was loaded.
func (w *world) loads(name string) int { return w.status(name).Loads }

// again waits until a layer was loaded once more than n times.
func (w *world) again(name string, n int) {
	w.Helper()
	w.until(name+" loaded anew", func() bool { return w.loads(name) > n })
	w.held(name)
}

// caughtUp waits until the keeper has all that is committed.
func (w *world) caughtUp() {
	w.Helper()
	c, err := feed.Now(w.Context(), w.db)
	if err != nil {
		w.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(w.Context(), patience)
	defer cancel()
	for {
		err := w.feed.Wait(ctx, c)
		if err == nil {
			return
		}
		if ctx.Err() != nil {
			w.Fatalf("the feed is behind: %v", err)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func (w *world) request(name string, at maptile.Tile, plain bool, cond where.Cond) tiles.Request {
	l, err := w.store.Layer(context.Background(), name)
	if err != nil {
		return tiles.Request{At: at}
	}
	var fields []string
	for _, f := range l.Fields {
		fields = append(fields, f.Name)
	}
	return tiles.Request{At: at, Plain: plain, Layers: []tiles.LayerRequest{{Name: name, Version: l.Version, Where: cond, Fields: fields}}}
}

func (w *world) memory(name string, at maptile.Tile, plain bool) tiles.Part {
	w.Helper()
	parts, err := w.keeper.Tile(context.Background(), w.request(name, at, plain, where.All{}))
	if err != nil {
		w.Fatal(err)
	}
	if len(parts) == 0 {
		return tiles.Part{}
	}
	return parts[0]
}

// city is where the rows of the tests are, in degrees.
var city = orb.Bound{Min: orb.Point{120.0, 29.2}, Max: orb.Point{120.2, 29.4}}

// views are the tiles that are compared.
func views() []maptile.Tile {
	return []maptile.Tile{
		maptile.New(0, 0, 0),
		maptile.At(city.Center(), 8),
		maptile.At(orb.Point{120.05, 29.25}, 12),
		maptile.At(orb.Point{120.15, 29.35}, 15),
	}
}

// same compares the layer's tiles from memory with those from PostGIS.
func (w *world) same(name string) {
	w.Helper()
	w.caughtUp()
	w.held(name)
	postgis := tilefeed.PostGIS{Store: w.store, Visible: w.feed.Visible}
	compared := 0
	for _, at := range views() {
		for _, plain := range []bool{true, false} {
			for _, cond := range []where.Cond{where.All{}, where.Eq{Field: "grid_code", Value: "g1"}} {
				r := w.request(name, at, plain, cond)
				if l := r.Layers[0]; l.Name == "base_building" && !plain {
					continue // what is too small to see may be shown in other ways
				}
				var got []tiles.Part
				w.until("a tile from memory", func() (held bool) { // a busy machine may lag for a moment
					var err error
					if got, err = w.keeper.Tile(w.Context(), r); err != nil {
						w.Fatal(err)
					}
					return got[0].Held
				})
				want, err := postgis.Tile(w.Context(), r)
				if err != nil {
					w.Fatal(err)
				}
				if want[0].LSN == 0 || got[0].LSN == 0 {
					w.Fatalf("%s %v: LSN %d, PostGIS's %d: %+v", name, at, got[0].LSN, want[0].LSN, w.status(name))
				}
				a, b := features(w.T, got[0].MVT), features(w.T, want[0].MVT)
				if why := differ(a, b); why != "" || got[0].Omitted != want[0].Omitted {
					w.Fatalf("%s %v plain %v, %v: %s; omitted %d, PostGIS %d", name, at, plain, cond, why, got[0].Omitted, want[0].Omitted)
				}
				compared += len(b)
			}
		}
	}
	if compared == 0 {
		w.Errorf("%s: there was nothing to compare", name)
	}
}

// features decodes a part.
func features(t *testing.T, b []byte) []*geojson.Feature {
	t.Helper()
	if len(b) == 0 {
		return nil
	}
	ls, err := mvt.Unmarshal(b)
	if err != nil || len(ls) != 1 {
		t.Fatalf("%d layers: %v", len(ls), err)
	}
	// At the outer edge of the buffer a rounded point is in or out by a hair.
	fs := slices.DeleteFunc(ls[0].Features, func(f *geojson.Feature) bool {
		p, ok := f.Geometry.(orb.Point)
		return ok && (min(p[0], p[1]) < 2-tiles.Buffer || max(p[0], p[1]) > tiles.Extent+tiles.Buffer-2)
	})
	key := func(f *geojson.Feature) string { return fmt.Sprint(f.ID, f.Properties) }
	slices.SortFunc(fs, func(a, b *geojson.Feature) int {
		ka, kb := key(a), key(b)
		if ka < kb {
			return -1
		}
		if ka > kb {
			return 1
		}
		pa, pb := a.Geometry.Bound().Min, b.Geometry.Bound().Min
		return slices.Compare(pa[:], pb[:])
	})
	return fs
}

// differ says how two tiles' features differ; "" if they do not.
func differ(a, b []*geojson.Feature) string {
	for i := range min(len(a), len(b)) {
		x, y := a[i], b[i]
		if !reflect.DeepEqual(x.ID, y.ID) || !reflect.DeepEqual(x.Properties, y.Properties) {
			return fmt.Sprintf("%v %v in memory, %v %v in PostGIS", x.ID, x.Properties, y.ID, y.Properties)
		}
		p, q := x.Geometry.Bound(), y.Geometry.Bound()
		for _, d := range []float64{p.Min[0] - q.Min[0], p.Min[1] - q.Min[1], p.Max[0] - q.Max[0], p.Max[1] - q.Max[1]} {
			if math.Abs(d) > 2 {
				return fmt.Sprintf("%v is at %v in memory, at %v in PostGIS", x.ID, p, q)
			}
		}
	}
	if len(a) != len(b) {
		return fmt.Sprintf("%d features in memory, %d in PostGIS", len(a), len(b))
	}
	return ""
}

const insertPlaces = `INSERT INTO map.place (kind, name, capacity, dept_code, geom, grid_code, area_code)
	SELECT (ARRAY['hydrant', 'shelter', 'camera'])[1 + i % 3], 'n' || i % 17, nullif(i % 11, 0), 'd' || i % 5,
	       ST_SetSRID(ST_MakePoint(120 + 0.2 * random(), 29.2 + 0.2 * random()), 4326), 'g' || i % 4, 'a'
	FROM generate_series(1, $1) i`

func places(n int) func(*world) {
	return func(w *world) { w.exec(insertPlaces, n) }
}

// disorder writes to the layers until it is stopped.
func (w *world) disorder() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var writing sync.WaitGroup
	for n := range 2 {
		rng := rand.New(rand.NewPCG(uint64(n), 7))
		writing.Go(func() {
			for ctx.Err() == nil {
				// Errors are those of tables that are altered or dropped meanwhile, and of
				// a database that is not there. A transaction is not broken off: its
				// commit could come after stop.
				_ = w.write(context.WithoutCancel(ctx), rng)
				time.Sleep(time.Millisecond)
			}
		})
	}
	return func() {
		cancel()
		writing.Wait()
	}
}

// write commits one transaction of a few random changes.
func (w *world) write(ctx context.Context, rng *rand.Rand) error {
	tx, err := w.db.Begin(ctx)
	if err != nil {
		return err
	}
	defer tx.Rollback(context.Background())
	for range 1 + rng.IntN(4) {
		x, y := 120+0.2*rng.Float64(), 29.2+0.2*rng.Float64()
		some := `id IN (SELECT id FROM map.place ORDER BY hashint8(id + $1) LIMIT 2 FOR UPDATE SKIP LOCKED)`
		switch rng.IntN(6) {
		case 0, 1:
			_, err = tx.Exec(ctx, `INSERT INTO map.place (kind, name, capacity, dept_code, geom, grid_code, area_code)
				VALUES ('depot', $1, $2, 'd1', ST_SetSRID(ST_MakePoint($3, $4), 4326), 'g' || $2 % 4, 'a')`, fmt.Sprint("new", rng.IntN(1000)), rng.IntN(50), x, y)
		case 2:
			_, err = tx.Exec(ctx, `UPDATE map.place SET geom = ST_SetSRID(ST_MakePoint($2, $3), 4326), grid_code = 'g1' WHERE `+some, rng.IntN(1000), x, y)
		case 3:
			_, err = tx.Exec(ctx, `UPDATE map.place SET name = $2, capacity = NULL WHERE `+some, rng.IntN(1000), fmt.Sprint("old", rng.IntN(100)))
		case 4:
			_, err = tx.Exec(ctx, `DELETE FROM map.place WHERE `+some, rng.IntN(1000))
		case 5:
			_, err = tx.Exec(ctx, `INSERT INTO map.base_poi (class, name, geom, grid_code, area_code)
				VALUES ('cafe', $1, ST_SetSRID(ST_MakePoint($2, $3), 4326), 'g1', 'a')`, fmt.Sprint("poi", rng.IntN(9)), x, y)
		}
		if err != nil {
			return err
		}
	}
	if rng.IntN(10) == 0 {
		return tx.Rollback(ctx)
	}
	return tx.Commit(ctx)
}
