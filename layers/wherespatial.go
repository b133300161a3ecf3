package layers

import (
	"fmt"
	"slices"

	"github.com/paulmach/orb"

	"onemap/geo/relate"
	"onemap/geo/where"
)

// spatialSQL writes a spatial condition in the plane of degrees. PostGIS's
// functions ask the index by themselves first, in plans without values too.
// ST_Disjoint has no use for it, and is written as what it means: for it
// PostGIS refuses collections, which may only meet or not.
func spatialSQL(c where.Spatial, a *Args) (string, error) {
	if !slices.Contains(relate.Ops, c.Op) {
		return "", fmt.Errorf("spatial condition %q has no SQL", c.Op)
	}
	g := c.Geometry
	switch b := g.(type) {
	case orb.Bound:
		g = b.ToPolygon()
	case orb.Ring:
		g = orb.Polygon{b}
	}
	if why := relate.Invalid(g); why != "" {
		return "", &InputError{Field: "geometry", Remedy: "a valid geometry: this one " + why}
	}
	_, collection := g.(orb.Collection)
	switch {
	case c.Op == "intersects":
		return "ST_Intersects(f.geom, " + a.Add(g) + "::geometry)", nil
	case c.Op == "disjoint":
		return "NOT ST_Intersects(f.geom, " + a.Add(g) + "::geometry)", nil
	case collection:
		return "", &InputError{Field: "geometry", Remedy: "points, lines or polygons alone: a geometry collection can only be asked whether it intersects or is disjoint"}
	}
	return "ST_" + c.Op + "(f.geom, " + a.Add(g) + "::geometry)", nil
}
