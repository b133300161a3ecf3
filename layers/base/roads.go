package base

import (
	"math"

	"github.com/paulmach/osm"
)

// roadClasses are the classes of base_road and of road_edge: OSM's values of
// highway=*, with how fast cars go there where no limit is posted (km/h, 0: no
// cars), whether people on foot may go there, and whether it is one way by
// law. The speeds are those that traffic keeps in towns, not the legal limits.
var roadClasses = map[string]struct {
	kmh    float64
	foot   bool
	oneway bool
}{
	"motorway":       {100, false, true},
	"motorway_link":  {50, false, false},
	"trunk":          {75, true, false},
	"trunk_link":     {40, true, false},
	"primary":        {50, true, false},
	"primary_link":   {30, true, false},
	"secondary":      {45, true, false},
	"secondary_link": {30, true, false},
	"tertiary":       {40, true, false},
	"tertiary_link":  {25, true, false},
	"unclassified":   {30, true, false},
	"residential":    {25, true, false},
	"living_street":  {10, true, false},
	"service":        {15, true, false},
	"track":          {12, true, false},
	"road":           {25, true, false}, // class not known
	"busway":         {0, false, false},
	"pedestrian":     {0, true, false},
	"footway":        {0, true, false},
	"cycleway":       {0, true, false},
	"path":           {0, true, false},
	"bridleway":      {0, true, false},
	"steps":          {0, true, false},
	"corridor":       {0, true, false},
}

// notRoads are values of highway=* on ways that are no road: planned or gone,
// places beside a road, furniture.
var notRoads = map[string]bool{
	"proposed": true, "planned": true, "construction": true, "abandoned": true, "razed": true, "disused": true, "no": true,
	"platform": true, "bus_stop": true, "rest_area": true, "services": true, "elevator": true, "raceway": true,
	"via_ferrata": true, "emergency_bay": true, "passing_place": true, "street_lamp": true, "traffic_island": true,
	"crossing": true, "traffic_signals": true, "toll_gantry": true, "ladder": true,
}

// renamed are values of highway=* that mean a class under another name.
var renamed = map[string]string{"minor": "unclassified", "unsurfaced": "track", "bus_guideway": "busway", "ford": "unclassified",
	"byway": "track", "stairs": "steps", "trail": "path", "escape": "service", "emergency_access_point": ""}

// roadClass is the class of a road, "" for what is none, "road" for a value
// that nobody has heard of.
func roadClass(tags osm.Tags) string {
	v := tags.Find("highway")
	if v == "" || notRoads[v] || tags.Find("area") == "yes" {
		return ""
	}
	if c, ok := renamed[v]; ok {
		return c
	}
	if _, ok := roadClasses[v]; ok {
		return v
	}
	return "road"
}

// oneway is the direction in which vehicles may use a way.
type oneway uint8

const (
	bothWays oneway = iota
	forward         // as the way is drawn
	backward
	neither // it changes with the time of day, so no route may count on it
)

func onewayOf(tags osm.Tags) oneway {
	switch tags.Find("oneway") {
	case "yes", "true", "1":
		return forward
	case "-1", "reverse":
		return backward
	case "reversible":
		return neither
	case "no", "false", "0", "alternating":
		return bothWays
	}
	if j := tags.Find("junction"); j == "roundabout" || j == "circular" {
		return forward
	}
	if roadClasses[tags.Find("highway")].oneway {
		return forward
	}
	return bothWays
}

// How fast people walk, in km/h.
const (
	walkKmh  = 5.0
	stepsKmh = 2.5
)

// doorstepKmh is how fast cars go where only those may drive who live or
// deliver there: a route may begin or end there but will not pass through.
const doorstepKmh = 8.0

// A pace is how fast a road is passed, in km/h, 0 where it is closed.
type pace struct{ forward, backward, foot float64 }

func (p pace) open() bool { return p.forward > 0 || p.backward > 0 || p.foot > 0 }

// paceOf is how fast cars (as drawn, and against it) and people on foot pass a
// road, from its class, its speed limit and who may use it. Traffic does not
// keep the limit on average, so a posted one counts nine tenths.
func paceOf(tags osm.Tags, class string) pace {
	c := roadClasses[class]
	kmh := c.kmh
	// The most special tag that says something decides (wiki: Key:access).
	switch firstOf(tags, "motorcar", "motor_vehicle", "vehicle", "access") {
	case "no", "agricultural", "forestry", "emergency", "bus", "psv":
		kmh = 0
	case "private", "destination", "customers", "delivery", "residents", "permit":
		if kmh > 0 {
			kmh = doorstepKmh
		}
	case "yes", "designated", "permissive":
		// access=yes opens a footpath to nobody but walkers; a tag about cars does.
		if kmh == 0 && class != "busway" && firstOf(tags, "motorcar", "motor_vehicle", "vehicle") != "" && class != "steps" {
			kmh = doorstepKmh
		}
	}
	if limit, ok := parseSpeed(tags.Find("maxspeed")); ok && kmh > doorstepKmh {
		if math.IsInf(limit, 1) {
			limit = 130
		}
		kmh = math.Max(limit*0.9, 5)
	}
	p := pace{forward: kmh, backward: kmh}
	switch onewayOf(tags) {
	case forward:
		p.backward = 0
	case backward:
		p.forward = 0
	case neither:
		p.forward, p.backward = 0, 0
	}
	foot := c.foot && tags.Find("motorroad") != "yes"
	switch firstOf(tags, "foot", "access") {
	case "no", "use_sidepath":
		foot = false
	case "yes", "designated", "permissive":
		foot = foot || tags.Find("foot") != ""
	}
	if foot {
		p.foot = walkKmh
		if class == "steps" {
			p.foot = stepsKmh
		}
	}
	return p
}

func firstOf(tags osm.Tags, keys ...string) string {
	for _, k := range keys {
		if v := tags.Find(k); v != "" {
			return v
		}
	}
	return ""
}
