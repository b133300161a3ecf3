package web

import (
	"fmt"
	"net/http"

	"onemap/layers"
	"onemap/tiles"
)

// Tile matrix sets as OGC 17-083r4 writes them in JSON.

type tmsBody struct {
	ID       string    `json:"id"`
	Title    string    `json:"title"`
	URI      string    `json:"uri,omitempty"`
	CRS      string    `json:"crs"`
	Axes     [2]string `json:"orderedAxes"`
	Matrices []tmBody  `json:"tileMatrices"`
	Links    []link    `json:"links"`
}

type tmBody struct {
	ID               string     `json:"id"`
	ScaleDenominator float64    `json:"scaleDenominator"`
	CellSize         float64    `json:"cellSize"`
	CornerOfOrigin   string     `json:"cornerOfOrigin"`
	PointOfOrigin    [2]float64 `json:"pointOfOrigin"`
	TileWidth        int        `json:"tileWidth"`
	TileHeight       int        `json:"tileHeight"`
	MatrixWidth      int        `json:"matrixWidth"`
	MatrixHeight     int        `json:"matrixHeight"`
}

func matrixSet(r *http.Request) (tiles.MatrixSet, error) {
	m, ok := tiles.FindMatrixSet(r.PathValue("tms"))
	if !ok {
		return m, fmt.Errorf("tile matrix set %q: %w", layers.Short(r.PathValue("tms")), layers.ErrNotFound)
	}
	return m, nil
}

func (s *Server) ogcMatrixSets(r *http.Request) (ogcAnswer, error) {
	at := s.baseURL(r) + "/ogc/tileMatrixSets"
	list := []map[string]any{}
	var rows [][]cell
	for _, m := range tiles.MatrixSets {
		one := map[string]any{"id": m.ID, "title": m.Title, "crs": m.CRS, "links": []link{{at + "/" + m.ID, relScheme, "application/json", m.Title}}}
		if m.URI != "" {
			one["uri"] = m.URI
		}
		list = append(list, one)
		rows = append(rows, []cell{{Text: m.ID, Href: at + "/" + m.ID + "?f=html"}, {Text: m.Title}, {Text: m.CRS}})
	}
	return ogcAnswer{json: map[string]any{"tileMatrixSets": list, "links": s.selfLinks(r, "application/json")}, page: func(t tongue) page {
		return page{Title: t.of("瓦片矩阵集", "Tile matrix sets"), Crumbs: s.crumbs(r, t),
			Sections: []section{{Head: []string{t.of("标识", "Identifier"), t.of("名称", "Name"), t.of("坐标系", "Coordinate system")}, Rows: rows}}}
	}}, nil
}

func (s *Server) ogcMatrixSet(r *http.Request) (ogcAnswer, error) {
	m, err := matrixSet(r)
	if err != nil {
		return ogcAnswer{}, err
	}
	b := tmsBody{ID: m.ID, Title: m.Title, URI: m.URI, CRS: m.CRS, Axes: m.Axes, Links: s.selfLinks(r, "application/json")}
	var rows [][]cell
	for _, x := range m.Matrices() {
		b.Matrices = append(b.Matrices, tmBody{x.ID, x.ScaleDenominator, x.CellSize, "topLeft", x.Origin, 256, 256, x.Columns, x.Rows})
		rows = append(rows, []cell{{Text: x.ID}, {Text: fmt.Sprintf("%.3f", x.ScaleDenominator)}, {Text: fmt.Sprint(x.CellSize)}, {Text: fmt.Sprintf("%d × %d", x.Columns, x.Rows)}})
	}
	return ogcAnswer{json: b, page: func(t tongue) page {
		return page{Title: m.ID, Text: m.Title + " · " + m.CRS, Crumbs: s.crumbs(r, t, anchor{Text: t.of("瓦片矩阵集", "Tile matrix sets"), Href: s.baseURL(r) + "/ogc/tileMatrixSets?f=html"}),
			Sections: []section{{Head: []string{t.of("级别", "Matrix"), t.of("比例尺分母", "Scale denominator"), t.of("像元", "Cell"), t.of("列 × 行", "Columns × rows")}, Rows: rows}}}
	}}, nil
}
