package web

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"onemap/layers/catalog"
)

// The catalogue as files: the customary table, and DCAT.

// errStopped ends a reading whose reader has left.
var errStopped = errors.New("stopped")

// maxCatalogueFile is how large a file of resources may be: those of a whole
// province take some 6 MB as a workbook.
const maxCatalogueFile = 64 << 20

// catalogueParams are the parameters of a search that files take too.
var catalogueParams = []string{"q", "class", "provider", "area", "share", "open", "format_of", "update_cycle", "grading", "mounted", "sight", "layer",
	"updated_from", "updated_to", "published_from", "published_to", "period_from", "period_to", "withdrawn", "drafts", "sort"}

// catalogueFileParams describes them.
func catalogueFileParams(op *huma.Operation) {
	for _, name := range catalogueParams {
		inQuery(name, "As of the search")(op)
	}
}

// catalogueQuery reads them from an address.
func catalogueQuery(q url.Values, more ...string) (catalog.Query, error) {
	for name := range q {
		if !slices.Contains(catalogueParams, name) && !slices.Contains(more, name) {
			return catalog.Query{}, inputError("query."+name, "", "no such parameter: "+strings.Join(append(slices.Clone(catalogueParams), more...), ", "))
		}
	}
	out := catalog.Query{Text: q.Get("q"), Class: listOf(q.Get("class")), Provider: listOf(q.Get("provider")), Area: listOf(q.Get("area")), Share: listOf(q.Get("share")),
		Open: listOf(q.Get("open")), Format: listOf(q.Get("format_of")), Cycle: listOf(q.Get("update_cycle")), Grading: listOf(q.Get("grading")), Mounted: listOf(q.Get("mounted")),
		Sight: listOf(q.Get("sight")), Layer: q.Get("layer"), PublishedFrom: q.Get("published_from"), PublishedTo: q.Get("published_to"),
		PeriodFrom: q.Get("period_from"), PeriodTo: q.Get("period_to"), Withdrawn: q.Get("withdrawn") == "true", Drafts: q.Get("drafts") == "true", Sort: q.Get("sort")}
	for name, to := range map[string]*time.Time{"updated_from": &out.UpdatedFrom, "updated_to": &out.UpdatedTo} {
		if text := q.Get(name); text != "" {
			at, err := time.Parse(time.RFC3339, text)
			if err != nil {
				return catalog.Query{}, inputError("query."+name, text, "a time: 2026-11-23T08:00:00Z")
			}
			*to = at
		}
	}
	return out, nil
}

func (s *Server) classNames(r *http.Request) (map[string]string, error) {
	all, err := s.Catalogue.Classes(r.Context())
	names := make(map[string]string, len(all))
	for _, c := range all {
		names[c.Code] = c.NameZH
	}
	return names, err
}

// exportCatalogue writes what a search finds as the customary table.
func (s *Server) exportCatalogue(w http.ResponseWriter, r *http.Request) error {
	p := r.URL.Query()
	q, err := catalogueQuery(p, "format", "lang")
	if err != nil {
		return err
	}
	format, err := choice(p, "format", "xlsx", "xlsx", "csv")
	if err != nil {
		return err
	}
	lang, err := choice(p, "lang", "zh", "zh", "en")
	if err != nil {
		return err
	}
	names, err := s.classNames(r)
	if err != nil {
		return err
	}
	zone, err := s.evaluation().Zone(r.Context())
	if err != nil {
		return err
	}
	title := map[string]string{"zh": "信息资源目录", "en": "Catalogue"}[lang]
	rows := func(yield func([]any, error) bool) {
		stopped := false
		err := s.Catalogue.All(r.Context(), scopeOf(r.Context()), q, func(res catalog.Resource) error {
			for row := range catalog.SheetRows(res, names) {
				if !yield(row, nil) {
					stopped = true
					return errStopped
				}
			}
			return nil
		})
		if err != nil && !stopped {
			yield(nil, err)
		}
	}
	return s.sendSheet(w, r, format, "catalogue", []sheet{{title: title, head: catalog.SheetHead(lang), rows: rows, zone: zone, main: true}})
}

// getDCAT writes what a search finds as DCAT.
func (s *Server) getDCAT(w http.ResponseWriter, r *http.Request) error {
	q, err := catalogueQuery(r.URL.Query())
	if err != nil {
		return err
	}
	done, err := s.exportTurn(r.Context())
	if err != nil {
		return err
	}
	defer done()
	names, err := s.classNames(r)
	if err != nil {
		return err
	}
	city, err := s.Search.City(r.Context())
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/ld+json")
	to := patientWriter{w, http.NewResponseController(w)}
	d, err := catalog.NewDCAT(to, s.baseURL(r), city.NameZH+"信息资源目录", city.NameEN+" catalogue")
	if err == nil {
		err = s.Catalogue.All(r.Context(), scopeOf(r.Context()), q, func(res catalog.Resource) error { return d.Write(res, names) })
	}
	if err == nil {
		err = d.Close()
	}
	if err != nil { // cut off, so that a half file is not taken for a whole one
		stateOf(r.Context()).err = err
		panic(http.ErrAbortHandler)
	}
	return nil
}

// importCatalogue takes a file of resources, or says what it would do.
func (s *Server) importCatalogue(w http.ResponseWriter, r *http.Request) error {
	p := r.URL.Query()
	format, err := choice(p, "format", "xlsx", "xlsx", "csv", "jsonld")
	if err != nil {
		return err
	}
	content, err := readUpload(w, r)
	if err != nil {
		return err
	}
	in := catalog.Import{File: p.Get("name"), SHA256: sha256.Sum256(content), Apply: p.Get("apply") == "true", Note: catalog.Note{Reason: p.Get("reason"), Address: clientAddress(r)}}
	zone, err := s.evaluation().Zone(r.Context())
	if err != nil {
		return err
	}
	if in.Entries, err = catalog.ReadFile(format, content, zone); err != nil {
		return err
	}
	rep, err := s.Catalogue.Import(r.Context(), scopeOf(r.Context()), in)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(rep) // the client may have left
	return nil
}
