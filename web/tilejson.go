package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/paulmach/orb"

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
		described[i] = tiles.VectorLayer{ID: l.Name, Description: l.TitleEN, MinZoom: l.MinZoom, MaxZoom: l.MaxZoom, Fields: map[string]string{}}
		for _, name := range fields[i] {
			if f, ok := l.Field(name); ok && f.InTile {
				described[i].Fields[name] = f.TitleEN + " (" + f.Type + ")"
			}
		}
		if l.Geometry == "Point" && l.DetailZoom > l.MinZoom {
			described[i].Fields["count"] = fmt.Sprintf("How many there are here, below zoom %d (integer)", l.DetailZoom)
		}
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
	if r.URL.RawQuery != "" { // a filter holds for the tiles too
		url += "?" + r.URL.RawQuery
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(tiles.Describe(strings.Join(titles, ", "), url, bound, described))
	return nil
}
