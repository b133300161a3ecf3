package setup

import (
	"slices"
	"testing"
	"time"
)

func TestYearsWithoutHolidays(t *testing.T) {
	known := map[string]bool{"2026-01-01": false, "2026-10-10": true}
	for now, want := range map[string][]string{
		"2025-10-15": {"2025"},
		"2025-12-01": {"2025"},
		"2026-06-01": nil,
		"2026-10-31": nil,
		"2026-11-02": {"2027"},
		"2027-02-01": {"2027"},
		"2027-12-01": {"2027", "2028"},
	} {
		at, err := time.Parse(time.DateOnly, now)
		if err != nil {
			t.Fatal(err)
		}
		if got := lacking(known, at); !slices.Equal(got, want) {
			t.Errorf("on %s: %v, want %v", now, got, want)
		}
	}
}
