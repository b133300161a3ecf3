package web

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/evaluate"
)

// Evaluation: reports, the cases behind their numbers, and the rules.

func (s *Server) evaluation() *evaluate.Store { return &evaluate.Store{Layers: s.Store} }

// evaluators may ask for a report; what is in it is by right.
var evaluators = only(access.CommandCentre, access.Acceptor, access.ShiftLeader, access.Dispatcher, access.DepartmentOfficer, access.Planner, access.GridWorker)

var evaluationNames = []string{"subject", "level", "parent", "post", "by", "period", "at", "from", "to", "format", "lang"}

// evaluationParams describes what a report is asked by.
func evaluationParams(op *huma.Operation) {
	for _, d := range []func(*huma.Operation){
		param("query", "subject", "What is evaluated. Left out: area", "area", "department", "post"),
		param("query", "level", "Of areas: what a row is. Left out: the level below parent", "county", "town", "community", "grid_community", "grid_duty", "grid_unit"),
		inQuery("parent", "The code of the area whose parts are asked for, or of an organisation: it and those below it. Left out: all that I may see"),
		param("query", "post", "Of posts: which. Left out: acceptor", "collector", "acceptor", "shift_leader", "dispatcher"),
		param("query", "by", "Of posts: what a row is. Persons are shown to the command centre and to themselves, without score. Left out: organisation", "organisation", "person"),
		param("query", "period", "Left out: month", "day", "week", "month", "quarter", "year", "custom"),
		inQuery("at", "A day of the period, 2026-11-22, in the city's time zone. Left out: today"),
		inQuery("from", "Of custom: the first day"),
		inQuery("to", "Of custom: the last day"),
		param("query", "lang", "Of the headings of a sheet. Left out: zh", "zh", "en"),
	} {
		d(op)
	}
}

// sheetAnswers describes the sheets beside an answer in JSON.
func sheetAnswers(op *huma.Operation) {
	param("query", "format", "Left out: json. xlsx is Excel; csv is UTF-8 with the mark by which Excel knows it", "json", "xlsx", "csv")(op)
	for _, t := range []string{sheetTypes["xlsx"], sheetTypes["csv"]} {
		op.Responses["200"].Content[t] = &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}
	}
}

var producesSheets = produces("application/json", sheetTypes["xlsx"], sheetTypes["csv"])

// choice reads a parameter that is one of a few.
func choice(q url.Values, name, otherwise string, of ...string) (string, error) {
	v := q.Get(name)
	if v == "" {
		return otherwise, nil
	}
	if !slices.Contains(of, v) {
		return "", inputError("query."+name, layers.Short(v), "one of "+strings.Join(of, ", "))
	}
	return v, nil
}

// evaluationQuery reads a report's parameters.
func (s *Server) evaluationQuery(r *http.Request) (evaluate.Query, error) {
	p := r.URL.Query()
	zone, err := s.evaluation().Zone(r.Context())
	if err != nil {
		return evaluate.Query{}, err
	}
	q := evaluate.Query{Level: p.Get("level"), Parent: p.Get("parent")}
	if len(q.Parent) > 40 {
		return q, inputError("query.parent", layers.Short(q.Parent), "the code of an area or an organisation")
	}
	if q.Subject, err = choice(p, "subject", evaluate.Area, evaluate.Area, evaluate.Department, evaluate.Post); err != nil {
		return q, err
	}
	if q.Subject == evaluate.Post {
		if q.Post, err = choice(p, "post", evaluate.Acceptor, evaluate.Collector, evaluate.Acceptor, evaluate.ShiftLeader, evaluate.Dispatcher); err != nil {
			return q, err
		}
	}
	by, err := choice(p, "by", "organisation", "organisation", "person")
	if err != nil {
		return q, err
	}
	q.ByPerson = q.Subject == evaluate.Post && by == "person"
	kind, err := choice(p, "period", "month", "day", "week", "month", "quarter", "year", "custom")
	if err != nil {
		return q, err
	}
	day := func(name string, otherwise time.Time) (time.Time, error) {
		v := p.Get(name)
		if v == "" && !otherwise.IsZero() {
			return otherwise, nil
		}
		t, err := time.ParseInLocation(time.DateOnly, v, zone)
		if err != nil || t.Year() < 1900 || t.Year() > 9000 {
			return t, inputError("query."+name, layers.Short(v), "a day such as 2026-11-22, from 1900 on")
		}
		return t, nil
	}
	if kind != "custom" {
		at, err := day("at", time.Now())
		if err != nil {
			return q, err
		}
		q.Period, err = evaluate.PeriodOf(kind, at, zone)
		return q, err
	}
	from, err := day("from", time.Time{})
	if err != nil {
		return q, err
	}
	to, err := day("to", time.Time{})
	if err != nil {
		return q, err
	}
	q.Period, err = evaluate.Custom(from, to, zone)
	return q, err
}

// getEvaluation answers a report. A sheet is a thing that is carried away: who
// takes one is recorded.
func (s *Server) getEvaluation(w http.ResponseWriter, r *http.Request) error {
	if err := onlyQuery(r, append(evaluationNames, "compare")...); err != nil {
		return err
	}
	q, err := s.evaluationQuery(r)
	if err != nil {
		return err
	}
	p := r.URL.Query()
	compare, err := choice(p, "compare", "true", "true", "false")
	if err != nil {
		return err
	}
	q.Alone = compare == "false"
	format, lang, err := sheetChoice(p)
	if err != nil {
		return err
	}
	report, err := s.evaluation().Report(r.Context(), scopeOf(r.Context()), q)
	if err != nil {
		return err
	}
	if format == "json" {
		return sendJSON(w, report)
	}
	if err := s.audit(r.Context(), r, access.Entry{Action: "evaluation.export", Object: "evaluation/" + q.Subject, Result: access.Done,
		Detail: map[string]any{"format": format, "query": r.URL.RawQuery}}); err != nil {
		return err
	}
	return s.sendSheet(w, r, format, "evaluation-"+q.Subject+"-"+strings.ReplaceAll(report.Period.Label, "/", "_"), evaluationSheets(report, lang))
}

// evaluationCases is the answer of the drill-down.
type evaluationCases struct {
	Count string          `json:"count" doc:"Which count it is of"`
	Total int64           `json:"total" doc:"How many: what the report says"`
	Cases []evaluate.Case `json:"cases" nullable:"false"`
	Next  string          `json:"next,omitempty" doc:"Send it as page for those after them; absent at the end"`
}

// mostInSheet is how many cases a sheet may hold: Excel has 1,048,576 rows.
const mostInSheet = 1_000_000

func (s *Server) getEvaluationCases(w http.ResponseWriter, r *http.Request) error {
	if err := onlyQuery(r, append(evaluationNames, "count", "key", "until", "page", "limit")...); err != nil {
		return err
	}
	query, err := s.evaluationQuery(r)
	if err != nil {
		return err
	}
	p := r.URL.Query()
	q := evaluate.CaseQuery{Query: query, Count: p.Get("count"), Key: p.Get("key"), Total: !p.Has("key"), Page: p.Get("page"), Limit: 100}
	if v := p.Get("limit"); v != "" {
		if q.Limit, err = strconv.Atoi(v); err != nil || q.Limit < 1 || q.Limit > 1000 {
			return inputError("query.limit", layers.Short(v), "1 to 1000")
		}
	}
	if v := p.Get("until"); v != "" {
		if q.Until, err = time.Parse(time.RFC3339, v); err != nil {
			return inputError("query.until", layers.Short(v), "what the report says in period.until")
		}
	}
	format, lang, err := sheetChoice(p)
	if err != nil {
		return err
	}
	ctx := r.Context()
	if format == "json" {
		out := evaluationCases{Count: q.Count}
		out.Cases, out.Total, out.Next, err = s.evaluation().Cases(ctx, scopeOf(ctx), q)
		if err != nil {
			return err
		}
		out.Cases = append([]evaluate.Case{}, out.Cases...)
		return sendJSON(w, out)
	}
	if err := s.audit(ctx, r, access.Entry{Action: "evaluation.export", Object: "evaluation/" + q.Subject, Result: access.Done,
		Detail: map[string]any{"format": format, "query": r.URL.RawQuery}}); err != nil {
		return err
	}
	return s.sendSheet(w, r, format, "cases-"+q.Count, []sheet{caseSheet(lang, q.Period.From.Location(), q.Subject == evaluate.Post, func(yield func(evaluate.Case, error) bool) {
		q.Limit, q.Page = 1000, ""
		for n := 0; n < mostInSheet; n += q.Limit {
			found, _, next, err := s.evaluation().Cases(ctx, scopeOf(ctx), q)
			if err != nil {
				yield(evaluate.Case{}, err)
				return
			}
			for _, c := range found {
				if !yield(c, nil) {
					return
				}
			}
			if q.Page = next; next == "" {
				return
			}
		}
	})})
}

// sendJSON answers v.
func sendJSON(w http.ResponseWriter, v any) error {
	w.Header().Set("Content-Type", "application/json")
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

type evaluationRulesOutput struct {
	Body struct {
		Versions []evaluate.Version `json:"versions" nullable:"false" doc:"The latest first; each is in force from its date until the next one"`
	}
}

func (s *Server) getEvaluationRules(ctx context.Context, _ *struct{}) (*evaluationRulesOutput, error) {
	all, err := s.evaluation().Versions(ctx)
	out := &evaluationRulesOutput{}
	out.Body.Versions = append([]evaluate.Version{}, all...)
	return out, err
}

type setEvaluationRulesInput struct {
	Request
	Body struct {
		ValidFrom string         `json:"valid_from" format:"date" doc:"Today or later: what was reported stays as it was"`
		Reason    string         `json:"reason" minLength:"1" maxLength:"2000"`
		Rules     evaluate.Rules `json:"rules"`
	}
}

type evaluationVersionOutput struct{ Body evaluate.Version }

func (s *Server) setEvaluationRules(ctx context.Context, in *setEvaluationRulesInput) (*evaluationVersionOutput, error) {
	from, err := time.Parse(time.DateOnly, in.Body.ValidFrom)
	if err != nil {
		return nil, inputError("valid_from", layers.Short(in.Body.ValidFrom), "a day such as 2026-11-22")
	}
	v, err := s.evaluation().SetRules(ctx, scopeOf(ctx), from, in.Body.Rules, in.Body.Reason, clientAddress(in.r))
	return &evaluationVersionOutput{v}, err
}
