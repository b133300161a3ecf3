package web_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
)

// 10,000 reports that waited in phones come at once, each sent until it is
// acknowledged and every tenth once more: all are there, none twice, and the
// server answers others meanwhile.
func TestTenThousandQueuedReports(t *testing.T) {
	reports, phones := 300, 100
	if os.Getenv("ONEMAP_LONG") != "" {
		reports, phones = 10_000, 500
	}
	w := newWorld(t)
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: phones, MaxConnsPerHost: phones}, Timeout: 5 * time.Minute}
	t.Cleanup(client.CloseIdleConnections)
	post := func(body []byte) (int, error) {
		req, err := http.NewRequestWithContext(t.Context(), "POST", w.url+"/api/v1/incidents", bytes.NewReader(body))
		if err != nil {
			return 0, err
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Authorization", "Bearer "+w.tokens["worker"])
		r, err := client.Do(req)
		if err != nil {
			return 0, err
		}
		_, _ = io.Copy(io.Discard, r.Body) // for the connection to be used again
		return r.StatusCode, r.Body.Close()
	}
	queue := make(chan int)
	var wg sync.WaitGroup
	var mu sync.Mutex
	answers := map[int]int{}
	for range phones {
		wg.Go(func() {
			for n := range queue {
				b := reportBody(120.0001+float64(n%97)*0.0001, 29.3001+float64(n%89)*0.0001)
				b["uuid"] = uuid.NewSHA1(uuid.NameSpaceOID, []byte{byte(n), byte(n >> 8)}).String()
				body, err := json.Marshal(b)
				if err != nil {
					t.Error(err)
					return
				}
				times := 1
				if n%10 == 0 {
					times = 2
				}
				for sent := 0; sent < times; {
					status, err := post(body)
					mu.Lock()
					answers[status]++
					mu.Unlock()
					switch {
					case err != nil:
						t.Error(err)
						return
					case status == 201 || status == 200:
						sent++
					case status != 429 && status != 503 && status != 504: // a phone waits and tries again
						t.Errorf("report %d: %d", n, status)
						return
					}
				}
			}
		})
	}
	begun := time.Now()
	go func() {
		defer close(queue)
		for n := range reports {
			select {
			case queue <- n:
			case <-t.Context().Done():
				return
			}
		}
	}()
	w.want(200, w.as("centre", "GET", "/api/v1/incidents?limit=1", nil))
	wg.Wait()
	var rows, flows, uuids int
	if err := w.db.QueryRow(t.Context(), `SELECT count(*), count(DISTINCT uuid), (SELECT count(*) FROM onemap.incident_flow WHERE action = 'report') FROM map.incident`).Scan(&rows, &uuids, &flows); err != nil {
		t.Fatal(err)
	}
	if rows != reports || uuids != reports || flows != reports || answers[201] != reports {
		t.Errorf("%d reports are %d rows of %d numbers with %d flow records; answered %v", reports, rows, uuids, flows, answers)
	}
	t.Logf("%d reports over %d connections in %v: answers %v", reports, phones, time.Since(begun).Round(time.Millisecond), answers)
}
