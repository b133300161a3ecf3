package access

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
	"onemap/layers/feed"
)

// signInRules are the settings under access., in memory.
type signInRules struct {
	factor []Role        // need a second factor
	idle   time.Duration // a session ends so long after its last use,
	max    time.Duration // and so long after it began
	keys   time.Duration // the longest term of a key made by oneself
	reason time.Duration // how long a reason holds
}

var defaultRules = signInRules{idle: 12 * time.Hour, max: 7 * 24 * time.Hour, keys: 366 * 24 * time.Hour, reason: 8 * time.Hour}

// set takes over a setting, and says whether someone's session may not hold
// any more. What cannot be read leaves things as they are. The caller holds mu.
func (st *state) set(key string, value []byte) (wakes bool) {
	r := &st.rules
	var n int
	switch key {
	case "access.second_factor":
		var roles []Role
		if json.Unmarshal(value, &roles) == nil && !slices.Equal(roles, r.factor) {
			r.factor = roles
			return true
		}
	case "access.session":
		var s struct {
			Idle int `json:"idle_minutes"`
			Max  int `json:"max_hours"`
		}
		if json.Unmarshal(value, &s) == nil && s.Idle > 0 && s.Max > 0 {
			r.idle, r.max = time.Duration(s.Idle)*time.Minute, time.Duration(s.Max)*time.Hour
		}
	case "access.key_days":
		if json.Unmarshal(value, &n) == nil && n > 0 {
			r.keys = time.Duration(n) * 24 * time.Hour
		}
	case "access.reason_minutes":
		if json.Unmarshal(value, &n) == nil && n > 0 {
			r.reason = time.Duration(n) * time.Minute
		}
	}
	return false
}

func (st *state) ruled() signInRules {
	st.mu.RLock()
	defer st.mu.RUnlock()
	return st.rules
}

func jsonIn(r feed.Row, column string) []byte { b, _ := r.Get(column).([]byte); return b }

// SignInRules are how people sign in here, as a security administrator sets it.
type SignInRules struct {
	SecondFactor  []Role `json:"second_factor"`  // the roles that need one
	IdleMinutes   int    `json:"idle_minutes"`   // a session ends so long after its last use,
	MaxHours      int    `json:"max_hours"`      // and so long after it began
	KeyDays       int    `json:"key_days"`       // the longest term of a key that somebody makes for themselves
	ReasonMinutes int    `json:"reason_minutes"` // how long a reason given for a sensitive layer holds
}

// SignInRules returns the rules in force, for whoever is signed in.
func (d *Directory) SignInRules(ctx context.Context, by Scope) (SignInRules, error) {
	if err := by.Require(); err != nil {
		return SignInRules{}, err
	}
	st, err := d.current(ctx)
	if err != nil {
		return SignInRules{}, err
	}
	r := st.ruled()
	return SignInRules{SecondFactor: append([]Role{}, r.factor...), IdleMinutes: int(r.idle.Minutes()), MaxHours: int(r.max.Hours()),
		KeyDays: int(r.keys.Hours() / 24), ReasonMinutes: int(r.reason.Minutes())}, nil
}

// SetSignInRules sets them, for a reason. Who has one of the roles and no second
// factor must set one up with the next request; open live connections end.
func (d *Directory) SetSignInRules(ctx context.Context, by Scope, r SignInRules, reason string) error {
	if err := by.Require(SecurityAdministrator); err != nil {
		return err
	}
	if strings.TrimSpace(reason) == "" {
		return &layers.InputError{Field: "reason", Remedy: "say why"}
	}
	for i, role := range r.SecondFactor {
		if !slices.Contains(Roles, role) || slices.Contains(r.SecondFactor[:i], role) {
			return &layers.InputError{Field: "second_factor", Value: string(role), Remedy: "each once, of " + roleNames()}
		}
	}
	for _, c := range []struct {
		field     string
		n         int
		from, top int
	}{{"idle_minutes", r.IdleMinutes, 5, 7 * 24 * 60}, {"max_hours", r.MaxHours, 1, 31 * 24}, {"key_days", r.KeyDays, 1, 3660}, {"reason_minutes", r.ReasonMinutes, 5, 24 * 60}} {
		if err := between(c.field, c.n, c.from, c.top); err != nil {
			return err
		}
	}
	values := map[string]any{
		"access.second_factor":  append([]Role{}, r.SecondFactor...),
		"access.session":        map[string]int{"idle_minutes": r.IdleMinutes, "max_hours": r.MaxHours},
		"access.key_days":       r.KeyDays,
		"access.reason_minutes": r.ReasonMinutes,
	}
	err := pgx.BeginFunc(ctx, d.db, func(tx pgx.Tx) error {
		for key, v := range values {
			if _, err := tx.Exec(ctx, `INSERT INTO onemap.setting (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value`, key, v); err != nil {
				return err
			}
		}
		return record(ctx, tx, by, Entry{Action: "sign_in_rules.change", Object: "setting/access", Result: Done, Reason: strings.TrimSpace(reason), Detail: values})
	})
	return asInput("set rules of signing in", err)
}

func between(field string, n, from, top int) error {
	if n < from || n > top {
		return &layers.InputError{Field: field, Value: fmt.Sprint(n), Remedy: fmt.Sprintf("%d to %d", from, top)}
	}
	return nil
}
