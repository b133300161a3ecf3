package glm

import (
	"cmp"
	"math"
	"slices"
)

// A Driver is what a column makes of the expectation of a cell: its factor
// against a cell that is average in that column.
type Driver struct {
	Name   string
	Value  float64 // of the column, in this cell
	Factor float64
}

// Drivers returns what makes a cell differ from the average, the strongest
// first. A model without events has none.
func (f *Fitted) Drivers(cell int) []Driver {
	if f.Result == nil || cell < 0 || cell >= len(f.rate) {
		return nil
	}
	k := len(f.names)
	out := make([]Driver, k)
	for i, name := range f.names {
		v := f.x[cell*k+i]
		out[i] = Driver{name, v, math.Exp(f.Beta[i] * (v - f.Mean[i]))}
	}
	slices.SortStableFunc(out, func(a, b Driver) int {
		return cmp.Compare(math.Abs(math.Log(b.Factor)), math.Abs(math.Log(a.Factor)))
	})
	return out
}
