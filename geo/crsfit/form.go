package crsfit

import "math"

// A Form is how a number stands for a coordinate. All but Plain are of angles.
type Form uint8

const (
	// Plain: decimal degrees, or metres.
	Plain Form = iota
	// PackedMinutes: degrees times 100 plus minutes, as NMEA 0183 and many
	// devices write it: 12004.47 is 120° 4.47'.
	PackedMinutes
	// PackedSeconds: degrees times 10,000 plus minutes times 100 plus seconds:
	// 1200428.2 is 120° 4' 28.2".
	PackedSeconds
	// DotSeconds: the fraction is minutes and seconds, as surveyors' calculators
	// write it: 120.04282 is 120° 4' 28.2".
	DotSeconds
	// Micro: millionths of a degree: 120074500.
	Micro
	forms
)

var formNames = [forms]string{"plain", "ddmm", "ddmmss", "dd.mmss", "e6"}

// String returns "plain", "ddmm", "ddmmss", "dd.mmss" or "e6".
func (f Form) String() string { return formNames[f] }

func formNamed(name string) (Form, bool) {
	for f, n := range formNames {
		if n == name {
			return Form(f), true
		}
	}
	return 0, false
}

// secondSlack takes 60.0 seconds, which rounding makes of 59.99…, and no more.
const secondSlack = 1e-6

// degrees returns the coordinate that v stands for; false where it cannot be
// one: 60 minutes or more, NaN.
func (f Form) degrees(v float64) (float64, bool) {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return 0, false
	}
	sign := 1.0
	if v < 0 {
		sign, v = -1, -v
	}
	switch f {
	case PackedMinutes:
		d := math.Floor(v / 100)
		m := v - 100*d
		return sign * (d + m/60), m < 60
	case DotSeconds, PackedSeconds:
		if f == DotSeconds {
			// To a ten-millionth of a second: 120.04 is 120.03999… in binary.
			v = math.Round(v*1e11) / 1e7
		}
		d := math.Floor(v / 10_000)
		m := math.Floor((v - 10_000*d) / 100)
		s := v - 10_000*d - 100*m
		return sign * (d + m/60 + s/3600), m < 60 && s < 60+secondSlack
	case Micro:
		return sign * v / 1e6, true
	}
	return sign * v, true
}

// number undoes degrees.
func (f Form) number(deg float64) float64 {
	sign := 1.0
	if deg < 0 {
		sign, deg = -1, -deg
	}
	switch f {
	case PackedMinutes:
		d := math.Floor(deg)
		return sign * (100*d + (deg-d)*60)
	case PackedSeconds, DotSeconds:
		// A ten-millionth of a second is 3 micrometres.
		s := math.Round(deg*3600*1e7) / 1e7
		d := math.Floor(s / 3600)
		m := math.Floor((s - 3600*d) / 60)
		v := 10_000*d + 100*m + (s - 3600*d - 60*m)
		if f == DotSeconds {
			v /= 10_000
		}
		return sign * v
	case Micro:
		return sign * math.Round(deg*1e6)
	}
	return sign * deg
}
