package forecast_test

import (
	"math"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"

	"onemap/layers/forecast"
	"onemap/layers/layerstest"
)

func TestPlaneGoesThereAndBack(t *testing.T) {
	for _, middle := range []orb.Point{{120.07, 29.3}, {-122.68, 45.5}, {-93.26, 44.98}, {0, 0}, {18.07, -59.3}} {
		p := forecast.PlaneAbout(middle)
		for _, d := range []orb.Point{{0, 0}, {0.4, 0.3}, {-0.5, 0.1}, {0.01, -0.45}} {
			at := orb.Point{middle[0] + d[0], middle[1] + d[1]}
			back := p.Inverse(p.Forward(at))
			if math.Abs(back[0]-at[0]) > 1e-9 || math.Abs(back[1]-at[1]) > 1e-9 {
				t.Errorf("about %v: %v came back as %v", middle, at, back)
			}
		}
	}
}

// PostGIS knows the same projection, and the true area of the ellipsoid.
func TestPlaneAgreesWithPostGIS(t *testing.T) {
	db := layerstest.DB(t)
	p := forecast.PlaneAbout(orb.Point{120.07, 29.3})
	for _, at := range []orb.Point{{120.07, 29.3}, {120.5, 29.6}, {119.7, 29.0}} {
		var x, y float64
		err := db.QueryRow(t.Context(), `SELECT ST_X(g), ST_Y(g) FROM ST_Transform(ST_MakePoint($1, $2),
			'+proj=longlat +datum=WGS84', '+proj=laea +lat_0=29.3 +lon_0=120.07 +datum=WGS84 +units=m') g`, at[0], at[1]).Scan(&x, &y)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Forward(at); math.Hypot(got[0]-x, got[1]-y) > 0.001 {
			t.Errorf("%v is at %v, PROJ has %g %g", at, got, x, y)
		}
	}
	square := orb.MultiPolygon{{{{120.4, 29.5}, {120.41, 29.5}, {120.41, 29.51}, {120.4, 29.51}, {120.4, 29.5}}}}
	var area float64
	if err := db.QueryRow(t.Context(), `SELECT ST_Area(ST_GeomFromText('POLYGON((120.4 29.5,120.41 29.5,120.41 29.51,120.4 29.51,120.4 29.5))', 4326)::geography)`).Scan(&area); err != nil {
		t.Fatal(err)
	}
	if got := planar.Area(p.MultiPolygon(square)); math.Abs(got/area-1) > 1e-5 {
		t.Errorf("its area is %.1f m², on the ellipsoid %.1f m²", got, area)
	}
}
