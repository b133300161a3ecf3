package memory

import (
	"cmp"
	"math"
	"strings"
)

// A candidate is a row that may have to be left out.
type candidate struct {
	null bool
	rank int64  // or the text
	text string // of a rank that is a text
	id   int64
	at   int // in sel
}

func (a candidate) compare(b candidate) int {
	if a.null != b.null {
		if a.null {
			return 1
		}
		return -1
	}
	return cmp.Or(cmp.Compare(a.rank, b.rank), strings.Compare(a.text, b.text), cmp.Compare(a.id, b.id))
}

// thin draws as many of the n picked rows as fit the budget, those with the
// smallest rank first, and returns how many were left out. All of them take
// about size bytes.
func (sc *scratch) thin(l *layer, rank, n, size int, draw func(n int)) int {
	sc.ranked(l, rank)
	keep := n
	for size > l.Budget && keep > 1 {
		keep = max(1, min(keep-1, int(float64(keep)*float64(l.Budget)/float64(size)*0.97)))
		sc.pickFirst(keep)
		draw(keep)
		size = sc.out.Size()
	}
	return n - keep
}

// ranked lists the picks by the column rank, NULL last; by -1, shapes by size,
// large ones first.
func (sc *scratch) ranked(l *layer, rank int) {
	sc.ranks = sc.ranks[:0]
	for _, p := range sc.picks {
		for at := p.from; at < p.to; at++ {
			sc.ranks = append(sc.ranks, l.candidate(p.b, rank, int(sc.sel[at]), at))
		}
	}
	sc.all = append(sc.all[:0], sc.picks...)
	sc.allSel, sc.allSpans = append(sc.allSel[:0], sc.sel...), sc.allSpans[:0]
	if !l.points {
		sc.allSpans = append(sc.allSpans, sc.spans...)
	}
}

func (l *layer) candidate(b *block, rank, row, at int) candidate {
	r := candidate{id: b.id(row), at: at}
	if rank < 0 {
		r.rank = -max(b.columns[colWidth].value(b.data, row), b.columns[colHeight].value(b.data, row))
		return r
	}
	c := &b.columns[rank]
	switch {
	case c.null(b.data, row):
		r.null = true
	case c.form == texts:
		r.text = string(c.text(b.data, row))
	case c.form == codes:
		r.text = l.words.at(uint32(c.value(b.data, row)))
	case l.kinds[rank] == number:
		r.rank = sortable(math.Float64frombits(uint64(c.value(b.data, row))))
	default:
		r.rank = c.value(b.data, row)
	}
	return r
}

// sortable turns a number into an integer that orders as PostgreSQL does: NaN
// last, the two zeros the same.
func sortable(f float64) int64 {
	if f != f {
		return math.MaxInt64
	}
	b := int64(math.Float64bits(f + 0))
	if b < 0 {
		b ^= math.MaxInt64
	}
	return b
}

// pickFirst picks the first so many of the rows ranked.
func (sc *scratch) pickFirst(n int) {
	first(sc.ranks, n)
	sc.ranks = sc.ranks[:n]
	sc.chosen = append(sc.chosen[:0], make([]bool, len(sc.allSel))...)
	for _, r := range sc.ranks {
		sc.chosen[r.at] = true
	}
	sc.picks, sc.sel, sc.spans = sc.picks[:0], sc.sel[:0], sc.spans[:0]
	for _, p := range sc.all {
		from := len(sc.sel)
		for at := p.from; at < p.to; at++ {
			if sc.chosen[at] {
				sc.sel = append(sc.sel, sc.allSel[at])
				if len(sc.allSpans) > 0 {
					sc.spans = append(sc.spans, sc.allSpans[at])
				}
			}
		}
		if len(sc.sel) > from {
			sc.picks = append(sc.picks, pick{p.b, from, len(sc.sel)})
		}
	}
}

// first moves the n smallest candidates to the front: quickselect, for there may
// be a million of them and a few thousand places.
func first(cs []candidate, n int) {
	for n > 0 && n < len(cs) {
		// The middle of three keeps sorted input, the usual one, fast.
		a, b, c := cs[0], cs[len(cs)/2], cs[len(cs)-1]
		if a.compare(b) > 0 {
			a, b = b, a
		}
		if b.compare(c) > 0 {
			b = c
		}
		if a.compare(b) > 0 {
			b = a
		}
		i, j := 0, len(cs)-1
		for i <= j {
			for cs[i].compare(b) < 0 {
				i++
			}
			for cs[j].compare(b) > 0 {
				j--
			}
			if i <= j {
				cs[i], cs[j] = cs[j], cs[i]
				i, j = i+1, j-1
			}
		}
		switch {
		case n <= j+1:
			if n == j+1 {
				return
			}
			cs = cs[:j+1]
		case n >= i:
			cs, n = cs[i:], n-i
		default:
			return
		}
	}
}
