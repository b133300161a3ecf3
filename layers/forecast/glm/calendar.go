package glm

import (
	"context"
	"errors"
	"math"

	"onemap/layers/forecast/hotspot"
)

const (
	yearDays     = 365.25
	seasonFrom   = 2 * yearDays // of history, before which no season is learned
	calendarBack = 5 * yearDays
	calendarHold = 30 // ridge, in events
)

// A calendar is how the days of the city differ: a Poisson regression of its
// daily totals on the day of the week, two yearly harmonics and holidays, on a
// slow trend that is left out of the forecast. Its factors have mean 1.
type calendar struct {
	weekday [7]float64 // on the log scale, by day since the epoch modulo 7
	season  [4]float64
	holiday float64
	is      func(day float64) bool
	level   float64 // ln of the mean factor
}

// newCalendar learns it from sorted days. Short histories have no season, and
// fewer than three weeks no weekdays.
func newCalendar(ctx context.Context, days []float64, until float64, is func(float64) bool) (calendar, error) {
	c := calendar{is: is}
	first := max(math.Floor(days[0]), math.Floor(until-calendarBack))
	n := int(math.Floor(until) - first) // whole days
	if n < 21 {
		return c, nil
	}
	seasonal := until-days[0] >= seasonFrom
	d := Data{Y: make([]float64, n), Names: []string{"trend", "d1", "d2", "d3", "d4", "d5", "d6"}}
	if seasonal {
		d.Names = append(d.Names, "c1", "s1", "c2", "s2")
	}
	if is != nil {
		d.Names = append(d.Names, "holiday")
	}
	for _, day := range days {
		if i := int(math.Floor(day) - first); i >= 0 && i < n {
			d.Y[i]++
		}
	}
	for i := range n {
		day := first + float64(i)
		row := make([]float64, 7)
		row[0] = float64(i) / yearDays
		if w := weekdayOf(day); w > 0 {
			row[w] = 1
		}
		if seasonal {
			h := harmonics(day + 0.5)
			row = append(row, h[:]...)
		}
		if is != nil {
			v := 0.0
			if is(day) {
				v = 1
			}
			row = append(row, v)
		}
		d.X = append(d.X, row...)
	}
	r, err := Fit(ctx, d, Options{Lambda: calendarHold, Iterations: 30, Workers: 1})
	if errors.Is(err, hotspot.ErrInput) {
		return c, nil // no day has an event: all days are alike
	}
	if err != nil {
		return c, err
	}
	copy(c.weekday[1:], r.Beta[1:7])
	at := 7
	if seasonal {
		copy(c.season[:], r.Beta[7:11])
		at = 11
	}
	if is != nil {
		c.holiday = r.Beta[at]
	}
	// The mean over the last year, or over all there is.
	from := max(first, math.Floor(until)-365)
	if sum := c.days(from, math.Floor(until)); sum > 0 {
		c.level = math.Log(sum / (math.Floor(until) - from))
	}
	return c, nil
}

func weekdayOf(day float64) int {
	w := int(math.Mod(math.Floor(day), 7))
	if w < 0 {
		w += 7
	}
	return w
}

func harmonics(day float64) [4]float64 {
	s, c := math.Sincos(2 * math.Pi * day / yearDays)
	return [4]float64{c, s, c*c - s*s, 2 * s * c}
}

// factor of a day.
func (c calendar) factor(day float64) float64 {
	eta := c.weekday[weekdayOf(day)] - c.level
	for i, h := range harmonics(math.Floor(day) + 0.5) {
		eta += c.season[i] * h
	}
	if c.is != nil && c.holiday != 0 && c.is(math.Floor(day)) {
		eta += c.holiday
	}
	return math.Exp(eta)
}

// days is a time in mean days.
func (c calendar) days(from, to float64) float64 {
	var sum float64
	for d := from; d < to; {
		next := min(math.Floor(d)+1, to)
		if next <= d {
			break
		}
		sum += (next - d) * c.factor((d+next)/2)
		d = next
	}
	return sum
}
