package hotspot

// shares is a fitted model whose map keeps its shape: each cell has a share of
// what the whole city expects.
type shares struct {
	s *Space
	q []float64 // by cell, adding up to one
	level
}

// Expect implements [Fitted].
func (f *shares) Expect(from, to float64, into []float64) {
	n := f.total(from, to)
	for i, q := range f.q {
		into[i] = n * q
	}
}

func (f *shares) space() *Space { return f.s }

// normalise makes q add up to one. Without any mass it becomes the uniform
// forecast: who knows nothing says so.
func normalise(s *Space, q []float64) {
	var sum float64
	for _, v := range q {
		sum += v
	}
	if !(sum > 0) {
		for i := range q {
			q[i] = s.area[i] / s.total
		}
		return
	}
	for i := range q {
		q[i] /= sum
	}
}
