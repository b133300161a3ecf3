package patrolplan

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/deploy"
	"onemap/layers/locate"
	"onemap/layers/task"
)

// A Decision is a person's, with the reason.
type Decision struct {
	Action  string // accept, refuse, withdraw
	Version int
	Reason  string
	Address string
}

// Decide accepts or refuses a draft, or calls an accepted plan back. Accepted,
// each unit with stops gets its task: the plan and its tasks change together or
// not at all. It returns an error wrapping [layers.ErrConflict] for a plan that
// was decided or edited meanwhile, whose forecast stands no more, or that would
// pass a place's cap with the plans accepted since.
func (s *Store) Decide(ctx context.Context, scope access.Scope, id int64, d Decision) (p Plan, err error) {
	v, err := see(scope)
	if err != nil {
		return p, err
	}
	from := map[string]string{"accept": Draft, "refuse": Draft, "withdraw": Accepted}[d.Action]
	if from == "" {
		return p, &layers.InputError{Field: "action", Value: layers.Short(d.Action), Remedy: "accept, refuse or withdraw"}
	}
	if err := reasonOf(d.Reason); err != nil {
		return p, err
	}
	if p, err = s.read(ctx, s.Layers.DB(), v, id); err != nil {
		return p, err
	}
	if err := decidable(p, from, d.Version); err != nil {
		return p, err
	}
	err = pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) error {
		if err := lock(ctx, tx, id, from, d.Version); err != nil {
			return err
		}
		to := map[string]string{"accept": Accepted, "refuse": Refused, "withdraw": Withdrawn}[d.Action]
		switch to {
		case Accepted:
			err = s.accept(ctx, tx, scope, &p, d)
		case Withdrawn:
			err = s.callBack(ctx, tx, scope, &p, d)
		}
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE onemap.patrol_plan SET state = $2, decided_by = $3, decided_at = $4, reason = $5, version = version + 1 WHERE id = $1`,
			id, to, v.who.Login, s.now(), d.Reason); err != nil {
			return err
		}
		return flow(ctx, tx, scope, s.now(), id, Step{Action: d.Action, Version: d.Version + 1, Reason: d.Reason}, d.Address)
	})
	if err != nil {
		return p, access.Wrap(fmt.Sprintf("%s patrol plan %d", d.Action, id), err)
	}
	return s.Get(ctx, scope, id)
}

func reasonOf(reason string) error {
	if strings.TrimSpace(reason) == "" {
		return &layers.InputError{Field: "reason", Remedy: "say why: it is kept with the plan"}
	}
	return layers.CheckText("reason", reason, 2000)
}

// decidable says why a plan is not to be changed from a state and version.
func decidable(p Plan, state string, version int) error {
	if version == 0 {
		return &layers.InputError{Field: "version", Remedy: "the version of the plan that you looked at"}
	}
	if p.State != state || p.Version != version {
		return fmt.Errorf("patrol plan %d is %s at version %d: look at it again: %w", p.ID, p.State, p.Version, layers.ErrConflict)
	}
	return nil
}

// lock holds the plan, and all plans against being accepted at the same moment:
// their caps are counted together.
func lock(ctx context.Context, tx pgx.Tx, id int64, state string, version int) error {
	if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtext('onemap.patrol_plan'))`); err != nil {
		return err
	}
	p := Plan{ID: id}
	if err := tx.QueryRow(ctx, `SELECT state, version FROM onemap.patrol_plan WHERE id = $1 FOR UPDATE`, id).Scan(&p.State, &p.Version); err != nil {
		return err
	}
	return decidable(p, state, version)
}

// accept makes the tasks.
func (s *Store) accept(ctx context.Context, tx pgx.Tx, scope access.Scope, p *Plan, d Decision) error {
	now := s.now()
	if !p.Until.After(now) {
		return &layers.InputError{Field: "action", Value: d.Action, Remedy: "a plan whose shifts are not over: plan again"}
	}
	if err := deploy.Stands(ctx, tx, p.Run); err != nil {
		return err
	}
	if p.Stops == 0 {
		return &layers.InputError{Field: "action", Value: d.Action, Remedy: "a plan with stops: this one has none"}
	}
	books, err := s.openLedger(ctx, tx, p.From, p.Until, p.ID, *p.Rules)
	if err != nil {
		return err
	}
	if err := books.within(p); err != nil {
		return err
	}
	for i, u := range p.Units {
		if len(u.Stops) == 0 {
			continue
		}
		field := fmt.Sprintf("units[%d]", i)
		if u.Person == "" && u.Grid == "" {
			return &layers.InputError{Field: field + ".person", Remedy: fmt.Sprintf("name the worker of %s, or the grid whose workers go", u.Name)}
		}
		if !u.Until.After(now) {
			return &layers.InputError{Field: field + ".until", Value: u.Until.Format(time.RFC3339), Remedy: "a shift that is not over: take its stops out, or plan again"}
		}
		id, err := s.Tasks.CreateTx(ctx, tx, scope, taskOf(p, u, d))
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE onemap.patrol_unit SET task = $3 WHERE plan = $1 AND n = $2`, p.ID, u.N, id); err != nil {
			return err
		}
	}
	return nil
}

// taskOf is what a unit's worker is to do.
func taskOf(p *Plan, u Unit, d Decision) task.Draft {
	t := task.Draft{UUID: uuid.NewSHA1(uuid.NameSpaceURL, fmt.Appendf(nil, "patrol/%d/%d/%d", p.ID, d.Version, u.N)), Kind: task.Patrol,
		Title: layers.Cut(p.Title+" · "+u.Name, 200), Person: u.Person, Dept: p.Dept, Grid: u.Grid, DueAt: u.Until, Address: d.Address}
	for _, s := range u.Stops {
		at := s.Start
		t.Points = append(t.Points, task.PointDraft{Title: layers.Cut(s.Title, 200), At: locate.Place{CRS: "WGS84", X: s.Lon, Y: s.Lat},
			Explore: s.Explore, PlannedAt: &at, Stay: s.Leave.Sub(s.Start)})
	}
	return t
}

// callBack cancels the tasks that are still open; what was done stays done.
func (s *Store) callBack(ctx context.Context, tx pgx.Tx, scope access.Scope, p *Plan, d Decision) error {
	for _, u := range p.Units {
		if u.Task == 0 || u.TaskState != "open" {
			continue
		}
		if err := s.Tasks.CancelTx(ctx, tx, scope, u.Task, d.Reason, d.Address); err != nil {
			return err
		}
	}
	return nil
}
