package web

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/paulmach/orb/geojson"

	"onemap/geo/where"
	"onemap/layers"
	"onemap/layers/access"
)

const (
	defaultFeatures = 1000
	maxFeatures     = 10_000
)

// featureQuery is what a request asks of a layer's features.
type featureQuery struct {
	layers.Query
	right access.Right
}

// featureQuery reads the layer, the filter and the fields of a request.
func (s *Server) featureQuery(r *http.Request) (featureQuery, error) {
	l, right, err := s.layer(r.Context(), r.PathValue("layer"))
	if err != nil {
		return featureQuery{}, err
	}
	q := r.URL.Query()
	narrow, err := s.narrow(r.Context(), filterOf(q.Get), l, right)
	if err != nil {
		return featureQuery{}, err
	}
	fields, err := fieldsOf(q, right)
	if err != nil {
		return featureQuery{}, err
	}
	return featureQuery{layers.Query{Layer: l, Where: where.And(rightIn(l, right, narrow), narrow), Fields: fields}, right}, nil
}

// listFeatures answers with a page of a layer's features as GeoJSON, in the
// order of their ids.
func (s *Server) listFeatures(w http.ResponseWriter, r *http.Request) error {
	if err := onlyQuery(r, append(filterNames, "properties", "limit", "after")...); err != nil {
		return err
	}
	q, err := s.featureQuery(r)
	if err != nil {
		return err
	}
	limit, err := intParam(r, "limit", defaultFeatures, 1, maxFeatures)
	if err != nil {
		return err
	}
	after, err := intParam(r, "after", 0, 0, math.MaxInt64)
	if err != nil {
		return err
	}
	q.After, q.Limit = after, int(limit)
	return s.writePage(w, r, q.Query)
}

// writePage writes a page of features as a GeoJSON FeatureCollection with a
// link to the next. It reads the page before the first byte goes out, so that
// a failure still has its own status.
func (s *Server) writePage(w http.ResponseWriter, r *http.Request, q layers.Query, links ...link) error {
	limit := q.Limit
	q.Limit++ // one more says whether there is a next page
	page := make([]layers.Feature, 0, min(limit, 1000))
	for f, err := range s.Store.Features(r.Context(), q) {
		if err != nil {
			return err
		}
		page = append(page, f)
	}
	here := s.baseURL(r) + r.URL.Path
	links = append([]link{{Href: withQuery(here, r.URL.Query()), Rel: "self", Type: "application/geo+json"}}, links...)
	if len(page) > limit {
		page = page[:limit]
		v := r.URL.Query()
		v.Set("after", strconv.FormatInt(page[limit-1].ID, 10))
		next := withQuery(here, v)
		w.Header().Set("Link", "<"+next+`>; rel="next"`)
		links = append(links, link{Href: next, Rel: "next", Type: "application/geo+json"})
	}
	var b bytes.Buffer
	b.WriteString(`{"type":"FeatureCollection","features":[`)
	for i, f := range page {
		if i > 0 {
			b.WriteString(",\n")
		}
		j, err := featureJSON(q, f)
		if err != nil {
			return err
		}
		b.Write(j)
	}
	tail, err := json.Marshal(links)
	if err != nil {
		return err
	}
	fmt.Fprintf(&b, `],"numberReturned":%d,"timeStamp":%q,"links":%s}`, len(page), time.Now().UTC().Format(time.RFC3339), tail)
	w.Header().Set("Content-Type", "application/geo+json")
	_, _ = w.Write(b.Bytes())
	return nil
}

func withQuery(address string, v url.Values) string {
	if len(v) == 0 {
		return address
	}
	return address + "?" + v.Encode()
}

type link struct {
	Href  string `json:"href"`
	Rel   string `json:"rel"`
	Type  string `json:"type,omitempty"`
	Title string `json:"title,omitempty"`
}

// getFeature answers with one feature as GeoJSON.
func (s *Server) getFeature(w http.ResponseWriter, r *http.Request) error {
	if err := onlyQuery(r, "properties"); err != nil {
		return err
	}
	q, err := s.featureQuery(r)
	if err != nil {
		return err
	}
	id, err := pathID(r)
	if err != nil {
		return err
	}
	f, err := s.Store.Feature(r.Context(), q.Query, id)
	if err != nil {
		return err
	}
	b, err := featureJSON(q.Query, f)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/geo+json")
	_, _ = w.Write(b)
	return nil
}

// featureJSON writes a feature as GeoJSON (RFC 7946): dates as YYYY-MM-DD,
// times as RFC 3339 in UTC, seven decimals of a degree (a centimetre).
func featureJSON(q layers.Query, f layers.Feature) ([]byte, error) {
	out := struct {
		Type       string            `json:"type"`
		ID         int64             `json:"id"`
		Geometry   *geojson.Geometry `json:"geometry"`
		Properties map[string]any    `json:"properties"`
	}{Type: "Feature", ID: f.ID, Properties: make(map[string]any, len(q.Fields))}
	if f.Geometry != nil {
		out.Geometry = geojson.NewGeometry(rounded(f.Geometry))
	}
	for i, name := range q.Fields {
		out.Properties[name] = jsonValue(q.Layer, name, f.Values[i])
	}
	b, err := json.Marshal(out)
	if err != nil {
		return nil, fmt.Errorf("feature %s/%d: %w", q.Layer.Name, f.ID, err)
	}
	return b, nil
}

// jsonValue is a field's value as JSON shows it.
func jsonValue(l layers.Layer, field string, v any) any {
	switch v := v.(type) {
	case time.Time:
		if f, _ := l.Field(field); f.Type == "date" {
			return v.Format(time.DateOnly)
		}
		return v.UTC().Format(time.RFC3339Nano)
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) { // JSON has no such number
			return nil
		}
	}
	return v
}

// pathID reads {id}.
func pathID(r *http.Request) (int64, error) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil || id < 1 {
		return 0, fmt.Errorf("%q: %w", layers.Short(r.PathValue("id")), layers.ErrNotFound)
	}
	return id, nil
}

// intParam reads a whole number of the query between least and most.
func intParam(r *http.Request, name string, otherwise, least, most int64) (int64, error) {
	v := r.URL.Query().Get(name)
	if v == "" {
		return otherwise, nil
	}
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil || n < least || n > most {
		return 0, &layers.InputError{Field: "query." + name, Value: layers.Short(v), Remedy: fmt.Sprintf("a whole number from %d to %d", least, most)}
	}
	return n, nil
}

// onlyQuery refuses parameters that the route does not know, and those that come
// twice: a misspelt filter must not show everything, nor a second one be lost.
func onlyQuery(r *http.Request, names ...string) error {
	q, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return fmt.Errorf("query: %w", errBadRequest)
	}
	for name, values := range q {
		if !slices.Contains(names, name) {
			return &layers.InputError{Field: "query." + layers.Short(name), Remedy: "leave it out: there is no such parameter here"}
		}
		if len(values) > 1 { // only the first would count
			return &layers.InputError{Field: "query." + name, Remedy: "each parameter once"}
		}
	}
	return nil
}
