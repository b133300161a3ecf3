package evaluate

import (
	"fmt"
	"time"

	"onemap/layers"
)

// A Period is a span of time in the city's zone, [From, To). Until is what is
// counted up to: To, or now where To has not come.
type Period struct {
	Kind  string    `json:"kind" enum:"day,week,month,quarter,year,custom"`
	Label string    `json:"label" doc:"2026-11-22, 2026-W47, 2026-11, 2026-Q4, 2026, or from/to of custom, both included"`
	From  time.Time `json:"from"`
	To    time.Time `json:"to" doc:"The first moment after it"`
	Until time.Time `json:"until" doc:"What is counted up to: to, or now if that is earlier"`
}

// PeriodOf returns the period of a kind that holds the day at, a date in zone.
// Weeks begin on Monday (GB/T 7408).
func PeriodOf(kind string, at time.Time, zone *time.Location) (Period, error) {
	y, m, d := at.In(zone).Date()
	day := func(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, zone) }
	p := Period{Kind: kind}
	switch kind {
	case "day":
		p.From, p.To = day(y, m, d), day(y, m, d+1)
		p.Label = p.From.Format(time.DateOnly)
	case "week":
		back := (int(day(y, m, d).Weekday()) + 6) % 7
		p.From, p.To = day(y, m, d-back), day(y, m, d-back+7)
		wy, w := p.From.ISOWeek()
		p.Label = fmt.Sprintf("%d-W%02d", wy, w)
	case "month":
		p.From, p.To = day(y, m, 1), day(y, m+1, 1)
		p.Label = p.From.Format("2006-01")
	case "quarter":
		first := m - (m-1)%3
		p.From, p.To = day(y, first, 1), day(y, first+3, 1)
		p.Label = fmt.Sprintf("%d-Q%d", y, (first+2)/3)
	case "year":
		p.From, p.To = day(y, 1, 1), day(y+1, 1, 1)
		p.Label = fmt.Sprint(y)
	default:
		return Period{}, &layers.InputError{Field: "period", Value: kind, Remedy: "one of day, week, month, quarter, year, custom"}
	}
	return p, nil
}

// maxDays is how long a period may be: ten years and a bit.
const maxDays = 3700

// Custom returns the period from one day to another, both included.
func Custom(from, to time.Time, zone *time.Location) (Period, error) {
	y1, m1, d1 := from.In(zone).Date()
	y2, m2, d2 := to.In(zone).Date()
	p := Period{Kind: "custom", From: time.Date(y1, m1, d1, 0, 0, 0, 0, zone), To: time.Date(y2, m2, d2+1, 0, 0, 0, 0, zone)}
	if !p.From.Before(p.To) {
		return Period{}, &layers.InputError{Field: "to", Value: to.Format(time.DateOnly), Remedy: "a day not before from"}
	}
	if p.days() > maxDays {
		return Period{}, &layers.InputError{Field: "to", Value: to.Format(time.DateOnly), Remedy: "at most ten years after from"}
	}
	p.Label = p.From.Format(time.DateOnly) + "/" + p.To.AddDate(0, 0, -1).Format(time.DateOnly)
	return p, nil
}

func (p Period) days() int { return int(p.To.Sub(p.From).Hours()/24 + 0.5) }

// before is the period before it (环比): of custom the same number of days.
func (p Period) before() Period {
	zone := p.From.Location()
	if p.Kind == "custom" {
		q, _ := Custom(p.From.AddDate(0, 0, -p.days()), p.From.AddDate(0, 0, -1), zone)
		return q
	}
	q, _ := PeriodOf(p.Kind, p.From.AddDate(0, 0, -1), zone)
	return q
}

// yearBefore is the same period a year ago (同比). Of a week it is the one with
// the same weekdays, 52 weeks ago; the 29th of February compares with the 28th.
func (p Period) yearBefore() Period {
	zone := p.From.Location()
	switch p.Kind {
	case "week":
		q, _ := PeriodOf("week", p.From.AddDate(0, 0, -364), zone)
		return q
	case "custom":
		q, _ := Custom(yearAgo(p.From), yearAgo(p.To.AddDate(0, 0, -1)), zone)
		return q
	}
	q, _ := PeriodOf(p.Kind, yearAgo(p.From), zone)
	return q
}

func yearAgo(t time.Time) time.Time {
	if t.Month() == time.February && t.Day() == 29 {
		return t.AddDate(-1, 0, -1)
	}
	return t.AddDate(-1, 0, 0)
}

// cut returns it counted until now at the latest.
func (p Period) cut(now time.Time) Period {
	p.Until = p.To
	if now.Before(p.Until) {
		p.Until = now
	}
	if p.Until.Before(p.From) {
		p.Until = p.From
	}
	return p
}

// as returns it counted as far as p is: half a month is compared with half a month.
func (p Period) as(q Period) Period {
	q.Until = q.To
	if part := q.From.Add(p.Until.Sub(p.From)); p.Until.Before(p.To) && part.Before(q.To) {
		q.Until = part
	}
	return q
}
