package glm

import (
	"context"
	"fmt"
	"math"
	"slices"

	"onemap/layers/forecast/hotspot"
)

// Covariates are what is known of the cells of a Space from the map: buildings,
// shops, street lights, enterprises by risk, water supply. Columns that count
// things do better as ln(1 + count). Nothing about persons is a column of these.
type Covariates struct {
	Names  []string
	Values []float64 // cell by cell
}

// Model is the regression as one of the ladder of models. What it knows of a
// cell are its covariates and what happened in it and around it before; the
// city's weekdays, season and holidays multiply that. The zero value is ready.
type Model struct {
	Covariates *Covariates // nil: none
	Dated      []Dated     // of what changes with time
	// Holiday says whether a day since the epoch is one; nil: none is known.
	Holiday func(day float64) bool
	WindowD float64 // days of a row; 0: 28
	Windows int     // of each cell that are learned from; 0: 12
	Lambda  float64 // the ridge; 0: 20 events
}

// Name implements [hotspot.Model].
func (Model) Name() string { return "glm" }

// Fitted is a regression that forecasts the cells of its Space.
type Fitted struct {
	*Result
	model Model
	s     *hotspot.Space
	rate  []float64 // by cell: events a day of the calendar's mean
	x     []float64 // cell by cell, at the cut
	cal   calendar
	names []string
}

// Fit implements [hotspot.Model]. The rows are cells by windows: the counts of
// a window, and what was known before it.
func (m Model) Fit(ctx context.Context, s *hotspot.Space, past []hotspot.Event, until float64) (hotspot.Fitted, error) {
	if err := hotspot.Check(past, until); err != nil {
		return nil, err
	}
	if m.Covariates != nil && len(m.Covariates.Values) != s.Len()*len(m.Covariates.Names) {
		return nil, fmt.Errorf("%w: glm: %d values of %d covariates for %d cells", hotspot.ErrInput, len(m.Covariates.Values), len(m.Covariates.Names), s.Len())
	}
	for _, c := range m.Dated {
		if err := c.check(s.Len()); err != nil {
			return nil, err
		}
	}
	if m.WindowD < 0 || m.Windows < 0 || m.Lambda < 0 || math.IsNaN(m.WindowD+m.Lambda) {
		return nil, fmt.Errorf("%w: glm: the window, the number of windows and the ridge must not be negative", hotspot.ErrInput)
	}
	m = m.filled()
	f := &Fitted{model: m, s: s, rate: make([]float64, s.Len())}
	inside := 0
	for _, e := range past {
		if s.CellAt(e.At) >= 0 {
			inside++
		}
	}
	if inside == 0 {
		return f, nil // nothing happened: nothing is expected
	}
	days := make([]float64, len(past))
	for i, e := range past {
		days[i] = e.Day
	}
	var err error
	if f.cal, err = newCalendar(ctx, days, until, m.Holiday); err != nil {
		return nil, err
	}
	d, err := m.rows(ctx, s, past, until, f.cal)
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(d.Y, func(n float64) bool { return n > 0 }) {
		return f, nil // nothing has happened for so long, or nothing is known of it yet
	}
	if f.Result, err = Fit(ctx, d, Options{Lambda: m.Lambda, Iterations: 30, Tolerance: 1e-7}); err != nil {
		return nil, err
	}
	f.names = d.Names
	f.x = m.columns(s, past, until)
	k := len(d.Names)
	for c := range f.rate {
		f.rate[c] = f.Predict(f.x[c*k:(c+1)*k], math.Log(s.AreaM2(c)))
	}
	return f, nil
}

func (m Model) filled() Model {
	if m.WindowD == 0 {
		m.WindowD = 28
	}
	if m.Windows == 0 {
		m.Windows = 12
	}
	if m.Lambda == 0 {
		m.Lambda = 20
	}
	return m
}

// rows makes the data of the last windows. The first window begins where
// history does, so where that is short there are fewer, and at the least one
// of the whole of it.
func (m Model) rows(ctx context.Context, s *hotspot.Space, past []hotspot.Event, until float64, cal calendar) (Data, error) {
	length := max(1, until-past[0].Day) // a history of an hour is not a flood
	window := min(m.WindowD, length)
	n := min(max(int(length/window), 1), m.Windows)
	d := Data{Names: m.names()}
	for w := n; w >= 1; w-- {
		if err := ctx.Err(); err != nil {
			return d, err
		}
		from := until - float64(w)*window
		to := from + window
		y := make([]float64, s.Len())
		before := hotspot.Before(past, from)
		s.Counts(past[before:hotspot.Before(past, to)], y)
		d.Y = append(d.Y, y...)
		d.X = append(d.X, m.columns(s, past[:before], from)...)
		exposure := math.Log(max(cal.days(from, to), 1e-6))
		for c := range y {
			d.Offset = append(d.Offset, math.Log(s.AreaM2(c))+exposure)
		}
	}
	return d, nil
}

// Expect implements [hotspot.Fitted].
func (f *Fitted) Expect(from, to float64, into []float64) {
	days := f.cal.days(from, to)
	for c, r := range f.rate {
		into[c] = r * days
	}
}

// Parameters implements [hotspot.Told].
func (f *Fitted) Parameters() map[string]float64 {
	m := map[string]float64{}
	if f.Result == nil {
		return m
	}
	m["intercept"], m["dispersion"], m["alpha"], m["deviance"] = f.Intercept, f.Dispersion, f.Alpha, f.Deviance
	for k, name := range f.names {
		m["b "+name] = f.Beta[k]
	}
	for d := 1; d < len(f.cal.weekday); d++ {
		m[fmt.Sprintf("b weekday %d", d)] = f.cal.weekday[d]
	}
	for i, b := range f.cal.season {
		m[fmt.Sprintf("b season %d", i+1)] = b
	}
	if f.cal.is != nil {
		m["b holiday"] = f.cal.holiday
	}
	return m
}
