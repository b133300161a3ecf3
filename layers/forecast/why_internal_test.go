package forecast

import (
	"errors"
	"regexp"
	"testing"

	"onemap/layers"
	"onemap/layers/forecast/hotspot"
)

// Why there is no forecast is said in Chinese to who reads Chinese, and names no field of the API.
func TestWhyNotInBothLanguages(t *testing.T) {
	latin := regexp.MustCompile(`[A-Za-z_]`)
	one := make([]hotspot.Event, 1)
	same := make([]hotspot.Event, 2*fewest)
	for name, err := range map[string]error{
		"nobody reported": enough(nil, 0, 0), "all outside": enough(nil, 3, 3), "most outside": enough(same, 90, 100), "too few": enough(one, 0, 1), "one point": enough(same, 0, len(same)),
		"no ground": errNoGround(Lattice), "no grids": errNoGround(Duty),
	} {
		why, ok := whyNot(err)
		if !ok || why.EN == "" || latin.MatchString(why.ZH) {
			t.Errorf("%s: %v %q %q", name, ok, why.ZH, why.EN)
		}
		var input *layers.InputError
		if !errors.As(err, &input) || input.Field == "" {
			t.Errorf("%s: %v names no field", name, err)
		}
	}
	if _, ok := whyNot(errors.New("disk full")); ok {
		t.Error("what a planner cannot mend is put to a planner")
	}
}
