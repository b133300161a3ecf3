package web

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/paulmach/orb"

	"onemap/layers"
	"onemap/tiles"
)

// OGC API Tiles (20-057): the tiles of one collection, and of the dataset, in
// three tile matrix sets. Those of WebMercatorQuad are the same as /tiles has.

// tileTypes are what a tile may be asked for as.
var tileTypes = produces("application/vnd.mapbox-vector-tile", "application/x-protobuf")

// tiledLayers are those that a request is about: one collection; or of the
// dataset those that ?collections= names, and without it the base library.
func (s *Server) tiledLayers(r *http.Request) ([]layerRight, error) {
	if name := r.PathValue("layer"); name != "" {
		l, right, err := s.layer(r.Context(), name)
		return []layerRight{{l, right}}, err
	}
	if r.URL.Query().Has("collections") {
		names := strings.Split(r.URL.Query().Get("collections"), ",")
		for i, n := range names { // an identifier, or the address of a collection here
			names[i] = strings.TrimPrefix(strings.TrimSpace(n), s.baseURL(r)+"/ogc/collections/")
		}
		found, err := s.tileLayers(r.Context(), strings.Join(names, ","))
		if notFound(err) {
			err = &layers.InputError{Field: "query.collections", Value: layers.Short(r.URL.Query().Get("collections")), Remedy: "collections that there are, separated by commas"}
		}
		return found, err
	}
	all, err := s.Store.Layers(r.Context())
	if err != nil {
		return nil, err
	}
	var seen, base []layerRight
	for _, l := range all {
		right, ok := scopeOf(r.Context()).Layer(l)
		if !ok {
			continue
		}
		if seen = append(seen, layerRight{l, right}); l.Subject == "base" {
			base = append(base, layerRight{l, right})
		}
	}
	if len(base) == 0 {
		base = seen
	}
	return base[:min(len(base), maxTileLayers)], nil
}

// ofTiles is the address of what tiles are of: a collection, or the dataset.
func (s *Server) ofTiles(r *http.Request) string {
	if name := r.PathValue("layer"); name != "" {
		return s.baseURL(r) + "/ogc/collections/" + url.PathEscape(name)
	}
	return s.baseURL(r) + "/ogc"
}

// A tileset is what the metadata of 17-083r4 say of it.
type tileset struct {
	Title        string          `json:"title"`
	DataType     string          `json:"dataType"`
	CRS          string          `json:"crs"`
	SchemeURI    string          `json:"tileMatrixSetURI,omitempty"`
	Links        []setLink       `json:"links"`
	Layers       []tilesetLayer  `json:"layers,omitempty"`
	BoundingBox  *tilesetBox     `json:"boundingBox,omitempty"`
	matrixSet    tiles.MatrixSet // not written
	itemTemplate string
}

// A setLink is a link that may have {variables} in its address.
type setLink struct {
	link
	Templated bool `json:"templated,omitempty"`
}

type tilesetLayer struct {
	ID        string         `json:"id"`
	Title     string         `json:"title"`
	DataType  string         `json:"dataType"`
	Dimension int            `json:"geometryDimension"`
	Min       string         `json:"minTileMatrix"`
	Max       string         `json:"maxTileMatrix"`
	Schema    map[string]any `json:"propertiesSchema"`
}

type tilesetBox struct {
	LowerLeft  [2]float64 `json:"lowerLeft"`
	UpperRight [2]float64 `json:"upperRight"`
	CRS        string     `json:"crs"`
}

func (s *Server) tilesetOf(r *http.Request, m tiles.MatrixSet) tileset {
	at := s.ofTiles(r) + "/tiles/" + m.ID
	query := ""
	if r.PathValue("layer") == "" && r.URL.Query().Has("collections") {
		query = "?collections=" + url.QueryEscape(r.URL.Query().Get("collections"))
	}
	return tileset{Title: m.Title, DataType: "vector", CRS: m.CRS, SchemeURI: m.URI, matrixSet: m,
		itemTemplate: at + "/{tileMatrix}/{tileRow}/{tileCol}" + query,
		Links: []setLink{{link: link{at + query, "self", "application/json", m.Title}}, {link: link{withQuery(at, url.Values{"f": {"html"}}), "alternate", "text/html", m.Title}},
			{link: link{s.baseURL(r) + "/ogc/tileMatrixSets/" + m.ID, relScheme, "application/json", m.ID}}}}
}

func (s *Server) ogcTilesets(r *http.Request) (ogcAnswer, error) {
	if _, err := s.tiledLayers(r); err != nil {
		return ogcAnswer{}, err
	}
	var sets []tileset
	var rows [][]cell
	for _, m := range tiles.MatrixSets {
		ts := s.tilesetOf(r, m)
		sets = append(sets, ts)
		rows = append(rows, []cell{{Text: m.ID, Href: ts.Links[1].Href}, {Text: m.Title}, {Text: m.CRS}})
	}
	return ogcAnswer{json: map[string]any{"tilesets": sets, "links": s.selfLinks(r, "application/json")}, page: func(t tongue) page {
		return page{Title: t.of("矢量瓦片", "Vector tiles"), Crumbs: s.crumbs(r, t),
			Sections: []section{{Head: []string{t.of("矩阵集", "Matrix set"), t.of("名称", "Name"), t.of("坐标系", "Coordinate system")}, Rows: rows}}}
	}}, nil
}

func (s *Server) ogcTileset(r *http.Request) (ogcAnswer, error) {
	m, err := matrixSet(r)
	if err != nil {
		return ogcAnswer{}, err
	}
	wanted, err := s.tiledLayers(r)
	if err != nil {
		return ogcAnswer{}, err
	}
	ts := s.tilesetOf(r, m)
	var bound orb.Bound
	t := tongueOf(r)
	for i, w := range wanted {
		ts.Layers = append(ts.Layers, tilesetLayer{ID: w.layer.Name, Title: t.of(w.layer.TitleZH, w.layer.TitleEN), DataType: "vector",
			Dimension: dimension(w.layer), Min: m.Level(w.layer.MinZoom), Max: m.Level(w.layer.MaxZoom), Schema: tileSchema(w)})
		b, err := s.extent(r.Context(), w.layer.Name, w.right)
		if err != nil {
			return ogcAnswer{}, err
		}
		if i == 0 {
			bound = b
		} else if !b.IsEmpty() {
			bound = bound.Union(b)
		}
	}
	if len(wanted) > 0 && !bound.IsEmpty() {
		ts.BoundingBox = &tilesetBox{bound.Min, bound.Max, "http://www.opengis.net/def/crs/OGC/1.3/CRS84"}
	}
	ts.Links = append(ts.Links, setLink{link{ts.itemTemplate, "item", "application/vnd.mapbox-vector-tile", t.of("瓦片", "Tiles")}, true})
	return ogcAnswer{json: ts, page: func(t tongue) page {
		var rows [][]cell
		var plain []link
		for _, l := range ts.Links {
			plain = append(plain, l.link)
		}
		for _, l := range ts.Layers {
			rows = append(rows, []cell{{Text: l.ID, Href: s.baseURL(r) + "/ogc/collections/" + l.ID + "?f=html"}, {Text: l.Title}, {Text: l.Min + "–" + l.Max}})
		}
		return page{Title: m.ID, Text: ts.itemTemplate, Crumbs: s.crumbs(r, t, anchor{Text: t.of("矢量瓦片", "Vector tiles"), Href: s.ofTiles(r) + "/tiles?f=html"}),
			Sections: []section{{Title: t.of("图层", "Layers"), Head: []string{t.of("标识", "Identifier"), t.of("名称", "Name"), t.of("级别", "Matrices")}, Rows: rows}, linkSection(t, plain)}}
	}}, nil
}

func dimension(l layers.Layer) int {
	switch {
	case strings.Contains(l.Geometry, "Line"):
		return 1
	case strings.Contains(l.Geometry, "Polygon"):
		return 2
	}
	return 0
}

// tileSchema describes the properties of a layer's features in tiles.
func tileSchema(w layerRight) map[string]any {
	properties := map[string]any{}
	for _, name := range w.right.Fields {
		if f, ok := w.layer.Field(name); ok && f.InTile {
			p := jsonSchema(f)
			delete(p, "format") // as texts; and without a rule on them
			properties[name] = p
		}
	}
	return map[string]any{"type": "object", "properties": properties}
}

// ogcTile answers with a tile of a collection or of the dataset.
func (s *Server) ogcTile(w http.ResponseWriter, r *http.Request) error {
	m, err := matrixSet(r)
	if err != nil {
		return err
	}
	at, err := m.Address(r.PathValue("tileMatrix"), r.PathValue("tileRow"), r.PathValue("tileCol"))
	if err != nil {
		return err
	}
	if r.PathValue("layer") != "" && r.URL.Query().Has("collections") {
		return &layers.InputError{Field: "query.collections", Remedy: "leave it out: these are the tiles of one collection"}
	}
	wanted, err := s.tiledLayers(r)
	if err != nil {
		return err
	}
	v := r.URL.Query()
	v.Del("collections")
	if v.Get("f") == "mvt" {
		v.Del("f")
	}
	r = r.Clone(r.Context())
	r.URL.RawQuery = v.Encode()
	maker, bound := s.Tiles, searchBound(at)
	if m.Degrees {
		maker, bound = s.Degrees, layers.DegreeTile{Z: int(at.Z), X: int(at.X), Y: int(at.Y)}.Bound(65)
	}
	if maker == nil {
		return errUnavailable
	}
	return s.serveTile(w, r, maker, at, bound, wanted)
}
