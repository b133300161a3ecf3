// Package cql2 reads filters in CQL2, the Common Query Language of the OGC
// (OGC 21-065r2), and makes them conditions of package where.
//
// It knows both encodings of the standard, text (clause 8.2 and annex B) and
// JSON (clause 8.3). It knows, in the words of the first: AND, OR,
// NOT; comparisons of a field with a value, either way around, and of two
// values; LIKE, BETWEEN, IN, IS NULL; CASEI; the spatial functions with
// literals of every kind; the temporal functions with instants and intervals,
// whose ends may be fields. It does not know ACCENTI, arithmetic, arrays,
// other functions, and comparisons of two fields, and says so.
//
// Where the standard leaves it open: BETWEEN takes texts, dates and times too.
// Against a field of times a DATE is its whole day in UTC: t = DATE('2026-01-31')
// asks for that day, t > DATE(…) for what comes after it; and a text that is a
// date or a time is taken for one where the field is. T_DURING and
// T_CONTAINS take an instant for an interval that begins and ends at once.
// CASEI on a field folds the other side too.
package cql2

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/paulmach/orb"

	"onemap/geo/where"
)

// Bounds of one filter. Work and memory grow with them, and they are far above
// what a person writes.
const (
	MaxLength = 16 << 10 // characters
	MaxDepth  = 32       // of parentheses and NOTs in each other
	MaxValues = 1000     // literals, coordinates aside
	MaxPoints = 2000     // of all geometries together
	MaxEdges  = 200      // points of what is asked whether it touches, crosses or overlaps: no row is spared any of them
	MaxShapes = 32       // spatial conditions, and members of collections: each is asked of every row near it
)

// An Error says what is wrong with a filter.
type Error struct {
	Position int    // the character, counted from 1, at which it is wrong
	Wrong    string // "found AND"
	Right    string // "expected a value after ="
}

func (e *Error) Error() string {
	return fmt.Sprintf("position %d: %s: %s", e.Position, e.Wrong, e.Right)
}

// A Parser reads filters on the features of one layer.
type Parser struct {
	// JSON: filters are in CQL2 JSON, else in CQL2 text.
	JSON bool
	// Field returns a field's type: text, integer, number, boolean, date, time or
	// geometry. ok is false for a field that there is not, for this caller.
	Field func(name string) (typ string, ok bool)
	// Names are shown to who names a field that there is not.
	Names []string
	// LatLon: the first of two coordinates is the latitude.
	LatLon bool
	// Project makes a point of EPSG:4326 (lon, lat) of two coordinates in their
	// own order. Nil: they are degrees. Its error is shown to the caller.
	Project func(x, y float64) (orb.Point, error)
}

// Parse reads a filter in CQL2 text whose coordinates are longitude and
// latitude. fields is [Parser]'s Field. Each error is an [*Error].
func Parse(text string, fields func(name string) (typ string, ok bool)) (where.Cond, error) {
	return Parser{Field: fields}.Parse(text)
}

// Parse reads a filter. Each error is an [*Error].
func (p Parser) Parse(text string) (c where.Cond, err error) {
	defer caught(&c, &err)
	check(text)
	if p.JSON {
		r := &jsonReader{builder{Parser: p}}
		return r.cond(decode(text), 0), nil
	}
	r := &reader{builder: builder{Parser: p}, text: []rune(text)}
	r.next()
	if r.tok.kind == end {
		r.fail(r.tok.at, "the filter is empty", "write a condition, as in state = 'open'")
	}
	c = r.expression(0)
	if r.tok.kind != end {
		r.expected("AND, OR or the end of the filter")
	}
	return c, nil
}

// invalidAt returns where the first byte is that begins no character.
func invalidAt(s string) int {
	return strings.IndexFunc(s, func(r rune) bool { return r == utf8.RuneError })
}

// fail ends the reading.
func (builder) fail(at int, wrong, right string) {
	panic(&Error{at, wrong, right})
}
