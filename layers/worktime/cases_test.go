package worktime_test

import (
	"testing"
	"time"

	"onemap/layers/worktime"
)

// city is a calendar of a Chinese city around the National Day of 2026:
// 1 to 7 October off, Sunday 20 September and Saturday 10 October made up.
func city(t testing.TB) worktime.Calendar {
	t.Helper()
	zone, err := worktime.ParseZone("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	office, err := worktime.ParseOffice([]byte(`[["08:00", "12:00"], ["14:00", "18:00"]]`))
	if err != nil {
		t.Fatal(err)
	}
	return worktime.Calendar{Zone: zone, Office: office, Days: map[string]bool{
		"2026-09-20": true, "2026-10-01": false, "2026-10-02": false, "2026-10-05": false, "2026-10-06": false, "2026-10-07": false, "2026-10-10": true,
	}}
}

// at reads "2026-11-02 08:00" in the calendar's zone.
func at(t testing.TB, c worktime.Calendar, text string) time.Time {
	t.Helper()
	for _, layout := range []string{"2006-01-02 15:04", "2006-01-02 15:04:05"} {
		if when, err := time.ParseInLocation(layout, text, c.Zone); err == nil {
			return when
		}
	}
	t.Fatalf("no time: %q", text)
	return time.Time{}
}

// TestDeadlines are the deadline cases of the field. 2 November 2026 is a Monday.
func TestDeadlines(t *testing.T) {
	c := city(t)
	for _, tt := range []struct {
		name, from, limit, want string
	}{
		{"inside one morning", "2026-11-02 08:30", "2工作时", "2026-11-02 10:30"},
		{"ends with the morning, not after lunch", "2026-11-02 08:00", "4工作时", "2026-11-02 12:00"},
		{"across lunch", "2026-11-02 11:00", "2工作时", "2026-11-02 15:00"},
		{"starts at lunch", "2026-11-02 12:30", "1工作时", "2026-11-02 15:00"},
		{"starts before office hours", "2026-11-02 03:00", "1工作时", "2026-11-02 09:00"},
		{"starts after office hours", "2026-11-02 20:00", "2工作时", "2026-11-03 10:00"},
		{"starts to the second", "2026-11-02 11:59:30", "1工作时", "2026-11-02 14:59:30"},
		{"Friday evening goes on Monday", "2026-11-06 19:00", "4工作时", "2026-11-09 12:00"},
		{"Friday afternoon and the weekend", "2026-11-06 17:00", "2工作时", "2026-11-09 09:00"},
		{"Saturday", "2026-11-07 10:00", "1工作时", "2026-11-09 09:00"},
		{"a whole week of office hours", "2026-11-02 08:00", "40工作时", "2026-11-06 18:00"},
		{"urgent at night", "2026-11-06 23:30", "2紧急工作时", "2026-11-07 01:30"},
		{"urgent on the holiday", "2026-10-03 02:00", "4紧急工作时", "2026-10-03 06:00"},
		{"working day inside a week", "2026-11-02 09:15", "1工作日", "2026-11-03 09:15"},
		{"working day over the weekend", "2026-11-06 16:00", "1工作日", "2026-11-09 16:00"},
		{"working days that begin on a weekend end with the last of them", "2026-11-07 10:00", "2工作日", "2026-11-11 00:00"},
		{"five working days", "2026-11-04 10:00", "5工作日", "2026-11-11 10:00"},
		{"natural days on the weekend", "2026-11-06 16:00", "2自然日", "2026-11-08 16:00"},
		{"15 working days over National Day and its made-up Saturday", "2026-09-28 09:00", "15工作日", "2026-10-23 09:00"},
		{"hours over the holiday block", "2026-09-30 17:00", "2工作时", "2026-10-08 09:00"},
		{"a working day over the holiday block", "2026-09-30 17:00", "1工作日", "2026-10-08 17:00"},
		{"the made-up Saturday counts", "2026-10-09 17:00", "2工作时", "2026-10-10 09:00"},
		{"and is a working day", "2026-10-09 17:00", "1工作日", "2026-10-10 17:00"},
		{"the Sunday after it does not", "2026-10-10 17:00", "1工作日", "2026-10-12 17:00"},
		{"the made-up Sunday before", "2026-09-19 12:00", "1工作时", "2026-09-20 09:00"},
		{"limit 0", "2026-11-07 10:00", "0工作时", "2026-11-07 10:00"},
		{"limit 0 of days", "2026-10-03 10:00", "0工作日", "2026-10-03 10:00"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l, err := worktime.ParseLimit(tt.limit)
			if err != nil {
				t.Fatal(err)
			}
			from, want := at(t, c, tt.from), at(t, c, tt.want)
			if got := c.Deadline(from, l); !got.Equal(want) {
				t.Errorf("%s from %s: %s, want %s", tt.limit, tt.from, got.In(c.Zone).Format("2006-01-02 15:04:05"), tt.want)
			}
			if got := c.Spent(from, want, l.Unit); got != l.Length() {
				t.Errorf("spent until the deadline: %s, want %s", got, l.Length())
			}
			if l.N > 0 && c.Spent(from, want.Add(-time.Second), l.Unit) != l.Length()-time.Second {
				t.Errorf("a second before it, as much is spent: the deadline is not the first instant")
			}
		})
	}
}

// TestSuspendedAndExtended shows how a stopped and a lengthened clock are
// counted: what was spent before and after the pause adds up, an extension is
// the limit once more.
func TestSuspendedAndExtended(t *testing.T) {
	c := city(t)
	limit := worktime.Limit{N: 8, Unit: worktime.WorkingHour}
	from, stop, again := at(t, c, "2026-11-02 10:00"), at(t, c, "2026-11-02 15:00"), at(t, c, "2026-11-12 20:00")

	spent := c.Spent(from, stop, limit.Unit) // 10–12 and 14–15
	if spent != 3*time.Hour {
		t.Fatalf("spent before the suspension: %s", spent)
	}
	if got, want := c.Add(again, limit.Length()-spent, limit.Unit), at(t, c, "2026-11-13 15:00"); !got.Equal(want) {
		t.Errorf("due after the suspension: %s, want %s", got, want)
	}
	if got, want := c.Add(from, 2*limit.Length(), limit.Unit), at(t, c, "2026-11-04 10:00"); !got.Equal(want) {
		t.Errorf("due after an extension: %s, want %s", got, want)
	}
}

func TestClocksWhereSummerTimeIsKept(t *testing.T) {
	zone := func(name string) *time.Location {
		z, err := worktime.ParseZone(name)
		if err != nil {
			t.Fatal(err)
		}
		return z
	}
	night := []worktime.Span{{From: 0, To: 6 * time.Hour}}
	days := map[string]bool{"2026-03-08": true, "2026-11-01": true} // Sundays made working days
	ny := worktime.Calendar{Zone: zone("America/New_York"), Office: night, Days: days}
	for _, tt := range []struct {
		name     string
		c        worktime.Calendar
		from, to string
		unit     worktime.Unit
		want     time.Duration
	}{
		{"a skipped hour is not worked", ny, "2026-03-08 00:00", "2026-03-09 00:00", worktime.WorkingHour, 5 * time.Hour},
		{"a repeated hour is worked twice", ny, "2026-11-01 00:00", "2026-11-02 00:00", worktime.WorkingHour, 7 * time.Hour},
		{"the short day", ny, "2026-03-08 00:00", "2026-03-09 00:00", worktime.WorkingDay, 23 * time.Hour},
		{"the long day", ny, "2026-11-01 00:00", "2026-11-02 00:00", worktime.WorkingDay, 25 * time.Hour},
		{"midnight that does not exist", worktime.Calendar{Zone: zone("America/Sao_Paulo"), Office: night, Days: map[string]bool{"2018-11-04": true}},
			"2018-11-03 12:00", "2018-11-04 12:00", worktime.WorkingHour, 5 * time.Hour},
		{"a day that Samoa left out", worktime.Calendar{Zone: zone("Pacific/Apia"), Office: night},
			"2011-12-29 00:00", "2012-01-01 00:00", worktime.WorkingDay, 24 * time.Hour},
		{"the zero calendar is of UTC", worktime.Calendar{}, "2026-11-06 12:00", "2026-11-09 12:00", worktime.WorkingDay, 24 * time.Hour},
	} {
		t.Run(tt.name, func(t *testing.T) {
			z := tt.c
			if z.Zone == nil {
				z.Zone = time.UTC
			}
			if got := tt.c.Spent(at(t, z, tt.from), at(t, z, tt.to), tt.unit); got != tt.want {
				t.Errorf("spent %s, want %s", got, tt.want)
			}
		})
	}
}

func TestAClockThatNeverRunsEnds(t *testing.T) {
	from := time.Date(2026, 11, 2, 8, 0, 0, 0, time.UTC)
	want := from.Add(worktime.Horizon)
	for name, c := range map[string]worktime.Calendar{"no office hours": {}, "unknown unit": city(t)} {
		unit := map[string]worktime.Unit{"no office hours": worktime.WorkingHour, "unknown unit": "fortnight"}[name]
		if got := c.Add(from, time.Second, unit); !got.Equal(want) {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	if got := city(t).Spent(from, from.AddDate(-1, 0, 0), worktime.WorkingDay); got != 0 {
		t.Errorf("a clock that runs backwards spent %s", got)
	}
}

func TestLight(t *testing.T) {
	for _, tt := range []struct {
		spent, limit time.Duration
		want         string
	}{
		{0, time.Hour, worktime.Green},
		{48*time.Minute - 1, time.Hour, worktime.Green},
		{48 * time.Minute, time.Hour, worktime.Yellow},
		{time.Hour, time.Hour, worktime.Yellow},
		{time.Hour + 1, time.Hour, worktime.Red},
		{0, 0, worktime.Yellow},
		{1, 0, worktime.Red},
	} {
		if got := worktime.Light(tt.spent, tt.limit, 80); got != tt.want {
			t.Errorf("%s of %s: %s, want %s", tt.spent, tt.limit, got, tt.want)
		}
	}
}
