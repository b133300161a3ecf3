// Package roads is the road network in memory: how long it takes from here to
// there, by car or on foot, at what hour of the week.
//
// A [Graph] is map.road_edge as one [Profile] travels it. [New] makes one of
// values alone; [Store] reads the network from the database, keeps graphs and
// matrices until the network or its speeds change, and is what others ask.
//
// Coordinates are longitude and latitude (EPSG:4326), times are seconds,
// lengths are metres. A place that cannot be reached is [Unreachable] seconds
// away, never far beyond some large number.
//
// The costs of an edge are those of its import (layers/base: by class, posted
// limit and who may drive there), divided by the profile's factor for its class
// and hour. They say what is usual, not what will happen on a day; they know no
// turn restrictions and no signals.
package roads

import (
	"errors"
	"math"

	"github.com/paulmach/orb"
)

// ErrNoRoads: the map has no road network, or none that the profile may use.
var ErrNoRoads = errors.New("there is no road network: import one with onemap import osm")

// Unreachable is the time to where no road leads.
var Unreachable = float32(math.Inf(1))

// How one travels.
const (
	Car       = "car"       // as traffic goes
	Emergency = "emergency" // a fire engine, or police with blue lights
	Foot      = "foot"
)

// A Profile says how and when one travels. Its zero value is by car over the
// typical hour. Profiles are comparable.
type Profile struct {
	Mode string // Car, Emergency or Foot; "" is Car
	Hour Hour   // which of its factors count; on foot none
}

// An Hour is an hour of the week, or the typical one.
type Hour uint8

// Typical is the hour for which no factor of a peak hour counts.
const Typical Hour = 0

// HourOf is the hour that begins at hour (0 to 23) of a day of the week: 0 is
// Monday, 6 Sunday.
func HourOf(day, hour int) Hour { return Hour(1 + 24*(day%7) + hour%24) }

// Of gives the day and hour back; ok is false for Typical.
func (h Hour) Of() (day, hour int, ok bool) {
	if h == Typical || h > 7*24 {
		return 0, 0, false
	}
	return int(h-1) / 24, int(h-1) % 24, true
}

// A Place is a point brought to the network. Places belong to the network they
// were snapped to, for every profile's graph of it.
type Place struct {
	At   orb.Point // as it was asked
	On   orb.Point // the nearest point of a road that may be used
	OffM float64   // metres between the two; passed at walking pace, or slowly by car
	// Part is the connected part of the network it is on: 0 the largest.
	// Places of different parts do not reach each other.
	Part int
	// Core is true where one gets to every other place of the core and back.
	// One-way roads that lead only out of a part, or only in, are not in it.
	Core bool

	edge  int32
	along float64 // of the edge's length, 0 at its source
}

// An Edge is a road between two crossings.
type Edge struct {
	ID, Source, Target int64
	LengthM            float64
	// Seconds as drawn and against it, by car, and on foot either way; below
	// 0 where it is closed, which is pgRouting's convention.
	Forward, Backward, Foot float64
	Class                   string // OSM's value of highway=*
	Line                    orb.LineString
}

// Parts says how a graph hangs together.
type Parts struct {
	Nodes   int // crossings and ends that the profile may use
	Edges   int
	Count   int // connected parts, directions left aside
	Largest int // nodes of the largest part
	Core    int // nodes of the largest part from which all others of the core can be reached, and back
}
