// Package hotspot forecasts how many events each cell of a city will see: the
// ladder of models from a plain count to the pool that is shipped.
//
// It is pure: values in, values out. It knows no database, no HTTP, no file and
// no clock, and the same events, parameters and cut give the same bits.
//
// Coordinates are [orb.Point] in metres of a local plane (easting, northing);
// times are days since an epoch that the caller chooses. An [Event] is a time
// and a place, and nothing else: no column about a person can reach a model.
//
// A forecast is made at a cut: a [Model] is fitted on the events before it and
// gives a [Fitted], which says what each cell of a [Space] may expect in a time
// after it.
package hotspot
