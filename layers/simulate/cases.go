package simulate

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
	"onemap/layers/class"
	"onemap/layers/incident"
	"onemap/layers/simulate/city"
)

// readRules reads by what clocks of cases run, and lets filings ask for the
// limits of their class.
func (l *loader) readRules(ctx context.Context, store *layers.Store) (err error) {
	if l.rules, err = incident.ReadRules(ctx, store.DB()); err != nil {
		return err
	}
	classes, kept := &class.Store{Layers: store}, map[[3]string]class.Condition{}
	l.condition = func(standard, code, area string) class.Condition {
		key := [3]string{standard, code, area}
		c, ok := kept[key]
		if !ok {
			c, err = classes.Condition(ctx, store.DB(), standard, code, "", area)
			if err != nil && !errors.Is(err, layers.ErrInvalid) {
				l.failed = err // told after the load: a city without limits is not what was asked for
			}
			kept[key] = c
		}
		return c
	}
	return nil
}

// due is what the city asks when it makes up how long a department takes.
func (l *loader) due(standard, code, area string, from time.Time) (time.Time, bool) {
	c := l.condition(standard, code, area)
	if !c.OK {
		return time.Time{}, false
	}
	return l.rules.Calendar.Deadline(from, c.Limit), true
}

// A story is an incident with its number and its flow.
type story struct {
	city.Incident
	number string
	flow   []incident.Record
}

// stories are the city's incidents with what was recorded of each. The n-th
// case that is filed on a day has the serial n.
func (l *loader) stories() iter.Seq[story] {
	return func(yield func(story) bool) {
		serials := map[string]int{}
		for x := range l.city.Incidents {
			s := story{Incident: x}
			for _, step := range x.Steps {
				if step.Action == "file" {
					day := city.County + step.At.In(city.Zone).Format("20060102")
					serials[day]++
					s.number = fmt.Sprintf("%s%05d", day, serials[day])
				}
				s.flow = append(s.flow, l.record(x, step, s.number))
			}
			if !yield(s) {
				return
			}
		}
	}
}

// record makes a step a record of the flow.
func (l *loader) record(x city.Incident, s city.Step, number string) incident.Record {
	r := incident.Record{At: s.At.UTC(), Actor: s.Actor, Post: s.Post, Org: s.Org, Action: s.Action, From: s.From, To: s.To, Dept: s.Dept, Opinion: s.Opinion,
		Detail: incident.Detail{Blame: s.Blame, Worker: s.Worker, Result: s.Result}}
	if !s.Until.IsZero() {
		until := s.Until.UTC()
		r.Detail.Until = &until
	}
	if s.From != s.To {
		r.Detail.Stage = l.rules.Stage(s.To)
	}
	if s.Action == "file" {
		r.Detail.Number, r.Detail.By, r.Detail.AreaClass = number, class.ByClass, l.city.AreaClass(x.Block)
		if c := l.condition(x.Standard, x.Class, r.Detail.AreaClass); c.OK {
			r.Detail.Condition, r.Detail.Limit = c.Code, &incident.Term{N: c.Limit.N, Unit: c.Limit.Unit}
		}
	}
	return r
}

// incidents is the table of the cases, each standing where its flow leads.
func (l *loader) incidents() table {
	columns := append(headed("uuid", "class_standard", "class_code", "severity", "description", "place", "source", "reporter", "occurred_at", "reported_at", "updated_at",
		"version", "number"), incident.Columns...)
	last := 0
	told := each(l.stories(), func(n int, x story) []any {
		last = n
		var reporter, number any
		if id, ok := l.persons[x.Reporter]; ok {
			reporter = id
		}
		if x.number != "" {
			number = x.number
		}
		st := incident.Recount(l.rules, x.flow)
		row := l.head("incident", n, x.Block, x.At, x.UUID, x.Standard, x.Class, int16(x.Severity), x.Description, x.Place, x.Source, reporter,
			x.Occurred, x.Reported, x.flow[len(x.flow)-1].At, int32(len(x.flow)), number)
		return append(row, st.Values()...)
	})
	// The archive of calls: closed, without their flow, as an import brings them.
	archive := each(l.city.Archive, func(n int, x city.Incident) []any {
		row := l.head("incident", last+n, x.Block, x.At, x.UUID, x.Standard, x.Class, int16(x.Severity), x.Description, x.Place, x.Source, nil,
			x.Occurred, x.Reported, x.Closed, int32(1), nil)
		st := incident.Standing{State: incident.Closed, Dept: x.Dept, Since: x.Closed, ClosedAt: x.Closed}
		return append(row, st.Values()...)
	})
	return table{"incident", columns, l.city.Amounts().Incidents, func(yield func([]any) bool) {
		for _, rows := range []iter.Seq[[]any]{told, archive} {
			for row := range rows {
				if !yield(row) {
					return
				}
			}
		}
	}}
}

// steps is the table of the flow.
func (l *loader) steps() table {
	since := l.city.StepsSince()
	return table{"incident_flow", []string{"incident", "at", "actor", "post", "org", "action", "from_state", "to_state", "dept", "opinion", "used_s", "limit_s", "detail"}, 0,
		func(yield func([]any) bool) {
			for x := range l.stories() {
				if x.Reported.Before(since) && !x.Closed.IsZero() {
					continue
				}
				var st incident.Standing
				for _, r := range x.flow {
					used, limit, limited := st.Apply(l.rules, r)
					var usedS, limitS any
					if r.From != "" {
						usedS = int64(used / time.Second)
					}
					if limited {
						limitS = int64(limit / time.Second)
					}
					r.Detail.Deadline = st.Deadline(r.Action)
					if !yield([]any{int64(x.ID), r.At, r.Actor, r.Post, r.Org, r.Action, r.From, r.To, r.Dept, r.Opinion, usedS, limitS, r.Detail}) {
						return
					}
				}
			}
		}}
}

// tasks writes the open verifications and checks, each for the worker who was
// sent, and lets the next case's number be one that no case of today has.
func (l *loader) tasks(ctx context.Context, tx pgx.Tx) error {
	if _, err := tx.Exec(ctx, `DELETE FROM onemap.task WHERE kind IN ('verify', 'check')`); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `INSERT INTO onemap.task (kind, title, incident, person, grid_code, area_code, geom, made_by, made_at, warn_at, due_at)
		SELECT CASE f.state WHEN 'verifying' THEN 'verify' ELSE 'check' END, coalesce(c.name_zh, ''), f.id, p.id, f.grid_code, f.area_code, f.geom, 'acceptor', f.since, f.warn_at, f.due_at
		FROM map.incident f
		LEFT JOIN onemap.class c ON c.standard = f.class_standard AND c.kind = f.class_kind AND c.code = f.class_code
		LEFT JOIN LATERAL (SELECT detail ->> 'worker' AS login FROM onemap.incident_flow w WHERE w.incident = f.id AND action IN ('send_verify', 'send_check') ORDER BY w.id DESC LIMIT 1) w ON true
		LEFT JOIN onemap.person p ON p.login = w.login
		WHERE f.state IN ('verifying', 'checking')`); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `SELECT setval('onemap.case_serial', greatest(1, coalesce((SELECT max(right(number, 5)::bigint) FROM map.incident WHERE number LIKE @today || '%'), 0)))`,
		pgx.NamedArgs{"today": city.County + l.city.Now.In(city.Zone).Format("20060102")})
	return err
}
