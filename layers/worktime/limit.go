package worktime

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// A Limit is how long something may take.
type Limit struct {
	N    int
	Unit Unit
}

// MaxN is the largest number of a limit: ten years of hours.
const MaxN = 87_840

// Length returns the counted time of a limit: an hour is one hour, a day 24.
func (l Limit) Length() time.Duration {
	one := time.Hour
	if l.Unit == WorkingDay || l.Unit == NaturalDay {
		one = day
	}
	return time.Duration(min(max(l.N, 0), MaxN)) * one
}

// String returns the limit as [ParseLimit] reads it, "4 working_hour".
func (l Limit) String() string { return strconv.Itoa(l.N) + " " + string(l.Unit) }

// ZH returns the limit in the words of the field, 4工作时.
func (l Limit) ZH() string { return strconv.Itoa(l.N) + l.Unit.ZH() }

// ZH returns the unit's name in the field.
func (u Unit) ZH() string {
	switch u {
	case UrgentHour:
		return "紧急工作时"
	case WorkingHour:
		return "工作时"
	case WorkingDay:
		return "工作日"
	case NaturalDay:
		return "自然日"
	}
	return string(u)
}

// unitWords are the words in which limits are written. 小时, 天 and 紧急工作日 are
// read as one city's import does: keep the text beside the parsed value.
var unitWords = map[string]Unit{
	"urgent_hour": UrgentHour, "working_hour": WorkingHour, "working_day": WorkingDay, "natural_day": NaturalDay,
	"紧急工作时": UrgentHour, "紧急小时": UrgentHour,
	"工作时": WorkingHour, "工作小时": WorkingHour, "小时": WorkingHour, "个工作时": WorkingHour, "个小时": WorkingHour,
	"工作日": WorkingDay, "天": WorkingDay, "个工作日": WorkingDay,
	"自然日": NaturalDay, "紧急工作日": NaturalDay, "日": NaturalDay, "个自然日": NaturalDay,
}

// ParseLimit reads a limit: "4 working_hour", "4工作时", "2 紧急工作日".
func ParseLimit(text string) (Limit, error) {
	text = strings.TrimSpace(text)
	number := strings.IndexFunc(text, func(r rune) bool { return !unicode.IsDigit(r) })
	if number <= 0 {
		return Limit{}, fmt.Errorf("limit %q: want a number and a unit, such as 4 working_hour or 4工作时", text)
	}
	n, err := strconv.Atoi(ascii(text[:number]))
	if err != nil || n > MaxN {
		return Limit{}, fmt.Errorf("limit %q: the number is from 0 to %d", text, MaxN)
	}
	u, ok := unitWords[strings.ToLower(strings.TrimSpace(text[number:]))]
	if !ok {
		return Limit{}, fmt.Errorf("limit %q: the unit is 紧急工作时 (urgent_hour), 工作时 (working_hour), 工作日 (working_day) or 自然日 (natural_day)", text)
	}
	return Limit{n, u}, nil
}

// ascii turns full-width digits into ordinary ones.
func ascii(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '０' && r <= '９' {
			return r - '０' + '0'
		}
		return r
	}, s)
}

// Check says what is wrong with a limit, nil for a good one.
func (l Limit) Check() error {
	if l.N < 0 || l.N > MaxN {
		return fmt.Errorf("limit %d: the number is from 0 to %d", l.N, MaxN)
	}
	if !l.Unit.Known() {
		return fmt.Errorf("limit unit %q: one of %v", l.Unit, Units)
	}
	return nil
}

// An Allowance is a limit in minutes: how long a step of the command centre may take.
type Allowance struct {
	Time time.Duration
	Unit Unit // UrgentHour or WorkingHour: which clock
}

// The lights of a case's clock.
const (
	Green  = "green"  // below the share that warns
	Yellow = "yellow" // from there up to the whole limit
	Red    = "red"    // beyond it
)

// Light returns the colour of a clock that has spent so much of its limit,
// yellow from warn percent of it. A limit of nothing is red as soon as
// anything is spent.
func Light(spent, limit time.Duration, warn int) string {
	switch {
	case spent > limit:
		return Red
	case spent >= Share(limit, warn):
		return Yellow
	}
	return Green
}

// Share returns percent of a limit.
func Share(limit time.Duration, percent int) time.Duration {
	return limit/100*time.Duration(percent) + limit%100*time.Duration(percent)/100
}
