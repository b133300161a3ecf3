package feed

import (
	"math/rand/v2"
	"slices"
	"testing"
)

func TestSnapshotHolds(t *testing.T) {
	const epoch = 3 << 32
	s, err := ParseSnapshot("12884901880:12884901900:12884901885,12884901890")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		xid  uint32
		want bool
	}{
		{"before the epoch's turn, ended", 1<<32 - 9, true},
		{"long ended", 7_000_000, false}, // in this epoch it is still to come
		{"of the epoch before, long ended", 1<<32 - 7_000_000, true},
		{"not yet begun", 12884901900 & (1<<32 - 1), false},
		{"running", 12884901885 & (1<<32 - 1), false},
		{"ended beside one that runs", 12884901886 & (1<<32 - 1), true},
	} {
		if got := s.Holds(tt.xid); got != tt.want {
			t.Errorf("%s: %d is held: %v", tt.name, tt.xid, got)
		}
	}
	if s.max != epoch+12 {
		t.Fatal("the numbers above are not about an epoch's turn")
	}
	for _, bad := range []string{"", "1:2", "2:1:", "1:5:9", "1:5:x", "1:5:0", "a:5:", "1:b:", "1:2:3:4"} {
		if _, err := ParseSnapshot(bad); err == nil {
			t.Errorf("%q is read", bad)
		}
	}
}

// The place that visible gives is compared with what is plainly so: all commits
// are kept in a list, and the first that the snapshot lacks is looked for.
func TestVisibleAgainstAllCommits(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 5))
	start := uint64(5<<32) - 20_000 // numbers turn over underway
	var c commits
	if _, ok := c.visible(Snapshot{min: 1, max: 1}, func() Cursor { return Cursor{} }); ok {
		t.Fatal("it tells before there is a snapshot")
	}
	// Two that the feed's first snapshot lacks run on: they commit much later.
	first := Snapshot{min: start - 9, max: start, running: []uint64{start - 9, start - 4}}
	if err := c.begin("21474816471:21474816480:21474816471,21474816476", Cursor{1, 1, 100}); err != nil {
		t.Fatal(err)
	}
	if c.first.max != first.max || c.first.running[1] != first.running[1] {
		t.Fatalf("%+v", c.first)
	}
	var all []commit
	open := []uint64{start - 9, start - 4}
	next, lsn := start, uint64(100)
	told, cannot := 0, 0
	for range 60_000 {
		if len(open) < 3 || rng.IntN(2) == 0 && len(open) < 40 {
			open = append(open, next)
			next++
		} else {
			i := rng.IntN(len(open))
			if open[i] < start && len(all) < 30_000 {
				continue
			}
			lsn += uint64(rng.IntN(500)) + 1
			c.add(uint32(open[i]), lsn)
			all = append(all, commit{open[i], lsn})
			open = append(open[:i], open[i+1:]...)
		}
		if rng.IntN(20) > 0 {
			continue
		}
		// What a session sees: all that is not open, but for a few commits that are
		// not visible yet.
		s := Snapshot{max: next, running: append([]uint64{}, open...)}
		late := rng.IntN(3)
		for i := len(all) - 1; i >= 0 && late > 0; i -= 1 + rng.IntN(3) {
			s.running = append(s.running, all[i].xid)
			late--
		}
		if rng.IntN(50) == 0 && len(all) > 0 { // one that waits for a standby that is long gone
			s.running = append(s.running, all[rng.IntN(len(all))].xid)
		}
		s = sorted(s)
		want := lsn + 7
		for i, it := range all {
			if !s.holds(it.xid) {
				want = 100
				if i > 0 {
					want = all[i-1].lsn
				}
				break
			}
		}
		got, ok := c.visible(s, func() Cursor { return Cursor{1, 1, lsn + 7} })
		if !ok {
			cannot++
			if len(all) == 0 || want >= all[max(0, len(all)-recentCommits)].lsn {
				t.Fatalf("after %d commits it cannot tell, and it is %d", len(all), want)
			}
			continue
		}
		told++
		if got != want {
			t.Fatalf("after %d commits: %d, and it is %d", len(all), got, want)
		}
	}
	if told < 1000 || cannot == 0 {
		t.Errorf("told %d times, could not %d times: the test looks at one of them only", told, cannot)
	}
	// A snapshot from before.
	if _, ok := c.visible(Snapshot{min: start - 20, max: start - 10}, func() Cursor { return Cursor{1, 1, lsn} }); ok {
		t.Error("it tells of a snapshot from before its time")
	}
	c.forget()
	if _, ok := c.visible(Snapshot{min: next, max: next}, func() Cursor { return Cursor{1, 1, lsn} }); ok {
		t.Error("it tells after it forgot")
	}
}

func sorted(s Snapshot) Snapshot {
	slices.Sort(s.running)
	s.running = slices.Compact(s.running)
	s.min = s.max
	if len(s.running) > 0 {
		s.min = s.running[0]
	}
	return s
}
