package bench

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

const (
	subscribers = 1000
	liveRate    = 200  // commits a second, one event each: a large city's worst hour
	liveEvents  = 2000 // in 10 s
	liveWriters = 4
)

// screens is what the subscribers of a case look at.
type screens struct {
	name string
	wish func(i int, r *rand.Rand) map[string]any // what subscriber i says besides id and layer
	all  bool                                     // every event is every subscriber's
}

// The city's middle and half its width and height in degrees; the simulated
// incidents lie in it.
const (
	cityLon, cityLat   = 120.072, 29.306
	halfWide, halfTall = 0.04, 0.026
)

// window is a screen of a desk at zoom 15 or so, somewhere in the city.
func window(r *rand.Rand) []float64 {
	const wide, tall = 0.02, 0.01
	x := cityLon - halfWide + r.Float64()*(2*halfWide-wide)
	y := cityLat - halfTall + r.Float64()*(2*halfTall-tall)
	return []float64{x, y, x + wide, y + tall}
}

var liveCases = []screens{
	{"one window, events", func(int, *rand.Rand) map[string]any {
		return map[string]any{"bbox": []float64{119, 28, 121, 31}}
	}, true},
	{"one window, stale tiles", func(int, *rand.Rand) map[string]any {
		return map[string]any{"bbox": []float64{119, 28, 121, 31}, "tiles": map[string]int{"minzoom": 14, "maxzoom": 15}, "events": false}
	}, false},
	{"1000 windows, events", func(_ int, r *rand.Rand) map[string]any { return map[string]any{"bbox": window(r)} }, false},
	{"1000 windows, stale tiles", func(_ int, r *rand.Rand) map[string]any {
		return map[string]any{"bbox": window(r), "tiles": map[string]int{"minzoom": 15, "maxzoom": 15}, "events": false}
	}, false},
}

// Live measures the time from the return of a commit to the arrival of its
// message at 1,000 open screens, at 200 commits a second: as many frames as
// there are, through the log and the hub of a server of its own, whose CPU is
// measured with it; beside the usual way on the same rows: a trigger with
// NOTIFY, a listener that reads the row, and an encoding for each socket.
func Live(ctx context.Context, o Options) error {
	return o.withDatabase(ctx, func(ctx context.Context, dbURL string) error {
		o.Progress("the simulated city, " + o.Size)
		key, err := o.City(ctx, dbURL)
		if err != nil {
			return err
		}
		db, err := liveData(ctx, dbURL)
		if err != nil {
			return err
		}
		defer db.Close()
		var ours []*run
		next := int64(1_000_000_000)
		s, err := o.Spawn(ctx, dbURL)
		if err != nil {
			return err
		}
		defer s.Stop()
		o.Progress("with nobody watching")
		idle, err := measure(ctx, db, next, s.CPU, nil, false)
		if err != nil {
			return err
		}
		next += 1_000_000_000
		for _, c := range liveCases {
			o.Progress("through the log, " + c.name)
			r, err := measure(ctx, db, next, s.CPU, func(ctx context.Context, i int, r *run) (func(), error) {
				return r.follow(ctx, "ws"+strings.TrimPrefix(s.URL, "http")+"/live", key, c, i)
			}, c.all)
			if err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
			ours = append(ours, r)
			next += 1_000_000_000
		}
		s.Stop()
		n, err := newNotifier(ctx, db)
		if err != nil {
			return err
		}
		defer n.close()
		o.Progress("through NOTIFY, one window, events")
		base, err := measure(ctx, db, next, nil, func(ctx context.Context, i int, r *run) (func(), error) { return n.follow(ctx, r, i) }, true)
		if err != nil {
			return err
		}
		reportLive(o, idle, ours, base)
		return nil
	})
}

// reportLive writes the table. What a frame costs is what the server uses more
// than for the same commits with nobody watching.
func reportLive(o Options, idle *run, ours []*run, base *run) {
	perSecond := func(r *run) float64 { return r.cpu.Seconds() / r.took.Seconds() }
	if idle.cpu > 0 {
		o.Report(Result{Bench: "live", Case: fmt.Sprintf("CPU of the server, nobody watching, %d commits/s", liveRate), Value: 100 * perSecond(idle), Unit: "% of a core", Met: true})
	}
	for i, r := range ours {
		what := fmt.Sprintf("%d subscribers, %d commits/s, %s", subscribers, liveRate, liveCases[i].name)
		kind := "message"
		if strings.Contains(what, "stale") {
			kind = "stale-tile message"
		}
		for _, p := range []float64{50, 99} {
			res := Result{Bench: "live", Case: fmt.Sprintf("commit to %s, %s, p%g", kind, what, p), Value: percentile(r.delays, p), Unit: "ms", Met: true}
			if i == 0 { // the same wish as the baseline's
				res.Baseline = percentile(base.delays, p)
				res.Ratio = faster(res.Value, res.Baseline)
			}
			if p == 99 {
				res.Target, res.Met = "< 50 ms", res.Value < 50
			}
			o.Report(res)
		}
		perFrame := Result{Bench: "live", Case: "CPU of the server a frame, " + what, Value: max(0, perSecond(r)-perSecond(idle)) * r.took.Seconds() * 1e6 / float64(max(1, r.frames)), Unit: "us",
			Target: "< 20 us", Met: true}
		perFrame.Met = perFrame.Value < 20
		if r.cpu > 0 {
			o.Report(perFrame)
		}
		o.Report(Result{Bench: "live", Case: "frames a second, " + what, Value: float64(r.frames) / r.took.Seconds(), Unit: "1/s", Met: true})
	}
}

// run is one measurement: who got what when.
type run struct {
	first     int64       // id of the first event
	began     time.Time   // what times are counted from
	committed []int64     // when each commit returned, ns
	arrived   [][]int64   // for each subscriber when each event came, ns; 0: it did not
	tiles     *tileEvents // for stale tiles: which event each tile names
	delays    []time.Duration
	frames    int64 // of all subscribers
	cpu       time.Duration
	took      time.Duration
	counts    []int64 // frames of each subscriber
	all       bool
	missing   sync.WaitGroup // with all
}

// measure opens the subscribers (none where open is nil), commits events with
// ids from first on, and collects the delays of all messages. With all, every
// subscriber must get every event.
func measure(ctx context.Context, db *pgxpool.Pool, first int64, cpu func() time.Duration,
	open func(ctx context.Context, i int, r *run) (func(), error), all bool) (*run, error) {
	r := &run{first: first, began: time.Now(), committed: make([]int64, liveEvents), arrived: make([][]int64, subscribers), counts: make([]int64, subscribers), all: all}
	r.tiles = newTileEvents()
	for i := range r.arrived {
		r.arrived[i] = make([]int64, liveEvents)
	}
	if all {
		r.missing.Add(subscribers * liveEvents)
	}
	stops := make([]func(), subscribers)
	defer func() {
		for _, stop := range stops {
			if stop != nil {
				stop()
			}
		}
	}()
	for i := range subscribers {
		if open == nil {
			break
		}
		var err error
		if stops[i], err = open(ctx, i, r); err != nil {
			return nil, err
		}
	}
	time.Sleep(time.Second) // what subscribing made is over
	frames := r.framesNow()
	var before time.Duration
	if cpu != nil {
		before = cpu()
	}
	start := time.Now()
	if err := r.commit(ctx, db); err != nil {
		return nil, err
	}
	if all {
		done := make(chan struct{})
		go func() { r.missing.Wait(); close(done) }()
		select {
		case <-done:
		case <-time.After(2 * time.Minute):
			return nil, fmt.Errorf("messages are missing two minutes after the last commit")
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	} else {
		time.Sleep(500 * time.Millisecond)
	}
	r.took = time.Since(start)
	if cpu != nil {
		r.cpu = cpu() - before
	}
	r.frames = r.framesNow() - frames
	if open == nil {
		return r, nil
	}
	return r, r.collect()
}

// commit commits the events at their rate, each at a place of its own.
func (r *run) commit(ctx context.Context, db *pgxpool.Pool) error {
	var g sync.WaitGroup
	errs := make([]error, liveWriters)
	start := time.Now()
	for w := range liveWriters {
		g.Go(func() {
			for n := w; n < liveEvents; n += liveWriters {
				time.Sleep(time.Until(start.Add(time.Duration(n) * time.Second / liveRate)))
				p := r.tiles.place(n)
				if _, err := db.Exec(ctx, insertLive, r.first+int64(n), p[0], p[1]); err != nil {
					errs[w] = err
					return
				}
				store(&r.committed[n], time.Since(r.began))
			}
		})
	}
	g.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// insertLive commits one incident. Its codes are given, as a report's are.
const insertLive = `INSERT INTO map.incident (id, class_standard, class_code, severity, source, state, occurred_at, geom, grid_code, area_code)
	SELECT $1, class_standard, class_code, severity, source, 'reported', now(), ST_Point($2, $3, 4326), grid_code, area_code FROM bench_incident`
