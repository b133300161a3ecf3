// Package livebench measures how long a commit takes to reach open screens:
// through the hub, and beside it, in the same run, through the naive way that
// writes every event anew for every subscriber.
package livebench

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/feed"
	"onemap/web/live"
)

// Options is what to measure.
type Options struct {
	DatabaseURL string
	Store       *layers.Store // on that database
	Layer       string        // what Commit writes
	Subscribers int           // connections
	Windows     int           // different windows among them; 0: one
	Commits     int
	Every       time.Duration // between commits; 0: one after the other
	// Commit inserts one feature of Layer inside of [-180, 180] x [-90, 90],
	// alone in its transaction, and returns its id when it is committed.
	Commit func(ctx context.Context, i int) (id int64, err error)
}

// Result is the time from the return of a commit to a subscriber's having the
// message in hand, over all deliveries.
type Result struct {
	Deliveries    int
	Missing       int // that did not come
	P50, P99, Max time.Duration
}

// Report is one run.
type Report struct {
	Hub   Result
	Naive Result // the same commits' number to the same number of subscribers
}

// Run starts a feed, a hub and a naive server of its own in this process,
// measures first the hub and then the naive server, and stops them.
func Run(ctx context.Context, o Options) (Report, error) {
	hub, n := live.NewHub(o.Store, nil), newNaive(o)
	f := feed.New(o.DatabaseURL, hub.Reader(), n.reader())
	hub.Follow(f)
	running, stop := context.WithCancel(ctx)
	var g sync.WaitGroup
	g.Go(func() { _ = f.Run(running) }) // the address was good enough for the store
	g.Go(func() { _ = hub.Run(running) })
	operator := access.Operator("bench")
	mux := http.NewServeMux()
	mux.HandleFunc("/live", func(w http.ResponseWriter, r *http.Request) {
		hub.ServeWS(w, r, operator, func(context.Context) (access.Scope, error) { return operator, nil })
	})
	mux.HandleFunc("/naive", n.serve)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		stop()
		g.Wait()
		return Report{}, fmt.Errorf("measure live: %w", err)
	}
	srv := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	g.Go(func() { _ = srv.Serve(ln) })
	defer func() {
		stop()
		_ = srv.Close()
		g.Wait()
	}()
	for f.Status().State != feed.Live {
		if f.Status().State == feed.Off {
			return Report{}, fmt.Errorf("measure live: %w: %s", feed.ErrOff, f.Status().Why)
		}
		select {
		case <-ctx.Done():
			return Report{}, ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
	}
	var out Report
	if out.Hub, err = measure(ctx, o, "ws://"+ln.Addr().String()+"/live", f); err != nil {
		return out, err
	}
	out.Naive, err = measure(ctx, o, "ws://"+ln.Addr().String()+"/naive", f)
	return out, err
}

// screen is one subscriber and when what came to it.
type screen struct {
	conn *websocket.Conn
	mu   sync.Mutex
	at   map[int64]time.Time // by feature
}

// measure connects the subscribers, makes the commits, and compares clocks.
func measure(ctx context.Context, o Options, url string, f *feed.Feed) (Result, error) {
	screens := make([]*screen, o.Subscribers)
	var g sync.WaitGroup
	defer func() {
		for _, s := range screens {
			if s != nil {
				s.conn.Close()
			}
		}
		g.Wait()
	}()
	for i := range screens {
		s, err := open(ctx, url, o, i)
		if err != nil {
			return Result{}, err
		}
		screens[i] = s
		g.Go(s.read)
	}
	committed := make(map[int64]time.Time, o.Commits)
	next := time.Now()
	for i := range o.Commits {
		id, err := o.Commit(ctx, i)
		if err != nil {
			return Result{}, fmt.Errorf("measure live: %w", err)
		}
		committed[id] = time.Now()
		if o.Every > 0 {
			next = next.Add(o.Every)
			select {
			case <-ctx.Done():
				return Result{}, ctx.Err()
			case <-time.After(time.Until(next)):
			}
		}
	}
	deadline := time.Now().Add(10 * time.Second)
	for have(screens) < o.Commits*o.Subscribers && time.Now().Before(deadline) && ctx.Err() == nil {
		time.Sleep(10 * time.Millisecond)
	}
	var took []time.Duration
	for _, s := range screens {
		s.mu.Lock()
		for id, at := range s.at {
			if sent, ours := committed[id]; ours {
				took = append(took, max(0, at.Sub(sent))) // it may be there before the commit has returned
			}
		}
		s.mu.Unlock()
	}
	r := Result{Deliveries: len(took), Missing: o.Commits*o.Subscribers - len(took)}
	if len(took) > 0 {
		slices.Sort(took)
		r.P50, r.P99, r.Max = took[len(took)/2], took[len(took)*99/100], took[len(took)-1]
	}
	return r, ctx.Err()
}

func have(screens []*screen) (n int) {
	for _, s := range screens {
		s.mu.Lock()
		n += len(s.at)
		s.mu.Unlock()
	}
	return n
}

// open connects subscriber i and waits until its subscription stands.
func open(ctx context.Context, url string, o Options, i int) (*screen, error) {
	conn, res, err := websocket.DefaultDialer.DialContext(ctx, url, nil)
	if err != nil {
		return nil, fmt.Errorf("measure live: connect: %w", err)
	}
	_ = res.Body.Close()
	want := live.Subscribe{Type: live.TypeSubscribe, ID: "a", Layer: o.Layer}
	if o.Windows > 1 { // windows that hold all, and differ
		want.BBox = []float64{-180, -90, 180, 90 - float64(i%o.Windows)*1e-6}
	}
	if err := conn.WriteJSON(want); err != nil {
		return nil, fmt.Errorf("measure live: subscribe: %w", err)
	}
	for {
		_, b, err := conn.ReadMessage()
		if err != nil {
			return nil, fmt.Errorf("measure live: subscribe: %w", err)
		}
		if bytes.Contains(b, []byte(`"type":"subscribed"`)) {
			return &screen{conn: conn, at: make(map[int64]time.Time, o.Commits)}, nil
		}
		if bytes.Contains(b, []byte(`"type":"error"`)) {
			return nil, fmt.Errorf("measure live: subscribe: %s", b)
		}
	}
}

// read notes when which feature came, until the connection ends.
func (s *screen) read() {
	for {
		_, b, err := s.conn.ReadMessage()
		if err != nil {
			return
		}
		now := time.Now()
		s.mu.Lock()
		for _, part := range bytes.Split(b, []byte(`"data":{`))[1:] {
			_, rest, _ := bytes.Cut(part, []byte(`"id":`))
			end := bytes.IndexAny(rest, ",}")
			if id, err := strconv.ParseInt(string(rest[:max(0, end)]), 10, 64); err == nil {
				s.at[id] = now
			}
		}
		s.mu.Unlock()
	}
}
