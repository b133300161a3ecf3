package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"onemap/layers"
)

// The OGC API standards, for QGIS, GDAL and their like:
//
//	Features part 1 (17-069r4)   ogccore.go, ogccollections.go, ogcitems.go
//	Features part 2 (18-058r1)   ogccrs.go
//	Features part 3 (19-079r2)   ogcqueryables.go, filter.go
//	Features part 4 (20-002)     ogcedit.go, ogcbody.go
//	Tiles (20-057)               ogctms.go, ogctiles.go
//	Styles                       ogcstyles.go, mapstyle.go
//
// Every resource is JSON and a page to read (ogchtml.go), as the caller asks
// (ogcformat.go). ogc_conformance_test.go has a test for each id of their
// abstract tests.

// An ogcAnswer is a resource before it is written: its JSON and what its page shows.
type ogcAnswer struct {
	json      any    // a value to marshal, or []byte that is JSON
	mediaType string // "": application/json
	page      func(tongue) page
	status    int // 0: 200
}

// ogcGet is the handler of a resource that is read: bad input is answered with
// 400, and the caller gets the format that they ask for.
func (s *Server) ogcGet(f func(r *http.Request) (ogcAnswer, error), params ...string) func(http.ResponseWriter, *http.Request) error {
	return ogc(func(w http.ResponseWriter, r *http.Request) error {
		if err := onlyQuery(r, append([]string{"f"}, params...)...); err != nil {
			return err
		}
		if _, err := formatOf(r); err != nil {
			return err
		}
		a, err := f(r)
		if err != nil {
			return err
		}
		return s.write(w, r, a)
	})
}

// write answers with a in the format that the caller asks for.
func (s *Server) write(w http.ResponseWriter, r *http.Request, a ogcAnswer) error {
	format, err := formatOf(r)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Add("Vary", "Accept, Accept-Language")
	if format == formatHTML {
		t := tongueOf(r)
		h.Set("Content-Type", "text/html; charset=utf-8")
		h.Set("Content-Language", string(t))
		return s.writePageHTML(w, r, a, t)
	}
	b, raw := a.json.([]byte)
	if !raw {
		if b, err = json.Marshal(a.json); err != nil {
			return fmt.Errorf("write JSON: %w", err)
		}
	}
	if h.Get("Content-Type") == "" {
		h.Set("Content-Type", a.jsonType())
	}
	if a.status != 0 {
		w.WriteHeader(a.status)
	}
	_, _ = w.Write(b)
	return nil
}

func (a ogcAnswer) jsonType() string {
	if a.mediaType == "" {
		return "application/json"
	}
	return a.mediaType
}

// ogc is a plain handler whose bad input is answered with 400.
func ogc(f func(http.ResponseWriter, *http.Request) error) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		if err := f(w, r); err != nil {
			return as400(err)
		}
		return nil
	}
}

// withFormat is the request's own address, asking for a format.
func (s *Server) withFormat(r *http.Request, format string) string {
	v := url.Values{}
	for k, all := range r.URL.Query() {
		v[k] = all
	}
	v.Set("f", format)
	return withQuery(s.baseURL(r)+r.URL.Path, v)
}

// selfLinks are the links that every resource has: to itself as JSON, and to
// the page that shows it.
func (s *Server) selfLinks(r *http.Request, jsonType string) []link {
	t := tongueOf(r)
	return []link{
		{Href: withQuery(s.baseURL(r)+r.URL.Path, r.URL.Query()), Rel: "self", Type: jsonType, Title: t.of("本文档", "This document")},
		{Href: s.withFormat(r, "html"), Rel: "alternate", Type: "text/html", Title: t.of("网页形式的本文档", "This document as a page")},
	}
}

// notFound says whether a resource is not there or not for the caller to know.
func notFound(err error) bool { return errors.Is(err, layers.ErrNotFound) }
