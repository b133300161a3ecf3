package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

const (
	subscribers = 100
	liveEvents  = 300
)

// commitRates are the commits a second that are measured: a busy city's, and one
// at which messages are put together in frames of 25 ms.
var commitRates = []int{20, 100}

// Live measures the time from the return of a commit to the arrival of its
// message at each of 100 open screens: through the log and the hub, beside the
// usual way on the same rows: a trigger with NOTIFY, a listener that reads the
// row, and an encoding for each socket.
func Live(ctx context.Context, o Options) error {
	return o.withCity(ctx, func(ctx context.Context, db *pgxpool.Pool, url, key string) error {
		var ours, theirs [][]time.Duration
		for i, rate := range commitRates {
			o.Progress(fmt.Sprintf("by the log, %d commits/s", rate))
			d, err := arrivals(ctx, db, rate, int64(i+1)*1_000_000_000, func(ctx context.Context, got func(id int64)) (stop func(), err error) {
				return followLive(ctx, "ws"+strings.TrimPrefix(url, "http")+"/live", key, got)
			})
			if err != nil {
				return err
			}
			ours = append(ours, d)
		}
		n, err := newNotifier(ctx, db)
		if err != nil {
			return err
		}
		defer n.close()
		for i, rate := range commitRates {
			o.Progress(fmt.Sprintf("by NOTIFY, %d commits/s", rate))
			d, err := arrivals(ctx, db, rate, int64(i+11)*1_000_000_000, n.follow)
			if err != nil {
				return err
			}
			theirs = append(theirs, d)
		}
		for i, rate := range commitRates {
			for _, p := range []float64{50, 99} {
				a, b := percentile(ours[i], p), percentile(theirs[i], p)
				o.Report(Result{Bench: "live", Case: fmt.Sprintf("commit to message, %d subscribers, %d commits/s, p%g", subscribers, rate, p),
					Value: a, Unit: "ms", Baseline: b, Ratio: faster(a, b), Met: true})
			}
		}
		return nil
	})
}

// arrivals opens the subscribers, commits incidents with ids from first on, and
// returns the delays of all messages. A message that does not arrive is an error.
func arrivals(ctx context.Context, db *pgxpool.Pool, rate int, first int64, open func(ctx context.Context, got func(id int64)) (func(), error)) ([]time.Duration, error) {
	arrived := make([][]time.Time, subscribers)
	var all sync.WaitGroup
	for i := range subscribers {
		arrived[i] = make([]time.Time, liveEvents)
		all.Add(liveEvents)
		stop, err := open(ctx, func(id int64) {
			if n := id - first; n >= 0 && n < liveEvents && arrived[i][n].IsZero() {
				arrived[i][n] = time.Now()
				all.Done()
			}
		})
		if err != nil {
			return nil, err
		}
		defer stop()
	}
	committed := make([]time.Time, liveEvents)
	tick := time.NewTicker(time.Second / time.Duration(rate))
	defer tick.Stop()
	for n := range int64(liveEvents) {
		<-tick.C
		if _, err := db.Exec(ctx, `INSERT INTO map.incident (id, class_standard, class_code, severity, source, state, occurred_at, geom)
			SELECT $1, class_standard, class_code, severity, source, 'reported', now(), geom FROM map.incident ORDER BY id LIMIT 1`, first+n); err != nil {
			return nil, err
		}
		committed[n] = time.Now()
	}
	done := make(chan struct{})
	go func() { all.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(30 * time.Second):
		return nil, fmt.Errorf("messages are missing 30 s after the last commit")
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	var out []time.Duration
	for _, times := range arrived {
		for n, at := range times {
			// A message may overtake the return of its commit.
			out = append(out, max(0, at.Sub(committed[n])))
		}
	}
	return out, nil
}

// followLive subscribes to incidents at /live.
func followLive(ctx context.Context, url, key string, got func(id int64)) (stop func(), err error) {
	c, _, err := websocket.DefaultDialer.DialContext(ctx, url, http.Header{"Authorization": {"Bearer " + key}})
	if err != nil {
		return nil, fmt.Errorf("dial %s: %w", url, err)
	}
	if err := c.WriteJSON(map[string]any{"type": "subscribe", "id": "a", "layer": "incident"}); err != nil {
		return nil, err
	}
	ready := make(chan error, 1)
	go func() {
		for {
			var m struct {
				Type    string          `json:"type"`
				Problem json.RawMessage `json:"problem"`
				Events  []struct {
					Data struct {
						ID int64 `json:"id"`
					} `json:"data"`
				} `json:"events"`
			}
			if err := c.ReadJSON(&m); err != nil {
				ready <- err
				return
			}
			switch m.Type {
			case "subscribed":
				ready <- nil
			case "error":
				ready <- fmt.Errorf("subscribe: %s", m.Problem)
				return
			}
			for _, e := range m.Events {
				got(e.Data.ID)
			}
		}
	}()
	if err := <-ready; err != nil {
		c.Close()
		return nil, err
	}
	return func() { c.Close() }, nil
}

// notifier is the baseline: a server that LISTENs and writes to each socket.
type notifier struct {
	url   string
	ln    net.Listener
	stop  context.CancelFunc
	mu    sync.Mutex
	conns map[*websocket.Conn]bool
	done  chan struct{}
}

func newNotifier(ctx context.Context, db *pgxpool.Pool) (*notifier, error) {
	if _, err := db.Exec(ctx, `CREATE FUNCTION map.bench_notify() RETURNS trigger LANGUAGE plpgsql AS
			'BEGIN PERFORM pg_notify(''bench'', NEW.id::text); RETURN NULL; END';
		CREATE TRIGGER bench_notify AFTER INSERT ON map.incident FOR EACH ROW EXECUTE FUNCTION map.bench_notify()`); err != nil {
		return nil, err
	}
	listen, err := pgx.ConnectConfig(ctx, db.Config().ConnConfig)
	if err != nil {
		return nil, err
	}
	if _, err := listen.Exec(ctx, `LISTEN bench`); err != nil {
		return nil, err
	}
	n := &notifier{conns: map[*websocket.Conn]bool{}, done: make(chan struct{})}
	if n.ln, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return nil, err
	}
	n.url = "ws://" + n.ln.Addr().String()
	up := websocket.Upgrader{}
	go http.Serve(n.ln, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { //nolint:errcheck // it ends with its listener
		c, err := up.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		n.mu.Lock()
		n.conns[c] = true
		n.mu.Unlock()
		for { // until the client leaves
			if _, _, err := c.ReadMessage(); err != nil {
				n.mu.Lock()
				delete(n.conns, c)
				n.mu.Unlock()
				return
			}
		}
	}))
	ctx, n.stop = context.WithCancel(ctx)
	go func() {
		defer close(n.done)
		defer listen.Close(context.WithoutCancel(ctx))
		for {
			note, err := listen.WaitForNotification(ctx)
			if err != nil {
				return
			}
			n.send(ctx, db, note.Payload)
		}
	}()
	return n, nil
}

// send reads the row once and encodes it for each socket.
func (n *notifier) send(ctx context.Context, db *pgxpool.Pool, id string) {
	var row map[string]any
	if err := db.QueryRow(ctx, `SELECT jsonb_build_object('id', id, 'class_code', class_code, 'severity', severity, 'state', state,
		'occurred_at', occurred_at, 'geometry', ST_AsGeoJSON(geom)::jsonb) FROM map.incident WHERE id = $1::bigint`, id).Scan(&row); err != nil {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	for c := range n.conns {
		_ = c.WriteJSON(row)
	}
}

func (n *notifier) follow(ctx context.Context, got func(id int64)) (func(), error) {
	c, _, err := websocket.DefaultDialer.DialContext(ctx, n.url, nil)
	if err != nil {
		return nil, err
	}
	go func() {
		for {
			var m struct {
				ID int64 `json:"id"`
			}
			if err := c.ReadJSON(&m); err != nil {
				return
			}
			got(m.ID)
		}
	}()
	return func() { c.Close() }, nil
}

func (n *notifier) close() {
	n.stop()
	<-n.done
	n.ln.Close()
}
