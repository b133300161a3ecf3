package memory

import (
	"onemap/geo/where"
)

// truth is a value of three-valued logic, as where.Match has it.
type truth int8

const (
	no truth = iota - 1
	unknown
	yes
	// mixed: not the same for all rows; each has its own.
	mixed
)

// A test is a condition made ready for a layer's columns.
type test interface {
	// on tests rows of a block: those in sel. If they all have one truth it
	// returns that; else it returns mixed and has set out, one for each of sel.
	on(e *eval, b *block, sel []uint16, out []truth) truth
}

// An eval is the scratch of testing.
type eval struct {
	// What cannot be told exactly counts as this, turned about by each Not on the
	// way: a row is undecided if it makes a difference.
	guess truth
	doubt bool // something could not be told

	outs  [][]truth // one for each depth of conditions in conditions
	depth int
	codes [blockRowsMax]truth
	nums  []uint64
	memos []*memo
	used  int // memos in use
}

// A memo remembers what a test says of the texts of a dictionary.
type memo struct {
	of    []uint32 // by number: epoch<<2 | truth+1
	epoch uint32
}

func (e *eval) reset() { e.used, e.depth, e.doubt, e.guess = 0, 0, false, yes }

// memo returns a memo for a dictionary of n texts.
func (e *eval) memo(n uint32) *memo {
	if e.used == len(e.memos) {
		e.memos = append(e.memos, &memo{})
	}
	m := e.memos[e.used]
	e.used++
	if m.epoch++; m.epoch == 1<<30 {
		clear(m.of)
		m.epoch = 1
	}
	if int(n) > len(m.of) {
		m.of = append(m.of, make([]uint32, int(n)-len(m.of)+int(n)/8)...)
	}
	return m
}

// out returns room for the truths of a condition within another.
func (e *eval) out(n int) []truth {
	if e.depth == len(e.outs) {
		e.outs = append(e.outs, make([]truth, blockRowsMax))
	}
	e.depth++
	return e.outs[e.depth-1][:n]
}

// keep filters sel by a test, in place. It returns false if it cannot tell.
func (e *eval) keep(t test, b *block, sel []uint16) ([]uint16, bool) {
	if len(sel) == 0 {
		return sel, true
	}
	e.guess, e.doubt = yes, false
	depth := e.depth
	defer func() { e.depth = depth }()
	out := e.out(len(sel))
	all := t.on(e, b, sel, out)
	if e.doubt {
		other := e.out(len(sel))
		e.guess = no
		again := t.on(e, b, sel, other)
		for i := range sel {
			if (of(all, out, i) == yes) != (of(again, other, i) == yes) {
				return nil, false
			}
		}
	}
	switch all {
	case yes:
		return sel, true
	case mixed:
		n := 0
		for i, row := range sel {
			if out[i] == yes {
				sel[n] = row
				n++
			}
		}
		return sel[:n], true
	}
	return sel[:0], true
}

// of returns the truth of one row.
func of(all truth, out []truth, i int) truth {
	if all != mixed {
		return all
	}
	return out[i]
}

// both is an All, or with either an Any: the least, or the greatest truth.
type both struct {
	of     []test
	either bool
}

func (t both) on(e *eval, b *block, sel []uint16, out []truth) truth {
	sum, end := yes, no
	if t.either {
		sum, end = no, yes
	}
	own := e.out(len(sel))
	defer func() { e.depth-- }()
	isMixed := false
	for _, m := range t.of {
		got := m.on(e, b, sel, own)
		if got == end {
			return end
		}
		switch {
		case got != mixed && !isMixed:
			sum = t.join(sum, got)
		case got != mixed:
			for i := range out {
				out[i] = t.join(out[i], got)
			}
		case !isMixed:
			isMixed = true
			for i := range out {
				out[i] = t.join(sum, own[i])
			}
		default:
			for i := range out {
				out[i] = t.join(out[i], own[i])
			}
		}
	}
	if isMixed {
		return mixed
	}
	return sum
}

func (t both) join(a, b truth) truth {
	if t.either {
		return max(a, b)
	}
	return min(a, b)
}

// not is a Not.
type not struct{ of test }

func (t not) on(e *eval, b *block, sel []uint16, out []truth) truth {
	e.guess = -e.guess
	got := t.of.on(e, b, sel, out)
	e.guess = -e.guess
	if got != mixed {
		return -got
	}
	for i := range out {
		out[i] = -out[i]
	}
	return mixed
}

// compile makes a condition ready for a layer. It returns false where the layer
// cannot tell: a field that it does not have, a condition that it does not know.
func (l *layer) compile(e *eval, c where.Cond) (test, bool) {
	switch c := c.(type) {
	case where.All:
		return l.compileAll(e, c, false)
	case where.Any:
		return l.compileAll(e, c, true)
	case where.Not:
		t, ok := l.compile(e, c.C)
		return not{t}, ok
	case where.Empty:
		k, ok := l.byName[c.Field]
		return isEmpty(k), ok
	case where.Within:
		return l.within(c)
	case where.Spatial:
		return l.spatial(c)
	case where.Eq:
		return l.compare(e, c.Field, c)
	case where.In:
		return l.compare(e, c.Field, c)
	case where.Prefix:
		return l.compare(e, c.Field, c)
	case where.Range:
		return l.compare(e, c.Field, c)
	case where.Like:
		return l.compare(e, c.Field, c)
	}
	return nil, false
}

func (l *layer) compileAll(e *eval, cs []where.Cond, either bool) (test, bool) {
	t := both{make([]test, len(cs)), either}
	for i, c := range cs {
		var ok bool
		if t.of[i], ok = l.compile(e, c); !ok {
			return nil, false
		}
	}
	return t, true
}
