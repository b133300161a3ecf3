package web

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/paulmach/orb"

	"onemap/layers"
)

const styleType = "application/vnd.mapbox.style+json"

// The styles that draw the base library; every layer has one of its own name.
const (
	baseLight = "base"
	baseDark  = "base-dark"
)

// A mapStyle is one of the styles that the caller may have.
type mapStyle struct {
	id, zh, en string
	base       bool
	palette    palette
	layer      layerRight // where it is no base
}

func (s *Server) mapStyles(r *http.Request) ([]mapStyle, []layerRight, error) {
	all, err := s.Store.Layers(r.Context())
	if err != nil {
		return nil, nil, err
	}
	styles := []mapStyle{
		{id: baseLight, zh: "底图", en: "Base map", base: true, palette: lightPalette},
		{id: baseDark, zh: "底图(深色)", en: "Base map, dark", base: true, palette: darkPalette},
	}
	var base []layerRight
	for _, l := range all {
		right, ok := scopeOf(r.Context()).Layer(l)
		if !ok {
			continue
		}
		if l.Subject == "base" {
			base = append(base, layerRight{l, right})
		}
		styles = append(styles, mapStyle{id: l.Name, zh: l.TitleZH, en: l.TitleEN, palette: lightPalette, layer: layerRight{l, right}})
	}
	return styles, base, nil
}

func (s *Server) ogcStyles(r *http.Request) (ogcAnswer, error) {
	all, _, err := s.mapStyles(r)
	if err != nil {
		return ogcAnswer{}, err
	}
	t := tongueOf(r)
	list := []map[string]any{}
	var rows [][]cell
	for _, m := range all {
		at := s.baseURL(r) + "/ogc/styles/" + m.id
		title := t.of(m.zh, m.en)
		list = append(list, map[string]any{"id": m.id, "title": title, "links": []link{{at, "stylesheet", styleType, title}}})
		rows = append(rows, []cell{{Text: title, Href: at + "?f=html"}, {Text: m.id}, {Text: "JSON", Href: at + "?f=json"}})
	}
	return ogcAnswer{json: map[string]any{"styles": list, "default": baseLight, "links": s.selfLinks(r, "application/json")}, page: func(t tongue) page {
		return page{Title: t.of("样式", "Styles"), Crumbs: s.crumbs(r, t), Sections: []section{{Head: []string{t.of("名称", "Name"), t.of("标识", "Identifier"), ""}, Rows: rows}}}
	}}, nil
}

// ogcStyle answers with a MapLibre style, complete but for the caller's key: of
// the base map, or of a layer, on the base map with ?base=true.
func (s *Server) ogcStyle(r *http.Request) (ogcAnswer, error) {
	all, base, err := s.mapStyles(r)
	if err != nil {
		return ogcAnswer{}, err
	}
	under := r.URL.Query().Get("base")
	if under != "" && under != "true" && under != "false" {
		return ogcAnswer{}, &layers.InputError{Field: "query.base", Value: layers.Short(under), Remedy: "true or false"}
	}
	for _, m := range all {
		if m.id != r.PathValue("style") {
			continue
		}
		body, err := s.styleOf(r, m, base, under == "true")
		if err != nil {
			return ogcAnswer{}, err
		}
		return ogcAnswer{json: body, mediaType: styleType, page: func(t tongue) page {
			var rows [][]cell
			drawn, _ := body["layers"].([]object)
			for _, l := range drawn {
				rows = append(rows, []cell{{Text: textOf(l["id"])}, {Text: textOf(l["type"])}, {Text: textOf(l["source-layer"])}})
			}
			return page{Title: t.of(m.zh, m.en), Text: t.of("MapLibre 样式", "A MapLibre style"), Crumbs: s.crumbs(r, t, anchor{Text: t.of("样式", "Styles"), Href: s.baseURL(r) + "/ogc/styles?f=html"}),
				Sections: []section{{Head: []string{t.of("图层", "Layer"), t.of("类型", "Type"), t.of("数据", "Data")}, Rows: rows}}}
		}}, nil
	}
	return ogcAnswer{}, fmt.Errorf("style %q: %w", layers.Short(r.PathValue("style")), layers.ErrNotFound)
}

func (s *Server) styleOf(r *http.Request, m mapStyle, base []layerRight, under bool) (object, error) {
	t := tongueOf(r)
	sources := object{}
	drawn := []object{{"id": "ground", "type": "background", "paint": object{"background-color": m.palette.ground}}}
	var labels []object
	draw := func(ctx context.Context, w layerRight, style []object) error {
		b, err := s.extent(ctx, w.layer.Name, w.right)
		if err != nil {
			return err
		}
		sources[w.layer.Name] = s.tileSource(r, w.layer, b)
		drawn = append(drawn, style...)
		return nil
	}
	if m.base || under {
		for _, w := range base {
			name := "name"
			if f, ok := w.layer.Field("name_en"); ok && f.InTile && t == english {
				name = "name_en"
			}
			if err := draw(r.Context(), w, baseStyle(w.layer.Name, m.palette)); err != nil {
				return nil, err
			}
			labels = append(labels, baseLabels(w.layer.Name, name, m.palette)...)
		}
	}
	drawn = append(drawn, labels...)
	if !m.base {
		own := overlayStyle(m.layer.layer, m.layer.right.Fields, m.palette)
		if m.layer.layer.Subject == "base" {
			own = append(baseStyle(m.id, m.palette), baseLabels(m.id, "name", m.palette)...)
			if len(own) == 0 || under {
				own = overlayStyle(m.layer.layer, m.layer.right.Fields, m.palette)
			}
		}
		if err := draw(r.Context(), m.layer, own); err != nil {
			return nil, err
		}
	}
	city, err := s.cityExtent(r.Context())
	if err != nil {
		return nil, err
	}
	body := object{"version": 8, "name": t.of(m.zh, m.en), "sources": sources, "layers": drawn}
	if !city.IsEmpty() {
		c := city.Center()
		body["center"], body["zoom"] = []float64{c[0], c[1]}, 12
	}
	return body, nil
}

// tileSource is where a layer's tiles are, by their whole address: a style is
// read far from here.
func (s *Server) tileSource(r *http.Request, l layers.Layer, b orb.Bound) object {
	out := object{"type": "vector", "tiles": []string{s.baseURL(r) + strings.Replace(tilePattern, "{layers}", l.Name, 1)},
		"minzoom": l.MinZoom, "maxzoom": min(l.MaxZoom, 17)}
	if l.Subject == "base" && !b.IsEmpty() { // the others' data moves
		out["bounds"] = []float64{b.Min[0], b.Min[1], b.Max[0], b.Max[1]}
	}
	return out
}
