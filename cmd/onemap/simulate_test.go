package main

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/layerstest"
	"onemap/layers/setup"
	"onemap/web/client"
	"onemap/web/drive"
)

// demoCity loads the small city by the command and returns API keys of its
// first accounts, by login.
func demoCity(t *testing.T, database string) map[string]string {
	t.Helper()
	var errs bytes.Buffer
	if status := execute(t.Context(), []string{"simulate", "--size", "small", "--database-url", database}, io.Discard, &errs); status != statusDone {
		t.Fatalf("onemap simulate: status %d: %s", status, &errs)
	}
	db, err := layers.Open(t.Context(), database)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	directory := access.NewDirectory(db)
	defer directory.Close()
	orgs, err := setup.DemoSeeds(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := directory.SeedUsers(t.Context(), operator(), orgs.Seeds()); err != nil {
		t.Fatal(err)
	}
	keys := map[string]string{}
	for _, login := range []string{"centre", "urban", "police", "worker"} {
		if keys[login], _, err = directory.CreateKey(t.Context(), operator(), login, "test", time.Time{}); err != nil {
			t.Fatal(err)
		}
	}
	return keys
}

// TestSimulate is the demonstration from end to end: the command loads a city,
// the driver keeps it busy through the public API, the live stream shows it.
func TestSimulate(t *testing.T) {
	database := layerstest.URL(t)
	keys := demoCity(t, database)
	cfg := Config{Listen: "127.0.0.1:0", Photos: filepath.Join(t.TempDir(), "photos"), Grace: time.Second, Timeout: 20 * time.Second}
	cfg.DatabaseURL = database
	n := startNode(t, func(ctx context.Context, ready func(net.Addr, []access.Seeded)) error {
		return run(ctx, cfg, quiet, func(a net.Addr) { ready(a, nil) })
	})
	centre := client.Client{URL: n.url, Key: keys["centre"]}
	watch := newWatch(t, centre)
	watch.start(t)

	var accounts []drive.Account
	for _, login := range []string{"centre", "urban", "police", "worker"} {
		accounts = append(accounts, drive.Account{Key: keys[login]})
	}
	acked := map[string]int64{}
	var mu sync.Mutex
	counts, err := drive.Run(t.Context(), drive.Options{URL: n.url, Accounts: accounts, Rate: 10, Reports: 40, Move: 500 * time.Millisecond,
		Acknowledged: func(r client.Report, i client.Incident) {
			mu.Lock()
			defer mu.Unlock()
			acked[r.UUID] = i.ID
		}})
	if err != nil {
		t.Fatal(err)
	}
	if len(acked) != 40 || counts.Reported.Load() != 40 || counts.Acted.Load() == 0 || counts.Moved.Load() < 2 || counts.Failed.Load() != 0 {
		t.Errorf("driven: %v; %d acknowledged", counts, len(acked))
	}
	for id := range watch.missing(t, acked) {
		t.Errorf("the live stream did not show incident %d", id)
	}
	// The worker went off the map at the end.
	after, err := centre.Features(t.Context(), "worker", url.Values{"properties": {"name"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range after.Features {
		if f.Properties.MustString("name", "") == "网格员" {
			t.Error("the driver's worker is still on the map")
		}
	}

	// What people reported is not lost to a second city by accident.
	var errs bytes.Buffer
	if status := execute(t.Context(), []string{"simulate", "--database-url", database}, io.Discard, &errs); status != statusFailed || !strings.Contains(errs.String(), "--replace") {
		t.Errorf("a second city over a person's reports: status %d: %s", status, &errs)
	}
}
