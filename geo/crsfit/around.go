package crsfit

import "github.com/paulmach/orb"

// A Place is where a candidate puts a row.
type Place struct {
	Row int // of the sample
	At  orb.Point
}

// Around is what the base library has around a place.
type Around struct {
	RoadM     float64 // to the middle of the nearest road, metres; [ReachM] or more: none is near
	BuildingM float64 // to the nearest building, 0 inside one; [ReachM] or more: none is near
	Named     Named
}

// Named says how a place stands to what its row says of where it is.
type Named int8

// Silent: the row names no place that the base library knows.
const (
	Silent    Named = iota
	Elsewhere       // it names a place that is not here
	Here            // it names the place that this is in, or next to
)

// ReachM is how far around a place it is looked, in metres.
const ReachM = 60

// Look returns what is around each of some places, in their order.
type Look func([]Place) ([]Around, error)
