package catalog

import (
	"slices"
	"strings"
)

// counts counts results by facet: with a value of a facet chosen, the other
// values of that facet are counted as if it were not.
type counts struct {
	filters [facets]func(value string) bool // nil: all
	n       [facets]map[string]int
}

func newCounts(q Query) *counts {
	c := &counts{}
	for i := range c.n {
		c.n[i] = map[string]int{}
	}
	one := func(values []string) func(string) bool {
		if len(values) == 0 {
			return nil
		}
		return func(v string) bool { return slices.Contains(values, v) }
	}
	below := func(values []string) func(string) bool {
		if len(values) == 0 {
			return nil
		}
		return func(v string) bool {
			return slices.ContainsFunc(values, func(above string) bool { return strings.HasPrefix(v, above) })
		}
	}
	// A class of one digit is a 类; what is longer is looked up in the whole code.
	var kinds, classes []string
	for _, class := range q.Class {
		if len(class) == 1 {
			kinds = append(kinds, class)
		} else {
			classes = append(classes, class)
		}
	}
	c.filters = [facets]func(string) bool{byKind: one(kinds), byClass: below(classes), byProvider: one(q.Provider), byArea: below(q.Area), byShare: one(q.Share),
		byOpen: one(q.Open), byFormat: one(q.Format), byCycle: one(q.Cycle), byGrading: one(q.Grading), byMounted: one(q.Mounted), bySight: one(q.Sight)}
	return c
}

// add counts a result, and says whether it holds all filters.
func (c *counts) add(d *doc, sight string) bool {
	failed, which := 0, 0
	for i, f := range c.filters {
		if f == nil {
			continue
		}
		value := d.values[i]
		switch i {
		case byClass:
			value = d.r.Class
		case bySight:
			value = sight
		}
		if !f(value) {
			failed++
			which = i
			if failed > 1 {
				return false
			}
		}
	}
	for i := range c.n {
		if failed == 1 && which != i {
			continue
		}
		value := d.values[i]
		if i == bySight {
			value = sight
		}
		c.n[i][value]++
	}
	return failed == 0
}

// facets are the counts, with names.
func (c *counts) facets(x *index) []Facet {
	out := make([]Facet, facets)
	for i := range out {
		out[i] = Facet{Name: facetNames[i], Values: make([]FacetValue, 0, len(c.n[i]))}
		for v, n := range c.n[i] {
			name := x.names[facetName{i, v}]
			out[i].Values = append(out[i].Values, FacetValue{v, name[0], name[1], n})
		}
		slices.SortFunc(out[i].Values, func(a, b FacetValue) int {
			if a.Count != b.Count {
				return b.Count - a.Count
			}
			return strings.Compare(a.Value, b.Value)
		})
	}
	return out
}

// facetName is a value of a facet that has a name.
type facetName struct {
	facet int
	value string
}
