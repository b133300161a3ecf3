// Package relate says how two geometries stand to each other in the plane.
package relate

import "github.com/paulmach/orb"

// Holds says whether a stands to b as op says.
func Holds(op string, a, b orb.Geometry) bool { return false }

// MeetsBox says whether g meets the closed box.
func MeetsBox(g orb.Geometry, b orb.Bound) bool { return g.Bound().Intersects(b) }
