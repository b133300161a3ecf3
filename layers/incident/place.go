package incident

import (
	"context"

	"github.com/paulmach/orb"

	"onemap/geo/crs"
	"onemap/layers/locate"
)

// A Place is where something is, in the coordinate system that its sender
// declares: WGS84, CGCS2000, GCJ02, BD09 or EPSG:n.
type Place = locate.Place

// located is a place on the map, with what came where it came otherwise.
type located struct {
	at   orb.Point // EPSG:4326
	crs  crs.CRS
	orig *orb.Point // nil where it came as longitude and latitude of WGS 84 or CGCS2000
}

// locate brings p to EPSG:4326. It returns an [layers.InputError] naming field
// for a system it does not know and for a point that is not on Earth in it.
func (s *Store) locate(ctx context.Context, field string, p Place) (located, error) {
	l, err := locate.On(ctx, s.Layers.DB(), field, p)
	return located{l.At, l.CRS, l.Orig}, err
}
