package layers

import (
	"slices"

	"onemap/geo/cql2"
	"onemap/geo/where"
)

// GeometryNames are what a filter may call a feature's geometry.
var GeometryNames = []string{"geom", "geometry"}

// Filter reads a filter in CQL2 on the layer's features, for a caller who
// may see fields, and no other: to a filter, a hidden field is as one that
// there is not, or its answers would tell the field's values. The id and the
// geometry are everybody's. p says in which encoding it is and how coordinates
// are written; its zero value is text, with longitude and latitude. What is wrong is an [InputError] of param, which
// names the position and the remedy.
func (l Layer) Filter(param, text string, fields []string, p cql2.Parser) (where.Cond, error) {
	p.Field = func(name string) (string, bool) {
		if slices.Contains(fields, name) {
			f, ok := l.Field(name)
			return f.Type, ok
		}
		if name == "id" {
			return "integer", true
		}
		return "geometry", slices.Contains(GeometryNames, name)
	}
	p.Names = append(slices.Clone(fields), "id", GeometryNames[0])
	c, err := p.Parse(text)
	if err != nil {
		return nil, &InputError{Field: param, Remedy: err.Error()}
	}
	return where.Simplify(c), nil
}

// InForce is what a filter means on a layer whose features are versions: those
// in force, unless it says itself which. Other layers' filters mean what they
// say.
func (l Layer) InForce(c where.Cond) where.Cond {
	if l.Subject != "grid" || where.Uses(c, "valid_from") || where.Uses(c, "valid_to") {
		return c
	}
	return where.And(c, where.Empty{Field: "valid_to"})
}
