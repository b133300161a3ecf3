package feed

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A Snapshot says which transactions a query saw: a pg_current_snapshot(),
// "xmin:xmax:xip,…", whose numbers carry the epoch (PostgreSQL manual, 9.26.7).
type Snapshot struct {
	min, max uint64   // below min all have ended; from max on none had begun
	running  []uint64 // between them, those that had not ended, in rising order
}

// ParseSnapshot reads the text of a pg_current_snapshot().
func ParseSnapshot(text string) (Snapshot, error) {
	var s Snapshot
	fail := fmt.Errorf("feed: %q is no snapshot", text)
	parts := strings.Split(text, ":")
	if len(parts) != 3 {
		return s, fail
	}
	var err error
	if s.min, err = strconv.ParseUint(parts[0], 10, 64); err != nil {
		return s, fail
	}
	if s.max, err = strconv.ParseUint(parts[1], 10, 64); err != nil || s.max < s.min {
		return s, fail
	}
	for x := range strings.SplitSeq(parts[2], ",") {
		if x == "" {
			continue
		}
		xid, err := strconv.ParseUint(x, 10, 64)
		if err != nil || xid < s.min || xid >= s.max {
			return s, fail
		}
		s.running = append(s.running, xid)
	}
	slices.Sort(s.running)
	return s, nil
}

// Holds says whether a transaction that the feed has applied, by its number
// without the epoch ([Tx.XID]), is in the snapshot.
func (s Snapshot) Holds(xid uint32) bool { return s.holds(full(xid, s.max)) }

func (s Snapshot) holds(xid uint64) bool {
	if xid < s.min {
		return true
	}
	if xid >= s.max {
		return false
	}
	_, running := slices.BinarySearch(s.running, xid)
	return !running
}

// full gives a transaction's number its epoch: that which brings it nearest to
// another of about the same time. PostgreSQL never has two in use that are more
// than 2^31 apart.
func full(xid uint32, near uint64) uint64 {
	return near + uint64(int64(int32(xid-uint32(near))))
}
