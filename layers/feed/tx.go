package feed

import (
	"time"

	"github.com/paulmach/orb"
)

// Op is what happened to a row.
type Op byte

const (
	Insert   Op = 'I'
	Update   Op = 'U'
	Delete   Op = 'D'
	Truncate Op = 'T' // all rows of the table; the change has no rows
)

func (o Op) String() string {
	switch o {
	case Insert:
		return "insert"
	case Update:
		return "update"
	case Delete:
		return "delete"
	case Truncate:
		return "truncate"
	}
	return "?"
}

// A Change is what happened to one row, or a TRUNCATE of a table.
type Change struct {
	Schema, Table string
	Op            Op
	// Old is the row before an update or delete. Of a table without REPLICA
	// IDENTITY FULL it has the key only, and for an update that leaves the
	// key alone nothing.
	Old Row
	New Row // the row after an insert or update
}

// A Bulk stands for the changes of one table in one transaction that were too
// many to keep.
type Bulk struct {
	Schema, Table string
	Count         int64     // changed rows
	Bound         orb.Bound // of the old and new geometries in column geom, EPSG:4326
	HasBound      bool      // false: unknown, it may be anywhere
}

// A Tx is a committed transaction. It is not changed after it was applied, so
// readers may keep it.
type Tx struct {
	Cursor  Cursor    // the end of its commit record
	At      time.Time // of its commit, by the database's clock
	XID     uint32    // its transaction id, without the epoch
	Changes []Change  // in the order they were made
	// Replaced names the tables ("map.asset") whose content must be read anew:
	// swapped whole, altered, or changed by more rows than are kept (then Bulk has more).
	Replaced []string
	Bulk     []Bulk
	// Bytes is about how much memory it holds.
	Bytes int
}
