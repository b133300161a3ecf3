package memory

import (
	"hash/maphash"
	"slices"
)

// A dictionary numbers the texts of a layer, each once, and counts who uses
// them: a number whose last row has gone is given away again. Only the writer
// has it; readers have views of its texts as they were.
type dictionary struct {
	pages []*[dictPage]string
	n     uint32 // numbers given out, of which some are free
	refs  []uint32
	free  []uint32
	// table finds a text's number: number+1, 0 for an empty slot, gone for one
	// that was left.
	table []uint32
	used  int // slots that are not empty
	bytes int64

	seed maphash.Seed
	// shared: views have seen the list of pages since it was copied. own holds
	// the pages that they have not seen.
	shared bool
	own    map[uint32]bool
}

const (
	dictPage = 256
	gone     = ^uint32(0)
	// wordOverhead is what a text takes besides itself: its place in a page, its
	// count, its slots.
	wordOverhead = 32
)

func newDictionary() *dictionary {
	return &dictionary{seed: maphash.MakeSeed(), table: make([]uint32, 64), own: map[uint32]bool{}}
}

// A view is the texts of a dictionary as they were when it was taken.
type view struct {
	pages []*[dictPage]string
	n     uint32
}

func (v view) at(n uint32) string { return v.pages[n/dictPage][n%dictPage] }

// view returns the texts as they are now. They stay so.
func (d *dictionary) view() view {
	d.shared = true
	clear(d.own)
	return view{d.pages, d.n}
}

func (d *dictionary) at(n uint32) string { return d.pages[n/dictPage][n%dictPage] }

// add counts a use of a text and returns its number; fresh: it was not there.
func (d *dictionary) add(b []byte) (n uint32, fresh bool) {
	if (d.used+1)*3 > len(d.table)*2 {
		d.rehash()
	}
	mask := uint64(len(d.table) - 1)
	i := maphash.Bytes(d.seed, b) & mask
	for ; d.table[i] != 0; i = (i + 1) & mask {
		if e := d.table[i]; e != gone && d.at(e-1) == string(b) {
			d.refs[e-1]++
			return e - 1, false
		}
	}
	n = d.number(string(b))
	d.table[i] = n + 1
	d.used++
	d.bytes += textBytes(len(b))
	return n, true
}

// textBytes is the memory of a text of n bytes in a dictionary.
func textBytes(n int) int64 { return int64(wordOverhead + (n+7)&^7) }

// number stores a new text.
func (d *dictionary) number(s string) uint32 {
	if k := len(d.free); k > 0 {
		n := d.free[k-1]
		d.free = d.free[:k-1]
		p := n / dictPage
		// A view may still read the old text under this number.
		if d.shared {
			d.pages, d.shared = slices.Clone(d.pages), false
		}
		if !d.own[p] {
			page := *d.pages[p]
			d.pages[p], d.own[p] = &page, true
		}
		d.pages[p][n%dictPage] = s
		d.refs[n] = 1
		return n
	}
	n := d.n
	if n%dictPage == 0 {
		d.pages = append(d.pages, new([dictPage]string))
	}
	d.pages[n/dictPage][n%dictPage] = s // no view reaches so far
	d.refs = append(d.refs, 1)
	d.n++
	return n
}

// release takes a use back.
func (d *dictionary) release(n uint32) {
	d.refs[n]--
	if d.refs[n] > 0 {
		return
	}
	s := d.at(n)
	mask := uint64(len(d.table) - 1)
	for i := maphash.String(d.seed, s) & mask; ; i = (i + 1) & mask {
		if d.table[i] == n+1 {
			d.table[i] = gone
			break
		}
	}
	d.bytes -= textBytes(len(s))
	d.free = append(d.free, n)
}

// rehash makes room, and clears the slots that were left.
func (d *dictionary) rehash() {
	size := 64
	for live := int(d.n) - len(d.free); size < live*3; {
		size *= 2
	}
	d.table = make([]uint32, size)
	d.used = 0
	mask := uint64(size - 1)
	for n := range d.n {
		if d.refs[n] == 0 {
			continue
		}
		i := maphash.String(d.seed, d.at(n)) & mask
		for d.table[i] != 0 {
			i = (i + 1) & mask
		}
		d.table[i] = n + 1
		d.used++
	}
}
