package shape

// Extent is a tile's edge and Buffer the margin around it, in the tile's units.
const (
	Extent = 4096
	Buffer = 64
)

// A Cutter cuts tiles out of shapes. It is scratch memory: one serves one
// goroutine, and does not allocate once it is warm. Its zero value is ready.
type Cutter struct {
	clip       clipper
	world, cut paths // of one part or polygon, before and after clipping

	rings rings // of the feature, in tile units
	check checker
	mend  mender
}

// A pt is a place in a tile, in its units from its north-west corner.
type pt struct{ x, y int32 }

// rings are rings or lines in tile units, one after the other.
type rings struct {
	pts   []pt
	parts []part
}

func (r *rings) reset() { r.pts, r.parts = r.pts[:0], r.parts[:0] }

// start is where the next ring begins.
func (r *rings) start() int {
	if len(r.parts) == 0 {
		return 0
	}
	return r.parts[len(r.parts)-1].end
}

// A view turns world units into those of a tile.
type view struct {
	x, y  int64 // the tile's corner, less half a unit
	shift uint
	box   Box // the tile and its buffer
}

// large is the size of a shape, in bytes, from which on a cutter's memory is let
// go after it.
const large = 4 << 20

func viewOf(z, x, y uint32) view {
	v := view{shift: uint(WorldBits - 12 - z)}
	left, top := int64(x)<<(WorldBits-z), int64(y)<<(WorldBits-z)
	edge, margin := int64(Extent)<<v.shift, int64(Buffer)<<v.shift
	v.box = Box{left - margin, top - margin, left + edge + margin, top + edge + margin}
	half := int64(1) << v.shift / 2
	v.x, v.y = left-half, top-half
	return v
}

func (v *view) at(p Point) pt {
	return pt{int32((p.X - v.x) >> v.shift), int32((p.Y - v.y) >> v.shift)}
}

// Cut appends to dst the commands (MVT 2.1, section 4.3) of what the shape has in
// a tile and its buffer, in units of the tile, and returns its kind. If it has
// nothing there, nothing is appended. z is at most 22.
//
// Polygons come out valid: outer rings of positive area (y down) before their
// holes, without repeated points, spikes or crossings that rounding may bring, and
// without bridges along the tile's edge. plain keeps points in the middle of a
// straight stretch, which are left out otherwise.
func (c *Cutter) Cut(dst []uint32, s Shape, z, x, y uint32, plain bool) ([]uint32, Kind) {
	if len(s) == 0 {
		return dst, 0
	}
	v := viewOf(z, x, y)
	r := read(s)
	if !v.box.Touches(r.box) {
		return dst, r.kind
	}
	c.rings.reset()
	if len(s) > large {
		// What the largest shapes need is not kept for the others.
		defer func() { *c = Cutter{} }()
	}
	switch r.kind {
	case Points:
		return c.cutPoints(dst, &r, &v), Points
	case Lines:
		c.cutLines(&r, &v, plain)
		return c.rings.lines(dst), Lines
	}
	bridged := c.cutPolygons(&r, &v, plain)
	if bridged || !c.check.simple(&c.rings) {
		c.mend.mend(&c.rings, plain)
	}
	return c.rings.polygons(dst), Polygons
}

func (c *Cutter) cutPoints(dst []uint32, r *reader, v *view) []uint32 {
	for r.more() {
		n, _ := r.part()
		c.world.pts = r.near(c.world.pts[:0], n, v.box)
		for _, p := range c.world.pts {
			if v.box.Holds(Box{p.X, p.Y, p.X, p.Y}) {
				c.rings.pts = append(c.rings.pts, v.at(p))
			}
		}
	}
	return c.rings.points(dst)
}

func (c *Cutter) cutLines(r *reader, v *view, plain bool) {
	inside := v.box.Holds(r.box)
	for r.more() {
		n, _ := r.part()
		c.cut.reset()
		if inside {
			c.cut.pts = r.all(c.cut.pts, n)
			c.cut.parts = append(c.cut.parts, part{end: n})
		} else {
			c.world.pts = r.near(c.world.pts[:0], n, v.box)
			c.clip.line(&c.cut, c.world.pts, v.box)
		}
		start := 0
		for _, q := range c.cut.parts {
			c.rings.addLine(c.cut.pts[start:q.end], v, plain)
			start = q.end
		}
	}
}

func (c *Cutter) cutPolygons(r *reader, v *view, plain bool) (bridged bool) {
	inside := v.box.Holds(r.box)
	c.world.reset()
	for r.more() {
		n, inner := r.part()
		if inside {
			c.world.pts = r.all(c.world.pts[:0], n)
			c.rings.addRing(c.world.pts, inner, v, plain)
			continue
		}
		if !inner {
			bridged = c.cutPolygon(v, plain) || bridged
			c.world.reset()
		}
		c.world.pts = r.near(c.world.pts, n, v.box)
		c.world.parts = append(c.world.parts, part{len(c.world.pts), inner})
	}
	if !inside {
		bridged = c.cutPolygon(v, plain) || bridged
	}
	return bridged
}

// cutPolygon clips the polygon in world and adds its rings.
func (c *Cutter) cutPolygon(v *view, plain bool) (bridged bool) {
	if len(c.world.parts) == 0 {
		return false
	}
	c.cut.reset()
	bridged = c.clip.polygon(&c.cut, &c.world, v.box)
	start := 0
	for _, q := range c.cut.parts {
		c.rings.addRing(c.cut.pts[start:q.end], q.inner, v, plain)
		start = q.end
	}
	return bridged
}
