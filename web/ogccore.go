package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

const (
	relConformance = "conformance"
	relQueryables  = "http://www.opengis.net/def/rel/ogc/1.0/queryables"
	relSchema      = "http://www.opengis.net/def/rel/ogc/1.0/schema"
	relTilesets    = "http://www.opengis.net/def/rel/ogc/1.0/tilesets-vector"
	relScheme      = "http://www.opengis.net/def/rel/ogc/1.0/tiling-scheme"
	relSchemes     = "http://www.opengis.net/def/rel/ogc/1.0/tiling-schemes"
	relStyles      = "http://www.opengis.net/def/rel/ogc/1.0/styles"

	openAPIType = "application/vnd.oai.openapi+json;version=3.0"
	schemaType  = "application/schema+json"
	geoJSONType = "application/geo+json"
)

func (s *Server) ogcLanding(r *http.Request) (ogcAnswer, error) {
	city, err := s.Search.City(r.Context())
	if err != nil {
		return ogcAnswer{}, err
	}
	at := s.baseURL(r) + "/ogc"
	t := tongueOf(r)
	links := append(s.selfLinks(r, "application/json"),
		link{at + "/api", "service-desc", openAPIType, t.of("接口描述", "The API's description")},
		link{at + "/api?f=html", "service-doc", "text/html", t.of("接口说明", "The API's description, to read")},
		link{at + "/conformance", relConformance, "application/json", t.of("符合的标准", "What it conforms to")},
		link{at + "/collections", "data", "application/json", t.of("图层", "The layers")},
		link{at + "/tiles", relTilesets, "application/json", t.of("矢量瓦片", "Vector tiles of the layers")},
		link{at + "/tileMatrixSets", relSchemes, "application/json", t.of("瓦片矩阵集", "Tile matrix sets")},
		link{at + "/styles", relStyles, "application/json", t.of("样式", "Styles")},
	)
	title := "onemap " + t.of(city.NameZH, city.NameEN)
	text := t.of("您可以查看的图层", "The layers that you may see")
	return ogcAnswer{
		json: map[string]any{"title": title, "description": text, "links": links},
		page: func(t tongue) page {
			return page{Title: title, Text: text, Crumbs: s.crumbs(r, t), Sections: []section{linkSection(t, links)}}
		},
	}, nil
}

// conformanceClasses are those that hold; ogc_conformance_test.go has the
// tests of each.
var conformanceClasses = func() []string {
	var all []string
	add := func(spec string, classes ...string) {
		for _, c := range classes {
			all = append(all, "http://www.opengis.net/spec/"+spec+"/conf/"+c)
		}
	}
	add("ogcapi-common-1/1.0", "core", "json", "html")
	add("ogcapi-features-1/1.0", "core", "oas30", "html", "geojson")
	add("ogcapi-features-2/1.0", "crs")
	add("ogcapi-features-3/1.0", "queryables", "filter", "features-filter")
	add("cql2/1.0", "cql2-text", "cql2-json", "basic-cql2", "advanced-comparison-operators", "case-insensitive-comparison",
		"basic-spatial-functions", "basic-spatial-functions-plus", "spatial-functions", "temporal-functions")
	add("ogcapi-features-4/1.0", "create-replace-delete", "update", "optimistic-locking-etags", "features")
	add("ogcapi-tiles-1/1.0", "core", "tileset", "tilesets-list", "dataset-tilesets", "geodata-tilesets", "collections-selection", "oas30", "mvt")
	add("tms/2.0", "tilematrixset", "json-tilematrixset", "json-tilesetmetadata")
	return all
}()

func (s *Server) ogcConformance(r *http.Request) (ogcAnswer, error) {
	return ogcAnswer{
		json: map[string]any{"conformsTo": conformanceClasses, "links": s.selfLinks(r, "application/json")},
		page: func(t tongue) page {
			var rows [][]cell
			for _, c := range conformanceClasses {
				rows = append(rows, []cell{{Text: c, Href: c}})
			}
			return page{Title: t.of("符合的标准", "What it conforms to"), Crumbs: s.crumbs(r, t), Sections: []section{{Head: []string{t.of("一致性类", "Conformance class")}, Rows: rows}}}
		},
	}, nil
}

// ogcAPI describes what is below /ogc, in OpenAPI 3.0 with /ogc as its server:
// paths are then those that the standards name.
func (s *Server) ogcAPI(r *http.Request) (ogcAnswer, error) {
	whole, err := s.openapi.OpenAPI().Downgrade()
	if err != nil {
		return ogcAnswer{}, fmt.Errorf("write OpenAPI 3.0: %w", err)
	}
	var doc map[string]any
	if err := json.Unmarshal(whole, &doc); err != nil {
		return ogcAnswer{}, fmt.Errorf("write OpenAPI 3.0: %w", err)
	}
	all, _ := doc["paths"].(map[string]any)
	paths := map[string]any{}
	for path, item := range all {
		if rest, ok := strings.CutPrefix(path, "/ogc"); ok {
			paths[max(rest, "/")] = item
		}
	}
	doc["paths"] = paths
	doc["servers"] = []any{map[string]any{"url": s.baseURL(r) + "/ogc"}}
	return ogcAnswer{json: doc, mediaType: openAPIType, page: func(t tongue) page {
		var rows [][]cell
		for path, item := range paths {
			ops, _ := item.(map[string]any)
			for method, op := range ops {
				o, _ := op.(map[string]any)
				if o == nil {
					continue
				}
				rows = append(rows, []cell{{Text: strings.ToUpper(method)}, {Text: "/ogc" + strings.TrimSuffix(path, "/")}, {Text: fmt.Sprint(o["summary"])}, {Text: parameterNames(o)}})
			}
		}
		slices.SortFunc(rows, func(a, b []cell) int { return strings.Compare(a[1].Text+a[0].Text, b[1].Text+b[0].Text) })
		return page{Title: t.of("接口说明", "The API's description"), Crumbs: s.crumbs(r, t),
			Sections: []section{{Head: []string{t.of("方法", "Method"), t.of("地址", "Address"), t.of("用途", "What it is for"), t.of("参数", "Parameters")}, Rows: rows}},
			Links:    []anchor{{Text: t.of("全部接口", "The whole API"), Href: "/api/docs"}}}
	}}, nil
}

func parameterNames(op map[string]any) string {
	var names []string
	params, _ := op["parameters"].([]any)
	for _, p := range params {
		m, _ := p.(map[string]any)
		if name, ok := m["name"].(string); ok {
			names = append(names, name)
		} else if ref, ok := m["$ref"].(string); ok {
			names = append(names, ref[strings.LastIndex(ref, "/")+1:])
		}
	}
	return strings.Join(names, ", ")
}
