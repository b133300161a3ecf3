package layers

import (
	"fmt"
	"slices"

	"github.com/paulmach/orb"

	"onemap/geo/relate"
	"onemap/geo/where"
)

// withinSQL asks for what meets a closed box. Of points the index is asked, which
// keeps boxes in single precision and so says too often yes, and then the two
// coordinates. ST_Intersects would say the same, but the planner takes each call
// of it for milliseconds, and starts parallel workers for a few thousand points:
// that takes longer than the query. CASE, since of two comparisons the planner
// would believe that one row in 40,000 is left; of a CASE it is half of them. An
// empty point is outside, as && says; where there is none is unknown.
func (l Layer) withinSQL(b orb.Bound, a *Args) string {
	w, s, e, n := a.Add(b.Min[0]), a.Add(b.Min[1]), a.Add(b.Max[0]), a.Add(b.Max[1])
	box := "ST_MakeEnvelope(" + w + ", " + s + ", " + e + ", " + n + ", 4326)"
	if l.Geometry != "Point" {
		return "ST_Intersects(f.geom, " + box + ")"
	}
	return fmt.Sprintf("f.geom && %s AND CASE WHEN ST_X(f.geom) BETWEEN %s AND %s THEN ST_Y(f.geom) BETWEEN %s AND %s ELSE f.geom IS NULL AND NULL END",
		box, w, e, s, n)
}

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
