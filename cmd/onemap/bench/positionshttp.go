package bench

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"onemap/layers/access"
)

// throughHTTP measures a server in a process of its own: one request for each
// position of 500 workers, and a gateway's batches for 5,000.
func (o Options) throughHTTP(ctx context.Context, db *pgxpool.Pool, url string) error {
	directory := access.NewDirectory(db)
	defer directory.Close()
	operator := access.Operator("bench")
	keys := make([]string, positionKeys)
	var err error
	for i := range keys {
		if keys[i], _, err = directory.CreateKey(ctx, operator, fmt.Sprint("w", i+1), "bench", time.Time{}); err != nil {
			return err
		}
	}
	gateway, _, err := directory.CreateKey(ctx, operator, "gateway", "bench", time.Time{})
	if err != nil {
		return err
	}
	s, err := o.Spawn(ctx, url)
	if err != nil {
		return err
	}
	defer s.Stop()
	var a arrivals
	stop, _ := a.follow(ctx, url)
	defer stop()
	c := &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{MaxIdleConns: 1024, MaxIdleConnsPerHost: 1024, DisableCompression: true}}
	defer c.CloseIdleConnections()
	w := newWalks()
	send := func(ctx context.Context, method, key string, body []byte) error {
		req, err := http.NewRequestWithContext(ctx, method, s.URL+"/api/v1/positions", bytes.NewReader(body))
		if err != nil {
			return err
		}
		req.Header.Set("Authorization", "Bearer "+key)
		req.Header.Set("Content-Type", "application/json")
		resp, err := c.Do(req)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		answer, err := io.ReadAll(resp.Body)
		if err == nil && resp.StatusCode != http.StatusOK {
			err = fmt.Errorf("%s %s: %s", method, resp.Status, answer)
		}
		return err
	}
	fix := func(i int) string {
		p := w.step(i)
		return `"crs":"WGS84","coordinates":[` + strconv.FormatFloat(p[0], 'f', 7, 64) + `,` + strconv.FormatFloat(p[1], 'f', 7, 64) + `],"accuracy_m":8`
	}
	for _, kind := range []struct {
		name   string
		every  time.Duration
		target float64
		send   func(ctx context.Context, n int) (int, error)
	}{
		{fmt.Sprintf("over HTTP, a gateway's batches of %d, 5,000 workers, 5,000/s", positionBatch), time.Second * positionBatch / positionRate, positionRate, func(ctx context.Context, n int) (int, error) {
			var b strings.Builder
			b.WriteString(`{"positions":[`)
			for k := range positionBatch {
				i := (n*positionBatch + k) % positionWorkers
				if k > 0 {
					b.WriteByte(',')
				}
				b.WriteString(`{"login":"w` + strconv.Itoa(i+1) + `",` + fix(i) + `}`)
			}
			b.WriteString(`]}`)
			return positionBatch, send(ctx, "POST", gateway, []byte(b.String()))
		}},
		{fmt.Sprintf("over HTTP, one request for each, %d workers, 2,000/s", positionKeys), time.Second / 2000, 2000, func(ctx context.Context, n int) (int, error) {
			i := n % positionKeys
			return 1, send(ctx, "PUT", keys[i], []byte(`{`+fix(i)+`}`))
		}},
		{fmt.Sprintf("over HTTP, one request for each, %d workers, 5,000/s", positionKeys), time.Second / positionRate, positionRate, func(ctx context.Context, n int) (int, error) {
			i := n % positionKeys
			return 1, send(ctx, "PUT", keys[i], []byte(`{`+fix(i)+`}`))
		}},
	} {
		o.Progress(kind.name)
		m, err := o.meters(ctx, db, s.CPU)
		if err != nil {
			return err
		}
		a.on.Store(true)
		perSecond, took, err := load(ctx, kind.every, positionFor, kind.send)
		a.on.Store(false)
		log := a.take()
		if err != nil { // a machine too small for it is told, not hidden
			o.Progress(kind.name + ": " + err.Error())
		}
		after, err := o.meters(ctx, db, s.CPU)
		if err != nil {
			return err
		}
		o.Report(Result{Bench: "positions", Case: kind.name + ", taken", Value: perSecond, Unit: "1/s", Target: fmt.Sprintf(">= %.0f 1/s", kind.target), Met: perSecond >= 0.98*kind.target})
		o.reportTimes(kind.name, took, log)
		o.reportCPU(kind.name, m, after)
		if s.PID > 0 {
			o.Report(Result{Bench: "positions", Case: kind.name + ", memory of the server", Value: resident(s.PID) / (1 << 20), Unit: "MiB", Met: true})
		}
	}
	return nil
}

// resident is a process's memory in bytes, as Linux tells it; 0 elsewhere.
func resident(pid int) float64 {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	_, after, _ := strings.Cut(string(b), "VmRSS:")
	f := strings.Fields(after)
	if len(f) == 0 {
		return 0
	}
	kib, _ := strconv.ParseFloat(f[0], 64)
	return kib * 1024
}
