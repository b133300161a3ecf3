// Package forecast is the store of forecasts: where incidents of some classes
// will probably happen, how far that can be trusted, and what it was made of.
//
// A planner orders a [Run]: classes, a horizon, a space of cells. A job reads
// the data cut, fits the ladder of layers/forecast/hotspot, holds it against
// what happened before (layers/forecast/backtest), and writes the cells into
// the layer forecast, which is drawn, filtered and exported as any other.
//
// # Places, never people
//
// An event is a moment and a place. The reading query names when cases of
// map.incident happened, when they were reported, and where; the type it fills
// has these fields; nothing about a person has a way in.
//
// # What was known when
//
// Cases are reported after they happen. A forecast of the past, in a backtest,
// learns from those that had been reported by then, and the number expected
// makes up for those of the last days that are still to be reported, by the
// delays of earlier ones ([Delay], in the record and in words).
//
// # Which classes may train
//
// None, unless it is marked as reported by the public (onemap.class,
// public_reported), and then only cases that somebody called in: those that a
// worker found on a round, a camera or a sensor saw are left out, for they
// follow the rounds and the cameras. Classes made by officers (arrests, raids,
// stops) can never be marked so: the table refuses it.
//
// # The same again
//
// A run keeps a record: the data cut with its hash, the ground, all parameters,
// the seed, the model and its parameters. Its hash names the run. [Store.Refit]
// makes it again from the record and compares the bits.
//
// # Trust
//
// Beside each forecast stands its backtest. One that fails its gate is
// withheld: its cells are not written, and the run says why. A setting turns
// all of it off (forecast.enabled).
package forecast
