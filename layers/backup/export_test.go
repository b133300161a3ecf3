package backup

import "context"

// RestoreFast is [Restore] without waiting for disks.
func RestoreFast(ctx context.Context, o RestoreOptions) (Restored, error) {
	o.fast = true
	return Restore(ctx, o)
}

// Retain is retain.
var Retain = retain
