package memory

import (
	"math"
	"time"

	"onemap/geo/where"
)

// isEmpty asks whether a column is NULL.
type isEmpty int

func (t isEmpty) on(_ *eval, b *block, sel []uint16, out []truth) truth {
	c := &b.columns[t]
	if c.form == empty {
		return yes
	}
	if c.nulls == 0 {
		return no
	}
	for i, row := range sel {
		out[i] = is(c.null(b.data, int(row)))
	}
	return mixed
}

func is(b bool) truth {
	if b {
		return yes
	}
	return no
}

// A leaf is a condition on the value of one field. What it says of a value is
// what where.Match says.
type leaf struct {
	cond, not where.Cond
}

func (f leaf) of(v any) truth {
	get := func(string) any { return v }
	if where.Match(f.cond, get, nil) {
		return yes
	}
	if where.Match(f.not, get, nil) {
		return no
	}
	return unknown
}

// compare makes a condition on one field ready.
func (l *layer) compare(e *eval, field string, c where.Cond) (test, bool) {
	k, ok := l.byName[field]
	if !ok {
		return nil, false
	}
	f := leaf{c, where.Not{C: c}}
	null := f.of(nil)
	switch l.kinds[k] {
	case words:
		return &wordTest{k, f, null, l.words, e.memo(l.words.n)}, true
	case letters:
		return &letterTest{k, f, null, spelled(c)}, true
	}
	typ := "integer"
	if k != colID {
		typ = l.field(k).Type
	}
	t := &numberTest{column: k, null: null}
	if typ == "integer" || typ == "date" || typ == "time" {
		if lo, hi, ok := interval(c, typ == "integer"); ok {
			t.lo, t.hi, t.exact = lo, hi, true
			return t, true
		}
	}
	switch typ {
	case "integer":
		if r, ok := span64(c, false); ok {
			t.test = func(v int64) truth { return is(r.holds(float64(v))) }
			break
		}
		t.test = func(v int64) truth { return f.of(v) }
	case "boolean":
		no, yes := f.of(false), f.of(true)
		t.test = func(v int64) truth {
			if v == 0 {
				return no
			}
			return yes
		}
	case "number":
		if r, ok := span64(c, true); ok {
			t.test = func(v int64) truth { return is(r.holds(math.Float64frombits(uint64(v)))) }
			break
		}
		t.test = func(v int64) truth { return f.of(math.Float64frombits(uint64(v))) }
	default:
		t.test = func(v int64) truth { return f.of(time.UnixMicro(v).UTC()) }
	}
	return t, true
}

// wordTest is a condition on texts of the dictionary: it is asked once for each.
type wordTest struct {
	column int
	leaf   leaf
	null   truth
	words  view
	memo   *memo
}

func (t *wordTest) word(n uint32) truth {
	m := &t.memo.of[n]
	if *m>>2 != t.memo.epoch {
		*m = t.memo.epoch<<2 | uint32(t.leaf.of(t.words.at(n))+1)
	}
	return truth(*m&3) - 1
}

func (t *wordTest) on(e *eval, b *block, sel []uint16, out []truth) truth {
	c := &b.columns[t.column]
	if c.form == empty {
		return t.null
	}
	first, equal := yes, true
	for code := range int(c.n) {
		v := t.word(c.word(b.data, code))
		e.codes[code] = v
		if code == 0 {
			first = v
		}
		equal = equal && v == first
	}
	if equal && (c.nulls == 0 || t.null == first) {
		return first
	}
	e.nums = c.numbers(e.nums[:0], b.data, sel, len(sel))
	for i, n := range e.nums {
		out[i] = e.codes[n]
	}
	t.nulls(c, b, sel, out)
	return mixed
}

func (t *wordTest) nulls(c *column, b *block, sel []uint16, out []truth) {
	if c.nulls == 0 {
		return
	}
	for i, row := range sel {
		if c.null(b.data, int(row)) {
			out[i] = t.null
		}
	}
}

// letterTest is a condition on texts that are not in the dictionary.
type letterTest struct {
	column int
	leaf   leaf
	null   truth
	of     func([]byte) bool // the same for texts, where there is a shorter way
}

// spelled is the shorter way of the commonest conditions.
func spelled(c where.Cond) func([]byte) bool {
	switch c := c.(type) {
	case where.Eq:
		if s, ok := c.Value.(string); ok {
			return func(b []byte) bool { return string(b) == s }
		}
	case where.Prefix:
		return func(b []byte) bool { return len(b) >= len(c.Prefix) && string(b[:len(c.Prefix)]) == c.Prefix }
	case where.In:
		of := make(map[string]struct{}, len(c.Values))
		for _, s := range c.Values {
			of[s] = struct{}{}
		}
		return func(b []byte) bool { _, ok := of[string(b)]; return ok }
	}
	return nil
}

func (t *letterTest) on(_ *eval, b *block, sel []uint16, out []truth) truth {
	c := &b.columns[t.column]
	if c.form == empty {
		return t.null
	}
	for i, row := range sel {
		switch {
		case c.null(b.data, int(row)):
			out[i] = t.null
		case t.of != nil:
			out[i] = is(t.of(c.text(b.data, int(row))))
		default:
			out[i] = t.leaf.of(string(c.text(b.data, int(row))))
		}
	}
	return mixed
}

// numberTest is a condition on any other column.
type numberTest struct {
	column int
	null   truth
	exact  bool // it holds from lo to hi; else test says
	lo, hi int64
	test   func(int64) truth
}

func (t *numberTest) of(v int64) truth {
	if t.exact {
		return is(t.lo <= v && v <= t.hi)
	}
	return t.test(v)
}

func (t *numberTest) on(e *eval, b *block, sel []uint16, out []truth) truth {
	c := &b.columns[t.column]
	if c.form == empty {
		return t.null
	}
	if c.nulls == 0 {
		if c.width == 0 {
			return t.of(c.mean(b.data, 0))
		}
		if t.exact && c.width < 8 && c.base > t.hi {
			return no
		}
	}
	e.nums = c.numbers(e.nums[:0], b.data, sel, len(sel))
	for i, n := range e.nums {
		if c.nulls != 0 && c.null(b.data, int(sel[i])) {
			out[i] = t.null
			continue
		}
		out[i] = t.of(c.mean(b.data, n))
	}
	return mixed
}
