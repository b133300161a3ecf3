package main

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"onemap/cmd/onemap/bench"
	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/cluster"
	"onemap/layers/setup"
	"onemap/layers/simulate"
)

type benchCommand struct {
	Names       []string `arg:"" optional:"" name:"name" help:"Which: cases, catalogue, deploy, feed, forecast, geocoding, import, live, matching, positions, scope, tiles; all if left out."`
	DatabaseURL string   `help:"A PostgreSQL to measure on, as a role that may create databases (default: a private one, thrown away after)." placeholder:"URL" name:"database-url"`
	Size        string   `help:"Of the simulated city: ${enum}." enum:"small,city" default:"small"`
	Only        []string `help:"Parts of a benchmark that has parts. Of forecast: portland, portland-months, st-louis, minneapolis, fire, scorer, city, backtest, etas; of deploy: mclp, models, patrols, what-if." placeholder:"PART"`
}

func (benchCommand) Help() string {
	return `Each benchmark measures onemap beside the usual way of doing the same, in the same run. Quote the ratio: machines
differ, and a shared one is noisy.

Example:
  onemap bench
  onemap bench tiles --json
  onemap bench forecast --only etas,backtest`
}

func (c benchCommand) Run(ctx context.Context, t terminal, log *slog.Logger) error {
	names := c.Names
	if len(names) == 0 {
		names = slices.Sorted(maps.Keys(bench.Benches))
	}
	for _, n := range names {
		if bench.Benches[n] == nil {
			return fmt.Errorf("%w: there is no benchmark %q: use %s", errUsage, n, strings.Join(slices.Sorted(maps.Keys(bench.Benches)), ", "))
		}
	}
	url := c.DatabaseURL
	if url == "" {
		dir, err := os.MkdirTemp("", "onemap-bench-pg-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		if err := os.Chmod(dir, 0o755); err != nil { // PostgreSQL's user passes through it
			return err
		}
		db, err := cluster.Start(ctx, cluster.Options{Dir: filepath.Join(dir, "data"), Log: log})
		if err != nil {
			return err
		}
		defer func() { _ = db.Stop() }() // its folder is thrown away
		url = db.AdminURL()              // who may create databases
	}
	report, end := bench.JSON(t.out), func() {}
	if !t.json {
		report, end = bench.Table(t.out)
	}
	defer end()
	for _, n := range names {
		err := bench.Benches[n](ctx, bench.Options{
			DatabaseURL: url, Size: c.Size, Only: c.Only, Report: report,
			Progress: func(what string) { fmt.Fprintf(t.err, "%s: %s …\n", n, what) },
			City:     func(ctx context.Context, dbURL string) (string, error) { return benchCity(ctx, dbURL, c.Size) },
			Serve:    func(ctx context.Context, dbURL string) (string, func(), error) { return benchServer(ctx, dbURL, log) },
			Spawn:    spawnServer,
			CPU:      usedCPU,
		})
		if err != nil {
			return fmt.Errorf("bench %s: %w", n, err)
		}
	}
	return nil
}

// benchServer serves a database on a free port until stop is called. It logs
// what goes wrong alone: its access log would bury the table.
func benchServer(ctx context.Context, dbURL string, log *slog.Logger) (url string, stop func(), err error) {
	log = slog.New(warnings{log.Handler()})
	photos, err := os.MkdirTemp("", "onemap-bench-photos-")
	if err != nil {
		return "", nil, err
	}
	cfg := Config{Listen: "127.0.0.1:0", Photos: photos, Timeout: time.Minute, Grace: time.Second}
	cfg.DatabaseURL = dbURL
	ctx, cancel := context.WithCancel(ctx)
	ready, ended := make(chan net.Addr, 1), make(chan error, 1)
	go func() { ended <- run(ctx, cfg, log, func(a net.Addr) { ready <- a }) }()
	stop = func() {
		cancel()
		if err := <-ended; err != nil {
			log.Error("stop the server", "error", err)
		}
		os.RemoveAll(photos)
	}
	select {
	case a := <-ready:
		return "http://" + a.String(), stop, nil
	case err := <-ended:
		cancel()
		return "", nil, err
	}
}

// benchCity fills a database with the simulated city and returns an API key of
// its command centre.
func benchCity(ctx context.Context, dbURL, size string) (key string, err error) {
	db, err := layers.Open(ctx, dbURL)
	if err != nil {
		return "", err
	}
	defer db.Close()
	if _, err := simulate.Load(ctx, layers.NewStore(db), simulate.Options{Seed: 1, Size: size}); err != nil {
		return "", err
	}
	orgs, err := setup.DemoSeeds(ctx, db)
	if err != nil {
		return "", err
	}
	directory := access.NewDirectory(db)
	defer directory.Close()
	if _, err := directory.SeedUsers(ctx, operator(), orgs.Seeds()); err != nil {
		return "", err
	}
	key, _, err = directory.CreateKey(ctx, operator(), "centre", "bench", time.Time{})
	return key, err
}
