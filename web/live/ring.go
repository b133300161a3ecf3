package live

import (
	"slices"
	"sort"
	"strings"
	"sync"
	"time"

	"onemap/layers/feed"
)

// entry is what live needs of one transaction: for each layer's table what
// became of each feature.
type entry struct {
	cursor feed.Cursor
	at     time.Time // of the commit, by the database's clock
	seen   time.Time // when it came, by ours
	tables []tableChange
	bytes  int
}

type tableChange struct {
	table string // the layer's name: tables of schema map
	// whole: replaced, truncated, or changed by more than the feed keeps.
	whole   bool
	bulk    feed.Bulk // where whole and HasBound: where
	changes []change
}

// change is the net effect of a transaction on one feature: the row before it
// and after it; either may be none.
type change struct {
	id       int64
	old, new feed.Row
}

// layerSchema holds the layers' tables.
const layerSchema = "map"

// entryOf returns nil for a transaction that changed no layer.
func entryOf(tx *feed.Tx) *entry {
	e := &entry{cursor: tx.Cursor, at: tx.At, seen: time.Now(), bytes: tx.Bytes + 200}
	table := func(name string) *tableChange {
		for i := range e.tables {
			if e.tables[i].table == name {
				return &e.tables[i]
			}
		}
		e.tables = append(e.tables, tableChange{table: name})
		return &e.tables[len(e.tables)-1]
	}
	type key struct {
		table string
		id    int64
	}
	var seen map[key]int // index in the table's changes
	if len(tx.Changes) > 1 {
		seen = make(map[key]int, len(tx.Changes))
	}
	put := func(t *tableChange, c change) {
		if seen != nil {
			k := key{t.table, c.id}
			if i, ok := seen[k]; ok {
				t.changes[i].new = c.new
				return
			}
			seen[k] = len(t.changes)
		}
		t.changes = append(t.changes, c)
	}
	for i := range tx.Changes {
		c := &tx.Changes[i]
		if c.Schema != layerSchema {
			continue
		}
		t := table(c.Table)
		if c.Op == feed.Truncate {
			t.whole = true
			continue
		}
		oldID, wasThere := c.Old.Get("id").(int64)
		newID, isThere := c.New.Get("id").(int64)
		switch {
		case wasThere && isThere && oldID != newID:
			put(t, change{id: oldID, old: c.Old})
			put(t, change{id: newID, new: c.New})
		case isThere:
			put(t, change{id: newID, old: c.Old, new: c.New})
		case wasThere:
			put(t, change{id: oldID, old: c.Old})
		}
	}
	for _, name := range tx.Replaced {
		if name, ok := strings.CutPrefix(name, layerSchema+"."); ok {
			t := table(name)
			t.whole = true
			for _, b := range tx.Bulk {
				if b.Schema == layerSchema && b.Table == name {
					t.bulk = b
				}
			}
		}
	}
	for i := range e.tables {
		if e.tables[i].whole {
			e.tables[i].changes = nil
		}
	}
	if len(e.tables) == 0 {
		return nil
	}
	return e
}

// ring remembers the latest transactions, for clients that come back. It never
// makes the feed wait.
type ring struct {
	maxEntries, maxBytes int

	mu      sync.Mutex
	entries []*entry
	first   uint64 // sequence number of entries[0]
	bytes   int
	floor   feed.Cursor // what came after it is all in entries
	resets  int         // how often the feed took a new snapshot
	at      feed.Cursor // of the last snapshot
}

func (r *ring) add(e *entry) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.entries = append(r.entries, e)
	r.bytes += e.bytes
	n := 0
	for len(r.entries)-n > r.maxEntries || r.bytes > r.maxBytes && n < len(r.entries) {
		r.floor = r.entries[n].cursor
		r.bytes -= r.entries[n].bytes
		r.entries[n] = nil
		n++
	}
	r.entries = r.entries[n:]
	r.first += uint64(n)
}

// reset forgets everything: the feed begins anew at a snapshot.
func (r *ring) reset(at feed.Cursor) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.first += uint64(len(r.entries))
	r.entries, r.bytes = nil, 0
	r.floor, r.at = at, at
	r.resets++
}

// from returns the entries from number seq on, the number after the last, and
// how often there was a reset. lost says that entries from seq on are no longer here.
func (r *ring) from(seq uint64) (es []*entry, next uint64, resets int, at feed.Cursor, lost bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	next = r.first + uint64(len(r.entries))
	if seq < r.first {
		return nil, next, r.resets, r.at, true
	}
	return slices.Clone(r.entries[seq-r.first:]), next, r.resets, r.at, false
}

// after returns the entries after a cursor and before number end; false where
// it no longer has them all.
func (r *ring) after(c feed.Cursor, end uint64) ([]*entry, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if c.Compare(r.floor) < 0 || end < r.first {
		return nil, false
	}
	known := r.entries[:end-r.first]
	i := sort.Search(len(known), func(i int) bool { return known[i].cursor.Compare(c) > 0 })
	return slices.Clone(known[i:]), true
}

// before returns a cursor that leaves out the entries before number end that
// came after t; false if there are none.
func (r *ring) before(t time.Time, end uint64) (feed.Cursor, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if end < r.first {
		return feed.Cursor{}, false
	}
	known := r.entries[:end-r.first]
	i := sort.Search(len(known), func(i int) bool { return known[i].seen.After(t) })
	switch {
	case i == len(known):
		return feed.Cursor{}, false
	case i == 0:
		return r.floor, true
	}
	return known[i-1].cursor, true
}

// size returns the count of entries, their bytes, and the age of the oldest.
func (r *ring) size() (n, bytes int, oldest time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.entries) > 0 {
		oldest = r.entries[0].at
	}
	return len(r.entries), r.bytes, oldest
}
