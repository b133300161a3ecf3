package web

import (
	"encoding/xml"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/alert"
)

// CAP 1.2 messages for anyone, and an Atom feed of those in force.

var capTypes = []string{"application/cap+xml", "application/xml", "text/xml"}

// readBody reads a whole body of one of the types.
func readBody(r *http.Request, types ...string) ([]byte, error) {
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if !slices.Contains(types, kind) {
		return nil, fmt.Errorf("%w: %s", errMediaType, strings.Join(types, ", "))
	}
	return io.ReadAll(r.Body)
}

// pathValue is a part of the path without its escapes.
func pathValue(r *http.Request, name string) string {
	v := r.PathValue(name)
	if plain, err := url.PathUnescape(v); err == nil {
		return plain
	}
	return v
}

// getCAP is one message as it was issued or came.
func (s *Server) getCAP(w http.ResponseWriter, r *http.Request) error {
	name, ok := strings.CutSuffix(pathValue(r, "file"), ".xml")
	if !ok {
		return layers.ErrNotFound
	}
	text, at, err := s.Alerts.XML(r.Context(), scopeOf(r.Context()), name)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "application/cap+xml; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox") // others wrote it
	http.ServeContent(w, r, "", at, strings.NewReader(text))
	return nil
}

type atomFeed struct {
	XMLName xml.Name    `xml:"http://www.w3.org/2005/Atom feed"`
	ID      string      `xml:"id"`
	Title   string      `xml:"title"`
	Updated string      `xml:"updated"`
	Author  atomAuthor  `xml:"author"`
	Links   []atomLink  `xml:"link"`
	Entries []atomEntry `xml:"entry"`
}

type atomAuthor struct {
	Name string `xml:"name"`
}

type atomLink struct {
	Rel  string `xml:"rel,attr"`
	Type string `xml:"type,attr"`
	Href string `xml:"href,attr"`
}

type atomEntry struct {
	ID        string       `xml:"id"`
	Title     string       `xml:"title"`
	Updated   string       `xml:"updated"`
	Published string       `xml:"published"`
	Author    atomAuthor   `xml:"author"`
	Category  atomCategory `xml:"category"`
	Summary   string       `xml:"summary"`
	Link      atomLink     `xml:"link"`
}

type atomCategory struct {
	Term string `xml:"term,attr"`
}

// getAlertFeed is the Atom feed of what is public, actual and in force.
func (s *Server) getAlertFeed(w http.ResponseWriter, r *http.Request) error {
	found, err := s.Alerts.Public(r.Context())
	if err != nil {
		return err
	}
	city, err := s.Search.City(r.Context())
	if err != nil {
		return err
	}
	base := s.baseURL(r)
	self := base + "/cap/alerts.atom"
	f := atomFeed{ID: self, Title: city.NameZH + " 预警 · " + city.NameEN + " alerts", Author: atomAuthor{city.NameZH}, Updated: time.Unix(0, 0).UTC().Format(time.RFC3339),
		Links: []atomLink{{"self", "application/atom+xml", self}}}
	var latest time.Time
	for _, a := range found {
		i, _ := a.Message.In("zh")
		if latest.Before(a.ReceivedAt) {
			latest = a.ReceivedAt
		}
		f.Entries = append(f.Entries, atomEntry{ID: base + capPath(a.Message.Identifier), Title: titleOf(i), Updated: a.ReceivedAt.UTC().Format(time.RFC3339),
			Published: a.Message.Sent.UTC().Format(time.RFC3339), Author: atomAuthor{firstOf(i.SenderName, a.Message.Sender)}, Category: atomCategory{strings.Join(i.Category, " ")},
			Summary: i.Description, Link: atomLink{"alternate", "application/cap+xml", base + capPath(a.Message.Identifier)}})
	}
	if !latest.IsZero() {
		f.Updated = latest.UTC().Format(time.RFC3339)
	}
	b, err := xml.MarshalIndent(f, "", " ")
	if err != nil {
		return fmt.Errorf("write feed: %w", err)
	}
	w.Header().Set("Content-Type", "application/atom+xml; charset=utf-8")
	w.Header().Set("Cache-Control", "public, max-age=10")
	_, _ = w.Write(append([]byte(xml.Header), b...))
	return nil
}

func titleOf(i alert.Info) string { return firstOf(i.Headline, i.Event) }

func firstOf(all ...string) string {
	for _, s := range all {
		if s != "" {
			return s
		}
	}
	return ""
}

// commanders issue alerts.
var commanders = only(access.CommandCentre)
