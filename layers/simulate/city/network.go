package city

import "github.com/paulmach/orb"

// A Crossing is a node of the road network.
type Crossing struct {
	ID int
	At orb.Point // degrees
}

// A Link is the way from one crossing to the next.
type Link struct {
	ID, Road, From, To int
	LengthM            float64
	Class              string
	Line               orb.LineString
}

// Roads returns all ways of the street network; a road's number is its place
// in the list, from 1.
func (c *City) Roads() []Road { return c.roads }

// Network returns the streets as a graph: a link from crossing to crossing.
// Crossings have the numbers of the mesh's corners.
func (c *City) Network() ([]Crossing, []Link) {
	m := c.mesh
	degree := make([]int, len(m.at))
	for e, x := range m.edge {
		if x.class != "" {
			degree[m.half[2*e].from]++
			degree[m.to(2*e)]++
		}
	}
	isNode := make([]bool, len(m.at))
	for v, d := range degree {
		isNode[v] = d > 0 && d != 2
	}
	for _, r := range c.roads {
		isNode[r.nodes[0]], isNode[r.nodes[len(r.nodes)-1]] = true, true
	}
	var links []Link
	for i, r := range c.roads {
		from, length := 0, 0.0
		for k := 1; k < len(r.nodes); k++ {
			length += dist(r.metres[k-1], r.metres[k])
			if !isNode[r.nodes[k]] {
				continue
			}
			links = append(links, Link{ID: len(links) + 1, Road: i + 1, From: r.nodes[from], To: r.nodes[k], LengthM: length,
				Class: r.Class, Line: r.Line[from : k+1 : k+1]})
			from, length = k, 0
		}
	}
	var nodes []Crossing
	for v, yes := range isNode {
		if yes {
			nodes = append(nodes, Crossing{v, lonLat(m.at[v])})
		}
	}
	return nodes, links
}
