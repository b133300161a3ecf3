package forecast

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
	"onemap/layers/access"
)

// A Standing order is a forecast that is made again by itself: each shift, day,
// week (Mondays) or month (the first), half an hour before that begins.
type Standing struct {
	ID      int64      `json:"id"`
	Title   string     `json:"title"`
	Dept    string     `json:"dept,omitempty"`
	Every   string     `json:"every" enum:"shift,day,week,month"`
	NextAt  time.Time  `json:"next_at"`
	Order   Params     `json:"order" doc:"Its times are those of each run"`
	MadeBy  string     `json:"made_by"`
	MadeAt  time.Time  `json:"made_at"`
	EndedAt *time.Time `json:"ended_at,omitempty"`
	LastRun int64      `json:"last_run,omitempty"`

	org string // whose it is
}

// ahead is how long before its time a standing order is made.
const ahead = 30 * time.Minute

// Stand makes an order a standing one. Its first run is that of the next time. One
// sent again with its uuid is the same, again true. It returns an error wrapping
// [layers.ErrConflict] for a uuid of another order, and where an organisation has
// as many as it may.
func (s *Store) Stand(ctx context.Context, by access.Scope, o Order, every string) (st Standing, again bool, err error) {
	set, err := s.settings(ctx)
	if err != nil {
		return Standing{}, false, err
	}
	if !set.enabled {
		return Standing{}, false, ErrOff
	}
	if o.Dept, err = s.mayOrder(ctx, by, o.Dept); err != nil {
		return Standing{}, false, err
	}
	o.From, o.Until = time.Time{}, time.Time{}
	a, err := o.asked(by, every)
	if err != nil {
		return Standing{}, false, err
	}
	id, again, err := a.before(ctx, s.Layers.DB(), "forecast_standing")
	if err != nil {
		return Standing{}, false, err
	}
	if again {
		st, err = s.standing(ctx, by, id)
		return st, true, err
	}
	p, classes, err := s.params(ctx, o, set)
	if err != nil {
		return Standing{}, false, err
	}
	next, err := nextTime(s.now(), every, set)
	if err != nil {
		return Standing{}, false, err
	}
	body, err := json.Marshal(p)
	if err != nil {
		return Standing{}, false, err
	}
	person, _ := by.Person()
	err = pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) error {
		if err := roomToStand(ctx, tx, by.Org().Code); err != nil {
			return err
		}
		err := tx.QueryRow(ctx, `INSERT INTO onemap.forecast_standing (uuid, content, title, dept_code, params, every, next_at, made_by, org) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING id`,
			a.number(), a.content, titleOf(o.Title, classes), p.Dept, body, every, next, person.Login, by.Org().Code).Scan(&id)
		if err != nil {
			return err
		}
		return access.RecordTx(ctx, tx, by, access.Entry{Action: "forecast.stand", Object: fmt.Sprintf("forecast-standing/%d", id), Result: access.Done, Address: o.Address,
			Detail: map[string]any{"every": every, "classes": p.Classes}})
	})
	if taken(err) {
		id, again, err = a.before(ctx, s.Layers.DB(), "forecast_standing")
	}
	if err != nil {
		return Standing{}, false, access.Wrap("standing forecast", err)
	}
	st, err = s.standing(ctx, by, id)
	return st, again, err
}

// nextTime is when a standing order is due next.
func nextTime(after time.Time, every string, set settings) (time.Time, error) {
	at := after.Add(ahead).In(set.zone)
	midnight := time.Date(at.Year(), at.Month(), at.Day(), 0, 0, 0, 0, set.zone)
	var t time.Time
	switch every {
	case "shift":
		t = nextStart(after.Add(ahead+time.Second), "shift", set)
	case "day":
		t = midnight.AddDate(0, 0, 1)
	case "week":
		t = midnight.AddDate(0, 0, 7-(int(at.Weekday())+6)%7)
	case "month":
		t = time.Date(at.Year(), at.Month()+1, 1, 0, 0, 0, 0, set.zone)
	default:
		return t, &layers.InputError{Field: "every", Value: layers.Short(every), Remedy: "one of shift, day, week, month"}
	}
	return t.Add(-ahead).UTC(), nil
}

// Standings lists the standing orders that the caller may see, those that ended last.
func (s *Store) Standings(ctx context.Context, by access.Scope) ([]Standing, error) {
	return s.standings(ctx, by, "true", 0)
}

func (s *Store) standing(ctx context.Context, by access.Scope, id int64) (Standing, error) {
	all, err := s.standings(ctx, by, "r.id = @it", id)
	if err == nil && len(all) == 0 {
		err = fmt.Errorf("standing forecast %d: %w", id, layers.ErrNotFound)
	}
	if err != nil {
		return Standing{}, err
	}
	return all[0], nil
}

func (s *Store) standings(ctx context.Context, by access.Scope, which string, it int64) ([]Standing, error) {
	cond, args, err := s.visible(ctx, by)
	if err != nil {
		return nil, err
	}
	args["it"] = it
	rows, err := s.Layers.DB().Query(ctx, `SELECT id, title, dept_code, every, next_at, params, made_by, org, made_at, ended_at,
			coalesce((SELECT max(id) FROM onemap.forecast_run x WHERE x.standing = r.id), 0)
		FROM onemap.forecast_standing r WHERE `+which+` AND `+cond+` ORDER BY ended_at IS NOT NULL, id DESC LIMIT 500`, args)
	if err != nil {
		return nil, fmt.Errorf("standing forecasts: %w", err)
	}
	out, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (Standing, error) {
		var st Standing
		var body []byte
		if err := row.Scan(&st.ID, &st.Title, &st.Dept, &st.Every, &st.NextAt, &body, &st.MadeBy, &st.org, &st.MadeAt, &st.EndedAt, &st.LastRun); err != nil {
			return st, err
		}
		return st, json.Unmarshal(body, &st.Order)
	})
	if err != nil {
		return nil, fmt.Errorf("standing forecasts: %w", err)
	}
	return out, nil
}

// End ends a standing order; its runs stay. It returns an error wrapping
// [access.ErrForbidden] for one that is others' to end.
func (s *Store) End(ctx context.Context, by access.Scope, id int64, address string) error {
	st, err := s.standing(ctx, by, id)
	if err == nil && st.EndedAt == nil {
		err = s.mayTakeBack(ctx, by, st.MadeBy, st.org)
	}
	if err != nil {
		return err
	}
	cond, args, err := s.visible(ctx, by)
	if err != nil {
		return err
	}
	person, _ := by.Person()
	args["id"], args["by"] = id, person.Login
	err = pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `UPDATE onemap.forecast_standing r SET ended_at = now(), ended_by = @by WHERE id = @id AND ended_at IS NULL AND `+cond, args)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return fmt.Errorf("standing forecast %d: %w", id, layers.ErrNotFound)
		}
		return access.RecordTx(ctx, tx, by, access.Entry{Action: "forecast.end", Object: fmt.Sprintf("forecast-standing/%d", id), Result: access.Done, Address: address})
	})
	return access.Wrap("end standing forecast", err)
}

// due makes the standing orders whose time has come, each once, on one node.
func (s *Store) due(ctx context.Context) error {
	set, err := s.settings(ctx)
	if err != nil || !set.enabled {
		return err
	}
	rows, err := s.Layers.DB().Query(ctx, `SELECT id FROM onemap.forecast_standing WHERE ended_at IS NULL AND next_at <= $1 ORDER BY id`, s.now())
	if err != nil {
		return fmt.Errorf("standing forecasts: %w", err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return fmt.Errorf("standing forecasts: %w", err)
	}
	var errs error
	for _, id := range ids {
		errs = errors.Join(errs, s.again(ctx, id, set))
	}
	return errs
}

func (s *Store) again(ctx context.Context, id int64, set settings) error {
	var run int64
	err := pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) error {
		var title, every, org string
		var body []byte
		var next time.Time
		err := tx.QueryRow(ctx, `SELECT title, every, org, params, next_at FROM onemap.forecast_standing WHERE id = $1 AND ended_at IS NULL AND next_at <= $2 FOR UPDATE SKIP LOCKED`, id, s.now()).Scan(&title, &every, &org, &body, &next)
		if isNoRow(err) {
			return nil // another node has it
		}
		if err != nil {
			return err
		}
		var p Params
		if err := json.Unmarshal(body, &p); err != nil {
			return err
		}
		o := Order{Title: title, Dept: p.Dept, Classes: p.Classes, Horizon: p.Horizon, Hours: p.Hours, Space: p.Space, CellM: p.CellM, Angle: p.Angle, Origin: p.Origin, Share: p.Share, Count: p.Count, Origins: p.Origins}
		later, err := nextTime(s.now(), every, set)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE onemap.forecast_standing SET next_at = $2 WHERE id = $1`, id, later); err != nil {
			return err
		}
		full, classes, err := s.params(ctx, o, set)
		var input *layers.InputError
		if errors.As(err, &input) || errors.Is(err, access.ErrForbidden) {
			// Its classes may not train any more: it waits for a planner.
			_, err = tx.Exec(ctx, `UPDATE onemap.forecast_standing SET ended_at = now(), ended_by = 'system' WHERE id = $1`, id)
			s.log().Warn("standing forecast ended", "id", id, "why", strings.TrimSpace(fmt.Sprint(input)))
			return err
		}
		if err != nil {
			return err
		}
		run, err = s.insert(ctx, tx, asked{}, title, full, classes, "system", org, id)
		return err
	})
	if err != nil {
		return fmt.Errorf("standing forecast %d: %w", id, err)
	}
	if run != 0 && s.Jobs == nil {
		return s.Make(ctx, run)
	}
	return nil
}

// Withdraw takes a run back, with a reason: its cells leave the map at once and
// nobody plans on it any more. Its record and backtest stay. One that waits in the
// queue is not made: it fails with the reason. It returns an error wrapping
// [access.ErrForbidden] for one that is others' to take back.
func (s *Store) Withdraw(ctx context.Context, by access.Scope, id int64, reason, address string) (Run, error) {
	reason = strings.Join(strings.Fields(reason), " ")
	if err := layers.CheckText("reason", reason, 500); err != nil {
		return Run{}, err
	}
	if len([]rune(reason)) < 4 {
		return Run{}, &layers.InputError{Field: "reason", Remedy: "say why, in 4 to 500 characters"}
	}
	r, err := s.Get(ctx, by, id)
	if err == nil {
		err = s.mayTakeBack(ctx, by, r.MadeBy, r.org)
	}
	if err != nil {
		return Run{}, err
	}
	if r.State == Running || r.WithdrawnAt != nil {
		return r, fmt.Errorf("forecast %d is %s: one that waits is taken back, or one that was made, once: %w", id, r.State, layers.ErrConflict)
	}
	person, _ := by.Person()
	entry := access.Entry{Action: "forecast.withdraw", Object: fmt.Sprintf("forecast/%d", id), Result: access.Done, Reason: reason, Address: address}
	err = pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) error {
		if r.State == Queued {
			tag, err := tx.Exec(ctx, `UPDATE onemap.forecast_run SET state = 'failed', finished_at = now(), doing = '', why = $2, why_zh = $3 WHERE id = $1 AND state = 'queued'`,
				id, fmt.Sprintf("Taken back by %s before it was made: %s", person.Login, reason), fmt.Sprintf("未生成即由 %s 取消:%s", person.Login, reason))
			if err != nil {
				return err
			}
			if tag.RowsAffected() == 0 {
				return fmt.Errorf("forecast %d has begun to be made: wait until it is, then take it back: %w", id, layers.ErrConflict)
			}
			return access.RecordTx(ctx, tx, by, entry)
		}
		tag, err := tx.Exec(ctx, `UPDATE onemap.forecast_run SET withdrawn_at = now(), withdrawn_by = $2, withdrawn_why = $3 WHERE id = $1 AND withdrawn_at IS NULL`, id, person.Login, reason)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return fmt.Errorf("forecast %d is withdrawn already: %w", id, layers.ErrConflict)
		}
		if _, err := tx.Exec(ctx, `DELETE FROM map.forecast WHERE run = $1`, id); err != nil {
			return err
		}
		return access.RecordTx(ctx, tx, by, entry)
	})
	if err != nil {
		return r, access.Wrap("withdraw forecast", err)
	}
	return s.Get(ctx, by, id)
}
