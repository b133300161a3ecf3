package bench

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/feed"
	"onemap/layers/locate"
	"onemap/layers/position"
)

const (
	positionWorkers = 5000
	positionRate    = 5000 // a second: each worker once
	positionKeys    = 500  // workers who send one by one over HTTP
	positionBatch   = 100  // positions in a gateway's request
	positionFor     = 20 * time.Second
)

// Positions measures how many positions of staff on duty one node takes among
// 20,000 fences, through the store and over HTTP: at 5,000 a second, how long
// until they are durable and until they come by the log, and what CPU and memory
// that takes; and at most. Beside it, in the same run, stands the usual way: an
// UPDATE of one row for each position and ST_Contains over the fences.
func Positions(ctx context.Context, o Options) error {
	return o.withDatabase(ctx, func(ctx context.Context, url string) error {
		db, err := layers.Open(ctx, url)
		if err != nil {
			return err
		}
		defer db.Close()
		o.Progress("20,000 fences, 10,000 unit grids, 5,000 workers")
		for _, sql := range positionCity {
			if _, err := db.Exec(ctx, sql); err != nil {
				return err
			}
		}
		if err := o.throughStore(ctx, db, url); err != nil {
			return err
		}
		if err := o.throughHTTP(ctx, db, url); err != nil {
			return err
		}
		rate, err := o.plainUpdates(ctx, db)
		if err != nil {
			return err
		}
		o.Report(Result{Bench: "positions", Case: "the usual way: one UPDATE and ST_Contains for each position, 16 connections, at most", Value: rate, Unit: "1/s", Met: true})
		o.Report(Result{Bench: "positions", Case: "published by Tile38 (its issue 491, its hardware, in memory): SET", Value: 30_000, Unit: "1/s", Met: true})
		o.Report(Result{Bench: "positions", Case: "published by Tile38 (the same): SET with 23,000 fences", Value: 6_000, Unit: "1/s", Met: true})
		return nil
	})
}

// positionCity is a town of 100 by 100 unit grids of some 100 m, 50 by 50
// responsibility grids, which are fences, and 17,500 fences drawn.
var positionCity = []string{
	`INSERT INTO onemap.organisation (code, level, kind, area_code, name_zh, name_en) VALUES ('city', 'city', 'government', '', '市', 'City')`,
	`INSERT INTO onemap.person (login, name, org, password_hash) SELECT 'w' || i, '网格员' || i, 'city', '' FROM generate_series(1, 5000) i`,
	`INSERT INTO onemap.person_role SELECT id, 'grid_worker' FROM onemap.person`,
	`WITH p AS (INSERT INTO onemap.person (login, name, org, password_hash) VALUES ('gateway', '网关', 'city', '') RETURNING id) INSERT INTO onemap.person_role SELECT id, 'gateway' FROM p`,
	`INSERT INTO map.grid_unit (grid_code, area_code, geom) SELECT '330700' || lpad((x * 100 + y)::text, 9, '0'), '330700', ST_Multi(ST_MakeEnvelope(120 + x * .001, 29.2 + y * .001, 120 + (x + 1) * .001, 29.2 + (y + 1) * .001, 4326))
		FROM generate_series(0, 99) x, generate_series(0, 99) y`,
	`INSERT INTO map.grid_duty (grid_code, area_code, geom) SELECT '330700' || lpad((x * 50 + y)::text, 8, '0'), '330700', ST_Multi(ST_MakeEnvelope(120 + x * .002, 29.2 + y * .002, 120 + (x + 1) * .002, 29.2 + (y + 1) * .002, 4326))
		FROM generate_series(0, 49) x, generate_series(0, 49) y`,
	`INSERT INTO map.fence (name, made_by, grid_code, area_code, geom)
		SELECT 'f' || i, 'bench', '', '', ST_Multi(ST_Buffer(ST_Point(120 + .1 * random(), 29.2 + .1 * random(), 4326), CASE WHEN i % 100 = 0 THEN .01 ELSE .0003 + .0007 * random() END, 8))
		FROM generate_series(1, 17500) i`,
	`ANALYZE`,
}

// meters is what was used between two moments.
type meters struct {
	own, database time.Duration
	at            time.Time
}

func (o Options) meters(ctx context.Context, db *pgxpool.Pool, own func() time.Duration) (m meters, err error) {
	rows, err := db.Query(ctx, "SELECT pid FROM pg_stat_activity")
	if err != nil {
		return m, err
	}
	pids, err := pgx.CollectRows(rows, pgx.RowTo[int])
	if err != nil {
		return m, err
	}
	for _, pid := range pids {
		m.database += o.CPU(pid)
	}
	m.own, m.at = own(), time.Now()
	return m, nil
}

func (o Options) reportCPU(name string, a, b meters) {
	s := b.at.Sub(a.at).Seconds() / 100
	o.Report(Result{Bench: "positions", Case: name + ", CPU of onemap", Value: (b.own - a.own).Seconds() / s, Unit: "% of a core", Met: true})
	o.Report(Result{Bench: "positions", Case: name + ", CPU of PostgreSQL", Value: (b.database - a.database).Seconds() / s, Unit: "% of a core", Met: true})
}

// arrivals are the times from when a position was taken to its coming by the log.
type arrivals struct {
	mu     sync.Mutex
	delays []time.Duration
	on     atomic.Bool
	live   chan struct{}
	once   sync.Once
}

// follow reads the log until stop is called.
func (a *arrivals) follow(ctx context.Context, url string, others ...feed.Reader) (stop func(), status func() feed.Status) {
	a.live = make(chan struct{})
	wal := feed.New(url, append(others, feed.Reader{
		Reset: func(feed.Cursor) { a.once.Do(func() { close(a.live) }) },
		Apply: func(tx *feed.Tx) {
			if !a.on.Load() {
				return
			}
			now := time.Now()
			a.mu.Lock()
			defer a.mu.Unlock()
			for i := range tx.Changes {
				if c := &tx.Changes[i]; c.Table == "worker" && c.Op == feed.Update {
					if at, ok := c.New.Get("at").(time.Time); ok {
						a.delays = append(a.delays, now.Sub(at))
					}
				}
			}
		},
	})...)
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() { defer close(ended); _ = wal.Run(ctx) }()
	<-a.live
	return func() { cancel(); <-ended }, wal.Status
}

func (a *arrivals) take() []time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	out := a.delays
	a.delays = nil
	return out
}

// load calls send with a worker's number at the rate, for the time, and returns
// how many went well a second and how long each took. A slow answer does not
// slow the rate.
func load(ctx context.Context, every time.Duration, lasts time.Duration, send func(ctx context.Context, n int) (int, error)) (perSecond float64, took []time.Duration, err error) {
	var all sync.WaitGroup
	var mu sync.Mutex
	done := 0
	start := time.Now()
	for n := 0; time.Since(start) < lasts && ctx.Err() == nil; n++ {
		time.Sleep(time.Until(start.Add(time.Duration(n) * every)))
		all.Go(func() {
			began := time.Now()
			k, failed := send(ctx, n)
			mu.Lock()
			defer mu.Unlock()
			if failed != nil {
				err = failed
				return
			}
			done += k
			took = append(took, time.Since(began))
		})
	}
	all.Wait()
	return float64(done) / time.Since(start).Seconds(), took, err
}

// walks are where the workers are: a step of some metres each time.
type walks struct {
	mu sync.Mutex
	r  *rand.Rand
	at [positionWorkers][2]float64
}

func newWalks() *walks {
	w := &walks{r: rand.New(rand.NewPCG(1, 2))}
	for i := range w.at {
		w.at[i] = [2]float64{120 + 0.1*w.r.Float64(), 29.2 + 0.1*w.r.Float64()}
	}
	return w
}

func (w *walks) step(i int) [2]float64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	p := &w.at[i%positionWorkers]
	p[0] = min(max(p[0]+0.00003*w.r.NormFloat64(), 120), 120.1)
	p[1] = min(max(p[1]+0.00003*w.r.NormFloat64(), 29.2), 29.3)
	return *p
}

func (o Options) throughStore(ctx context.Context, db *pgxpool.Pool, url string) error {
	before := heap()
	store := position.New(layers.NewStore(db))
	defer store.Close()
	var a arrivals
	stop, status := a.follow(ctx, url, store.Reader())
	defer stop()
	store.Follow(status)
	directory := access.NewDirectory(db)
	defer directory.Close()
	scopes := make([]access.Scope, positionWorkers)
	rows, err := db.Query(ctx, `SELECT person FROM onemap.person_role WHERE role = 'grid_worker' ORDER BY 1`)
	if err != nil {
		return err
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return err
	}
	for i, id := range ids {
		if scopes[i], err = directory.ScopeOf(ctx, id); err != nil {
			return err
		}
	}
	w := newWalks()
	put := func(ctx context.Context, n int) (int, error) {
		p := w.step(n)
		_, err := store.Put(ctx, scopes[n%positionWorkers], "", []position.Fix{{Place: locate.Place{CRS: "WGS84", X: p[0], Y: p[1]}, AccuracyM: 8}}, true, time.Time{})
		return 1, err
	}
	o.Progress("all workers go on duty")
	if err := closedLoop(ctx, 500, positionWorkers, put); err != nil {
		return err
	}
	o.Progress("through the store, 5,000 a second")
	var crossed int64
	if err := db.QueryRow(ctx, `SELECT count(*) FROM map.fence_event`).Scan(&crossed); err != nil {
		return err
	}
	own := func() time.Duration { return o.CPU(os.Getpid()) }
	m, err := o.meters(ctx, db, own)
	if err != nil {
		return err
	}
	a.on.Store(true)
	perSecond, took, err := load(ctx, time.Second/positionRate, positionFor, put)
	if err != nil {
		return err
	}
	after, err := o.meters(ctx, db, own)
	if err != nil {
		return err
	}
	const name = "through the store, 20,000 fences, 5,000/s"
	o.Report(Result{Bench: "positions", Case: name + ", taken", Value: perSecond, Unit: "1/s", Target: ">= 5000 1/s", Met: perSecond >= 0.99*positionRate})
	o.reportTimes(name, took, a.take())
	a.on.Store(false)
	o.reportCPU(name, m, after)
	o.Report(Result{Bench: "positions", Case: name + ", heap with fences and grids", Value: max(0, heap()-before) / (1 << 20), Unit: "MiB", Met: true})
	var events int64
	if err := db.QueryRow(ctx, `SELECT count(*) FROM map.fence_event`).Scan(&events); err != nil {
		return err
	}
	o.Report(Result{Bench: "positions", Case: name + ", enter and leave events", Value: float64(events-crossed) / positionFor.Seconds(), Unit: "1/s", Met: true})
	var hot float64
	if err := db.QueryRow(ctx, `SELECT 100.0 * n_tup_hot_upd / greatest(n_tup_upd, 1) FROM pg_stat_user_tables WHERE relid = 'map.worker'::regclass`).Scan(&hot); err != nil {
		return err
	}
	o.Report(Result{Bench: "positions", Case: name + ", updates that wrote no index", Value: hot, Unit: "%", Met: true})

	o.Progress("through the store, at most")
	const many = 150_000
	start := time.Now()
	if err := closedLoop(ctx, 4000, many, put); err != nil {
		return err
	}
	perSecond = many / time.Since(start).Seconds()
	o.Report(Result{Bench: "positions", Case: "through the store, 20,000 fences, at most", Value: perSecond, Unit: "1/s", Target: ">= 5000 1/s", Met: perSecond >= positionRate})
	return nil
}

// closedLoop sends n times, so many at a time.
func closedLoop(ctx context.Context, atOnce, n int, send func(ctx context.Context, n int) (int, error)) error {
	var next atomic.Int64
	var failed atomic.Pointer[error]
	var all sync.WaitGroup
	for range atOnce {
		all.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= n || failed.Load() != nil {
					return
				}
				if _, err := send(ctx, i); err != nil {
					failed.Store(&err)
				}
			}
		})
	}
	all.Wait()
	if err := failed.Load(); err != nil {
		return *err
	}
	return nil
}

func (o Options) reportTimes(name string, took, log []time.Duration) {
	for _, p := range []float64{50, 99} {
		o.Report(Result{Bench: "positions", Case: fmt.Sprintf("%s, from sending to durable, p%g", name, p), Value: percentile(took, p), Unit: "ms", Met: true})
	}
	for _, p := range []float64{50, 99} {
		o.Report(Result{Bench: "positions", Case: fmt.Sprintf("%s, from taking to the log, p%g", name, p), Value: percentile(log, p), Unit: "ms", Met: true})
	}
}

// plainUpdates is the usual way.
func (o Options) plainUpdates(ctx context.Context, db *pgxpool.Pool) (perSecond float64, err error) {
	o.Progress("one UPDATE and ST_Contains for each position")
	for _, sql := range []string{
		`CREATE TABLE bench_worker (person bigint PRIMARY KEY, at timestamptz NOT NULL DEFAULT now(), geom geometry(Point, 4326) NOT NULL)`,
		`INSERT INTO bench_worker (person, geom) SELECT i, ST_Point(120, 29.2, 4326) FROM generate_series(0, 4999) i`,
		`CREATE INDEX ON bench_worker USING gist (geom)`,
		`CREATE TABLE bench_fence AS SELECT geom FROM map.fence UNION ALL SELECT geom FROM map.grid_duty`,
		`CREATE INDEX ON bench_fence USING gist (geom)`,
		`ANALYZE bench_worker, bench_fence`,
	} {
		if _, err := db.Exec(ctx, sql); err != nil {
			return 0, err
		}
	}
	w := newWalks()
	const n = 30_000
	start := time.Now()
	err = closedLoop(ctx, 16, n, func(ctx context.Context, i int) (int, error) {
		p := w.step(i)
		_, err := db.Exec(ctx, `WITH u AS (UPDATE bench_worker SET geom = ST_Point($2, $3, 4326), at = now() WHERE person = $1 RETURNING geom)
			SELECT count(*) FROM u, bench_fence f WHERE ST_Contains(f.geom, u.geom)`, i%positionWorkers, p[0], p[1])
		return 1, err
	})
	return n / time.Since(start).Seconds(), err
}
