package feed

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// ErrColumns: a row does not have the columns that were wanted of it.
var ErrColumns = errors.New("the table has other columns")

// A Picker takes chosen columns from rows as PostgreSQL sent them, in their
// types' binary form, without an allocation a row. It is for one goroutine.
type Picker struct {
	names []string
	types []uint32

	rel    *relation // for which wanted was made
	wanted []int     // by the relation's column: which of names it is, or -1
}

// NewPicker returns a Picker of the columns of those names, which must have
// those types (pg_attribute.atttypid).
func NewPicker(names []string, types []uint32) *Picker {
	return &Picker{names: names, types: types}
}

// Pick sets each of into to the bytes of the column of its name, nil where it
// is NULL. They belong to the row. It returns an error wrapping [ErrColumns] if
// the row lacks a column, has it in another type, or does not know its value.
func (p *Picker) Pick(r Row, into [][]byte) error {
	if r.rel == nil {
		return fmt.Errorf("%w: no row", ErrColumns)
	}
	if r.rel != p.rel {
		if err := p.turnTo(r.rel); err != nil {
			return err
		}
	}
	t := r.tuple[2:]
	for i, want := range p.wanted {
		kind := t[0]
		t = t[1:]
		var v []byte
		if kind == 't' || kind == 'b' {
			n := binary.BigEndian.Uint32(t)
			v, t = t[4:4+n:4+n], t[4+n:]
		}
		if want < 0 {
			continue
		}
		if kind == 'u' && r.base != nil {
			kind, v = tupleColumn(r.base, i)
		}
		switch {
		case kind == 'b':
			into[want] = v
		case kind == 'n' && !r.keyOnly: // of a key alone, the rest comes as NULL
			into[want] = nil
		default:
			return fmt.Errorf("%w: %s.%s: the value of %s is not in the log", ErrColumns, r.rel.schema, r.rel.table, p.names[want])
		}
	}
	return nil
}

func (p *Picker) turnTo(rel *relation) error {
	wanted := make([]int, len(rel.columns))
	for i := range wanted {
		wanted[i] = -1
	}
	for i, name := range p.names {
		at, ok := rel.index[name]
		if !ok {
			return fmt.Errorf("%w: %s.%s has no column %s", ErrColumns, rel.schema, rel.table, name)
		}
		if rel.columns[at].oid != p.types[i] {
			return fmt.Errorf("%w: the type of %s.%s.%s is %d, not %d", ErrColumns, rel.schema, rel.table, name, rel.columns[at].oid, p.types[i])
		}
		wanted[at] = i
	}
	p.rel, p.wanted = rel, wanted
	return nil
}
