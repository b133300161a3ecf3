package score_test

import (
	"testing"

	"onemap/layers/forecast/score"
	"onemap/layers/forecast/score/scoretest"
)

// The measures of each entry follow from its counts and areas: a city is laid
// out that has them.
func TestTableOfTheChallenge(t *testing.T) {
	for _, row := range scoretest.Table {
		t.Run(row.Entry+" "+row.Class+" "+row.Horizon, func(t *testing.T) {
			all, events := row.City()
			for _, d := range row.Differ(scored(t, made(t, all), events, score.Rule{Flags: true})) {
				t.Error(d)
			}
		})
	}
}
