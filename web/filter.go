package web

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/paulmach/orb"

	"onemap/geo/where"
	"onemap/layers"
	"onemap/layers/access"
)

// Filter is what a caller narrows a layer with; the same for tiles, lists,
// statistics and live. It is also the query parameters of huma's inputs.
type Filter struct {
	BBox     string `query:"bbox" doc:"west,south,east,north in degrees; west over east crosses the antimeridian" example:"120.0,29.2,120.2,29.4"`
	Grid     string `query:"grid" doc:"Governance grid codes, separated by commas"`
	Area     string `query:"area" doc:"The first digits of an administrative division's code"`
	Class    string `query:"class" doc:"Class codes, separated by commas"`
	Datetime string `query:"datetime" doc:"An instant, or an interval a/b, a/.. or ../b: RFC 3339 times or dates; the end does not belong to it" example:"2026-11-01T00:00:00Z/2026-11-02T00:00:00Z"`
	State    string `query:"state" doc:"States, separated by commas; one that the layer does not have is refused, with those that it has"`
	Severity string `query:"severity" doc:"Severities or risks, 1 red to 4 blue, separated by commas"`
	Dept     string `query:"dept" doc:"Department codes, separated by commas"`
	CQL2     string `query:"filter" doc:"A condition in CQL2 text (OGC 21-065r2) on the fields that you may see, id and geom: comparisons, AND, OR, NOT, LIKE, BETWEEN, IN, IS NULL, CASEI, S_INTERSECTS and the other spatial functions, T_DURING and the other temporal ones. At most 16384 characters, 1000 values, 2000 points (200 where S_TOUCHES, S_CROSSES or S_OVERLAPS asks), 32 spatial conditions and members of collections, 32 conditions in each other. Of grids, one that names neither valid_from nor valid_to means those in force" example:"severity <= 2 AND S_INTERSECTS(geom, BBOX(120.0, 29.2, 120.2, 29.4))"`
	Language string `query:"filter-lang" doc:"The language of filter: cql2-text, also where it is left out, or cql2-json"`
	CRS      string `query:"filter-crs" doc:"The system of the coordinates in filter, by its URI, with its order of axes; left out: CRS84, longitude and latitude" example:"http://www.opengis.net/def/crs/OGC/1.3/CRS84"`

	grids []string // what Grid stands for; see narrow
}

// filterFields are the parameters: the fields of [Filter] that have a tag. The
// tags are all that huma, the plain routes and the API's description know of them.
var filterFields = func() []reflect.StructField {
	return slices.DeleteFunc(reflect.VisibleFields(reflect.TypeFor[Filter]()), func(f reflect.StructField) bool { return f.Tag.Get("query") == "" })
}()

// filterNames are their names.
var filterNames = func() []string {
	names := make([]string, len(filterFields))
	for i, f := range filterFields {
		names[i] = f.Tag.Get("query")
	}
	return names
}()

// filterOf reads the filter's parameters of a plain route.
func filterOf(get func(string) string) Filter {
	var f Filter
	v := reflect.ValueOf(&f).Elem()
	for i, field := range filterFields {
		v.FieldByIndex(field.Index).SetString(get(filterNames[i]))
	}
	return f
}

// filterParams describes them, in the words of the Filter's own tags.
func filterParams(op *huma.Operation) {
	for _, f := range filterFields {
		inQuery(f.Tag.Get("query"), f.Tag.Get("doc"))(op)
	}
}

// cond makes the filter a condition on l. A parameter whose field the layer
// lacks, or that the caller may not see, is an error: a filter by a hidden
// field would tell its values.
func (f Filter) cond(l layers.Layer, right access.Right) (where.Cond, error) {
	all := where.All{}
	add := func(c where.Cond) { all = append(all, c) }
	usable := func(param string, fields ...string) (string, error) {
		for _, name := range fields {
			if slices.Contains(right.Fields, name) {
				return name, nil
			}
		}
		return "", &layers.InputError{Field: "query." + param, Remedy: "leave it out: layer " + l.Name + " has no such field for you"}
	}
	if f.BBox != "" {
		c, err := parseBox(f.BBox)
		if err != nil {
			return nil, err
		}
		add(c)
	}
	for _, p := range []struct {
		param, value string
		fields       []string
	}{
		{"grid", f.Grid, []string{"grid_code"}}, {"class", f.Class, []string{l.ClassField}},
		{"state", f.State, []string{"state"}}, {"dept", f.Dept, []string{"dept_code"}},
	} {
		if p.value == "" {
			continue
		}
		name, err := usable(p.param, p.fields...)
		if err != nil {
			return nil, err
		}
		values, err := list("query."+p.param, p.value, 200)
		if err != nil {
			return nil, err
		}
		if p.param == "grid" && f.grids != nil {
			values = f.grids
		}
		if err := l.CheckValues("query."+p.param, name, values); err != nil {
			return nil, err
		}
		add(where.In{Field: name, Values: values})
	}
	if f.Area != "" {
		name, err := usable("area", "area_code")
		if err != nil {
			return nil, err
		}
		if err := plainText("query.area", f.Area); err != nil {
			return nil, err
		}
		add(where.Prefix{Field: name, Prefix: f.Area})
	}
	if f.Severity != "" {
		name, err := usable("severity", "severity", "risk")
		if err != nil {
			return nil, err
		}
		values, err := list("query.severity", f.Severity, 4)
		if err != nil {
			return nil, err
		}
		or := where.Any{}
		for _, v := range values {
			n, err := strconv.ParseInt(v, 10, 64)
			if err != nil || n < 1 || n > 4 {
				return nil, &layers.InputError{Field: "query.severity", Value: layers.Short(v), Remedy: "1 to 4"}
			}
			or = append(or, where.Eq{Field: name, Value: n})
		}
		add(or)
	}
	if f.Datetime != "" {
		if l.TimeField == "" {
			return nil, &layers.InputError{Field: "query.datetime", Remedy: "leave it out: layer " + l.Name + " has no time"}
		}
		name, err := usable("datetime", l.TimeField)
		if err != nil {
			return nil, err
		}
		min, max, err := parseInterval(f.Datetime)
		if err != nil {
			return nil, err
		}
		min, max = wholeDays(l, min, max)
		add(where.Range{Field: name, Min: min, Max: max})
	}
	if c, err := f.cql2(l, right); err != nil {
		return nil, err
	} else if c != nil {
		add(c)
	}
	return where.Simplify(l.InForce(all)), nil
}

// wholeDays widens an interval to the days (UTC) that it touches where the
// layer's time is a date: a date has no hours, and an afternoon's inspections
// are among its day's.
func wholeDays(l layers.Layer, min, max any) (any, any) {
	if f, ok := l.Field(l.TimeField); !ok || f.Type != "date" {
		return min, max
	}
	const day = 24 * time.Hour
	if t, ok := min.(time.Time); ok {
		min = t.UTC().Truncate(day)
	}
	if t, ok := max.(time.Time); ok {
		up := t.UTC().Truncate(day)
		if up.Before(t) {
			up = up.Add(day)
		}
		max = up
	}
	return min, max
}

// parseBox reads "west,south,east,north". A box over the antimeridian is two.
func parseBox(s string) (where.Cond, error) {
	bad := &layers.InputError{Field: "query.bbox", Value: layers.Short(s), Remedy: "west,south,east,north: longitudes -180 to 180, latitudes -90 to 90, south below north"}
	v, ok := corners(s)
	if !ok {
		return nil, bad
	}
	w, south, e, n := v[0], v[1], v[2], v[3]
	if w < -180 || w > 180 || e < -180 || e > 180 || south < -90 || n > 90 || south > n {
		return nil, bad
	}
	box := func(w, e float64) where.Cond {
		return where.Within{Bound: orb.Bound{Min: orb.Point{w, south}, Max: orb.Point{e, n}}}
	}
	if w <= e {
		return box(w, e), nil
	}
	return where.Any{box(w, 180), box(-180, e)}, nil
}

// corners reads the four numbers of a box; of six, two are heights, which the
// map does not have.
func corners(s string) (v [4]float64, ok bool) {
	parts := strings.Split(s, ",")
	if len(parts) == 6 {
		parts = []string{parts[0], parts[1], parts[3], parts[4]}
	}
	if len(parts) != 4 {
		return v, false
	}
	for i, p := range parts {
		n, err := strconv.ParseFloat(strings.TrimSpace(p), 64)
		if err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
			return v, false
		}
		v[i] = n
	}
	return v, true
}

// parseInterval reads an instant or an interval, half-open. A date begins at
// 00:00 UTC; an instant is the second (or the day) that begins with it.
func parseInterval(s string) (min, max any, err error) {
	bad := &layers.InputError{Field: "query.datetime", Value: layers.Short(s), Remedy: "2026-11-22T08:00:00Z, 2026-11-22, or two of them (or ..) with / between, the earlier first"}
	one := func(s string) (t time.Time, span time.Duration, ok bool) {
		if t, err := time.Parse(time.RFC3339, s); err == nil {
			return t, time.Second, inRange(t)
		}
		t, err := time.Parse(time.DateOnly, s)
		return t, 24 * time.Hour, err == nil && inRange(t)
	}
	a, b, interval := strings.Cut(s, "/")
	if !interval {
		t, span, ok := one(s)
		if !ok {
			return nil, nil, bad
		}
		return t, t.Add(span), nil
	}
	if a != ".." && a != "" {
		t, _, ok := one(a)
		if !ok {
			return nil, nil, bad
		}
		min = t
	}
	if b != ".." && b != "" {
		t, _, ok := one(b)
		if !ok {
			return nil, nil, bad
		}
		max = t
	}
	if min == nil && max == nil || min != nil && max != nil && min.(time.Time).After(max.(time.Time)) {
		return nil, nil, bad
	}
	return min, max, nil
}

// inRange says whether PostgreSQL and JSON both can write t.
func inRange(t time.Time) bool { return t.Year() >= 1 && t.Year() <= 9999 }

// list reads values separated by commas.
func list(field, s string, most int) ([]string, error) {
	values := strings.Split(s, ",")
	if len(values) > most {
		return nil, &layers.InputError{Field: field, Remedy: fmt.Sprintf("at most %d values", most)}
	}
	for i, v := range values {
		values[i] = strings.TrimSpace(v)
		if err := plainText(field, values[i]); err != nil {
			return nil, err
		}
	}
	return values, nil
}

// plainText refuses what no code is.
func plainText(field, s string) error {
	if s == "" || len(s) > 64 || strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0xfffd }) {
		return &layers.InputError{Field: field, Value: layers.Short(strings.ToValidUTF8(s, "")), Remedy: "a code of at most 64 characters"}
	}
	return nil
}
