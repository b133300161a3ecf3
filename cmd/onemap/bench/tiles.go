package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/maptile"

	"onemap/layers"
	"onemap/layers/base"
)

// What is sought in the table.
const (
	targetPoints = 40
	targetShapes = 15
	targetCached = 0.8
	targetRows   = 1.3
)

// Tiles measures tiles through the whole server, from memory beside ST_AsMVT:
// cold ones, made for each request, of points in the simulated city and of real
// buildings and roads; those that are kept, beside a bare handler that writes
// the same bytes; and, with the large city, how the time of a tile grows with
// the rows that it does not show.
func Tiles(ctx context.Context, o Options) error {
	if err := o.withDatabase(ctx, func(ctx context.Context, url string) error { return o.cityTiles(ctx, url) }); err != nil {
		return err
	}
	if err := o.withDatabase(ctx, func(ctx context.Context, url string) error { return o.realTiles(ctx, url) }); err != nil {
		return err
	}
	if o.Size == "city" {
		return o.growingTiles(ctx)
	}
	return nil
}

// A tileCase is tiles of a layer at one zoom.
type tileCase struct {
	layer  string
	at     []maptile.Tile
	rows   int // of the layer in these tiles, about, in all
	target float64
}

func (c tileCase) paths() []string {
	out := make([]string, len(c.at))
	for i, t := range c.at {
		out[i] = fmt.Sprintf("/tiles/%s/%d/%d/%d.mvt", c.layer, t.Z, t.X, t.Y)
	}
	return out
}

// cityTiles measures point tiles of the simulated city, cold and kept.
func (o Options) cityTiles(ctx context.Context, url string) error {
	o.Progress("the simulated city, " + o.Size)
	key, err := o.City(ctx, url)
	if err != nil {
		return err
	}
	db, err := layers.Open(ctx, url)
	if err != nil {
		return err
	}
	defer db.Close()
	// Eight attributes, all features, whatever they weigh: on both sides.
	for _, sql := range []string{
		`UPDATE onemap.layer SET detail_zoom = NULL, tile_kib = 4096 WHERE name = 'asset'`,
		`UPDATE onemap.layer_field SET in_tile = name IN ('grid_code', 'code', 'class_code', 'name', 'state', 'dept_code', 'area_code', 'changed_on') WHERE layer = 'asset'`,
		`VACUUM ANALYZE map.asset`,
	} {
		if _, err := db.Exec(ctx, sql); err != nil {
			return err
		}
	}
	dense, err := tilesOf(ctx, db, "asset", 5000, 16)
	if err != nil {
		return err
	}
	dense.target = targetPoints
	st, err := newTileStand(ctx, db, url, "asset")
	if err != nil {
		return err
	}
	defer st.stop()
	if err := o.cold(ctx, st, dense, key, fmt.Sprintf("points with 8 attributes, zoom %d, %d a tile", dense.at[0].Z, dense.rows/len(dense.at))); err != nil {
		return err
	}
	return o.cached(ctx, st, dense, key)
}

// realTiles measures tiles of lines and polygons of Delaware, where its extract is there.
func (o Options) realTiles(ctx context.Context, url string) error {
	file, err := shared("osm/delaware.osm.pbf")
	if err != nil {
		o.Progress("no tiles of real buildings and roads: " + err.Error())
		return nil
	}
	db, err := layers.Open(ctx, url)
	if err != nil {
		return err
	}
	defer db.Close()
	o.Progress("importing Delaware")
	if _, err := base.ImportOSM(ctx, layers.NewStore(db), base.OSMOptions{File: file, By: "bench"}); err != nil {
		return err
	}
	for _, sql := range []string{`UPDATE onemap.layer SET open = true WHERE subject = 'base'`,
		`INSERT INTO onemap.open_rule (layer, as_is, set_by) SELECT name, true, 'bench' FROM onemap.layer WHERE subject = 'base' ON CONFLICT DO NOTHING`,
		`UPDATE onemap.setting SET value = 'true' WHERE key = 'open.portal'`, `VACUUM ANALYZE map.base_building`, `VACUUM ANALYZE map.base_road`} {
		if _, err := db.Exec(ctx, sql); err != nil {
			return err
		}
	}
	st, err := newTileStand(ctx, db, url, "base_building", "base_road")
	if err != nil {
		return err
	}
	defer st.stop()
	for _, c := range []struct {
		layer, what string
		zoom        maptile.Zoom
	}{{"base_building", "buildings", 14}, {"base_building", "buildings", 16}, {"base_road", "roads", 12}, {"base_road", "roads", 14}} {
		tc, err := tilesAt(ctx, db, c.layer, c.zoom, 12)
		if err != nil {
			return err
		}
		tc.target = targetShapes
		if err := o.cold(ctx, st, tc, "", fmt.Sprintf("real %s, zoom %d, %d a tile", c.what, c.zoom, tc.rows/len(tc.at))); err != nil {
			return err
		}
	}
	return nil
}

// shared finds a file of the data that lies beside the source, from the
// working directory upwards.
func shared(name string) (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		file := filepath.Join(dir, "..", "shared", "data", name)
		if _, err := os.Stat(file); err == nil {
			return file, nil
		}
		if dir == filepath.Dir(dir) {
			return "", errors.New("../shared/data/" + name + " is not there")
		}
		dir = filepath.Dir(dir)
	}
}

// tilesOf returns the tiles of the zoom at which they hold a number of features
// best, those nearest to it first.
func tilesOf(ctx context.Context, db *pgxpool.Pool, layer string, features, most int) (tileCase, error) {
	places, err := middles(ctx, db, layer)
	if err != nil {
		return tileCase{}, err
	}
	best, bestOff := tileCase{}, math.Inf(1)
	for zoom := maptile.Zoom(10); zoom <= 18; zoom++ {
		counts := countByTile(places, zoom)
		off := func(t maptile.Tile) float64 { return math.Abs(math.Log(float64(counts[t]) / float64(features))) }
		all := sortedTiles(counts, func(a, b maptile.Tile) bool { return off(a) < off(b) })
		c := tileCase{layer: layer, at: all[:min(most, len(all))]}
		sum := 0.0
		for _, t := range c.at {
			c.rows += counts[t]
			sum += off(t)
		}
		if sum /= float64(len(c.at)); sum < bestOff && len(c.at) >= min(4, most) {
			best, bestOff = c, sum
		}
	}
	if len(best.at) == 0 {
		return best, fmt.Errorf("layer %s has no rows to measure with", layer)
	}
	return best, nil
}

// tilesAt returns the fullest tiles of a zoom.
func tilesAt(ctx context.Context, db *pgxpool.Pool, layer string, zoom maptile.Zoom, most int) (tileCase, error) {
	places, err := middles(ctx, db, layer)
	if err != nil {
		return tileCase{}, err
	}
	counts := countByTile(places, zoom)
	if len(counts) == 0 {
		return tileCase{}, fmt.Errorf("layer %s has no rows to measure with", layer)
	}
	all := sortedTiles(counts, func(a, b maptile.Tile) bool { return counts[a] > counts[b] })
	c := tileCase{layer: layer, at: all[:min(most, len(all))]}
	for _, t := range c.at {
		c.rows += counts[t]
	}
	return c, nil
}

func middles(ctx context.Context, db *pgxpool.Pool, layer string) ([]orb.Point, error) {
	rows, err := db.Query(ctx, "SELECT ST_X(p), ST_Y(p) FROM (SELECT ST_Centroid(ST_Envelope(geom)) AS p FROM map."+pgx.Identifier{layer}.Sanitize()+") t")
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(r pgx.CollectableRow) (p orb.Point, err error) { return p, r.Scan(&p[0], &p[1]) })
}

func countByTile(places []orb.Point, zoom maptile.Zoom) map[maptile.Tile]int {
	counts := map[maptile.Tile]int{}
	for _, p := range places {
		counts[maptile.At(p, zoom)]++
	}
	return counts
}

// sortedTiles is stable from run to run.
func sortedTiles(counts map[maptile.Tile]int, less func(a, b maptile.Tile) bool) []maptile.Tile {
	all := make([]maptile.Tile, 0, len(counts))
	for t := range counts {
		all = append(all, t)
	}
	slices.SortFunc(all, func(a, b maptile.Tile) int {
		switch {
		case less(a, b):
			return -1
		case less(b, a):
			return 1
		}
		return int(a.X) - int(b.X) + (int(a.Y)-int(b.Y))<<24
	})
	return all
}

// How long each side is measured, and how often in turn: a shared machine is
// not the same from one second to the next. Of the turns the median counts.
const (
	turns   = 12
	oneTurn = 500 * time.Millisecond
)

// cold measures tiles that are made for each request, from memory and PostGIS
// in turn: by the clock, and by the CPU that all who take part use, which others
// on the machine do not change much. Twice as many ask as there are CPUs, or each
// would stand still while the answer is on its way to who asks next.
func (o Options) cold(ctx context.Context, st *tileStand, c tileCase, key, what string) error {
	o.Progress("cold tiles: " + what)
	side := func(s tileServer) hammer {
		h := hammer{addr: s.addr, workers: 2 * runtime.GOMAXPROCS(0)}
		for _, p := range c.paths() {
			h.requests = append(h.requests, get(s.addr, p, key))
		}
		return h
	}
	var ours, theirs blows
	for turn := range turns + 1 {
		a, err := o.metered(ctx, st, side(st.memory))
		if err != nil {
			return err
		}
		b, err := o.metered(ctx, st, side(st.postgis))
		if err != nil {
			return err
		}
		if turn > 0 { // the first warms up
			ours, theirs = append(ours, a), append(theirs, b)
		}
	}
	for name, n := range map[string]uint64{"memory": st.memory.tiles.Stats().PostGIS, "PostGIS": st.postgis.tiles.Stats().Memory} {
		if n > 0 {
			return fmt.Errorf("%d tiles were not made from %s", n, name)
		}
	}
	ratio := ours.rate() / theirs.rate()
	o.Report(Result{Bench: "tiles", Case: fmt.Sprintf("cold, %s, %d KiB, beside ST_AsMVT", what, ours.sum().bytes/max(1, ours.sum().answers)/1024),
		Value: ours.rate(), Unit: "tiles/s", Baseline: theirs.rate(), Ratio: ratio, Target: fmt.Sprintf(">= %gx", c.target), Met: ratio >= c.target})
	if a, b := ours.sum(), theirs.sum(); a.cpu > 0 && b.cpu > 0 {
		value, baseline := float64(a.answers)/a.cpu.Seconds(), float64(b.answers)/b.cpu.Seconds()
		o.Report(Result{Bench: "tiles", Case: fmt.Sprintf("cold, %s, for a second of CPU, the client's too", what),
			Value: value, Unit: "tiles", Baseline: baseline, Ratio: value / baseline, Met: true})
	}
	return nil
}

// metered runs a hammer and adds up the CPU of this process and of those that
// serve its connections to the database. Where theirs cannot be told there is none.
func (o Options) metered(ctx context.Context, st *tileStand, h hammer) (blow, error) {
	before, err := o.backends(ctx, st)
	if err != nil {
		return blow{}, err
	}
	self := o.CPU(os.Getpid())
	b, err := h.run(ctx, oneTurn)
	if err != nil {
		return b, err
	}
	b.cpu = o.CPU(os.Getpid()) - self
	after, err := o.backends(ctx, st)
	known := false
	for pid, used := range after {
		b.cpu += used - before[pid]
		known = known || used > 0
	}
	if !known {
		b.cpu = 0
	}
	return b, err
}

// backends are the processes that serve the database's connections, with the
// CPU that each has used.
func (o Options) backends(ctx context.Context, st *tileStand) (map[int]time.Duration, error) {
	rows, err := st.db.Query(ctx, "SELECT pid FROM pg_stat_activity WHERE datname = current_database()")
	if err != nil {
		return nil, err
	}
	pids, err := pgx.CollectRows(rows, pgx.RowTo[int])
	used := map[int]time.Duration{}
	for _, pid := range pids {
		used[pid] = o.CPU(pid)
	}
	return used, err
}

// cached measures tiles that are kept beside a handler that does nothing but
// write the same bytes.
func (o Options) cached(ctx context.Context, st *tileStand, c tileCase, key string) error {
	o.Progress("kept tiles")
	body, err := body(st.kept.handler, c.paths()[0], key, "")
	if err != nil {
		return err
	}
	packed, err := pack(st.kept.handler, c.paths()[0], key)
	if err != nil {
		return err
	}
	small, err := smallTile(st.kept.handler, c, key)
	if err != nil {
		return err
	}
	for _, k := range []struct {
		name, path, encoding string
		body                 []byte
	}{
		{"as it is", c.paths()[0], "", body}, {"compressed", c.paths()[0], "gzip", packed}, {"as it is", small.path, "", small.body},
	} {
		addr, stop, err := bare(k.body)
		if err != nil {
			return err
		}
		ask := func(addr, key string) hammer {
			r := get(addr, k.path, key)
			if k.encoding != "" {
				r = append(r[:len(r)-2], "Accept-Encoding: "+k.encoding+"\r\n\r\n"...)
			}
			return hammer{addr: addr, requests: [][]byte{r}, workers: 2 * runtime.GOMAXPROCS(0)}
		}
		var ours, theirs blows
		for turn := range turns + 1 {
			a, err := ask(st.kept.addr, key).run(ctx, oneTurn)
			if err != nil {
				stop()
				return err
			}
			b, err := ask(addr, key).run(ctx, oneTurn)
			if err != nil {
				stop()
				return err
			}
			if turn > 0 {
				ours, theirs = append(ours, a), append(theirs, b)
			}
		}
		stop()
		ratio := ours.rate() / theirs.rate()
		o.Report(Result{Bench: "tiles", Case: fmt.Sprintf("kept, %.3g KiB %s, beside a bare handler", float64(len(k.body))/1024, k.name),
			Value: ours.rate(), Unit: "tiles/s", Baseline: theirs.rate(), Ratio: ratio, Target: fmt.Sprintf(">= %gx", targetCached), Met: ratio >= targetCached})
	}
	large, least := allocated(st.kept.handler, c.paths()[0], key), allocated(st.kept.handler, small.path, key)
	ratio := least / large
	o.Report(Result{Bench: "tiles", Case: fmt.Sprintf("kept, allocated for a request of %d KiB, beside %.2g KiB", len(body)/1024, float64(len(small.body))/1024),
		Value: large, Unit: "B", Baseline: least, Ratio: ratio, Target: "the same", Met: large < least+512})
	return nil
}

// discard is a writer of answers that keeps their head alone.
type discard struct {
	header http.Header
	status int
	into   *bytes.Buffer // nil: nowhere
	n      int
}

func (d *discard) Header() http.Header { return d.header }
func (d *discard) WriteHeader(s int)   { d.status = s }
func (d *discard) Write(b []byte) (int, error) {
	d.n += len(b)
	if d.into != nil {
		d.into.Write(b)
	}
	return len(b), nil
}

// request is one to a handler called without a network.
func request(path, key, encoding string) (*http.Request, error) {
	r, err := http.NewRequest(http.MethodGet, path, nil) //nolint:noctx // the handler is called here
	if err != nil {
		return nil, err
	}
	r.RemoteAddr, r.Host, r.Body = "127.0.0.1:1", "127.0.0.1", http.NoBody
	if key != "" {
		r.Header.Set("Authorization", "Bearer "+key)
	}
	if encoding != "" {
		r.Header.Set("Accept-Encoding", encoding)
	}
	return r, nil
}

// body returns what a handler answers.
func body(h http.Handler, path, key, encoding string) ([]byte, error) {
	r, err := request(path, key, encoding)
	if err != nil {
		return nil, err
	}
	w := &discard{header: http.Header{}, into: new(bytes.Buffer)}
	h.ServeHTTP(w, r)
	if w.status != 0 && w.status != http.StatusOK && w.status != http.StatusNoContent {
		return nil, fmt.Errorf("%s is answered %d", path, w.status)
	}
	return w.into.Bytes(), nil
}

func pack(h http.Handler, path, key string) ([]byte, error) { return body(h, path, key, "gzip") }

type small struct {
	path string
	body []byte
}

// smallTile finds a tile of one or two KiB: a part of a dense one.
func smallTile(h http.Handler, c tileCase, key string) (small, error) {
	var best small
	for _, t := range c.at {
		for zoom := t.Z + 1; zoom <= 22; zoom++ {
			x, y := t.X<<(zoom-t.Z)+1<<(zoom-t.Z-1), t.Y<<(zoom-t.Z)+1<<(zoom-t.Z-1)
			path := fmt.Sprintf("/tiles/%s/%d/%d/%d.mvt", c.layer, zoom, x, y)
			b, err := body(h, path, key, "")
			if err != nil {
				return small{}, err
			}
			if len(b) > 0 && (best.body == nil || math.Abs(float64(len(b)-1500)) < math.Abs(float64(len(best.body)-1500))) {
				best = small{path, b}
			}
		}
	}
	if best.body == nil {
		return best, errors.New("no small tile has a feature")
	}
	return best, nil
}

// allocated returns the bytes that one request allocates, on average.
func allocated(h http.Handler, path, key string) float64 {
	const times = 5000
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for range times {
		r, err := request(path, key, "")
		if err != nil {
			return 0
		}
		h.ServeHTTP(&discard{header: http.Header{}}, r)
	}
	runtime.ReadMemStats(&after)
	return float64(after.TotalAlloc-before.TotalAlloc) / times
}
