package memory

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// A LayerError says why a layer is no longer held.
type LayerError struct {
	Layer string
	Err   error
}

func (e LayerError) Error() string { return "layer " + e.Layer + ": " + e.Err.Error() }

// Unwrap returns the reason: [ErrLost], [ErrBudget] or what was wrong with a row.
func (e LayerError) Unwrap() error { return e.Err }

// Dropped are the layers that a transaction made the store forget.
type Dropped []LayerError

func (d Dropped) Error() string {
	var b strings.Builder
	for i, e := range d {
		if i > 0 {
			b.WriteString("; ")
		}
		b.WriteString(e.Error())
	}
	return b.String()
}

// Unwrap returns the errors of the layers.
func (d Dropped) Unwrap() []error {
	out := make([]error, len(d))
	for i, e := range d {
		out[i] = e
	}
	return out
}

// Apply makes the changes of one transaction, whose end is at lsn in the log, to
// all layers at once. Changes of layers that are not held are passed over.
// Transactions come one after the other, in the order of their commits.
//
// A layer that cannot follow (a row is not where the log says, a value is not of
// its field's type, the budget is spent) is dropped, and the error, a [Dropped],
// names it; the others go on.
func (s *Store) Apply(lsn uint64, cs []Changes) error {
	s.write.Lock()
	defer s.write.Unlock()
	n := s.next()
	n.lsn = max(n.lsn, lsn)
	var dropped Dropped
	for _, c := range cs {
		l, ok := n.layers[c.Layer]
		if !ok {
			continue
		}
		changed, err := l.apply(c.Rows)
		if err == nil && changed.bytes() > l.bytes() {
			err = s.fits(c.Layer, changed.bytes(), n.bytes(c.Layer)+s.loading.Load())
		}
		if err != nil {
			delete(n.layers, c.Layer)
			dropped = append(dropped, LayerError{c.Layer, err})
			continue
		}
		n.layers[c.Layer] = changed
	}
	s.now.Store(n)
	if dropped != nil {
		return dropped
	}
	return nil
}

// An edit takes a row away from its place, or puts one there.
type edit struct {
	key    rowKey
	order  int
	put    bool
	staged int // the row that is put
}

// apply returns the layer as it is after the changes. The caller is the only
// writer. After an error neither the old nor the new layer may be changed again.
func (l *layer) apply(changes []Change) (*layer, error) {
	next := &layer{schema: l.schema, writer: l.writer, pages: l.pages, keys: l.keys, boxes: l.boxes, rows: l.rows, size: l.size}
	st := newStaging(l.schema, l.dict, l.build)
	var edits []edit
	take := func(r *Row) error {
		if r == nil {
			return fmt.Errorf("%w: the log does not say which row", ErrLost)
		}
		at, err := l.place(r)
		if errors.Is(err, errNoPlace) {
			return nil
		}
		edits = append(edits, edit{key: at.key, order: len(edits)})
		return err
	}
	put := func(r *Row) error {
		if r == nil {
			return fmt.Errorf("%w: the log does not say which row", ErrLost)
		}
		at, err := l.place(r)
		if errors.Is(err, errNoPlace) {
			return nil
		}
		if err == nil {
			err = st.add(r, at)
		}
		edits = append(edits, edit{key: at.key, order: len(edits), put: true, staged: st.len() - 1})
		return err
	}
	for i := range changes {
		c := &changes[i]
		var err error
		switch c.Op {
		case Insert:
			err = put(c.New)
		case Delete:
			err = take(c.Old)
		case Update:
			if err = take(c.Old); err == nil {
				err = put(c.New)
			}
		case Truncate:
			// What came before is of no matter, nor are its texts.
			edits = edits[:0]
			l.writer.empty(l.schema)
			next.setPages(nil)
			st = newStaging(l.schema, l.dict, l.build)
		default:
			err = fmt.Errorf("no such change: %d", c.Op)
		}
		if err != nil {
			return l, err
		}
	}
	st.seal()
	slices.SortFunc(edits, func(a, b edit) int {
		if c := a.key.compare(b.key); c != 0 {
			return c
		}
		return a.order - b.order
	})
	if len(edits) > 0 {
		m := merger{layer: next, staging: st}
		if err := m.pages(edits); err != nil {
			return l, err
		}
	}
	next.words = next.dict.view()
	next.known.Store(next.dict.bytes)
	return next, nil
}

// empty begins a new dictionary. Readers of earlier states have theirs.
func (w *writer) empty(s *schema) {
	w.dict = newDictionary()
	w.build = newBuilder(s, w.dict.at)
}
