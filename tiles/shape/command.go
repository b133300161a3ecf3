package shape

// Commands of a tile's geometry: an id and how often it is done.
const (
	moveTo    = 1
	lineTo    = 2
	closePath = 7
)

func command(id, count int) uint32 { return uint32(id | count<<3) }

func zigzag(v int32) uint32 { return uint32(v<<1) ^ uint32(v>>31) }

// points appends all points as one MoveTo.
func (r *rings) points(dst []uint32) []uint32 {
	if len(r.pts) == 0 {
		return dst
	}
	dst = append(dst, command(moveTo, len(r.pts)))
	var at pt
	dst, _ = steps(dst, at, r.pts)
	return dst
}

// lines appends every line as a MoveTo and a LineTo.
func (r *rings) lines(dst []uint32) []uint32 {
	var at pt
	start := 0
	for _, q := range r.parts {
		line := r.pts[start:q.end]
		start = q.end
		dst = append(dst, command(moveTo, 1))
		dst, at = steps(dst, at, line[:1])
		dst = append(dst, command(lineTo, len(line)-1))
		dst, at = steps(dst, at, line[1:])
	}
	return dst
}

// polygons appends every ring as a MoveTo, a LineTo and a ClosePath.
func (r *rings) polygons(dst []uint32) []uint32 {
	var at pt
	start := 0
	for _, q := range r.parts {
		ring := r.pts[start:q.end]
		start = q.end
		if len(ring) == 0 {
			continue
		}
		dst = append(dst, command(moveTo, 1))
		dst, at = steps(dst, at, ring[:1])
		dst = append(dst, command(lineTo, len(ring)-1))
		dst, at = steps(dst, at, ring[1:])
		dst = append(dst, command(closePath, 1))
	}
	return dst
}

// steps appends the way from at over pts.
func steps(dst []uint32, at pt, pts []pt) ([]uint32, pt) {
	for _, p := range pts {
		dst = append(dst, zigzag(p.x-at.x), zigzag(p.y-at.y))
		at = p
	}
	return dst, at
}
