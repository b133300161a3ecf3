package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"onemap/cmd/onemap/tilefeed"
	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/accountability"
	"onemap/layers/address"
	"onemap/layers/alert"
	"onemap/layers/bridge"
	"onemap/layers/class"
	"onemap/layers/deploy"
	"onemap/layers/deploy/roads"
	"onemap/layers/edit"
	"onemap/layers/feed"
	"onemap/layers/forecast"
	"onemap/layers/forecast/deviation"
	"onemap/layers/forecast/firerisk"
	"onemap/layers/georef"
	"onemap/layers/grid"
	"onemap/layers/hazard"
	"onemap/layers/hook"
	"onemap/layers/incident"
	"onemap/layers/jobs"
	"onemap/layers/match"
	"onemap/layers/open311"
	"onemap/layers/opendata"
	"onemap/layers/position"
	"onemap/layers/pull"
	"onemap/layers/push"
	"onemap/layers/quality"
	"onemap/layers/search"
	"onemap/layers/sharing"
	"onemap/layers/task"
	"onemap/layers/upload"
	"onemap/tiles"
	"onemap/tiles/archive"
	"onemap/web"
	"onemap/web/live"
	"onemap/web/outbound"
)

type serveCommand struct {
	Config
	Migrate bool `help:"Bring the schema up to date first."`
}

func (serveCommand) Help() string {
	return `Any number of these may serve one database, behind a load balancer.
To follow the log, the database needs wal_level=logical and the role REPLICATION;
"onemap doctor --database-url …" tells what is missing.

Example:
  onemap serve --database-url postgres://onemap@db.city.example/onemap --listen :8080`
}

func (c serveCommand) Run(ctx context.Context, t terminal, log *slog.Logger) error {
	if c.DatabaseURL == "" {
		return fmt.Errorf("%w: serve needs --database-url; \"onemap up\" brings its own database", errUsage)
	}
	if c.Migrate {
		steps, err := layers.Migrate(ctx, c.DatabaseURL)
		if err != nil {
			return err
		}
		log.Info("schema is up to date", "steps", steps)
	}
	return run(ctx, c.Config, log, func(addr net.Addr) {
		_ = t.answer(map[string]any{"url": "http://" + addr.String()}, func(w io.Writer) { fmt.Fprintf(w, "onemap serves http://%s\n", addr) })
	})
}

// run serves the database at cfg.DatabaseURL until ctx ends, then lets open
// requests finish. It calls ready with the bound address, so that a test may
// ask for port 0.
func run(ctx context.Context, cfg Config, log *slog.Logger, ready func(net.Addr)) error {
	db, err := layers.Open(ctx, cfg.DatabaseURL)
	if err != nil {
		return err
	}
	defer db.Close()
	if err := checkSchema(ctx, cfg.DatabaseURL); err != nil {
		return err
	}
	photos, err := incident.OpenPhotos(cfg.photos(), db)
	if err != nil {
		return err
	}
	defer photos.Close()

	store := layers.NewStore(db)
	keys, err := cfg.keys(ctx, db, log)
	if err != nil {
		return err
	}
	directory := access.NewDirectory(db)
	directory.Keys = keys
	defer directory.Close()
	incidents := &incident.Store{Layers: store, Photos: photos}
	hazards := &hazard.Store{Layers: store}
	tasks := &task.Store{Layers: store, Incidents: incidents, Hazards: hazards}
	drafts := grid.NewDrafts(ctx, store, log)
	defer drafts.Close()
	queue, err := jobs.New(db)
	if err != nil {
		return err
	}
	queue.Log = log
	outside := outbound.New(cfg.Outbound)
	hooks := &hook.Store{Layers: store, Directory: directory, Incidents: incidents, Jobs: queue, Keys: keys, Log: log, Post: outside.Post, CheckURL: outside.Check}
	hooks.Work()
	alerts := &alert.Store{Layers: store, Jobs: queue}
	alerts.Work()
	shares := &sharing.Store{Layers: store, Classes: &class.Store{Layers: store}, Jobs: queue, Directory: directory}
	shares.Work()
	scores := &accountability.Store{Layers: store, Classes: shares.Classes}
	usage := &accountability.Usage{Layers: store, Classes: shares.Classes, Log: log}
	matching := &match.Store{Layers: store, Jobs: queue}
	matching.Work()
	uploads := upload.New(store, cfg.uploads(), 2)
	qualities := &quality.Store{Layers: store, Directory: directory, Classes: &class.Store{Layers: store}, Edit: &edit.Store{Layers: store}, Jobs: queue}
	qualities.Work()
	uploads.Quality, uploads.Georef, uploads.Log = qualities, &georef.Store{Layers: store}, log
	uploads.Locate = upload.ByAddress(&address.Store{Layers: store})
	uploads.Work(queue)
	pulls := &pull.Store{Uploads: uploads, Keys: keys, Directory: directory, Jobs: queue, Open: outside.Open, Dial: outside.Dial, Check: outside.Check}
	pulls.Work()
	opened := &opendata.Store{Layers: store, Jobs: queue}
	opened.Work()
	forecasts := &forecast.Store{Layers: store, Jobs: queue, Log: log}
	forecasts.Work()
	network := &roads.Store{Layers: store}
	fireRisk := &firerisk.Store{Layers: store, Tasks: tasks, Roads: network, Classes: shares.Classes, Jobs: queue, Log: log}
	fireRisk.Work()
	deviations := &deviation.Store{Layers: store, Classes: shares.Classes, Jobs: queue, Log: log}
	deviations.Work()
	positions := position.New(store)
	positions.Log = log
	defer positions.Close()
	hub := live.NewHub(store, directory)
	hub.Log = log
	stamps := new(tiles.Stamps)
	options := cfg.options()
	options.Stamps, options.Log = stamps, log
	keeper := tilefeed.NewKeeper(store, options)
	// The keeper before the hub: who is told that a tile is stale finds the new one.
	wal := feed.New(cfg.DatabaseURL, feed.Registry(store), directory.Reader(), positions.Reader(), keeper.Reader(), hub.Reader()) //nolint:contextcheck // readers live as long as the feed
	wal.Log = log
	shares.Wait = wal.Wait
	directory.Follow(wal.Status)
	positions.Follow(wal.Status)
	keeper.Follow(wal)
	hub.Follow(wal)

	var memory tiles.Source = keeper
	archives := map[string]func() *archive.File{}
	var base *tilefeed.Archive
	if cfg.BasePMTiles != "" {
		base = &tilefeed.Archive{Path: cfg.BasePMTiles, Store: store, Stamps: stamps, Visible: wal.Visible, Log: log}
		if err := base.Open(); err != nil {
			return fmt.Errorf("--base-pmtiles: %w", err)
		}
		memory = archive.First{base, keeper}
		archives[strings.TrimSuffix(filepath.Base(cfg.BasePMTiles), ".pmtiles")] = base.File
	}
	maker := &tiles.Maker{
		Memory: memory, PostGIS: tilefeed.PostGIS{Store: store, Visible: wal.Visible}, Position: keeper.Position, Wait: keeper.Wait,
		Stamps: stamps, CacheBytes: uint64(cfg.TileCache), Timeout: cfg.Timeout,
	}
	provider, err := cfg.OIDC.provider()
	if err != nil {
		return err
	}
	audit := access.NewAudit(db)
	counted := metrics(wal.Status, hub, keeper)
	counted.MustRegister(tileMetrics{maker}, jobMetrics{db})
	s := &web.Server{
		Open:  opened,
		Store: store, Directory: directory, Audit: audit, OIDC: provider, Incidents: incidents, Positions: positions, Hooks: hooks, Alerts: alerts, Sharing: shares, Scores: scores, Usage: usage, Quality: qualities, Matching: matching, Stationing: &deploy.Store{Layers: store, Roads: network}, Forecasts: forecasts, FireRisk: fireRisk, Deviations: deviations,
		Bridges: &bridge.Store{Layers: store, Incidents: incidents}, Open311: &open311.Store{Layers: store}, Outbound: outside,
		Tasks: tasks, Hazards: hazards, Grids: drafts, Uploads: uploads, Push: &push.Store{Uploads: uploads}, Pulls: pulls,
		Tiles: maker, Degrees: &tiles.Maker{PostGIS: tilefeed.PostGIS{Store: store, Visible: wal.Visible, Degrees: true}}, Search: &search.Index{Layers: store}, Addresses: &address.Store{Layers: store}, Hub: hub, Feed: wal.Status, Archives: archives,
		Metrics: counted, Timeout: cfg.Timeout, PublicURL: cfg.PublicURL, Proxies: cfg.Proxies, Log: log, Version: programVersion(),
	}
	ln, err := net.Listen("tcp", cfg.Listen)
	if err != nil {
		return fmt.Errorf("listen on %s: %w: choose another address with --listen", cfg.Listen, err)
	}
	// What requests need goes on until the last one is answered. Live
	// connections would never end by themselves: the hub closes them at once.
	working, rest := context.WithCancel(context.WithoutCancel(ctx))
	defer rest()
	living, hangUp := context.WithCancel(ctx)
	defer hangUp()
	var work errgroup.Group
	work.Go(func() error { return hub.Run(living) })
	work.Go(func() error { return wal.Run(working) })
	work.Go(func() error { return keeper.Run(working) })
	work.Go(func() error { return positions.Run(working) })
	work.Go(func() error { return queue.Run(working) })
	work.Go(func() error { return usage.Run(working) })
	work.Go(func() error { return audit.Run(working, log) })
	if base != nil {
		work.Go(func() error { return base.Run(working) })
	}
	work.Go(func() error { sweep(working, incidents, log); return nil })
	work.Go(func() error { sweepTasks(working, tasks, hazards, log); return nil })
	work.Go(func() error { escalate(working, incidents, log); return nil })
	work.Go(func() error { releaseDays(working, store, log); return nil })
	if err := drafts.Resume(ctx); err != nil {
		log.Error("grid drafts", "error", err)
	}
	err = serveHTTP(ctx, cfg, ln, s.Handler(), log, ready)
	hangUp()
	rest()
	return errors.Join(err, work.Wait())
}

// serveHTTP answers requests until ctx ends and those then open are finished.
func serveHTTP(ctx context.Context, cfg Config, ln net.Listener, h http.Handler, log *slog.Logger, ready func(net.Addr)) error {
	// Times that bound what a slow client may hold; routes set their own for
	// bodies and answers, ReadTimeout is for what goes to no route.
	srv := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug)}
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(ln) }()
	ready(ln.Addr())
	select {
	case err := <-failed:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	log.Info("stopping: open requests finish", "within", cfg.Grace)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cfg.Grace)
	defer cancel()
	if err := srv.Shutdown(ctx); err != nil {
		log.Warn("some requests did not finish in time", "error", err)
		_ = srv.Close() // it has no more to say than Shutdown
	}
	return nil
}

// sweep tidies up every few minutes, until ctx ends.
func sweep(ctx context.Context, incidents *incident.Store, log *slog.Logger) {
	tick := time.NewTicker(3 * time.Minute)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if err := incidents.Sweep(ctx); err != nil && ctx.Err() == nil {
			log.Error("tidy up", "error", err)
		}
	}
}

// sweepTasks makes the tasks that are due and looks at the clocks of hazards,
// at once and then every few minutes, until ctx ends.
func sweepTasks(ctx context.Context, tasks *task.Store, hazards *hazard.Store, log *slog.Logger) {
	tick := time.NewTicker(3 * time.Minute)
	defer tick.Stop()
	for {
		if err := errors.Join(tasks.Sweep(ctx), hazards.Sweep(ctx)); err != nil && ctx.Err() == nil {
			log.Error("tasks that are due", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// escalate has the clocks of cases looked at every half minute, until ctx ends.
func escalate(ctx context.Context, incidents *incident.Store, log *slog.Logger) {
	tick := time.NewTicker(30 * time.Second)
	defer tick.Stop()
	for {
		n, err := incidents.Escalate(ctx)
		if err != nil && ctx.Err() == nil {
			log.Error("escalate cases", "error", err)
		}
		if n > 0 {
			log.Info("clocks of cases were noted", "cases", n)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
