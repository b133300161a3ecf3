package pull

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"
	"github.com/paulmach/orb/planar"
)

// A layer of ArcGIS REST, as its description and its query say it (f=json,
// which every version of the server has).
type arcLayer struct {
	Error          *arcError
	Type           string
	GeometryType   string
	MaxRecordCount int
	ObjectIDField  string `json:"objectIdField"`
	Fields         []arcField
	Advanced       *struct{ SupportsPagination bool } `json:"advancedQueryCapabilities"`
}

type arcField struct{ Name, Type string }

type arcError struct {
	Code    int
	Message string
}

type arcPage struct {
	Error                 *arcError
	ExceededTransferLimit bool
	Fields                []arcField
	Features              []struct {
		Attributes map[string]json.RawMessage
		Geometry   *arcGeometry
	}
}

type arcGeometry struct {
	X, Y   *float64
	Points [][]float64
	Paths  [][][]float64
	Rings  [][][]float64
	Curves json.RawMessage `json:"curveRings"`
}

func (e *arcError) err() error {
	if e == nil {
		return nil
	}
	if e.Code == 498 || e.Code == 499 {
		return wrong("it answered %d: it asks for a token as the secret", e.Code)
	}
	return wrong("it answered %d", e.Code)
}

// arcgis reads a layer page by page, in the order of its object ids.
func (s *Store) arcgis(ctx context.Context, dir string, x Source, key secret) (fetched, error) {
	out, err := newSheet(dir)
	if err != nil {
		return fetched{}, err
	}
	return out.done(func() error {
		base := strings.TrimSuffix(strings.TrimSuffix(x.Place.URL, "/"), "/query")
		var l arcLayer
		if err := s.page(ctx, base+"?f=json", key, "application/json", &l); err != nil {
			return err
		}
		if err := l.Error.err(); err != nil {
			return err
		}
		rows := pageRows
		if l.MaxRecordCount > 0 {
			rows = min(rows, l.MaxRecordCount)
		}
		id := l.ObjectIDField
		for _, f := range l.Fields {
			if id == "" && f.Type == "esriFieldTypeOID" {
				id = f.Name
			}
		}
		paged := l.Advanced == nil || l.Advanced.SupportsPagination
		if !paged && id == "" {
			return wrong("it neither pages nor says which field is the object id")
		}
		sr := x.Place.CRS
		if sr == "" {
			sr = "4326"
		}
		where := x.Place.Where
		if where == "" {
			where = "1=1"
		}
		last := int64(math.MinInt64)
		for offset, pages := 0, 0; ; pages++ {
			if pages > mostPages {
				return wrong("its pages never end")
			}
			q := url.Values{"f": {"json"}, "where": {where}, "outFields": {"*"}, "returnGeometry": {"true"}, "outSR": {strings.TrimPrefix(strings.ToUpper(sr), "EPSG:")}}
			if id != "" {
				q.Set("orderByFields", id)
			}
			if paged {
				q.Set("resultOffset", strconv.Itoa(offset))
				q.Set("resultRecordCount", strconv.Itoa(rows))
			} else if pages > 0 { // old servers: by the object id
				q.Set("where", fmt.Sprintf("(%s) AND %s > %d", where, id, last))
			}
			var page arcPage
			if err := s.page(ctx, base+"/query?"+q.Encode(), key, "application/json", &page); err != nil {
				return err
			}
			if err := page.Error.err(); err != nil {
				return err
			}
			fields := page.Fields
			if len(fields) == 0 {
				fields = l.Fields
			}
			before := last
			for _, f := range page.Features {
				row, err := arcFeature(f.Attributes, fields, f.Geometry)
				if err != nil {
					return err
				}
				if id != "" {
					if n, err := strconv.ParseInt(string(f.Attributes[id]), 10, 64); err == nil {
						last = max(last, n)
					}
				}
				if err := out.add(row); err != nil {
					return err
				}
			}
			offset += len(page.Features)
			more := page.ExceededTransferLimit || !paged && len(page.Features) >= rows
			if !more || len(page.Features) == 0 {
				return nil
			}
			if !paged && last == before {
				return wrong("its pages never end")
			}
		}
	}())
}

// arcFeature makes a feature of a row. Moments come as milliseconds since 1970
// and leave as texts that a plan reads; the rest is as it is.
func arcFeature(attributes map[string]json.RawMessage, fields []arcField, g *arcGeometry) (f outFeature, err error) {
	for _, field := range fields {
		raw, ok := attributes[field.Name]
		if !ok || string(raw) == "null" {
			continue
		}
		if field.Type == "esriFieldTypeDate" {
			if ms, err := strconv.ParseInt(string(raw), 10, 64); err == nil {
				attributes[field.Name] = json.RawMessage(strconv.Quote(time.UnixMilli(ms).UTC().Format(time.RFC3339)))
			}
		}
	}
	if f.Properties, err = json.Marshal(attributes); err != nil {
		return f, err
	}
	if at := g.orb(); at != nil {
		if f.Geometry, err = json.Marshal(geojson.NewGeometry(at)); err != nil {
			return f, wrong("a geometry with coordinates that are no numbers")
		}
	}
	return f, nil
}

// orb returns the geometry, nil for none. Arcs (curveRings) are not read.
func (g *arcGeometry) orb() orb.Geometry {
	switch {
	case g == nil:
		return nil
	case g.X != nil && g.Y != nil:
		return orb.Point{*g.X, *g.Y}
	case len(g.Points) > 0:
		return orb.MultiPoint(arcLine(g.Points))
	case len(g.Paths) > 0:
		var m orb.MultiLineString
		for _, p := range g.Paths {
			if line := arcLine(p); len(line) > 1 {
				m = append(m, line)
			}
		}
		if len(m) == 0 {
			return nil
		}
		return m
	case len(g.Rings) > 0:
		return arcPolygons(g.Rings)
	}
	return nil
}

func arcLine(points [][]float64) orb.LineString {
	line := make(orb.LineString, 0, len(points))
	for _, p := range points {
		if len(p) >= 2 {
			line = append(line, orb.Point{p[0], p[1]})
		}
	}
	return line
}

// arcPolygons sorts rings: outer ones run clockwise, holes the other way and
// belong to the outer ring that they lie in.
func arcPolygons(rings [][][]float64) orb.Geometry {
	var m orb.MultiPolygon
	var holes []orb.Ring
	for _, r := range rings {
		ring := orb.Ring(arcLine(r))
		if len(ring) < 4 {
			continue
		}
		if ring.Orientation() == orb.CCW {
			holes = append(holes, ring)
			continue
		}
		ring.Reverse() // GeoJSON's way round
		m = append(m, orb.Polygon{ring})
	}
	for _, h := range holes {
		placed := false
		for i := range m {
			if planar.RingContains(m[i][0], h[0]) {
				h.Reverse()
				m[i], placed = append(m[i], h), true
				break
			}
		}
		if !placed { // drawn the wrong way round
			m = append(m, orb.Polygon{h})
		}
	}
	if len(m) == 0 {
		return nil
	}
	return m
}
