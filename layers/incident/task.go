package incident

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"onemap/layers"
)

// sendTask sends a worker to look: to verify before filing (核实), to check before
// closing (核查). Without a name it is the nearest on duty of the case's grid,
// else any worker of the grid.
func sendTask(kind string) func(context.Context, *deed) error {
	return func(ctx context.Context, d *deed) error {
		person, login, err := d.sent(ctx)
		if err != nil {
			return err
		}
		if _, err := d.tx.Exec(ctx, cancelTasks, pgx.NamedArgs{"id": d.i.ID, "at": d.record.At, "by": d.who.Login}); err != nil {
			return err
		}
		state := Verifying
		if kind == "check" {
			state = Checking
		}
		args := pgx.NamedArgs{"kind": kind, "title": d.i.ClassZH, "id": d.i.ID, "person": nil, "grid": d.i.Grid, "area": d.i.Area, "lon": d.i.Lon, "lat": d.i.Lat,
			"by": d.who.Login, "at": d.record.At, "warn": nil, "due": nil}
		if person != 0 {
			args["person"] = person
		}
		then := d.st // the task's clock is the case's
		then.Apply(d.set.Rules, Record{At: d.record.At, Action: d.record.Action, From: d.i.State, To: state, Dept: d.i.Dept, Detail: Detail{Stage: d.set.Stage(state)}})
		if !then.DueAt.IsZero() {
			args["warn"], args["due"] = then.WarnAt, then.DueAt
		}
		var id int64
		if err := d.tx.QueryRow(ctx, `INSERT INTO onemap.task (kind, title, incident, person, grid_code, area_code, geom, made_by, made_at, warn_at, due_at)
			VALUES (@kind, @title, @id, @person, @grid, @area, ST_SetSRID(ST_MakePoint(@lon, @lat), 4326), @by, @at, @warn, @due) RETURNING id`, args).Scan(&id); err != nil {
			return err
		}
		d.record.Detail.Task, d.record.Detail.Worker = id, login
		return nil
	}
}

// cancelTasks ends what is open of a case's tasks: it was overtaken.
const cancelTasks = `UPDATE onemap.task SET done_at = @at, done_by = @by, result = 'cancelled', version = version + 1, updated_at = now()
	WHERE incident = @id AND kind IN ('verify', 'check') AND done_at IS NULL`

// sent is whom the caller named, or who is best placed; 0 for any worker of
// the grid.
func (d *deed) sent(ctx context.Context) (person int64, login string, err error) {
	if d.do.Worker != "" {
		err := d.tx.QueryRow(ctx, `SELECT p.id FROM onemap.person p JOIN onemap.person_role r ON r.person = p.id
			WHERE p.login = @login AND p.active AND r.role = 'grid_worker'`, pgx.NamedArgs{"login": d.do.Worker}).Scan(&person)
		if err == pgx.ErrNoRows { //nolint:errorlint // of QueryRow itself
			err = &layers.InputError{Field: "worker", Value: layers.Short(d.do.Worker), Remedy: "the login of a grid worker, as the suggestion has them"}
		}
		return person, d.do.Worker, err
	}
	near, err := nearest(ctx, d.tx, d.i, 1, true)
	if err != nil {
		return 0, "", err
	}
	if len(near) > 0 {
		return near[0].person, near[0].Login, nil
	}
	if d.i.Grid == "" {
		return 0, "", &layers.InputError{Field: "worker", Remedy: "name the worker: no grid holds the place"}
	}
	var any bool
	err = d.tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM onemap.person_grid g JOIN onemap.person p ON p.id = g.person AND p.active WHERE g.grid_code IN (`+gridsOf+`))`,
		pgx.NamedArgs{"grid": d.i.Grid}).Scan(&any)
	if err == nil && !any {
		err = &layers.InputError{Field: "worker", Remedy: "name the worker: nobody answers for the grid " + d.i.Grid}
	}
	return 0, "", err
}

// gridsOf are the unit grid @grid and the responsibility and community grids
// that it belongs to: a worker may answer for any of them.
const gridsOf = `SELECT @grid::text WHERE @grid::text <> ''
	UNION SELECT unnest(ARRAY[duty_code, community_code]) FROM map.grid_unit WHERE grid_code = @grid::text`

// reportTask finishes the worker's task with one of the results.
func reportTask(results ...string) func(context.Context, *deed) error {
	return func(ctx context.Context, d *deed) error {
		if !slices.Contains(results, d.do.Result) {
			return &layers.InputError{Field: "result", Value: layers.Short(d.do.Result), Remedy: "one of " + strings.Join(results, ", ")}
		}
		args := pgx.NamedArgs{"id": d.i.ID, "result": d.do.Result, "by": d.who.Login, "at": d.record.At, "opinion": d.do.Opinion, "uuid": nil}
		if d.do.UUID != uuid.Nil {
			args["uuid"] = d.do.UUID
		}
		err := d.tx.QueryRow(ctx, `UPDATE onemap.task SET done_at = @at, done_by = @by, result = @result, opinion = @opinion, uuid = @uuid, version = version + 1, updated_at = now()
			WHERE incident = @id AND kind IN ('verify', 'check') AND done_at IS NULL RETURNING id`, args).Scan(&d.record.Detail.Task)
		if err == pgx.ErrNoRows { //nolint:errorlint // of QueryRow itself
			return fmt.Errorf("incident %d has no open task: %w", d.i.ID, layers.ErrConflict)
		}
		d.record.Detail.Result = d.do.Result
		if d.do.Result == "failed" {
			d.record.To = Feedback
		}
		return err
	}
}
