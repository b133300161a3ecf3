package worktime

import (
	"encoding/json"
	"fmt"
	"time"
)

// ParseZone finds a time zone by its name, "Asia/Shanghai".
func ParseZone(name string) (*time.Location, error) {
	if name == "" || name == "Local" { // the machine's own is not the city's
		return nil, fmt.Errorf("time zone %q: want a name such as Asia/Shanghai", name)
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("time zone %q: no such zone; want a name such as Asia/Shanghai", name)
	}
	return zone, nil
}

// ParseOffice reads office hours, [["08:00", "12:00"], ["14:00", "18:00"]]: in
// order, apart, at least one. The end of the day is "24:00".
func ParseOffice(text []byte) ([]Span, error) {
	var pairs [][]string
	if err := json.Unmarshal(text, &pairs); err != nil {
		return nil, fmt.Errorf(`office hours: want pairs of times, such as [["08:00", "12:00"], ["14:00", "18:00"]]`)
	}
	var office []Span
	for _, p := range pairs {
		if len(p) != 2 {
			return nil, fmt.Errorf(`office hours: want pairs of times, such as ["08:00", "12:00"]`)
		}
		from, err := parseClock(p[0])
		if err != nil {
			return nil, err
		}
		to, err := parseClock(p[1])
		if err != nil {
			return nil, err
		}
		office = append(office, Span{from, to})
	}
	if err := (Calendar{Office: office}).Check(); err != nil {
		return nil, err
	}
	return office, nil
}

// parseClock reads "08:30" as the time since midnight.
func parseClock(s string) (time.Duration, error) {
	if s == "24:00" {
		return day, nil
	}
	t, err := time.Parse("15:04", s)
	if err != nil || len(s) != len("15:04") {
		return 0, fmt.Errorf("office hours: %q is no time of day; want one such as 08:30", s)
	}
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute, nil
}

// FormatOffice writes office hours as ParseOffice reads them.
func FormatOffice(office []Span) [][]string {
	clock := func(d time.Duration) string { return fmt.Sprintf("%02d:%02d", d/time.Hour, d%time.Hour/time.Minute) }
	out := make([][]string, len(office))
	for i, s := range office {
		out[i] = []string{clock(s.From), clock(s.To)}
	}
	return out
}

// Check says what is wrong with a calendar, nil for a good one: it has office
// hours, in order and apart, within the day, and its days are dates.
func (c Calendar) Check() error {
	if len(c.Office) == 0 {
		return fmt.Errorf("office hours: none are given, so that no working hour would ever pass")
	}
	last := time.Duration(-1)
	for _, s := range c.Office {
		if s.From < 0 || s.To > day || s.From >= s.To {
			return fmt.Errorf("office hours: %v is not before %v on one day; cut hours over midnight in two", s.From, s.To)
		}
		if s.From <= last {
			return fmt.Errorf("office hours: %v follows %v; they stand in order, with a pause between them", s.From, last)
		}
		last = s.To
	}
	for d := range c.Days {
		if _, err := time.Parse(time.DateOnly, d); err != nil {
			return fmt.Errorf("calendar day %q: want a date such as 2026-10-01", d)
		}
	}
	return nil
}

// stageLimit is one step of the setting case.stage_limits: [30, "urgent"].
type stageLimit struct {
	minutes int
	clock   string
}

// UnmarshalJSON reads [30, "urgent"].
func (s *stageLimit) UnmarshalJSON(text []byte) error {
	var pair []json.RawMessage
	if err := json.Unmarshal(text, &pair); err != nil {
		return err
	}
	if len(pair) != 2 {
		return fmt.Errorf("%d values", len(pair))
	}
	if err := json.Unmarshal(pair[0], &s.minutes); err != nil {
		return err
	}
	return json.Unmarshal(pair[1], &s.clock)
}

// ParseStageLimits reads how long each state of a case may last:
// {"reported": [30, "urgent"], "disputed": [240, "working"]}, minutes and the
// clock: urgent runs without pause, working counts office hours. It does not
// know the states.
func ParseStageLimits(text []byte) (map[string]Allowance, error) {
	var limits map[string]stageLimit
	if err := json.Unmarshal(text, &limits); err != nil {
		return nil, fmt.Errorf(`stage limits: want minutes and clock of each state, such as {"reported": [30, "urgent"]}`)
	}
	out := make(map[string]Allowance, len(limits))
	for state, l := range limits {
		unit := map[string]Unit{"urgent": UrgentHour, "working": WorkingHour}[l.clock]
		if unit == "" {
			return nil, fmt.Errorf("stage limits: the clock of %q is %q; it is urgent or working", state, l.clock)
		}
		if l.minutes < 0 || l.minutes > MaxN*60 {
			return nil, fmt.Errorf("stage limits: %q has %d minutes; from 0 to %d", state, l.minutes, MaxN*60)
		}
		out[state] = Allowance{time.Duration(l.minutes) * time.Minute, unit}
	}
	return out, nil
}
