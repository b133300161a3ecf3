package incident

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"onemap/layers/class"
)

// settings are those of the deployment that cases follow.
type settings struct {
	Rules
	DuplicateM     float64       // within how many metres a case of the same class is likely the same
	DuplicateTime  time.Duration // and how long before or after
	DispatchByRule bool          // a case goes on from filing to the department that a rule names
	LongOverdue    time.Duration // at least so far beyond its limit it is long overdue
}

// settingsAge is how long settings are used before they are read anew: an
// administrator's change is in force everywhere after it.
const settingsAge = 3 * time.Second

// keptSettings are settings and when they were read.
type keptSettings struct {
	mu   sync.Mutex
	at   time.Time
	kept settings
}

// classes is the store of classes that cases ask.
func (s *Store) classes() *class.Store {
	s.once.Do(func() {
		if s.Classes == nil {
			s.Classes = &class.Store{Layers: s.Layers}
		}
	})
	return s.Classes
}

// settings returns them as they were a few seconds ago at most.
func (s *Store) settings(ctx context.Context) (settings, error) {
	s.kept.mu.Lock()
	got, fresh := s.kept.kept, !s.kept.at.IsZero() && time.Since(s.kept.at) < settingsAge
	s.kept.mu.Unlock()
	var err error
	if !fresh {
		begun := time.Now()
		if got, err = readSettings(ctx, s.Layers.DB()); err != nil {
			return settings{}, err
		}
		s.kept.mu.Lock()
		s.kept.kept, s.kept.at = got, begun
		s.kept.mu.Unlock()
	}
	got.Rules, err = rulesOf(ctx, s.classes(), s.Layers.DB())
	return got, err
}

// rulesOf asks the classes' store, which keeps its answers for a moment.
func rulesOf(ctx context.Context, c *class.Store, db class.Reader) (r Rules, err error) {
	if r.Calendar, err = c.Calendar(ctx, db); err != nil {
		return Rules{}, err
	}
	if r.Stages, err = c.StageLimits(ctx, db); err != nil {
		return Rules{}, err
	}
	r.WarnPercent, err = c.WarnPercent(ctx, db)
	return r, err
}

// ReadRules reads what the clocks of cases run by.
func ReadRules(ctx context.Context, db class.Reader) (Rules, error) {
	return rulesOf(ctx, &class.Store{}, db)
}

// readSettings reads what cases follow beside the clocks.
func readSettings(ctx context.Context, db querier) (settings, error) {
	got := settings{DuplicateM: 50, DuplicateTime: 24 * time.Hour, DispatchByRule: true, LongOverdue: time.Hour}
	rows, err := db.Query(ctx, `SELECT key, value FROM onemap.setting WHERE key IN ('case.duplicate', 'case.dispatch_by_rule', 'case.long_overdue_minutes')`)
	if err != nil {
		return settings{}, fmt.Errorf("settings of cases: %w", err)
	}
	var key string
	var value []byte
	_, err = pgx.ForEachRow(rows, []any{&key, &value}, func() error {
		if err := got.read(key, value); err != nil {
			return fmt.Errorf("setting %s: %w", key, err)
		}
		return nil
	})
	if err != nil {
		return settings{}, fmt.Errorf("settings of cases: %w", err)
	}
	return got, nil
}

// read takes one setting in.
func (s *settings) read(key string, value []byte) error {
	switch key {
	case "case.dispatch_by_rule":
		return json.Unmarshal(value, &s.DispatchByRule)
	case "case.long_overdue_minutes":
		var n float64
		err := json.Unmarshal(value, &n)
		s.LongOverdue = time.Duration(n * float64(time.Minute))
		return err
	}
	var d struct{ Metres, Hours float64 }
	err := json.Unmarshal(value, &d)
	s.DuplicateM, s.DuplicateTime = d.Metres, time.Duration(d.Hours*float64(time.Hour))
	return err
}
