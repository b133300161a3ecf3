package web

import (
	"net/http"
	"time"

	"onemap/geo/crs"
	"onemap/layers"
	"onemap/layers/access"
)

// An ogcCollection is a layer as the caller may see it.
type ogcCollection struct {
	ID          string         `json:"id"`
	Title       string         `json:"title"`
	Description string         `json:"description"`
	ItemType    string         `json:"itemType"`
	CRS         []string       `json:"crs"`
	StorageCRS  string         `json:"storageCrs"`
	Extent      map[string]any `json:"extent,omitempty"`
	Links       []link         `json:"links"`
}

func (s *Server) collectionOf(r *http.Request, l layers.Layer, right access.Right, systems []string) (ogcCollection, error) {
	at := s.baseURL(r) + "/ogc/collections/" + l.Name
	t := tongueOf(r)
	title := t.of(l.TitleZH, l.TitleEN)
	c := ogcCollection{ID: l.Name, Title: title, Description: t.of(l.TitleEN, l.TitleZH), ItemType: "feature", CRS: systems, StorageCRS: crs.CRS84,
		Links: []link{
			{at, "self", "application/json", title},
			{at + "?f=html", "alternate", "text/html", title},
			{at + "/items", "items", geoJSONType, t.of("要素", "Features")},
			{at + "/items?f=html", "items", "text/html", t.of("要素(网页)", "Features as a page")},
			{at + "/queryables", relQueryables, schemaType, t.of("可查询字段", "What a filter may ask for")},
			{at + "/schema", relSchema, schemaType, t.of("字段", "The fields")},
			{at + "/tiles", relTilesets, "application/json", t.of("矢量瓦片", "Vector tiles")},
			{s.baseURL(r) + "/ogc/styles/" + l.Name, "http://www.opengis.net/def/rel/ogc/1.0/stylesheet", styleType, t.of("样式", "Style")},
		}}
	b, err := s.extent(r.Context(), l.Name, right)
	if err != nil {
		return c, err
	}
	extent := map[string]any{}
	if !b.IsEmpty() {
		extent["spatial"] = map[string]any{"bbox": [][]float64{{b.Min[0], b.Min[1], b.Max[0], b.Max[1]}}, "crs": crs.CRS84}
	}
	if l.TimeField != "" && contains(right.Fields, l.TimeField) {
		first, last, err := s.times(r, l, right)
		if err != nil {
			return c, err
		}
		extent["temporal"] = map[string]any{"interval": [][]any{{first, last}}, "trs": "http://www.opengis.net/def/uom/ISO-8601/0/Gregorian"}
	}
	if len(extent) > 0 {
		c.Extent = extent
	}
	return c, nil
}

// times are the first and last time of a layer; open ends to who sees a part
// of its rows only, whom they would tell of the others.
func (s *Server) times(r *http.Request, l layers.Layer, right access.Right) (first, last any, err error) {
	if partly(right) {
		return nil, nil, nil
	}
	a, b, err := s.Store.Times(r.Context(), l)
	if err != nil || a.IsZero() {
		return nil, nil, err
	}
	return a.UTC().Format(time.RFC3339Nano), b.UTC().Format(time.RFC3339Nano), nil
}

func (s *Server) ogcCollections(r *http.Request) (ogcAnswer, error) {
	all, err := s.Store.Layers(r.Context())
	if err != nil {
		return ogcAnswer{}, err
	}
	systems, err := s.referenceURIs(r)
	if err != nil {
		return ogcAnswer{}, err
	}
	found := []ogcCollection{}
	for _, l := range all {
		right, ok := scopeOf(r.Context()).Layer(l)
		if !ok {
			continue
		}
		c, err := s.collectionOf(r, l, right, []string{"#/crs"})
		if err != nil {
			return ogcAnswer{}, err
		}
		found = append(found, c)
	}
	links := s.selfLinks(r, "application/json")
	return ogcAnswer{
		json: map[string]any{"links": links, "crs": systems, "collections": found},
		page: func(t tongue) page {
			rows := make([][]cell, 0, len(found))
			for _, c := range found {
				at := s.baseURL(r) + "/ogc/collections/" + c.ID
				rows = append(rows, []cell{{Text: c.Title, Href: at + "?f=html"}, {Text: c.ID}, {Text: t.of("要素", "Features"), Href: at + "/items?f=html"}})
			}
			return page{Title: t.of("图层", "The layers"), Crumbs: s.crumbs(r, t),
				Sections: []section{{Head: []string{t.of("名称", "Name"), t.of("标识", "Identifier"), ""}, Rows: rows}}}
		},
	}, nil
}

func (s *Server) ogcCollection(r *http.Request) (ogcAnswer, error) {
	l, right, err := s.layer(r.Context(), r.PathValue("layer"))
	if err != nil {
		return ogcAnswer{}, err
	}
	systems, err := s.referenceURIs(r)
	if err != nil {
		return ogcAnswer{}, err
	}
	c, err := s.collectionOf(r, l, right, systems)
	if err != nil {
		return ogcAnswer{}, err
	}
	return ogcAnswer{json: c, page: func(t tongue) page {
		about := [][]cell{{{Text: t.of("标识", "Identifier")}, {Text: c.ID}}, {{Text: t.of("几何类型", "Geometry")}, {Text: l.Geometry}},
			{{Text: t.of("存储坐标系", "Stored in")}, {Text: c.StorageCRS}}}
		if spatial, ok := c.Extent["spatial"].(map[string]any); ok {
			about = append(about, []cell{{Text: t.of("空间范围", "Extent")}, {Text: textOf(spatial["bbox"])}})
		}
		if temporal, ok := c.Extent["temporal"].(map[string]any); ok {
			about = append(about, []cell{{Text: t.of("时间范围", "Times")}, {Text: textOf(temporal["interval"])}})
		}
		var fields [][]cell
		for _, name := range right.Fields {
			if f, ok := l.Field(name); ok {
				fields = append(fields, []cell{{Text: f.Name}, {Text: t.of(f.TitleZH, f.TitleEN)}, {Text: f.Type}})
			}
		}
		return page{Title: c.Title, Text: c.Description, Crumbs: s.crumbs(r, t, anchor{Text: t.of("图层", "The layers"), Href: s.baseURL(r) + "/ogc/collections?f=html"}),
			Sections: []section{{Rows: about}, {Title: t.of("字段", "Fields"), Head: []string{t.of("字段", "Field"), t.of("名称", "Name"), t.of("类型", "Type")}, Rows: fields},
				linkSection(t, c.Links)}}
	}}, nil
}

func contains(names []string, name string) bool {
	for _, n := range names {
		if n == name && n != "" {
			return true
		}
	}
	return false
}
