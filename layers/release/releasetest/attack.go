// Package releasetest attacks protected releases, for tests: what can somebody
// work out who knows all totals?
package releasetest

import "onemap/layers/release"

// Most is the largest count that cell p may have, as seen by someone who knows
// the true totals of all rows and of all columns, every shown count, and
// nothing of the rest: a maximal flow through the cells that are not shown.
// Rows and columns are numbered from 0 and less than size.
func Most(cells []release.Cell, p int, size int) int {
	const plenty = 1 << 20
	// room[a][b]: rows are 0..size-1, columns size..2*size-1. From a row to a
	// column a count is lowered, from a column to a row one is raised.
	room := make([][]int, 2*size)
	for i := range room {
		room[i] = make([]int, 2*size)
	}
	for r := range size {
		for c := range size {
			room[size+c][r] = plenty
		}
	}
	for i, c := range cells {
		r, k := int(c.Row), size+int(c.Col)
		switch {
		case !c.Hidden || i == p:
			room[k][r] = 0
		default:
			room[r][k] = int(c.N)
		}
	}
	from, to := int(cells[p].Row), size+int(cells[p].Col)
	total := int(cells[p].N)
	for {
		before := make([]int, 2*size)
		for i := range before {
			before[i] = -1
		}
		before[from] = from
		for queue := []int{from}; len(queue) > 0 && before[to] < 0; queue = queue[1:] {
			for b, left := range room[queue[0]] {
				if left > 0 && before[b] < 0 {
					before[b] = queue[0]
					queue = append(queue, b)
				}
			}
		}
		if before[to] < 0 {
			return total
		}
		n := plenty
		for b := to; b != from; b = before[b] {
			n = min(n, room[before[b]][b])
		}
		for b := to; b != from; b = before[b] {
			room[before[b]][b] -= n
			room[b][before[b]] += n
		}
		total += n
	}
}
