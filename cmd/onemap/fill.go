package main

import (
	"context"
	"log/slog"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/setup"
)

// fill puts a city into an empty database, and says to which organisations its
// first accounts belong. It may be repeated after it was cut short.
func fill(ctx context.Context, city string, store *layers.Store, directory *access.Directory, log *slog.Logger) (access.SeedOrgs, error) {
	log.Info("preparing an empty city")
	return setup.BareSeeds, setup.Bare(ctx, store.DB(), directory, operator())
}
