package live

import (
	"github.com/paulmach/orb"

	"onemap/geo/relate"
	"onemap/geo/where"
	"onemap/layers/feed"
)

// allows says whether the right and the filter of a view let a row through,
// wherever it is. A row of which only the key is known is not: nobody can tell.
func (v *view) allows(r *seen) bool {
	if !r.Whole() {
		return false
	}
	return where.IsTrue(v.cond) || where.Match(v.cond, r.Get, r)
}

// within says whether a row is in the view's window.
func (v *view) within(r *seen) bool {
	for _, w := range v.window {
		if r.Meets(w) {
			return true
		}
	}
	return len(v.window) == 0
}

// seen is a row with its place, found out once for all views.
type seen struct {
	feed.Row
	looked bool
	placed bool
	bound  orb.Bound
	geom   orb.Geometry
	mapped bool
	square world // of bound
}

// where returns the row's bounding box; false for a row without a place.
func (r *seen) box() (orb.Bound, bool) {
	if !r.looked {
		r.looked = true
		r.bound, r.placed = r.Bound("geom")
	}
	return r.bound, r.placed
}

// world is the box in Web Mercator.
func (r *seen) world() world {
	if !r.mapped {
		r.mapped, r.square = true, worldOf(r.bound)
	}
	return r.square
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
	return relate.MeetsBox(r.Geometry(), b)
}

// verdict is what a change is to a view.
type verdict struct {
	op       string // "insert" or "update" of a feature that it shows now, "gone" of one that it no longer shows; "": nothing to tell
	old, new bool   // its right lets the row before and after through, and something that it shows of it changed: tiles there are stale
}

func (v *view) judge(c *seenChange) verdict {
	was, is := v.allows(&c.old), v.allows(&c.new)
	if !was && !is || was && is && !v.differ(c) {
		return verdict{}
	}
	d := verdict{old: was, new: is}
	if !v.events {
		return d
	}
	was, is = was && v.within(&c.old), is && v.within(&c.new)
	switch {
	case is && !was:
		d.op = "insert"
	case was && !is:
		d.op = "gone"
	case was && is:
		d.op = "update"
	}
	return d
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
