package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/paulmach/orb"

	"onemap/layers"
	"onemap/tiles"
)

// getTileJSON describes the tiles of one layer or several (TileJSON 3.0.0).
func (s *Server) getTileJSON(w http.ResponseWriter, r *http.Request) error {
	if err := onlyQuery(r, tileQuery...); err != nil {
		return err
	}
	wanted, err := s.tileLayers(r.Context(), r.PathValue("layers"))
	if err != nil {
		return err
	}
	if _, err := s.since(r.URL.Query().Get("since")); err != nil {
		return err
	}
	fields, err := tileProperties(r.URL.Query(), wanted)
	if err != nil {
		return err
	}
	filter, err := s.withGrids(r.Context(), filterOf(r.URL.Query().Get))
	if err != nil {
		return err
	}
	var titles []string
	var bound orb.Bound
	described := make([]tiles.VectorLayer, len(wanted))
	for i, w := range wanted {
		l := w.layer
		// A filter that the tiles would refuse is refused here already.
		if _, err := filter.cond(l, w.right); err != nil {
			return err
		}
		described[i] = vectorLayer(l, fields[i])
		titles = append(titles, l.TitleEN)
		b, err := s.extent(r.Context(), l.Name, w.right)
		if err != nil {
			return err
		}
		if i == 0 {
			bound = b
		} else if !b.IsEmpty() {
			bound = bound.Union(b)
		}
	}
	url := s.baseURL(r) + strings.Replace(tilePattern, "{layers}", r.PathValue("layers"), 1)
	if r.URL.RawQuery != "" { // a filter, and what the tiles must be as new as, hold for the tiles too
		url += "?" + r.URL.RawQuery
	}
	w.Header().Set("Content-Type", "application/json")
	described = append(described, omittedLayer(described))
	_ = json.NewEncoder(w).Encode(tiles.Describe(strings.Join(titles, ", "), url, bound, described))
	return nil
}

// vectorLayer describes a layer in tiles, with those of the fields that tiles show.
func vectorLayer(l layers.Layer, fields []string) tiles.VectorLayer {
	v := tiles.VectorLayer{ID: l.Name, Description: l.TitleEN, MinZoom: l.MinZoom, MaxZoom: l.MaxZoom, Fields: map[string]string{}, TileKiB: l.TileBudget / 1024}
	if slices.Contains(fields, l.RankField) {
		v.RankField = l.RankField
	}
	for _, name := range fields {
		if f, ok := l.Field(name); ok && f.InTile {
			v.Fields[name] = f.TitleEN + " (" + f.Type + ")"
		}
	}
	if l.Geometry != "Point" || l.DetailZoom <= l.MinZoom {
		return v
	}
	v.DetailZoom = l.DetailZoom
	v.Fields["count"] = fmt.Sprintf("How many there are in a cell, an eighth of the tile wide, below zoom %d (integer)", l.DetailZoom)
	if slices.Contains(fields, l.ClassField) {
		v.ClassField = l.ClassField
		v.Fields["class:…"] = fmt.Sprintf("How many of them have that value of %s, below zoom %d (integer)", l.ClassField, l.DetailZoom)
	}
	return v
}

// omittedLayer describes what a tile of the layers says of the features that it
// leaves out.
func omittedLayer(of []tiles.VectorLayer) tiles.VectorLayer {
	v := tiles.VectorLayer{ID: tiles.OmittedLayer, Description: "What the tile leaves out: too many, or too small to see", MinZoom: tiles.MaxZoom,
		Fields: map[string]string{"layer": "Of which layer (text)", "features": "How many (integer)"}}
	for _, l := range of {
		v.MinZoom, v.MaxZoom = min(v.MinZoom, l.MinZoom), max(v.MaxZoom, l.MaxZoom)
	}
	return v
}
