package siting

// A table says what each move is worth, and is kept up as moves are made: to
// put a unit at a candidate is worth gain[j], to take slot s away costs
// loss[s], to do both is worth gain[j] - loss[s] + extra[s*m+j]. (Resende &
// Werneck 2007 for the p-median; the same sums hold for covering.)
type table struct {
	m     int // candidates
	slots []int32
	fixed []bool
	at    []int32 // how many slots a candidate has
	stack int32
	gain  []float64
	loss  []float64
	extra []float64
	steps int64
}

func newTable(m, slots int, stack int) table {
	t := table{m: m, slots: make([]int32, slots), fixed: make([]bool, slots), at: make([]int32, m), stack: int32(stack),
		gain: make([]float64, m), loss: make([]float64, slots), extra: make([]float64, slots*m)}
	for s := range t.slots {
		t.slots[s] = -1
	}
	return t
}

// A field is a table with what it is kept up from. Costs are values below 0:
// more is better for every model.
type field interface {
	table() *table
	// put moves slot s to candidate j; -1 takes the unit away.
	put(s int, j int32)
	// value is what the model counts, without prices.
	value() float64
	// short is by how much conditions are missed, as shares of what they need, all together.
	short() float64
	// reprice makes conditions that are missed dearer, and says whether it did.
	reprice() bool
}

// place fills the slots that are empty one by one, each with what is worth most
// now: greedy. Fixed candidates come first.
func place(f field, fixed []int) {
	t := f.table()
	for s, j := range fixed {
		t.fixed[s] = true
		if t.slots[s] < 0 {
			f.put(s, int32(j))
		}
	}
	for s := range t.slots {
		if t.slots[s] >= 0 {
			continue
		}
		best := int32(-1)
		for j := range int32(t.m) {
			if t.at[j] < t.stack && (best < 0 || t.gain[j] > t.gain[best]) {
				best = j
			}
		}
		t.steps += int64(t.m)
		f.put(s, best)
	}
}

// to moves the units to other candidates, as few of them as possible.
func to(f field, posts []int32) {
	t := f.table()
	want := make([]int32, t.m)
	for _, j := range posts {
		want[j]++
	}
	var free []int
	for s, j := range t.slots {
		if j >= 0 && want[j] > 0 {
			want[j]--
		} else {
			free = append(free, s)
		}
	}
	for _, j := range posts {
		for want[j] > 0 && len(free) > 0 {
			f.put(free[0], j)
			free = free[1:]
			want[j]--
		}
	}
}
