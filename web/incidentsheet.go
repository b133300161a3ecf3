package web

import (
	"context"
	"iter"
	"net/http"
	"time"

	"onemap/layers/access"
	"onemap/layers/incident"
)

// exportIncidents answers the list of incidents as a sheet, by right and with
// the filters of the list: fields that the caller may not see are empty, and
// nobody's contact is in it. Who takes it is recorded.
func (s *Server) exportIncidents(w http.ResponseWriter, r *http.Request) error {
	if err := onlyQuery(r, append(filterNames, "mine", "q", "format", "lang")...); err != nil {
		return err
	}
	p := r.URL.Query()
	format, lang, err := sheetChoice(p)
	if err != nil {
		return err
	}
	if format == "json" && p.Get("format") == "json" {
		return inputError("query.format", "json", "xlsx or csv")
	}
	if format == "json" {
		format = "xlsx"
	}
	mine, err := choice(p, "mine", "false", "true", "false")
	if err != nil {
		return err
	}
	ctx := r.Context()
	q, err := s.incidentQuery(ctx, &incidentsInput{Filter: filterOf(p.Get), Mine: mine == "true", Text: p.Get("q")})
	if err != nil {
		return err
	}
	// What is wrong with the query is said before the file begins.
	first := q
	first.Limit = 1
	if _, _, err := s.Incidents.List(ctx, scopeOf(ctx), first); err != nil {
		return err
	}
	zone, err := s.evaluation().Zone(ctx)
	if err != nil {
		return err
	}
	if err := s.audit(ctx, r, access.Entry{Action: "incident.export", Object: "layer/incident", Result: access.Done,
		Detail: map[string]any{"format": format, "query": r.URL.RawQuery}}); err != nil {
		return err
	}
	return s.sendSheet(w, r, format, "incidents-"+time.Now().UTC().Format("20060102T150405Z"), []sheet{{title: word(lang, "cases"), main: true, zone: zone,
		head: heads(lang, "id", "number", "class", "class_name", "severity", "state", "source", "dept", "description", "place", "lon", "lat", "area", "grid",
			"occurred", "reported", "filed", "closed", "due", "overdue", "returns", "reworks", "supervised"),
		rows: s.incidentRows(ctx, q, lang)}})
}

// incidentRows reads the list page by page, so that the export holds no
// connection while its reader reads.
func (s *Server) incidentRows(ctx context.Context, q incident.Query, lang string) iter.Seq2[[]any, error] {
	return func(yield func([]any, error) bool) {
		q.Limit = 1000
		for n := 0; n < mostInSheet; {
			found, next, err := s.Incidents.List(ctx, scopeOf(ctx), q)
			if err != nil {
				yield(nil, err)
				return
			}
			for _, i := range found {
				n++
				if !yield([]any{i.ID, i.Number, i.Class, said(lang, i.ClassZH, i.ClassEN), i.Severity, called(lang, incident.StateName(i.State)), called(lang, incident.SourceName(i.Source)), said(lang, i.DeptZH, i.DeptEN), i.Description, i.Place,
					i.Lon, i.Lat, i.Area, i.Grid, moment(i.OccurredAt), moment(i.ReportedAt), moment(i.FiledAt), moment(i.ClosedAt), moment(i.DueAt), i.Overdue,
					i.Returns, i.Reworks, i.Supervised}, nil) {
					return
				}
			}
			if q.Page = next; next == "" {
				return
			}
		}
	}
}
