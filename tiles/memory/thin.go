package memory

import (
	"cmp"
	"math"
	"slices"
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

// thin draws as many of the n picked points as fit the budget, those with the
// smallest rank first, and returns how many were left out. All of them take
// about size bytes.
func (sc *scratch) thin(l *layer, w *want, n, size int) int {
	sc.ranked(l)
	keep := n
	for size > l.Budget && keep > 1 {
		keep = max(1, min(keep-1, int(float64(keep)*float64(l.Budget)/float64(size)*0.97)))
		sc.pickFirst(keep)
		sc.draw(l, w, keep)
		size = sc.out.Size()
	}
	return n - keep
}

// ranked lists the picks by rank, NULL last, then id.
func (sc *scratch) ranked(l *layer) {
	sc.ranks = sc.ranks[:0]
	for _, p := range sc.picks {
		c := &p.b.columns[l.rank]
		for at := p.from; at < p.to; at++ {
			row := int(sc.sel[at])
			r := candidate{id: p.b.id(row), at: at}
			switch {
			case c.null(p.b.data, row):
				r.null = true
			case c.form == texts:
				r.text = string(c.text(p.b.data, row))
			case c.form == codes:
				r.text = l.words.at(uint32(c.value(p.b.data, row)))
			case l.kinds[l.rank] == number:
				r.rank = sortable(math.Float64frombits(uint64(c.value(p.b.data, row))))
			default:
				r.rank = c.value(p.b.data, row)
			}
			sc.ranks = append(sc.ranks, r)
		}
	}
	slices.SortFunc(sc.ranks, candidate.compare)
	sc.all = append(sc.all[:0], sc.picks...)
	sc.allSel = append(sc.allSel[:0], sc.sel...)
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
	sc.chosen = append(sc.chosen[:0], make([]bool, len(sc.allSel))...)
	for _, r := range sc.ranks[:n] {
		sc.chosen[r.at] = true
	}
	sc.picks, sc.sel = sc.picks[:0], sc.sel[:0]
	for _, p := range sc.all {
		from := len(sc.sel)
		for at := p.from; at < p.to; at++ {
			if sc.chosen[at] {
				sc.sel = append(sc.sel, sc.allSel[at])
			}
		}
		if len(sc.sel) > from {
			sc.picks = append(sc.picks, pick{p.b, from, len(sc.sel)})
		}
	}
}
