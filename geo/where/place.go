package where

import (
	"github.com/paulmach/orb"

	"onemap/geo/relate"
)

// At is the place of a geometry, for whoever has one at hand. A nil geometry is
// nowhere.
type At struct{ G orb.Geometry }

// Geometry returns the geometry.
func (a At) Geometry() orb.Geometry { return a.G }

// Meets says whether the geometry meets the box.
func (a At) Meets(b orb.Bound) bool { return a.G != nil && relate.MeetsBox(a.G, b) }
