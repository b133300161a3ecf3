package task

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/feed"
)

// VisitPoint notes that a patrol's point was visited, or skipped and why. The
// last one finishes the patrol. Sent again with its UUID, it is the same visit.
// Errors are those of [Store.Finish].
func (s *Store) VisitPoint(ctx context.Context, scope access.Scope, id int64, p PointVisit) (t Task, at feed.Cursor, again bool, err error) {
	v, err := s.sight(scope)
	if err != nil {
		return t, at, false, err
	}
	if p.UUID == uuid.Nil {
		return t, at, false, &layers.InputError{Field: "uuid", Remedy: "a new UUID for each visit, kept when it is sent again"}
	}
	if _, err := v.one(ctx, s.Layers.DB(), id); err != nil {
		return t, at, false, err
	}
	err = pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT FROM onemap.task WHERE id = $1 FOR UPDATE`, id); err != nil {
			return err
		}
		if again, err = v.visited(ctx, tx, id, p); err != nil || again {
			return err
		}
		t, err := v.one(ctx, tx, id)
		if err != nil {
			return err
		}
		if t.Kind != Patrol {
			return &layers.InputError{Field: "n", Remedy: "a task with points: this is no patrol"}
		}
		if err := v.open(t); err != nil {
			return err
		}
		if err := v.point(ctx, tx, id, "", p); err != nil {
			return err
		}
		left, err := pointsLeft(ctx, tx, id)
		if err != nil {
			return err
		}
		if len(left) == 0 {
			if err := v.close(ctx, tx, id, p.UUID, "", Done, "", map[string]any{}); err != nil {
				return err
			}
		}
		return access.RecordTx(ctx, tx, scope, access.Entry{Action: "task.point", Object: fmt.Sprintf("task/%d", id), Result: access.Done, Address: p.Address,
			Detail: map[string]any{"point": p.N, "skipped": p.Skipped != ""}})
	})
	if err != nil {
		return t, at, false, wrap(fmt.Sprintf("visit point %d of task %d", p.N, id), err)
	}
	if at, err = feed.Now(ctx, s.Layers.DB()); err != nil {
		return t, at, again, fmt.Errorf("visit point: %w", err)
	}
	t, err = s.Get(ctx, scope, id)
	return t, at, again, err
}

// content identifies a visit as it was sent.
func (v sight) content(p PointVisit) (string, error) {
	p.Address, p.ClientAt = "", p.ClientAt.UTC()
	return hash(v.who.ID, p)
}

// visited says whether this visit was taken before.
func (v sight) visited(ctx context.Context, tx pgx.Tx, task int64, p PointVisit) (bool, error) {
	if p.UUID == uuid.Nil {
		return false, nil
	}
	content, err := v.content(p)
	if err != nil {
		return false, err
	}
	var same bool
	err = tx.QueryRow(ctx, `SELECT task = @task AND n = @n AND content = @content FROM onemap.task_point WHERE uuid = @uuid`,
		pgx.NamedArgs{"task": task, "n": p.N, "content": content, "uuid": p.UUID}).Scan(&same)
	if errors.Is(err, pgx.ErrNoRows) {
		return false, nil
	}
	if err == nil && !same {
		err = fmt.Errorf("a different visit has the uuid %s: give a new visit a new uuid: %w", p.UUID, layers.ErrConflict)
	}
	return same, err
}

// point notes one visit; field is "" or the path of the visit in what was sent.
func (v sight) point(ctx context.Context, tx pgx.Tx, task int64, field string, p PointVisit) error {
	for _, t := range []struct {
		name, text string
		most       int
	}{{"skipped", p.Skipped, 500}, {"note", p.Note, 2000}} {
		if err := layers.CheckText(field+t.name, t.text, t.most); err != nil {
			return err
		}
	}
	if p.Skipped != "" && strings.TrimSpace(p.Skipped) == "" {
		return &layers.InputError{Field: field + "skipped", Remedy: "say why the point was left out"}
	}
	content, err := v.content(p)
	if err != nil {
		return err
	}
	detail, err := told(ctx, tx, field+"place", p.At, p.Accuracy, p.ClientAt)
	if err != nil {
		return err
	}
	detail["at"] = v.now.UTC()
	var by *string
	var was *time.Time
	var skipped string
	err = tx.QueryRow(ctx, `SELECT visited_by, visited_at, skipped FROM onemap.task_point WHERE task = $1 AND n = $2`, task, p.N).Scan(&by, &was, &skipped)
	if errors.Is(err, pgx.ErrNoRows) {
		return &layers.InputError{Field: field + "n", Value: strconv.Itoa(p.N), Remedy: "the number of a point of this patrol"}
	}
	if err != nil {
		return err
	}
	if by != nil {
		how := "skipped"
		if was != nil {
			how = "visited at " + was.UTC().Format(time.RFC3339)
		}
		return fmt.Errorf("point %d was %s by %s: %w", p.N, how, *by, layers.ErrConflict)
	}
	args := pgx.NamedArgs{"task": task, "n": p.N, "uuid": nil, "content": content, "now": nil, "me": v.who.Login, "skipped": p.Skipped, "note": p.Note, "x": nil, "y": nil}
	if p.UUID != uuid.Nil {
		args["uuid"] = p.UUID
	}
	if p.Skipped == "" {
		args["now"] = v.now
	}
	if at, ok := detail["place"].([]float64); ok {
		args["x"], args["y"] = at[0], at[1]
	}
	if args["detail"], err = json.Marshal(detail); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `UPDATE onemap.task_point SET uuid = @uuid, content = @content, visited_at = @now, visited_by = @me, skipped = @skipped, note = @note, detail = @detail::jsonb,
		distance_m = round(ST_Distance(geom::geography, ST_SetSRID(ST_MakePoint(@x::float8, @y::float8), 4326)::geography)::numeric, 1)
		WHERE task = @task AND n = @n`, args); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `UPDATE onemap.task SET version = version + 1, updated_at = now() WHERE id = $1`, task); err != nil {
		return err
	}
	return attach(ctx, tx, task, field+"photos", strconv.Itoa(p.N), p.Photos)
}

// pointsLeft are the numbers of a patrol's points that are neither visited nor skipped.
func pointsLeft(ctx context.Context, tx pgx.Tx, task int64) ([]string, error) {
	rows, err := tx.Query(ctx, `SELECT n::text FROM onemap.task_point WHERE task = $1 AND visited_by IS NULL ORDER BY n`, task)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

// finishPatrol notes the points that the result brings; a patrol that is done
// has none left.
func (s *Store) finishPatrol(ctx context.Context, tx pgx.Tx, v sight, t row, r Result) error {
	for n, p := range r.Points {
		again, err := v.visited(ctx, tx, t.ID, p) // sent alone before, with its acknowledgement lost
		if err != nil {
			return err
		}
		if again {
			continue
		}
		if err := v.point(ctx, tx, t.ID, fmt.Sprintf("points[%d].", n), p); err != nil {
			return err
		}
	}
	left, err := pointsLeft(ctx, tx, t.ID)
	if err == nil && len(left) > 0 && r.Result == Done {
		err = &layers.InputError{Field: "points", Remedy: "visit the points " + strings.Join(left, ", ") + ", or say why they are skipped"}
	}
	return err
}
