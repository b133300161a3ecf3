package web

import (
	"github.com/paulmach/orb"

	"onemap/geo/cql2"
	"onemap/geo/crs"
	"onemap/geo/where"
	"onemap/layers"
	"onemap/layers/access"
)

// cql2 reads the filter in CQL2; nil for none.
func (f Filter) cql2(l layers.Layer, right access.Right) (where.Cond, error) {
	p := cql2.Parser{JSON: f.Language == cql2JSON}
	if f.Language != "" && f.Language != cql2Text && !p.JSON {
		return nil, &layers.InputError{Field: "query.filter-lang", Value: layers.Short(f.Language), Remedy: cql2Text + " or " + cql2JSON}
	}
	if f.CRS != "" {
		ref, err := crs.ParseReference(f.CRS)
		if err != nil {
			return nil, &layers.InputError{Field: "query.filter-crs", Value: layers.Short(f.CRS),
				Remedy: "the URI of a system that the collection lists in crs, such as " + crs.CRS84}
		}
		p.LatLon = !ref.IsLonLat() && !ref.Metres() // EPSG:4326 and 4490 have the latitude first
		if ref.Metres() {
			p.Project = func(x, y float64) (orb.Point, error) { return ref.Read(orb.Point{x, y}) }
		}
	}
	if f.CQL2 == "" {
		return nil, nil
	}
	return l.Filter("query.filter", f.CQL2, right.Fields, p)
}

// The filter languages, as OGC API Features part 3 names them.
const (
	cql2Text = "cql2-text"
	cql2JSON = "cql2-json"
)
