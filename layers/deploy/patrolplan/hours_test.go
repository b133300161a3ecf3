package patrolplan

import (
	"math"
	"slices"
	"testing"
	"time"

	"onemap/layers/forecast"
)

// A week's forecast of 168 incidents in a cell whose zone has half of them in
// the four hours of Friday evening.
func TestShareOfTheWeek(t *testing.T) {
	city := time.FixedZone("city", 8*3600)
	monday := time.Date(2026, 3, 2, 0, 0, 0, 0, city)
	friday := monday.AddDate(0, 0, 4)
	night := make([]float64, 168)
	for h := range night {
		night[h] = 0.5 / 164
	}
	for h := 4*24 + 20; h < 5*24; h++ {
		night[h] = 0.5 / 4
	}
	run := forecast.Run{From: monday, To: monday.AddDate(0, 0, 7)}
	hours := forecast.Hours{Zones: []forecast.Zone{{Zone: 3, Shares: night}}}
	plan := func(from time.Time, d time.Duration) *Order {
		return &Order{Units: []UnitDraft{{From: from, Until: from.Add(d)}}}
	}
	evenings := run
	evenings.Hours = []int{20, 21, 22, 23}
	short := run
	short.From, short.To = friday.Add(20*time.Hour), friday.Add(24*time.Hour)
	for _, tt := range []struct {
		name        string
		run         forecast.Run
		o           *Order
		zone, other float64
		notes       []string
	}{
		{"Friday evening", run, plan(friday.Add(20*time.Hour), 4*time.Hour), 0.5, 4.0 / 168, []string{"hours_zone"}},
		{"half of its last hour", run, plan(friday.Add(23*time.Hour+30*time.Minute), 30*time.Minute), 0.5 / 8, 0.5 / 168, []string{"hours_zone"}},
		{"Monday morning", run, plan(monday.Add(8*time.Hour), 8*time.Hour), 8 * 0.5 / 164, 8.0 / 168, []string{"hours_zone"}},
		{"the next week", run, plan(friday.AddDate(0, 0, 7).Add(20*time.Hour), 4*time.Hour), 0.5, 4.0 / 168, []string{"hours_zone", "other_time"}},
		{"of evenings only", evenings, plan(friday.Add(20*time.Hour), 4*time.Hour), 0.5 / (0.5 + 24*0.5/164), 4.0 / 28, []string{"hours_zone"}},
		{"a morning, of evenings", evenings, plan(friday.Add(8*time.Hour), 4*time.Hour), (4 * 0.5 / 164) / (0.5 + 24*0.5/164), 4.0 / 28, []string{"hours_zone", "other_time"}},
		{"the whole of a shift", short, plan(short.From, 4*time.Hour), 1, 1, []string{"hours_zone"}},
	} {
		src := sourceOf(tt.run, hours, city, tt.o)
		if math.Abs(src.share(3)-tt.zone) > 1e-9 || math.Abs(src.share(9)-tt.other) > 1e-9 || !slices.Equal(src.notes, tt.notes) {
			t.Errorf("%s: %v and %v elsewhere, %v; want %v, %v, %v", tt.name, src.share(3), src.share(9), src.notes, tt.zone, tt.other, tt.notes)
		}
	}
	if src := sourceOf(run, forecast.Hours{}, city, plan(friday, 8*time.Hour)); !slices.Equal(src.notes, []string{"hours_even"}) {
		t.Errorf("no hours known: %v", src.notes)
	}
}
