package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"onemap/layers/access"
	"onemap/layers/catalog"
)

// The catalogue of information resources. Whoever may know that a resource
// exists reads its entry; its provider's data officers and the administrators
// write it.

var onlyCataloguers = only(access.DepartmentOfficer, access.Administrator)

// CatalogueQuery is what a search of the catalogue, and its files, may ask.
type CatalogueQuery struct {
	Text          string    `query:"q" maxLength:"200" doc:"Words in Chinese, English or pinyin (whole or first letters), or a code; each must be found"`
	Class         []string  `query:"class" maxItems:"50" doc:"Class codes, or what is below them"`
	Provider      []string  `query:"provider" maxItems:"200" doc:"Organisation codes"`
	Area          []string  `query:"area" maxItems:"50" doc:"Division codes, or what is below them"`
	Share         []string  `query:"share" maxItems:"3" doc:"unconditional, conditional, none"`
	Open          []string  `query:"open" maxItems:"2" doc:"yes, no"`
	Format        []string  `query:"format_of" maxItems:"6" doc:"document, spreadsheet, database, image, stream, self_describing"`
	Cycle         []string  `query:"update_cycle" maxItems:"7" doc:"real_time, daily, weekly, monthly, quarterly, yearly, irregular"`
	Grading       []string  `query:"grading" maxItems:"3" doc:"core, important, general"`
	Mounted       []string  `query:"mounted" maxItems:"2" doc:"yes, no"`
	Sight         []string  `query:"sight" maxItems:"3" doc:"How much of it I may see: all, part, none"`
	Layer         string    `query:"layer" maxLength:"48" doc:"The resource of this layer"`
	UpdatedFrom   time.Time `query:"updated_from" doc:"When its content was last brought up to date"`
	UpdatedTo     time.Time `query:"updated_to" doc:"Exclusive"`
	PublishedFrom string    `query:"published_from" maxLength:"10" doc:"A date"`
	PublishedTo   string    `query:"published_to" maxLength:"10" doc:"A date, inclusive"`
	PeriodFrom    string    `query:"period_from" maxLength:"10" doc:"What speaks of this date, or later"`
	PeriodTo      string    `query:"period_to" maxLength:"10" doc:"What speaks of this date, or earlier"`
	Withdrawn     bool      `query:"withdrawn" doc:"Those that were withdrawn, instead of those in force"`
	Drafts        bool      `query:"drafts" doc:"Only drafts, which their providers see"`
	Sort          string    `query:"sort" enum:"relevance,updated,published,name,code" doc:"Left out: relevance where there is a text, else code"`
}

func (q CatalogueQuery) query() catalog.Query {
	return catalog.Query{Text: q.Text, Class: q.Class, Provider: q.Provider, Area: q.Area, Share: q.Share, Open: q.Open, Format: q.Format, Cycle: q.Cycle,
		Grading: q.Grading, Mounted: q.Mounted, Sight: q.Sight, Layer: q.Layer, UpdatedFrom: q.UpdatedFrom, UpdatedTo: q.UpdatedTo,
		PublishedFrom: q.PublishedFrom, PublishedTo: q.PublishedTo, PeriodFrom: q.PeriodFrom, PeriodTo: q.PeriodTo, Withdrawn: q.Withdrawn, Drafts: q.Drafts, Sort: q.Sort}
}

type catalogueInput struct {
	CatalogueQuery
	Offset int `query:"offset" minimum:"0" maximum:"100000"`
	Limit  int `query:"limit" minimum:"1" maximum:"1000" default:"20"`
}

type catalogueHit struct {
	catalog.Resource
	Matched []string `json:"matched,omitempty" doc:"Names of items in which words were found"`
}

type catalogueFacet struct {
	Name   string           `json:"name" enum:"kind,class,provider,area,share,open,format,update_cycle,grading,mounted,sight"`
	Values []catalogueValue `json:"values" nullable:"false" doc:"The most frequent first"`
}

type catalogueValue struct {
	Value  string `json:"value"`
	NameZH string `json:"name_zh,omitempty" doc:"Where the value is a code"`
	NameEN string `json:"name_en,omitempty"`
	Count  int    `json:"count" doc:"Results with it, if its facet asked for nothing else"`
}

type catalogueOutput struct {
	Body struct {
		Total     int              `json:"total"`
		Loose     bool             `json:"loose" doc:"Nothing holds every word: these hold some of them"`
		Resources []catalogueHit   `json:"resources" nullable:"false" doc:"Without items and files: ask for one of them"`
		Facets    []catalogueFacet `json:"facets" nullable:"false"`
	}
}

func (s *Server) searchCatalogue(ctx context.Context, in *catalogueInput) (*catalogueOutput, error) {
	q := in.query()
	q.Offset, q.Limit = in.Offset, in.Limit
	found, err := s.Catalogue.Search(ctx, scopeOf(ctx), q)
	if err != nil {
		return nil, err
	}
	out := &catalogueOutput{}
	out.Body.Total, out.Body.Loose = found.Total, found.Loose
	out.Body.Resources = make([]catalogueHit, len(found.Hits))
	for i, h := range found.Hits {
		out.Body.Resources[i] = catalogueHit{h.Resource, h.Matched}
	}
	for _, f := range found.Facets {
		facet := catalogueFacet{Name: f.Name, Values: make([]catalogueValue, len(f.Values))}
		for i, v := range f.Values {
			facet.Values[i] = catalogueValue{v.Value, v.ZH, v.EN, v.Count}
		}
		out.Body.Facets = append(out.Body.Facets, facet)
	}
	return out, nil
}

type resourceClassesOutput struct {
	Body struct {
		Classes []catalog.Class `json:"classes" nullable:"false" doc:"By code"`
	}
}

func (s *Server) resourceClasses(ctx context.Context, _ *struct{}) (*resourceClassesOutput, error) {
	all, err := s.Catalogue.Classes(ctx)
	out := &resourceClassesOutput{}
	out.Body.Classes = append([]catalog.Class{}, all...)
	return out, err
}

// A ResourcePath names a resource in an address: its code has the slash of the path.
type ResourcePath struct {
	Class  string `path:"class" maxLength:"20" doc:"What is before the slash of its code"`
	Number string `path:"number" maxLength:"12" doc:"What is after it"`
}

func (p ResourcePath) code() string { return p.Class + "/" + p.Number }

type resourceOutput struct{ Body catalog.Resource }

func resourceBody(r catalog.Resource, err error) (*resourceOutput, error) {
	if r.Files == nil {
		r.Files = []catalog.File{}
	}
	if r.Items == nil {
		r.Items = []catalog.ResourceItem{}
	}
	return &resourceOutput{r}, err
}

func (s *Server) getResource(ctx context.Context, in *ResourcePath) (*resourceOutput, error) {
	return resourceBody(s.Catalogue.Get(ctx, scopeOf(ctx), in.code()))
}

type resourceVersionsOutput struct {
	Body struct {
		Versions []catalog.Past `json:"versions" nullable:"false" doc:"The one in force first"`
	}
}

func (s *Server) resourceVersions(ctx context.Context, in *ResourcePath) (*resourceVersionsOutput, error) {
	all, err := s.Catalogue.Versions(ctx, scopeOf(ctx), in.code())
	out := &resourceVersionsOutput{}
	out.Body.Versions = append([]catalog.Past{}, all...)
	return out, err
}

type newResourceInput struct {
	Request
	Body struct {
		catalog.Draft
		Reason string `json:"reason,omitempty" maxLength:"500"`
	}
}

func (s *Server) createResource(ctx context.Context, in *newResourceInput) (*resourceOutput, error) {
	return resourceBody(s.Catalogue.Put(ctx, scopeOf(ctx), in.Body.Draft, 0, catalog.Note{Reason: in.Body.Reason, Address: clientAddress(in.r)}))
}

type putResourceInput struct {
	Request
	ResourcePath
	Body struct {
		catalog.Draft
		Version int    `json:"version" minimum:"1" doc:"The one that you looked at"`
		Reason  string `json:"reason,omitempty" maxLength:"500"`
	}
}

func (s *Server) putResource(ctx context.Context, in *putResourceInput) (*resourceOutput, error) {
	d := in.Body.Draft
	if d.Code != "" && d.Code != in.code() {
		return nil, inputError("code", d.Code, "the code of the address, or none: a code never changes")
	}
	d.Code = in.code()
	return resourceBody(s.Catalogue.Put(ctx, scopeOf(ctx), d, in.Body.Version, catalog.Note{Reason: in.Body.Reason, Address: clientAddress(in.r)}))
}

type withdrawalInput struct {
	Request
	ResourcePath
	Body struct {
		Withdrawn bool   `json:"withdrawn" doc:"false: put it back into force"`
		Reason    string `json:"reason" minLength:"1" maxLength:"500"`
	}
}

func (s *Server) withdrawResource(ctx context.Context, in *withdrawalInput) (*resourceOutput, error) {
	return resourceBody(s.Catalogue.Withdraw(ctx, scopeOf(ctx), in.code(), in.Body.Withdrawn, catalog.Note{Reason: in.Body.Reason, Address: clientAddress(in.r)}))
}

type bindInput struct {
	Request
	ResourcePath
	Body struct {
		Layer  string `json:"layer" minLength:"1" maxLength:"48"`
		Reason string `json:"reason,omitempty" maxLength:"500"`
	}
}

func (s *Server) bindResource(ctx context.Context, in *bindInput) (*resourceOutput, error) {
	return resourceBody(s.Catalogue.Bind(ctx, scopeOf(ctx), in.code(), in.Body.Layer, catalog.Note{Reason: in.Body.Reason, Address: clientAddress(in.r)}))
}

// addResourceFile takes a file as the body is, under the name of the query.
func (s *Server) addResourceFile(w http.ResponseWriter, r *http.Request) error {
	content, err := readUpload(w, r)
	if err != nil {
		return err
	}
	q := r.URL.Query()
	got, err := s.Catalogue.AddFile(r.Context(), scopeOf(r.Context()), resourceCode(r), q.Get("name"), content, catalog.Note{Reason: q.Get("reason"), Address: clientAddress(r)})
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusCreated)
	_ = json.NewEncoder(w).Encode(got) // the client may have left
	return nil
}

// readUpload reads a body that may take a while to arrive.
func readUpload(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	content, err := io.ReadAll(r.Body)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return nil, errSlowBody
	}
	return content, err
}

func resourceCode(r *http.Request) string {
	return r.PathValue("class") + "/" + r.PathValue("number")
}

// getResourceFile sends a file, to be kept and not shown.
func (s *Server) getResourceFile(w http.ResponseWriter, r *http.Request) error {
	id, err := strconv.ParseInt(r.PathValue("file"), 10, 64)
	if err != nil {
		return inputError("path.file", r.PathValue("file"), "a number")
	}
	f, content, err := s.Catalogue.ReadFile(r.Context(), scopeOf(r.Context()), resourceCode(r), id, catalog.Note{Reason: r.URL.Query().Get("reason"), Address: clientAddress(r)})
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", f.MediaType)
	h.Set("Content-Length", strconv.Itoa(len(content)))
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": f.Name}))
	h.Set("Content-Security-Policy", "sandbox")
	h.Set("ETag", fmt.Sprintf("%q", f.SHA256))
	_, _ = w.Write(content) // the client may have left
	return nil
}

type removeFileInput struct {
	Request
	ResourcePath
	File   int64  `path:"file" minimum:"1"`
	Reason string `query:"reason" maxLength:"500"`
}

func (s *Server) removeResourceFile(ctx context.Context, in *removeFileInput) (*resourceOutput, error) {
	return resourceBody(s.Catalogue.RemoveFile(ctx, scopeOf(ctx), in.code(), in.File, catalog.Note{Reason: in.Reason, Address: clientAddress(in.r)}))
}

// listOf splits a parameter of several values.
func listOf(v string) []string {
	if v == "" {
		return nil
	}
	return strings.Split(v, ",")
}
