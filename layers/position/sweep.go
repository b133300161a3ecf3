package position

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"onemap/layers/access"
)

const (
	// staleAfter is how long a place on the map stands without news: a phone
	// that died must not leave its owner on the map.
	staleAfter = 30 * time.Minute
	// dutyAfter is how long a duty goes on without news.
	dutyAfter = 12 * time.Hour
)

// system is who sweeps.
var system = access.Operator("onemap")

// Run sweeps now and every few minutes until ctx ends, and takes off the map at
// once who loses the role or the account.
func (s *Store) Run(ctx context.Context) error {
	tick := time.NewTicker(3 * time.Minute)
	defer tick.Stop()
	for do := s.Sweep; ; {
		if err := do(ctx); err != nil && ctx.Err() == nil {
			s.log().Error("tidy up positions", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			do = s.Sweep
		case <-s.roster.other:
			do = s.takeOffOthers
			// The commit may come by the log before a query sees it.
			select {
			case <-ctx.Done():
				return nil
			case <-time.After(settle):
			}
		}
	}
}

// Sweep takes off the map who was silent for half an hour, and who may be there
// no more; ends duties without news, makes the days to come, and deletes what is
// older than it may be kept.
func (s *Store) Sweep(ctx context.Context) error {
	keep, _, err := settings(ctx, s)
	if err != nil {
		return fmt.Errorf("sweep positions: %w", err)
	}
	now := time.Now()
	if err := s.days.ensure(ctx, s.db(), now, now.AddDate(0, 0, 2)); err != nil {
		return err
	}
	before := now.AddDate(0, 0, -keep)
	if err := s.drop(ctx, before, keep); err != nil {
		return err
	}
	err = pgx.BeginFunc(ctx, s.db(), func(tx pgx.Tx) error {
		if err := s.takeOff(ctx, tx, "off_duty", notWorker); err != nil {
			return err
		}
		if err := s.takeOff(ctx, tx, "silent", `seen_at < now() - make_interval(secs => $2)`, staleAfter.Seconds()); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE onemap.duty d SET ended = least(now(), greatest(d.began, coalesce((SELECT max(p.at) FROM onemap.position p WHERE p.person = d.person AND p.at >= d.began), d.began)))
			WHERE d.ended IS NULL AND NOT EXISTS (SELECT FROM map.worker w WHERE w.person = d.person)
			  AND (d.began < now() - make_interval(secs => @age) AND NOT EXISTS (SELECT FROM onemap.position p WHERE p.person = d.person AND p.at > now() - make_interval(secs => @age))
			       OR NOT EXISTS (SELECT FROM onemap.person x JOIN onemap.person_role r ON r.person = x.id AND r.role = 'grid_worker' WHERE x.id = d.person AND x.active))`,
			pgx.NamedArgs{"age": dutyAfter.Seconds()}); err != nil {
			return err
		}
		return s.forgetOld(ctx, tx, before, keep)
	})
	if err != nil {
		return fmt.Errorf("sweep positions: %w", err)
	}
	return nil
}

// notWorker holds for those on the map who are active grid workers no more.
const notWorker = `NOT EXISTS (SELECT FROM onemap.person x JOIN onemap.person_role r ON r.person = x.id AND r.role = 'grid_worker' WHERE x.id = w.person AND x.active)`

// takeOffOthers takes those off the map who are grid workers no more.
func (s *Store) takeOffOthers(ctx context.Context) error {
	err := pgx.BeginFunc(ctx, s.db(), func(tx pgx.Tx) error { return s.takeOff(ctx, tx, "off_duty", notWorker) })
	if err != nil {
		return fmt.Errorf("take others than grid workers off the map: %w", err)
	}
	return nil
}

// forgetOld deletes what is kept as long as positions, and records how much.
func (s *Store) forgetOld(ctx context.Context, tx pgx.Tx, before time.Time, keep int) error {
	gone := map[string]any{}
	for _, t := range []struct{ what, sql string }{
		{"fence_events", `DELETE FROM map.fence_event WHERE at < $1`},
		{"duties", `DELETE FROM onemap.duty WHERE ended < $1`},
		{"looks", `DELETE FROM onemap.position_look WHERE at < $1`},
	} {
		tag, err := tx.Exec(ctx, t.sql, before)
		if err != nil {
			return err
		}
		if n := tag.RowsAffected(); n > 0 {
			gone[t.what] = n
		}
	}
	if len(gone) == 0 {
		return nil
	}
	gone["keep_days"] = keep
	return access.RecordTx(ctx, tx, system, access.Entry{Action: "position.drop", Object: "position/" + before.UTC().Format(time.DateOnly), Result: access.Done, Reason: "age", Detail: gone})
}
