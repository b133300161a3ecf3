package sharing

import (
	"slices"
	"strings"
	"time"

	"onemap/layers"
)

// Terms are what is asked, or what is granted: which items of which rows until when.
type Terms struct {
	Items    []string  // names of the layer's fields, or of the resource's items; not empty
	AreaCode string    // prefix of area_code; "": the area of whoever uses it
	Grids    []string  // codes of grids of any kind, within the area; nil: all of it
	EndsAt   time.Time // they hold before it
}

// Within returns nil where t gives nothing that asked does not give, and else
// a [layers.InputError] that names the first term that is wider.
//
// areas are those of the organisations that will use it: of the asking one, and
// of those below it that act for it. A term without an area means each one's
// own, so an area that is narrower for one may be wider for another. in says
// whether a grid is another one or lies in it; nil: only whether it is the same.
func (t Terms) Within(asked Terms, areas []string, in func(grid, other string) bool) error {
	wider := func(field, value, remedy string) error {
		return &layers.InputError{Field: field, Value: layers.Short(value), Remedy: remedy}
	}
	if len(t.Items) == 0 {
		return wider("items", "", "name at least one")
	}
	for _, i := range t.Items {
		if !slices.Contains(asked.Items, i) {
			return wider("items", i, "only what was asked: "+strings.Join(asked.Items, ", "))
		}
	}
	for _, own := range areas {
		if !strings.HasPrefix(t.area(own), asked.area(own)) {
			remedy := "within what was asked: " + named(asked.AreaCode)
			if asked.AreaCode == "" && len(areas) > 1 {
				remedy += "; its branches have their own, so leave it out, or name grids for less"
			}
			return wider("area_code", t.AreaCode, remedy)
		}
	}
	if len(areas) == 0 && t.AreaCode != asked.AreaCode {
		return wider("area_code", t.AreaCode, "what was asked: "+named(asked.AreaCode))
	}
	if asked.Grids != nil {
		if t.Grids == nil {
			return wider("grids", "", "name them: not all of the area was asked")
		}
		for _, g := range t.Grids {
			if !slices.ContainsFunc(asked.Grids, func(a string) bool { return g == a || in != nil && in(g, a) }) {
				return wider("grids", g, "only grids that were asked, and those in them")
			}
		}
	}
	if t.Grids != nil && len(t.Grids) == 0 {
		return wider("grids", "", "name at least one, or leave it out for all of the area")
	}
	if t.EndsAt.IsZero() || t.EndsAt.After(asked.EndsAt) {
		return wider("ends_at", format(t.EndsAt), "not after "+format(asked.EndsAt))
	}
	return nil
}

// area is the area in which an organisation uses the terms.
func (t Terms) area(own string) string {
	if t.AreaCode != "" {
		return t.AreaCode
	}
	return own
}

func named(area string) string {
	if area == "" {
		return "the asking organisation's own area"
	}
	return area
}

func format(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.RFC3339)
}
