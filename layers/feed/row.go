package feed

import (
	"bytes"
	"encoding/binary"

	"github.com/paulmach/orb"
)

// A relation is a table as PostgreSQL described it last. It is not changed
// after it was made, so rows may refer to it.
type relation struct {
	id       uint32
	schema   string
	table    string
	columns  []column
	index    map[string]int
	geom     int  // index of the column geom, or -1
	identity byte // 'd' key, 'n' nothing, 'f' full, 'i' index
}

type column struct {
	name     string
	oid      uint32
	geometry bool
}

// sameShape says whether rows of r and of s can be read alike.
func (r *relation) sameShape(s *relation) bool {
	if r.id != s.id || len(r.columns) != len(s.columns) {
		return false
	}
	for i := range r.columns {
		if r.columns[i] != s.columns[i] {
			return false
		}
	}
	return true
}

// A Row is a row's columns as PostgreSQL sent them, decoded when asked for. The
// zero value is no row.
type Row struct {
	rel   *relation
	tuple []byte // validated: count, then kind and value of each column
	base  []byte // the old tuple, for what the new one leaves out as unchanged
	// keyOnly: only the replica identity's columns are known.
	keyOnly bool
}

// Ok says whether there is a row.
func (r Row) Ok() bool { return r.rel != nil }

// Whole says whether all columns are known, not only the key.
func (r Row) Whole() bool { return r.rel != nil && !r.keyOnly }

// Columns returns the names of the row's columns in the table's order.
func (r Row) Columns() []string {
	if r.rel == nil {
		return nil
	}
	names := make([]string, len(r.rel.columns))
	for i, c := range r.rel.columns {
		names[i] = c.name
	}
	return names
}

// Get returns a column's value: string, int64, float64, bool, time.Time,
// orb.Geometry (lon, lat), []string, or []byte; nil where it is NULL, not a
// column of the row, or not known.
//
// text, char, uuid and enumerations come as string; int2, int4 and int8 as
// int64; float4, float8 and numeric as float64; date (midnight UTC), timestamp
// and timestamptz as time.Time in UTC; json and jsonb as the []byte of the
// JSON text; text[] as []string. Other types come as string where their binary form
// is text, else as []byte. Infinite dates are those of the years 1 and 9999.
func (r Row) Get(column string) any {
	if r.rel == nil {
		return nil
	}
	i, ok := r.rel.index[column]
	if !ok {
		return nil
	}
	kind, b := r.value(i)
	return decodeValue(&r.rel.columns[i], kind, b)
}

// Bound returns the bounding box of a geometry column without decoding it; ok
// is false where the column has no geometry, or an empty one.
func (r Row) Bound(column string) (bound orb.Bound, ok bool) {
	if r.rel == nil {
		return bound, false
	}
	i, found := r.rel.index[column]
	if !found || !r.rel.columns[i].geometry {
		return bound, false
	}
	kind, b := r.value(i)
	if kind != 'b' {
		return bound, false
	}
	return ewkbBound(b)
}

// Same says whether r and s have the same value of a column, byte for byte.
func (r Row) Same(s Row, column string) bool {
	if r.rel == nil || s.rel == nil {
		return r.rel == s.rel
	}
	i, okR := r.rel.index[column]
	j, okS := s.rel.index[column]
	if !okR || !okS {
		return okR == okS
	}
	kr, br := r.value(i)
	ks, bs := s.value(j)
	return kr == ks && bytes.Equal(br, bs)
}

// value returns the kind ('n' NULL, 'u' not known, 'b' binary, 't' text) and
// bytes of column i.
func (r Row) value(i int) (kind byte, value []byte) {
	kind, value = tupleColumn(r.tuple, i)
	if kind == 'u' && r.base != nil {
		kind, value = tupleColumn(r.base, i)
	}
	return kind, value
}

// tupleColumn returns column i of a validated tuple.
func tupleColumn(t []byte, i int) (kind byte, value []byte) {
	if i >= int(binary.BigEndian.Uint16(t)) {
		return 'n', nil
	}
	t = t[2:]
	for {
		kind = t[0]
		t = t[1:]
		if kind == 't' || kind == 'b' {
			n := binary.BigEndian.Uint32(t)
			value, t = t[4:4+n], t[4+n:]
		} else {
			value = nil
		}
		if i == 0 {
			return kind, value
		}
		i--
	}
}
