package intake

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
	classes "onemap/layers/class"
	"onemap/layers/worktime"
)

// CaseFile makes incidents of another system cases: with the times of their
// steps, whether they were late, and a flow record. The rules, by state:
//
//	ended (closed, rejected, void)  closed_at, or where the source has none the report
//	filed, dispatched … and void    registered and filed when they were reported, if the source does not say
//	dispatched … and closed         dispatched when they were filed, if the source does not say
//	closed, feedback …              handled when the source says, else when they were closed
//
// A step is never before the one before it, nor after the end: sources keep
// some times by the day. Late is who was handled after the deadline, counted
// from the dispatch; what is open is late when the deadline has passed.
type CaseFile struct {
	// Limit is the time to handle a case, "14 natural_day". It is the city's to
	// say; no source does.
	Limit string `yaml:"limit"`
}

// caseColumns are what the rules fill. The values stand for no value.
var caseColumns = map[string]string{
	"registered_at": "", "filed_at": "", "dispatched_at": "", "handled_at": "", "closed_at": "", "since": "2000-01-01",
	"overdue": "false", "limit_n": "", "limit_unit": "",
}

// A casePlan is a compiled [CaseFile].
type casePlan struct {
	limit    worktime.Limit
	calendar worktime.Calendar
	now      time.Time
	at       map[string]int // where the plan's fields are
}

// compileCases fits the rules to a plan whose fields have all of [caseColumns].
func (p *plan) compileCases(calendar worktime.Calendar, now time.Time) error {
	limit, err := worktime.ParseLimit(p.m.Cases.Limit)
	if err != nil {
		return &layers.InputError{Field: p.m.Name, Remedy: "cases: " + err.Error()}
	}
	c := &casePlan{limit: limit, calendar: calendar, now: now, at: map[string]int{}}
	for i, f := range p.fields {
		c.at[f.name] = i
	}
	p.cases = c
	return nil
}

// assumeCases gives the plan the fields that the rules fill.
func assumeCases(m Mapping, given map[string]Value) {
	if m.Cases == nil {
		return
	}
	for name, value := range caseColumns {
		if _, ok := given[name]; !ok {
			given[name] = Value{Const: &value}
		}
	}
}

// deadline of a case that was dispatched then.
func (c *casePlan) deadline(dispatched time.Time) time.Time {
	return c.calendar.Deadline(dispatched, c.limit)
}

// cases fills in what a case's columns lack.
func (w *worker) cases() {
	c := w.p.cases
	if c == nil {
		return
	}
	get := func(name string) (time.Time, bool) {
		v := w.cells[c.at[name]]
		return time.UnixMicro(epoch.UnixMicro() + v.n), !v.null
	}
	set := func(name string, t time.Time) { w.cells[c.at[name]] = cell{n: t.UnixMicro() - epoch.UnixMicro()} }
	none := func(name string) { w.cells[c.at[name]] = cell{null: true} }
	// not before a, and where there is an end not after it
	between := func(t, a, end time.Time) time.Time {
		if t.Before(a) {
			t = a
		}
		if !end.IsZero() && t.After(end) {
			t = end
		}
		return t
	}
	state := w.cells[c.at["state"]].s
	reported, _ := get("reported_at")
	at, end := reported, time.Time{} // the last step, and when it was over
	if state == "closed" || state == "rejected" || state == "void" {
		closed, ok := get("closed_at")
		if !ok {
			closed = reported
		}
		end = between(closed, reported, time.Time{})
		set("closed_at", end)
	} else {
		none("closed_at")
	}
	step := func(name string, happened, assumed bool) {
		t, ok := get(name)
		switch {
		case !happened:
			none(name)
			return
		case !ok && !assumed:
			return
		case !ok && name == "handled_at" && !end.IsZero():
			t = end
		case !ok:
			t = at
		}
		at = between(t, at, end)
		set(name, at)
	}
	var progress = map[string]int{"registered": 1, "filed": 2, "void": 2, "dispatched": 3, "handling": 3, "suspended": 3, "feedback": 4, "checking": 4, "checked": 4, "closed": 4}[state]
	step("registered_at", progress >= 1, true)
	step("filed_at", progress >= 2, true)
	step("dispatched_at", progress >= 3 || state == "void", progress >= 3)
	step("handled_at", progress >= 4, true)
	if !end.IsZero() {
		at = end
	}
	set("since", at)
	w.cells[c.at["limit_n"]] = cell{n: int64(c.limit.N)}
	w.cells[c.at["limit_unit"]] = cell{s: string(c.limit.Unit)}
	late := cell{}
	if dispatched, ok := get("dispatched_at"); ok && state != "void" {
		until, ok := get("handled_at")
		if !ok {
			until = c.now
		}
		if until.After(c.deadline(dispatched)) {
			late.n = 1
		}
	}
	w.cells[c.at["overdue"]] = late
}

// calendar is the city's, for limits.
func (im *importer) calendar(ctx context.Context) (worktime.Calendar, error) {
	c, err := new(classes.Store).Calendar(ctx, im.store.DB())
	if err != nil {
		return c, fmt.Errorf("calendar of the limits: %w", err)
	}
	return c, nil
}

// flow writes the flow records that this source's cases lack: one for each step
// whose time stands in the case. A step that is there at that time is not
// written again, so the same file again writes nothing.
func (im *importer) flow(ctx context.Context, p *plan) error {
	if p.cases == nil {
		return nil
	}
	return pgx.BeginFunc(ctx, im.store.DB(), func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `CREATE TEMP TABLE flow (incident bigint, n smallint, at timestamptz, action text, from_state text, to_state text, dept text, used_s bigint, limit_s bigint, detail jsonb) ON COMMIT DROP`)
		if err != nil {
			return err
		}
		rows, err := tx.Query(ctx, `SELECT id, state, dept_code, reported_at, registered_at, filed_at, dispatched_at, handled_at, closed_at FROM map.incident
			WHERE starts_with(source_key, @source) ORDER BY id`, pgx.NamedArgs{"source": im.m.Source + ":"})
		if err != nil {
			return err
		}
		all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[historic])
		if err != nil {
			return err
		}
		var records [][]any
		for _, h := range all {
			records = append(records, h.flow(p.cases)...)
		}
		if _, err := tx.CopyFrom(ctx, pgx.Identifier{"flow"}, []string{"incident", "n", "at", "action", "from_state", "to_state", "dept", "used_s", "limit_s", "detail"},
			pgx.CopyFromRows(records)); err != nil {
			return fmt.Errorf("write the flow: %w", err)
		}
		tag, err := tx.Exec(ctx, `INSERT INTO onemap.incident_flow (incident, at, actor, org, post, action, from_state, to_state, dept, used_s, limit_s, detail)
			SELECT incident, at, 'import', '', 'import', action, from_state, to_state, dept, used_s, limit_s, detail FROM flow n
			WHERE NOT EXISTS (SELECT FROM onemap.incident_flow o WHERE o.incident = n.incident AND (o.actor <> 'import' OR (o.action, o.at, o.dept) = (n.action, n.at, n.dept)))
			ORDER BY incident, n`)
		if err != nil {
			return fmt.Errorf("write the flow: %w", err)
		}
		if tag.RowsAffected() > 0 {
			im.sum.Notes = append(im.sum.Notes, fmt.Sprintf("%d flow records", tag.RowsAffected()))
		}
		return nil
	})
}

// A historic case as its columns tell it.
type historic struct {
	ID                                              int64
	State, Dept                                     string
	Reported                                        time.Time
	Registered, Filed, Dispatched, Handled, ClosedA *time.Time
}

// flow is the case's record: what the source tells, in the states that it leads through.
func (h historic) flow(c *casePlan) (records [][]any) {
	state := ""
	add := func(action, to string, at time.Time, used, limit *int64, detail map[string]any) {
		if detail == nil {
			detail = map[string]any{}
		}
		records = append(records, []any{h.ID, int16(len(records)), at, action, state, to, h.Dept, used, limit, detail})
		state = to
	}
	limit := int64(c.limit.Length() / time.Second)
	add("report", "reported", h.Reported, nil, nil, nil)
	if h.Registered != nil {
		add("register", "registered", *h.Registered, nil, nil, nil)
	}
	if h.Filed != nil {
		add("file", "filed", *h.Filed, nil, nil, map[string]any{"limit": c.limit})
	}
	if h.Dispatched != nil {
		add("dispatch", "dispatched", *h.Dispatched, nil, nil, map[string]any{"deadline": c.deadline(*h.Dispatched)})
	}
	if h.Handled != nil && h.Dispatched != nil {
		used := int64(c.calendar.Spent(*h.Dispatched, *h.Handled, c.limit.Unit) / time.Second)
		add("feedback", "feedback", *h.Handled, &used, &limit, nil)
	}
	if h.ClosedA != nil && state != h.State {
		add(map[string]string{"closed": "close", "rejected": "reject", "void": "void"}[h.State], h.State, *h.ClosedA, nil, nil, nil)
	}
	return records
}
