package web

import (
	"errors"
	"math"
	"net/http"
	"strconv"
	"strings"

	"github.com/paulmach/orb"

	"onemap/geo/crs"
	"onemap/geo/where"
	"onemap/layers"
)

// References by URI (OGC API Features part 2): which coordinate systems there
// are, in which a caller wants to read, and in which they ask and write.

// references are the systems that this city's coordinates can be written in.
func (s *Server) references(r *http.Request) ([]crs.Reference, error) {
	b, err := s.cityExtent(r.Context())
	if err != nil {
		return nil, err
	}
	return crs.References(b), nil
}

// referenceURIs are their names.
func (s *Server) referenceURIs(r *http.Request) ([]string, error) {
	all, err := s.references(r)
	if err != nil {
		return nil, err
	}
	uris := make([]string, len(all))
	for i, ref := range all {
		uris[i] = ref.URI
	}
	return uris, nil
}

// reference reads a parameter or header that names a system; CRS84 where it is empty.
func (s *Server) reference(r *http.Request, field, uri string) (crs.Reference, error) {
	if uri == "" {
		uri = crs.CRS84
	}
	all, err := s.references(r)
	if err != nil {
		return crs.Reference{}, err
	}
	for _, ref := range all {
		if ref.URI == uri {
			return ref, nil
		}
	}
	return crs.Reference{}, &layers.InputError{Field: field, Value: layers.Short(uri), Remedy: "one of those that the collection lists in crs"}
}

// contentCRS is the value of the header that says in which system an answer is.
func contentCRS(ref crs.Reference) string { return "<" + ref.URI + ">" }

// inReference returns a geometry as ref writes it: in the registry's order of
// axes, with a centimetre's digits in degrees and a millimetre's in metres.
func inReference(g orb.Geometry, ref crs.Reference) (orb.Geometry, error) {
	if g == nil {
		return nil, nil
	}
	if ref.IsLonLat() {
		return rounded(g), nil
	}
	digits := 1e7
	if ref.Metres() {
		digits = 1e3
	}
	out, err := crs.Each(g, func(p orb.Point) (orb.Point, error) {
		q, err := ref.Write(p)
		return orb.Point{math.Round(q[0]*digits) / digits, math.Round(q[1]*digits) / digits}, err
	})
	if errors.Is(err, crs.ErrBeyond) {
		return nil, &layers.InputError{Field: "query.crs", Value: layers.Short(ref.URI), Remedy: "a system whose area holds the features: this zone is too far from them"}
	}
	return out, err
}

// boxIn reads bbox in the system that bbox-crs names: four numbers in its
// order of axes, or six with heights, which the map does not have. A box whose
// west is over its east crosses the antimeridian.
func boxIn(s string, ref crs.Reference) (where.Cond, error) {
	if ref.IsLonLat() {
		return parseBox(s)
	}
	bad := &layers.InputError{Field: "query.bbox", Value: layers.Short(s), Remedy: "two corners in the order of axes of bbox-crs, the lower left one first: four numbers"}
	v, ok := corners(s)
	if !ok {
		return nil, bad
	}
	a, b := orb.Point{v[0], v[1]}, orb.Point{v[2], v[3]}
	if !ref.Metres() { // degrees, latitude first
		x, y := ref.XY(a), ref.XY(b)
		return parseBox(strings.Join([]string{decimal(x[0]), decimal(x[1]), decimal(y[0]), decimal(y[1])}, ","))
	}
	if x, y := ref.XY(a), ref.XY(b); x[0] > y[0] || x[1] > y[1] {
		return nil, bad
	}
	ring, err := ref.ReadBox(a, b)
	if err != nil {
		return nil, bad
	}
	if len(ring[0]) == 5 { // straight in degrees too
		return where.Within{Bound: ring.Bound()}, nil
	}
	return where.All{where.Within{Bound: ring.Bound()}, where.Spatial{Op: "intersects", Geometry: ring}}, nil
}

func decimal(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
