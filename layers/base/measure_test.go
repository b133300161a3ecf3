package base

import (
	"math"
	"testing"
)

func TestParseSpeed(t *testing.T) {
	for _, tt := range []struct {
		in   string
		want float64
		ok   bool
	}{
		{"50", 50, true}, {" 50 km/h ", 50, true}, {"30 mph", 48.28032, true}, {"30mph", 48.28032, true}, {"10 knots", 18.52, true},
		{"none", math.Inf(1), true}, {"CN:urban", 50, true}, {"walk", 6, true}, {"DE:zone:30", 30, true}, {"CN:60", 60, true},
		{"50;30", 50, true}, {"80|60", 80, true}, {"7,5", 7.5, true},
		{"signals", 0, false}, {"", 0, false}, {"fast", 0, false}, {"0", 0, false}, {"-5", 0, false}, {"9999", 0, false}, {"50 furlongs", 0, false},
		{"XX:nonsense", 0, false}, {"NaN", 0, false}, {"1e3", 0, false},
	} {
		if got, ok := parseSpeed(tt.in); ok != tt.ok || ok && math.Abs(got-tt.want) > 1e-6 && got != tt.want {
			t.Errorf("parseSpeed(%q) = %g, %v; want %g, %v", tt.in, got, ok, tt.want, tt.ok)
		}
	}
}

func TestParseHeight(t *testing.T) {
	for _, tt := range []struct {
		in   string
		want float64
		ok   bool
	}{
		{"12", 12, true}, {"12 m", 12, true}, {"3.5m", 3.5, true}, {"12,5", 12.5, true}, {"12米", 12, true},
		{"40'", 12.192, true}, {`5'6"`, 1.6764, true}, {"40 ft", 12.192, true}, {"0", 0, true},
		{"-3", 0, false}, {"1500", 0, false}, {"tall", 0, false}, {"", 0, false}, {"'", 0, false}, {"5'x", 0, false}, {"12 cubits", 0, false},
	} {
		if got, ok := parseHeight(tt.in); ok != tt.ok || ok && math.Abs(got-tt.want) > 1e-9 {
			t.Errorf("parseHeight(%q) = %g, %v; want %g, %v", tt.in, got, ok, tt.want, tt.ok)
		}
	}
}

func TestParseLevels(t *testing.T) {
	for _, tt := range []struct {
		in   string
		want int16
		ok   bool
	}{
		{"3", 3, true}, {"3.5", 3, true}, {"3;5", 5, true}, {"0", 0, true}, {"ground;2", 2, true},
		{"-1", 0, false}, {"many", 0, false}, {"", 0, false}, {"100000", 0, false},
	} {
		if got, ok := parseLevels(tt.in); got != tt.want || ok != tt.ok {
			t.Errorf("parseLevels(%q) = %d, %v; want %d, %v", tt.in, got, ok, tt.want, tt.ok)
		}
	}
}
