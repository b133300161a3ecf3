package bench

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/maptile"

	"onemap/cmd/onemap/tilefeed"
	"onemap/layers"
	"onemap/layers/feed"
	"onemap/tiles"
)

// What is sought in the table.
const (
	targetLoad     = 4 * time.Second // of a million rows
	targetPerPoint = 100             // bytes
	targetCity     = 2 << 30         // bytes of ten million points
	targetFresh    = 20              // milliseconds
)

// Feed measures how layers come into memory and stay in step with the log: a
// million points with 8 attributes read from PostGIS beside PostgreSQL's own
// COPY of the same rows to nowhere; what a point takes in memory beside what it
// takes in PostgreSQL; and the time from the return of a commit to a tile that
// shows it, while others write, beside the usual tile by ST_AsMVT.
func Feed(ctx context.Context, o Options) error {
	if err := o.withDatabase(ctx, func(ctx context.Context, url string) error { return o.loading(ctx, url, 1_000_000) }); err != nil {
		return err
	}
	if o.Size == "city" {
		if err := o.withDatabase(ctx, func(ctx context.Context, url string) error { return o.loading(ctx, url, 10_000_000) }); err != nil {
			return err
		}
	}
	return o.withCity(ctx, func(ctx context.Context, db *pgxpool.Pool, url, key string) error { return o.fresh(ctx, db, url, key) })
}

// manyPoints makes a layer of points with 8 attributes, a city's in what they
// hold, and rows of it.
func manyPoints(ctx context.Context, db *pgxpool.Pool, rows int) error {
	for _, sql := range []string{
		`SELECT map.feature_table('bench_point', 'Point', 'code text NOT NULL, class text NOT NULL, name text NOT NULL, state text NOT NULL, dept text NOT NULL, level smallint NOT NULL, day date NOT NULL')`,
		`INSERT INTO onemap.layer (name, title_zh, title_en, subject, geometry, share, open, class_field) VALUES ('bench_point', '点', 'Points', 'other', 'Point', 'unconditional', true, 'class')`,
		`INSERT INTO onemap.layer_field (layer, name, title_zh, title_en, type, sensitivity, in_tile)
			SELECT 'bench_point', n, n, n, CASE n WHEN 'level' THEN 'integer' WHEN 'day' THEN 'date' ELSE 'text' END, 'public', n <> 'area_code'
			FROM unnest('{grid_code,code,class,name,state,dept,level,day,area_code}'::text[]) n`,
		fmt.Sprintf(`INSERT INTO map.bench_point (code, class, name, state, dept, level, day, geom, grid_code, area_code)
			SELECT '330782' || lpad((i %% 100)::text, 5, '0') || lpad((i %% 1000000)::text, 6, '0'), lpad((i %% 60)::text, 5, '0'), 'name ' || i %% 5000,
			       (ARRAY['intact', 'damaged', 'lost', 'removed'])[1 + i %% 4], 'dept ' || i %% 20, i %% 4, date '2020-01-01' + i %% 2000,
			       ST_SetSRID(ST_MakePoint(%v + i %% 1000 * 0.0002 + random() * 0.0002, %v + i / 1000 %% 1000 * 0.0002 + random() * 0.0002), 4326),
			       '330782001' || lpad((i %% 1000 / 20 * 50 + i / 1000 %% 1000 / 20)::text, 6, '0'), '330782001'
			FROM generate_series(1, %d) i`, cityBox.Min[0], cityBox.Min[1], rows),
		`ALTER PUBLICATION onemap ADD TABLE map.bench_point`,
		`VACUUM ANALYZE map.bench_point`,
		`CHECKPOINT`,
	} {
		if _, err := db.Exec(ctx, sql); err != nil {
			return err
		}
	}
	return nil
}

// loading measures how long a layer takes to come into memory, and how much.
func (o Options) loading(ctx context.Context, url string, rows int) error {
	db, err := layers.Open(ctx, url)
	if err != nil {
		return err
	}
	defer db.Close()
	size := fmt.Sprintf("%d million points", rows/1_000_000)
	o.Progress(size)
	if err := manyPoints(ctx, db, rows); err != nil {
		return err
	}
	o.Progress(size + ": COPY to nowhere")
	copied, err := copyToNowhere(ctx, db)
	if err != nil {
		return err
	}
	var onDisk float64
	if err := db.QueryRow(ctx, `SELECT (pg_table_size('map.bench_point') + pg_relation_size('map.bench_point_geom_idx'))::float8`).Scan(&onDisk); err != nil {
		return err
	}
	o.Progress(size + ": into memory")
	before := heap()
	s, heaped, err := loadOnce(ctx, db, url, before)
	if err != nil {
		return err
	}
	if s.Rows != int64(rows) {
		return fmt.Errorf("%d rows in memory", s.Rows)
	}
	n := float64(rows)
	rate, floor := n/s.Took.Seconds(), n/copied.Seconds()
	load := Result{Bench: "feed", Case: size + " into memory, beside COPY to nowhere", Value: rate, Unit: "rows/s", Baseline: floor, Ratio: rate / floor, Met: true}
	if rows == 1_000_000 {
		load.Target, load.Met = fmt.Sprintf(">= %.0f rows/s", n/targetLoad.Seconds()), s.Took <= targetLoad
	}
	o.Report(load)
	o.Report(Result{Bench: "feed", Case: size + ", heap of one with 8 attributes, beside table and index in PostgreSQL", Value: heaped / n, Unit: "B",
		Baseline: onDisk / n, Ratio: onDisk / heaped, Target: fmt.Sprintf("<= %d B", targetPerPoint), Met: heaped/n <= targetPerPoint})
	o.Report(Result{Bench: "feed", Case: size + ", bytes of one as the budget counts them", Value: float64(s.Bytes) / n, Unit: "B", Met: true})
	if rows == 10_000_000 {
		o.Report(Result{Bench: "feed", Case: size + ", heap", Value: heaped / (1 << 30), Unit: "GiB", Target: "<= 2 GiB", Met: heaped <= targetCity})
	}
	return nil
}

// copyToNowhere is the least that reading the rows takes: PostgreSQL writes
// them, nobody does anything with them.
func copyToNowhere(ctx context.Context, db *pgxpool.Pool) (time.Duration, error) {
	c, err := db.Acquire(ctx)
	if err != nil {
		return 0, err
	}
	defer c.Release()
	start := time.Now()
	_, err = c.Conn().PgConn().CopyTo(ctx, io.Discard,
		`COPY (SELECT id, geom, grid_code, code, class, name, state, dept, level, day, area_code FROM map.bench_point) TO STDOUT (FORMAT binary)`)
	return time.Since(start), err
}

// heap is what the program holds, without garbage.
func heap() float64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC() // what finalizers let go
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}

// loadOnce starts a keeper, waits for the layer and returns how it is held and
// by how much the heap has grown.
func loadOnce(ctx context.Context, db *pgxpool.Pool, url string, before float64) (s tilefeed.LayerStatus, grown float64, err error) {
	log := slog.New(slog.DiscardHandler)
	store := layers.NewStore(db)
	keeper := tilefeed.NewKeeper(store, tilefeed.Options{Budget: 4 << 30, LayerBudget: 4 << 30, Log: log})
	wal := feed.New(url, feed.Registry(store), keeper.Reader()) //nolint:contextcheck // readers live as long as the feed
	wal.Log = log
	keeper.Follow(wal)
	ctx, cancel := context.WithCancel(ctx)
	var work sync.WaitGroup
	work.Go(func() { _ = wal.Run(ctx) })
	work.Go(func() { _ = keeper.Run(ctx) })
	defer work.Wait()
	defer cancel()
	// A layer of this size is loaded when somebody asks for it.
	if _, err := keeper.Tile(ctx, tiles.Request{Layers: []tiles.LayerRequest{{Name: "bench_point"}}}); err != nil {
		return s, 0, err
	}
	if err := untilHeld(ctx, keeper, []string{"bench_point"}); err != nil {
		return s, 0, err
	}
	for _, l := range keeper.Status().Layers {
		if l.Name == "bench_point" {
			s = l
		}
	}
	grown = heap() - before
	runtime.KeepAlive(keeper)
	return s, grown, nil
}

const (
	freshWrites = 500 // a second, by others
	freshProbes = 600
	freshZoom   = 16
)

// fresh measures the time from the return of a commit to a tile that shows it.
func (o Options) fresh(ctx context.Context, db *pgxpool.Pool, url, key string) error {
	o.Progress(fmt.Sprintf("commit to fresh tile, %d writes/s", freshWrites))
	var extent orb.Bound
	if err := db.QueryRow(ctx, `SELECT ST_XMin(e), ST_YMin(e), ST_XMax(e), ST_YMax(e) FROM (SELECT ST_Extent(geom) AS e FROM map.asset) x`).
		Scan(&extent.Min[0], &extent.Min[1], &extent.Max[0], &extent.Max[1]); err != nil {
		return err
	}
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 4}}
	if err := untilFromMemory(ctx, client, url, key, maptile.At(extent.Center(), freshZoom)); err != nil {
		return err
	}
	writes, stop := writing(ctx, db)
	defer stop()
	rng := rand.New(rand.NewPCG(5, 6))
	var ours, usual []time.Duration
	fromPostGIS := 0
	began, wrote := time.Now(), writes.Load()
	for i := range freshProbes {
		p := orb.Point{extent.Min[0] + rng.Float64()*(extent.Max[0]-extent.Min[0]), extent.Min[1] + rng.Float64()*(extent.Max[1]-extent.Min[1])}
		at := maptile.At(p, freshZoom)
		name := fmt.Sprintf("probe %d.", i)
		_, err := db.Exec(ctx, `INSERT INTO map.asset (class_standard, class_code, name, geom, grid_code, area_code)
			SELECT class_standard, class_code, $3, ST_SetSRID(ST_MakePoint($1, $2), 4326), grid_code, area_code FROM map.asset LIMIT 1`, p[0], p[1], name)
		if err != nil {
			return err
		}
		committed := time.Now()
		if i%2 == 0 {
			cursor, err := feed.Now(ctx, db)
			if err != nil {
				return err
			}
			b, from, err := assetTile(ctx, client, url, key, at, "?since="+cursor.String())
			if err != nil {
				return err
			}
			ours = append(ours, time.Since(committed))
			if from == "postgis" {
				fromPostGIS++
			}
			if !bytes.Contains(b, []byte(name)) {
				return fmt.Errorf("the tile since %s, from %s, does not show what was committed", cursor, from)
			}
			continue
		}
		var b []byte
		if err := db.QueryRow(ctx, usualAssetTileSQL, at.Z, at.X, at.Y).Scan(&b); err != nil {
			return err
		}
		usual = append(usual, time.Since(committed))
	}
	if fromPostGIS > 0 {
		o.Progress(fmt.Sprintf("%d of %d fresh tiles came from PostGIS", fromPostGIS, len(ours)))
	}
	rate := float64(writes.Load()-wrote) / time.Since(began).Seconds()
	for _, p := range []float64{50, 99} {
		a, b := percentile(ours, p), percentile(usual, p)
		r := Result{Bench: "feed", Case: fmt.Sprintf("commit to a tile that shows it, %.0f writes/s, p%g, beside ST_AsMVT", rate, p), Value: a, Unit: "ms", Baseline: b, Ratio: faster(a, b), Met: true}
		if p == 99 {
			r.Target, r.Met = fmt.Sprintf("<= %d ms", targetFresh), a <= targetFresh
		}
		o.Report(r)
	}
	return nil
}

// writing lets four writers change assets all over the city, until it is stopped.
func writing(ctx context.Context, db *pgxpool.Pool) (done *atomic.Int64, stop func()) {
	const writers = 4
	done = new(atomic.Int64)
	ctx, cancel := context.WithCancel(ctx)
	var work sync.WaitGroup
	for n := range writers {
		work.Go(func() {
			tick := time.NewTicker(time.Second * writers / freshWrites)
			defer tick.Stop()
			rng := rand.New(rand.NewPCG(uint64(n), 9))
			for {
				select {
				case <-ctx.Done():
					return
				case <-tick.C:
				}
				_, err := db.Exec(ctx, `UPDATE map.asset SET name = 'written ' || $2::text WHERE id = (SELECT id FROM map.asset WHERE id >= $1 ORDER BY id LIMIT 1)`,
					rng.Int64N(10_000), fmt.Sprint(rng.IntN(1000)))
				if err == nil {
					done.Add(1)
				}
			}
		})
	}
	return done, func() {
		cancel()
		work.Wait()
	}
}

// assetTile asks the server for a tile and returns its bytes, and where it was made.
func assetTile(ctx context.Context, c *http.Client, url, key string, at maptile.Tile, query string) ([]byte, string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("%s/tiles/asset/%d/%d/%d.mvt%s", url, at.Z, at.X, at.Y, query), nil)
	if err != nil {
		return nil, "", err
	}
	req.Header.Set("Authorization", "Bearer "+key)
	req.Header.Set("Accept-Encoding", "identity")
	res, err := c.Do(req)
	if err != nil {
		return nil, "", err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK && res.StatusCode != http.StatusNoContent {
		return nil, "", fmt.Errorf("%s: %s", req.URL, res.Status)
	}
	b, err := io.ReadAll(res.Body)
	return b, res.Header.Get("Onemap-Source"), err
}

// untilFromMemory waits until the server makes the tile from memory.
func untilFromMemory(ctx context.Context, c *http.Client, url, key string, at maptile.Tile) error {
	ctx, stop := context.WithTimeout(ctx, 2*time.Minute)
	defer stop()
	for {
		_, from, err := assetTile(ctx, c, url, key, at, "")
		if err != nil || from == "memory" {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the layer does not come into memory: its tiles are from %q", from)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// usualAssetTileSQL is the query of the usual tile server for the same tile.
const usualAssetTileSQL = `SELECT coalesce(ST_AsMVT(t, 'asset', 4096, 'geom', 'id'), ''::bytea) FROM (
	SELECT id, grid_code, code, class_code, name, state, dept_code, ST_AsMVTGeom(ST_Transform(geom, 3857), ST_TileEnvelope($1, $2, $3), 4096, 64) AS geom
	FROM map.asset WHERE geom && ST_Transform(ST_TileEnvelope($1, $2, $3, margin => 64.0 / 4096), 4326)) t`
