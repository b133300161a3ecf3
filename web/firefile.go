package web

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/forecast/firerisk"
)

// fireListFile answers a list of inspections as a file: a sheet with one line a
// visit, routes for a navigator, features for maps, or a paper with a page for
// each tour to take along. Who takes it is recorded.
func (s *Server) fireListFile(w http.ResponseWriter, r *http.Request) error {
	if err := onlyQuery(r, "format", "lang"); err != nil {
		return err
	}
	q := r.URL.Query()
	format, err := choice(q, "format", "xlsx", "xlsx", "csv", "geojson", "gpx", "pdf")
	if err != nil {
		return err
	}
	lang, err := choice(q, "lang", "zh", "zh", "en")
	if err != nil {
		return err
	}
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil || id < 1 {
		return inputError("path.id", layers.Short(r.PathValue("id")), "the number of a list")
	}
	ctx := r.Context()
	l, err := s.FireRisk.List(ctx, scopeOf(ctx), id)
	if err != nil {
		return err
	}
	p := firePaper{writing: writing{lang: lang}, list: l}
	if format == "pdf" && l.Run > 0 {
		run, err := s.FireRisk.Get(ctx, scopeOf(ctx), l.Run)
		if err != nil {
			return err
		}
		p.trial, p.horizon = run.Trial, run.Horizon
	}
	if err := s.audit(ctx, r, access.Entry{Action: "fire_risk.export", Object: fmt.Sprintf("inspection_list/%d", id), Result: access.Done, Detail: map[string]any{"format": format}}); err != nil {
		return err
	}
	name := fmt.Sprintf("inspections-%d", id)
	if format == "csv" || format == "xlsx" {
		return s.sendSheet(w, r, format, name, []sheet{fireSheet(l, lang)})
	}
	h := w.Header()
	h.Set("Content-Type", map[string]string{"geojson": geoJSONType, "gpx": "application/gpx+xml", "pdf": "application/pdf"}[format])
	h.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="%s.%s"`, name, format))
	switch format {
	case "gpx":
		return writeFireGPX(w, l, lang)
	case "pdf":
		p.draw()
		_, err = p.doc.WriteTo(w)
		return err
	}
	return json.NewEncoder(w).Encode(fireFeatures(l))
}

var fireWords = map[string][2]string{"risk": {"风险", "risk"}, "overdue": {"逾期", "overdue"}, "random": {"随机抽查", "random audit"}, "longest": {"最久未检查", "longest without an inspection"},
	"": {"待定", "to be decided"}, "accepted": {"采纳", "accepted"}, "refused": {"不采纳", "refused"},
	"pass": {"合格", "passed"}, "conditional": {"限期整改", "to be rectified"}, "fail": {"不合格", "failed"}, "not_done": {"未能检查", "could not be made"}, "done": {"已检查", "visited"}}

// fireWord is one of fireWords.
func fireWord(lang, key string) string { return said(lang, fireWords[key][0], fireWords[key][1]) }

func fireWhy(lang string, x firerisk.Line) string {
	return strings.ReplaceAll(said(lang, x.WhyZH, x.WhyEN), "\n", said(lang, "；", "; "))
}

func fireSheet(l firerisk.List, lang string) sheet {
	heads := map[string][]string{
		"zh": {"日期", "单位", "站次", "名称", "用途", "原因", "名次", "期内起火概率", "预计起数", "下限(90%)", "上限(90%)", "主要因素", "最近检查", "法定期限", "网格", "经度", "纬度", "决定", "决定人", "说明", "结果"},
		"en": {"Day", "Unit", "Stop", "Name", "Use", "Reason", "Rank", "Probability of a fire", "Expected", "Low (90 %)", "High (90 %)", "Drivers", "Last inspected", "Due by law", "Grid", "Longitude", "Latitude", "Decision", "By", "Note", "Outcome"}}
	t := sheet{title: said(lang, "消防检查清单", "Inspections"), main: true, head: heads[lang]}
	t.rows = func(yield func([]any, error) bool) {
		for _, x := range l.Lines {
			var rank any
			if x.Rank > 0 {
				rank = x.Rank
			}
			outcome := ""
			if x.Outcome != "" {
				outcome = fireWord(lang, x.Outcome)
			}
			if !yield([]any{x.Day, x.UnitName, x.Stop, fireName(lang, x), said(lang, x.UseZH, x.UseEN), fireWord(lang, x.Reason), rank, orNothing(x.Likely), orNothing(x.Expected), orNothing(x.Low), orNothing(x.High),
				fireWhy(lang, x), x.Inspected, x.Due, x.Grid, x.Lon, x.Lat, fireWord(lang, x.Decision), x.DecidedBy, x.Note, outcome}, nil) {
				return
			}
		}
	}
	return t
}

// orNothing is an empty cell for what is not known.
func orNothing(v *float64) any {
	if v == nil {
		return nil
	}
	return *v
}

// fireStops are the lines of a tour in its order, without those refused.
func fireStops(l firerisk.List, t firerisk.Tour) []firerisk.Line {
	var out []firerisk.Line
	for _, n := range t.Stops {
		for _, x := range l.Lines {
			if x.N == n && x.Decision != "refused" {
				out = append(out, x)
			}
		}
	}
	return out
}

// fireFeatures are the visits as points and the ways as lines.
func fireFeatures(l firerisk.List) *geojson.FeatureCollection {
	out := geojson.NewFeatureCollection()
	for _, t := range l.Tours {
		if len(t.Line) > 1 {
			f := geojson.NewFeature(t.Line)
			f.Properties = geojson.Properties{"kind": "way", "list": l.ID, "unit": t.Name, "on_day": t.Day, "seconds": t.Seconds, "length_m": t.LengthM}
			out.Append(f)
		}
	}
	for _, x := range l.Lines {
		f := geojson.NewFeature(orb.Point{x.Lon, x.Lat})
		f.Properties = geojson.Properties{"kind": "visit", "list": l.ID, "n": x.N, "place": x.Place, "name": x.Name, "use": x.Use, "reason": x.Reason, "unit": x.UnitName, "on_day": x.Day, "stop": x.Stop,
			"why_zh": x.WhyZH, "why_en": x.WhyEN, "decision": x.Decision, "outcome": x.Outcome}
		for name, v := range map[string]*float64{"likely": x.Likely, "expected": x.Expected, "low": x.Low, "high": x.High, "chance": x.Chance} {
			if v != nil {
				f.Properties[name] = *v
			}
		}
		out.Append(f)
	}
	return out
}

// writeFireGPX is GPX 1.1 as that of patrols: a route for each tour with its
// visits, and its way as a track. What was refused is not driven to.
func writeFireGPX(w http.ResponseWriter, l firerisk.List, lang string) error {
	g := patrolGPX{Version: "1.1", Creator: "onemap", Name: fireTitle(l, lang)}
	for _, t := range l.Tours {
		name := strings.TrimSpace(t.Day + " " + t.Name)
		r := patrolRoute{Name: name}
		for _, x := range fireStops(l, t) {
			r.Points = append(r.Points, routePoint{Lat: x.Lat, Lon: x.Lon, Name: fmt.Sprintf("%d %s", x.Stop, fireName(lang, x)), Desc: strings.Trim(fireWord(lang, x.Reason)+"; "+fireWhy(lang, x), "; ")})
		}
		if len(r.Points) == 0 {
			continue
		}
		g.Routes = append(g.Routes, r)
		if len(t.Line) > 1 {
			track := patrolTrack{Name: name}
			for _, at := range t.Line {
				track.Points = append(track.Points, trackPoint{at[1], at[0]})
			}
			g.Tracks = append(g.Tracks, track)
		}
	}
	if _, err := w.Write([]byte(xml.Header)); err != nil {
		return err
	}
	return xml.NewEncoder(w).Encode(g)
}

func fireTitle(l firerisk.List, lang string) string {
	if l.Title != "" {
		return l.Title
	}
	return fmt.Sprintf("%s %d", said(lang, "消防检查清单", "Inspections"), l.ID)
}

// fireName is a place's name, or its number where it has none.
func fireName(lang string, x firerisk.Line) string {
	if x.Name != "" {
		return x.Name
	}
	return fmt.Sprintf("%s #%d", said(lang, x.UseZH, x.UseEN), x.Place)
}
