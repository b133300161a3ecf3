package hotspot

import "math"

// A logSum adds logarithms up as the logarithm of a product: one for hundreds
// of factors, which is most of what a likelihood costs.
type logSum struct{ sum, product float64 }

func newLogSum() logSum { return logSum{product: 1} }

// add adds ln v.
func (l *logSum) add(v float64) {
	if v < 1e-100 || v > 1e100 {
		l.sum += math.Log(v)
		return
	}
	if l.product *= v; l.product < 1e-100 || l.product > 1e100 {
		l.sum, l.product = l.sum+math.Log(l.product), 1
	}
}

func (l *logSum) total() float64 { return l.sum + math.Log(l.product) }
