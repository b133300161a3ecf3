package web

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"net/http"
)

// A page is what a resource shows to a reader: texts, tables, links. It works
// without a script.
type page struct {
	Title    string
	Text     string
	Crumbs   []anchor // the way here, from the landing page
	Sections []section
	Links    []anchor

	// For the template only.
	Lang tongue
	JSON anchor
}

// A section is a table under a heading. Without a head it is a list of names
// and values.
type section struct {
	Title string
	Text  string
	Head  []string
	Rows  [][]cell
	Links []anchor
}

type cell struct{ Text, Href string }

type anchor struct{ Text, Href, Type string }

//go:embed ogc.html
var ogcHTML string

var ogcTemplate = template.Must(template.New("ogc").Parse(ogcHTML))

func (s *Server) writePageHTML(w http.ResponseWriter, r *http.Request, a ogcAnswer, t tongue) error {
	p := a.page(t)
	p.Lang = t
	p.JSON = anchor{Text: "JSON", Href: s.withFormat(r, formatJSON), Type: a.jsonType()}
	var b bytes.Buffer
	if err := ogcTemplate.Execute(&b, p); err != nil {
		return fmt.Errorf("write page: %w", err)
	}
	if a.status != 0 {
		w.WriteHeader(a.status)
	}
	_, _ = w.Write(b.Bytes())
	return nil
}

// crumbs is the way to a resource below the landing page.
func (s *Server) crumbs(r *http.Request, t tongue, more ...anchor) []anchor {
	return append([]anchor{{Text: t.of("首页", "Start"), Href: s.baseURL(r) + "/ogc?f=html"}}, more...)
}

// linkRows shows links as a table.
func linkRows(links []link) [][]cell {
	rows := make([][]cell, 0, len(links))
	for _, l := range links {
		text := l.Title
		if text == "" {
			text = l.Href
		}
		rows = append(rows, []cell{{Text: text, Href: l.Href}, {Text: l.Rel}, {Text: l.Type}})
	}
	return rows
}

func linkSection(t tongue, links []link) section {
	return section{Title: t.of("链接", "Links"), Head: []string{t.of("去处", "To"), t.of("关系", "Relation"), t.of("类型", "Type")}, Rows: linkRows(links)}
}
