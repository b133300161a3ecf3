package siting

// coverDual relaxes that a row's units are no more than cover it (multipliers
// u, one a row) and the conditions (one each):
//
//	L(u, v) = sum_i max_k [ w_i f(k) + v_i [k >= 1] - u_i k ] - sum_c v_c need_c
//	          + max { sum_j y_j sum_{i in N_j} u_i : sum_j y_j = p }
//
// v_i being the sum of the conditions' multipliers on row i.
type coverDual struct {
	x      *instance
	sums   []float64 // of u over what a candidate covers
	order  []int32
	chosen []int32
	cover  []int32 // by the chosen
	most   []int   // units that may cover a row
}

func newCoverDual(x *instance) *coverDual {
	d := &coverDual{x: x, sums: make([]float64, len(x.covers)), order: make([]int32, len(x.covers)), cover: make([]int32, len(x.rows)), most: make([]int, len(x.rows))}
	for j := range d.order {
		d.order[j] = int32(j)
	}
	for i := range x.rows {
		d.most[i] = min(x.units, len(x.by[i])*x.stack)
		switch {
		case x.p.Model == MCLP || x.rows[i].weight == 0:
			d.most[i] = min(d.most[i], 1)
		case x.p.Model == DSM:
			d.most[i] = min(d.most[i], 2)
		}
	}
	return d
}

func (d *coverDual) at(u, slope []float64) float64 {
	x := d.x
	prices := u[len(x.rows):]
	down := slope[len(x.rows):]
	bound := 0.0
	for c, k := range x.conditions {
		bound -= prices[c] * k.need
		down[c] = -k.need
	}
	for j, rows := range x.covers {
		s := 0.0
		for _, i := range rows {
			s += u[i]
		}
		d.sums[j] = s
	}
	sum, chosen := choose(d.sums, d.order, x.p.Fixed, x.units, x.stack)
	bound += sum
	d.chosen = chosen
	clear(d.cover)
	for _, j := range chosen {
		for _, i := range x.covers[j] {
			d.cover[i]++
		}
	}
	for i := range x.rows {
		r := &x.rows[i]
		extra := 0.0
		for _, m := range r.members {
			extra += prices[m.condition] * m.weight
		}
		best, at := 0.0, 0
		for k := 1; k <= d.most[i]; k++ {
			if v := r.weight*x.worth[k] + extra - u[i]*float64(k); v > best {
				best, at = v, k
			} else if at > 0 || k >= 2 { // what the models count is concave from there
				break
			}
		}
		bound += best
		slope[i] = float64(int(d.cover[i]) - at)
		if at > 0 {
			for _, m := range r.members {
				down[m.condition] += m.weight
			}
		}
	}
	return bound
}

// start shares each row's first unit among the candidates that cover it.
func (d *coverDual) start() []float64 {
	u := make([]float64, len(d.x.rows)+len(d.x.conditions))
	share := float64(d.x.units) / float64(len(d.x.covers))
	for i, r := range d.x.rows {
		u[i] = r.weight * d.x.worth[min(len(d.x.worth)-1, max(1, d.most[i]))] / max(1, share*float64(len(d.x.by[i])))
	}
	return u
}

func (d *coverDual) picked() []int32  { return d.chosen }
func (d *coverDual) worth() []float64 { return d.sums }
func (d *coverDual) free(int) bool    { return false }

func (d *coverDual) size() int64 {
	n := int64(len(d.x.rows) + 8*len(d.x.covers))
	for _, rows := range d.x.covers {
		n += int64(len(rows))
	}
	return n
}
