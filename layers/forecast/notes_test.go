package forecast_test

import (
	"strings"
	"testing"

	"onemap/layers/forecast"
)

// What a backtest is of, where that is not what was asked for, stands beside the
// verdict; so do cases of the future that were left out.
func TestNotesOfTheVerdict(t *testing.T) {
	w := newTown(t)
	w.report(500, 300, burglary, "hotline")
	w.exec(`UPDATE map.incident SET occurred_at = occurred_at + interval '3 years', reported_at = reported_at + interval '3 years' WHERE id IN (SELECT id FROM map.incident ORDER BY id LIMIT 7)`)
	const today, future, hours, shift, year, lattice = "as they are today", "7 incidents are dated after the data cut", "all hours of the day", "whole days", "windows of 28 days, not of 365", "heaviest parts"
	all := []string{today, future, hours, shift, year, lattice}
	for _, tt := range []struct {
		name   string
		change func(*forecast.Order)
		says   []string
	}{
		{"a week", func(*forecast.Order) {}, nil},
		{"some hours", func(o *forecast.Order) { o.Hours = []int{20, 21} }, []string{hours}},
		{"a shift", func(o *forecast.Order) { o.Horizon = "shift" }, []string{shift}},
		{"a year", func(o *forecast.Order) { o.Horizon = "year" }, []string{year}},
		{"a lattice", func(o *forecast.Order) { o.Space, o.CellM = forecast.Lattice, 500 }, []string{lattice}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w.t = t
			o := small()
			o.Horizon = "week"
			tt.change(&o)
			r := w.order(o)
			if r.State == forecast.Failed {
				t.Fatalf("%+v", r.Why)
			}
			var en []string
			for _, n := range r.Summary.Notes {
				en = append(en, n.EN)
				if n.ZH == "" || n.ZH == n.EN {
					t.Errorf("not in Chinese: %q", n.EN)
				}
			}
			said := strings.Join(en, "\n")
			for _, s := range all {
				want := s == today || s == future
				for _, x := range tt.says {
					want = want || s == x
				}
				if strings.Contains(said, s) != want {
					t.Errorf("%q is said: %v\n%s", s, !want, said)
				}
			}
		})
	}
}
