package tiles

import "github.com/paulmach/orb"

// TileJSON describes a tile set: TileJSON 3.0.0, mapbox/tilejson-spec.
type TileJSON struct {
	TileJSON     string        `json:"tilejson"`
	Tiles        []string      `json:"tiles"`
	Name         string        `json:"name,omitempty"`
	Attribution  string        `json:"attribution,omitempty"`
	Scheme       string        `json:"scheme"`
	MinZoom      int           `json:"minzoom"`
	MaxZoom      int           `json:"maxzoom"`
	Bounds       []float64     `json:"bounds"` // west, south, east, north in degrees
	VectorLayers []VectorLayer `json:"vector_layers"`
}

// A VectorLayer is one layer of a TileJSON.
type VectorLayer struct {
	ID          string            `json:"id"`
	Description string            `json:"description,omitempty"`
	MinZoom     int               `json:"minzoom"`
	MaxZoom     int               `json:"maxzoom"`
	Fields      map[string]string `json:"fields"` // name -> what it is

	// What the specification has no words for; it allows for more.
	ClassField string `json:"class_field,omitempty"` // counts are also given by its values, as class:<value>
	RankField  string `json:"rank_field,omitempty"`  // where not all features fit, those with its smallest values stay
	DetailZoom int    `json:"detail_zoom,omitempty"` // below it points are counted by cell; 0: at no zoom
	TileKiB    int    `json:"tile_kib,omitempty"`    // a tile holds no more of the layer than this, before compression
}

// Describe returns the TileJSON of layers whose tiles are at url, a template
// with {z}, {x} and {y}. extent is where their data is; an empty one means the
// world.
func Describe(name, url string, extent orb.Bound, layers []VectorLayer) TileJSON {
	t := TileJSON{
		TileJSON: "3.0.0", Tiles: []string{url}, Name: name, Scheme: "xyz",
		MinZoom: MaxZoom, Bounds: []float64{-180, -85.05112877980659, 180, 85.0511287798066}, VectorLayers: layers,
	}
	if !extent.IsEmpty() {
		t.Bounds = []float64{extent.Min[0], extent.Min[1], extent.Max[0], extent.Max[1]}
	}
	for _, l := range layers {
		t.MinZoom, t.MaxZoom = min(t.MinZoom, l.MinZoom), max(t.MaxZoom, l.MaxZoom)
	}
	return t
}
