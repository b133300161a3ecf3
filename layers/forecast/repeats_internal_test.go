package forecast

import (
	"strings"
	"testing"

	"onemap/layers/forecast/etas"
	"onemap/layers/forecast/hotspot"
)

// What the test for near repeats found is said in both languages, of the band
// that stands out most.
func TestRepeatsInWords(t *testing.T) {
	told := func(ratios, ps [3]float64) map[string]float64 {
		m := map[string]float64{}
		for k, b := range etas.Bands {
			m[b.Key()+" ratio"], m[b.Key()+" p"] = ratios[k], ps[k]
		}
		return m
	}
	for _, tt := range []struct {
		found  *hotspot.Finding
		zh, en string
	}{
		{nil, "", ""},
		{&hotspot.Finding{Holds: true, Told: told([3]float64{3.41, 1.69, 1.2}, [3]float64{0.01, 0.005, 0.2})}, "14 天、200 米", "within 14 days and 200 m are 1.69 times"},
		{&hotspot.Finding{Told: told([3]float64{0.97, 1.02, 1}, [3]float64{0.6, 0.3, 0.5})}, "未发现近重复", "have no weight"},
		{&hotspot.Finding{Told: map[string]float64{}}, "案件太少", "too few"},
	} {
		w := repeatWords(tt.found)
		if tt.found == nil {
			if w != nil {
				t.Errorf("nothing was asked: %v", w)
			}
			continue
		}
		if len(w) != 1 || !strings.Contains(w[0].ZH, tt.zh) || !strings.Contains(w[0].EN, tt.en) {
			t.Errorf("%+v: %v", tt.found, w)
		}
	}
}
