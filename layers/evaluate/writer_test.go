package evaluate

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// A testCase is one case as layers/incident writes it, by SQL alone: the row,
// then a record of the flow for each step, each in a transaction of its own.
type testCase struct {
	id              int64
	state           string
	at              time.Time
	source          string
	area, grid      string
	dept            string
	n               int // dispatches
	due, deadline   *time.Time
	reported        time.Time
	registered      *time.Time
	filed           *time.Time
	dispatched      *time.Time
	handled         *time.Time
	closed          *time.Time
	verified        string
	overdue         bool
	excused, forced bool
	extensions      int
	reworks         int
	returns         int
	suspended       bool
}

// A testStep is what a step is written with.
type testStep struct {
	action, to       string
	post, actor, org string
	dept             string
	used, limit      *int64
}

const standard = "GB/T 47678.5-2026"

// open writes the report of a case.
func (c *testCase) open(ctx context.Context, db *pgxpool.Pool, st testStep) error {
	c.reported, c.state = c.at, st.to
	return pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		err := tx.QueryRow(ctx, `INSERT INTO map.incident (class_standard, class_code, severity, source, state, dept_code, occurred_at, reported_at, since, grid_code, area_code, geom)
			VALUES ($1, '06010', 3, $2, $3, $4, $5, $5, $5, $6, $7, ST_SetSRID(ST_MakePoint(120, 29), 4326)) RETURNING id`,
			standard, c.source, c.state, c.dept, c.at, c.grid, c.area).Scan(&c.id)
		if err != nil {
			return err
		}
		return c.record(ctx, tx, "", st)
	})
}

func (c *testCase) record(ctx context.Context, tx pgx.Tx, from string, st testStep) error {
	detail := map[string]any{}
	if c.due != nil && (c.state == "dispatched" || c.state == "handling") {
		detail["deadline"] = c.due
	}
	_, err := tx.Exec(ctx, `INSERT INTO onemap.incident_flow (incident, at, actor, org, action, from_state, to_state, post, dept, used_s, limit_s, detail)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		c.id, c.at, st.actor, st.org, st.action, from, c.state, st.post, c.dept, st.used, st.limit, detail)
	return err
}

// step writes one step at c.at. due is the clock of the state it leads to.
// flowFirst writes the record before the row: either order is right.
func (c *testCase) step(ctx context.Context, db *pgxpool.Pool, st testStep, due *time.Time, flowFirst bool) error {
	from := c.state
	if due != nil && (st.to == "dispatched" || st.to == "handling") {
		if from != "filed" && from != "returned" && from != "disputed" && c.deadline != nil && due.Before(*c.deadline) {
			due = c.deadline // a clock that stood goes on later, not earlier
		}
		c.deadline = due
	}
	if c.due != nil && (from == "dispatched" || from == "handling") && c.at.After(*c.due) {
		c.overdue = true
	}
	if st.dept != "" {
		c.dept = st.dept
	}
	c.state, c.due = st.to, due
	at := c.at
	switch st.action {
	case "report_verify":
		c.verified = "true"
	case "register":
		c.registered = firstOf(c.registered, at)
	case "file":
		c.filed = firstOf(c.filed, at)
	case "dispatch", "decide":
		c.dispatched, c.deadline = &at, due
		c.n++
	case "feedback":
		c.handled = &at
	case "grant_extension":
		c.extensions++
	case "rework":
		c.reworks++
	case "return":
		c.returns++
	case "grant_appeal":
		c.excused = true
	case "force_close":
		c.forced = true
	}
	switch st.to {
	case "closed", "rejected", "void", "merged":
		c.closed = firstOf(c.closed, at)
	default:
		c.closed = nil
	}
	return pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		if flowFirst {
			if err := c.record(ctx, tx, from, st); err != nil {
				return err
			}
		}
		_, err := tx.Exec(ctx, `UPDATE map.incident SET state = $2, dept_code = $3, registered_at = $4, filed_at = $5, dispatched_at = $6, handled_at = $7, closed_at = $8,
			verified = $9, overdue = $10, excused = $11, forced = $12, extensions = least($13, 2), reworks = $14, returns = $15, due_at = $16, since = $17, version = version + 1, updated_at = now() WHERE id = $1`,
			c.id, c.state, c.dept, c.registered, c.filed, c.dispatched, c.handled, c.closed, c.verified, c.overdue, c.excused, c.forced, c.extensions, c.reworks, c.returns, c.due, c.at)
		if err != nil {
			return err
		}
		if !flowFirst {
			if err := c.record(ctx, tx, from, st); err != nil {
				return err
			}
		}
		if c.due != nil && (c.state == "dispatched" || c.state == "handling") {
			_, err = tx.Exec(ctx, `INSERT INTO test_deadline VALUES ($1, $2, $3) ON CONFLICT (incident, n) DO UPDATE SET deadline = excluded.deadline`, c.id, c.n, c.due)
		}
		return err
	})
}

func firstOf(t *time.Time, at time.Time) *time.Time {
	if t != nil {
		return t
	}
	return &at
}

func seconds(n int64) *int64 { return &n }

var testDepts = []string{"dept-a", "dept-b", "dept-c"}

// wander takes one random legal step. It returns false where the case has ended
// and stays so.
func (c *testCase) wander(ctx context.Context, db *pgxpool.Pool, r *rand.Rand, until time.Time) (bool, error) {
	c.at = c.at.Add(time.Duration(r.IntN(60*36)+1) * time.Minute).Truncate(time.Microsecond)
	if c.at.After(until) {
		return false, nil
	}
	used, limit := int64(r.IntN(4000)), int64(2000)
	st := testStep{used: &used, limit: &limit}
	switch r.IntN(12) {
	case 0:
		st.limit = nil
	case 1:
		st.used, st.limit = nil, nil
	}
	who := func(post string) {
		st.post, st.actor, st.org = post, fmt.Sprintf("%s%d", post, r.IntN(3)), "centre-"+string(rune('a'+r.IntN(2)))
	}
	step := func(action, to string) { st.action, st.to = action, to }
	in := func(hours int) *time.Time { t := c.at.Add(time.Duration(hours) * time.Hour); return &t }
	due := in(1)
	handling := in(20 + r.IntN(120))
	other := testDepts[r.IntN(len(testDepts))]
	switch c.state {
	case "reported":
		who("acceptor")
		switch n := r.IntN(10); {
		case n == 0:
			step("reject", "rejected")
		case n == 1:
			step("merge", "merged")
		case n < 4 && c.verified == "":
			step("send_verify", "verifying")
		default:
			step("register", "registered")
		}
	case "self_handled":
		who("acceptor")
		step("approve_self", "closed")
		if r.IntN(3) == 0 {
			step("refuse_self", "reported")
		}
	case "verifying":
		who("worker")
		step("report_verify", "reported")
	case "registered":
		who("shift_leader")
		step("file", "filed")
		if r.IntN(8) == 0 {
			step("send_back", "reported")
		}
	case "filed", "returned", "disputed":
		who("dispatcher")
		step("dispatch", "dispatched")
		st.dept, due = other, handling
		switch {
		case c.state == "disputed":
			step("decide", "dispatched")
		case r.IntN(12) == 0:
			who("shift_leader")
			step("void", "void")
			st.dept, due = "", nil
		case r.IntN(5) == 0:
			st.actor, st.post, st.org = "system", "rule", ""
		case r.IntN(4) == 0:
			due = nil // no limit
		}
	case "dispatched":
		who("officer")
		step("accept", "handling")
		due = c.due
		if r.IntN(4) == 0 {
			step("return", "returned")
			if c.returns > 0 {
				step("return", "disputed")
			}
			due = in(1)
		}
	case "handling":
		who("officer")
		step("feedback", "feedback")
		switch n := r.IntN(10); {
		case n == 0 && c.due != nil && c.extensions < 2:
			step("grant_extension", "handling")
			t := c.due.Add(40 * time.Hour)
			due = &t
		case n == 1 && !c.suspended:
			step("grant_suspension", "suspended")
			c.suspended, due = true, nil
		case n == 2:
			step("force_close", "closed")
			due = nil
		}
	case "suspended":
		who("officer")
		step("resume", "handling")
		due = handling
		if r.IntN(6) == 0 {
			step("force_close", "closed")
			due = nil
		}
	case "feedback":
		who("acceptor")
		step("send_check", "checking")
	case "checking":
		who("worker")
		step("report_check", "checked")
	case "checked":
		who("shift_leader")
		step("close", "closed")
		due = nil
		if r.IntN(4) == 0 {
			step("rework", "handling")
			due = in(r.IntN(40))
		}
	case "closed":
		switch {
		case c.filed == nil:
			return false, nil
		case r.IntN(6) == 0:
			who("shift_leader")
			step("reopen", "registered")
		case c.overdue && !c.excused && r.IntN(2) == 0:
			who("command_centre")
			step("grant_appeal", "closed")
			due = nil
		default:
			return false, nil
		}
	default:
		return false, nil
	}
	if st.to == "rejected" || st.to == "merged" {
		due = nil
	}
	return true, c.step(ctx, db, st, due, r.IntN(2) == 0)
}

// wanderer reports a random case.
func wanderer(ctx context.Context, db *pgxpool.Pool, r *rand.Rand, from time.Time, span time.Duration) (*testCase, error) {
	c := &testCase{
		at:     from.Add(time.Duration(r.Int64N(int64(span)))).Truncate(time.Microsecond),
		source: []string{"worker", "worker", "public", "hotline", "sensor", "video"}[r.IntN(6)],
		area:   []string{"330782001001", "330782001002", "330782002001", ""}[r.IntN(4)],
		grid:   []string{"g1", "g2", "g3", ""}[r.IntN(4)],
	}
	st := testStep{action: "report", to: "reported", post: "grid_worker", actor: fmt.Sprintf("worker%d", r.IntN(3)), org: "town-1"}
	if c.source == "worker" && r.IntN(6) == 0 {
		st.to = "self_handled"
	}
	return c, c.open(ctx, db, st)
}
