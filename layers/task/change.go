package task

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/feed"
)

// Change gives a task to somebody else, or cancels it. It returns an error
// wrapping [layers.ErrNotFound] for a task that the caller may not see,
// [access.ErrForbidden] for one that others change, [layers.ErrConflict] for
// one that is no longer open or that someone changed since Version, and a
// [layers.InputError] for the rest.
func (s *Store) Change(ctx context.Context, scope access.Scope, id int64, c Change) (t Task, at feed.Cursor, err error) {
	v, err := s.sight(scope)
	if err != nil {
		return t, at, err
	}
	if err := layers.CheckText("opinion", c.Opinion, 2000); err != nil {
		return t, at, err
	}
	if c.Action != "assign" && c.Action != "cancel" {
		return t, at, &layers.InputError{Field: "action", Value: layers.Short(c.Action), Remedy: "assign or cancel"}
	}
	err = pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT FROM onemap.task WHERE id = $1 FOR UPDATE`, id); err != nil {
			return err
		}
		t, err := v.one(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := v.changeable(t, c); err != nil {
			return err
		}
		if c.Action == "cancel" {
			err = v.cancel(ctx, tx, id, c)
		} else {
			err = v.assign(ctx, tx, t, c)
		}
		if err != nil {
			return err
		}
		return access.RecordTx(ctx, tx, scope, access.Entry{Action: "task." + c.Action, Object: fmt.Sprintf("task/%d", id), Result: access.Done, Reason: c.Opinion, Address: c.Address,
			Detail: map[string]any{"person": c.Person}})
	})
	if err != nil {
		return t, at, wrap(fmt.Sprintf("%s task %d", c.Action, id), err)
	}
	if at, err = feed.Now(ctx, s.Layers.DB()); err != nil {
		return t, at, fmt.Errorf("%s task %d: %w", c.Action, id, err)
	}
	t, err = s.Get(ctx, scope, id)
	return t, at, err
}

// changeable says why not.
func (v sight) changeable(t row, c Change) error {
	can := v.changes(t.Task)
	if len(can) == 0 {
		return fmt.Errorf("%s task %d: %w", c.Action, t.ID, access.ErrForbidden)
	}
	if c.Version == 0 {
		return &layers.InputError{Field: "version", Remedy: "the version of the task that you looked at"}
	}
	if t.State != "open" || c.Version != t.Version {
		return fmt.Errorf("task %d is %s at version %d: %w", t.ID, t.State, t.Version, layers.ErrConflict)
	}
	if !slices.Contains(can, c.Action) {
		of := "case"
		if t.Kind == Recheck {
			of = "hazard"
		}
		return &layers.InputError{Field: "action", Value: c.Action, Remedy: "it is called back by an action of its " + of}
	}
	if c.Action == "cancel" && strings.TrimSpace(c.Opinion) == "" {
		return &layers.InputError{Field: "opinion", Remedy: "say why"}
	}
	if c.Action == "cancel" && c.Person != "" {
		return &layers.InputError{Field: "person", Remedy: "leave it out: cancel takes none"}
	}
	return nil
}

func (v sight) cancel(ctx context.Context, tx pgx.Tx, id int64, c Change) error {
	_, err := tx.Exec(ctx, `UPDATE onemap.task SET done_at = @now, done_by = @me, result = 'cancelled', cancelled_why = @why, version = version + 1, updated_at = now() WHERE id = @id`,
		pgx.NamedArgs{"now": v.now, "me": v.who.Login, "why": c.Opinion, "id": id})
	return err
}

// assign gives it to a worker. Who had it is remembered, to be told so when
// their phone comes back with a result.
func (v sight) assign(ctx context.Context, tx pgx.Tx, t row, c Change) error {
	worker, err := findWorker(ctx, tx, c.Person)
	if err != nil {
		return err
	}
	if worker == nil && t.Grid == "" {
		return &layers.InputError{Field: "person", Remedy: "name the worker: no grid holds the place"}
	}
	if t.Kind == Recheck && worker != nil {
		var rectified bool
		if err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM map.hazard WHERE id = $1 AND level = 'major' AND rectifier = $2)`, t.hazard, *worker).Scan(&rectified); err != nil {
			return err
		}
		if rectified {
			return &layers.InputError{Field: "person", Value: layers.Short(c.Person), Remedy: "somebody else than who reported the rectification: the hazard is major"}
		}
	}
	_, err = tx.Exec(ctx, `UPDATE onemap.task SET person = @worker, version = version + 1, updated_at = now(),
			detail = CASE WHEN person IS NULL OR person IS NOT DISTINCT FROM @worker::bigint THEN detail
				ELSE jsonb_set(detail, '{former}', coalesce(detail -> 'former', '[]') || to_jsonb(person)) END
		WHERE id = @id`, pgx.NamedArgs{"worker": worker, "id": t.ID})
	return err
}

// CancelTx cancels a patrol in the transaction of the plan that calls it back;
// one that is done or cancelled stays as it is.
func (s *Store) CancelTx(ctx context.Context, tx pgx.Tx, scope access.Scope, id int64, why, address string) error {
	v, err := s.sight(scope)
	if err != nil {
		return err
	}
	var open bool
	if err := tx.QueryRow(ctx, `SELECT done_at IS NULL FROM onemap.task WHERE id = $1 AND kind = 'patrol' FOR UPDATE`, id).Scan(&open); err != nil || !open {
		return err
	}
	if err := v.cancel(ctx, tx, id, Change{Opinion: why}); err != nil {
		return err
	}
	return access.RecordTx(ctx, tx, scope, access.Entry{Action: "task.cancel", Object: fmt.Sprintf("task/%d", id), Result: access.Done, Reason: why, Address: address})
}
