// Package population is population flow (人群流动图): how many people leave and
// reach each grid in each hour, and from where to where. Never persons.
//
// A trip is counted where it begins, in the hour it begins, and where it
// ends, in the hour it ends: n of a grid and hour is departures plus arrivals,
// the flow through the grid. It is not how many people are there: trips say
// nothing about those who stay. A flow from grid to grid is counted in the
// hour of departure. Trips are added up when a file is read and then forgotten.
//
// The counts themselves (onemap.population_count, onemap.population_flow) are no
// layer and are served to nobody. The layers population and population_od
// hold a release of them that [Release] makes.
package population

// A Trip is one journey. Grids are codes, "" outside of all; hours are the seconds since
// 1970 at which the hour began.
type Trip struct {
	From, To         string
	Departs, Arrives int64
}

// A Place is a grid in an hour.
type Place struct {
	Grid string
	Hour int64
}

// A Flow is from grid to grid in an hour.
type Flow struct {
	From, To string
	Hour     int64
}

// A Tally is trips added up. Its zero value is ready.
type Tally struct {
	Counts  map[Place]int32
	Flows   map[Flow]int32
	Trips   int64
	Outside int64 // ends of trips outside all grids: not counted
}

// Count adds a trip.
func (t *Tally) Count(trip Trip) {
	if t.Counts == nil {
		t.Counts, t.Flows = map[Place]int32{}, map[Flow]int32{}
	}
	t.Trips++
	if trip.From == "" {
		t.Outside++
	} else {
		t.Counts[Place{trip.From, trip.Departs}]++
	}
	if trip.To == "" {
		t.Outside++
	} else {
		t.Counts[Place{trip.To, trip.Arrives}]++
	}
	if trip.From != "" && trip.To != "" {
		t.Flows[Flow{trip.From, trip.To, trip.Departs}]++
	}
}

// Add adds another tally.
func (t *Tally) Add(o Tally) {
	if t.Counts == nil {
		t.Counts, t.Flows = map[Place]int32{}, map[Flow]int32{}
	}
	for k, n := range o.Counts {
		t.Counts[k] += n
	}
	for k, n := range o.Flows {
		t.Flows[k] += n
	}
	t.Trips += o.Trips
	t.Outside += o.Outside
}
