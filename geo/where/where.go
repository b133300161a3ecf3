// Package where holds conditions on features as plain values.
//
// A Scope and a filter query are built from them; package layers writes them
// as SQL and package tiles runs them on columns. [Match] is their meaning:
// whatever else runs a condition must agree with it. Their canonical [Hash] is
// the fingerprint that cache keys and ETags contain.
//
// A comparison with a field that the feature leaves empty (nil) is false, as in
// a WHERE clause, and so is its negation: Not of a comparison also asks that
// the field has a value.
package where

import (
	"strings"

	"github.com/paulmach/orb"
)

// Cond is a condition on one feature. Its values are those of this package
// only. Field values are string, int64, float64, bool or time.Time.
type Cond interface {
	// canon appends a text that is equal for equal conditions.
	canon(b *strings.Builder)
}

// All holds where each of its conditions holds; the empty one always does.
type All []Cond

// Any holds where at least one of its conditions holds; the empty one never does.
type Any []Cond

// Not holds where C is false, and not where C is unknown for want of a value.
type Not struct{ C Cond }

// Eq holds where the field has the value.
type Eq struct {
	Field string
	Value any
}

// In holds where the field has one of the values; without values it never does.
type In struct {
	Field  string
	Values []string
}

// Prefix holds where the text field begins with Prefix; the empty prefix, where
// the field has a value.
type Prefix struct{ Field, Prefix string }

// Range holds where Min <= field < Max; MinOpen makes it Min < field, MaxClosed
// field <= Max. A nil end is open, and with both open it holds where the field
// has a value.
type Range struct {
	Field              string
	Min, Max           any
	MinOpen, MaxClosed bool
}

// Like holds where the whole text of the field is as Pattern: % stands for any
// run of characters, _ for any one, and a backslash takes the next character
// as it is (at the pattern's end it stands for itself). With Fold, texts and
// pattern are compared by their [Fold].
type Like struct {
	Field, Pattern string
	Fold           bool
}

// Empty holds where the field has no value.
type Empty struct{ Field string }

// Within holds where the feature's geometry meets the box, in degrees of
// EPSG:4326 (lon, lat). Edges belong to the box.
type Within struct{ Bound orb.Bound }

// Spatial holds where the feature's geometry stands to Geometry as Op says:
// "intersects", "disjoint", "within", "contains", "touches", "crosses",
// "overlaps" or "equals", as PostGIS's ST_ functions of these names say it of
// the plane of degrees of EPSG:4326 (lon, lat). The feature is on the left: it
// is within Geometry. Geometry must be valid (see package relate).
type Spatial struct {
	Op       string
	Geometry orb.Geometry
}

var (
	// True holds for every feature.
	True Cond = All(nil)
	// False holds for none.
	False Cond = Any(nil)
)

// IsTrue says whether c is the condition that always holds.
func IsTrue(c Cond) bool { a, ok := c.(All); return ok && len(a) == 0 }

// IsFalse says whether c is the condition that never holds.
func IsFalse(c Cond) bool { a, ok := c.(Any); return ok && len(a) == 0 }

// And returns the simplified conjunction.
func And(cs ...Cond) Cond { return Simplify(All(cs)) }

// Or returns the simplified disjunction.
func Or(cs ...Cond) Cond { return Simplify(Any(cs)) }
