package tilefeed

import (
	"errors"
	"fmt"

	"github.com/paulmach/orb"

	"onemap/layers/feed"
	"onemap/tiles/memory"
)

// manyChanges is how many changes of a layer in one transaction are stamped one
// by one; more are stamped as the box that holds them all.
const manyChanges = 2000

// apply takes the next transaction: first memory, all layers at once, then the
// stamps. The feed's position moves on after it.
func (k *Keeper) apply(tx *feed.Tx) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if tx.Touches("onemap.layer") || tx.Touches("onemap.layer_field") {
		k.registry = true
		k.poke()
	}
	lsn := tx.Cursor.LSN
	k.batch.sort(tx)
	for _, table := range tx.Replaced {
		if l := k.layers[layerOf(table)]; l != nil && l.state == Held {
			k.discard(l, Changed, "its table was replaced, altered or changed as a whole")
		}
	}
	k.batch.changes = k.batch.changes[:0]
	for i := range k.batch.tables {
		t := &k.batch.tables[i]
		l := k.layers[t.name]
		if l == nil || l.state != Held {
			continue
		}
		rows, err := l.reads.changes(tx, t.changes)
		if err != nil {
			k.fail(l, err)
			continue
		}
		k.batch.changes = append(k.batch.changes, memory.Changes{Layer: t.name, Rows: rows})
	}
	if len(k.batch.changes) > 0 {
		if err := k.mem.Apply(lsn, k.batch.changes); err != nil {
			k.distrust(err)
		}
		for _, c := range k.batch.changes {
			if r := k.layers[c.Layer].reads; r != nil {
				r.release()
			}
		}
	}
	if ld := k.loading; ld != nil && k.batch.touches(tx, ld.layer.def.Name) {
		ld.keep(tx)
	}
	k.applied = lsn
	k.stamp(tx)
}

// distrust gives up the layers that memory could not keep in step.
func (k *Keeper) distrust(err error) {
	var dropped memory.Dropped
	if !errors.As(err, &dropped) {
		for _, c := range k.batch.changes {
			dropped = append(dropped, memory.LayerError{Layer: c.Layer, Err: err})
		}
	}
	for _, d := range dropped {
		k.fail(k.layers[d.Layer], d.Err)
	}
}

// fail gives up a layer that could not be kept in step.
func (k *Keeper) fail(l *layer, err error) {
	k.log().Warn("a layer in memory went wrong and is read anew", "layer", l.def.Name, "error", err)
	k.discard(l, WentWrong, "it went wrong: "+err.Error())
	l.failures++
	l.after = later(l.failures)
}

// layerOf returns the layer whose table is "map.name".
func layerOf(table string) string {
	const schema = "map."
	if len(table) > len(schema) && table[:len(schema)] == schema {
		return table[len(schema):]
	}
	return ""
}

// A batch sorts a transaction's changes by layer. It is used again for each.
type batch struct {
	tables  []ofTable
	changes []memory.Changes
}

type ofTable struct {
	name    string
	changes []int // indexes in Tx.Changes
}

func (b *batch) sort(tx *feed.Tx) {
	b.tables = b.tables[:0]
	last := -1
	for i := range tx.Changes {
		c := &tx.Changes[i]
		if c.Schema != "map" {
			continue
		}
		if last < 0 || b.tables[last].name != c.Table {
			last = b.at(c.Table)
		}
		b.tables[last].changes = append(b.tables[last].changes, i)
	}
}

// at returns the index of a table, a new one if it has none.
func (b *batch) at(name string) int {
	for i := range b.tables {
		if b.tables[i].name == name {
			return i
		}
	}
	if n := len(b.tables); n < cap(b.tables) {
		b.tables = b.tables[:n+1]
		b.tables[n].name, b.tables[n].changes = name, b.tables[n].changes[:0]
		return n
	}
	b.tables = append(b.tables, ofTable{name: name})
	return len(b.tables) - 1
}

// touches says whether the transaction that was sorted last matters to a layer.
func (b *batch) touches(tx *feed.Tx, name string) bool {
	for i := range b.tables {
		if b.tables[i].name == name {
			return true
		}
	}
	for _, table := range tx.Replaced {
		if layerOf(table) == name {
			return true
		}
	}
	return false
}

// stamp says which tiles the transaction makes stale, of every layer.
func (k *Keeper) stamp(tx *feed.Tx) {
	s := k.opts.Stamps
	if s == nil {
		return
	}
	lsn := tx.Cursor.LSN
	for _, table := range tx.Replaced {
		name := layerOf(table)
		if name == "" {
			continue
		}
		if box, ok := bulkBox(tx, name); ok {
			s.Touch(name, box, lsn)
		} else {
			s.TouchAll(name, lsn)
		}
	}
	for i := range k.batch.tables {
		t := &k.batch.tables[i]
		all := false
		box, some := orb.Bound{}, false
		for _, at := range t.changes {
			c := &tx.Changes[at]
			if c.Op == feed.Truncate || c.Op != feed.Insert && !c.Old.Whole() {
				all = true // it was anywhere
				break
			}
			var last orb.Bound
			for j, r := range [2]*feed.Row{&c.Old, &c.New} {
				b, ok := r.Bound("geom")
				if !ok || j == 1 && b == last {
					continue
				}
				last = b
				if len(t.changes) <= manyChanges {
					s.Touch(t.name, b, lsn)
				} else if some {
					box = box.Union(b)
				} else {
					box, some = b, true
				}
			}
		}
		if all {
			s.TouchAll(t.name, lsn)
		} else if some {
			s.Touch(t.name, box, lsn)
		}
	}
}

// bulkBox returns the box of all that a transaction changed in a layer whose
// changes were too many to keep; ok is false where it may be anything.
func bulkBox(tx *feed.Tx, name string) (box orb.Bound, ok bool) {
	for i := range tx.Bulk {
		b := &tx.Bulk[i]
		if b.Schema != "map" || b.Table != name {
			continue
		}
		if !b.HasBound {
			return orb.Bound{}, false
		}
		if ok {
			box = box.Union(b.Bound)
		} else {
			box, ok = b.Bound, true
		}
	}
	return box, ok
}

// reads turns changes of a table into those of a layer in memory, using its
// buffers again.
type reads struct {
	plan    *plan
	pick    *feed.Picker
	columns [][]byte
	out     []memory.Change
	rows    []memory.Row
}

func newReads(p *plan) *reads {
	return &reads{plan: p, pick: feed.NewPicker(p.columns, p.types), columns: make([][]byte, len(p.columns))}
}

// changes returns those of tx that are in list. They are good until the next call.
func (r *reads) changes(tx *feed.Tx, list []int) ([]memory.Change, error) {
	r.out = r.out[:0]
	if len(r.rows) < 2*len(list) {
		r.rows = append(r.rows, make([]memory.Row, 2*len(list)-len(r.rows))...)
	}
	next := 0
	row := func(from feed.Row) (*memory.Row, error) {
		if err := r.pick.Pick(from, r.columns); err != nil {
			return nil, err
		}
		to := &r.rows[next]
		next++
		return to, r.plan.row(r.columns, to)
	}
	for _, i := range list {
		c := &tx.Changes[i]
		var out memory.Change
		var err error
		switch c.Op {
		case feed.Insert:
			out.Op = memory.Insert
			out.New, err = row(c.New)
		case feed.Update:
			out.Op = memory.Update
			if out.Old, err = row(c.Old); err == nil {
				out.New, err = row(c.New)
			}
		case feed.Delete:
			out.Op = memory.Delete
			out.Old, err = row(c.Old)
		case feed.Truncate:
			out.Op = memory.Truncate
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.Op, err)
		}
		r.out = append(r.out, out)
	}
	return r.out, nil
}

// release lets the buffers of a large transaction go.
func (r *reads) release() {
	if len(r.rows) > 4*manyChanges {
		r.rows, r.out = nil, nil
	}
}
