package crs_test

import (
	"math"
	"testing"

	"github.com/paulmach/orb"

	"onemap/geo/crs"
)

// The places are in Yiwu; eastings and northings are PROJ's.
func TestPlanes(t *testing.T) {
	for _, tt := range []struct {
		name string
		at   orb.Point
		want orb.Point
	}{
		{"EPSG:4549", orb.Point{120.0745, 29.3068}, orb.Point{507237.6600, 3243276.8179}},
		{"EPSG:4528", orb.Point{120.0745, 29.3068}, orb.Point{40507237.6600, 3243276.8179}},
		{"EPSG:4549", orb.Point{119.75, 28.95}, orb.Point{475628.5178, 3203753.2932}},
		{"EPSG:3857", orb.Point{120.0745, 29.3068}, orb.Point{13366632.1973, 3414753.0537}},
		{"EPSG:4501", orb.Point{135, 30}, orb.Point{23500000, 3320113.3979}},
		{"EPSG:4509", orb.Point{117, 30}, orb.Point{500000, 3320113.3979}},
		{"EPSG:32651", orb.Point{123, 30}, orb.Point{500000, 3318785.3525}},
	} {
		c, err := crs.Parse(tt.name)
		if err != nil {
			t.Fatal(err)
		}
		p, ok := crs.PlaneOf(c)
		if !ok {
			t.Fatalf("%s has no plane", tt.name)
		}
		got, ok := p.Forward(tt.at)
		if !ok || math.Hypot(got[0]-tt.want[0], got[1]-tt.want[1]) > 0.001 {
			t.Errorf("%s of %v: %.4f, want %.4f", tt.name, tt.at, got, tt.want)
		}
		back, ok := p.Inverse(got)
		if !ok || math.Hypot(back[0]-tt.at[0], back[1]-tt.at[1]) > 1e-9 {
			t.Errorf("%s there and back: %.10f, want %v", tt.name, back, tt.at)
		}
	}
	for _, name := range []string{"WGS84", "GCJ02", "EPSG:4490", "EPSG:2248", "EPSG:4555"} {
		c, err := crs.Parse(name)
		if err != nil {
			continue // refused: no plane either
		}
		if _, ok := crs.PlaneOf(c); ok {
			t.Errorf("%s has a plane", name)
		}
	}
}
