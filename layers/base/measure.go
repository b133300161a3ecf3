package base

import (
	"math"
	"strconv"
	"strings"
)

// Speeds that a country's law sets, by the values of maxspeed that name the
// law in the place of a number, in km/h. The list holds what the wiki page
// "Default speed limits" gives and onemap's users meet; an unknown name is no
// speed.
var lawSpeeds = map[string]float64{
	"CN:urban": 50, "CN:rural": 70, "CN:motorway": 120, "CN:trunk": 100,
	"DE:urban": 50, "DE:rural": 100, "DE:living_street": 7,
	"AT:urban": 50, "AT:rural": 100, "AT:motorway": 130, "AT:trunk": 100,
	"CH:urban": 50, "CH:rural": 80, "CH:motorway": 120, "CH:trunk": 100,
	"FR:urban": 50, "FR:rural": 80, "FR:motorway": 130,
	"GB:nsl_single": 96.56064, "GB:nsl_dual": 112.65408, "GB:motorway": 112.65408,
	"JP:urban": 60, "JP:rural": 60, "JP:motorway": 100,
	"RU:urban": 60, "RU:rural": 90, "RU:motorway": 110, "RU:living_street": 20,
	"walk": 6,
}

const (
	kmPerMile         = 1.609344
	kmPerNauticalMile = 1.852
	metresPerFoot     = 0.3048
	metresPerInch     = 0.0254
)

// parseSpeed reads OSM's maxspeed in km/h: "50", "50 km/h", "30 mph",
// "10 knots", "CN:urban", "walk". Of several ("50;30", "60|80") the first
// counts. "none" is no limit and gives +Inf; "signals", "variable" and what is
// no speed give false.
func parseSpeed(s string) (kmh float64, ok bool) {
	if i := strings.IndexAny(s, ";|"); i >= 0 {
		s = s[:i]
	}
	s = strings.TrimSpace(s)
	if v, ok := lawSpeeds[s]; ok {
		return v, true
	}
	// "CN:50" and "DE:zone:30" say a law and its number.
	if i := strings.LastIndexByte(s, ':'); i >= 0 {
		s = s[i+1:]
	}
	if s == "none" {
		return math.Inf(1), true
	}
	v, unit, ok := number(s)
	if !ok {
		return 0, false
	}
	switch unit {
	case "", "km/h", "kmh", "kph", "kmph":
	case "mph":
		v *= kmPerMile
	case "knots", "knot", "kn":
		v *= kmPerNauticalMile
	default:
		return 0, false
	}
	return v, v > 0 && v <= 300
}

// parseHeight reads a length in metres: "12", "3.5 m", "12,5", "40'", `5'6"`,
// "40 ft". A value above 1,000 m (no building is) or below 0 gives false.
func parseHeight(s string) (m float64, ok bool) {
	s = strings.TrimSpace(s)
	if feet, rest, found := strings.Cut(s, "'"); found {
		f, unit, ok := number(feet)
		if !ok || unit != "" {
			return 0, false
		}
		m = f * metresPerFoot
		if rest = strings.TrimSpace(strings.TrimRight(strings.TrimSpace(rest), `"'`)); rest != "" {
			in, unit, ok := number(rest)
			if !ok || unit != "" {
				return 0, false
			}
			m += in * metresPerInch
		}
		return m, m >= 0 && m <= 1000
	}
	m, unit, ok := number(s)
	if !ok {
		return 0, false
	}
	switch unit {
	case "", "m", "metre", "metres", "meter", "meters", "米":
	case "ft", "feet", "foot":
		m *= metresPerFoot
	default:
		return 0, false
	}
	return m, m >= 0 && m <= 1000
}

// parseLevels reads a count of storeys. Half a storey ("3.5": a finished roof)
// counts as the storeys below it; of several ("3;5") the largest counts.
func parseLevels(s string) (n int16, ok bool) {
	for part := range strings.SplitSeq(s, ";") {
		v, unit, good := number(part)
		if !good || unit != "" || v < 0 || v > 200 {
			continue
		}
		n, ok = max(n, int16(v)), true
	}
	return n, ok
}

// number cuts a decimal number from the front of s and returns what follows it,
// in lower case. A comma counts as the decimal point that it is in half of
// Europe.
func number(s string) (v float64, rest string, ok bool) {
	s = strings.TrimSpace(s)
	end := strings.IndexFunc(s, func(r rune) bool { return (r < '0' || r > '9') && r != '.' && r != ',' && r != '-' && r != '+' })
	if end < 0 {
		end = len(s)
	}
	v, err := strconv.ParseFloat(strings.Replace(s[:end], ",", ".", 1), 64)
	if err != nil {
		return 0, "", false
	}
	return v, strings.ToLower(strings.TrimSpace(s[end:])), true
}
