package expect

import (
	"math"

	"gonum.org/v1/gonum/mat"
)

const (
	newDays    = 56  // a class is judged after so many days
	fewInAYear = 20  // and if it had as many in its last year
	halfLife   = 120 // days after which a day says half as much about the level
	levelDays  = 56  // of the last correction
	seasonDays = 2 * 365
)

// season is a class's expectation for the whole city by day:
//
//	mu(day) = exp(b0 + weekday + season) * level
type season struct {
	from  int // first day that it was fitted on
	beta  []float64
	waves bool
	level float64
	kind  func(day int) int // of the weekday, 0 to 6
}

// fitSeason fits daily counts y of the days from..to by a Poisson regression
// with a small ridge, each day weighing by its age. The last 56 days, shrunk to
// 1 by as much as 20 incidents weigh, correct the level.
func fitSeason(y []float64, from, to int, q Question) season {
	s := season{from: from, level: 1, waves: to-from+1 >= seasonDays, kind: q.kind}
	k := 7
	if s.waves {
		k = 9
	}
	s.beta = make([]float64, k)
	sum, weight := 0.0, 0.0
	w := make([]float64, len(y))
	for i := range y {
		w[i] = math.Exp2(-float64(to-from-i) / halfLife)
		if s.waves { // a season is of years: their days count more alike
			w[i] = math.Exp2(-float64(to-from-i) / (4 * halfLife))
		}
		sum += w[i] * y[i]
		weight += w[i]
	}
	s.beta[0] = math.Log(math.Max(sum/weight, 1e-6))
	h, g, step := mat.NewSymDense(k, nil), mat.NewVecDense(k, nil), mat.NewVecDense(k, nil)
	x := make([]float64, k)
	for range 25 {
		h.Zero()
		g.Zero()
		for i := range y {
			s.row(from+i, x)
			mu := math.Exp(dot(s.beta, x))
			for a := range k {
				g.SetVec(a, g.AtVec(a)+w[i]*x[a]*(y[i]-mu))
				for b := 0; b <= a; b++ {
					h.SetSym(a, b, h.At(a, b)+w[i]*mu*x[a]*x[b])
				}
			}
		}
		for a := 1; a < k; a++ { // deviation 0.3 of each effect beforehand
			h.SetSym(a, a, h.At(a, a)+10)
			g.SetVec(a, g.AtVec(a)-10*s.beta[a])
		}
		var c mat.Cholesky
		if !c.Factorize(h) || c.SolveVecTo(step, g) != nil {
			break
		}
		moved := 0.0
		for a := range k {
			d := math.Max(-1, math.Min(1, step.AtVec(a)))
			s.beta[a] += d
			moved = math.Max(moved, math.Abs(d))
		}
		if moved < 1e-7 {
			break
		}
	}
	return s
}

// correct sets the level by the days before day, as many as levelDays.
func (s *season) correct(y []float64, day int) {
	s.level = 1
	seen, expected := 0.0, 0.0
	for d := max(s.from, day-levelDays); d < day; d++ {
		if i := d - s.from; i < len(y) {
			seen += y[i]
			expected += s.at(d)
		}
	}
	const drawn = 20
	s.level = (seen + drawn) / (expected + drawn)
}

// row is the design of a day: 1, six weekdays against Monday, a wave of a year.
func (s *season) row(day int, x []float64) {
	for i := range x {
		x[i] = 0
	}
	x[0] = 1
	if k := s.kind(day); k != 1 {
		x[1+(k+5)%7] = 1 // Tuesday is 1 … Sunday is 6
	}
	if s.waves {
		x[7], x[8] = math.Cos(2*math.Pi*float64(day)/365.2425), math.Sin(2*math.Pi*float64(day)/365.2425)
	}
}

// at is what is expected of one day.
func (s *season) at(day int) float64 {
	x := make([]float64, len(s.beta))
	s.row(day, x)
	return s.level * math.Exp(dot(s.beta, x))
}

// kind is a day's weekday; a day off is a Sunday.
func (q Question) kind(day int) int {
	if q.Off != nil && q.Off(day) {
		return 0
	}
	return q.Weekday(day)
}

func dot(a, b []float64) float64 {
	sum := 0.0
	for i := range a {
		sum += a[i] * b[i]
	}
	return sum
}
