package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/evaluate"
	"onemap/layers/incident"
)

// A recounter counts again what the server did, from what is in the database.
type recounter struct {
	*testing.T
	db    *pgxpool.Pool
	first int64 // incidents after it are of the test
}

// aCase is a case with its flow.
type aCase struct {
	id       int64
	state    string
	reported time.Time
	columns  standing
	flow     []incident.Record
	used     []int64 // seconds, as each record has it
	limit    []*int64
}

// standing are the columns that follow from the flow.
type standing struct {
	State, Dept, Pending, Verified, Checked, Condition                string
	Since, Warn, Due                                                  time.Time
	Escalation, Extensions, Suspensions, Returns, Reworks, Dispatches int
	Supervised, Decided, Overdue, Excused, Forced                     bool
	Filed, Dispatched, Handled, Closed                                time.Time
}

func (c *recounter) texts(sql string, args ...any) []string {
	c.Helper()
	rows, err := c.db.Query(c.Context(), sql, args...)
	if err != nil {
		c.Fatal(err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		c.Fatal(err)
	}
	return out
}

// reportsOnce: what was acknowledged is there, each once, under the number that
// the reporter was told, and nothing else is.
func (c *recounter) reportsOnce(acked map[string]int64) {
	c.Helper()
	var want []string
	for id, n := range acked {
		want = append(want, fmt.Sprint(id, " ", n))
	}
	slices.Sort(want)
	got := c.texts(`SELECT uuid || ' ' || id FROM map.incident WHERE id > $1`, c.first)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		c.Errorf("%d reports were acknowledged, %d are there", len(want), len(got))
	}
	for _, twice := range c.texts(`SELECT incident::text FROM onemap.incident_flow WHERE incident > $1 AND action = 'report' GROUP BY incident HAVING count(*) <> 1`, c.first) {
		c.Errorf("incident %s was reported more than once", twice)
	}
	if lost := c.texts(`SELECT p.photo FROM onemap.incident_photo p LEFT JOIN onemap.photo o ON o.sha256 = p.photo WHERE o.sha256 IS NULL`); len(lost) > 0 {
		c.Errorf("%d photos are not there", len(lost))
	}
}

// actionsOnce: an action that was confirmed is in the flow of its case, once.
func (c *recounter) actionsOnce(done map[string]int64) {
	c.Helper()
	times := map[string]int{}
	for _, row := range c.texts(`SELECT uuid || ' ' || incident FROM onemap.incident_flow WHERE uuid IS NOT NULL`) {
		times[row]++
	}
	for id, n := range done {
		if got := times[fmt.Sprint(id, " ", n)]; got != 1 {
			c.Errorf("action %s on incident %d is %d times in the flow", id, n, got)
		}
	}
	if len(done) == 0 {
		c.Error("no action was done")
	}
}

// positions: all lie in a duty of their worker; each enter has its leave.
func (c *recounter) positions() {
	c.Helper()
	for what, sql := range map[string]string{
		"positions outside of any duty": `SELECT count(*)::text FROM onemap.position p WHERE NOT EXISTS (SELECT FROM onemap.duty d WHERE d.person = p.person AND p.at >= d.began AND (d.ended IS NULL OR p.at <= d.ended))`,
		"workers on duty, or on the map, after they all went off": `SELECT count(*)::text FROM onemap.person p WHERE login LIKE 'hour-%'
			AND (EXISTS (SELECT FROM map.worker WHERE person = p.id) OR EXISTS (SELECT FROM onemap.duty WHERE person = p.id AND ended IS NULL))`,
		"fences entered or left twice running": `SELECT count(*)::text FROM (SELECT what, lag(what) OVER (PARTITION BY person, fence ORDER BY at, id) AS before FROM map.fence_event
			WHERE person IN (SELECT id FROM onemap.person WHERE login LIKE 'hour-%')) e WHERE what = coalesce(before, 'leave')`,
	} {
		if n := c.texts(sql)[0]; n != "0" {
			c.Errorf("%s %s", n, what)
		}
	}
	if n := c.texts(`SELECT count(*)::text FROM onemap.position`)[0]; n == "0" {
		c.Error("no position is there")
	}
}

// tasks: who looks has one thing to do, and nobody has what is over.
func (c *recounter) tasks() {
	c.Helper()
	for what, sql := range map[string]string{
		"cases that are being verified or checked, without one open task": `SELECT count(*)::text FROM map.incident i WHERE id > $1 AND state IN ('verifying', 'checking')
			AND 1 <> (SELECT count(*) FROM onemap.task WHERE incident = i.id AND done_at IS NULL AND kind = CASE i.state WHEN 'verifying' THEN 'verify' ELSE 'check' END)`,
		"open tasks of cases that nobody need look at": `SELECT count(*)::text FROM onemap.task t JOIN map.incident i ON i.id = t.incident
			WHERE i.id > $1 AND t.done_at IS NULL AND t.kind IN ('verify', 'check') AND i.state <> CASE t.kind WHEN 'verify' THEN 'verifying' ELSE 'checking' END`,
		"cases whose finished tasks are not as many as the reports on them": `SELECT count(*)::text FROM map.incident i WHERE id > $1
			AND (SELECT count(*) FROM onemap.task WHERE incident = i.id AND done_at IS NOT NULL AND result <> 'cancelled')
			<> (SELECT count(*) FROM onemap.incident_flow WHERE incident = i.id AND action IN ('report_verify', 'report_check'))`,
	} {
		if n := c.texts(sql, c.first)[0]; n != "0" {
			c.Errorf("%s %s", n, what)
		}
	}
}

// flows reads all cases of the database.
func (c *recounter) flows() []*aCase {
	c.Helper()
	rows, err := c.db.Query(c.Context(), `SELECT id, reported_at, state, dept_code, pending, verified, checked, condition, since, warn_at, due_at, escalation, extensions, suspensions, returns, reworks, dispatches,
			supervised, decided, overdue, excused, forced, filed_at, dispatched_at, handled_at, closed_at FROM map.incident ORDER BY id`)
	if err != nil {
		c.Fatal(err)
	}
	var all []*aCase
	byID := map[int64]*aCase{}
	for rows.Next() {
		x := &aCase{}
		s := &x.columns
		var warn, due, filed, dispatched, handled, closed *time.Time
		if err := rows.Scan(&x.id, &x.reported, &s.State, &s.Dept, &s.Pending, &s.Verified, &s.Checked, &s.Condition, &s.Since, &warn, &due, &s.Escalation, &s.Extensions, &s.Suspensions, &s.Returns, &s.Reworks, &s.Dispatches,
			&s.Supervised, &s.Decided, &s.Overdue, &s.Excused, &s.Forced, &filed, &dispatched, &handled, &closed); err != nil {
			c.Fatal(err)
		}
		for to, from := range map[*time.Time]*time.Time{&s.Warn: warn, &s.Due: due, &s.Filed: filed, &s.Dispatched: dispatched, &s.Handled: handled, &s.Closed: closed} {
			if from != nil {
				*to = from.UTC()
			}
		}
		s.Since = s.Since.UTC()
		x.state = s.State
		all, byID[x.id] = append(all, x), x
	}
	if err := rows.Err(); err != nil {
		c.Fatal(err)
	}
	rows, err = c.db.Query(c.Context(), `SELECT incident, at, actor, post, org, action, from_state, to_state, dept, opinion, detail, coalesce(used_s, -1), limit_s FROM onemap.incident_flow ORDER BY incident, id`)
	if err != nil {
		c.Fatal(err)
	}
	for rows.Next() {
		var r incident.Record
		var id, used int64
		var limit *int64
		var detail []byte
		if err := rows.Scan(&id, &r.At, &r.Actor, &r.Post, &r.Org, &r.Action, &r.From, &r.To, &r.Dept, &r.Opinion, &detail, &used, &limit); err != nil {
			c.Fatal(err)
		}
		if err := json.Unmarshal(detail, &r.Detail); err != nil {
			c.Fatal(err)
		}
		if x := byID[id]; x != nil {
			x.flow, x.used, x.limit = append(x.flow, r), append(x.used, used), append(x.limit, limit)
		}
	}
	if err := rows.Err(); err != nil {
		c.Fatal(err)
	}
	return all
}

// told are records of what the clock and other cases did: they change no state.
var told = []string{"warn", "overdue", "long_overdue", "take_in"}

// legal: each flow begins with a report, each step begins where the one before
// ended and is a line of the table, done in a post that the line names, and the
// last one leads to where the case is.
func (c *recounter) legal(all []*aCase) {
	c.Helper()
	seen := map[string]int{}
	for _, x := range all {
		if x.id <= c.first {
			continue
		}
		at := ""
		for n, r := range x.flow {
			if seen[r.Action]++; r.To == incident.Disputed && r.From != r.To {
				seen["dispute"]++
			}
			bad := func(what string) {
				c.Errorf("incident %d, record %d, %s from %q to %q by %s: %s", x.id, n, r.Action, r.From, r.To, r.Post, what)
			}
			if n > 0 && r.At.Before(x.flow[n-1].At) {
				bad("it is before the one before")
			}
			switch {
			case n == 0:
				if r.Action != "report" || r.To != incident.Reported && r.To != incident.SelfHandled {
					bad("a flow begins with a report")
				}
			case r.From != at:
				bad("the case was " + at)
			case slices.Contains(told, r.Action):
				if r.To != r.From {
					bad("it changes the state")
				}
			case !tabled(r):
				bad("the table has no such line")
			}
			at = r.To
		}
		if at != x.state || len(x.flow) == 0 {
			c.Errorf("incident %d is %s, its flow ends with %q", x.id, x.state, at)
		}
	}
	c.Logf("steps: %v", seen)
	for _, must := range []string{"send_verify", "report_verify", "approve_self", "register", "file", "dispatch", "accept", "return", "dispute", "decide", "ask_extension", "grant_extension",
		"ask_suspension", "feedback", "send_check", "report_check", "rework", "close"} {
		if seen[must] == 0 {
			c.Errorf("no case came to %s: the test shows little", must)
		}
	}
}

// tabled says whether a record is a line of the table, with the results that
// the field's rules give three of them.
func tabled(r incident.Record) bool {
	return slices.ContainsFunc(incident.Transitions, func(t incident.Transition) bool {
		to := t.To
		if to == "" {
			to = r.From
		}
		results := []string{to}
		switch t.Action {
		case "return": // the second goes to the command centre
			results = append(results, incident.Disputed)
		case "report_check": // failed
			results = append(results, incident.Feedback)
		}
		by := r.Post == "system" || r.Post == "rule" && t.Action == "dispatch" || t.Reporter && r.Post == "reporter"
		return t.Action == r.Action && slices.Contains(t.From, r.From) && slices.Contains(results, r.To) &&
			(by || slices.Contains(t.By, access.Role(r.Post)))
	})
}

// clocks: what the columns of each case say follows from its flow; and of the
// centre's states, whose clocks run day and night, each record says as many
// seconds as went by since the state began.
func (c *recounter) clocks(all []*aCase) {
	c.Helper()
	rules, err := incident.ReadRules(c.Context(), c.db)
	if err != nil {
		c.Fatal(err)
	}
	utc := func(t time.Time) time.Time {
		if t.IsZero() {
			return time.Time{}
		}
		return t.UTC()
	}
	checked := 0
	for _, x := range all {
		if x.id <= c.first || len(x.flow) == 0 {
			continue
		}
		s := incident.Recount(rules, x.flow)
		want := standing{State: s.State, Dept: s.Dept, Pending: s.Pending, Verified: s.Verified, Checked: s.Checked, Condition: s.Condition, Since: utc(s.Since), Warn: utc(s.WarnAt), Due: utc(s.DueAt),
			Escalation: s.Escalation, Extensions: s.Extensions, Suspensions: s.Suspensions, Returns: s.Returns, Reworks: s.Reworks, Dispatches: s.Dispatches, Supervised: s.Supervised, Decided: s.Decided,
			Overdue: s.Overdue, Excused: s.Excused, Forced: s.Forced, Filed: utc(s.FiledAt), Dispatched: utc(s.DispatchedAt), Handled: utc(s.HandledAt), Closed: utc(s.ClosedAt)}
		if want != x.columns {
			c.Errorf("incident %d stands as\n%+v, by its flow it is\n%+v", x.id, x.columns, want)
		}
		since := x.flow[0].At
		for n := 1; n < len(x.flow); n++ {
			r := x.flow[n]
			if stage, ok := rules.Stages[r.From]; ok && stage.Unit == "urgent_hour" {
				checked++
				if by := int64(r.At.Sub(since) / time.Second); x.used[n] != by || x.limit[n] == nil || *x.limit[n] != int64(stage.Time/time.Second) {
					c.Errorf("incident %d, record %d (%s): %d s of %v, by the clock on the wall %d s of %v", x.id, n, r.Action, x.used[n], x.limit[n], by, stage.Time)
				}
			}
			if r.From != r.To {
				since = r.At
			}
		}
	}
	if checked == 0 {
		c.Error("no clock was checked")
	}
}

// evaluation: a day's report says what a plain count over the flows says.
func (c *recounter) evaluation(all []*aCase) {
	c.Helper()
	s := &evaluate.Store{Layers: layers.NewStore(c.db)}
	zone, err := s.Zone(c.Context())
	if err != nil {
		c.Fatal(err)
	}
	day, err := evaluate.PeriodOf("day", time.Now(), zone)
	if err != nil {
		c.Fatal(err)
	}
	want := map[string]int64{"reported": 0, "valid": 0, "closed": 0, "self_handled": 0, "returned": 0, "received": 0, "forced": 0}
	in := func(t time.Time) bool { return !t.Before(day.From) && t.Before(day.To) }
	for _, x := range all {
		filed, forced := false, false
		var closed time.Time
		for _, r := range x.flow {
			filed = filed || r.Action == "file"
			if r.From != r.To && r.To == incident.Closed {
				closed, forced = r.At, r.Action == "force_close"
			}
			if r.Action == "return" && in(r.At) {
				want["returned"]++
			}
			if (r.Action == "dispatch" || r.Action == "decide") && in(r.At) {
				want["received"]++
			}
		}
		add := func(name string, yes bool) {
			if yes {
				want[name]++
			}
		}
		over := x.state == incident.Closed && in(closed)
		add("reported", in(x.reported))
		add("valid", in(x.reported) && filed)
		add("closed", over && filed)
		add("self_handled", over && !filed)
		add("forced", over && filed && forced)
	}
	r, err := s.Report(c.Context(), access.Operator("test"), evaluate.Query{Subject: evaluate.Area, Level: "town", Period: day, Alone: true})
	if err != nil {
		c.Fatal(err)
	}
	var said []string
	for name, n := range want {
		said = append(said, fmt.Sprint(name, " ", n))
		if got, ok := r.Total.Counts[name]; !ok || got != n {
			c.Errorf("evaluation: %s is %d (%t), counted plainly %d", name, got, ok, n)
		}
	}
	slices.Sort(said)
	c.Log("the day: " + strings.Join(said, ", "))
}
