package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/layerstest"
	"onemap/web/client"
	"onemap/web/drive"
)

// TestHour is an hour of a city, twenty times as fast: 500 grid workers whose
// phones lose their signal, the posts of a command centre and three departments,
// while the network breaks at random and the server is killed ten times. Then
// everything is counted again, by means that have no part in the server: no
// report is lost and none twice, no action is done twice, every flow is one that
// the table allows, every clock is right, and the evaluation says what a plain
// count says.
func TestHour(t *testing.T) {
	if os.Getenv("ONEMAP_LONG") == "" {
		t.Skip("long: make test-long")
	}
	// 1,200 reports are two or three an hour for each worker.
	anHour(t, hour{workers: 500, reports: 1200, kills: 10, rate: 7, speed: 20})
}

type hour struct {
	workers, reports, kills int
	rate, speed             float64
}

func anHour(t *testing.T, h hour) {
	database := layerstest.URL(t)
	demoCity(t, database)
	db, err := layers.Open(t.Context(), database)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	accounts := staff(t, db, h.workers)
	var first int64
	if err := db.QueryRow(t.Context(), `SELECT coalesce(max(id), 0) FROM map.incident`).Scan(&first); err != nil {
		t.Fatal(err)
	}

	s := &server{binary: filepath.Join(t.TempDir(), "onemap"), database: database, photos: t.TempDir()}
	if out, err := exec.Command("go", "build", "-buildvcs=false", "-o", s.binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.listen = ln.Addr().String()
	ln.Close()
	s.start(t)
	t.Cleanup(s.kill)

	var mu sync.Mutex
	acked := map[string]int64{}
	done := map[string]int64{}
	killAt := make(chan int, h.kills)
	net := &flaky{to: &http.Transport{MaxIdleConnsPerHost: 64}, r: rand.New(rand.NewPCG(1, 2))}
	driven := make(chan error, 1)
	refused := complaints{seen: map[string]int{}}
	var counts *drive.Counts
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Minute)
	defer cancel()
	go func() {
		var err error
		counts, err = drive.Run(ctx, drive.Options{URL: "http://" + s.listen, Accounts: accounts, Rate: h.rate, Reports: h.reports, Seed: 4, Speed: h.speed, Offline: 0.3,
			// More trouble than a city has: no way through the flow is left out.
			Odds: map[string]float64{"send_verify": 8, "return": 8, "ask_extension": 5, "ask_suspension": 2, "rework": 3, "send_back": 1, "give_back": 1},
			Move: 4 * time.Second, Log: slog.New(&refused), HTTP: &http.Client{Transport: net, Timeout: 20 * time.Second},
			Acknowledged: func(r client.Report, i client.Incident) {
				mu.Lock()
				defer mu.Unlock()
				if before, twice := acked[r.UUID]; twice {
					t.Errorf("report %s was acknowledged as %d and as %d", r.UUID, before, i.ID)
				}
				acked[r.UUID] = i.ID
				if n := len(acked); n%(h.reports/(h.kills+1)) == 0 && n/(h.reports/(h.kills+1)) <= h.kills {
					killAt <- n
				}
			},
			Done: func(id int64, a client.Action) {
				mu.Lock()
				defer mu.Unlock()
				done[a.UUID] = id
			}})
		driven <- err
	}()
	for range h.kills {
		select {
		case n := <-killAt:
			s.kill()
			t.Logf("killed after %d acknowledged reports", n)
			s.start(t)
		case err := <-driven:
			t.Fatalf("the driver ended before the server was killed as often as it should: %v\n%s", err, &s.log)
		}
	}
	if err := <-driven; err != nil {
		t.Fatalf("%v\n%s", err, &s.log)
	}
	s.kill()
	t.Log(counts)
	refused.log(t)
	t.Logf("requests: %d; cut before they arrived %d, answers lost %d", net.all.Load(), net.before.Load(), net.after.Load())
	if len(acked) != h.reports {
		t.Errorf("%d reports acknowledged, want %d", len(acked), h.reports)
	}
	for what, n := range map[string]int64{"report sent again": counts.Resent.Load(), "phone without signal": counts.Away.Load(), "position kept": counts.Kept.Load(), "step": counts.Acted.Load()} {
		if n == 0 {
			t.Errorf("not one %s: the test shows nothing", what)
		}
	}
	c := &recounter{T: t, db: db, first: first}
	c.reportsOnce(acked)
	c.actionsOnce(done)
	c.positions()
	c.tasks()
	flows := c.flows()
	c.legal(flows)
	c.clocks(flows)
	c.evaluation(flows)
}

// staff makes grid workers, spread over the responsibility grids, and returns
// them with the posts and officers of the demo city, each with a key.
func staff(t *testing.T, db *pgxpool.Pool, workers int) []drive.Account {
	t.Helper()
	directory := access.NewDirectory(db)
	defer directory.Close()
	for _, sql := range []string{
		fmt.Sprintf(`INSERT INTO onemap.person (login, name, org, password_hash) SELECT 'hour-' || i, '网格员' || i, (SELECT org FROM onemap.person WHERE login = 'worker'), '' FROM generate_series(1, %d) i`, workers),
		`INSERT INTO onemap.person_role SELECT id, 'grid_worker' FROM onemap.person WHERE login LIKE 'hour-%'`,
		`INSERT INTO onemap.person_grid SELECT p.id, g.grid_code FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM onemap.person WHERE login LIKE 'hour-%') p
			JOIN (SELECT grid_code, row_number() OVER (ORDER BY grid_code) AS n, count(*) OVER () AS of FROM map.grid_duty WHERE valid_to IS NULL) g ON g.n = 1 + p.n % g.of`,
	} {
		if _, err := db.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	logins := []string{"centre", "acceptor", "leader", "dispatcher", "urban", "police"}
	for i := range workers {
		logins = append(logins, fmt.Sprint("hour-", i+1))
	}
	var out []drive.Account
	for _, login := range logins {
		key, _, err := directory.CreateKey(t.Context(), operator(), login, "hour", time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, drive.Account{Login: login, Key: key})
	}
	return out
}

// flaky is a network that loses requests, and answers to requests that arrived.
type flaky struct {
	to http.RoundTripper
	mu sync.Mutex
	r  *rand.Rand

	all, before, after atomic.Int64
}

var errCut = errors.New("the network was cut")

func (f *flaky) RoundTrip(r *http.Request) (*http.Response, error) {
	f.mu.Lock()
	x := f.r.Float64()
	f.mu.Unlock()
	f.all.Add(1)
	if x < 0.02 {
		f.before.Add(1)
		if r.Body != nil {
			_ = r.Body.Close()
		}
		return nil, errCut
	}
	resp, err := f.to.RoundTrip(r)
	if err != nil || x > 0.05 {
		return resp, err
	}
	f.after.Add(1)
	_, _ = io.Copy(io.Discard, resp.Body)
	_ = resp.Body.Close()
	return nil, errCut
}

// complaints counts what the driver could not do, by its reason.
type complaints struct {
	mu   sync.Mutex
	seen map[string]int
}

var numbers = regexp.MustCompile(`[0-9]+`)

func (c *complaints) Enabled(context.Context, slog.Level) bool { return true }
func (c *complaints) WithAttrs([]slog.Attr) slog.Handler       { return c }
func (c *complaints) WithGroup(string) slog.Handler            { return c }

func (c *complaints) Handle(_ context.Context, r slog.Record) error {
	text := r.Message
	r.Attrs(func(a slog.Attr) bool {
		if err, ok := a.Value.Any().(error); ok && client.Temporary(err) {
			text += ": no answer"
		} else {
			text += ": " + a.Value.String()
		}
		return true
	})
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen[numbers.ReplaceAllString(text, "n")]++
	return nil
}

func (c *complaints) log(t *testing.T) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for text, n := range c.seen {
		t.Logf("%d times %s", n, text)
	}
}

// TestMinutes is the same with fewer people and kills, for who changes something.
func TestMinutes(t *testing.T) {
	if os.Getenv("ONEMAP_LONG") == "" {
		t.Skip("long: make test-long")
	}
	anHour(t, hour{workers: 50, reports: 120, kills: 3, rate: 6, speed: 20})
}
