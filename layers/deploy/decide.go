package deploy

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"onemap/layers"
	"onemap/layers/access"
)

// decisions are what may be said of a plan in a state.
var decisions = map[string][]string{
	"accepted": {"proposed", "refused", "ended"},
	"refused":  {"proposed"},
	"ended":    {"accepted"},
}

// Decide accepts, refuses or ends a plan. Posts of an accepted one are on the
// map, layer post; those of another are not. A refusal and an end need a reason.
// It returns an error wrapping [layers.ErrConflict] for a plan that is in
// another state by now, and for accepting one whose forecast stands no more.
func (s *Store) Decide(ctx context.Context, by access.Scope, id int64, decision, reason, address string) (Plan, error) {
	p, err := s.one(ctx, by, "p.id = ", id)
	if err != nil {
		return Plan{}, err
	}
	from, ok := decisions[decision]
	if !ok {
		return Plan{}, &layers.InputError{Field: "decision", Value: layers.Short(decision), Remedy: "accepted, refused or ended"}
	}
	reason = strings.TrimSpace(reason)
	if err := layers.CheckText("reason", reason, 2000); err != nil {
		return Plan{}, err
	}
	if reason == "" && (decision != "accepted" || len(p.Answer.Plan.Unmet) > 0) {
		return Plan{}, &layers.InputError{Field: "reason", Remedy: "why: it is kept with the plan"}
	}
	who, _ := by.Person()
	err = pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) error {
		var state string
		if err := tx.QueryRow(ctx, `SELECT coalesce((SELECT decision FROM onemap.stationing_decision d WHERE d.plan = p.id ORDER BY d.id DESC LIMIT 1), 'proposed')
			FROM onemap.stationing p WHERE p.id = $1 FOR UPDATE OF p`, id).Scan(&state); err != nil {
			return err
		}
		allowed := false
		for _, f := range from {
			allowed = allowed || f == state
		}
		if !allowed {
			return fmt.Errorf("%w: the plan is %s by now: read it again", layers.ErrConflict, state)
		}
		if decision == "accepted" && p.Question.Demand.Source == "forecast" {
			if err := Stands(ctx, tx, p.Question.Demand.Run); err != nil {
				return err
			}
		}
		if _, err := tx.Exec(ctx, `INSERT INTO onemap.stationing_decision (plan, decision, reason, decided_by, decided_at) VALUES ($1, $2, $3, $4, $5)`, id, decision, reason, who.Login, s.now()); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM map.post WHERE plan = $1`, id); err != nil {
			return err
		}
		if decision == "accepted" {
			for _, post := range p.Answer.Plan.Posts {
				var minutes *float64
				if post.Demand > 0 {
					m := round(post.MeanS / 60)
					minutes = &m
				}
				if _, err := tx.Exec(ctx, `INSERT INTO map.post (source_key, plan, number, name, units, fixed, demand, minutes, dept_code, accepted_at, geom)
					VALUES (@key, @plan, @number, @name, @units, @fixed, @demand, @minutes, @dept, @at, @geom)`, pgx.NamedArgs{"key": fmt.Sprintf("stationing:%d/%d", id, post.Number), "plan": id,
					"number": post.Number, "name": post.Name, "units": post.Units, "fixed": post.Fixed, "demand": post.Demand, "minutes": minutes, "dept": p.Org, "at": s.now(), "geom": orb.Point{post.Lon, post.Lat}}); err != nil {
					return err
				}
			}
		}
		return access.RecordTx(ctx, tx, by, access.Entry{Action: "stationing.decide", Object: fmt.Sprintf("stationing/%d", id), Result: access.Done, Reason: reason, Address: address,
			Detail: map[string]any{"decision": decision}})
	})
	if err != nil {
		return Plan{}, access.Wrap("decide on a plan", err)
	}
	return s.one(ctx, by, "p.id = ", id)
}
