package sharing

import (
	"context"
	"encoding/json"
	"fmt"

	"onemap/layers/class"
	"onemap/layers/worktime"
)

// Steps that have a limit: the keys of the setting sharing.limits.
const (
	answerLimit     = "answer"     // the provider, from the asking
	supplementLimit = "supplement" // the asker, from the query
	deliverLimit    = "deliver"    // the provider, from the grant, of what is not online
	disputeLimit    = "dispute"    // the authority
	authorityLimit  = "authority"  // the authority, from the provider's silence
)

var limitKeys = []string{answerLimit, supplementLimit, deliverLimit, disputeLimit, authorityLimit}

// Rules are the settings by which clocks run.
type Rules struct {
	Limits      map[string]worktime.Limit
	WarnPercent int // of a limit, from which on its clock is yellow
	LongestDays int // no request asks for longer
	EndingDays  int // so long before a grant's end the grantee is reminded
}

// rules reads the settings.
func (s *Store) rules(ctx context.Context, db class.Reader) (Rules, error) {
	var limits []byte
	r := Rules{}
	number := func(key string, otherwise int) string {
		return fmt.Sprintf(`coalesce((SELECT CASE WHEN jsonb_typeof(value) = 'number' THEN value::text::numeric::integer END FROM onemap.setting WHERE key = '%s'), %d)`, key, otherwise)
	}
	err := db.QueryRow(ctx, `SELECT coalesce((SELECT value FROM onemap.setting WHERE key = 'sharing.limits'), '{}'), `+
		number("sharing.warn_percent", 80)+", "+number("sharing.longest_days", 1096)+", "+number("sharing.ending_days", 30)).
		Scan(&limits, &r.WarnPercent, &r.LongestDays, &r.EndingDays)
	if err != nil {
		return Rules{}, fmt.Errorf("read rules of sharing: %w", err)
	}
	if r.Limits, err = ParseLimits(limits); err != nil {
		return Rules{}, fmt.Errorf("setting sharing.limits: %w", err)
	}
	return r, nil
}

// ParseLimits reads the setting sharing.limits: {"answer": "10 working_day", …}.
// What it leaves out is as the regulation has it.
func ParseLimits(text []byte) (map[string]worktime.Limit, error) {
	out := map[string]worktime.Limit{
		answerLimit: {N: 10, Unit: worktime.WorkingDay}, supplementLimit: {N: 10, Unit: worktime.WorkingDay}, deliverLimit: {N: 20, Unit: worktime.WorkingDay},
		disputeLimit: {N: 10, Unit: worktime.WorkingDay}, authorityLimit: {N: 3, Unit: worktime.WorkingDay},
	}
	var given map[string]string
	if err := json.Unmarshal(text, &given); err != nil {
		return nil, fmt.Errorf(`want limits by step, such as {"answer": "10 working_day"}`)
	}
	for step, words := range given {
		if _, known := out[step]; !known {
			return nil, fmt.Errorf("%q: no such step; the steps are %v", step, limitKeys)
		}
		l, err := worktime.ParseLimit(words)
		if err != nil {
			return nil, err
		}
		if l.N == 0 {
			return nil, fmt.Errorf("%s: a limit of nothing", step)
		}
		out[step] = l
	}
	return out, nil
}

// Rules returns the settings by which clocks run.
func (s *Store) Rules(ctx context.Context) (Rules, error) { return s.rules(ctx, s.Layers.DB()) }
