package web

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/maptile"

	"onemap/geo/where"
	"onemap/layers"
	"onemap/layers/access"
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
	ctx := r.Context()
	if err := onlyQuery(r, filterNames...); err != nil {
		return err
	}
	at, err := tiles.ParseAddress(r.PathValue("z"), r.PathValue("x"), r.PathValue("y"))
	if err != nil {
		return err
	}
	wanted, err := s.tileLayers(ctx, r.PathValue("layers"))
	if err != nil {
		return err
	}
	f, err := s.withGrids(ctx, filterOf(r.URL.Query().Get))
	if err != nil {
		return err
	}
	requests := make([]tiles.LayerRequest, len(wanted))
	for i, w := range wanted {
		narrow, err := s.narrow(ctx, f, w.layer, w.right)
		if err != nil {
			return err
		}
		if narrow, err = s.ofLatest(ctx, f, w.layer, narrow); err != nil {
			return err
		}
		right := w.right.At(searchBound(at), w.layer)
		requests[i] = tiles.LayerRequest{Name: w.layer.Name, Version: w.layer.Version, Where: where.And(right.Where, narrow), Fields: right.Fields}
	}
	tile, err := tiles.Get(ctx, s.Tiles, tiles.Request{At: at, Layers: requests})
	if err != nil {
		return err
	}
	h := w.Header()
	etag := "W/" + tile.ETag // weak: what goes out may be compressed
	h.Set("ETag", etag)
	if notModified(r, etag) {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	if len(tile.MVT) == 0 {
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	h.Set("Content-Type", "application/vnd.mapbox-vector-tile")
	_, _ = w.Write(tile.MVT)
	return nil
}

// ofLatest narrows a layer of counts to its latest hour where no time is asked
// for. All its hours lie on top of each other: megabytes that nobody can read.
func (s *Server) ofLatest(ctx context.Context, f Filter, l layers.Layer, narrow where.Cond) (where.Cond, error) {
	if f.Datetime != "" || l.KFloor == 0 || l.TimeField == "" {
		return narrow, nil
	}
	at, err := s.Store.Latest(ctx, l)
	if err != nil || at.IsZero() {
		return narrow, err
	}
	return where.And(narrow, where.Range{Field: l.TimeField, Min: at, Max: at.Add(time.Second)}), nil
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
	seen := map[string]bool{}
	out := make([]layerRight, len(list))
	for i, name := range list {
		if seen[name] { // MVT 2.1, 4.1: no two layers of a tile have one name
			return nil, &layers.InputError{Field: "path.layers", Value: short(name), Remedy: "each layer once"}
		}
		seen[name] = true
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

// notModified says whether the client has what etag names (RFC 9110, 13.1.2).
func notModified(r *http.Request, etag string) bool {
	have := r.Header.Get("If-None-Match")
	if have == "" {
		return false
	}
	for tag := range strings.SplitSeq(have, ",") {
		if tag = strings.TrimSpace(tag); tag == "*" || strings.TrimPrefix(tag, "W/") == strings.TrimPrefix(etag, "W/") {
			return true
		}
	}
	return false
}
