package pull

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/paulmach/orb/geojson"

	"onemap/layers"
	"onemap/layers/datafile"
)

// What one run may cost. The rest is datafile's to bound.
const (
	mostBytes = 512 << 20
	mostPage  = 64 << 20
	mostPages = 20_000
	pageRows  = 1000
)

// A fetched is what a source had: a file on disk.
type fetched struct {
	path     string
	rows     int64 // 0 where the file was not looked into
	bytes    int64
	same     bool // the source says that nothing changed; there is no file
	etag     string
	modified string
}

// A fault is what a source did wrong, in words for its keeper.
type fault struct{ text string }

func (f *fault) Error() string { return f.text }

func wrong(format string, args ...any) error { return &fault{fmt.Sprintf(format, args...)} }

// fetch reads a source into a file in dir.
func (s *Store) fetch(ctx context.Context, dir string, x Source, key secret) (fetched, error) {
	switch x.Kind {
	case Postgres:
		return s.postgres(ctx, dir, x, key)
	case OGC:
		return s.ogc(ctx, dir, x, key)
	case ArcGIS:
		return s.arcgis(ctx, dir, x, key)
	}
	return s.file(ctx, dir, x, key)
}

func (k secret) header() map[string]string {
	h := map[string]string{}
	switch {
	case k.login != "":
		h["Authorization"] = "Basic " + base64.StdEncoding.EncodeToString([]byte(k.login+":"+k.secret))
	case k.secret != "":
		h["Authorization"] = "Bearer " + k.secret
	}
	return h
}

// origin is the part of an address that a secret is for.
func origin(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	return u.Scheme + "://" + strings.ToLower(u.Host)
}

// file downloads a file, if it is another than the last time.
func (s *Store) file(ctx context.Context, dir string, x Source, key secret) (f fetched, err error) {
	h := key.header()
	if x.etag != "" {
		h["If-None-Match"] = x.etag
	}
	if x.modified != "" {
		h["If-Modified-Since"] = x.modified
	}
	status, answer, body, err := s.Open(ctx, x.Place.URL, h)
	if err != nil {
		return f, wrong("%v", err)
	}
	defer body.Close()
	f.etag, f.modified = cut(answer("ETag"), 500), cut(answer("Last-Modified"), 100)
	if status == 304 {
		return fetched{same: true, etag: x.etag, modified: x.modified}, nil
	}
	if status != 200 {
		return f, answered(status)
	}
	name := "download"
	if u, err := url.Parse(x.Place.URL); err == nil {
		if base := path.Base(u.Path); base != "/" && base != "." && !strings.ContainsAny(base, "/\\\x00") && len(base) <= 100 {
			name = base
		}
	}
	f.path = filepath.Join(dir, "f-"+name)
	out, err := os.OpenFile(f.path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return f, err
	}
	f.bytes, err = io.Copy(out, io.LimitReader(body, mostBytes+1))
	if e := out.Close(); e != nil {
		return f, e
	}
	switch {
	case err != nil:
		return f, wrong("the connection was cut after %d bytes", f.bytes)
	case f.bytes > mostBytes:
		return f, wrong("more than %d MB", mostBytes>>20)
	case f.bytes == 0:
		return f, wrong("the file is empty")
	}
	return f, nil
}

func cut(s string, most int) string {
	if len(s) > most {
		return ""
	}
	return s
}

func answered(status int) error {
	switch {
	case status >= 300 && status < 400:
		return wrong("it answered %d: name the address that it points to, redirects are not followed", status)
	case status == 401 || status == 403:
		return wrong("it answered %d: are the login and the secret right?", status)
	}
	return wrong("it answered %d", status)
}

// page reads one JSON answer.
func (s *Store) page(ctx context.Context, address string, key secret, accept string, into any) error {
	h := key.header()
	h["Accept"] = accept
	status, _, body, err := s.Open(ctx, address, h)
	if err != nil {
		return wrong("%v", err)
	}
	defer body.Close()
	if status != 200 {
		return answered(status)
	}
	b, err := io.ReadAll(io.LimitReader(body, mostPage+1))
	if err != nil {
		return wrong("the connection was cut")
	}
	if len(b) > mostPage {
		return wrong("a page of more than %d MB", mostPage>>20)
	}
	if err := json.Unmarshal(b, into); err != nil {
		return wrong("its answer is no JSON as this kind of service gives it")
	}
	return nil
}

// A sheet writes features a line each.
type sheet struct {
	f   fetched
	out *os.File
	w   *bufio.Writer
}

func newSheet(dir string) (*sheet, error) {
	s := &sheet{f: fetched{path: filepath.Join(dir, "rows.geojson")}}
	var err error
	if s.out, err = os.OpenFile(s.f.path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600); err != nil {
		return nil, err
	}
	s.w = bufio.NewWriterSize(s.out, 64<<10)
	return s, nil
}

type outFeature struct {
	Type       string          `json:"type"`
	ID         json.RawMessage `json:"id,omitempty"`
	Geometry   json.RawMessage `json:"geometry"`
	Properties json.RawMessage `json:"properties"`
}

func (s *sheet) add(f outFeature) error {
	f.Type = "Feature"
	if len(f.Geometry) == 0 {
		f.Geometry = json.RawMessage("null")
	}
	if len(f.Properties) == 0 {
		f.Properties = json.RawMessage("{}")
	}
	b, err := json.Marshal(f)
	if err != nil {
		return wrong("a feature that is no JSON")
	}
	s.f.rows++
	if s.f.bytes += int64(len(b)) + 1; s.f.bytes > mostBytes {
		return wrong("more than %d MB", mostBytes>>20)
	}
	if s.f.rows > datafile.Default.Rows {
		return wrong("more than %d rows", datafile.Default.Rows)
	}
	_, err = s.w.Write(append(b, '\n'))
	return err
}

// done ends the file. err is what went wrong before.
func (s *sheet) done(err error) (fetched, error) {
	if err == nil {
		err = s.w.Flush()
	}
	if e := s.out.Close(); err == nil {
		err = e
	}
	if err == nil && s.f.rows == 0 {
		err = wrong("no rows: an empty answer changes nothing")
	}
	return s.f, err
}

// ogc reads a collection of OGC API Features page by page, by its links "next".
func (s *Store) ogc(ctx context.Context, dir string, x Source, key secret) (fetched, error) {
	out, err := newSheet(dir)
	if err != nil {
		return fetched{}, err
	}
	return out.done(func() error {
		u, err := url.Parse(x.Place.URL)
		if err != nil {
			return wrong("no address")
		}
		if !strings.HasSuffix(strings.TrimSuffix(u.Path, "/"), "/items") {
			u.Path = strings.TrimSuffix(u.Path, "/") + "/items"
		}
		q := u.Query()
		if q.Get("limit") == "" {
			q.Set("limit", fmt.Sprint(pageRows))
		}
		u.RawQuery = q.Encode()
		seen := map[string]bool{}
		for next := u.String(); next != ""; {
			if seen[next] || len(seen) > mostPages {
				return wrong("its pages never end")
			}
			seen[next] = true
			var page struct {
				Type     string
				Features []struct {
					ID         json.RawMessage
					Geometry   json.RawMessage
					Properties map[string]json.RawMessage
				}
				Links []struct{ Rel, Href, Type string }
			}
			if err := s.page(ctx, next, key, "application/geo+json, application/json;q=0.8", &page); err != nil {
				return err
			}
			if page.Type != "FeatureCollection" {
				return wrong("its answer is no FeatureCollection")
			}
			for _, f := range page.Features {
				if f.Properties == nil {
					f.Properties = map[string]json.RawMessage{}
				}
				// The id becomes a column, to know the feature again by.
				if _, taken := f.Properties["id"]; !taken && len(f.ID) > 0 && string(f.ID) != "null" {
					f.Properties["id"] = f.ID
				}
				b, err := json.Marshal(f.Properties)
				if err != nil {
					return err
				}
				if err := out.add(outFeature{Geometry: f.Geometry, Properties: b}); err != nil {
					return err
				}
			}
			at := next
			next = ""
			for _, l := range page.Links {
				if l.Rel != "next" || l.Type != "" && !strings.Contains(l.Type, "json") {
					continue
				}
				base, err := url.Parse(at)
				if err != nil {
					return wrong("no address")
				}
				ref, err := base.Parse(l.Href)
				if err != nil {
					return wrong("a link next that is no address")
				}
				if origin(ref.String()) != origin(x.Place.URL) { // the secret is not theirs
					return wrong("its next page is on another server")
				}
				next = ref.String()
				break
			}
		}
		return nil
	}())
}

// isGeometry says whether a JSON value is a GeoJSON geometry.
func isGeometry(raw json.RawMessage) bool {
	if len(raw) == 0 || raw[0] != '{' {
		return false
	}
	g, err := geojson.UnmarshalGeometry(raw)
	return err == nil && g.Geometry() != nil
}

// said is an error in words for the source's keeper: what the source did, or
// what is wrong with its rows. Anything else is ours, and is not told.
func said(err error) string {
	var f *fault
	var in *layers.InputError
	switch {
	case errors.As(err, &f):
		return f.text
	case errors.As(err, &in):
		return in.Error()
	case errors.Is(err, context.DeadlineExceeded):
		return "it took too long"
	}
	return ""
}
