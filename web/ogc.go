package web

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"strings"
	"time"

	"onemap/geo/where"
	"onemap/layers"
	"onemap/layers/access"
)

// OGC API - Features - Part 1: Core (OGC 17-069r4), for QGIS, GDAL and their
// like: the layers that the caller may see, as GeoJSON in CRS84.

var ogcJSON = produces("application/json", "application/geo+json")

// ogc is a plain handler whose bad input is answered with 400.
func ogc(f func(http.ResponseWriter, *http.Request) error) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		if err := f(w, r); err != nil {
			return as400(err)
		}
		return nil
	}
}

func writeJSON(w http.ResponseWriter, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("write JSON: %w", err)
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(b)
	return nil
}

func (s *Server) ogcLanding(w http.ResponseWriter, r *http.Request) error {
	if err := onlyQuery(r); err != nil {
		return err
	}
	city, err := s.Search.City(r.Context())
	if err != nil {
		return err
	}
	at := s.baseURL(r)
	return writeJSON(w, map[string]any{
		"title": "onemap " + city.NameEN, "description": "The layers of " + city.NameZH + " that you may see",
		"links": []link{
			{at + "/ogc", "self", "application/json", "This page"},
			{at + "/ogc/api", "service-desc", "application/vnd.oai.openapi+json;version=3.0", "The API's description"},
			{at + "/api/docs", "service-doc", "text/html", "The API's description, to read"},
			{at + "/ogc/conformance", "conformance", "application/json", "What it conforms to"},
			{at + "/ogc/collections", "data", "application/json", "The layers"},
		},
	})
}

func (s *Server) ogcAPI(w http.ResponseWriter, r *http.Request) error {
	b, err := s.openapi.OpenAPI().Downgrade()
	if err != nil {
		return fmt.Errorf("write OpenAPI 3.0: %w", err)
	}
	w.Header().Set("Content-Type", "application/vnd.oai.openapi+json;version=3.0")
	_, _ = w.Write(b)
	return nil
}

func (s *Server) ogcConformance(w http.ResponseWriter, r *http.Request) error {
	if err := onlyQuery(r); err != nil {
		return err
	}
	const part1 = "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/"
	return writeJSON(w, map[string]any{"conformsTo": []string{part1 + "core", part1 + "oas30", part1 + "geojson"}})
}

const crs84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"

type ogcCollection struct {
	ID          string         `json:"id"`
	Title       string         `json:"title"`
	Description string         `json:"description"`
	ItemType    string         `json:"itemType"`
	CRS         []string       `json:"crs"`
	Extent      map[string]any `json:"extent,omitempty"`
	Links       []link         `json:"links"`
}

func (s *Server) collectionOf(r *http.Request, l layers.Layer, right access.Right) (ogcCollection, error) {
	at := s.baseURL(r) + "/ogc/collections/" + l.Name
	c := ogcCollection{ID: l.Name, Title: l.TitleZH, Description: l.TitleEN, ItemType: "feature", CRS: []string{crs84}, Links: []link{
		{at, "self", "application/json", l.TitleZH}, {at + "/items", "items", "application/geo+json", l.TitleZH}}}
	b, err := s.extent(r.Context(), l.Name, right)
	if err != nil {
		return c, err
	}
	extent := map[string]any{}
	if !b.IsEmpty() {
		extent["spatial"] = map[string]any{"bbox": [][]float64{{b.Min[0], b.Min[1], b.Max[0], b.Max[1]}}, "crs": crs84}
	}
	if l.TimeField != "" {
		extent["temporal"] = map[string]any{"interval": [][]any{{nil, nil}}}
	}
	if len(extent) > 0 {
		c.Extent = extent
	}
	return c, nil
}

func (s *Server) ogcCollections(w http.ResponseWriter, r *http.Request) error {
	if err := onlyQuery(r); err != nil {
		return err
	}
	all, err := s.Store.Layers(r.Context())
	if err != nil {
		return err
	}
	found := []ogcCollection{}
	for _, l := range all {
		right, ok := scopeOf(r.Context()).Layer(l)
		if !ok {
			continue
		}
		c, err := s.collectionOf(r, l, right)
		if err != nil {
			return err
		}
		found = append(found, c)
	}
	at := s.baseURL(r) + "/ogc/collections"
	return writeJSON(w, map[string]any{"links": []link{{at, "self", "application/json", "The layers"}}, "collections": found})
}

func (s *Server) ogcCollection(w http.ResponseWriter, r *http.Request) error {
	if err := onlyQuery(r); err != nil {
		return err
	}
	l, right, err := s.layer(r.Context(), r.PathValue("layer"))
	if err != nil {
		return err
	}
	c, err := s.collectionOf(r, l, right)
	if err != nil {
		return err
	}
	return writeJSON(w, c)
}

func (s *Server) ogcItems(w http.ResponseWriter, r *http.Request) error {
	if err := onlyQuery(r, append(filterNames, "limit", "after")...); err != nil {
		return err
	}
	l, right, err := s.layer(r.Context(), r.PathValue("layer"))
	if err != nil {
		return err
	}
	f := filterOf(r.URL.Query().Get)
	when, err := ogcTime(l, right, f.Datetime)
	if err != nil {
		return err
	}
	f.Datetime = ""
	narrow, err := s.narrow(r.Context(), f, l, right)
	if err != nil {
		return err
	}
	limit, err := intParam(r, "limit", defaultFeatures, 1, math.MaxInt64)
	if err != nil {
		return err
	}
	after, err := intParam(r, "after", 0, 0, math.MaxInt64)
	if err != nil {
		return err
	}
	// A larger limit than ours is no mistake (7.15.2): the answer is shorter.
	q := layers.Query{Layer: l, Where: where.And(right.Where, narrow, when), Fields: right.Fields, After: after, Limit: int(min(limit, maxFeatures))}
	at := s.baseURL(r) + "/ogc/collections/" + l.Name
	return s.writePage(w, r, q, link{at, "collection", "application/json", l.TitleZH})
}

// ogcTime is the datetime of 7.15.4: a closed interval; features without a
// time always match.
func ogcTime(l layers.Layer, right access.Right, datetime string) (where.Cond, error) {
	if datetime == "" {
		return where.True, nil
	}
	lo, hi, err := parseInterval(datetime)
	if err != nil {
		return nil, err
	}
	if !contains(right.Fields, l.TimeField) {
		return where.True, nil
	}
	if hi, ok := hi.(time.Time); ok && strings.Contains(datetime, "/") {
		end := hi.Add(time.Microsecond)
		if !strings.Contains(datetime[strings.Index(datetime, "/"):], "T") {
			end = hi.Add(24 * time.Hour) // a date is its whole day
		}
		min, max := wholeDays(l, lo, end)
		return where.Range{Field: l.TimeField, Min: min, Max: max}, nil
	}
	lo, hi = wholeDays(l, lo, hi)
	return where.Range{Field: l.TimeField, Min: lo, Max: hi}, nil
}

func contains(names []string, name string) bool {
	for _, n := range names {
		if n == name && n != "" {
			return true
		}
	}
	return false
}

func (s *Server) ogcItem(w http.ResponseWriter, r *http.Request) error {
	if err := onlyQuery(r); err != nil {
		return err
	}
	return s.getFeature(w, r)
}
