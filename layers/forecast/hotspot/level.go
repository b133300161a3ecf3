package hotspot

import "math"

const (
	levelDays   = 90.0   // the rate of now is that of the last days
	seasonYears = 5      // of history that the season is learned from
	yearDays    = 365.25 //
	weekdayHeld = 200.0  // events that pull the weekdays towards an even week
	seasonRidge = 4.0    // of the season's harmonics: a prior of sd 1/2 on the log scale
)

// A level is how many events the whole city sees: the rate of the last 90 days,
// freed from the season they lay in, times the season of the days to come.
//
// The season is a Poisson regression of weekly totals on a trend and two yearly
// harmonics, ln m = b0 + b1 t + sum_k (a_k cos 2 pi k t + c_k sin 2 pi k t),
// on up to five years, from two years of history on; before that there is none.
//
// Where events are reported late, the rate is what was counted by the days of
// which it is known: sum of their season times the share that is reported by
// now. The season is of the days of which most is.
type level struct {
	perDay  float64    // of a day of average season
	season  [4]float64 // a_1, c_1, a_2, c_2 with t in years since the epoch
	weekday [7]float64 // factor of each day since the epoch, modulo 7
	known   float64    // share of the events of the last days that was known
}

func newLevel(days []float64, until float64) level { return levelOf(days, until, nil) }

func levelOf(days []float64, until float64, late *delay) level {
	l := level{known: 1, weekday: [7]float64{1, 1, 1, 1, 1, 1, 1}}
	if len(days) == 0 {
		return l
	}
	start := days[0]
	if until-start >= 2*yearDays {
		to := late.settled(until)
		from := max(start, to-seasonYears*yearDays)
		told := days[firstAt(days, from):firstAt(days, to)]
		l.season = season(told, from, to)
		l.weekday = weekdays(told)
	}
	// At least a day, so that a history of an hour is not a flood.
	back := max(1, min(levelDays, until-start))
	n := float64(len(days) - firstAt(days, until-back))
	all := l.days(until-back, until)
	if late != nil {
		told := l.weighed(until-back, until, func(from, to float64) float64 { return late.known(from, to, until) })
		if told > 0 { // or nothing of it can be known yet
			l.known = told / all
		}
	}
	l.perDay = n / (all * l.known)
	return l
}

// Known is the share of the events of the last 90 days that was known at the
// cut: 1 where all are reported at once. The expectation is of all of them.
func (l level) Known() float64 { return l.known }

// total is the expected number of events of the city in (from, to].
func (l level) total(from, to float64) float64 { return l.perDay * l.days(from, to) }

// days is a time in days of average season.
func (l level) days(from, to float64) float64 {
	return l.weighed(from, to, func(_, _ float64) float64 { return 1 })
}

// weighed is that, each day (or part of one) weighed.
func (l level) weighed(from, to float64, weight func(from, to float64) float64) float64 {
	var sum float64
	for d := from; d < to; {
		next := min(math.Floor(d)+1, to)
		if next <= d { // a step below the resolution of a float64
			break
		}
		mid := (d + next) / 2
		sum += (next - d) * l.factor(mid) * weight(d, next)
		d = next
	}
	return sum
}

func (l level) factor(day float64) float64 {
	return l.weekday[weekdayOf(day)] * math.Exp(harmonic(l.season, day))
}

func harmonic(season [4]float64, day float64) float64 {
	if season == ([4]float64{}) {
		return 0
	}
	s, c := math.Sincos(2 * math.Pi * day / yearDays)
	return season[0]*c + season[1]*s + season[2]*(c*c-s*s) + season[3]*2*s*c
}

// weekdayOf is a day since the epoch modulo 7.
func weekdayOf(day float64) int {
	if !(math.Abs(day) < 1<<52) { // no integer would hold it
		return 0
	}
	return int((int64(math.Floor(day))%7 + 7) % 7)
}

// weekdays are the factors of the days of the week, drawn towards one another
// as if some events more had been spread evenly.
func weekdays(days []float64) (f [7]float64) {
	for _, d := range days {
		f[weekdayOf(d)]++
	}
	n := float64(len(days))
	for i := range f {
		f[i] = (f[i] + weekdayHeld/7) / ((n + weekdayHeld) / 7)
	}
	return f
}

// season fits the harmonics by ridge-penalised IRLS on weekly totals: with
// eta = X b, m = exp(eta), z = eta + (y-m)/m and W = m, it solves
// (X'WX + L) b = X'Wz until b stands.
func season(days []float64, from, until float64) [4]float64 {
	weeks := int((until - from) / 7)
	y := make([]float64, weeks)
	first := until - 7*float64(weeks)
	for _, d := range days {
		if w := int(math.Floor((d - first) / 7)); w >= 0 && w < weeks {
			y[w]++
		}
	}
	mean := float64(len(days)) / float64(max(1, weeks))
	b := [6]float64{math.Log(max(mean, 1e-3))}
	for range 25 {
		var a [6][6]float64
		var rhs [6]float64
		for w, n := range y {
			day := first + 7*float64(w) + 3.5
			s, c := math.Sincos(2 * math.Pi * day / yearDays)
			x := [6]float64{1, (day - (from+until)/2) / yearDays, c, s, c*c - s*s, 2 * s * c}
			var eta float64
			for i := range x {
				eta += x[i] * b[i]
			}
			m := math.Exp(min(eta, 30))
			z := eta + (n-m)/m
			for i := range x {
				for j := range x {
					a[i][j] += m * x[i] * x[j]
				}
				rhs[i] += m * x[i] * z
			}
		}
		for i := 2; i < 6; i++ {
			a[i][i] += seasonRidge
		}
		a[0][0], a[1][1] = a[0][0]+1e-9, a[1][1]+seasonRidge
		next := solve6(a, rhs)
		var moved float64
		for i := range b {
			moved = max(moved, math.Abs(next[i]-b[i]))
		}
		if b = next; moved < 1e-9 {
			break
		}
	}
	for _, v := range b {
		if !finite(v) {
			return [4]float64{}
		}
	}
	return [4]float64{b[2], b[3], b[4], b[5]}
}

// solve6 solves a x = b by Cholesky's decomposition; a is positive definite.
func solve6(a [6][6]float64, b [6]float64) [6]float64 {
	var l [6][6]float64
	for i := range 6 {
		for j := range i + 1 {
			v := a[i][j]
			for k := range j {
				v -= l[i][k] * l[j][k]
			}
			if i == j {
				l[i][i] = math.Sqrt(v)
			} else {
				l[i][j] = v / l[j][j]
			}
		}
	}
	var y, x [6]float64
	for i := range 6 {
		y[i] = b[i]
		for k := range i {
			y[i] -= l[i][k] * y[k]
		}
		y[i] /= l[i][i]
	}
	for i := 5; i >= 0; i-- {
		x[i] = y[i]
		for k := i + 1; k < 6; k++ {
			x[i] -= l[k][i] * x[k]
		}
		x[i] /= l[i][i]
	}
	return x
}
