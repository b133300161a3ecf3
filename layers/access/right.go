package access

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"onemap/geo/where"
	"onemap/layers"
)

// A Right is what a caller may see of one layer. Its slices and its condition
// are shared: make new ones instead of changing them. The zero value sees
// nothing.
type Right struct {
	Where  where.Cond // on rows; simplified
	Fields []string   // that may be seen on every such row, in the layer's order
	// More are fields that may be seen on some of the rows only: where one
	// grant gives other fields than the next. Who does not use it shows less
	// than allowed, never more.
	More []More
	// Masked are the layer's fields that the caller may know of and not see.
	Masked []string
	// Audience is whose release of a layer of counts the rows are of; "" for
	// other layers. Where has the condition too.
	Audience string

	layer string
	scope *scope
}

// More is fields that may be seen on the rows where the condition holds.
type More struct {
	Where  where.Cond
	Fields []string
}

// unite makes one right of the lines that apply. Rows add up; a field is seen
// on every row only if each line gives it.
func unite(l layers.Layer, alts []alternative) Right {
	alts = merge(alts)
	rows := make([]where.Cond, len(alts))
	for i, a := range alts {
		rows[i] = a.rows
	}
	r := Right{Where: where.Or(rows...), layer: l.Name}
	for _, f := range l.Fields {
		n := 0
		for _, a := range alts {
			if slices.Contains(a.fields, f.Name) {
				n++
			}
		}
		if n == len(alts) {
			r.Fields = append(r.Fields, f.Name)
		}
		if n == 0 {
			r.Masked = append(r.Masked, f.Name)
		}
	}
	for _, a := range alts {
		extra := slices.DeleteFunc(slices.Clone(a.fields), func(f string) bool { return slices.Contains(r.Fields, f) })
		if len(extra) > 0 && !where.IsFalse(a.rows) {
			r.More = append(r.More, More{a.rows, extra})
		}
	}
	slices.SortFunc(r.More, func(a, b More) int { return strings.Compare(where.Canon(a.Where), where.Canon(b.Where)) })
	return r
}

// merge joins lines that give the same fields, then drops a line whose rows
// and fields another one gives too. An empty line stays only if it is alone.
func merge(alts []alternative) []alternative {
	var out []alternative
	for _, a := range alts {
		i := slices.IndexFunc(out, func(b alternative) bool { return slices.Equal(a.fields, b.fields) })
		if i < 0 {
			out = append(out, a)
			continue
		}
		out[i].rows = where.Or(out[i].rows, a.rows)
	}
	for i := len(out) - 1; i >= 0 && len(out) > 1; i-- {
		if where.IsFalse(out[i].rows) || slices.ContainsFunc(out, func(b alternative) bool { return givesAll(b, out[i]) }) {
			out = slices.Delete(out, i, i+1)
		}
	}
	return out
}

// givesAll says whether b gives all that a gives, and more: another set of
// fields on every row, or at least on every row of a.
func givesAll(b, a alternative) bool {
	if len(b.fields) <= len(a.fields) {
		return false // equal sets were joined before
	}
	for _, f := range a.fields {
		if !slices.Contains(b.fields, f) {
			return false
		}
	}
	return where.Canon(where.Or(b.rows, a.rows)) == where.Canon(where.Simplify(b.rows))
}

// Fingerprint is equal for equal rights to the same layer, whoever has them,
// and different for different ones: 32 hexadecimal digits. It holds for the
// condition as it stands, filters joined to it by the caller included.
func (r Right) Fingerprint() string {
	var b strings.Builder
	b.WriteString(r.layer)
	write := func(c where.Cond, fields []string) {
		b.WriteByte('\n')
		if c == nil {
			c = where.False
		}
		b.WriteString(where.Canon(where.Simplify(c)))
		sorted := slices.Sorted(slices.Values(fields))
		for _, f := range sorted { // column names: letters, digits, _
			b.WriteByte(' ')
			b.WriteString(f)
		}
	}
	write(r.Where, r.Fields)
	for _, m := range r.More {
		write(m.Where, m.Fields)
	}
	sum := sha256.Sum256([]byte(b.String()))
	return hex.EncodeToString(sum[:16])
}

// And narrows the right to the rows that hold c, too.
func (r Right) And(c where.Cond) Right {
	if r.Where == nil {
		r.Where = where.False
	}
	r.Where = where.And(r.Where, c)
	return r
}
