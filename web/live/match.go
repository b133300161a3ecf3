package live

import (
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/clip"

	"onemap/geo/where"
	"onemap/layers/feed"
)

// sees says whether a view shows a row. A row of which only the key is known
// is not shown: nobody can tell.
func (v *view) sees(r *seen) bool {
	if !r.Whole() {
		return false
	}
	if len(v.window) > 0 {
		in := false
		for _, w := range v.window {
			in = in || r.Meets(w)
		}
		if !in {
			return false
		}
	}
	return where.IsTrue(v.cond) || where.Match(v.cond, r.Get, r)
}

// seen is a row with its place, found out once for all views.
type seen struct {
	feed.Row
	looked bool
	placed bool
	bound  orb.Bound
	geom   orb.Geometry
}

// where returns the row's bounding box; false for a row without a place.
func (r *seen) box() (orb.Bound, bool) {
	if !r.looked {
		r.looked = true
		r.bound, r.placed = r.Bound("geom")
	}
	return r.bound, r.placed
}

// Geometry returns where the row is; nil for nowhere.
func (r *seen) Geometry() orb.Geometry {
	if r.geom == nil {
		r.geom, _ = r.Get("geom").(orb.Geometry)
	}
	return r.geom
}

// Meets says whether the row's geometry meets a box; edges belong to it.
func (r *seen) Meets(b orb.Bound) bool {
	own, ok := r.box()
	switch {
	case !ok || !own.Intersects(b):
		return false
	case b.Contains(own.Min) && b.Contains(own.Max):
		return true
	}
	g := r.Geometry()
	if g == nil {
		return false
	}
	return clip.Geometry(b, orb.Clone(g)) != nil // clip changes what it is given
}

// judge says what a change is to a view: "" nothing, "insert" or "update" for a
// feature it shows now, "gone" for one it no longer shows.
func (v *view) judge(c *seenChange) string {
	was, is := v.sees(&c.old), v.sees(&c.new)
	switch {
	case is && !was:
		return "insert"
	case was && !is:
		return "gone"
	case was && is && v.differ(c):
		return "update"
	}
	return ""
}

// differ says whether anything that the view shows changed.
func (v *view) differ(c *seenChange) bool {
	if !c.old.Same(c.new.Row, "geom") {
		return true
	}
	for i := range v.fields {
		if !c.old.Same(c.new.Row, v.fields[i].Name) {
			return true
		}
	}
	return false
}

type seenChange struct {
	id       int64
	old, new seen
}
