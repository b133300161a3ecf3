package hazard

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"onemap/layers"
	"onemap/layers/access"
)

// longestTerm is how far ahead a term may lie.
const longestTerm = 2 * 365 * 24 * time.Hour

// do carries out an action that is possible.
func (v sight) do(ctx context.Context, tx pgx.Tx, h Hazard, t Transition, do Action, content string) error {
	now := v.now
	to := t.To
	if to == "" {
		to = h.State
	}
	c := change{level: h.Level, dept: h.Dept, term: h.TermAt, supervised: h.Supervised, supervisor: h.Supervisor, extensions: h.Extensions, rechecks: h.Rechecks,
		overdue: h.overdue || h.late(now)}
	detail := map[string]any{"content": content}
	if !do.ClientAt.IsZero() {
		detail["client_at"] = do.ClientAt
	}
	if err := v.effect(ctx, tx, h, t, do, now, &to, &c, detail); err != nil {
		return err
	}
	since := *h.Since
	if to != h.State {
		since = now
	}
	warn, due, err := running(ctx, tx, to, since, c.term)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `UPDATE map.hazard SET state = @to, level = @level, dept_code = @dept, term_at = @term, supervised = @supervised, supervisor = @supervisor,
			extensions = @extensions, rechecks = @rechecks, rectifier = CASE WHEN @rectifies THEN @me ELSE rectifier END, overdue = @overdue,
			since = @since, warn_at = @warn, due_at = @due, escalation = CASE WHEN @to <> state OR due_at IS DISTINCT FROM @due THEN 0 ELSE escalation END,
			closed_at = CASE WHEN @ended THEN @now::timestamptz END, version = version + 1, updated_at = now() WHERE id = @id`,
		pgx.NamedArgs{"id": h.ID, "to": to, "level": c.level, "dept": c.dept, "term": c.term, "supervised": c.supervised, "supervisor": c.supervisor,
			"extensions": c.extensions, "rechecks": c.rechecks, "rectifies": c.rectifies, "me": v.who.ID, "overdue": c.overdue, "since": since, "warn": warn, "due": due,
			"ended": ended(to), "now": now}); err != nil {
		return err
	}
	step, err := record(ctx, tx, h.ID, v.who, do.UUID, now, t.Action, h.State, to, do.Opinion, detail)
	if err != nil {
		return err
	}
	kind := "after"
	if t.Action == "photo" {
		kind = "near"
	}
	if err := attach(ctx, tx, h.ID, step, kind, do.Photos); err != nil {
		return err
	}
	return access.RecordTx(ctx, tx, v.scope, access.Entry{Action: "hazard." + t.Action, Object: fmt.Sprintf("hazard/%d", h.ID), Result: access.Done,
		Reason: do.Opinion, Address: do.Address})
}

// change is what an action makes of a hazard beside its state.
type change struct {
	level, dept, supervisor string
	term                    *time.Time
	supervised, overdue     bool
	extensions, rechecks    int
	rectifies               bool // the caller reports its rectification
}

// effect is what each action does beyond the table.
func (v sight) effect(ctx context.Context, tx pgx.Tx, h Hazard, t Transition, do Action, now time.Time, to *string, c *change, detail map[string]any) error {
	switch t.Action {
	case "register", "transfer":
		if do.Level != "" {
			c.level, detail["level"] = do.Level, do.Level
		}
		if do.Dept != "" {
			c.dept = do.Dept
		}
		if c.dept == "" && v.scope.Has(access.DepartmentOfficer) {
			c.dept = v.who.Org
		}
		if t.Action == "transfer" && c.dept == h.Dept {
			return &layers.InputError{Field: "dept", Value: layers.Short(do.Dept), Remedy: "another department than the one that has it"}
		}
		detail["dept"] = c.dept
		return isDepartment(ctx, tx, c.dept)
	case "assess":
		if err := term(do.Term, now); err != nil {
			return err
		}
		at := do.Term
		c.level, c.term = do.Level, &at
		detail["level"], detail["term"] = do.Level, do.Term
		if c.level == Major {
			c.supervised, c.supervisor = true, v.who.Org
		}
		return plan(ctx, tx, h.ID, do, true)
	case "replan":
		return plan(ctx, tx, h.ID, do, false)
	case "extend":
		if err := term(do.Term, now); err != nil {
			return err
		}
		if h.TermAt != nil && !do.Term.After(*h.TermAt) {
			return &layers.InputError{Field: "term", Value: do.Term.Format(time.RFC3339), Remedy: "later than the term that it has"}
		}
		at := do.Term
		c.term = &at
		c.extensions++
		detail["term"] = do.Term
	case "upgrade":
		c.level, detail["level"] = Major, Major
	case "fix", "rectify":
		c.rectifies = true
	case "send_recheck":
		return v.sendRecheck(ctx, tx, h, do, now, detail)
	case "recall":
		_, err := tx.Exec(ctx, `UPDATE onemap.task SET done_at = @now, done_by = @me, result = 'cancelled', cancelled_why = @why, version = version + 1, updated_at = now()
			WHERE hazard = @id AND kind = 'recheck' AND done_at IS NULL`, pgx.NamedArgs{"now": now, "me": v.who.Login, "why": do.Opinion, "id": h.ID})
		return err
	case "report_recheck":
		c.rechecks++
		detail["result"] = do.Result
		if do.Result == "failed" {
			*to = Rectifying
		}
		args := pgx.NamedArgs{"now": now, "me": v.who.Login, "result": do.Result, "opinion": do.Opinion, "id": h.ID, "task": do.Task, "uuid": nil}
		if do.UUID != uuid.Nil {
			args["uuid"] = do.UUID
		}
		tag, err := tx.Exec(ctx, `UPDATE onemap.task SET done_at = @now, done_by = @me, result = @result, opinion = @opinion, uuid = @uuid, version = version + 1, updated_at = now()
			WHERE hazard = @id AND kind = 'recheck' AND done_at IS NULL AND (@task = 0::bigint OR id = @task)`, args)
		if err == nil && tag.RowsAffected() == 0 {
			err = fmt.Errorf("task %d is no longer open: %w", do.Task, layers.ErrConflict)
		}
		return err
	case "supervise":
		c.supervised, c.supervisor = true, v.who.Org
	}
	return nil
}

// term refuses a time to rectify that is no time.
func term(at, now time.Time) error {
	if !at.After(now) || at.Sub(now) > longestTerm {
		return &layers.InputError{Field: "term", Value: at.Format(time.RFC3339), Remedy: "a time to come, within two years"}
	}
	return nil
}

// plan keeps the plan; anew, or only what was sent.
func plan(ctx context.Context, tx pgx.Tx, id int64, do Action, anew bool) error {
	_, err := tx.Exec(ctx, `INSERT INTO onemap.hazard_plan AS p (hazard, measure, responsible, money_yuan, contingency)
		VALUES (@id, @measure, @responsible, @money, @contingency)
		ON CONFLICT (hazard) DO UPDATE SET updated_at = now(),
			measure = CASE WHEN @anew OR excluded.measure <> '' THEN excluded.measure ELSE p.measure END,
			responsible = CASE WHEN @anew OR excluded.responsible <> '' THEN excluded.responsible ELSE p.responsible END,
			money_yuan = CASE WHEN @anew OR excluded.money_yuan IS NOT NULL THEN excluded.money_yuan ELSE p.money_yuan END,
			contingency = CASE WHEN @anew OR excluded.contingency <> '' THEN excluded.contingency ELSE p.contingency END`,
		pgx.NamedArgs{"id": id, "measure": strings.TrimSpace(do.Measure), "responsible": strings.TrimSpace(do.Responsible), "money": do.MoneyYuan,
			"contingency": strings.TrimSpace(do.Contingency), "anew": anew})
	return err
}

// sendRecheck makes the task of the re-check.
func (v sight) sendRecheck(ctx context.Context, tx pgx.Tx, h Hazard, do Action, now time.Time, detail map[string]any) error {
	worker, err := findWorker(ctx, tx, do.Worker)
	if err != nil {
		return err
	}
	if worker == nil && h.Grid == "" {
		return &layers.InputError{Field: "worker", Remedy: "name the worker: no grid holds the hazard"}
	}
	var rectified bool
	if err := tx.QueryRow(ctx, `SELECT level = 'major' AND rectifier IS NOT DISTINCT FROM @worker::bigint AND rectifier IS NOT NULL FROM map.hazard WHERE id = @id`,
		pgx.NamedArgs{"worker": worker, "id": h.ID}).Scan(&rectified); err != nil {
		return err
	}
	if rectified {
		return &layers.InputError{Field: "worker", Value: layers.Short(do.Worker), Remedy: "somebody else than who reported the rectification: the hazard is major"}
	}
	detail["worker"] = do.Worker
	warn, due, err := running(ctx, tx, Rechecking, now, nil)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO onemap.task (kind, title, hazard, enterprise, person, grid_code, area_code, geom, made_by, made_at, warn_at, due_at, dept)
		SELECT 'recheck', title, id, enterprise, @worker, grid_code, area_code, geom, @me, @now, @warn, @due, dept_code FROM map.hazard WHERE id = @id`,
		pgx.NamedArgs{"worker": worker, "me": v.who.Login, "now": now, "warn": warn, "due": due, "id": h.ID})
	return err
}

// findWorker returns the id of a grid worker; nil for "".
func findWorker(ctx context.Context, tx pgx.Tx, login string) (*int64, error) {
	if login == "" {
		return nil, nil
	}
	var id int64
	err := tx.QueryRow(ctx, `SELECT p.id FROM onemap.person p JOIN onemap.person_role r ON r.person = p.id AND r.role = 'grid_worker' WHERE p.login = $1 AND p.active`, login).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, &layers.InputError{Field: "worker", Value: layers.Short(login), Remedy: "the login of a grid worker"}
	}
	return &id, err
}

func isDepartment(ctx context.Context, tx pgx.Tx, dept string) error {
	if dept == "" {
		return &layers.InputError{Field: "dept", Remedy: "name the department that oversees its rectification"}
	}
	var known bool
	err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM onemap.organisation WHERE code = $1 AND kind = 'department')`, dept).Scan(&known)
	if err == nil && !known {
		err = &layers.InputError{Field: "dept", Value: layers.Short(dept), Remedy: "the code of a department"}
	}
	return err
}
