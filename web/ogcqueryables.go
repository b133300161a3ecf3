package web

import (
	"net/http"
	"slices"
	"strings"

	"onemap/layers"
	"onemap/layers/access"
)

// What a filter may ask of a layer's features (OGC API Features part 3), and
// what its fields are (part 5's schema, as far as it goes).

const jsonSchemaURI = "https://json-schema.org/draft/2020-12/schema"

// jsonSchema describes a field's values.
func jsonSchema(f layers.Field) map[string]any {
	p := map[string]any{"title": f.TitleZH, "description": f.TitleEN}
	switch f.Type {
	case "integer", "number", "boolean":
		p["type"] = f.Type
	case "date":
		p["type"], p["format"] = "string", "date"
	case "time":
		p["type"], p["format"] = "string", "date-time"
	default:
		p["type"] = "string"
	}
	return p
}

// fieldSchemas describes the layer's fields that the caller may see, and its
// geometry under that name.
func fieldSchemas(l layers.Layer, right access.Right, t tongue) map[string]any {
	properties := map[string]any{geometryName: map[string]any{
		"title": t.of("位置", "Place"), "format": "geometry-" + strings.ToLower(l.Geometry), "x-ogc-role": "primary-geometry"}}
	for _, name := range right.Fields {
		f, ok := l.Field(name)
		if !ok {
			continue
		}
		p := jsonSchema(f)
		p["title"], p["description"] = t.of(f.TitleZH, f.TitleEN), t.of(f.TitleEN, f.TitleZH)
		if values := l.Vocabulary(name); values != nil {
			p["enum"] = values
		}
		if name == l.TimeField {
			p["x-ogc-role"] = "primary-instant"
		}
		properties[name] = p
	}
	return properties
}

// geometryName is what a filter calls a feature's geometry.
const geometryName = "geom"

func (s *Server) ogcQueryables(r *http.Request) (ogcAnswer, error) {
	l, right, err := s.layer(r.Context(), r.PathValue("layer"))
	if err != nil {
		return ogcAnswer{}, err
	}
	properties := fieldSchemas(l, right, tongueOf(r))
	properties["id"] = map[string]any{"type": "integer", "x-ogc-role": "id"}
	return s.schemaAnswer(r, l, properties, func(t tongue) string { return t.of("可查询字段", "What a filter may ask for") }, nil), nil
}

func (s *Server) ogcSchema(r *http.Request) (ogcAnswer, error) {
	l, right, err := s.layer(r.Context(), r.PathValue("layer"))
	if err != nil {
		return ogcAnswer{}, err
	}
	properties := fieldSchemas(l, right, tongueOf(r))
	properties["id"] = map[string]any{"type": "integer", "x-ogc-role": "id", "readOnly": true}
	e, denied := scopeOf(r.Context()).Edit(l)
	for name, p := range properties {
		if p, ok := p.(map[string]any); ok && (denied != nil || name != geometryName && !slices.Contains(e.Fields, name)) {
			p["readOnly"] = true
		}
	}
	return s.schemaAnswer(r, l, properties, func(t tongue) string { return t.of("字段", "The fields") }, []string{geometryName}), nil
}

func (s *Server) schemaAnswer(r *http.Request, l layers.Layer, properties map[string]any, title func(tongue) string, required []string) ogcAnswer {
	t := tongueOf(r)
	body := map[string]any{"$schema": jsonSchemaURI, "$id": s.baseURL(r) + r.URL.Path, "type": "object", "title": t.of(l.TitleZH, l.TitleEN),
		"properties": properties, "additionalProperties": false}
	if required != nil {
		body["required"] = required
	}
	return ogcAnswer{mediaType: schemaType, json: body,
		page: func(t tongue) page {
			var names []string
			for name := range properties {
				names = append(names, name)
			}
			slices.Sort(names)
			var rows [][]cell
			for _, name := range names {
				p, _ := properties[name].(map[string]any)
				kind := textOf(p["type"])
				if f := textOf(p["format"]); f != "" {
					kind = strings.TrimSpace(kind + " " + f)
				}
				rows = append(rows, []cell{{Text: name}, {Text: textOf(p["title"])}, {Text: kind}, {Text: textOf(p["enum"])}})
			}
			return page{Title: title(t), Crumbs: s.collectionCrumbs(r, t, l),
				Sections: []section{{Head: []string{t.of("字段", "Field"), t.of("名称", "Name"), t.of("类型", "Type"), t.of("取值", "Values")}, Rows: rows}}}
		}}
}
