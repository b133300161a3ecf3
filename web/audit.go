package web

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"onemap/layers/access"
)

// AuditFilter is what entries may be asked for by. Exported, or its fields are no parameters.
type AuditFilter struct {
	From    time.Time `query:"from" doc:"Entries at or after it"`
	To      time.Time `query:"to" doc:"Entries before it"`
	Login   string    `query:"login" maxLength:"63"`
	Org     string    `query:"org" maxLength:"32" doc:"Code of the organisation of who did it"`
	Action  string    `query:"action" maxLength:"60" doc:"Whole, or with a dot at its end the beginning: incident."`
	Object  string    `query:"object" maxLength:"100" doc:"incident/42; or with a slash at its end the beginning: layer/"`
	Result  string    `query:"result" enum:"done,refused,failed"`
	Address string    `query:"address" maxLength:"64" doc:"IP address of the caller"`
	Q       string    `query:"q" maxLength:"100" doc:"In the reason, the object, or the name of who did it"`
}

func (f AuditFilter) query() access.AuditQuery {
	return access.AuditQuery{From: f.From, To: f.To, Login: f.Login, Org: f.Org, Action: f.Action, Object: f.Object, Result: f.Result, Address: f.Address, Text: f.Q}
}

type auditInput struct {
	AuditFilter
	Before int64 `query:"before" minimum:"0" doc:"Entries before this one only: what an earlier answer called next"`
	Limit  int   `query:"limit" minimum:"1" maximum:"1000" default:"100"`
}

type auditOutput struct {
	Body struct {
		Entries []auditEntry `json:"entries" nullable:"false" doc:"The latest first"`
		Next    int64        `json:"next,omitempty" doc:"Send it as before for those before them; absent at the end"`
	}
}

type auditEntry struct {
	ID         int64          `json:"id"`
	At         time.Time      `json:"at"`
	Login      string         `json:"login"`
	Name       string         `json:"name" doc:"Of who did it, as they are called now"`
	Org        string         `json:"org"`
	Action     string         `json:"action"`
	Object     string         `json:"object"`
	Result     string         `json:"result" enum:"done,refused,failed"`
	Reason     string         `json:"reason"`
	Address    string         `json:"address"`
	Detail     map[string]any `json:"detail"`
	SentenceZH string         `json:"sentence_zh" doc:"The same told in Chinese"`
	SentenceEN string         `json:"sentence_en"`
}

func entryOf(e access.Recorded) auditEntry {
	return auditEntry{e.ID, e.At, e.Login, e.Name, e.Org, e.Action, e.Object, e.Result, e.Reason, e.Address, e.Detail, e.Sentence("zh"), e.Sentence("en")}
}

func entriesOf(found []access.Recorded, limit int) *auditOutput {
	out := &auditOutput{}
	out.Body.Entries = []auditEntry{}
	for _, e := range found {
		out.Body.Entries = append(out.Body.Entries, entryOf(e))
	}
	if n := len(found); n > 0 && n == limit {
		out.Body.Next = found[n-1].ID
	}
	return out
}

func (s *Server) searchAudit(ctx context.Context, in *auditInput) (*auditOutput, error) {
	q := in.query()
	q.Before, q.Limit = in.Before, in.Limit
	found, err := s.Audit.Search(ctx, scopeOf(ctx), q)
	return entriesOf(found, in.Limit), err
}

type accountHistoryInput struct {
	Object string `query:"object" required:"true" maxLength:"100" doc:"person/…, organisation/… or key/…"`
	Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"100"`
}

func (s *Server) getHistory(ctx context.Context, in *accountHistoryInput) (*auditOutput, error) {
	found, err := s.Audit.History(ctx, scopeOf(ctx), in.Object, in.Limit)
	return entriesOf(found, 0), err
}

type mineInput struct {
	Limit int `query:"limit" minimum:"1" maximum:"1000" default:"50"`
}

func (s *Server) getMine(ctx context.Context, in *mineInput) (*auditOutput, error) {
	found, err := s.Audit.Mine(ctx, scopeOf(ctx), in.Limit)
	return entriesOf(found, 0), err
}

type chainOutput struct {
	Body struct {
		Seals    int64      `json:"seals"`
		Head     string     `json:"head" doc:"Number and hash of the last seal: keep it elsewhere, and it can be shown later that nothing up to it was changed"`
		SealedAt *time.Time `json:"sealed_at,omitempty"`
		Waiting  int64      `json:"waiting" doc:"Entries that are not sealed yet"`
	}
}

func (s *Server) getChain(ctx context.Context, _ *struct{}) (*chainOutput, error) {
	head, waiting, err := s.Audit.Head(ctx, scopeOf(ctx))
	if err != nil {
		return nil, err
	}
	out := &chainOutput{}
	out.Body.Seals, out.Body.Waiting = head.N, waiting
	if head.N > 0 {
		out.Body.Head, out.Body.SealedAt = access.HeadOf(head), &head.SealedAt
	}
	return out, nil
}

type verifyInput struct {
	Request
	Body struct {
		Head string `json:"head,omitempty" maxLength:"90" doc:"A head that was kept elsewhere, which the chain must hold"`
	}
}

type verifyOutput struct {
	Body struct {
		access.ChainReport
		OK bool `json:"ok"`
	}
}

func (s *Server) verifyChain(ctx context.Context, in *verifyInput) (*verifyOutput, error) {
	report, err := s.Audit.Verify(ctx, scopeOf(ctx), in.Body.Head)
	if err != nil {
		return nil, err
	}
	result := access.Done
	if !report.OK() {
		result = access.Failed
	}
	err = s.audit(ctx, in.r, access.Entry{Action: "audit.verify", Object: "audit/", Result: result, Detail: map[string]any{"seals": report.Seals, "faults": len(report.Faults)}})
	out := &verifyOutput{}
	out.Body.ChainReport, out.Body.OK = report, report.OK()
	return out, err
}

// auditParams describes what an export may be asked for by.
func auditParams(op *huma.Operation) {
	for name, about := range map[string]string{"from": "Entries at or after it", "to": "Entries before it", "login": "Who did it", "org": "Code of their organisation",
		"action": "Whole, or with a dot at its end the beginning", "object": "Whole, or with a slash at its end the beginning", "result": "done, refused or failed", "address": "IP address",
		"q": "In the reason, the object, or the name of who did it"} {
		inQuery(name, about)(op)
	}
	slices.SortStableFunc(op.Parameters, func(a, b *huma.Param) int { return strings.Compare(a.Name, b.Name) })
}

// auditColumns head a CSV of the audit.
var auditColumns = map[string][]string{
	"zh": {"编号", "时间", "账号", "姓名", "机构", "事项", "动作", "对象", "结果", "理由", "来源地址", "详情"},
	"en": {"id", "at", "login", "name", "organisation", "sentence", "action", "object", "result", "reason", "address", "detail"},
}

// exportAudit streams what was found, as a table for spreadsheets or as lines
// of JSON. That it was taken is in the audit before the first line.
func (s *Server) exportAudit(w http.ResponseWriter, r *http.Request) error {
	names := []string{"from", "to", "login", "org", "action", "object", "result", "address", "q"}
	if err := onlyQuery(r, append(slices.Clone(names), "format", "lang")...); err != nil {
		return err
	}
	v := r.URL.Query()
	q := access.AuditQuery{Login: v.Get("login"), Org: v.Get("org"), Action: v.Get("action"), Object: v.Get("object"), Result: v.Get("result"), Address: v.Get("address"), Text: v.Get("q")}
	asked := map[string]any{}
	for _, n := range names {
		if v.Has(n) {
			asked[n] = v.Get(n)
		}
	}
	for name, t := range map[string]*time.Time{"from": &q.From, "to": &q.To} {
		if text := v.Get(name); text != "" {
			at, err := time.Parse(time.RFC3339, text)
			if err != nil {
				return inputError("query."+name, text, "a time as 2026-11-23T08:00:00Z")
			}
			*t = at
		}
	}
	format, lang := orElse(v.Get("format"), "csv"), orElse(v.Get("lang"), "zh")
	if format != "csv" && format != "ndjson" {
		return inputError("query.format", format, "csv or ndjson")
	}
	if auditColumns[lang] == nil {
		return inputError("query.lang", lang, "zh or en")
	}
	asked["format"] = format
	done, err := s.exportTurn(r.Context())
	if err != nil {
		return err
	}
	defer done()
	entries, err := s.Audit.Export(r.Context(), scopeOf(r.Context()), q, clientAddress(r), asked)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", map[string]string{"csv": "text/csv; charset=utf-8", "ndjson": "application/x-ndjson"}[format])
	h.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="audit-%s.%s"`, time.Now().UTC().Format("20060102T150405Z"), format))
	write := auditJSON
	if format == "csv" {
		write = auditCSV
	}
	if err := write(patientWriter{w, http.NewResponseController(w)}, entries, lang); err != nil {
		stateOf(r.Context()).err = err
		panic(http.ErrAbortHandler) // a half file must not be taken for a whole one
	}
	return nil
}

func orElse(text, other string) string {
	if text == "" {
		return other
	}
	return text
}

func auditJSON(w io.Writer, entries iter.Seq2[access.Recorded, error], _ string) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	for r, err := range entries {
		if err != nil {
			return err
		}
		if err := e.Encode(entryOf(r)); err != nil {
			return err
		}
	}
	return nil
}

func auditCSV(w io.Writer, entries iter.Seq2[access.Recorded, error], lang string) error {
	c := csv.NewWriter(w)
	head := slices.Clone(auditColumns[lang])
	head[0] = "\ufeff" + head[0] // by which spreadsheets know UTF-8
	if err := c.Write(head); err != nil {
		return err
	}
	for r, err := range entries {
		if err != nil {
			return err
		}
		detail, err := json.Marshal(r.Detail)
		if err != nil {
			return err
		}
		row := []string{fmt.Sprint(r.ID), r.At.UTC().Format(time.RFC3339)}
		for _, text := range []string{r.Login, r.Name, r.Org, r.Sentence(lang), r.Action, r.Object, r.Result, r.Reason, r.Address, string(detail)} {
			row = append(row, csvCell(text))
		}
		if err := c.Write(row); err != nil {
			return err
		}
	}
	c.Flush()
	return c.Error()
}
