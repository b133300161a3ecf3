package web

import (
	"slices"

	"onemap/layers"
)

// Styles for MapLibre and those who read its style JSON, QGIS among them: the
// look of the pages' map (web/ui/src/map), made of circles, lines and fills, so
// that no sprite and no glyphs must be loaded, and of the simple expressions
// that every reader knows.

type object = map[string]any

// A palette has the colours of web/ui/src/map/palette.ts.
type palette struct {
	ground, green, built, industry, farm, water, waterEdge, building, buildingEdge string
	roadCase, roadMinor, road, roadMajor, rail, border                             string
	label, labelStrong, labelWater, halo, grid, ink, paper, calm                   string
	severity                                                                       [4]string
	ramp                                                                           [5]string
}

var lightPalette = palette{
	ground: "#f0efeb", green: "#e0e9dc", built: "#ecebe6", industry: "#e7e5e6", farm: "#ebeddf", water: "#bfd6e4", waterEdge: "#a7c5d7",
	building: "#dfddd7", buildingEdge: "#cbc8c1", roadCase: "#d3d0c9", roadMinor: "#fbfaf8", road: "#ffffff", roadMajor: "#ffffff", rail: "#b9b6b0",
	border: "#8d93a0", label: "#5a6470", labelStrong: "#2b343f", labelWater: "#3f6f8f", halo: "#f7f6f3", grid: "#9a5a8d", ink: "#141a21",
	paper: "#ffffff", calm: "#5d6a79", severity: [4]string{"#d92d27", "#e07a10", "#e3b800", "#2a72d8"},
	ramp: [5]string{"#6a5196", "#3f6c9f", "#2a8c90", "#3fa565", "#c9b400"},
}

var darkPalette = palette{
	ground: "#0c1015", green: "#101a17", built: "#11161c", industry: "#14161c", farm: "#10150f", water: "#113049", waterEdge: "#1f4058",
	building: "#1b2430", buildingEdge: "#262f3b", roadCase: "#0a0d11", roadMinor: "#2c3743", road: "#3d4a5a", roadMajor: "#576678", rail: "#333b46",
	border: "#5b6776", label: "#8f9bab", labelStrong: "#c3ccd8", labelWater: "#5f87a3", halo: "#0c1015", grid: "#b884ad", ink: "#e8edf4",
	paper: "#11161d", calm: "#93a1b3", severity: [4]string{"#ff6b61", "#ff9f45", "#f2d24b", "#62b0ff"},
	ramp: [5]string{"#3b2a66", "#34598c", "#27868d", "#4fb774", "#e6e04a"},
}

// Classes of roads, by width.
var (
	majorRoads  = []any{"motorway", "trunk", "primary", "motorway_link", "trunk_link", "primary_link"}
	middleRoads = []any{"secondary", "tertiary", "secondary_link", "tertiary_link"}
	railways    = []any{"rail", "light_rail", "subway", "tram", "narrow_gauge"}
	pathways    = []any{"footway", "path", "steps", "cycleway", "pedestrian", "bridleway", "track", "corridor"}
)

var mapFonts = []any{"Noto Sans CJK SC", "Noto Sans SC", "PingFang SC", "Microsoft YaHei", "sans-serif"}

func get(field string) []any { return []any{"get", field} }

// byZoom is a size in pixels at zooms 10, 14 and 18.
func byZoom(a, b, c float64) []any {
	return []any{"interpolate", []any{"exponential", 1.6}, []any{"zoom"}, 10, a, 14, b, 18, c}
}

func classIs(values ...[]any) []any {
	return []any{"match", get("class"), slices.Concat(values...), true, false}
}

func notClass(values ...[]any) []any {
	return []any{"match", get("class"), slices.Concat(values...), false, true}
}

func drawn(id, kind, layer string, paint object) object {
	return object{"id": id, "type": kind, "source": layer, "source-layer": layer, "paint": paint}
}

func with(o object, key string, v any) object {
	o[key] = v
	return o
}

func label(id, layer string, from float64, field, colour string, size float64, p palette) object {
	return object{"id": id, "type": "symbol", "source": layer, "source-layer": layer, "minzoom": from, "filter": []any{"!=", get(field), ""},
		"layout": object{"text-field": get(field), "text-font": mapFonts, "text-size": size},
		"paint":  object{"text-color": colour, "text-halo-color": p.halo, "text-halo-width": 1.4}}
}

// baseStyle draws a layer of the base library, from the bottom up.
func baseStyle(layer string, p palette) []object {
	round := object{"line-cap": "round", "line-join": "round"}
	road := func(id string, from float64, filter []any, colour string, a, b, c float64) object {
		o := with(with(drawn(id, "line", layer, object{"line-color": colour, "line-width": byZoom(a, b, c)}), "filter", filter), "layout", round)
		if from > 0 {
			o["minzoom"] = from
		}
		return o
	}
	switch layer {
	case "base_landuse":
		return []object{drawn("landuse", "fill", layer, object{"fill-color": []any{"match", get("class"),
			[]any{"forest", "wood", "park", "grass", "meadow", "garden", "recreation_ground", "cemetery", "nature_reserve", "scrub", "village_green", "pitch", "golf_course", "green", "heath", "allotments"}, p.green,
			[]any{"farmland", "farmyard", "orchard", "vineyard", "farm"}, p.farm,
			[]any{"industrial", "commercial", "retail", "railway", "quarry", "construction", "market"}, p.industry, p.built}})}
	case "base_water":
		return []object{drawn("water", "fill", layer, object{"fill-color": p.water, "fill-outline-color": p.waterEdge})}
	case "base_waterway":
		return []object{drawn("waterway", "line", layer, object{"line-color": p.water, "line-width": byZoom(0.8, 2.2, 9)})}
	case "base_building":
		return []object{with(drawn("building", "fill", layer, object{"fill-color": p.building, "fill-outline-color": p.buildingEdge}), "minzoom", 13)}
	case "base_road":
		minor := notClass(majorRoads, middleRoads, railways, pathways)
		return []object{
			with(road("road-path", 15, classIs(pathways), p.road, 0.4, 0.8, 2.4), "layout", object{}),
			road("road-minor-case", 13, minor, p.roadCase, 0.6, 3, 14), road("road-middle-case", 0, classIs(middleRoads), p.roadCase, 1, 5, 22),
			road("road-major-case", 0, classIs(majorRoads), p.roadCase, 1.8, 7, 28),
			road("road-minor", 11.5, minor, p.roadMinor, 0.3, 1.8, 11), road("road-middle", 0, classIs(middleRoads), p.road, 0.5, 3.4, 18),
			road("road-major", 0, classIs(majorRoads), p.roadMajor, 1, 5, 24),
			with(drawn("rail", "line", layer, object{"line-color": p.rail, "line-width": byZoom(0.8, 1.6, 3), "line-dasharray": []any{5, 2}}), "filter", classIs(railways)),
		}
	case "base_boundary":
		return []object{drawn("border", "line", layer, object{"line-color": p.border, "line-width": 1.2, "line-dasharray": []any{4, 2, 1, 2}})}
	}
	return nil
}

// baseLabels are the names on the base library, above all of it.
func baseLabels(layer, field string, p palette) []object {
	switch layer {
	case "base_road":
		o := label("label-road", layer, 13.2, field, p.label, 11, p)
		o["layout"].(object)["symbol-placement"] = "line"
		return []object{o}
	case "base_water":
		return []object{label("label-water", layer, 12, "name", p.labelWater, 12, p)}
	case "base_poi":
		return []object{label("label-poi", layer, 15.5, field, p.label, 11, p)}
	case "base_address":
		return []object{label("label-address", layer, 17.2, "number", p.label, 10, p)}
	case "base_boundary":
		return []object{with(label("label-area", layer, 0, field, p.labelStrong, 14, p), "maxzoom", 14.5)}
	}
	return nil
}

// layerColour is a layer's own colour: by a field with the four levels of
// severity or risk, else one for its subject; the registry's style may name
// another ("color").
func layerColour(l layers.Layer, fields []string, p palette) any {
	if c, ok := l.Style["color"].(string); ok {
		return c
	}
	for _, name := range []string{"severity", "risk"} {
		if f, ok := l.Field(name); ok && f.InTile && slices.Contains(fields, name) {
			return []any{"match", get(name), 1, p.severity[0], 2, p.severity[1], 3, p.severity[2], 4, p.severity[3], p.calm}
		}
	}
	switch l.Subject {
	case "grid":
		return p.grid
	case "population":
		if slices.Contains(fields, "n") {
			return []any{"interpolate", []any{"linear"}, get("n"), 10, p.ramp[0], 60, p.ramp[1], 200, p.ramp[2], 600, p.ramp[3], 2000, p.ramp[4]}
		}
		return p.ramp[2]
	}
	return p.calm
}

// overlayStyle draws a layer that is laid over the base library.
func overlayStyle(l layers.Layer, fields []string, p palette) []object {
	colour := layerColour(l, fields, p)
	id := l.Name
	switch dimension(l) {
	case 1:
		return []object{drawn(id+"-line", "line", id, object{"line-color": colour, "line-width": byZoom(1, 2, 5), "line-opacity": 0.8})}
	case 2:
		out := []object{drawn(id+"-fill", "fill", id, object{"fill-color": colour, "fill-opacity": 0.12}), drawn(id+"-line", "line", id, object{"line-color": colour, "line-width": byZoom(0.6, 1, 2)})}
		if f, ok := l.Field("name"); ok && f.InTile && slices.Contains(fields, "name") {
			out = append(out, label(id+"-label", id, 12, "name", p.labelStrong, 11, p))
		}
		return out
	}
	var out []object
	single := any(nil)
	if l.DetailZoom > l.MinZoom { // its points are counted by cell there
		counted := []any{"has", "count"}
		single = []any{"!", counted}
		out = append(out,
			with(drawn(id+"-count", "circle", id, object{"circle-color": p.paper, "circle-stroke-color": p.calm, "circle-stroke-width": 1.5,
				"circle-radius": []any{"interpolate", []any{"linear"}, get("count"), 1, 10, 100, 16, 10000, 24}}), "filter", counted),
			object{"id": id + "-count-text", "type": "symbol", "source": id, "source-layer": id, "filter": counted,
				"layout": object{"text-field": []any{"to-string", get("count")}, "text-font": mapFonts, "text-size": 11, "text-allow-overlap": true},
				"paint":  object{"text-color": p.ink}})
	}
	point := drawn(id+"-point", "circle", id, object{"circle-color": colour, "circle-radius": byZoom(2.5, 4.5, 8), "circle-stroke-color": p.paper, "circle-stroke-width": 1})
	if single != nil {
		point["filter"] = single
	}
	out = append(out, point)
	if f, ok := l.Field("name"); ok && f.InTile && slices.Contains(fields, "name") {
		name := label(id+"-label", id, max(15.5, float64(l.DetailZoom)), "name", p.label, 11, p)
		name["layout"].(object)["text-offset"], name["layout"].(object)["text-anchor"] = []any{0, 1}, "top"
		out = append(out, name)
	}
	return out
}
