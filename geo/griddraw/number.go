package griddraw

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/paulmach/orb"
)

// number gives the cells their codes: in each community row by row from the
// north, and in a row from west to east (GB/T 30428.1), as one reads. A row is
// as high as a cell of the community is wide on average.
func (a *arrangement) number(parts []*part, shapes []orb.MultiPolygon, grounds []ground, o Options) []Cell {
	cells := make([]Cell, len(parts))
	for i, p := range parts {
		c := Cell{Community: grounds[p.community].code, AreaM2: p.areaM2, Load: p.load, Built: p.built}
		if len(shapes[i]) > 0 {
			c.Shape = shapes[i][0]
		}
		if len(shapes[i]) > 1 {
			c.Flags = append(c.Flags, InParts)
		}
		cells[i] = c
	}
	order := make([]int, len(cells))
	for i := range order {
		order[i] = i
	}
	rank := readingOrder(len(cells), func(i int) (int, pt, float64) {
		return int(parts[i].community), middle(cells[i].Shape), cells[i].AreaM2
	})
	slices.SortFunc(order, func(i, j int) int { return cmp.Compare(rank[i], rank[j]) })
	out := make([]Cell, 0, len(cells))
	sorted := make([]*part, 0, len(parts))
	n := map[string]int{}
	for _, i := range order {
		c := cells[i]
		n[c.Community]++
		c.Code = fmt.Sprintf("%s%0*d", c.Community, o.Digits, n[c.Community])
		out, sorted = append(out, c), append(sorted, parts[i])
	}
	copy(parts, sorted)
	return out
}

// readingOrder returns the rank of each of n things that are of a group, lie
// somewhere and have an area: by group, then by rows from the north, then from
// the west.
func readingOrder(n int, of func(i int) (group int, at pt, areaM2 float64)) []int {
	type key struct {
		group int
		row   int64
		at    pt
	}
	type extent struct {
		north int64
		area  float64
		n     int
	}
	groups := map[int]extent{}
	for i := range n {
		g, at, area := of(i)
		e, ok := groups[g]
		if !ok || at.y > e.north {
			e.north = at.y
		}
		e.area += area
		e.n++
		groups[g] = e
	}
	keys := make([]key, n)
	order := make([]int, n)
	for i := range n {
		g, at, _ := of(i)
		e := groups[g]
		_, my := metres(float64(at.y))
		height := max(1, int64(math.Sqrt(e.area/float64(e.n))/my))
		keys[i], order[i] = key{g, (e.north - at.y) / height, at}, i
	}
	slices.SortFunc(order, func(i, j int) int {
		a, b := keys[i], keys[j]
		return cmp.Or(cmp.Compare(a.group, b.group), cmp.Compare(a.row, b.row), cmp.Compare(a.at.x, b.at.x), cmp.Compare(b.at.y, a.at.y), cmp.Compare(i, j))
	})
	rank := make([]int, n)
	for r, i := range order {
		rank[i] = r
	}
	return rank
}

// ReadingOrder returns the rank of each cell in its community, from 0: row by
// row from the north, in a row from the west. What it is by: the community, a
// place inside and the area in square metres.
func ReadingOrder(n int, of func(i int) (community string, shape orb.Polygon)) []int {
	number := map[string]int{}
	rank := readingOrder(n, func(i int) (int, pt, float64) {
		c, shape := of(i)
		if _, ok := number[c]; !ok {
			number[c] = len(number)
		}
		return number[c], middle(shape), AreaM2(orb.MultiPolygon{shape})
	})
	byRank := make([]int, n)
	for i, r := range rank {
		byRank[r] = i
	}
	next := map[string]int{}
	for _, i := range byRank {
		c, _ := of(i)
		rank[i] = next[c]
		next[c]++
	}
	return rank
}

// middle is the centroid of a shape's outline.
func middle(s orb.Polygon) pt {
	if len(s) == 0 || len(s[0]) == 0 {
		return pt{}
	}
	ring := latticeRing(s[0])
	o := ring[0]
	var x, y, w float64
	for i, p := range ring {
		q := ring[(i+1)%len(ring)]
		c := float64(p.x-o.x)*float64(q.y-o.y) - float64(p.y-o.y)*float64(q.x-o.x)
		x += c * float64(p.x-o.x+q.x-o.x)
		y += c * float64(p.y-o.y+q.y-o.y)
		w += c
	}
	if w == 0 {
		return o
	}
	return pt{o.x + int64(x/(3*w)), o.y + int64(y/(3*w))}
}
