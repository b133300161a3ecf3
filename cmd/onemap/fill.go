package main

import (
	"context"
	"log/slog"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/class"
	"onemap/layers/quality"
	"onemap/layers/setup"
	"onemap/layers/simulate"
)

// fill puts a city into an empty database, and says to which organisations its
// first accounts belong. It may be repeated after it was cut short.
func fill(ctx context.Context, city string, store *layers.Store, directory *access.Directory, log *slog.Logger) (access.SeedOrgs, error) {
	if city == "none" {
		log.Info("preparing an empty city")
		return setup.BareSeeds, setup.Bare(ctx, store.DB(), directory, operator())
	}
	log.Info("building the demo city")
	sum, err := simulate.Load(ctx, store, simulate.Options{Seed: 1, Size: "small"})
	if err != nil {
		return access.SeedOrgs{}, err
	}
	log.Info("the demo city is there", "rows", total(sum.Rows), "took", sum.Duration.Round(10e6))
	rules := &quality.Store{Layers: store, Directory: directory, Classes: &class.Store{Layers: store}}
	for _, layer := range []string{"asset", "enterprise", "inspection", "place"} {
		if _, err := rules.Adopt(ctx, operator(), layer); err != nil {
			return access.SeedOrgs{}, err
		}
	}
	return setup.DemoSeeds(ctx, store.DB())
}

func total(rows map[string]int64) (n int64) {
	for _, r := range rows {
		n += r
	}
	return n
}
