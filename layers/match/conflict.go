package match

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/paulmach/orb"

	"onemap/layers/match/linkage"
)

// found is a linked pair whose rows say different things of an item.
type found struct {
	item string
	linkage.Key
}

// conflicts are the items on which linked rows differ. Where one side says
// nothing there is no conflict.
func (p Plan) conflicts(pairs []linkage.Pair, left, right register, areas map[string]bool) []found {
	var out []found
	for _, pair := range pairs {
		if pair.Verdict != linkage.Link {
			continue
		}
		l, r := left.items[pair.Left], right.items[pair.Right]
		for i, it := range p.Items {
			if i < len(l) && i < len(r) && it.differ(l[i], r[i], areas) {
				out = append(out, found{it.Name, pair.Key})
			}
		}
	}
	return out
}

// differ says whether two values of an item contradict each other. Values that
// cannot be read as what the item is are compared as texts.
func (it Item) differ(a, b string, areas map[string]bool) bool {
	a, b = strings.TrimSpace(a), strings.TrimSpace(b)
	if a == "" || b == "" || a == b {
		return false
	}
	switch it.Compare {
	case AsName:
		return linkage.ParseName(a, areas).Core != linkage.ParseName(b, areas).Core
	case Address:
		return !linkage.SameHouse(linkage.ParseAddress(a, areas), linkage.ParseAddress(b, areas))
	case Code:
		return plain(a) != plain(b)
	case Number:
		x, errX := strconv.ParseFloat(a, 64)
		y, errY := strconv.ParseFloat(b, 64)
		if errX == nil && errY == nil {
			return math.Abs(x-y) > it.Tolerance
		}
	case Date:
		x, okX := day(a)
		y, okY := day(b)
		if okX && okY {
			return math.Abs(x.Sub(y).Hours()/24) > it.Tolerance
		}
	case Place:
		x, okX := point(a)
		y, okY := point(b)
		if okX && okY {
			return linkage.Metres(x, y) > it.Tolerance
		}
	}
	return linkage.Fold(a) != linkage.Fold(b)
}

// plain is a code without signs and spaces, in capitals.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' {
			return r
		}
		return -1
	}, linkage.Fold(s))
}

func day(s string) (time.Time, bool) {
	if len(s) < 10 {
		return time.Time{}, false
	}
	t, err := time.Parse(time.DateOnly, s[:10])
	return t, err == nil
}

func point(s string) (orb.Point, bool) {
	x, y, ok := strings.Cut(s, " ")
	lon, errX := strconv.ParseFloat(x, 64)
	lat, errY := strconv.ParseFloat(y, 64)
	return orb.Point{lon, lat}, ok && errX == nil && errY == nil
}
