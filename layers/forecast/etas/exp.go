package etas

import "math"

// far is where e^-far is nothing beside what is near: 1e-13.
const far = 30

const stepsPerOne = 32

// decays has e^(-k/32) for all k up to far and a little beyond: a power of two
// of them, so that no index need be checked.
var decays = func() (t [1024]float64) {
	for k := range t {
		t[k] = math.Exp(-float64(k) / stepsPerOne)
	}
	return t
}()

// decay returns e^-z for 0 <= z <= far within 1e-11 of it: the nearest of the
// table's values times five terms of the series. An expectation step takes one
// for each pair of events, and this takes a third of math.Exp's time.
func decay(z float64) float64 {
	k := int(z*stepsPerOne + 0.5)
	r := float64(k)*(1.0/stepsPerOne) - z // at most 1/64 either way
	return decays[k&1023] * (1 + r*(1+r*(1.0/2+r*(1.0/6+r*(1.0/24)))))
}
