package intake

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/paulmach/orb"

	"onemap/geo/crs"
	"onemap/layers"
	"onemap/layers/grid"
)

// A plan is a mapping fitted to a layer's table: what an import does to each row.
type plan struct {
	m     Mapping
	table *table
	cols  columns
	crs   crs.CRS

	key    []int
	lon    int // slots; -1: the geometry of GeoJSON
	lat    int
	staged *stagedPlace // of files that are staged; nil: of the others
	keep   []rule
	skip   []rule
	cancel *cancelRule
	fields []field // in the order in which they are written
	attrs  []field // into the column attributes
	bounds orb.Bound
	finder *grid.Finder

	classes *classTable // where the layer has classes
	cases   *casePlan   // where incidents are cases
	// Where fields[i] is: -1 if the mapping does not set it.
	standardAt, codeAt, severityAt, deptAt int
}

// A rule is a compiled [Rule].
type rule struct {
	slot    int
	equals  *string
	in      []string
	matches *regexp.Regexp
	empty   *bool
	reason  string
}

type cancelRule struct {
	when rule
	key  []int
}

// newPlan fits a mapping to a table. Errors are [layers.InputError].
func newPlan(m Mapping, t *table, c crs.CRS) (*plan, error) {
	p := &plan{m: m, table: t, crs: c, lon: -1, lat: -1}
	bad := func(key string, err error) error {
		return &layers.InputError{Field: m.Name, Remedy: fmt.Sprintf("%s: %v", key, err)}
	}
	for _, k := range m.Key.Columns {
		p.key = append(p.key, p.cols.slot(k))
	}
	if m.Geometry.Lon != "" {
		p.lon, p.lat = p.cols.slot(m.Geometry.Lon), p.cols.slot(m.Geometry.Lat)
	}
	var err error
	if p.keep, err = compileRules(m.Keep, &p.cols); err != nil {
		return nil, bad("keep", err)
	}
	if p.skip, err = compileRules(m.Skip, &p.cols); err != nil {
		return nil, bad("skip", err)
	}
	if m.Cancel != nil {
		when, err := compileRules([]Rule{m.Cancel.When}, &p.cols)
		if err != nil {
			return nil, bad("cancel", err)
		}
		p.cancel = &cancelRule{when: when[0]}
		for _, k := range m.Cancel.Columns {
			p.cancel.key = append(p.cancel.key, p.cols.slot(k))
		}
	}
	given := maps.Clone(m.Fields)
	if given == nil {
		given = map[string]Value{}
	}
	assume(t.layer.Name, given)
	assumeCases(m, given)
	for _, name := range slices.Sorted(maps.Keys(given)) {
		col, ok := t.byName[name]
		if !ok || slices.Contains([]string{"id", "source_key", "geom", "crs", "orig", "grid_code", "area_code", "batch", "updated_at", "attributes", "version"}, name) {
			return nil, bad("fields", fmt.Errorf("layer %s has no field %s to set", t.layer.Name, name))
		}
		f, err := compileField(col, name, given[name], m, &p.cols)
		if err != nil {
			return nil, bad("fields", err)
		}
		p.fields = append(p.fields, f)
	}
	if len(m.Attributes) > 0 && t.byName["attributes"] == nil {
		return nil, bad("attributes", fmt.Errorf("layer %s has none", t.layer.Name))
	}
	types := map[string]kind{"": text, "text": text, "integer": bigint, "number": float8, "boolean": boolean, "date": date, "time": timestamp}
	for _, name := range slices.Sorted(maps.Keys(m.Attributes)) {
		v := m.Attributes[name]
		f, err := compileField(&column{name: name, kind: types[v.Type]}, "attributes."+name, v, m, &p.cols)
		if err != nil {
			return nil, bad("attributes", err)
		}
		p.attrs = append(p.attrs, f)
	}
	at := func(name string) int {
		return slices.IndexFunc(p.fields, func(f field) bool { return f.name == name })
	}
	p.standardAt, p.codeAt, p.severityAt, p.deptAt = at("class_standard"), at("class_code"), at("severity"), at("dept_code")
	for i := range t.columns { // what the table wants and nobody gives
		c := &t.columns[i]
		if !c.notNull || c.hasValue || at(c.name) >= 0 || slices.Contains([]string{"grid_code", "area_code", "geom", "severity"}, c.name) {
			continue
		}
		return nil, bad("fields", fmt.Errorf("layer %s needs the field %s", t.layer.Name, c.name))
	}
	return p, nil
}

// assume gives the fields of an incident that a historic list need not name:
// it was imported, it is closed, and it was reported when it happened.
func assume(layer string, given map[string]Value) {
	if layer != "incident" {
		return
	}
	set := func(name, value string) {
		if _, ok := given[name]; !ok {
			given[name] = Value{Const: &value}
		}
	}
	set("source", "import")
	set("state", "closed")
	if v, ok := given["occurred_at"]; ok {
		if _, ok := given["reported_at"]; !ok {
			given["reported_at"] = v
		}
	}
}

func compileRules(rules []Rule, cols *columns) ([]rule, error) {
	var out []rule
	for _, r := range rules {
		n := 0
		for _, given := range []bool{r.Equals != nil, len(r.In) > 0, r.Matches != "", r.IsEmpty != nil} {
			if given {
				n++
			}
		}
		if r.Column == "" || n != 1 {
			return nil, fmt.Errorf("give a column and one of equals, in, matches and empty")
		}
		c := rule{slot: cols.slot(r.Column), equals: r.Equals, in: r.In, empty: r.IsEmpty, reason: r.Reason}
		if r.Matches != "" {
			re, err := regexp.Compile(r.Matches)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", r.Column, err)
			}
			c.matches = re
		}
		if c.reason == "" {
			c.reason = "by " + r.Column
		}
		out = append(out, c)
	}
	return out, nil
}

func (c *rule) holds(r *record) bool {
	v := strings.TrimSpace(r.values[c.slot])
	switch {
	case c.equals != nil:
		return v == *c.equals
	case c.matches != nil:
		return c.matches.MatchString(v)
	case c.empty != nil:
		return (v == "") == *c.empty
	}
	return slices.Contains(c.in, v)
}

// unwanted returns why a row is none of the layer's, "" if it is.
func (p *plan) unwanted(r *record) string {
	for i := range p.keep {
		if !p.keep[i].holds(r) {
			return p.keep[i].reason
		}
	}
	for i := range p.skip {
		if p.skip[i].holds(r) {
			return p.skip[i].reason
		}
	}
	return ""
}

// written returns the columns that an import writes, in the order of a tuple,
// without id and line.
func (p *plan) written() []string {
	names := []string{"source_key"}
	for i := range p.fields {
		names = append(names, p.fields[i].name)
	}
	if p.fillsSeverity() {
		names = append(names, "severity")
	}
	if p.fillsDept() {
		names = append(names, "dept_code")
	}
	if len(p.attrs) > 0 {
		names = append(names, "attributes")
	}
	return append(names, "grid_code", "area_code", "crs", "orig", "batch", "geom")
}

// fillsSeverity says whether a row's severity is its class's.
func (p *plan) fillsSeverity() bool {
	return p.classes != nil && p.severityAt < 0 && p.table.byName["severity"] != nil
}

// fillsDept says whether a row's department is its class's.
func (p *plan) fillsDept() bool {
	return p.classes != nil && p.deptAt < 0 && p.table.byName["dept_code"] != nil
}
