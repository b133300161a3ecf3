package linkagetest

import (
	"hash/fnv"
	"io"

	"onemap/layers/match/linkage"
)

// Half says which half of the establishments one is in: 0 is what the weights
// were set on, 1 is what is reported.
func Half(establishment string) int {
	h := fnv.New32a()
	io.WriteString(h, establishment)
	return int(h.Sum32()>>7) & 1
}

// A Score is how right links are.
type Score struct {
	Right    int // links that are right
	Linked   int
	Findable int // what could have been linked
}

// Precision is the share of links that are right.

func (s Score) Precision() float64 { return float64(s.Right) / float64(max(s.Linked, 1)) }

// Recall is the share of what could be linked that is, and rightly.
func (s Score) Recall() float64 { return float64(s.Right) / float64(max(s.Findable, 1)) }

// ScoreLinks counts the links of left rows in one half (-1: in both): by rows, and by
// establishment, where each pair of establishments counts once however many
// rows link it.
func ScoreLinks(pairs []linkage.Pair, of Registers, in int) (rows, whole Score) {
	left, right := of.LeftIs, of.RightIs
	known := map[string]bool{}
	for _, e := range right {
		known[e] = true
	}
	findable := map[string]bool{}
	for _, e := range left {
		if (in < 0 || Half(e) == in) && known[e] {
			rows.Findable++
			findable[e] = true
		}
	}
	whole.Findable = len(findable)
	seen := map[[2]string]bool{}
	for _, p := range pairs {
		l, r := left[p.Left], right[p.Right]
		if p.Verdict != linkage.Link || in >= 0 && Half(l) != in {
			continue
		}
		rows.Linked++
		if l == r {
			rows.Right++
		}
		if pair := [2]string{l, r}; !seen[pair] {
			seen[pair] = true
			whole.Linked++
			if l == r {
				whole.Right++
			}
		}
	}
	return rows, whole
}
