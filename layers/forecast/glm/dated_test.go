package glm_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"onemap/layers/forecast/glm"
	"onemap/layers/forecast/hotspot"
)

// Where a fire was, events come from the day on that it is known: a cell has
// three times as many. The model finds that, and a fire that becomes known
// after the cut changes no bit.
func TestDated(t *testing.T) {
	s := city(t)
	r := rand.New(rand.NewPCG(4, 1))
	fires := glm.Dated{Name: "fires"}
	burnt := map[int32]float64{}
	for day := range 300 {
		c := int32(r.IntN(s.Len()))
		if _, is := burnt[c]; is || len(burnt) == s.Len()/2 {
			continue
		}
		burnt[c] = float64(day)
		fires.Day, fires.Cell, fires.Weight = append(fires.Day, float64(day)), append(fires.Cell, c), append(fires.Weight, 1)
	}
	var past []hotspot.Event
	for day := range 400 {
		for c := range s.Len() {
			rate := 0.02
			if at, is := burnt[int32(c)]; is && at <= float64(day) {
				rate = 0.06
			}
			for range int(poisson(r, rate)) {
				past = append(past, hotspot.Event{Day: float64(day) + r.Float64(), At: s.Centre(c)})
			}
		}
	}
	hotspot.Sort(past)
	past = past[:hotspot.Before(past, 200)]
	fit := func(d glm.Dated) *glm.Fitted {
		f, err := glm.Model{Dated: []glm.Dated{d}}.Fit(t.Context(), s, past, 200)
		if err != nil {
			t.Fatal(err)
		}
		return f.(*glm.Fitted)
	}
	f := fit(fires)
	if b := f.Parameters()["b fires"]; !(b > 0.5) {
		t.Errorf("a fire has the coefficient %.2f: it is not found", b)
	}
	known := fires
	for i, day := range fires.Day {
		if day > 200 {
			known = glm.Dated{Name: "fires", Day: fires.Day[:i], Cell: fires.Cell[:i], Weight: fires.Weight[:i]}
			break
		}
	}
	if len(known.Day) == len(fires.Day) {
		t.Fatal("all fires are before the cut: nothing would be tested")
	}
	with, without := make([]float64, s.Len()), make([]float64, s.Len())
	f.Expect(200, 207, with)
	fit(known).Expect(200, 207, without)
	for c := range with {
		if with[c] != without[c] {
			t.Fatalf("cell %d expects %v, and %v without the fires that come later", c, with[c], without[c])
		}
	}
	// Gathered from around it is found as well.
	fires.AroundM = 100
	if b := fit(fires).Parameters()["b fires"]; math.IsNaN(b) || b == 0 {
		t.Errorf("gathered from around, fires have the coefficient %g", b)
	}
	for name, d := range map[string]glm.Dated{
		"unsorted":         {Name: "x", Day: []float64{2, 1}, Cell: []int32{0, 0}, Weight: []float64{1, 1}},
		"no such cell":     {Name: "x", Day: []float64{1}, Cell: []int32{int32(s.Len())}, Weight: []float64{1}},
		"of another city":  {Name: "x", Base: []float64{1}},
		"a weight missing": {Name: "x", Day: []float64{1}, Cell: []int32{0}},
	} {
		if _, err := (glm.Model{Dated: []glm.Dated{d}}).Fit(t.Context(), s, past, 200); !errors.Is(err, hotspot.ErrInput) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
