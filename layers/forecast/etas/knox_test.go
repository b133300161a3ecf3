package etas_test

import (
	"compress/gzip"
	"encoding/csv"
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"onemap/layers/forecast/etas"
	"onemap/layers/forecast/hotspot"
)

// portland reads calls of a class and of the days [from, to), in metres of the
// state plane.
func portland(t *testing.T, class, from, to string) []hotspot.Event {
	t.Helper()
	f, err := os.Open("../../../../shared/data/portland/burglary_vehicle_theft_2012_2017.csv.gz")
	if err != nil {
		t.Skip("the shared data is not here: ", err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var out []hotspot.Event
	for r := csv.NewReader(z); ; {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			hotspot.Sort(out)
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		if row[1] != class || row[0] < from || row[0] >= to {
			continue
		}
		day, errDay := time.Parse(time.DateOnly, row[0])
		x, errX := strconv.ParseFloat(row[2], 64)
		y, errY := strconv.ParseFloat(row[3], 64)
		if err := errors.Join(errDay, errX, errY); err != nil {
			t.Fatal(err)
		}
		out = append(out, hotspot.Event{Day: day.Sub(time.Date(2012, 1, 1, 0, 0, 0, 0, time.UTC)).Hours() / 24, At: orb.Point{x * 0.3048, y * 0.3048}})
	}
}

// Ratios of Portland, 2015 and 2016: forecast.md, chapter 4.
func TestKnoxOfPortland(t *testing.T) {
	for class, want := range map[string][]float64{"BURGLARY": {3.41, 1.69, 1.20}, "MOTOR VEHICLE THEFT": {1.68, 1.26, 1.12}} {
		got, err := etas.Knox(t.Context(), portland(t, class, "2015-01-01", "2017-01-01"), etas.Bands)
		if err != nil {
			t.Fatal(err)
		}
		for k, r := range got {
			t.Logf("%s %+v", class, r)
			if math.Abs(r.Ratio/want[k]-1) > 0.05 {
				t.Errorf("%s %g d %g m: %.3f, want %.2f", class, r.Days, r.Metres, r.Ratio, want[k])
			}
		}
	}
}

// Every pair counted by hand, in a city without self-excitation.
func TestKnoxCountsPairs(t *testing.T) {
	s := square(t, 5000, 250)
	events := etas.Simulate(etas.Params{Mu: 10, Omega: 1, S: 1}, s.Bound(), 100, 0, 1)
	got, err := etas.Knox(t.Context(), events, etas.Bands)
	if err != nil {
		t.Fatal(err)
	}
	for k, b := range etas.Bands {
		var both int64
		for i := range events {
			for j := range i {
				d := events[i].At[0] - events[j].At[0]
				e := events[i].At[1] - events[j].At[1]
				if events[i].Day-events[j].Day <= b.Days && d*d+e*e <= b.Metres*b.Metres {
					both++
				}
			}
		}
		if got[k].Pairs != both {
			t.Errorf("%+v: %d pairs, want %d", b, got[k].Pairs, both)
		}
	}
	if r := got[2]; math.Abs(r.Ratio-1) > 0.15 || r.P < 0.01 {
		t.Errorf("events that have nothing to do with each other: %+v", r)
	}
	for _, events := range [][]hotspot.Event{nil, {{Day: 1}}} {
		if r, err := etas.Knox(t.Context(), events, etas.Bands); err != nil || r[0].Ratio != 0 {
			t.Errorf("%d events: %+v, %v", len(events), r, err)
		}
	}
	if _, err := etas.Knox(t.Context(), nil, []etas.Band{{-1, 0}}); !errors.Is(err, hotspot.ErrInput) {
		t.Errorf("a band of nothing: %v", err)
	}
}

// The test by permutation finds what brings others near by, and finds nothing
// where times have nothing to do with places, however unlike the places are.
// Its counts and its p are those of all pairs looked at one by one.
func TestNearRepeatsByPermutation(t *testing.T) {
	s := square(t, 4000, 250)
	set := etas.Simulate(etas.Params{Mu: 4, Theta: 0.3, Omega: 0.2, S: 60}, s.Bound(), 150, 12, 3)
	alone := etas.Simulate(etas.Params{Mu: 5, Omega: 1, S: 1}, s.Bound(), 150, 12, 4)
	for name, events := range map[string][]hotspot.Event{"self-exciting": set, "clustered, not self-exciting": alone} {
		got, err := etas.NearRepeats(t.Context(), events, etas.Bands, 1)
		if err != nil {
			t.Fatal(err)
		}
		again, _ := etas.NearRepeats(t.Context(), events, etas.Bands, 1)
		if !slices.Equal(got, again) {
			t.Errorf("%s: the same seed gives %+v and %+v", name, got, again)
		}
		for k, b := range etas.Bands {
			pairs := func(day func(i int) float64) (n int64) {
				for i := range events {
					for j := range i {
						d, e := events[i].At[0]-events[j].At[0], events[i].At[1]-events[j].At[1]
						if math.Abs(day(i)-day(j)) <= b.Days && d*d+e*e <= b.Metres*b.Metres {
							n++
						}
					}
				}
				return n
			}
			seen := pairs(func(i int) float64 { return events[i].Day })
			r := rand.New(rand.NewPCG(77, 1))
			const times = 99
			as, sum := 0, 0.0
			for range times {
				at := r.Perm(len(events))
				n := pairs(func(i int) float64 { return events[at[i]].Day })
				sum += float64(n)
				if n >= seen {
					as++
				}
			}
			p := (1 + float64(as)) / (1 + times)
			if got[k].Pairs != seen || math.Abs(got[k].Expected/(sum/times)-1) > 0.1 || math.Abs(got[k].P-p) > 0.15 {
				t.Errorf("%s, %+v: %+v; counted %d, shuffled %.1f, p %.2f", name, b, got[k], seen, sum/times, p)
			}
		}
		f, err := etas.Premise(1, "etas").Ask(t.Context(), events, 150)
		if err != nil || f.Holds != (name == "self-exciting") || f.Told["knox 7 d 100 m ratio"] != got[0].Ratio || f.Told["knox 7 d 100 m p"] != got[0].P {
			t.Errorf("%s: %+v, %v", name, f, err)
		}
	}
}

// Where events lie so close that there are too many pairs, the latest are asked;
// nothing, one event and all at one point are no error and no near repeats.
func TestNearRepeatsOfOddCities(t *testing.T) {
	var dense []hotspot.Event
	r := rand.New(rand.NewPCG(9, 9))
	for i := range 12_000 {
		dense = append(dense, hotspot.Event{Day: float64(i) / 40, At: orb.Point{600 * r.Float64(), 600 * r.Float64()}})
	}
	point := make([]hotspot.Event, 3000)
	for i := range point {
		point[i].Day = float64(i)
	}
	for name, events := range map[string][]hotspot.Event{"dense": dense, "a point": point, "none": nil, "one": dense[:1], "two": dense[:2]} {
		f, err := etas.Premise(5).Ask(t.Context(), events, 1e6)
		if err != nil || f.Holds {
			t.Errorf("%s: %+v, %v", name, f, err)
		}
		for key, v := range f.Told {
			if !(v >= 0) || math.IsInf(v, 1) {
				t.Errorf("%s: %s is %g", name, key, v)
			}
		}
	}
}
