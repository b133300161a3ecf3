package tilefeed

import (
	"cmp"
	"fmt"
	"slices"
)

// A candidate is a layer that could be in memory.
type candidate struct {
	name   string
	size   int64   // bytes it takes, or would
	demand float64 // tiles asked for of late
	held   bool    // it is in memory
	idle   bool    // nobody asked for it for long
}

// A refusal says why a layer stays out.
type refusal struct {
	reason Reason
	why    string
}

// hysteresis is how many times more asked for, by byte, a layer must be than one
// in memory, to take its place.
const hysteresis = 2

// smallShare: a layer of at most this part of the budget is kept though nobody
// has asked for it yet.
const smallShare = 16

// choose decides which layers are worth their memory: those most asked for by
// byte, as long as there is room. It returns those that stay out, each with the
// reason, and the others in the order in which they are to be loaded: the most
// asked for first.
func choose(budget, layerBudget int64, all []candidate) (in []string, out map[string]refusal) {
	out = map[string]refusal{}
	worth := func(c candidate) float64 {
		w := (c.demand + 0.01) / float64(max(c.size, 1<<10))
		if c.held {
			w *= hysteresis
		}
		return w
	}
	order := slices.Clone(all)
	slices.SortStableFunc(order, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(worth(b), worth(a)), cmp.Compare(a.name, b.name))
	})
	left := budget
	var chosen []candidate
	for _, c := range order {
		switch {
		case c.size > layerBudget:
			out[c.name] = refusal{TooLarge, fmt.Sprintf("too large: about %s, and one layer may take %s", Bytes(c.size), Bytes(layerBudget))}
		case c.idle && c.size > budget/smallShare:
			out[c.name] = refusal{RarelyAsked, fmt.Sprintf("rarely asked for, and it takes about %s", Bytes(c.size))}
		case c.size > left:
			out[c.name] = refusal{NoRoom, fmt.Sprintf("no room: about %s, and layers more asked for leave %s", Bytes(c.size), Bytes(left))}
		default:
			left -= c.size
			chosen = append(chosen, c)
		}
	}
	slices.SortStableFunc(chosen, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(b.demand, a.demand), cmp.Compare(a.size, b.size), cmp.Compare(a.name, b.name))
	})
	for _, c := range chosen {
		in = append(in, c.name)
	}
	return in, out
}

// Bytes is a number of bytes that prints as people read it: "2.0 GiB".
type Bytes int64

func (b Bytes) String() string {
	v, unit := float64(b), "B"
	for _, u := range []string{"KiB", "MiB", "GiB", "TiB"} {
		if v < 1024 {
			break
		}
		v, unit = v/1024, u
	}
	if unit == "B" {
		return fmt.Sprintf("%d B", int64(b))
	}
	return fmt.Sprintf("%.1f %s", v, unit)
}
