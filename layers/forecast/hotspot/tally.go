package hotspot

import "math"

// A Weighing says how much an event counts by its age.
type Weighing struct {
	WindowD float64 // days back from the cut; 0: all history
	TauD    float64 // e-folding time in days, weight exp(-age/tau); 0: none
}

// anchorSpan is how many e-folding times pass before a tally begins anew: sums
// of exp(t/tau) would else grow past what a float64 holds.
const anchorSpan = 300

// A tally is weighed counts by place at a cut, brought forward by adding what
// happened since, and dropping what left the window.
//
// A decayed count is kept as the sum over events of exp((t-anchor)/tau), which
// is scaled by exp(-(cut-anchor)/tau) where it is read. So it is the same sum,
// added in the same order, whether the cut was reached in one step or in many:
// the same bits.
type tally struct {
	Weighing
	sum    []float64
	lo, hi int // the events in it
	anchor float64
	scale  float64 // of sum at the cut
	days   float64 // the time that the weights add up to: what a constant rate is multiplied by
}

func newTally(w Weighing, places int) *tally {
	return &tally{Weighing: w, sum: make([]float64, places), scale: 1, anchor: math.Inf(-1)}
}

// moved returns the tally at a later cut; at is the place of each event.
func (t *tally) moved(past placed, at []int32, until float64) *tally {
	n := t.next(past)
	n.advance(past.day, at, until)
	return n
}

// next is the tally to bring forward to a later history: itself, or an empty
// one where events came into the midst of what it has counted.
func (t *tally) next(past placed) *tally {
	if past.late {
		return newTally(t.Weighing, len(t.sum))
	}
	return t.clone()
}

func (t *tally) clone() *tally {
	n := *t
	n.sum = append([]float64(nil), t.sum...)
	return &n
}

func (t *tally) advance(days []float64, at []int32, until float64) {
	hi := firstAt(days, until)
	start := until
	if len(days) > 0 {
		start = days[0]
	}
	t.days = until - start
	if t.WindowD > 0 {
		lo := firstAt(days, until-t.WindowD)
		for ; t.lo < lo; t.lo++ {
			if t.lo < t.hi {
				t.sum[at[t.lo]]--
			}
		}
		for t.hi = max(t.hi, t.lo); t.hi < hi; t.hi++ {
			t.sum[at[t.hi]]++
		}
		t.days = min(t.days, t.WindowD)
		return
	}
	if t.TauD == 0 {
		for ; t.hi < hi; t.hi++ {
			t.sum[at[t.hi]]++
		}
		return
	}
	block := anchorSpan * t.TauD
	anchor := start + block*max(0, math.Floor((until-start)/block)-1)
	if anchor != t.anchor {
		t.anchor, t.hi = anchor, firstAt(days, anchor)
		clear(t.sum)
	}
	last, weight := math.NaN(), 0.0
	for ; t.hi < hi; t.hi++ {
		if d := days[t.hi]; d != last { // many share a day
			last, weight = d, math.Exp((d-anchor)/t.TauD)
		}
		t.sum[at[t.hi]] += weight
	}
	t.scale = math.Exp(-(until - anchor) / t.TauD)
	t.days = -t.TauD * math.Expm1(-(until-start)/t.TauD)
}
