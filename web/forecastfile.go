package web

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"iter"
	"net/http"
	"strconv"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/paulmach/orb/geojson"

	"onemap/layers/access"
	"onemap/layers/forecast"
)

// mostCells bounds one answer; a file has all that there are.
const mostCells = 200_000

func forecastID(r *http.Request) (int64, error) {
	id, err := strconv.ParseInt(chi.URLParam(r, "id"), 10, 64)
	if err != nil || id < 1 {
		return 0, inputError("path.id", chi.URLParam(r, "id"), "a number from 1 on")
	}
	return id, nil
}

// listForecastCells answers the cells of a run as GeoJSON, by rank.
func (s *Server) listForecastCells(w http.ResponseWriter, r *http.Request) error {
	if err := onlyQuery(r, "limit", "hot"); err != nil {
		return err
	}
	id, err := forecastID(r)
	if err != nil {
		return err
	}
	limit, err := intParam(r, "limit", 1000, 1, 20_000)
	if err != nil {
		return err
	}
	hot, err := choice(r.URL.Query(), "hot", "false", "true", "false")
	if err != nil {
		return err
	}
	cells, err := s.forecastCells(r, id, hot == "true", int(limit))
	if err != nil {
		return err
	}
	if err := s.sawForecast(r.Context(), r, id); err != nil {
		return err
	}
	w.Header().Set("Content-Type", geoJSONType)
	return json.NewEncoder(w).Encode(cellFeatures(cells))
}

func (s *Server) forecastCells(r *http.Request, id int64, hot bool, limit int) ([]forecast.Cell, error) {
	if hot {
		return s.Forecasts.Hot(r.Context(), scopeOf(r.Context()), id, limit)
	}
	return s.Forecasts.Top(r.Context(), scopeOf(r.Context()), id, limit)
}

func cellFeatures(cells []forecast.Cell) *geojson.FeatureCollection {
	out := geojson.NewFeatureCollection()
	for _, c := range cells {
		f := geojson.NewFeature(c.Geometry)
		f.ID = c.Cell
		f.Properties = geojson.Properties{"run": c.Run, "cell": c.Cell, "rank": c.Rank, "expected": c.Expected, "low": c.Low, "high": c.High, "share": c.Share, "density": c.Density,
			"change": c.Change, "area_m2": c.AreaM2, "zone": c.Zone, "hot": c.Hot, "grid_code": c.GridCode, "area_code": c.AreaCode, "why_zh": c.Why.ZH, "why_en": c.Why.EN,
			"lon": c.Centre[0], "lat": c.Centre[1]}
		out.Append(f)
	}
	return out
}

// forecastFile answers a run as a file: all cells as GeoJSON or a table, the hot
// ones as waypoints for a navigator, or a paper to take along. Who takes it is
// recorded.
func (s *Server) forecastFile(w http.ResponseWriter, r *http.Request) error {
	if err := onlyQuery(r, "format", "lang", "hot"); err != nil {
		return err
	}
	q := r.URL.Query()
	format, err := choice(q, "format", "geojson", "geojson", "csv", "xlsx", "gpx", "pdf")
	if err != nil {
		return err
	}
	lang, err := choice(q, "lang", "zh", "zh", "en")
	if err != nil {
		return err
	}
	only, err := choice(q, "hot", "false", "true", "false")
	if err != nil {
		return err
	}
	id, err := forecastID(r)
	if err != nil {
		return err
	}
	run, err := s.Forecasts.Get(r.Context(), scopeOf(r.Context()), id)
	if err != nil {
		return err
	}
	cells, err := s.forecastCells(r, id, only == "true" || format == "gpx" || format == "pdf", mostCells)
	if err != nil {
		return err
	}
	if err := s.audit(r.Context(), r, access.Entry{Action: "forecast.export", Object: fmt.Sprintf("forecast/%d", id), Result: access.Done, Detail: map[string]any{"format": format, "cells": len(cells)}}); err != nil {
		return err
	}
	name := fmt.Sprintf("forecast-%d", id)
	if format == "csv" || format == "xlsx" {
		return s.sendSheet(w, r, format, name, []sheet{{title: said(lang, "热点预测", "Forecast"), main: true, head: forecastHeads[lang], rows: cellRows(cells, lang)}})
	}
	h := w.Header()
	h.Set("Content-Type", map[string]string{"geojson": geoJSONType, "gpx": "application/gpx+xml", "pdf": "application/pdf"}[format])
	h.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="%s.%s"`, name, format))
	switch format {
	case "gpx":
		return writeForecastGPX(w, run, cells, lang)
	case "pdf":
		ground, err := s.Forecasts.Outline(r.Context(), scopeOf(r.Context()))
		if err != nil {
			return err
		}
		zone, err := s.evaluation().Zone(r.Context())
		if err != nil {
			return err
		}
		p := forecastPaper{writing: writing{lang: lang}, run: run, cells: cells, outline: ground, zone: zone}
		p.draw()
		_, err = p.doc.WriteTo(w)
		return err
	}
	return json.NewEncoder(w).Encode(cellFeatures(cells))
}

var forecastHeads = map[string][]string{
	"zh": {"名次", "单元号", "热点", "预计起数", "下限", "上限", "占比", "相对全市密度", "较上月变化", "面积(平方米)", "网格编码", "区划代码", "经度", "纬度", "成因"},
	"en": {"rank", "cell", "hot", "expected", "low", "high", "share", "density", "change", "area_m2", "grid_code", "area_code", "lon", "lat", "drivers"},
}

func cellRows(cells []forecast.Cell, lang string) iter.Seq2[[]any, error] {
	return func(yield func([]any, error) bool) {
		for _, c := range cells {
			if !yield([]any{c.Rank, c.Cell, c.Hot, c.Expected, c.Low, c.High, c.Share, c.Density, c.Change, c.AreaM2, c.GridCode, c.AreaCode, c.Centre[0], c.Centre[1], said(lang, c.Why.ZH, c.Why.EN)}, nil) {
				return
			}
		}
	}
}

// gpx is GPX 1.1 with waypoints, the densest first.
type gpx struct {
	XMLName xml.Name `xml:"http://www.topografix.com/GPX/1/1 gpx"`
	Version string   `xml:"version,attr"`
	Creator string   `xml:"creator,attr"`
	Meta    struct {
		Name string `xml:"name"`
		Desc string `xml:"desc"`
		Time string `xml:"time"`
	} `xml:"metadata"`
	Points []gpxPoint `xml:"wpt"`
}

type gpxPoint struct {
	Lat  float64 `xml:"lat,attr"`
	Lon  float64 `xml:"lon,attr"`
	Name string  `xml:"name"`
	Desc string  `xml:"desc"`
}

func writeForecastGPX(w http.ResponseWriter, run forecast.Run, cells []forecast.Cell, lang string) error {
	g := gpx{Version: "1.1", Creator: "onemap"}
	g.Meta.Name, g.Meta.Desc, g.Meta.Time = run.Title, said(lang, run.Summary.Verdict.ZH, run.Summary.Verdict.EN), run.MadeAt.UTC().Format(time.RFC3339)
	for _, c := range cells {
		g.Points = append(g.Points, gpxPoint{c.Centre[1], c.Centre[0], fmt.Sprintf("%d", c.Rank),
			fmt.Sprintf(said(lang, "预计 %.2f 起(%d–%d)。%s", "Expected %.2f (%d to %d). %s"), c.Expected, c.Low, c.High, said(lang, c.Why.ZH, c.Why.EN))})
	}
	if _, err := w.Write([]byte(xml.Header)); err != nil {
		return err
	}
	return xml.NewEncoder(w).Encode(g)
}
