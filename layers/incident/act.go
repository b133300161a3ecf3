package incident

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/feed"
)

// An Action is what someone does to an incident.
type Action struct {
	Name    string  // an action of [Transitions]
	Opinion string  // the reason, in words
	Dept    string  // for dispatch; "": the department it has
	Version int     // of the incident that the caller looked at
	Photos  []Shown // uploaded before
	Address string  // the caller's IP address, for the audit
}

// Act does it, records it in the flow and the audit in the same transaction,
// and returns the incident with the cursor of the log after the commit.
//
// It returns an error wrapping [layers.ErrNotFound] for an incident that the
// caller may not see, [access.ErrForbidden] for an action that others may do,
// [layers.ErrConflict] where the incident's state does not have it or someone
// acted since Version, saying what is possible, and a [layers.InputError] for
// the rest.
func (s *Store) Act(ctx context.Context, scope access.Scope, id int64, do Action) (Incident, feed.Cursor, error) {
	who, ok := scope.Person()
	if !ok {
		return Incident{}, feed.Cursor{}, access.ErrUnauthenticated
	}
	if err := checkText("opinion", do.Opinion, 2000); err != nil {
		return Incident{}, feed.Cursor{}, err
	}
	v, err := s.sight(ctx, scope)
	if err != nil {
		return Incident{}, feed.Cursor{}, err
	}
	err = pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) error {
		i, err := v.one(ctx, tx, scope, id, " FOR UPDATE OF f")
		if err != nil {
			return err
		}
		t, err := possible(scope, i, do)
		if err != nil {
			return err
		}
		dept, err := destination(ctx, tx, t, i, do)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE map.incident SET state = @to, dept_code = coalesce(nullif(@dept, ''), dept_code), version = version + 1, updated_at = now(),
			closed_at = CASE WHEN @to = 'closed' THEN now() END WHERE id = @id`,
			pgx.NamedArgs{"id": id, "to": t.To, "dept": dept}); err != nil {
			return err
		}
		if err := step(ctx, tx, id, who, t.Action, i.State, t.To, do.Opinion); err != nil {
			return err
		}
		if err := attach(ctx, tx, id, "photos", do.Photos); err != nil {
			return err
		}
		if ended(t.To) { // how to reach the reporter is kept no longer than it is needed
			if _, err := tx.Exec(ctx, `DELETE FROM onemap.incident_contact WHERE incident = @id`, pgx.NamedArgs{"id": id}); err != nil {
				return err
			}
		}
		return audit(ctx, tx, scope, "incident."+t.Action, id, do.Address, do.Opinion)
	})
	if err != nil {
		return Incident{}, feed.Cursor{}, wrap(fmt.Sprintf("act on incident %d", id), err)
	}
	at, err := feed.Now(ctx, s.Layers.DB())
	if err != nil {
		return Incident{}, feed.Cursor{}, fmt.Errorf("act on incident %d: %w", id, err)
	}
	i, err := s.Get(ctx, scope, id)
	return i, at, err
}

// possible finds the line of the table for what the caller wants, or says why not.
func possible(scope access.Scope, i Incident, do Action) (Transition, error) {
	can := strings.Join(i.Actions, ", ")
	if can == "" {
		can = "nothing by you"
	}
	known := false
	for _, t := range Transitions {
		known = known || t.Action == do.Name
	}
	if !known {
		return Transition{}, &layers.InputError{Field: "action", Value: short(do.Name), Remedy: "possible now: " + can}
	}
	// Who may never do this hears so first; the state is none of their business.
	role := false
	for _, t := range Transitions {
		role = role || t.Action == do.Name && t.mayBy(scope, i.Dept)
	}
	if !role {
		return Transition{}, fmt.Errorf("%s incident %d: %w", do.Name, i.ID, access.ErrForbidden)
	}
	if do.Version == 0 {
		return Transition{}, &layers.InputError{Field: "version", Remedy: "the version of the incident that you looked at"}
	}
	t, ok := transition(do.Name, i.State)
	if !ok || do.Version != i.Version {
		return Transition{}, fmt.Errorf("incident %d is %s at version %d; possible now: %s: %w", i.ID, i.State, i.Version, can, layers.ErrConflict)
	}
	if t.Opinion && strings.TrimSpace(do.Opinion) == "" {
		return Transition{}, &layers.InputError{Field: "opinion", Remedy: "say why: " + do.Name + " needs a reason"}
	}
	if do.Dept != "" && !t.has("dept") {
		return Transition{}, &layers.InputError{Field: "dept", Value: short(do.Dept), Remedy: "only dispatch names a department"}
	}
	return t, nil
}

// destination is the department that the incident is with afterwards; "" where
// it stays with the one it has, which the caller may not see.
func destination(ctx context.Context, tx pgx.Tx, t Transition, i Incident, do Action) (string, error) {
	if !t.has("dept") {
		return i.Dept, nil
	}
	if do.Dept == "" {
		do.Dept = i.Dept
	}
	if do.Dept == "" {
		return "", &layers.InputError{Field: "dept", Remedy: "name the department: the class has none by default"}
	}
	var known bool
	err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM onemap.organisation WHERE code = @dept AND kind = 'department')`,
		pgx.NamedArgs{"dept": do.Dept}).Scan(&known)
	if err == nil && !known {
		err = &layers.InputError{Field: "dept", Value: short(do.Dept), Remedy: "the code of a department"}
	}
	return do.Dept, err
}
