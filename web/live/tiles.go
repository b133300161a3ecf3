package live

import (
	"math"
	"slices"
	"strconv"

	"github.com/paulmach/orb"
)

// Tiles is the zooms of the tiles that a map has open.
type Tiles struct {
	MinZoom int `json:"minzoom"`
	MaxZoom int `json:"maxzoom"`
}

const (
	maxZoom      = 22  // of any tile
	maxTileNames = 256 // of one layer in one frame; more are told as a box
	// tileMargin is how far a tile shows beyond its edges, in widths of it: the
	// buffer of 64 of 4096 units, and half a unit because coordinates are rounded.
	tileMargin = 64.5 / 4096
	// countMargin is that of tiles whose points are counted: a cell belongs to
	// one tile. It is there for the last bit of a number.
	countMargin = 1e-6
	// mercatorLat is the latitude, in degrees, at which Web Mercator's world ends.
	mercatorLat = 85.0511287798066
)

// tileID is a tile's address in one number: zoom, column, row.
type tileID uint64

func idOf(z int, x, y uint32) tileID { return tileID(z)<<58 | tileID(x)<<29 | tileID(y) }

// append appends "z/x/y".
func (t tileID) append(b []byte) []byte {
	b = strconv.AppendUint(b, uint64(t>>58), 10)
	b = append(b, '/')
	b = strconv.AppendUint(b, uint64(t>>29&(1<<29-1)), 10)
	b = append(b, '/')
	return strconv.AppendUint(b, uint64(t&(1<<29-1)), 10)
}

// tileRange is the tiles of a zoom from one column and row to another, both in it.
type tileRange struct {
	z              int
	x0, y0, x1, y1 uint32
}

// meet returns the tiles of both; false if there are none.
func (r tileRange) meet(s tileRange) (tileRange, bool) {
	r.x0, r.y0, r.x1, r.y1 = max(r.x0, s.x0), max(r.y0, s.y0), min(r.x1, s.x1), min(r.y1, s.y1)
	return r, r.x0 <= r.x1 && r.y0 <= r.y1
}

func (r tileRange) count() int { return int(r.x1-r.x0+1) * int(r.y1-r.y0+1) }

// bound is what the tiles show, in degrees, with a margin in widths of a tile.
func (r tileRange) bound(margin float64) orb.Bound {
	n := math.Exp2(float64(r.z))
	return orb.Bound{
		Min: orb.Point{lonOf((float64(r.x0) - margin) / n), latOf((float64(r.y1) + 1 + margin) / n)},
		Max: orb.Point{lonOf((float64(r.x1) + 1 + margin) / n), latOf((float64(r.y0) - margin) / n)},
	}
}

// world is a box in Web Mercator's unit square, y down. What lies beyond its
// latitudes is in its first and last row.
type world struct{ x0, y0, x1, y1 float64 }

func worldOf(b orb.Bound) world {
	return world{(b.Min[0] + 180) / 360, rowOf(b.Max[1]), (b.Max[0] + 180) / 360, rowOf(b.Min[1])}
}

func rowOf(lat float64) float64 {
	lat = max(-mercatorLat, min(mercatorLat, lat))
	return max(0, min(1, 0.5-math.Log(math.Tan(math.Pi/4+lat*math.Pi/360))/(2*math.Pi)))
}

func lonOf(x float64) float64 { return max(-180, min(180, x*360-180)) }

// latOf is the inverse of rowOf; the poles belong to the first and the last row.
func latOf(y float64) float64 {
	switch {
	case y <= 0:
		return 90
	case y >= 1:
		return -90
	}
	return math.Atan(math.Sinh(math.Pi*(1-2*y))) * 180 / math.Pi
}

// showing returns the tiles of zoom z that show something of a box: theirs and
// its edges belong to them.
func (w world) showing(z int, margin float64) tileRange {
	n := math.Exp2(float64(z))
	from := func(x float64) uint32 { return uint32(max(0, min(n-1, math.Ceil(x*n-1-margin)))) }
	to := func(x float64) uint32 { return uint32(max(0, min(n-1, math.Floor(x*n+margin)))) }
	return tileRange{z, from(w.x0), from(w.y0), to(w.x1), to(w.y1)}
}

// open returns the tiles of zoom z that a map which shows a box has open: its
// far edges belong to it no more than a tile's to the tile.
func (w world) open(z int) tileRange {
	n := math.Exp2(float64(z))
	from := func(x float64) uint32 { return uint32(max(0, min(n-1, math.Floor(x*n)))) }
	to := func(x float64) uint32 { return uint32(max(0, min(n-1, math.Ceil(x*n)-1))) }
	r := tileRange{z, from(w.x0), from(w.y0), to(w.x1), to(w.y1)}
	r.x1, r.y1 = max(r.x0, r.x1), max(r.y0, r.y1)
	return r
}

// margin is how far the layer's tiles of a zoom show beyond their edges.
func (v *view) margin(z int) float64 {
	if v.layer.Geometry == "Point" && z < v.layer.DetailZoom {
		return countMargin
	}
	return tileMargin
}

// openTiles sets the tiles that the view's map has open, those that the layer
// has, and what they show.
func (v *view) openTiles(t Tiles) {
	for z := max(t.MinZoom, v.layer.MinZoom); z <= min(t.MaxZoom, v.layer.MaxZoom, maxZoom); z++ {
		windows := v.window
		if len(windows) == 0 {
			windows = []orb.Bound{{Min: orb.Point{-180, -90}, Max: orb.Point{180, 90}}}
		}
		for _, w := range windows {
			v.open = append(v.open, worldOf(w).open(z))
		}
	}
	if len(v.window) == 0 {
		return
	}
	// For each window what it and its tiles show.
	for i, w := range v.window {
		for j := i; j < len(v.open); j += len(v.window) {
			w = w.Union(v.open[j].bound(v.margin(v.open[j].z)))
		}
		v.reach[i] = w
	}
}

// staleTiles collects the tiles of one layer in the frame at hand.
type staleTiles struct {
	ids  map[tileID]struct{}
	box  *orb.Bound // of the changes that the view may know of
	many bool       // more tiles than are told by name
	all  bool       // anywhere
}

func (s *staleTiles) any() bool { return s.many || s.all || len(s.ids) > 0 }

func (s *staleTiles) add(t tileID) {
	if s.many || s.all {
		return
	}
	if s.ids == nil {
		s.ids = map[tileID]struct{}{}
	}
	if s.ids[t] = struct{}{}; len(s.ids) > maxTileNames {
		s.many = true
	}
}

// forget makes it ready for the next frame.
func (s *staleTiles) forget() {
	clear(s.ids)
	s.box, s.many, s.all = nil, false, false
}

// addRow adds the open tiles that show a row.
func (s *staleTiles) addRow(v *view, r *seen) {
	own, ok := r.box()
	if !ok || s.all {
		return
	}
	met := false
	w := r.world()
	for _, open := range v.open {
		here, ok := w.showing(open.z, v.margin(open.z)).meet(open)
		if !ok {
			continue
		}
		if s.many || here.count() > maxTileNames {
			// Whether the geometry meets one of them is not asked: a box is a rough word.
			s.many, met = true, true
			break
		}
		exact := own.Min == own.Max || w.within(here)
		for x := here.x0; x <= here.x1; x++ {
			for y := here.y0; y <= here.y1; y++ {
				if exact || r.Meets(tileRange{here.z, x, y, x, y}.bound(v.margin(here.z))) {
					s.add(idOf(here.z, x, y))
					met = true
				}
			}
		}
	}
	if !met {
		return
	}
	if s.box != nil {
		own = own.Union(*s.box)
	}
	s.box = &own
}

// within says whether one tile, without its margin, holds all of the box.
func (w world) within(r tileRange) bool {
	n := math.Exp2(float64(r.z))
	return r.count() == 1 && w.x0*n >= float64(r.x0) && w.x1*n <= float64(r.x1)+1 && w.y0*n >= float64(r.y0) && w.y1*n <= float64(r.y1)+1
}

// addBox adds a change of a whole table; box nil: anywhere.
func (s *staleTiles) addBox(box *orb.Bound) {
	if box == nil {
		s.all, s.box = true, nil
		return
	}
	s.many = true
	if !s.all {
		b := *box
		if s.box != nil {
			b = b.Union(*s.box)
		}
		s.box = &b
	}
}

// appendStale appends the members "layers" and, where there are more tiles than
// are named, "areas", and forgets them. It returns how many tiles it named.
func appendStale(b []byte, parts []*part) ([]byte, int) {
	n := 0
	b = append(b, `"layers":{`...)
	first := true
	areas := false
	for _, p := range parts {
		if s := &p.stale; s.many || s.all {
			areas = true
		} else if len(s.ids) > 0 {
			ids := make([]tileID, 0, len(s.ids))
			for t := range s.ids {
				ids = append(ids, t)
			}
			slices.Sort(ids)
			b = appendName(b, &first, p.layer.Name)
			for i, t := range ids {
				if i == 0 {
					b = append(b, `["`...)
				} else {
					b = append(b, `","`...)
				}
				b = t.append(b)
			}
			b = append(b, `"]`...)
			n += len(ids)
		}
	}
	b = append(b, '}')
	if areas {
		b = append(b, `,"areas":{`...)
		first = true
		for _, p := range parts {
			if s := &p.stale; s.many || s.all {
				b = appendName(b, &first, p.layer.Name)
				b = appendBox(b, s.box)
				n++
			}
		}
		b = append(b, '}')
	}
	for _, p := range parts {
		p.stale.forget()
	}
	return b, n
}

// appendName appends a member's name, after a comma but for the first.
func appendName(b []byte, first *bool, name string) []byte {
	if !*first {
		b = append(b, ',')
	}
	*first = false
	b = append(b, '"')
	b = append(b, name...) // a layer's: letters, digits, _
	return append(b, `":`...)
}
