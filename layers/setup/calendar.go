package setup

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"onemap/layers/class"
)

// calendarFinding says whether the holidays of this year, and from November on
// of the next, are known: without them limits that run over a holiday end too early.
func calendarFinding(ctx context.Context, url string) Finding {
	f := Finding{"calendar", Good, "", ""}
	c, err := pgx.Connect(ctx, url)
	if err != nil {
		return Finding{"calendar", Warning, err.Error(), ""}
	}
	defer c.Close(context.WithoutCancel(ctx))
	var there bool
	if err := c.QueryRow(ctx, `SELECT to_regclass('onemap.calendar_day') IS NOT NULL`).Scan(&there); err != nil || !there {
		f.Found = "no calendar yet"
		return f
	}
	calendar, err := new(class.Store).Calendar(ctx, c)
	if err != nil {
		return Finding{"calendar", Fault, err.Error(), "mend the setting that it names; until then no case can be filed"}
	}
	f.Found = fmt.Sprintf("%d days, %s", len(calendar.Days), calendar.Zone)
	lacks := lacking(calendar.Days, time.Now().In(calendar.Zone))
	if len(lacks) > 0 {
		f.Level = Warning
		f.Remedy = fmt.Sprintf("no holidays are known for %s: every weekday there counts as a working day, and limits over a holiday end too early; enter the State Council's notice, PUT /api/v1/calendar", strings.Join(lacks, ", "))
	}
	return f
}

// lacking returns the years that should be known by now and have no days.
func lacking(days map[string]bool, now time.Time) []string {
	var lacks []string
	for _, t := range []time.Time{now, now.AddDate(0, 0, 61)} {
		year := t.Format("2006")
		if !named(days, year) && !slices.Contains(lacks, year) {
			lacks = append(lacks, year)
		}
	}
	return lacks
}

// named says whether days have one of a year.
func named(days map[string]bool, year string) bool {
	for d := range days {
		if strings.HasPrefix(d, year+"-") {
			return true
		}
	}
	return false
}
