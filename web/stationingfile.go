package web

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"

	"onemap/layers/access"
	"onemap/layers/deploy"
)

// exportStationing sends a plan's posts as GeoJSON or as waypoints of GPX, its
// posts and areas as a sheet, or all of it as a paper. Who takes it is recorded.
func (s *Server) exportStationing(w http.ResponseWriter, r *http.Request) error {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil || id < 1 {
		return inputError("path.id", "", "a number")
	}
	format, err := choice(r.URL.Query(), "format", "geojson", "geojson", "csv", "xlsx", "gpx", "pdf")
	if err != nil {
		return err
	}
	lang, err := choice(r.URL.Query(), "lang", "zh", "zh", "en")
	if err != nil {
		return err
	}
	p, err := s.Stationing.Get(r.Context(), scopeOf(r.Context()), id, clientAddress(r))
	if err != nil {
		return err
	}
	if err := s.Audit.Record(r.Context(), scopeOf(r.Context()), access.Entry{Action: "stationing.export", Object: fmt.Sprintf("stationing/%d", id), Result: access.Done, Address: clientAddress(r),
		Detail: map[string]any{"format": format}}); err != nil {
		return err
	}
	name := fmt.Sprintf("stationing-%d", id)
	if format == "csv" || format == "xlsx" {
		return s.sendSheet(w, r, format, name, stationingSheets(p, lang))
	}
	paper := stationingPaper{writing: writing{lang: lang}, plan: p}
	if format == "pdf" {
		if paper.data, err = s.Stationing.Material(r.Context(), scopeOf(r.Context()), id); err != nil {
			return err
		}
		if paper.outline, err = s.Forecasts.Outline(r.Context(), scopeOf(r.Context())); err != nil {
			return err
		}
		if paper.zone, err = s.evaluation().Zone(r.Context()); err != nil {
			return err
		}
	}
	h := w.Header()
	h.Set("Content-Type", map[string]string{"geojson": geoJSONType, "gpx": "application/gpx+xml", "pdf": "application/pdf"}[format])
	h.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="%s.%s"`, name, format))
	switch format {
	case "gpx":
		return writeStationingGPX(w, p, lang)
	case "pdf":
		paper.draw()
		_, err = paper.doc.WriteTo(w)
		return err
	}
	fc := geojson.NewFeatureCollection()
	for _, post := range p.Answer.Plan.Posts {
		f := geojson.NewFeature(orb.Point{post.Lon, post.Lat})
		f.Properties = geojson.Properties{"plan": p.ID, "state": p.State, "number": post.Number, "name": post.Name, "units": post.Units, "fixed": post.Fixed, "demand": post.Demand, "mean_s": post.MeanS}
		fc.Append(f)
	}
	return json.NewEncoder(w).Encode(fc)
}

// writeStationingGPX is GPX 1.1 with the posts as waypoints.
func writeStationingGPX(w http.ResponseWriter, p deploy.Plan, lang string) error {
	g := gpx{Version: "1.1", Creator: "onemap"}
	g.Meta.Name, g.Meta.Time = p.Title, p.MadeAt.UTC().Format(time.RFC3339)
	for _, post := range p.Answer.Plan.Posts {
		g.Points = append(g.Points, gpxPoint{post.Lat, post.Lon, fmt.Sprint(post.Number),
			fmt.Sprintf(said(lang, "%s,%d 支力量", "%s, %d units"), post.Name, post.Units)})
	}
	if _, err := w.Write([]byte(xml.Header)); err != nil {
		return err
	}
	return xml.NewEncoder(w).Encode(g)
}

// stationingSheets are a plan's posts, and what its areas have of it.
func stationingSheets(p deploy.Plan, lang string) []sheet {
	head := func(pairs ...[2]string) []string {
		out := make([]string, len(pairs))
		for i, h := range pairs {
			out[i] = said(lang, h[0], h[1])
		}
		return out
	}
	var posts, areas [][]any
	for _, x := range p.Answer.Plan.Posts {
		posts = append(posts, []any{x.Number, x.Name, x.Units, x.Lon, x.Lat, x.Demand, x.MeanS / 60})
	}
	today := map[string]deploy.AreaHas{}
	if p.Answer.Today != nil {
		for _, a := range p.Answer.Today.Areas {
			today[a.Code] = a
		}
	}
	for _, a := range p.Answer.Plan.Areas {
		row := []any{a.Code, said(lang, a.NameZH, a.NameEN), a.Demand, a.Covered, a.MeanS / 60, nil, nil}
		if t, ok := today[a.Code]; ok {
			row[5], row[6] = t.Covered, t.MeanS/60
		}
		areas = append(areas, row)
	}
	return []sheet{
		{title: said(lang, "驻点", "Posts"), main: true, rows: rowsOf(posts), head: head([2]string{"序号", "Number"}, [2]string{"名称", "Name"}, [2]string{"力量数", "Units"}, [2]string{"经度", "Longitude"}, [2]string{"纬度", "Latitude"},
			[2]string{"最近覆盖的需求", "Demand it is nearest to"}, [2]string{"平均到达分钟", "Mean minutes"})},
		{title: said(lang, "区域", "Areas"), rows: rowsOf(areas), head: head([2]string{"代码", "Code"}, [2]string{"名称", "Name"}, [2]string{"需求", "Demand"}, [2]string{"达标占比", "Share within the standard"},
			[2]string{"平均到达分钟", "Mean minutes"}, [2]string{"现状达标占比", "Share today"}, [2]string{"现状平均分钟", "Mean minutes today"})},
	}
}
