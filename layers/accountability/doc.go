// Package accountability says how departments share what they have: a score
// card each, and an index of all of them published by period (服务指数).
//
// Every number is a sum of [Item]s, A of B, and every item can be looked at:
// the score and its drill-down are one query ([indicators]). Each indicator
// says its rule in words. Where B is nothing there is no number, neither 0 nor
// 100, and it does not count in the whole.
//
// A published index keeps its items, so that a number stays what it was when it
// was published. A department objects to an item; what the command centre
// accepts does not count in the index's next revision.
//
// Organisations are scored, never persons.
package accountability

import (
	"time"

	"onemap/layers"
	"onemap/layers/class"
)

// Store scores. Its methods are safe for concurrent use.
type Store struct {
	Layers  *layers.Store
	Classes *class.Store // for the city's time zone
	Now     func() time.Time
}

func (s *Store) now() time.Time {
	if s.Now != nil {
		return s.Now()
	}
	return time.Now()
}
