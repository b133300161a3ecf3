package backup

import (
	"context"

	"onemap/layers/cluster"
)

// RestoreRunning is [Restore] without waiting for disks; the city still runs.
func RestoreRunning(ctx context.Context, o RestoreOptions) (*cluster.Cluster, Restored, error) {
	o.fast = true
	return restore(ctx, o)
}

// Retain is retain.
var Retain = retain
