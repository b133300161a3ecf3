package release

import (
	"cmp"
	"slices"
)

// A Cell is one count of a table of two directions: a grid (Row) in an hour
// (Col), or from a grid (Row) to a grid (Col). N is at least 1; a pair of Row
// and Col is there once at most.
type Cell struct {
	Row, Col int32
	N        int32
	// Hidden says that it is not shown. One that is hidden from the start (it
	// has no place, it is night, a finer release hides it) stays so.
	Hidden bool
}

// Protect hides cells of a table until none that is below the floor can be told
// from one that is not, and returns how many it hid: those below the floor
// that were not hidden yet, and those for another's sake.
//
// The reader it guards against knows the true total of every row and of every
// column, and takes shown counts for exact. After it holds, for each cell with
// N < floor: counts exist that fit all these totals and all that is shown, in
// which the cell has floor, or all that there is in its row or its column where
// that is less. Who knows rows alone, or columns alone, can say even less: the
// same holds for the row's total alone, and the column's alone.
//
// It is a greedy search for a witness, a transport of counts from the hidden
// cells of the row and of the column, over cells that are not shown. It may
// hide more than the least. The same cells give the same answer in whatever
// order they come; cells come back in the order of rows, then columns.
func Protect(cells []Cell, floor int32) (below, secondary int) {
	slices.SortFunc(cells, func(a, b Cell) int { return cmp.Or(cmp.Compare(a.Row, b.Row), cmp.Compare(a.Col, b.Col)) })
	t := newTable(cells)
	var primary []int
	for i := range cells {
		if cells[i].N < floor {
			primary = append(primary, i)
			if !cells[i].Hidden {
				cells[i].Hidden = true
				below++
			}
		}
	}
	for _, p := range primary {
		for {
			next := t.lacking(p, floor)
			if next < 0 {
				break
			}
			cells[next].Hidden = true
			secondary++
		}
	}
	return below, secondary
}

// table is the cells with their lines.
type table struct {
	cells      []Cell
	rows, cols map[int32]*line
	at         map[[2]int32]int
	donors     [2][]donor // of the cell that is looked at; kept for its memory
}

// line is a row or a column: its cells from the smallest count to the largest.
type line struct {
	cells []int
	total int64
}

// donor is a hidden cell that counts can be taken from.
type donor struct {
	cell int
	left int32
}

func newTable(cells []Cell) *table {
	t := &table{cells: cells, rows: map[int32]*line{}, cols: map[int32]*line{}, at: make(map[[2]int32]int, len(cells))}
	for i, c := range cells {
		for _, l := range []struct {
			of  map[int32]*line
			key int32
		}{{t.rows, c.Row}, {t.cols, c.Col}} {
			if l.of[l.key] == nil {
				l.of[l.key] = &line{}
			}
			l.of[l.key].cells = append(l.of[l.key].cells, i)
			l.of[l.key].total += int64(c.N)
		}
		t.at[[2]int32{c.Row, c.Col}] = i
	}
	for _, lines := range []map[int32]*line{t.rows, t.cols} {
		for _, l := range lines {
			slices.SortStableFunc(l.cells, func(a, b int) int { return cmp.Compare(cells[a].N, cells[b].N) })
		}
	}
	return t
}

// lacking returns a cell to hide so that cell p is better protected, -1 where
// it is protected enough.
func (t *table) lacking(p int, floor int32) int {
	c := t.cells[p]
	row, col := t.rows[c.Row], t.cols[c.Col]
	inRow, inCol := min(int64(floor), row.total)-int64(c.N), min(int64(floor), col.total)-int64(c.N)
	if next := t.collect(0, row, p, inRow); next >= 0 {
		return next
	}
	if next := t.collect(1, col, p, inCol); next >= 0 {
		return next
	}
	return t.transport(min(inRow, inCol))
}

// collect gathers the hidden cells of a line but p, the largest first. Where
// they hold less than need, it returns the smallest shown one of the line.
func (t *table) collect(side int, l *line, p int, need int64) int {
	t.donors[side] = t.donors[side][:0]
	var have int64
	smallest := -1
	for k := len(l.cells) - 1; k >= 0; k-- {
		i := l.cells[k]
		switch {
		case i == p:
		case t.cells[i].Hidden:
			t.donors[side] = append(t.donors[side], donor{i, t.cells[i].N})
			have += int64(t.cells[i].N)
		default:
			smallest = i
		}
		if have >= need && len(t.donors[side]) >= enoughDonors {
			break // more would only make the transport easier
		}
	}
	if have < need {
		return smallest
	}
	return -1
}

// enoughDonors is how many hidden cells of a line are looked at, at least: a
// line of a large table has thousands, and few are needed.
const enoughDonors = 64

// transport moves need from the donors of the row and those of the column to
// where the one's column and the other's row cross, unless that cell is shown.
// It returns a shown cell that is in the way where that is not enough, else -1.
func (t *table) transport(need int64) int {
	inTheWay := -1
	for a := range t.donors[0] {
		d := &t.donors[0][a]
		for b := range t.donors[1] {
			if need <= 0 {
				return -1
			}
			if d.left == 0 {
				break
			}
			e := &t.donors[1][b]
			if e.left == 0 {
				continue
			}
			if i, ok := t.at[[2]int32{t.cells[e.cell].Row, t.cells[d.cell].Col}]; ok && !t.cells[i].Hidden {
				if inTheWay < 0 || t.cells[i].N < t.cells[inTheWay].N || t.cells[i].N == t.cells[inTheWay].N && i < inTheWay {
					inTheWay = i
				}
				continue
			}
			n := min(d.left, e.left, int32(need))
			d.left, e.left, need = d.left-n, e.left-n, need-int64(n)
		}
	}
	if need <= 0 {
		return -1
	}
	return inTheWay
}
