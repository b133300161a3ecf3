package mbtiles

import "encoding/binary"

// A table is a b-tree of rows by their number. Rows are added in that order
// and go to the file as they come.
type table struct {
	p      *pages
	leaf   node
	last   int64 // row
	leaves []child
}

// A child is a page and the largest row number below it.
type child struct {
	page uint32
	row  int64
}

func newTable(p *pages) *table { return &table{p: p, leaf: node{kind: tableLeaf}} }

// add appends a row and returns its number, from 1 on.
func (t *table) add(payload []byte) int64 {
	row := t.last + 1
	cell := appendVarint(nil, uint64(len(payload)))
	cell = appendVarint(cell, uint64(row))
	cell = append(cell, t.p.spill(payload)...)
	if !t.leaf.fits(cell, 0) {
		t.flush()
	}
	t.leaf.add(cell)
	t.last = row
	return row
}

func (t *table) flush() {
	t.leaves = append(t.leaves, child{t.p.write(t.leaf.page(0, 0)), t.last})
	t.leaf = node{kind: tableLeaf}
}

// finish writes what is left and returns the root's page.
func (t *table) finish() (root uint32) {
	t.flush()
	level := t.leaves
	for len(level) > 1 {
		const fanout = 250 // of cells of at most 13 bytes and their pointers
		var above []child
		for group := range evenly(level, fanout) {
			n := node{kind: tableInner}
			last := group[len(group)-1]
			for _, c := range group[:len(group)-1] {
				n.add(appendVarint(binary.BigEndian.AppendUint32(nil, c.page), uint64(c.row)))
			}
			above = append(above, child{t.p.write(n.page(0, last.page)), last.row})
		}
		level = above
	}
	return level[0].page
}

// index writes a b-tree of n sorted records, none of more than 20 bytes, as a
// table WITHOUT ROWID is one, and returns its root's page.
func index(p *pages, n int, record func(i int) []byte) (root uint32) {
	const inLeaf, fanout = 170, 150
	type child struct {
		page  uint32
		after int // the record that stands between it and the next
	}
	cell := func(i int) []byte {
		r := record(i)
		return append(appendVarint(nil, uint64(len(r))), r...)
	}
	// Between two leaves stands one record, on a page above.
	var level []child
	leaves := n/(inLeaf+1) + 1
	for k, at := 0, 0; k < leaves; k++ {
		l := node{kind: indexLeaf}
		end := (n + 1) * (k + 1) / leaves // of this leaf and the record after it
		for ; at < end-1; at++ {
			l.add(cell(at))
		}
		level = append(level, child{p.write(l.page(0, 0)), at})
		at++
	}
	for len(level) > 1 {
		var above []child
		for group := range evenly(level, fanout) {
			in := node{kind: indexInner}
			last := group[len(group)-1]
			for _, c := range group[:len(group)-1] {
				in.add(append(binary.BigEndian.AppendUint32(nil, c.page), cell(c.after)...))
			}
			above = append(above, child{p.write(in.page(0, last.page)), last.after})
		}
		level = above
	}
	return level[0].page
}

// evenly cuts s into groups of at most most, none of them of one where s has
// more: an inner page has two children at least.
func evenly[T any](s []T, most int) func(func([]T) bool) {
	groups := (len(s) + most - 1) / most
	return func(yield func([]T) bool) {
		for k := range groups {
			if !yield(s[len(s)*k/groups : len(s)*(k+1)/groups]) {
				return
			}
		}
	}
}
