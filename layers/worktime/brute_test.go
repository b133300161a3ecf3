package worktime_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"onemap/layers/worktime"
)

// A counter looks at every minute on its own: it knows nothing of days, only
// what the clock on the wall shows. Offices, zones and days change at whole
// minutes, so that a minute counts as a whole or not at all.
type counter struct {
	c     worktime.Calendar
	works map[[3]int]bool // by date, so that it is quick
}

// counts says whether the minute that begins at t, or the rest of it, counts.
func (b *counter) counts(t time.Time, u worktime.Unit) bool {
	if u == worktime.UrgentHour || u == worktime.NaturalDay {
		return true
	}
	t = t.In(b.c.Zone)
	y, m, d := t.Date()
	working, known := b.works[[3]int{y, int(m), d}]
	if !known {
		working = t.Weekday() != time.Saturday && t.Weekday() != time.Sunday
		if on, listed := b.c.Days[t.Format(time.DateOnly)]; listed {
			working = on
		}
		b.works[[3]int{y, int(m), d}] = working
	}
	if !working || u == worktime.WorkingDay {
		return working
	}
	hour, minute, _ := t.Clock()
	now := time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute
	for _, s := range b.c.Office {
		if now >= s.From && now < s.To {
			return true
		}
	}
	return false
}

// count returns the counted time of [from, to), and the first instant at which
// d was counted, if that is in it.
func (b *counter) count(from, to time.Time, u worktime.Unit, d time.Duration) (sum time.Duration, reached time.Time) {
	if d == 0 {
		reached = from
	}
	for t := from; t.Before(to); {
		next := t.Truncate(time.Minute).Add(time.Minute)
		if next.After(to) {
			next = to
		}
		if b.counts(t, u) {
			n := next.Sub(t)
			if reached.IsZero() && sum+n >= d {
				reached = t.Add(d - sum)
			}
			sum += n
		}
		t = next
	}
	return sum, reached
}

// TestAgainstEveryMinute compares 10,000 random cases, in five zones, with
// holidays, made-up days and odd office hours, with a count of every minute.
func TestAgainstEveryMinute(t *testing.T) {
	const cases = 10_000
	r := rand.New(rand.NewPCG(4, 2026))
	zones := []string{"Asia/Shanghai", "America/New_York", "Europe/Vaduz", "Australia/Lord_Howe", "Africa/Cairo"}
	var counters []*counter
	for _, name := range zones {
		counters = append(counters, &counter{c: randomCalendar(t, r, name), works: map[[3]int]bool{}})
	}
	start := time.Date(2024, 12, 28, 0, 0, 0, 0, time.UTC).Unix()
	for i := range cases {
		b := counters[i%len(counters)]
		u := worktime.Units[r.IntN(len(worktime.Units))]
		from := time.Unix(start+r.Int64N(2*366*86400), r.Int64N(1e9)/1000*1000)
		length := time.Duration(r.ExpFloat64() * float64(30*time.Hour)).Truncate(time.Microsecond)
		if i%500 == 0 {
			length = time.Duration(r.Int64N(int64(60 * 24 * time.Hour)))
		}
		to := from.Add(length)

		whole := b.c.Spent(from, to, u)
		d := time.Duration(r.Float64() * float64(whole)).Truncate(time.Microsecond)
		want, reached := b.count(from, to, u, d)
		if whole != want {
			t.Fatalf("case %d, %s in %s from %s to %s: spent %s, by minutes %s", i, u, b.c.Zone, from, to, whole, want)
		}
		if want == 0 {
			continue
		}
		got := b.c.Add(from, d, u)
		if !got.Equal(reached) {
			t.Fatalf("case %d, %s of %s in %s from %s: due %s, by minutes %s", i, d, u, b.c.Zone, from, got, reached)
		}
		if back := b.c.Spent(from, got, u); back != d {
			t.Fatalf("case %d, %s of %s in %s from %s: %s is spent when it is due", i, d, u, b.c.Zone, from, back)
		}
	}
}

// randomCalendar has random office hours and a holiday or made-up day about
// once in twelve days, so that blocks of them occur.
func randomCalendar(t *testing.T, r *rand.Rand, zone string) worktime.Calendar {
	z, err := worktime.ParseZone(zone)
	if err != nil {
		t.Fatal(err)
	}
	c := worktime.Calendar{Zone: z, Days: map[string]bool{}}
	for at := r.IntN(300); at < 1200; {
		to := at + 30 + r.IntN(400)
		c.Office = append(c.Office, worktime.Span{From: time.Duration(at) * time.Minute, To: time.Duration(min(to, 1440)) * time.Minute})
		at = to + 1 + r.IntN(300)
	}
	if err := c.Check(); err != nil {
		t.Fatal(err)
	}
	for d := time.Date(2024, 12, 1, 0, 0, 0, 0, time.UTC); d.Year() < 2028; d = d.AddDate(0, 0, 1) {
		if r.IntN(12) == 0 {
			on := r.IntN(2) == 0
			for range 1 + r.IntN(5) {
				c.Days[d.Format(time.DateOnly)] = on
				d = d.AddDate(0, 0, 1)
			}
		}
	}
	return c
}

// FuzzAddThenSpent holds that as much is spent at a deadline as was given, and
// less just before it.
func FuzzAddThenSpent(f *testing.F) {
	f.Add(int64(1_793_000_000), int64(0), int64(3600), uint8(1))
	f.Add(int64(-5_000_000_000), int64(999_999_999), int64(1), uint8(2))
	f.Add(int64(1_772_953_200), int64(1), int64(86_400), uint8(2))
	c := city(f)
	ny, err := worktime.ParseZone("America/New_York")
	if err != nil {
		f.Fatal(err)
	}
	american := c
	american.Zone = ny
	f.Fuzz(func(t *testing.T, second, nano, seconds int64, unit uint8) {
		from := time.Unix(second%20_000_000_000, nano%1_000_000_000)
		d := time.Duration(seconds%(400*86400)) * time.Second
		u := worktime.Units[int(unit)%len(worktime.Units)]
		for _, c := range []worktime.Calendar{c, american} {
			due := c.Add(from, d, u)
			if d <= 0 {
				if !due.Equal(from) {
					t.Fatalf("nothing from %s is due %s", from, due)
				}
				continue
			}
			if got := c.Spent(from, due, u); got != d {
				t.Fatalf("%s of %s from %s is due %s, when %s is spent", d, u, from, due, got)
			}
			if got := c.Spent(from, due.Add(-1), u); got != d-1 {
				t.Fatalf("%s of %s from %s is due %s, a nanosecond before it %s is spent", d, u, from, due, got)
			}
		}
	})
}

func BenchmarkAddAYear(b *testing.B) {
	c := city(b)
	from := at(b, c, "2026-11-02 09:00")
	for b.Loop() {
		c.Add(from, 250*24*time.Hour, worktime.WorkingDay)
	}
}

func BenchmarkAddHours(b *testing.B) {
	c := city(b)
	from := at(b, c, "2026-11-06 17:00")
	for b.Loop() {
		c.Add(from, 4*time.Hour, worktime.WorkingHour)
	}
}
