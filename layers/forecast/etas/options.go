package etas

import (
	"fmt"
	"math"

	"onemap/layers/forecast/hotspot"
)

// Params are the parameters of the process.
type Params struct {
	Mu    float64 // events of the background a day, in the whole city
	Theta float64 // events that one event sets off itself
	Omega float64 // 1/days: 1/ω is the mean time until they happen
	S     float64 // metres: their distance along each axis has this deviation
}

// Options say how to estimate. The zero value of a field that is a guard
// switches the guard off; [Guarded] has them on.
type Options struct {
	// BandwidthM is that of the background, a density drawn with a Gaussian
	// kernel over the events, each counting as far as it is not set off by
	// another. 0: the background is the same everywhere.
	BandwidthM float64
	// Uniform is the share of the background that is the same everywhere, for
	// events far from all others. It counts with BandwidthM only.
	Uniform float64

	FloorM   float64 // s is not less
	MaxTheta float64 // θ is not more
	// An event's influence ends at so many metres and days. 0: it does not.
	ReachM, ReachDays float64
	// Events that share their place to the last digit with an earlier one are
	// moved by up to so many metres, evenly within the disc: the precision of
	// geocoding. Events of which only the date is known are spread over the day
	// if DateOnly is set.
	JitterM  float64
	DateOnly bool
	Seed     uint64 // of those movements

	Iterations int     // at most; 0: 60
	Tolerance  float64 // stop when the log-likelihood changes by less, per event; 0: 1e-4
	Start      Params  // where to begin; of zero parameters the usual ones
	Workers    int     // cores; 0: all. It changes no bit of the result
}

// Guarded are the options for a city with cells of cellM metres: the floor
// max(75 m, half a cell), a background no wider than two cells, θ at most 0.9,
// influence over 500 m and 90 days.
func Guarded(cellM float64) Options {
	return Options{
		BandwidthM: min(max(cellM, 100), 400), Uniform: 0.02,
		FloorM: min(max(75, cellM/2), 400), MaxTheta: 0.9,
		ReachM: 500, ReachDays: 90, JitterM: 30,
		Iterations: 50, Tolerance: 1e-4,
	}
}

// check says what is wrong with options.
func (o Options) check() error {
	for _, f := range []struct {
		name  string
		value float64
		most  float64
	}{
		{"bandwidth", o.BandwidthM, math.MaxFloat64}, {"uniform share", o.Uniform, 1}, {"floor of s", o.FloorM, math.MaxFloat64},
		{"most θ", o.MaxTheta, math.Inf(1)}, {"reach in metres", o.ReachM, math.Inf(1)}, {"reach in days", o.ReachDays, math.Inf(1)},
		{"jitter", o.JitterM, math.MaxFloat64}, {"tolerance", o.Tolerance, math.MaxFloat64}, {"iterations", float64(o.Iterations), 1e6},
		{"start of μ", o.Start.Mu, math.MaxFloat64}, {"start of θ", o.Start.Theta, math.MaxFloat64},
		{"start of ω", o.Start.Omega, math.MaxFloat64}, {"start of s", o.Start.S, math.MaxFloat64},
	} {
		if !(f.value >= 0 && f.value <= f.most) {
			return fmt.Errorf("%w: etas: the %s is %g: give a number from 0 to %g", hotspot.ErrInput, f.name, f.value, f.most)
		}
	}
	return nil
}

// filled returns options with the usual value where one is zero and zero makes
// no sense.
func (o Options) filled() Options {
	or := func(v *float64, usual float64) {
		if *v == 0 {
			*v = usual
		}
	}
	or(&o.ReachM, math.Inf(1))
	or(&o.ReachDays, math.Inf(1))
	or(&o.MaxTheta, math.Inf(1))
	or(&o.Tolerance, 1e-4)
	or(&o.Start.Theta, 0.2)
	or(&o.Start.Omega, 1.0/20)
	or(&o.Start.S, 150)
	if o.Iterations == 0 {
		o.Iterations = 60
	}
	if o.BandwidthM == 0 {
		o.Uniform = 1
	}
	o.Start.S = max(o.Start.S, o.FloorM)
	o.Start.Theta = min(o.Start.Theta, o.MaxTheta)
	return o
}
