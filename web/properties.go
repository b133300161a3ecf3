package web

import (
	"net/url"
	"slices"
	"strings"

	"onemap/layers"
	"onemap/layers/access"
)

// fieldsOf returns the fields that the parameter properties asks for, in its
// order; all that may be seen where it is left out, none where it is empty.
func fieldsOf(q url.Values, right access.Right) ([]string, error) {
	if !q.Has("properties") {
		return right.Fields, nil
	}
	if q.Get("properties") == "" {
		return nil, nil
	}
	names, err := list("query.properties", q.Get("properties"), 100)
	if err != nil {
		return nil, err
	}
	for i, name := range names {
		if !slices.Contains(right.Fields, name) {
			return nil, &layers.InputError{Field: "query.properties", Value: layers.Short(name), Remedy: "fields of the layer that you may see: " + strings.Join(right.Fields, ", ")}
		}
		if slices.Contains(names[:i], name) {
			return nil, &layers.InputError{Field: "query.properties", Value: layers.Short(name), Remedy: "each field once"}
		}
	}
	return names, nil
}

// tileProperties does the same for the layers of a tile: each gets those of the
// fields that it has in tiles, in the order of the registry, and each field
// that is asked for must be one of theirs.
func tileProperties(q url.Values, wanted []layerRight) ([][]string, error) {
	out := make([][]string, len(wanted))
	asked, all := []string{}, access.Right{}
	for _, w := range wanted {
		for _, name := range w.right.Fields {
			if f, ok := w.layer.Field(name); ok && f.InTile && !slices.Contains(all.Fields, name) {
				all.Fields = append(all.Fields, name)
			}
		}
	}
	var err error
	if q.Has("properties") {
		if asked, err = fieldsOf(q, all); err != nil {
			return nil, err
		}
	}
	for i, w := range wanted {
		out[i] = w.right.Fields
		if q.Has("properties") {
			out[i] = slices.DeleteFunc(slices.Clone(w.right.Fields), func(name string) bool { return !slices.Contains(asked, name) })
		}
	}
	return out, nil
}

// propertiesParam describes the parameter.
var propertiesParam = inQuery("properties", "Fields wanted, separated by commas; left out: all that you may see")
