package siting

// coverField is the table of a covering instance.
type coverField struct {
	t     table
	x     *instance
	count []int32   // of units that cover a row
	slots [][]int32 // which they are
	price []float64 // of each condition: what a unit of it is worth besides
	extra []float64 // of each row: what its being covered is worth besides
	has   []float64 // of each condition
	sum   float64   // of rows, without prices
	guide []float64 // worth[k], with something for a first unit where the model has nothing
}

func newCoverField(x *instance) *coverField {
	f := &coverField{t: newTable(len(x.covers), x.units, x.stack), x: x, count: make([]int32, len(x.rows)), slots: make([][]int32, len(x.rows)),
		price: make([]float64, len(x.conditions)), extra: make([]float64, len(x.rows)), has: make([]float64, len(x.conditions)), guide: x.worth}
	if x.p.Model == DSM {
		f.guide = append([]float64(nil), x.worth...)
		f.guide[1] = 0.25
	}
	total := 0.0
	for _, d := range x.p.Demand {
		total += d
	}
	for c, k := range x.conditions {
		f.price[c] = total / k.all
		switch k.what {
		case "must", "outer":
			f.price[c] *= 2
		case "floor":
			f.price[c] = 0.5
		}
	}
	f.pay()
	f.recount()
	return f
}

// pay turns prices of conditions into prices of rows.
func (f *coverField) pay() {
	for i, r := range f.x.rows {
		f.extra[i] = 0
		for _, m := range r.members {
			f.extra[i] += f.price[m.condition] * m.weight
		}
	}
}

// up and down are what one unit more and one less change of a row.
func (f *coverField) up(i int32, k int32) float64 {
	v := f.x.rows[i].weight * (f.guide[k+1] - f.guide[k])
	if k == 0 {
		v += f.extra[i]
	}
	return v
}

// count enters or (sign -1) takes out what row i adds to the table.
func (f *coverField) enter(i int32, sign float64) {
	k := f.count[i]
	t := &f.t
	by := f.x.by[i]
	up := 0.0
	if int(k) < f.x.units {
		up = f.up(i, k)
	}
	if up != 0 {
		v := sign * up
		for _, j := range by {
			t.gain[j] += v
		}
		t.steps += int64(len(by))
	}
	if k == 0 {
		return
	}
	down := f.up(i, k-1)
	both := sign * (down - up)
	for _, s := range f.slots[i] {
		t.loss[s] += sign * down
		if both != 0 {
			line := t.extra[int(s)*t.m : (int(s)+1)*t.m]
			for _, j := range by {
				line[j] += both
			}
			t.steps += int64(len(by))
		}
	}
}

// recount makes the table anew, after prices changed or sums ran off.
func (f *coverField) recount() {
	clear(f.t.gain)
	clear(f.t.loss)
	clear(f.t.extra)
	clear(f.has)
	f.sum = 0
	for i := range f.x.rows {
		f.enter(int32(i), 1)
		f.tally(int32(i), 0, f.count[i])
	}
	f.t.steps += int64(len(f.t.extra))
}

// tally keeps the sums as a row's units go from one count to another.
func (f *coverField) tally(i int32, from, to int32) {
	r := &f.x.rows[i]
	f.sum += r.weight * (f.x.worth[to] - f.x.worth[from])
	if (from > 0) != (to > 0) {
		for _, m := range r.members {
			if to > 0 {
				f.has[m.condition] += m.weight
			} else {
				f.has[m.condition] -= m.weight
			}
		}
	}
}

func (f *coverField) put(s int, j int32) {
	t := &f.t
	old := t.slots[s]
	if old == j {
		return
	}
	var from, to []int32
	if old >= 0 {
		from = f.x.covers[old]
		t.at[old]--
	}
	if j >= 0 {
		to = f.x.covers[j]
		t.at[j]++
	}
	t.slots[s] = j
	// Both lists ascend: rows in both are covered by the slot as before.
	for len(from) > 0 || len(to) > 0 {
		switch {
		case len(to) == 0 || len(from) > 0 && from[0] < to[0]:
			f.leave(from[0], int32(s))
			from = from[1:]
		case len(from) == 0 || to[0] < from[0]:
			f.join(to[0], int32(s))
			to = to[1:]
		default:
			from, to = from[1:], to[1:]
		}
	}
}

func (f *coverField) join(i, s int32) {
	f.enter(i, -1)
	f.tally(i, f.count[i], f.count[i]+1)
	f.slots[i] = append(f.slots[i], s)
	f.count[i]++
	f.enter(i, 1)
}

func (f *coverField) leave(i, s int32) {
	f.enter(i, -1)
	f.tally(i, f.count[i], f.count[i]-1)
	l := f.slots[i]
	for n := range l {
		if l[n] == s {
			l[n] = l[len(l)-1]
			f.slots[i] = l[:len(l)-1]
			break
		}
	}
	f.count[i]--
	f.enter(i, 1)
}

func (f *coverField) table() *table  { return &f.t }
func (f *coverField) value() float64 { return f.sum }

func (f *coverField) short() float64 { return short(f.x.conditions, f.has) }

func (f *coverField) reprice() bool {
	if !reprice(f.x.conditions, f.has, f.price) {
		return false
	}
	f.pay()
	f.recount()
	return true
}

// tiny is what rounding may take from a condition that is kept.
const tiny = 1e-9

func short(conditions []condition, has []float64) (sum float64) {
	for c, k := range conditions {
		if d := k.need - has[c]; d > tiny*k.all {
			sum += d / k.all
		}
	}
	return sum
}

// reprice makes what is missed dearer by a third, and cheaper by a tenth what
// is kept with room to spare.
func reprice(conditions []condition, has, price []float64) (changed bool) {
	for c, k := range conditions {
		switch d := k.need - has[c]; {
		case d > tiny*k.all:
			price[c] *= 1.33
			changed = true
		case d < -0.02*k.all:
			price[c] *= 0.9
			changed = true
		}
	}
	return changed
}
