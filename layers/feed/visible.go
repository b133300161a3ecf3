package feed

import "sync"

const (
	// recentCommits are kept one by one, those before them as bits.
	recentCommits = 1 << 14
	// pastXIDs is how many numbers back from the newest the bits reach.
	pastXIDs = 1 << 21
)

// commits remembers which transactions the feed has applied, by number and
// place, so that a snapshot can be given a place in the log. A commit is in the
// log before it is visible: by microseconds, or, where it waits for a
// synchronous standby, for as long as that takes.
type commits struct {
	mu sync.Mutex
	// first is the snapshot that the feed began with. Its transactions are not
	// in the ring, and a later snapshot may lack one of them.
	first Snapshot
	known bool // whether there is a first
	begun Cursor

	ring  []commit // the newest recentCommits, in commit order from next on
	next  int      // where the next goes, once the ring is full
	floor uint64   // the place of the last that left the ring; or of first
	past  []uint64 // a bit for each that left: xid%pastXIDs
	most  uint64   // the largest number that left; 0: none did
}

type commit struct{ xid, lsn uint64 }

// forget makes visible say that it cannot tell, until begin.
func (c *commits) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.known = false
}

// begin starts anew at a snapshot's place.
func (c *commits) begin(first string, at Cursor) error {
	s, err := ParseSnapshot(first)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.first, c.known, c.begun = s, true, at
	c.ring, c.next, c.floor, c.most = c.ring[:0], 0, at.LSN, 0
	clear(c.past)
	return nil
}

// add takes the next commit.
func (c *commits) add(xid uint32, lsn uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.known {
		return
	}
	near := c.first.max
	if n := len(c.ring); n > 0 {
		near = c.ring[(c.next+n-1)%n].xid
	}
	it := commit{full(xid, near), lsn}
	if len(c.ring) < recentCommits {
		c.ring = append(c.ring, it)
		return
	}
	c.leave(c.ring[c.next])
	c.ring[c.next] = it
	c.next = (c.next + 1) % recentCommits
}

// leave turns a commit into a bit.
func (c *commits) leave(old commit) {
	if c.past == nil {
		c.past = make([]uint64, pastXIDs/64)
	}
	if c.most == 0 {
		c.most = old.xid
	}
	// Numbers come nearly in order. Bits that a new highest number passes stood
	// for numbers pastXIDs ago.
	if old.xid > c.most {
		if old.xid-c.most >= pastXIDs {
			clear(c.past)
		} else {
			for x := c.most + 1; x <= old.xid; x++ {
				c.past[x%pastXIDs/64] &^= 1 << (x % 64)
			}
		}
		c.most = old.xid
	}
	if c.most-old.xid < pastXIDs {
		c.past[old.xid%pastXIDs/64] |= 1 << (old.xid % 64)
	}
	c.floor = old.lsn
}

// visible returns the place of the last commit up to which a snapshot has all.
// It asks for the feed's position where that is all of them: whatever the
// position covers was added before.
func (c *commits) visible(s Snapshot, position func() Cursor) (lsn uint64, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.known || !c.hasAllBefore(s) {
		return 0, false
	}
	lsn = c.floor
	for i := range c.ring {
		it := c.ring[(c.next+i)%len(c.ring)]
		if !s.holds(it.xid) {
			return lsn, true
		}
		lsn = it.lsn
	}
	if at := position(); at.SameHistory(c.begun) { // until the feed is live it is where it was
		lsn = max(lsn, at.LSN)
	}
	return lsn, true
}

// hasAllBefore says whether s surely has all transactions that are not in the
// ring any more, or never were.
func (c *commits) hasAllBefore(s Snapshot) bool {
	if s.max < c.first.max || c.most != 0 && s.max <= c.most {
		return false // a snapshot from before
	}
	for _, x := range s.running {
		if x < c.first.max && c.first.holds(x) {
			return false
		}
		if c.most == 0 || x > c.most {
			continue
		}
		if c.most-x >= pastXIDs || c.past[x%pastXIDs/64]&(1<<(x%64)) != 0 {
			return false // it left the ring; or that was so long ago that nobody can tell
		}
	}
	return true
}

// Visible returns a place in the log up to which a query saw everything, by the
// pg_current_snapshot() that it ran under: that of the last commit before the
// first that the feed knows and the query did not see; where it saw all of
// them, the feed's position. A commit can reach the feed before another session
// sees it, so the position alone says too much.
//
// ok is false where that cannot be told: before the feed's first snapshot, for
// a snapshot from before the commits that it remembers, and for a text that is none.
func (f *Feed) Visible(snapshot string) (lsn uint64, ok bool) {
	s, err := ParseSnapshot(snapshot)
	if err != nil {
		return 0, false
	}
	return f.commits.visible(s, f.status.position)
}
