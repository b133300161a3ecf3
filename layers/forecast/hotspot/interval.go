package hotspot

import "math"

// Dispersion is the mean of (y-l)²/l over cells that expect something: one if
// the counts are Poisson, more if they vary more. Cells that expect less than
// least are left out: one event there would be all of the mean.
func Dispersion(seen, expected []float64, least float64) (dispersion float64, cells int) {
	var sum float64
	for i, l := range expected {
		if l > 0 && l >= least {
			d := seen[i] - l
			sum += d * d / l
			cells++
		}
	}
	if cells == 0 {
		return 1, 0
	}
	return sum / float64(cells), cells
}

// NegBin is a negative binomial distribution of counts with the given mean and
// variance mean*Dispersion, so that the sum of independent cells of equal
// dispersion is one too. At a dispersion of one or less it is Poisson.
type NegBin struct {
	Mean, Dispersion float64
}

// nearlyPoisson is the dispersion below which a Poisson distribution is taken:
// the size mean/(dispersion-1) would be lost to rounding.
const nearlyPoisson = 1 + 1e-6

// LogP is the logarithm of the chance of k events.
func (d NegBin) LogP(k int) float64 {
	n := float64(k)
	if d.Mean <= 0 {
		if k == 0 {
			return 0
		}
		return math.Inf(-1)
	}
	fac, _ := math.Lgamma(n + 1)
	if d.Dispersion < nearlyPoisson {
		return n*math.Log(d.Mean) - d.Mean - fac
	}
	r := d.Mean / (d.Dispersion - 1)
	a, _ := math.Lgamma(n + r)
	b, _ := math.Lgamma(r)
	return a - b - fac - r*math.Log(d.Dispersion) + n*math.Log((d.Dispersion-1)/d.Dispersion)
}

// Interval returns the least low and high such that the chance of fewer than
// low, and that of more than high, is each at most (1-level)/2. within is the
// exact chance of a count from low to high: at least the level, for counts are
// whole. level lies between 0 and 1, such as 0.9.
func (d NegBin) Interval(level float64) (low, high int, within float64) {
	tail := (1 - level) / 2
	if d.Mean <= 0 {
		return 0, 0, 1
	}
	// Far beyond any count that matters; the loop ends before.
	most := int(d.Mean + 60*math.Sqrt(d.Mean*max(1, d.Dispersion)) + 60*max(1, d.Dispersion))
	var below float64
	lowSet := false
	p := math.Exp(d.LogP(0))
	for k := 0; ; k++ {
		if !lowSet && below+p > tail {
			low, lowSet = k, true
			within = -below
		}
		below += p
		if lowSet && 1-below <= tail || k >= most {
			return low, k, min(1, within+below)
		}
		p = d.next(k, p)
	}
}

// next is the chance of k+1 events, given that of k.
func (d NegBin) next(k int, p float64) float64 {
	if p < 1e-290 { // below a normal number the ratio loses its digits
		return math.Exp(d.LogP(k + 1))
	}
	if d.Dispersion < nearlyPoisson {
		return p * d.Mean / float64(k+1)
	}
	r := d.Mean / (d.Dispersion - 1)
	return p * (float64(k) + r) / float64(k+1) * (d.Dispersion - 1) / d.Dispersion
}
