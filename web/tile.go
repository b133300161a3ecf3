package web

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/maptile"

	"onemap/geo/where"
	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/forecast"
	"onemap/tiles"
)

const (
	tilePattern     = "/tiles/{layers}/{z}/{x}/{y}.mvt"
	tileJSONPattern = "/tiles/{layers}.json"
)

// maxTileLayers is how many layers one tile may hold.
const maxTileLayers = 16

// getTile answers with the Mapbox Vector Tile of one layer or several, by
// right: 204 where there is nothing, 404 where a layer may not be seen.
func (s *Server) getTile(w http.ResponseWriter, r *http.Request) error {
	at, err := tiles.ParseAddress(r.PathValue("z"), r.PathValue("x"), r.PathValue("y"))
	if err != nil {
		return err
	}
	wanted, err := s.tileLayers(r.Context(), r.PathValue("layers"))
	if err != nil {
		return err
	}
	return s.serveTile(w, r, s.Tiles, at, searchBound(at), wanted)
}

// serveTile answers with the tile of maker's at that address, by right and as
// the query asks. bound holds what the tile may show.
func (s *Server) serveTile(w http.ResponseWriter, r *http.Request, maker *tiles.Maker, at maptile.Tile, bound orb.Bound, wanted []layerRight) error {
	var err error
	request := tiles.Request{At: at, Layers: make([]tiles.LayerRequest, len(wanted))}
	var f *Filter         // nil: none
	var fields [][]string // of each layer; nil: all that may be seen
	if r.URL.RawQuery != "" {
		if err := onlyQuery(r, tileQuery...); err != nil {
			return err
		}
		query := r.URL.Query()
		if request.Since, err = s.since(query.Get("since")); err != nil {
			return err
		}
		if fields, err = tileProperties(query, wanted); err != nil {
			return err
		}
		asked, err := s.withGrids(r.Context(), filterOf(query.Get))
		if err != nil {
			return err
		}
		f = &asked
	}
	for i, l := range wanted {
		if request.Layers[i], err = s.tileLayer(r.Context(), bound, l, f); err != nil {
			return err
		}
		if fields != nil {
			request.Layers[i].Fields = fields[i]
		}
	}
	tile, err := maker.Get(r.Context(), request)
	if err != nil {
		return err
	}
	s.writeTile(w, r, tile)
	return nil
}

// tileQuery is what a tile's address may ask for.
var tileQuery = append(slices.Clone(filterNames), "properties", "since")

// tileLayer is what the caller may see of a layer in a tile, which shows no
// more than b, and wants.
func (s *Server) tileLayer(ctx context.Context, b orb.Bound, l layerRight, f *Filter) (tiles.LayerRequest, error) {
	right := l.right.At(b, l.layer)
	out := tiles.LayerRequest{Name: l.layer.Name, Version: l.layer.Version, Where: right.Where, Fields: right.Fields}
	if f == nil && l.layer.KFloor == 0 && l.layer.Name != forecast.LayerName {
		out.Where = l.layer.InForce(out.Where)
		return out, nil
	}
	if f == nil {
		f = new(Filter)
	}
	narrow, err := f.cond(l.layer, l.right)
	if err != nil {
		return out, err
	}
	if narrow, err = s.ofLatest(ctx, *f, l.layer, right.Audience, narrow); err != nil {
		return out, err
	}
	out.Where = where.And(right.Where, narrow)
	return out, nil
}

type layerRight struct {
	layer layers.Layer
	right access.Right
}

// tileLayers reads "a,b,c".
func (s *Server) tileLayers(ctx context.Context, names string) ([]layerRight, error) {
	list := strings.Split(names, ",")
	if len(list) > maxTileLayers {
		return nil, &layers.InputError{Field: "path.layers", Remedy: fmt.Sprintf("at most %d layers a tile", maxTileLayers)}
	}
	out := make([]layerRight, len(list))
	for i, name := range list {
		if slices.Contains(list[:i], name) { // MVT 2.1, 4.1: no two layers of a tile have one name
			return nil, &layers.InputError{Field: "path.layers", Value: layers.Short(name), Remedy: "each layer once"}
		}
		l, right, err := s.layer(ctx, name)
		if err != nil {
			return nil, err
		}
		out[i] = layerRight{l, right}
	}
	return out, nil
}

// searchBound is the box whose features a tile may show: the tile and its
// buffer of 64/4096, and a little more.
func searchBound(at maptile.Tile) orb.Bound { return at.Bound(65.0 / 4096) }
