package backup_test

import (
	"slices"
	"testing"
	"time"

	"onemap/layers/backup"
)

func TestRetain(t *testing.T) {
	now := time.Date(2026, 11, 23, 3, 0, 0, 0, time.UTC)
	// A whole copy each Sunday, the log each other day, for ninety days.
	var all []backup.Manifest
	base := ""
	for day := 90; day > 0; day-- {
		at := now.AddDate(0, 0, -day)
		m := backup.Manifest{ID: at.Format(time.DateOnly), Kind: backup.Physical, Moment: at}
		if at.Weekday() == time.Sunday || base == "" {
			base = m.ID
		}
		ended, err := time.Parse(time.DateOnly, base)
		if err != nil {
			t.Fatal(err)
		}
		m.Base = &backup.Base{ID: base, Ended: ended.Add(3 * time.Hour)}
		all = append(all, m)
	}
	ids := func(ms []backup.Manifest) (s []string) {
		for _, m := range ms {
			s = append(s, m.ID)
		}
		return s
	}
	for _, tt := range []struct {
		name  string
		rule  backup.Rule
		first []string // of those kept; all later than the last of it are kept too
	}{
		{"no rule keeps everything", backup.Rule{}, ids(all)[:1]},
		{"the window begins with the whole copy before it", backup.Rule{Days: 10}, []string{"2026-11-08"}},
		{"a day on which one was taken", backup.Rule{Days: 8}, []string{"2026-11-15"}},
		{"and the first whole copy of each month", backup.Rule{Days: 10, Months: 2}, []string{"2026-10-04", "2026-11-01", "2026-11-08"}},
		{"a window longer than all that there is", backup.Rule{Days: 365}, ids(all)[:1]},
	} {
		t.Run(tt.name, func(t *testing.T) {
			keep, drop := backup.Retain(all, tt.rule, now)
			i := slices.Index(ids(all), tt.first[len(tt.first)-1])
			want := append(slices.Clone(tt.first), ids(all)[i+1:]...)
			if !slices.Equal(ids(keep), want) {
				t.Errorf("kept %v, want %v", ids(keep), want)
			}
			if len(keep)+len(drop) != len(all) {
				t.Errorf("%d kept, %d let go, of %d", len(keep), len(drop), len(all))
			}
		})
	}
}
