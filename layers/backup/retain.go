package backup

import (
	"context"
	"fmt"
	"time"
)

// A Rule says what is kept. The newest backup always is.
type Rule struct {
	Days   int // any moment of so many days back can be had; 0: everything is kept
	Months int // and of so many months the first full backup
}

// retain splits manifests, oldest first, by a rule.
func retain(all []Manifest, rule Rule, now time.Time) (keep, drop []Manifest) {
	if rule.Days <= 0 || len(all) == 0 {
		return all, nil
	}
	// From the newest full backup that is older than the window on, all is needed.
	since, anchor := now.AddDate(0, 0, -rule.Days), 0
	for i, m := range all {
		reached := m.Moment
		if m.Base != nil {
			reached = m.Base.Ended
		}
		if m.Full() && !reached.After(since) {
			anchor = i
		}
	}
	oldest := now.AddDate(0, -rule.Months, 0).Format("2006-01")
	seen := map[string]bool{}
	for i, m := range all {
		month := m.Moment.UTC().Format("2006-01")
		first := m.Full() && !seen[month] && rule.Months > 0 && month > oldest
		if m.Full() {
			seen[month] = true
		}
		if i >= anchor || first {
			keep = append(keep, m)
		} else {
			drop = append(drop, m)
		}
	}
	return keep, drop
}

// prune removes what the rule does not keep, and what backups that were cut
// short left behind. Manifests go first: what remains half removed is not there.
func prune(ctx context.Context, t Target, all []Manifest, rule Rule, now time.Time) (dropped int, err error) {
	keep, drop := retain(all, rule, now)
	for _, m := range drop {
		if err := t.Remove(ctx, manifestName(m.ID)); err != nil {
			return 0, fmt.Errorf("remove backup %s: %w", m.ID, err)
		}
	}
	needed := map[string]bool{}
	lists := map[string]bool{}
	for _, m := range keep {
		if m.Base != nil {
			needed[m.Base.Of.Name] = true
		}
		if m.Dump != nil {
			needed[m.Dump.Name] = true
		}
		for _, s := range m.WAL {
			needed[s.Name] = true
		}
		needed[m.Files.Name] = true
		if lists[m.Files.Name] {
			continue
		}
		lists[m.Files.Name] = true
		list, err := files(ctx, t, m)
		if err != nil {
			return len(drop), err // a torn list: nothing is removed by it
		}
		for _, f := range list {
			needed[f.object().Name] = true
		}
	}
	for _, prefix := range []string{"base/", "wal/", "dump/", "lists/", "files/"} {
		names, err := t.List(ctx, prefix)
		if err != nil {
			return len(drop), err
		}
		for name := range names {
			if !needed[name] {
				if err := t.Remove(ctx, name); err != nil {
					return len(drop), fmt.Errorf("remove %s: %w", name, err)
				}
			}
		}
	}
	return len(drop), nil
}
