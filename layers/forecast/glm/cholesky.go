package glm

import "math"

// A triangle is the lower one L of a = L L', p by p.
type triangle struct {
	l []float64
	p int
}

// cholesky decomposes a matrix of which the lower triangle is filled; false
// where it is not positive definite.
func cholesky(a []float64, p int) (triangle, bool) {
	l := make([]float64, p*p)
	for i := range p {
		for j := range i + 1 {
			v := a[i*p+j]
			for k := range j {
				v -= l[i*p+k] * l[j*p+k]
			}
			if i != j {
				l[i*p+j] = v / l[j*p+j]
				continue
			}
			if !(v > 1e-14*math.Abs(a[i*p+i])) {
				return triangle{}, false
			}
			l[i*p+i] = math.Sqrt(v)
		}
	}
	return triangle{l, p}, true
}

// solve returns x of L L' x = b.
func (t triangle) solve(b []float64) []float64 {
	x := append([]float64(nil), b...)
	for i := range t.p {
		for k := range i {
			x[i] -= t.l[i*t.p+k] * x[k]
		}
		x[i] /= t.l[i*t.p+i]
	}
	for i := t.p - 1; i >= 0; i-- {
		for k := i + 1; k < t.p; k++ {
			x[i] -= t.l[k*t.p+i] * x[k]
		}
		x[i] /= t.l[i*t.p+i]
	}
	return x
}
