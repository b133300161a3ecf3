package expect

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/mathext"
)

// atLeast is the probability that a negative binomial count of mean mu and
// variance mu + mu² a is n or more; a = 0 is Poisson.
//
//	P(Y >= n) = I_p(n, 1/a),  p = mu a / (1 + mu a)
func atLeast(n int, mu, a float64) float64 {
	switch {
	case n <= 0:
		return 1
	case mu <= 0:
		return 0
	case a < 1e-9:
		return mathext.GammaIncReg(float64(n), mu)
	}
	return mathext.RegIncBeta(float64(n), 1/a, mu*a/(1+mu*a))
}

// between is the smallest and the largest count that a new one is not outside
// of with a probability of a twentieth on either side.
func between(mu, a float64) (low, high int) {
	quantile := func(p float64) int { // smallest n with P(Y <= n) >= p
		top := 1
		for 1-atLeast(top+1, mu, a) < p && top < 1<<30 {
			top *= 2
		}
		lo, hi := 0, top
		for lo < hi {
			mid := (lo + hi) / 2
			if 1-atLeast(mid+1, mu, a) >= p {
				hi = mid
			} else {
				lo = mid + 1
			}
		}
		return lo
	}
	return quantile(0.05), quantile(0.95)
}

// falseShare gives each P its Q: the smallest FDR at which Benjamini and
// Hochberg's step-up procedure rejects it.
func falseShare(p []float64) []float64 {
	order := make([]int, len(p))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case p[a] < p[b]:
			return -1
		case p[a] > p[b]:
			return 1
		}
		return 0
	})
	q := make([]float64, len(p))
	least := 1.0
	for r := len(order) - 1; r >= 0; r-- {
		i := order[r]
		least = math.Min(least, p[i]*float64(len(p))/float64(r+1))
		q[i] = least
	}
	return q
}
