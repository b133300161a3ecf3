// Package scorefile reads forecasts and events from files, in any coordinate
// system, for package score: a vendor's map as GeoJSON, CSV, a Shapefile in a
// zip or any other format of layers/datafile.
//
// Only the place of a cell and its score or flag, and the time, place and class
// of an event are read. No other column is looked at.
package scorefile

import (
	"fmt"
	"slices"
	"strings"

	"onemap/layers"
	"onemap/layers/datafile"
)

// columns finds columns by name.
type columns []string

// find returns the index of a column. Named is what a person typed, and must
// exist; where it is empty one of the usual names will do, or none (-1).
func (c columns) find(option, named string, usual ...string) (int, error) {
	if named != "" {
		if i := c.index(named); i >= 0 {
			return i, nil
		}
		return -1, &layers.InputError{Field: option, Value: layers.Short(named), Remedy: "one of the file's columns: " + strings.Join(c, ", ")}
	}
	for _, u := range usual {
		if i := c.index(u); i >= 0 {
			return i, nil
		}
	}
	return -1, nil
}

func (c columns) index(name string) int {
	if i := slices.Index(c, name); i >= 0 {
		return i
	}
	return slices.IndexFunc(c, func(have string) bool { return strings.EqualFold(strings.TrimSpace(have), name) })
}

// at returns a value, "" for a column that is not there.
func at(r *datafile.Row, column int) string {
	if column < 0 || column >= len(r.Values) {
		return ""
	}
	return strings.TrimSpace(r.Values[column])
}

// wrong is a fault of one row.
func wrong(r *datafile.Row, column, value, remedy string) error {
	return &layers.InputError{Field: fmt.Sprintf("%s, row %d", column, r.Line), Value: layers.Short(value), Remedy: remedy}
}
