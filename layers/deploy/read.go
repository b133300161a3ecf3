package deploy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
	"onemap/layers/access"
)

const planSQL = `SELECT p.id, p.uuid, p.title, p.org, coalesce(o.name_zh, ''), coalesce(o.name_en, ''), p.model, coalesce(p.parent, 0), p.question, p.answer, p.hash, p.made_by, p.made_at, p.data,
		coalesce((SELECT json_agg(json_build_object('decision', d.decision, 'reason', d.reason, 'by', d.decided_by, 'at', d.decided_at) ORDER BY d.id) FROM onemap.stationing_decision d WHERE d.plan = p.id), '[]')
	FROM onemap.stationing p LEFT JOIN onemap.organisation o ON o.code = p.org WHERE `

// visible is the condition on plans p that the caller sees.
func (s *Store) visible(ctx context.Context, by access.Scope, a *layers.Args) (string, error) {
	dept, area, err := s.sees(ctx, by)
	if err != nil {
		return "", err
	}
	cond := "starts_with(p.area_code, " + a.Add(area) + ")"
	if dept != "" {
		cond += " AND p.org = " + a.Add(dept)
	}
	return cond, nil
}

// Get returns a plan that the caller sees; who looked stands in the audit. It
// returns an error wrapping [layers.ErrNotFound].
func (s *Store) Get(ctx context.Context, by access.Scope, id int64, address string) (Plan, error) {
	p, err := s.one(ctx, by, "p.id = ", id)
	if err != nil {
		return Plan{}, err
	}
	err = access.NewAudit(s.Layers.DB()).Record(ctx, by, access.Entry{Action: "stationing.view", Object: fmt.Sprintf("stationing/%d", id), Result: access.Done, Address: address})
	return p, access.Wrap("record who saw a plan", err)
}

func (s *Store) one(ctx context.Context, by access.Scope, which string, it any) (Plan, error) {
	var a layers.Args
	cond, err := s.visible(ctx, by, &a)
	if err != nil {
		return Plan{}, err
	}
	rows, err := s.Layers.DB().Query(ctx, planSQL+cond+" AND "+which+a.Add(it), a...)
	if err != nil {
		return Plan{}, fmt.Errorf("plan %v: %w", it, err)
	}
	found, err := pgx.CollectRows(rows, scanPlan)
	if err != nil {
		return Plan{}, fmt.Errorf("plan %v: %w", it, err)
	}
	if len(found) == 0 {
		return Plan{}, fmt.Errorf("plan %v: %w", it, layers.ErrNotFound)
	}
	return found[0], nil
}

// pageOf is how many plans a list has at most.
const pageOf = 50

// List returns the plans that the caller sees, the latest first, older than
// before (0: from the latest on), without areas, curves and data. next is what to
// ask with for the next page, 0 at the end.
func (s *Store) List(ctx context.Context, by access.Scope, before int64) (plans []Plan, next int64, err error) {
	var a layers.Args
	cond, err := s.visible(ctx, by, &a)
	if err != nil {
		return nil, 0, err
	}
	if before > 0 {
		cond += " AND p.id < " + a.Add(before)
	}
	rows, err := s.Layers.DB().Query(ctx, planSQL+cond+" ORDER BY p.id DESC LIMIT "+a.Add(pageOf+1), a...)
	if err != nil {
		return nil, 0, fmt.Errorf("plans: %w", err)
	}
	if plans, err = pgx.CollectRows(rows, scanPlan); err != nil {
		return nil, 0, fmt.Errorf("plans: %w", err)
	}
	if len(plans) > pageOf {
		plans = plans[:pageOf]
		next = plans[pageOf-1].ID
	}
	for i := range plans {
		p := &plans[i]
		p.data, p.Answer.CurveS = nil, []float64{}
		for _, m := range []*Measured{&p.Answer.Plan, p.Answer.Today} {
			if m != nil {
				m.Areas, m.Curve = []AreaHas{}, []float64{}
			}
		}
	}
	return plans, next, nil
}

func scanPlan(row pgx.CollectableRow) (p Plan, err error) {
	var question, answer, decisions []byte
	if err = row.Scan(&p.ID, &p.UUID, &p.Title, &p.Org, &p.OrgZH, &p.OrgEN, &p.Model, &p.Parent, &question, &answer, &p.Hash, &p.MadeBy, &p.MadeAt, &p.data, &decisions); err != nil {
		return p, err
	}
	for _, part := range []struct {
		b    []byte
		into any
	}{{question, &p.Question}, {answer, &p.Answer}, {decisions, &p.Decisions}} {
		if err := json.Unmarshal(part.b, part.into); err != nil {
			return p, fmt.Errorf("plan %d: %w", p.ID, err)
		}
	}
	p.State = "proposed"
	if n := len(p.Decisions); n > 0 {
		p.State = p.Decisions[n-1].Decision
	}
	return p, nil
}

// Material returns what a plan was made from: demand by cell, candidates, areas.
// A caller who may not see all that was counted sees no demand by cell.
func (s *Store) Material(ctx context.Context, by access.Scope, id int64) (Data, error) {
	p, err := s.one(ctx, by, "p.id = ", id)
	if err != nil {
		return Data{}, err
	}
	d, err := unpack(p.data)
	if err != nil {
		return Data{}, err
	}
	seen, err := s.seesDemand(ctx, by, p.Question, d)
	if err != nil || seen {
		return d, err
	}
	d.Points = slices.DeleteFunc(d.Points, func(p Point) bool { return !p.IsMust })
	d.Withheld, d.Notes = true, append(d.Notes, withheld)
	return d, nil
}

var withheld = Words{"您没有查看全部所计案件的权限,只显示覆盖数字,不显示需求点。", "You have no right to all that was counted: you see what is covered, not where demand is."}

// seesDemand says whether the caller may see all that a plan's demand was
// counted from: the cases that are still there, or the forecast's cells. Of data
// kept without their cases it is not known, and nobody may.
func (s *Store) seesDemand(ctx context.Context, by access.Scope, q Question, d Data) (bool, error) {
	layer, which := "incident", "f.id = ANY ("
	var a layers.Args
	if q.Demand.Source == "forecast" {
		layer, which = "forecast", "f.run = ("+a.Add(q.Demand.Run)
	} else {
		if d.cases == nil {
			return false, nil
		}
		which += a.Add(d.cases)
	}
	cond, err := s.sight(ctx, by, layer, &a)
	if errors.Is(err, access.ErrForbidden) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	var all bool
	if err := s.Layers.DB().QueryRow(ctx, `SELECT NOT EXISTS (SELECT FROM map.`+layer+` f WHERE `+which+`) AND (`+cond+`) IS NOT TRUE)`, a...).Scan(&all); err != nil {
		return false, fmt.Errorf("who may see a plan's demand: %w", err)
	}
	return all, nil
}

// Preview returns what a plan of a question would be made from, without making
// one.
func (s *Store) Preview(ctx context.Context, by access.Scope, q Question) (Data, error) {
	if _, _, err := s.sees(ctx, by); err != nil {
		return Data{}, err
	}
	if err := s.complete(ctx, &q); err != nil {
		return Data{}, said("check a plan's question", err)
	}
	d, err := s.gather(ctx, by, &q)
	return d, said("gather what a plan is made from", err)
}
