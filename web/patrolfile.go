package web

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"strconv"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/deploy/patrolplan"
)

// patrolFile answers a plan as a file: for maps, as a sheet, as routes for a
// navigator, or as a paper for each unit to take along. Who takes it is recorded.
func (s *Server) patrolFile(w http.ResponseWriter, r *http.Request) error {
	if err := onlyQuery(r, "format", "lang", "unit"); err != nil {
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
	id, err := strconv.ParseInt(chi.URLParam(r, "id"), 10, 64)
	if err != nil || id < 1 {
		return inputError("path.id", chi.URLParam(r, "id"), "a number from 1 on")
	}
	unit, err := intParam(r, "unit", 0, 0, 30)
	if err != nil {
		return err
	}
	p, err := s.Patrols.Get(r.Context(), scopeOf(r.Context()), id)
	if err != nil {
		return err
	}
	if unit > 0 {
		if int(unit) > len(p.Units) {
			return inputError("query.unit", strconv.FormatInt(unit, 10), "the number of a unit of the plan")
		}
		p.Units = p.Units[unit-1 : unit]
	}
	zone, err := s.evaluation().Zone(r.Context())
	if err != nil {
		return err
	}
	if err := s.audit(r.Context(), r, access.Entry{Action: "patrol.export", Object: fmt.Sprintf("patrol/%d", id), Result: access.Done, Detail: map[string]any{"format": format}}); err != nil {
		return err
	}
	name := fmt.Sprintf("patrol-%d", id)
	if unit > 0 {
		name += fmt.Sprintf("-%d", unit)
	}
	if format == "csv" || format == "xlsx" {
		return s.sendSheet(w, r, format, name, []sheet{{title: said(lang, "巡逻方案", "Patrol plan"), main: true, head: patrolHeads[lang], rows: patrolRows(p, zone, lang)}})
	}
	h := w.Header()
	h.Set("Content-Type", map[string]string{"geojson": geoJSONType, "gpx": "application/gpx+xml", "pdf": "application/pdf"}[format])
	h.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="%s.%s"`, name, format))
	switch format {
	case "gpx":
		return writePatrolGPX(w, p, zone, lang)
	case "pdf":
		paper := patrolPaper{writing: writing{lang: lang}, plan: p, zone: zone}
		if p.Run != 0 {
			if run, err := s.Forecasts.Get(r.Context(), scopeOf(r.Context()), p.Run); err == nil {
				paper.run = &run
			} else if !errors.Is(err, layers.ErrNotFound) && !errors.Is(err, access.ErrForbidden) {
				return err
			}
		}
		paper.draw()
		_, err = paper.doc.WriteTo(w)
		return err
	}
	return json.NewEncoder(w).Encode(patrolFeatures(p))
}

// patrolFeatures are the stops as points and the ways as lines.
func patrolFeatures(p patrolplan.Plan) *geojson.FeatureCollection {
	out := geojson.NewFeatureCollection()
	for _, u := range p.Units {
		line := orb.LineString{}
		for _, at := range u.Line {
			line = append(line, at)
		}
		if len(line) > 1 {
			f := geojson.NewFeature(line)
			f.Properties = geojson.Properties{"kind": "way", "plan": p.ID, "unit": u.N, "name": u.Name, "from": u.From, "until": u.Until, "back": u.Back, "drive_min": u.DriveMin}
			out.Append(f)
		}
		for _, s := range u.Stops {
			f := geojson.NewFeature(orb.Point{s.Lon, s.Lat})
			f.Properties = geojson.Properties{"kind": "stop", "plan": p.ID, "unit": u.N, "n": s.N, "name": u.Name, "title": s.Title, "arrive": s.Arrive, "start": s.Start, "leave": s.Leave,
				"visit": s.Visit, "score": s.Score, "explore": s.Explore, "by_hand": s.ByHand}
			if s.VisitedAt != nil {
				f.Properties["visited_at"] = *s.VisitedAt
			}
			if s.Skipped != "" {
				f.Properties["skipped"] = s.Skipped
			}
			out.Append(f)
		}
	}
	return out
}

var patrolHeads = map[string][]string{
	"zh": {"单元", "人员", "序号", "点位", "到达", "开始", "离开", "驾车分钟", "第几次", "预期案件", "随机探索", "人工添加", "经度", "纬度", "实际到访", "距点位米", "未到原因", "备注"},
	"en": {"unit", "worker", "n", "place", "arrive", "start", "leave", "drive_min", "visit", "score", "explore", "by_hand", "lon", "lat", "visited_at", "distance_m", "skipped", "note"},
}

func patrolRows(p patrolplan.Plan, zone *time.Location, lang string) iter.Seq2[[]any, error] {
	return func(yield func([]any, error) bool) {
		clock := func(t time.Time) string { return t.In(zone).Format("2006-01-02 15:04") }
		for _, u := range p.Units {
			for _, s := range u.Stops {
				var visited, metres any
				if s.VisitedAt != nil {
					visited = clock(*s.VisitedAt)
				}
				if s.DistanceM != nil {
					metres = *s.DistanceM
				}
				if !yield([]any{u.Name, u.PersonName, s.N, s.Title, clock(s.Arrive), clock(s.Start), clock(s.Leave), s.DriveMin, s.Visit, s.Score, yes(s.Explore, lang), yes(s.ByHand, lang), s.Lon, s.Lat, visited, metres, s.Skipped, s.Note}, nil) {
					return
				}
			}
		}
	}
}

func yes(is bool, lang string) string {
	if is {
		return said(lang, "是", "yes")
	}
	return ""
}

// patrolGPX is GPX 1.1: a route for each unit, its stops as points in their order, and its way as a track.
type patrolGPX struct {
	XMLName xml.Name      `xml:"http://www.topografix.com/GPX/1/1 gpx"`
	Version string        `xml:"version,attr"`
	Creator string        `xml:"creator,attr"`
	Name    string        `xml:"metadata>name"`
	Routes  []patrolRoute `xml:"rte"`
	Tracks  []patrolTrack `xml:"trk"`
}

type patrolRoute struct {
	Name   string       `xml:"name"`
	Points []routePoint `xml:"rtept"`
}

type routePoint struct {
	Lat  float64 `xml:"lat,attr"`
	Lon  float64 `xml:"lon,attr"`
	Time string  `xml:"time,omitempty"`
	Name string  `xml:"name"`
	Desc string  `xml:"desc,omitempty"`
}

type patrolTrack struct {
	Name   string       `xml:"name"`
	Points []trackPoint `xml:"trkseg>trkpt"`
}

type trackPoint struct {
	Lat float64 `xml:"lat,attr"`
	Lon float64 `xml:"lon,attr"`
}

func writePatrolGPX(w http.ResponseWriter, p patrolplan.Plan, zone *time.Location, lang string) error {
	g := patrolGPX{Version: "1.1", Creator: "onemap", Name: p.Title}
	for _, u := range p.Units {
		r := patrolRoute{Name: u.Name}
		end := func(e *patrolplan.End, at time.Time) {
			if e != nil {
				r.Points = append(r.Points, routePoint{Lat: e.Lat, Lon: e.Lon, Time: at.UTC().Format(time.RFC3339), Name: e.Title})
			}
		}
		end(u.Start, u.From)
		for _, s := range u.Stops {
			desc := fmt.Sprintf("%s–%s", s.Start.In(zone).Format("15:04"), s.Leave.In(zone).Format("15:04"))
			if s.Explore {
				desc += said(lang, " 随机探索", " random exploration")
			}
			r.Points = append(r.Points, routePoint{s.Lat, s.Lon, s.Start.UTC().Format(time.RFC3339), fmt.Sprintf("%d %s", s.N, s.Title), desc})
		}
		end(u.End, u.Back)
		g.Routes = append(g.Routes, r)
		if len(u.Line) > 1 {
			t := patrolTrack{Name: u.Name}
			for _, at := range u.Line {
				t.Points = append(t.Points, trackPoint{at[1], at[0]})
			}
			g.Tracks = append(g.Tracks, t)
		}
	}
	if _, err := w.Write([]byte(xml.Header)); err != nil {
		return err
	}
	return xml.NewEncoder(w).Encode(g)
}
