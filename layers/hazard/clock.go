package hazard

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"onemap/layers/worktime"
)

// limit returns how many natural days a state may take, 0 for no limit, and at
// what percentage it turns yellow.
func limit(ctx context.Context, db querier, state string) (days, warn int, err error) {
	var limits, percent []byte
	err = db.QueryRow(ctx, `SELECT (SELECT value FROM onemap.setting WHERE key = 'hazard.limits'), (SELECT value FROM onemap.setting WHERE key = 'hazard.warn_percent')`).
		Scan(&limits, &percent)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return 0, 0, fmt.Errorf("limits of hazards: %w", err)
	}
	all := map[string]int{}
	if limits != nil {
		if err := json.Unmarshal(limits, &all); err != nil {
			return 0, 0, fmt.Errorf("setting hazard.limits: %w", err)
		}
	}
	warn = 80
	if percent != nil {
		if err := json.Unmarshal(percent, &warn); err != nil {
			return 0, 0, fmt.Errorf("setting hazard.warn_percent: %w", err)
		}
	}
	return all[state], warn, nil
}

// deadline returns when days natural days from then on turn yellow and red.
func deadline(from time.Time, days, warn int) (yellow, red time.Time) {
	l := worktime.Limit{N: days, Unit: worktime.NaturalDay}
	return worktime.Calendar{}.Add(from, worktime.Share(l.Length(), warn), worktime.NaturalDay), worktime.Calendar{}.Deadline(from, l)
}

// running returns the clock of a hazard in a state since then: its term's while
// it is rectified, the state's limit else; nil, nil where none runs.
func running(ctx context.Context, db querier, state string, since time.Time, term *time.Time) (yellow, red *time.Time, err error) {
	days, warn, err := limit(ctx, db, state)
	if err != nil || ended(state) {
		return nil, nil, err
	}
	if state == Rectifying {
		if term == nil {
			return nil, nil, nil
		}
		y := since.Add(worktime.Share(max(term.Sub(since), 0), warn))
		return &y, term, nil
	}
	if days <= 0 {
		return nil, nil, nil
	}
	y, r := deadline(since, days, warn)
	return &y, &r, nil
}
