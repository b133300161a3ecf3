package siting

// medianDual relaxes that each point is served once (multipliers u, one a
// point) and the conditions (one each), for the least cost, as a largest value:
//
//	L(u, v) = - sum_i u_i + max { sum_j y_j sum_i max(0, u_i - c_ij) : sum_j y_j = p } + rest
//
// where c_ij includes the conditions' prices beyond the standard, and a point
// may also be served by nobody at the cost of the longest time.
type medianDual struct {
	x      *median
	sums   []float64
	order  []int32
	chosen []int32
	is     []bool
	extra  []float64
	steps  int64
}

func newMedianDual(x *median) *medianDual {
	m := len(x.p.Seconds)
	d := &medianDual{x: x, sums: make([]float64, m), order: make([]int32, m), is: make([]bool, m), extra: make([]float64, len(x.points))}
	for j := range d.order {
		d.order[j] = int32(j)
	}
	return d
}

func (d *medianDual) at(u, slope []float64) float64 {
	x := d.x
	n := len(x.points)
	prices, down := u[n:], slope[n:]
	bound := 0.0
	// A condition pays back what its members may miss: all - need.
	for c, k := range x.conditions {
		bound += prices[c] * (k.all - k.need)
		down[c] = k.all - k.need
	}
	clear(d.sums)
	for r := range x.points {
		d.extra[r] = 0
		for _, m := range x.members[r] {
			d.extra[r] += prices[m.condition] * m.weight
		}
		for _, k := range x.near[r] {
			c := x.cost(int32(r), k.seconds, d.extra[r])
			if c >= u[r] {
				break
			}
			d.sums[k.candidate] += u[r] - c
		}
	}
	sum, chosen := choose(d.sums, d.order, x.p.Fixed, x.p.Posts, 1)
	bound += sum
	d.chosen = chosen
	clear(d.is)
	for _, j := range chosen {
		d.is[j] = true
	}
	far := float32(x.p.Longest)
	for r := range x.points {
		bound -= u[r]
		slope[r] = -1 // the bound falls as u rises, until it is served
		serve := func(seconds float32) {
			slope[r]++
			if float64(seconds) > x.p.Within {
				for _, m := range x.members[r] {
					down[m.condition] -= m.weight
				}
			}
		}
		for _, k := range x.near[r] {
			if x.cost(int32(r), k.seconds, d.extra[r]) >= u[r] {
				break
			}
			if d.is[k.candidate] {
				serve(k.seconds)
			}
		}
		if c := x.cost(int32(r), far, d.extra[r]); c < u[r] {
			bound += u[r] - c
			serve(far)
		}
	}
	return bound
}

// start is what the point would cost by the p-th part of its candidates.
func (d *medianDual) start() []float64 {
	x := d.x
	u := make([]float64, len(x.points)+len(x.conditions))
	for r, near := range x.near {
		s := float32(x.p.Longest)
		if at := 2 * len(x.p.Seconds) / max(1, x.p.Posts); at < len(near) {
			s = near[at].seconds
		}
		u[r] = x.cost(int32(r), s, 0)
	}
	return u
}

func (d *medianDual) picked() []int32  { return d.chosen }
func (d *medianDual) worth() []float64 { return d.sums }
func (d *medianDual) free(i int) bool  { return i < len(d.x.points) }

func (d *medianDual) size() int64 {
	n := int64(0)
	for _, near := range d.x.near {
		n += int64(len(near))
	}
	return n * 2 / int64(max(1, d.x.p.Posts)) * 2
}
