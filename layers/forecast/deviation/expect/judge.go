package expect

import (
	"cmp"
	"context"
	"math"
	"slices"
)

const (
	lookBack  = 3 * 365 // days that a season is fitted on
	shareDays = 365     // that shares are of
	tooLong   = 0.001   // a silence less likely than that is no chance
)

// past is what is known of one class up to the question's day.
type past struct {
	first, last int
	days        []float64       // counts of the city, from start on
	start       int             // the first day of days
	cells       map[int][]Count // by cell, sorted by day, the last lookBack days
	lastYear    int
}

// Judge holds the counts of the last windows against their expectation.
// Counts need no order; those of days to come are not looked at.
func Judge(ctx context.Context, counts []Count, q Question) (Answer, error) {
	if q.Windows == nil {
		q.Windows = []int{1, 7, 28}
	}
	if q.FDR == 0 {
		q.FDR = 0.1
	}
	if q.Least == 0 {
		q.Least = 3
	}
	if q.Weekday == nil {
		q.Weekday = func(day int) int { return ((day+4)%7 + 7) % 7 } // days since 1970-01-01, a Thursday
	}
	if q.Known == nil {
		q.Known = func(int, int) float64 { return 1 }
	}
	if q.Group == nil {
		q.Group = func(int) int { return 0 }
	}
	all := pasts(counts, q)
	out := Answer{FDR: q.FDR, Classes: make([]ClassState, q.Classes)}
	seasons := make([]season, q.Classes)
	for c := range all {
		out.Classes[c], seasons[c] = look(c, &all[c], q)
	}
	silences(all, seasons, out.Classes, q)
	weights := cellWeights(all, q)
	var tested []Finding
	for c := range all {
		if out.Classes[c].State != Judged {
			continue
		}
		if err := ctx.Err(); err != nil {
			return Answer{}, err
		}
		for _, w := range q.Windows {
			tested = append(tested, judgeClass(c, w, &all[c], seasons[c], weights, &out.Classes[c], q)...)
		}
	}
	out.Tests = len(tested)
	p := make([]float64, len(tested))
	for i, f := range tested {
		p[i] = f.P
	}
	n := 0
	for i, qv := range falseShare(p) {
		tested[i].Q = qv
		if qv <= q.FDR {
			n++
			if tested[i].N >= q.Least {
				out.Told = append(out.Told, tested[i])
			}
		}
	}
	out.Chance = math.Min(q.FDR*float64(n), float64(len(out.Told)))
	slices.SortStableFunc(out.Told, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Q, b.Q), cmp.Compare(a.P, b.P), cmp.Compare(a.Class, b.Class), cmp.Compare(a.Cell, b.Cell), cmp.Compare(a.Window, b.Window))
	})
	// One line for a class in a grid: the window that is least like chance.
	seen := map[[2]int]bool{}
	out.Told = slices.DeleteFunc(out.Told, func(f Finding) bool {
		k := [2]int{f.Class, f.Cell}
		again := seen[k]
		seen[k] = true
		return again
	})
	for i := range out.Told {
		f := &out.Told[i]
		f.Low, f.High = between(f.Expected, f.a)
	}
	return out, nil
}

// pasts sorts the counts by class.
func pasts(counts []Count, q Question) []past {
	all := make([]past, q.Classes)
	byDay := make([]map[int]int, q.Classes)
	for c := range all {
		all[c].cells, byDay[c] = map[int][]Count{}, map[int]int{}
	}
	for _, x := range counts {
		if x.Class < 0 || x.Class >= q.Classes || x.Day > q.Today || x.N <= 0 {
			continue
		}
		byDay[x.Class][x.Day] += x.N
		if x.Cell >= 0 && x.Cell < q.Cells && x.Day > q.Today-lookBack {
			all[x.Class].cells[x.Cell] = append(all[x.Class].cells[x.Cell], x)
		}
	}
	for c := range all {
		p := &all[c]
		days := make([]int, 0, len(byDay[c]))
		total := 0
		for d, n := range byDay[c] {
			days = append(days, d)
			total += n
			if d > q.Today-shareDays {
				p.lastYear += n
			}
		}
		if len(days) == 0 {
			continue
		}
		slices.Sort(days)
		// A stray date, mistyped by ten years, does not begin a class: the first
		// hundredth of its incidents is passed over.
		p.last, p.first = days[len(days)-1], days[0]
		for n, i := 0, 0; i < len(days); i++ {
			if n += byDay[c][days[i]]; n > total/100 {
				p.first = days[i]
				break
			}
		}
		p.start = max(p.first, q.Today-lookBack+1)
		p.days = make([]float64, q.Today-p.start+1)
		for d, n := range byDay[c] {
			if d >= p.start {
				p.days[d-p.start] += float64(n)
			}
		}
		for k := range p.cells {
			slices.SortFunc(p.cells[k], func(a, b Count) int { return cmp.Compare(a.Day, b.Day) })
		}
	}
	return all
}

// look says whether a class can be judged, and fits what is expected of it, on
// the days before the longest window.
func look(c int, p *past, q Question) (ClassState, season) {
	st := ClassState{Class: c, State: Judged, First: p.first, Last: p.last, LastYear: p.lastYear}
	switch {
	case len(p.days) == 0 || p.lastYear == 0:
		st.State = Empty
		return st, season{}
	case p.lastYear < fewInAYear:
		st.State = Few
		return st, season{}
	case q.Today-p.first+1 < newDays:
		st.State = New
		return st, season{}
	}
	to := q.Today - slices.Max(q.Windows)
	if to-p.start < 27 { // a class that is just old enough, under long windows
		to = p.start + 27
	}
	s := fitSeason(p.days[:to-p.start+1], p.start, to, q)
	st.Seasonal = s.waves
	s.correct(p.days, q.Today-slices.Min(q.Windows)+1)
	st.PerDay = s.at(q.Today)
	return st, s
}

// silences finds classes that ended longer ago than chance explains, and
// whether their whole group did.
func silences(all []past, seasons []season, states []ClassState, q Question) {
	type group struct {
		last int
		gap  float64 // expected since
	}
	groups := map[int]*group{}
	for c, st := range states {
		if st.State == Empty {
			continue
		}
		g := groups[q.Group(c)]
		if g == nil {
			g = &group{last: st.Last}
			groups[q.Group(c)] = g
		}
		g.last = max(g.last, st.Last)
	}
	since := func(c, last int) float64 {
		s, sum := seasons[c], 0.0
		s.correct(all[c].days, last+1)
		for d := last + 1; d <= q.Today; d++ {
			sum += s.at(d) * q.Known(c, q.Today-d)
		}
		return sum
	}
	for c, st := range states {
		if st.State == Judged {
			g := groups[q.Group(c)]
			g.gap += since(c, g.last)
		}
	}
	for c := range states {
		st := &states[c]
		if st.State != Judged {
			continue
		}
		if g := groups[q.Group(c)]; math.Exp(-g.gap) < tooLong && q.Today-g.last >= 2 {
			st.State = Slow
		} else if e := since(c, st.Last); 1-atLeast(1, e, 0.5) < tooLong && q.Today-st.Last >= 2 {
			st.State = Silent
		}
	}
}
