// Package quality measures data by the six dimensions of GB/T 36344-2018, each
// X = A / B with A and B shown, and carries corrections (校核纠错) from whoever
// finds an error to the provider who answers for the layer.
//
// A layer's rules are rows of onemap.quality_rule. A [Rule] says its kind, and
// the kind (kinds.go) how it is tested: as an expression on each row, as a
// statement over all rows, or as a question about the layer. [Store.Check] runs
// a layer's rules set-wise over any table that has the layer's columns by
// name: the layer's own, or the staging table of an import. What it finds is
// kept: counts for ever, the numbers of failing rows until the next run. The
// values of failing rows are never copied; they are read where they are, by
// the reader's right.
//
// Geometry is longitude and latitude in degrees, EPSG:4326; distances are metres.
package quality

import (
	"time"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/class"
	"onemap/layers/edit"
	"onemap/layers/jobs"
)

// Store keeps rules, runs them, and carries corrections. Its methods are safe
// for concurrent use.
type Store struct {
	Layers    *layers.Store
	Directory *access.Directory // what a layer's owner may see of others'; nil: only what is shared with all
	Classes   *class.Store      // the calendar of working days
	Edit      *edit.Store       // corrects rows
	Jobs      *jobs.Queue       // reminders and the nightly runs; nil: there are none
	Clock     func() time.Time  // nil: time.Now
}

func (s *Store) now() time.Time {
	if s.Clock != nil {
		return s.Clock()
	}
	return time.Now()
}
