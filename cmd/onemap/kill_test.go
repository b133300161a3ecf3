package main

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
	"onemap/layers/layerstest"
	"onemap/web/client"
	"onemap/web/drive"
)

// A server is the real program in a process of its own, so that it can be
// killed as a machine kills it.
type server struct {
	binary, database, listen, photos string
	cmd                              *exec.Cmd
	log                              bytes.Buffer
}

func (s *server) start(t *testing.T) {
	t.Helper()
	s.cmd = exec.Command(s.binary, "serve", "--database-url", s.database, "--listen", s.listen, "--photos", s.photos, "--log-level", "warn")
	s.cmd.Stdout, s.cmd.Stderr = &s.log, &s.log
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		resp, err := http.Get("http://" + s.listen + "/readyz")
		if err != nil {
			continue
		}
		resp.Body.Close()
		if resp.StatusCode == http.StatusOK {
			return
		}
	}
	t.Fatalf("the server was not ready in a minute:\n%s", &s.log)
}

// kill is kill -9, and waits until the process is gone.
func (s *server) kill() {
	if s.cmd.ProcessState == nil {
		_ = s.cmd.Process.Kill()
		_ = s.cmd.Wait()
	}
}

// TestKill: 1,000 reports are sent while the server is killed three times.
// Every acknowledged report is there once, a report sent again made no second
// one, and an open page has seen all of them.
func TestKill(t *testing.T) {
	if os.Getenv("ONEMAP_LONG") == "" {
		t.Skip("long: make test-long")
	}
	database := layerstest.URL(t)
	keys := demoCity(t, database)
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

	page := newWatch(t, client.Client{URL: "http://" + s.listen, Key: keys["centre"]})
	page.start(t)

	const reports = 1000
	acked := map[string]int64{}
	var mu sync.Mutex
	killAt := make(chan int, 3)
	driven := make(chan error, 1)
	var counts *drive.Counts
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	go func() {
		var err error
		counts, err = drive.Run(ctx, drive.Options{URL: "http://" + s.listen, Rate: 120, Reports: reports, Seed: 9, Move: time.Second,
			Accounts: []drive.Account{{Key: keys["worker"]}, {Key: keys["centre"]}, {Key: keys["urban"]}},
			Acknowledged: func(r client.Report, i client.Incident) {
				mu.Lock()
				defer mu.Unlock()
				if before, twice := acked[r.UUID]; twice {
					t.Errorf("report %s was acknowledged as %d and as %d", r.UUID, before, i.ID)
				}
				acked[r.UUID] = i.ID
				if n := len(acked); n == reports/4 || n == reports/2 || n == reports*3/4 {
					killAt <- n
				}
			}})
		driven <- err
	}()
	for kills := 0; kills < 3; kills++ {
		select {
		case n := <-killAt:
			s.kill()
			t.Logf("killed after %d acknowledged reports", n)
			s.start(t)
		case err := <-driven:
			t.Fatalf("the driver ended before the server was killed three times: %v\n%s", err, &s.log)
		}
	}
	if err := <-driven; err != nil {
		t.Fatalf("%v\n%s", err, &s.log)
	}
	t.Log(counts)
	if len(acked) != reports {
		t.Errorf("%d reports acknowledged, want %d", len(acked), reports)
	}
	if counts.Resent.Load() == 0 {
		t.Error("no report was sent again: the kills came at no bad time, and the test shows nothing")
	}
	if lost := page.missing(t, acked); len(lost) > 0 {
		t.Errorf("the open page has not seen %d of %d incidents", len(lost), len(acked))
	}
	page.mu.Lock()
	t.Logf("the page went on from its cursor %d times and loaded the state %d times", page.resumed, page.resyncs)
	if page.resumed < 3 {
		t.Errorf("the page went on from its cursor %d times, want 3 or more", page.resumed)
	}
	page.mu.Unlock()

	db, err := layers.Open(t.Context(), database)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var rows, uuids, begun int
	err = db.QueryRow(t.Context(), `SELECT count(*), count(DISTINCT uuid),
			(SELECT count(*) FROM onemap.incident_flow f WHERE f.incident > @first AND action = 'report')
		FROM map.incident WHERE id > @first`, pgx.NamedArgs{"first": page.first}).Scan(&rows, &uuids, &begun)
	if err != nil {
		t.Fatal(err)
	}
	if rows != reports || uuids != reports || begun != reports {
		t.Errorf("%d rows with %d numbers and %d flow records that begin with a report, want %d of each", rows, uuids, begun, reports)
	}
	for uuid, id := range acked {
		var n int
		if err := db.QueryRow(t.Context(), `SELECT count(*) FROM map.incident WHERE uuid = $1 AND id = $2`, uuid, id).Scan(&n); err != nil {
			t.Fatal(err)
		}
		if n != 1 {
			t.Errorf("report %s was acknowledged as incident %d, which is there %d times", uuid, id, n)
		}
	}
}
