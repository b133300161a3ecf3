package glm

import (
	"math"

	"onemap/layers/forecast/hotspot"
)

// lags are the times before a cut whose events are columns, in days.
var lags = []struct {
	name string
	days float64
}{{"events of 28 days", 28}, {"events of 90 days", 90}, {"events of 365 days", 365}}

// aroundM is how far the events around a cell are gathered, a deviation in metres.
const aroundM = 300

func (m Model) names() []string {
	var out []string
	if m.Covariates != nil {
		out = append(out, m.Covariates.Names...)
	}
	for _, d := range m.Dated {
		out = append(out, d.Name)
	}
	for _, l := range lags {
		out = append(out, l.name)
	}
	return append(out, "events of all time", "events around")
}

// columns are what is known of the cells at a cut, cell by cell: the map's
// covariates; those that change with time; and of what happened, the logarithm of events a day in each lag,
// in a cell and around it, half an event being nothing.
func (m Model) columns(s *hotspot.Space, past []hotspot.Event, cut float64) []float64 {
	own := 0
	if m.Covariates != nil {
		own = len(m.Covariates.Names)
	}
	k := own + len(m.Dated) + len(lags) + 2
	x := make([]float64, s.Len()*k)
	for c := range s.Len() {
		if own > 0 {
			copy(x[c*k:], m.Covariates.Values[c*own:(c+1)*own])
		}
	}
	for _, d := range m.Dated {
		for c, v := range d.column(s, cut) {
			x[c*k+own] = v
		}
		own++
	}
	length := 1.0
	if len(past) > 0 {
		length = max(1, cut-past[0].Day)
	}
	put := func(col int, counts []float64, days float64) {
		for c, n := range counts {
			x[c*k+col] = math.Log((n + 0.5) / days)
		}
	}
	for i, l := range lags {
		counts := make([]float64, s.Len())
		s.Counts(past[hotspot.Before(past, cut-l.days):], counts)
		put(own+i, counts, min(l.days, length))
	}
	counts, around := make([]float64, s.Len()), make([]float64, s.Len())
	s.Counts(past, counts)
	put(own+len(lags), counts, length)
	s.Smooth(counts, max(aroundM, s.CellM()), around)
	for c, n := range around {
		// A density, so that grids of unlike size compare.
		x[c*k+k-1] = math.Log((n + 0.5*s.AreaM2(c)*float64(s.Len())/s.TotalM2()*0.1) / length / s.AreaM2(c))
	}
	return x
}
