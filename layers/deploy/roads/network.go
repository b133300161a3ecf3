package roads

import (
	"cmp"
	"math"
	"slices"

	"github.com/paulmach/orb"
)

// A network is what all profiles share: crossings and edges with their lines,
// numbered so that neighbours in space are neighbours in memory.
type network struct {
	nodes  []orb.Point
	edges  []Edge // by ID; Line is a part of one long slice
	source []int32
	target []int32
	// Edges at node v: at[touch[v]:touch[v+1]].
	touch  []int32
	at     []int32
	plane  plane
	places raster
}

// newNetwork keeps the edges it is given. Edges without a line of two points
// are left out.
func newNetwork(edges []Edge) *network {
	n := &network{edges: slices.DeleteFunc(slices.Clone(edges), func(e Edge) bool { return len(e.Line) < 2 })}
	slices.SortFunc(n.edges, func(a, b Edge) int { return cmp.Compare(a.ID, b.ID) })
	n.plane = planeOf(n.edges)

	type crossing struct {
		id    int64
		order uint64
		at    orb.Point
	}
	crossings := make([]crossing, 0, 2*len(n.edges))
	for _, e := range n.edges {
		crossings = append(crossings, crossing{e.Source, 0, e.Line[0]}, crossing{e.Target, 0, e.Line[len(e.Line)-1]})
	}
	slices.SortFunc(crossings, func(a, b crossing) int { return cmp.Compare(a.id, b.id) })
	crossings = slices.CompactFunc(crossings, func(a, b crossing) bool { return a.id == b.id })
	for i, c := range crossings {
		crossings[i].order = curve(n.plane.metres(c.at))
	}
	slices.SortFunc(crossings, func(a, b crossing) int { return cmp.Or(cmp.Compare(a.order, b.order), cmp.Compare(a.id, b.id)) })
	number := make(map[int64]int32, len(crossings))
	n.nodes = make([]orb.Point, len(crossings))
	for i, c := range crossings {
		number[c.id], n.nodes[i] = int32(i), c.at
	}
	n.source, n.target = make([]int32, len(n.edges)), make([]int32, len(n.edges))
	for i, e := range n.edges {
		n.source[i], n.target[i] = number[e.Source], number[e.Target]
	}
	n.findTouch()
	n.places = newRaster(n)
	return n
}

// findTouch lists the edges at each node.
func (n *network) findTouch() {
	n.touch = make([]int32, len(n.nodes)+1)
	for i := range n.edges {
		n.touch[n.source[i]+1]++
		n.touch[n.target[i]+1]++
	}
	for v := range n.nodes {
		n.touch[v+1] += n.touch[v]
	}
	n.at = make([]int32, 2*len(n.edges))
	next := slices.Clone(n.touch)
	for i := range n.edges {
		for _, v := range [2]int32{n.source[i], n.target[i]} {
			n.at[next[v]] = int32(i)
			next[v]++
		}
	}
}

func (n *network) edgesAt(v int32) []int32 { return n.at[n.touch[v]:n.touch[v+1]] }

// A plane brings longitude and latitude to metres about the network's middle.
// Over a city it is right to some parts in ten thousand, which is enough to
// say which road is nearest.
type plane struct{ lon, lat, perLon float64 }

// perLatM are the metres of a degree of latitude (WGS 84, mid latitudes).
const perLatM = 111_132.0

func planeOf(edges []Edge) plane {
	b := orb.Bound{Min: orb.Point{180, 90}, Max: orb.Point{-180, -90}}
	for _, e := range edges {
		b = b.Union(e.Line.Bound())
	}
	if len(edges) == 0 {
		b = orb.Bound{}
	}
	c := b.Center()
	return plane{c[0], c[1], 111_320 * math.Cos(c[1]*math.Pi/180)}
}

func (p plane) metres(at orb.Point) [2]float64 {
	return [2]float64{(at[0] - p.lon) * p.perLon, (at[1] - p.lat) * perLatM}
}

// curve is where a place comes on Morton's curve, in cells of 8 metres.
func curve(m [2]float64) uint64 {
	spread := func(v float64) uint64 {
		x := uint64(uint32(int32(v/8) + 1<<30))
		x = (x | x<<16) & 0x0000ffff0000ffff
		x = (x | x<<8) & 0x00ff00ff00ff00ff
		x = (x | x<<4) & 0x0f0f0f0f0f0f0f0f
		x = (x | x<<2) & 0x3333333333333333
		return (x | x<<1) & 0x5555555555555555
	}
	return spread(m[0]) | spread(m[1])<<1
}
