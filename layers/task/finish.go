package task

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/feed"
	"onemap/layers/hazard"
	"onemap/layers/incident"
	"onemap/layers/locate"
)

// Finish takes a result from whoever is to do the task, and returns the task
// with the cursor of the log after the commit. Sent again with its UUID, it is
// not taken again: again is true. A case's and a hazard's task goes through
// the action of the case or the hazard.
//
// It returns an error wrapping [layers.ErrNotFound] for a task that the caller
// may not see, [access.ErrForbidden] for one that others do, and
// [layers.ErrConflict] for one that is done, cancelled or given to somebody
// else, saying so; and a [layers.InputError] for what is wrong with the result.
func (s *Store) Finish(ctx context.Context, scope access.Scope, id int64, r Result) (t Task, at feed.Cursor, again bool, err error) {
	v, err := s.sight(scope)
	if err != nil {
		return t, at, false, err
	}
	if r.UUID == uuid.Nil {
		return t, at, false, &layers.InputError{Field: "uuid", Remedy: "a new UUID for each result, kept when it is sent again"}
	}
	content, err := hash(v.who.ID, r.bare())
	if err != nil {
		return t, at, false, err
	}
	have, err := v.one(ctx, s.Layers.DB(), id)
	if err != nil {
		return t, at, false, err
	}
	if err := r.check(have.Task); err != nil {
		return t, at, false, err
	}
	switch have.Kind {
	case Verify, Check:
		again, err = s.viaCase(ctx, v, have, r)
	case Recheck:
		again, err = s.viaHazard(ctx, v, have, r)
	default:
		err = pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) error {
			if again, err = s.finish(ctx, tx, v, id, r, content); err != nil || again {
				return err
			}
			return access.RecordTx(ctx, tx, scope, access.Entry{Action: "task.result", Object: fmt.Sprintf("task/%d", id), Result: access.Done, Address: r.Address,
				Detail: map[string]any{"kind": have.Kind, "result": r.Result}})
		})
	}
	if err != nil {
		return t, at, false, wrap(fmt.Sprintf("finish task %d", id), err)
	}
	if at, err = feed.Now(ctx, s.Layers.DB()); err != nil {
		return t, at, again, fmt.Errorf("finish task %d: %w", id, err)
	}
	t, err = s.Get(ctx, scope, id)
	return t, at, again, err
}

// bare is r without what changes between two tries.
func (r Result) bare() Result {
	r.Address, r.ClientAt = "", r.ClientAt.UTC()
	r.Answers = slices.Clone(r.Answers)
	for i := range r.Answers {
		r.Answers[i].Plan = r.Answers[i].Plan.UTC()
	}
	r.Points = slices.Clone(r.Points)
	for i := range r.Points {
		r.Points[i].Address, r.Points[i].ClientAt = "", r.Points[i].ClientAt.UTC()
	}
	return r
}

// check says what is wrong with a result as far as that can be seen alone.
func (r Result) check(t Task) error {
	if !slices.Contains(results[t.Kind], r.Result) {
		return &layers.InputError{Field: "result", Value: layers.Short(r.Result), Remedy: "one of " + strings.Join(results[t.Kind], ", ")}
	}
	if err := layers.CheckText("opinion", r.Opinion, 2000); err != nil {
		return err
	}
	if (r.Result == Failed || r.Result == "unknown") && strings.TrimSpace(r.Opinion) == "" {
		return &layers.InputError{Field: "opinion", Remedy: "say why"}
	}
	if len(r.Points) > 0 && t.Kind != Patrol {
		return &layers.InputError{Field: "points", Remedy: "leave them out: they are of a patrol"}
	}
	if (len(r.Answers) > 0 || r.List != "" || r.Version != 0) && t.Kind != Visit {
		return &layers.InputError{Field: "answers", Remedy: "leave the checklist out: it is of a visit"}
	}
	if len(r.Photos) > 20 {
		return &layers.InputError{Field: "photos", Remedy: "at most 20 photos"}
	}
	return nil
}

// open says whether the caller may finish a task now, and if not, what became of it.
func (v sight) open(t row) error {
	// What happened is told to whoever had the task; who never had it is refused.
	if !v.scope.Has(access.GridWorker) {
		return fmt.Errorf("task %d: %w", t.ID, access.ErrForbidden)
	}
	switch {
	case t.State == "cancelled":
		why := t.Opinion
		if why != "" {
			why = ": " + why
		}
		return fmt.Errorf("task %d was cancelled by %s at %s%s; nothing is to be done: %w", t.ID, t.DoneBy, t.DoneAt.UTC().Format(time.RFC3339), why, layers.ErrConflict)
	case t.State == "done":
		return fmt.Errorf("task %d was done by %s at %s: %s; what you saw can be reported as a new matter: %w", t.ID, t.DoneBy, t.DoneAt.UTC().Format(time.RFC3339), t.Result, layers.ErrConflict)
	case t.Mine:
		return nil
	case t.Person != "":
		return fmt.Errorf("task %d was given to %s; what you saw can be reported as a new matter: %w", t.ID, t.Person, layers.ErrConflict)
	}
	return fmt.Errorf("task %d: %w", t.ID, access.ErrForbidden)
}

// viaCase hands a verification or check to its case. The task, not the case's
// version, says whether it is still wanted: the phone was away.
func (s *Store) viaCase(ctx context.Context, v sight, t row, r Result) (again bool, err error) {
	name := map[string]string{Verify: "report_verify", Check: "report_check"}[t.Kind]
	for range 5 {
		if again, err = s.same(ctx, v, t.ID, r); err != nil || again {
			return again, err
		}
		if t, err = v.one(ctx, s.Layers.DB(), t.ID); err != nil {
			return false, err
		}
		if err := v.open(t); err != nil {
			return false, err
		}
		var version int
		if err := s.Layers.DB().QueryRow(ctx, `SELECT version FROM map.incident WHERE id = $1`, t.incident).Scan(&version); err != nil {
			return false, err
		}
		do := incident.Action{UUID: r.UUID, Name: name, Version: version, Opinion: r.Opinion, Result: r.Result, Photos: r.Photos, Address: r.Address}
		if !r.ClientAt.After(v.now) { // a clock that is ahead tells nothing
			do.DoneAt = r.ClientAt
		}
		_, _, err = s.Incidents.Act(ctx, v.scope, t.incident, do)
		if !errors.Is(err, layers.ErrConflict) {
			return false, err
		}
	}
	return false, err
}

// same says whether the task was finished with this result, as far as a case
// and a hazard keep it.
func (s *Store) same(ctx context.Context, v sight, id int64, r Result) (bool, error) {
	var of int64
	var by, result, opinion string
	err := s.Layers.DB().QueryRow(ctx, `SELECT id, coalesce(done_by, ''), result, opinion FROM onemap.task WHERE uuid = $1`, r.UUID).Scan(&of, &by, &result, &opinion)
	if errors.Is(err, pgx.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if of != id || by != v.who.Login || result != r.Result || opinion != r.Opinion {
		return false, fmt.Errorf("a different result has the uuid %s: give a new result a new uuid: %w", r.UUID, layers.ErrConflict)
	}
	return true, nil
}

// viaHazard hands a re-check to its hazard.
func (s *Store) viaHazard(ctx context.Context, v sight, t row, r Result) (again bool, err error) {
	_, _, again, err = s.Hazards.Act(ctx, v.scope, t.hazard, hazard.Action{UUID: r.UUID, Name: "report_recheck", Opinion: r.Opinion, Result: r.Result,
		Photos: r.Photos, ClientAt: r.ClientAt, Task: t.ID, Address: r.Address})
	if errors.Is(err, layers.ErrConflict) || errors.Is(err, access.ErrForbidden) {
		// Whoever took it or called it back: said as of any task.
		if now, bad := v.one(ctx, s.Layers.DB(), t.ID); bad == nil {
			if said := v.open(now); said != nil {
				return false, said
			}
		}
	}
	return again, err
}

// finish takes the result of a patrol or a visit.
func (s *Store) finish(ctx context.Context, tx pgx.Tx, v sight, id int64, r Result, content string) (again bool, err error) {
	t, again, err := v.lock(ctx, tx, id, r.UUID, content)
	if err != nil || again {
		return again, err
	}
	detail, err := told(ctx, tx, "place", r.At, r.Accuracy, r.ClientAt)
	if err != nil {
		return false, err
	}
	if t.Kind == Patrol {
		if err := s.finishPatrol(ctx, tx, v, t, r); err != nil {
			return false, err
		}
	} else if err := s.finishVisit(ctx, tx, v, t, r, detail); err != nil {
		return false, err
	}
	if err := attach(ctx, tx, id, "photos", "", r.Photos); err != nil {
		return false, err
	}
	return false, v.close(ctx, tx, id, r.UUID, content, r.Result, r.Opinion, detail)
}

// lock holds the task's row, and says whether this result, of any task, was
// taken before; else the task must be open to the caller.
func (v sight) lock(ctx context.Context, tx pgx.Tx, id int64, sent uuid.UUID, content string) (t row, again bool, err error) {
	if _, err := tx.Exec(ctx, `SELECT FROM onemap.task WHERE id = $1 FOR UPDATE`, id); err != nil {
		return t, false, err
	}
	var of int64
	var same bool
	err = tx.QueryRow(ctx, `SELECT id, content = $2 AND coalesce(done_by, '') = $3 FROM onemap.task WHERE uuid = $1`, sent, content, v.who.Login).Scan(&of, &same)
	if err == nil && (of != id || !same) {
		err = fmt.Errorf("a different result has the uuid %s: give a new result a new uuid: %w", sent, layers.ErrConflict)
	}
	if err == nil {
		return t, true, nil
	}
	if !errors.Is(err, pgx.ErrNoRows) {
		return t, false, err
	}
	if t, err = v.one(ctx, tx, id); err != nil {
		return t, false, err
	}
	// A patrol that its last point finished may still get the words of its worker.
	var wordless bool
	if err := tx.QueryRow(ctx, `SELECT kind = 'patrol' AND result = 'done' AND done_by = $2 AND content = '' FROM onemap.task WHERE id = $1`, id, v.who.Login).Scan(&wordless); err != nil {
		return t, false, err
	}
	if wordless {
		return t, false, nil
	}
	return t, false, v.open(t)
}

// close marks the task as done.
func (v sight) close(ctx context.Context, tx pgx.Tx, id int64, sent uuid.UUID, content, result, opinion string, detail map[string]any) error {
	b, err := json.Marshal(detail)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `UPDATE onemap.task SET done_at = coalesce(done_at, @now), done_by = @me, result = @result, opinion = @opinion, uuid = @uuid, content = @content,
		detail = detail || @detail::jsonb, version = version + 1, updated_at = now() WHERE id = @id`,
		pgx.NamedArgs{"now": v.now, "me": v.who.Login, "result": result, "opinion": opinion, "uuid": sent, "content": content, "detail": b, "id": id})
	return err
}

// told returns where and when a phone was, as it says itself: kept, not counted with.
func told(ctx context.Context, tx pgx.Tx, field string, at *locate.Place, accuracy float64, client time.Time) (map[string]any, error) {
	detail := map[string]any{}
	if !client.IsZero() {
		detail["client_at"] = client.UTC()
	}
	if at == nil {
		return detail, nil
	}
	if !(accuracy >= 0 && accuracy <= 1e6) {
		return nil, &layers.InputError{Field: field + ".accuracy_m", Value: fmt.Sprint(accuracy), Remedy: "0 to 1,000,000 metres"}
	}
	l, err := locate.On(ctx, tx, field, *at)
	if err != nil {
		return nil, err
	}
	detail["place"], detail["crs"] = []float64{l.At[0], l.At[1]}, l.CRS.String()
	if accuracy > 0 {
		detail["accuracy_m"] = accuracy
	}
	return detail, nil
}
