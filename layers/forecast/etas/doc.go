// Package etas forecasts with a self-exciting point process: every event raises
// the rate around itself for a while, on top of a background that does not
// change. The intensity at day t and place x is
//
//	λ(t, x) = μ(x) + Σ_{t_i < t} g(t - t_i, |x - x_i|)
//	g(Δ, r) = θ · ω e^(-ωΔ) · e^(-r²/2s²) / (2πs²)
//
// θ is how many events one event sets off itself, 1/ω how long it takes them in
// days, s how far away they are in metres. The parameters are found by
// expectation and maximisation (Veen & Schoenberg 2008; Mohler et al. 2011,
// JASA 106:100), without a list of pairs.
//
// On the records of real cities the plain method collapses: many events share
// their coordinates to the last digit, so s goes to zero and the model predicts
// repeats at addresses and nothing else. [Options] has the guards against that,
// and [Model] sets them.
//
// It is pure: values in, values out, the same bits on any number of cores.
// Coordinates are metres of a local plane, times are days, as in hotspot.
package etas
