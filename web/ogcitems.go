package web

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"

	"onemap/geo/crs"
	"onemap/geo/where"
	"onemap/layers"
	"onemap/layers/access"
)

const (
	// pageFeatures is how many features a page to read holds by default.
	pageFeatures = 100
	// countedFeatures is up to how many features numberMatched says; where
	// there are more it is left out, as the standard allows.
	countedFeatures = 1_000_000
)

// itemsParams are the parameters of the items of a collection, beside those of the filter.
var itemsParams = []string{"limit", "after", "crs", "bbox-crs", "properties"}

// items is a request for features of a collection, read.
type items struct {
	layers.Query
	right access.Right
	ref   crs.Reference // the answer's
}

// itemsQuery reads a request for features of a collection.
func (s *Server) itemsQuery(r *http.Request) (items, error) {
	l, right, err := s.layer(r.Context(), r.PathValue("layer"))
	if err != nil {
		return items{}, err
	}
	q := r.URL.Query()
	in := items{right: right}
	if in.ref, err = s.reference(r, "query.crs", q.Get("crs")); err != nil {
		return in, err
	}
	f := filterOf(q.Get)
	box := where.True
	boxRef, err := s.reference(r, "query.bbox-crs", q.Get("bbox-crs"))
	if err != nil {
		return in, err
	}
	if f.BBox != "" {
		if box, err = boxIn(f.BBox, boxRef); err != nil {
			return in, err
		}
		f.BBox = ""
	}
	when, err := ogcTime(l, right, f.Datetime)
	if err != nil {
		return in, err
	}
	f.Datetime = ""
	narrow, err := s.narrow(r.Context(), f, l, right)
	if err != nil {
		return in, err
	}
	after, err := intParam(r, "after", 0, 0, math.MaxInt64)
	if err != nil {
		return in, err
	}
	// A larger limit than ours is no mistake (7.15.2): the answer is shorter.
	limit, err := intParam(r, "limit", defaultFeatures, 1, math.MaxInt64)
	if err != nil {
		return in, err
	}
	if format, _ := formatOf(r); format == formatHTML && !q.Has("limit") {
		limit = pageFeatures
	}
	fields, err := fieldsOf(q, right)
	if err != nil {
		return in, err
	}
	in.Query = layers.Query{Layer: l, Where: where.Simplify(where.And(rightIn(l, right, box, narrow), narrow, when, box)), Fields: fields,
		After: after, Limit: int(min(limit, maxFeatures))}
	return in, nil
}

// ogcItems answers with a page of features in the order of their ids. The next
// page begins after the last id of this one, so that rows written meanwhile
// neither come twice nor push others out.
func (s *Server) ogcItems(w http.ResponseWriter, r *http.Request) error {
	if err := onlyQuery(r, append(append([]string{"f"}, filterNames...), itemsParams...)...); err != nil {
		return err
	}
	if _, err := formatOf(r); err != nil {
		return err
	}
	q, err := s.itemsQuery(r)
	if err != nil {
		return err
	}
	matched := int64(-1)
	if q.After == 0 {
		if matched, err = s.Store.CountUpTo(r.Context(), q.Query, countedFeatures); err != nil {
			return err
		}
	}
	found, more, err := s.page1(r, q.Query)
	if err != nil {
		return err
	}
	t := tongueOf(r)
	title := t.of(q.Layer.TitleZH, q.Layer.TitleEN)
	collection := s.baseURL(r) + "/ogc/collections/" + q.Layer.Name
	links := append(s.selfLinks(r, geoJSONType), link{collection, "collection", "application/json", title},
		link{collection + "/queryables", relQueryables, schemaType, t.of("可查询字段", "What a filter may ask for")})
	h := w.Header()
	h.Add("Link", "<"+collection+"/queryables>; rel=\""+relQueryables+`"`)
	next := ""
	if more {
		v := r.URL.Query()
		v.Set("after", strconv.FormatInt(found[len(found)-1].ID, 10))
		next = withQuery(s.baseURL(r)+r.URL.Path, v)
		h.Add("Link", "<"+next+`>; rel="next"`)
		links = append(links, link{next, "next", geoJSONType, t.of("下一页", "The next page")})
	}
	h.Set("Content-Crs", contentCRS(q.ref))
	var b bytes.Buffer
	b.WriteString(`{"type":"FeatureCollection","features":[`)
	for i, f := range found {
		if i > 0 {
			b.WriteString(",\n")
		}
		j, err := ogcFeature(q, f, nil)
		if err != nil {
			return err
		}
		b.Write(j)
	}
	tail, err := json.Marshal(links)
	if err != nil {
		return fmt.Errorf("write links: %w", err)
	}
	b.WriteString("]")
	if matched >= 0 && matched <= countedFeatures {
		fmt.Fprintf(&b, `,"numberMatched":%d`, matched)
	}
	fmt.Fprintf(&b, `,"numberReturned":%d,"timeStamp":%q,"links":%s}`, len(found), time.Now().UTC().Format(time.RFC3339), tail)
	return s.write(w, r, ogcAnswer{json: b.Bytes(), mediaType: geoJSONType, page: func(t tongue) page {
		p := page{Title: title, Text: howMany(t, len(found), matched), Crumbs: s.collectionCrumbs(r, t, q.Layer)}
		table := section{Head: []string{t.of("编号", "Number")}}
		for _, name := range q.Fields {
			f, _ := q.Layer.Field(name)
			table.Head = append(table.Head, t.of(f.TitleZH, f.TitleEN))
		}
		for _, f := range found {
			id := strconv.FormatInt(f.ID, 10)
			row := []cell{{Text: id, Href: collection + "/items/" + id + "?f=html"}}
			for i, name := range q.Fields {
				row = append(row, cell{Text: textOf(jsonValue(q.Layer, name, f.Values[i]))})
			}
			table.Rows = append(table.Rows, row)
		}
		if next != "" {
			table.Links = []anchor{{Text: t.of("下一页", "The next page"), Href: next}}
		}
		p.Sections = []section{table}
		return p
	}})
}

func howMany(t tongue, returned int, matched int64) string {
	switch {
	case matched < 0:
		return fmt.Sprintf(t.of("本页 %d 个要素", "%d features on this page"), returned)
	case matched > countedFeatures:
		return fmt.Sprintf(t.of("共 %d 个以上要素,本页 %d 个", "more than %d features, %d on this page"), countedFeatures, returned)
	}
	return fmt.Sprintf(t.of("共 %d 个要素,本页 %d 个", "%d features, %d on this page"), matched, returned)
}

// page1 reads one page before the first byte goes out, so that a failure still
// has its own status; more says whether there is another.
func (s *Server) page1(r *http.Request, q layers.Query) (found []layers.Feature, more bool, err error) {
	limit := q.Limit
	q.Limit++ // one more says whether there is a next page
	found = make([]layers.Feature, 0, min(limit, 1000))
	for f, err := range s.Store.Features(r.Context(), q) {
		if err != nil {
			return nil, false, err
		}
		found = append(found, f)
	}
	if len(found) > limit {
		return found[:limit], true, nil
	}
	return found, false, nil
}

func (s *Server) collectionCrumbs(r *http.Request, t tongue, l layers.Layer) []anchor {
	at := s.baseURL(r) + "/ogc/collections"
	return s.crumbs(r, t, anchor{Text: t.of("图层", "The layers"), Href: at + "?f=html"}, anchor{Text: t.of(l.TitleZH, l.TitleEN), Href: at + "/" + l.Name + "?f=html"})
}

// ogcItem answers with one feature and the ETag that a change of it must show.
func (s *Server) ogcItem(w http.ResponseWriter, r *http.Request) error {
	if err := onlyQuery(r, "f", "crs"); err != nil {
		return err
	}
	format, err := formatOf(r)
	if err != nil {
		return err
	}
	l, right, err := s.layer(r.Context(), r.PathValue("layer"))
	if err != nil {
		return err
	}
	ref, err := s.reference(r, "query.crs", r.URL.Query().Get("crs"))
	if err != nil {
		return err
	}
	id, err := pathID(r)
	if err != nil {
		return err
	}
	q := items{Query: layers.Query{Layer: l, Where: right.Where, Fields: right.Fields}, right: right, ref: ref}
	f, version, err := s.Store.FeatureVersion(r.Context(), q.Query, id)
	if err != nil {
		return err
	}
	etag := featureTag(q, id, version, format, tongueOf(r))
	w.Header().Set("ETag", etag)
	w.Header().Set("No-Gzip-Compression", "1") // the tag is strong: it names these bytes
	if notModified(r, etag) {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	return s.writeItem(w, r, q, f, 0)
}

// writeItem writes one feature with its links.
func (s *Server) writeItem(w http.ResponseWriter, r *http.Request, q items, f layers.Feature, status int) error {
	t := tongueOf(r)
	title := t.of(q.Layer.TitleZH, q.Layer.TitleEN)
	collection := s.baseURL(r) + "/ogc/collections/" + q.Layer.Name
	here := fmt.Sprintf("%s/items/%d", collection, f.ID)
	links := []link{{here, "self", geoJSONType, t.of("本文档", "This document")}, {here + "?f=html", "alternate", "text/html", t.of("网页形式的本文档", "This document as a page")},
		{collection, "collection", "application/json", title}}
	if v := r.URL.Query(); r.Method == http.MethodGet && len(v) > 0 {
		links[0].Href, links[1].Href = withQuery(here, v), s.withFormat(r, formatHTML)
	}
	b, err := ogcFeature(q, f, links)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Crs", contentCRS(q.ref))
	return s.write(w, r, ogcAnswer{json: b, mediaType: geoJSONType, status: status, page: func(t tongue) page {
		rows := [][]cell{{{Text: t.of("编号", "Number")}, {Text: strconv.FormatInt(f.ID, 10)}}}
		for i, name := range q.Fields {
			field, _ := q.Layer.Field(name)
			rows = append(rows, []cell{{Text: t.of(field.TitleZH, field.TitleEN)}, {Text: textOf(jsonValue(q.Layer, name, f.Values[i]))}})
		}
		if f.Geometry != nil {
			rows = append(rows, []cell{{Text: t.of("位置", "Place")}, {Text: placeOf(f.Geometry)}})
		}
		return page{Title: fmt.Sprintf("%s %d", title, f.ID), Crumbs: s.collectionCrumbs(r, t, q.Layer), Sections: []section{{Rows: rows}}}
	}})
}

// placeOf says where a geometry is, in words: its middle, and of what type it is.
func placeOf(g orb.Geometry) string {
	c := g.Bound().Center()
	return fmt.Sprintf("%s %.6f, %.6f", g.GeoJSONType(), c[0], c[1])
}

// textOf shows a value of JSON to a reader.
func textOf(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	}
	b, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return strings.Trim(string(b), `"`)
}

// ogcFeature writes a feature as GeoJSON in the system that was asked for: in
// another than CRS84 by the prior arrangement of RFC 7946, section 4.
func ogcFeature(q items, f layers.Feature, links []link) ([]byte, error) {
	out := struct {
		Type       string            `json:"type"`
		ID         int64             `json:"id"`
		Geometry   *geojson.Geometry `json:"geometry"`
		Properties map[string]any    `json:"properties"`
		Links      []link            `json:"links,omitempty"`
	}{Type: "Feature", ID: f.ID, Properties: make(map[string]any, len(q.Fields)), Links: links}
	g, err := inReference(f.Geometry, q.ref)
	if err != nil {
		return nil, err
	}
	if g != nil {
		out.Geometry = geojson.NewGeometry(g)
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
		return where.Or(where.Range{Field: l.TimeField, Min: min, Max: max}, where.Empty{Field: l.TimeField}), nil
	}
	lo, hi = wholeDays(l, lo, hi)
	return where.Or(where.Range{Field: l.TimeField, Min: lo, Max: hi}, where.Empty{Field: l.TimeField}), nil
}
