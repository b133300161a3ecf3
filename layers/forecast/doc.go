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
// An event is a moment and a place. The reading query names two columns of
// map.incident, and the type it fills has two fields; nothing about a person
// has a way in.
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
