// Package class is the classes of components (部件) and matters (事项): their
// editions and the crosswalk between them, the filing conditions and limits,
// whose matter a class is, and the calendar by which limits are counted.
//
// A class is named by standard, kind and code: in GB/T 47678.5-2026 components
// and matters share their digits. The national lists are cited second-hand;
// each class says how sure it is (Certainty).
//
// Everybody reads; administrators change. What they change is kept with what
// was there before, and can be put back.
package class

import (
	"context"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
	"onemap/layers/worktime"
)

// Store reads and writes classes. Its methods are safe for concurrent use.
type Store struct {
	Layers *layers.Store

	mu     sync.Mutex
	clocks clocks // as last read
	readAt time.Time
}

// A Reader is a pool of connections, or a transaction.
type Reader interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// Kinds of classes.
const (
	Component = "component" // 部件
	Matter    = "matter"    // 事项; in editions before 2026 事件
)

// clocks is what limits are counted with.
type clocks struct {
	calendar worktime.Calendar
	stages   map[string]worktime.Allowance
	warn     int // percent
}

// keep is how long a process counts with clocks that were changed elsewhere.
const keep = 3 * time.Second
