package evaluate

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/layerstest"
)

// A plain recount: the flow record of every case is read from its beginning,
// and each number is counted by a loop. It shares no code with the reports.

type rawStep struct {
	id                     int64
	at                     time.Time
	action, from, to       string
	post, org, actor, dept string
	used, limit            *int64
	lateKnown, bad         bool
}

type rawCase struct {
	id                            int64
	state, source, area, grid     string
	dept, verified                string
	reported                      time.Time
	registered, filed, dispatched *time.Time
	handled, closed, due          *time.Time
	since                         time.Time
	overdue, excused, forced      bool
	extensions, reworks           int
	steps                         []rawStep
	deadline                      map[int]time.Time
}

// A sent is one dispatch of a case as the recount sees it.
type sent struct {
	dept                        string
	at                          *time.Time
	lateKnown, late             bool // the step of dispatching
	step                        int64
	deadline, handled, returned *time.Time
	suspended, resumed          *time.Time
	checked                     *time.Time
	checkKnown, checkLate       bool
	extensions, reworks         int
	tardy                       bool
	outcome                     string
	lost                        int64
	hasLost                     bool
	first, last, dispatched     bool
}

func readRaw(ctx context.Context, tx pgx.Tx) (map[int64]*rawCase, error) {
	cases := map[int64]*rawCase{}
	rows, err := tx.Query(ctx, `SELECT id, state, source, area_code, grid_code, dept_code, verified, reported_at, registered_at, filed_at, dispatched_at, handled_at, closed_at, due_at, since,
		overdue, excused, forced, extensions, reworks FROM map.incident`)
	if err != nil {
		return nil, err
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (*rawCase, error) {
		c := &rawCase{deadline: map[int]time.Time{}}
		return c, row.Scan(&c.id, &c.state, &c.source, &c.area, &c.grid, &c.dept, &c.verified, &c.reported, &c.registered, &c.filed, &c.dispatched, &c.handled, &c.closed, &c.due, &c.since,
			&c.overdue, &c.excused, &c.forced, &c.extensions, &c.reworks)
	})
	if err != nil {
		return nil, err
	}
	for _, c := range all {
		cases[c.id] = c
	}
	rows, err = tx.Query(ctx, `SELECT incident, id, at, action, from_state, to_state, post, org, actor, dept, used_s, limit_s FROM onemap.incident_flow ORDER BY id`)
	if err != nil {
		return nil, err
	}
	var incident int64
	var s rawStep
	_, err = pgx.ForEachRow(rows, []any{&incident, &s.id, &s.at, &s.action, &s.from, &s.to, &s.post, &s.org, &s.actor, &s.dept, &s.used, &s.limit}, func() error {
		s.lateKnown = s.used != nil
		s.bad = s.used != nil && s.limit != nil && *s.used > *s.limit
		cases[incident].steps = append(cases[incident].steps, s)
		return nil
	})
	if err != nil {
		return nil, err
	}
	rows, err = tx.Query(ctx, `SELECT incident, n, deadline FROM test_deadline`)
	if err != nil {
		return nil, err
	}
	var n int
	var at time.Time
	_, err = pgx.ForEachRow(rows, []any{&incident, &n, &at}, func() error { cases[incident].deadline[n] = at; return nil })
	return cases, err
}

func (c *rawCase) over() (time.Time, bool) {
	switch c.state {
	case "closed", "rejected", "void", "merged":
	default:
		return time.Time{}, false
	}
	for i := len(c.steps) - 1; i >= 0; i-- {
		s := c.steps[i]
		if s.from != s.to && (s.to == "closed" || s.to == "rejected" || s.to == "void" || s.to == "merged") {
			return s.at, true
		}
	}
	if c.closed != nil {
		return *c.closed, true
	}
	return c.since, true
}

// dispatches walks the flow.
func (c *rawCase) dispatches() []sent {
	var out []sent
	var now *sent
	for i := range c.steps {
		s := c.steps[i]
		if s.to == "dispatched" && s.from != "dispatched" {
			out = append(out, sent{dept: s.dept, at: &c.steps[i].at, lateKnown: s.lateKnown, late: s.bad, step: s.id, dispatched: true})
			now = &out[len(out)-1]
			if d, ok := c.deadline[len(out)]; ok {
				now.deadline = &d
			}
			continue
		}
		if now == nil {
			continue
		}
		at := &c.steps[i].at
		switch s.action {
		case "feedback":
			now.handled = at
		case "return":
			now.returned = at
		case "grant_extension":
			now.extensions++
		case "rework":
			now.reworks++
		case "grant_suspension":
			now.suspended = at
		case "report_check":
			now.checked = at
			now.checkKnown = now.checkKnown || s.lateKnown
			now.checkLate = now.checkLate || s.bad
		}
		if s.from == "suspended" && s.to != "suspended" {
			now.resumed = at
		}
	}
	if len(out) == 0 {
		d := sent{dept: c.dept, first: true, last: true, extensions: c.extensions, reworks: c.reworks}
		if len(c.steps) == 0 && c.dispatched != nil { // of another system
			d.at, d.handled, d.dispatched = c.dispatched, c.handled, true
			d.tardy = c.overdue && c.handled != nil
		}
		return []sent{d}
	}
	over, isOver := c.over()
	for i := range out {
		d := &out[i]
		d.first, d.last = i == 0, i == len(out)-1
		done := d.handled
		if done == nil {
			done = d.returned
		}
		if d.deadline != nil && done != nil {
			d.tardy = done.After(*d.deadline)
		}
		if d.returned == nil {
			continue
		}
		switch {
		case !d.last:
			d.outcome = "upheld"
			if out[i+1].dept == d.dept {
				d.outcome = "shirked"
			}
			d.lost, d.hasLost = int64(out[i+1].at.Sub(*d.at).Seconds()+0.5), true
		case isOver:
			d.lost, d.hasLost = int64(over.Sub(*d.at).Seconds()+0.5), true
		}
	}
	return out
}

type tallied map[string]map[string]int64 // key -> count -> n

func (t tallied) add(key, count string) {
	for _, k := range []string{key, "\x00total"} {
		if t[k] == nil {
			t[k] = map[string]int64{}
		}
		t[k][count]++
	}
}

// recount counts all subjects over a period.
func recount(cases map[int64]*rawCase, p Period) (area, dept tallied, posts map[string]tallied) {
	area, dept, posts = tallied{}, tallied{}, map[string]tallied{Collector: {}, Acceptor: {}, ShiftLeader: {}, Dispatcher: {}}
	within := func(t *time.Time) bool { return t != nil && !t.Before(p.From) && t.Before(p.Until) }
	before := func(t *time.Time) bool { return t != nil && t.Before(p.Until) }
	first := func(c *rawCase, action string) (at *time.Time, known, late bool) {
		for i := range c.steps {
			if s := c.steps[i]; s.action == action {
				if at == nil {
					at = &c.steps[i].at
				}
				known, late = known || s.lateKnown, late || s.bad
			}
		}
		return at, known, late
	}
	for _, c := range cases {
		overAt, isOver := c.over()
		over := &overAt
		if !isOver {
			over = nil
		}
		openAtEnd := over == nil || !over.Before(p.Until)
		reported := &c.reported
		registered, registerKnown, registerLate := first(c, "register")
		filed, fileKnown, fileLate := first(c, "file")
		verified, verifyKnown, verifyLate := first(c, "report_verify")
		if len(c.steps) == 0 {
			registered, filed = c.registered, c.filed
		}
		public := c.source == "public" || c.source == "hotline"
		a := func(yes bool, count string) {
			if yes {
				area.add(c.area, count)
			}
		}
		a(within(reported), "reported")
		a(within(reported) && c.source == "worker", "reported_worker")
		a(within(reported) && public, "reported_public")
		a(within(reported) && (c.source == "video" || c.source == "sensor"), "reported_machine")
		a(within(reported) && filed != nil, "valid")
		a(within(reported) && filed != nil && c.source == "worker", "valid_worker")
		a(within(over) && c.state == "closed" && filed == nil, "self_handled")
		a(within(verified) || c.state == "verifying" && within(c.due), "verify_due")
		a(within(verified), "verified")
		a(within(verified) && verifyKnown && !verifyLate, "verify_on_time")
		a(within(registered), "accepted")
		a(within(registered) && registerKnown, "accepted_timed")
		a(within(registered) && registerKnown && !registerLate, "accepted_on_time")
		a(within(over) && c.state == "rejected", "rejected")
		a(before(reported) && !before(registered) && !before(filed) && openAtEnd, "waiting")
		a(within(over) && c.state == "merged", "merged")
		a(within(filed), "filed")
		a(within(filed) && fileKnown, "filed_timed")
		a(within(filed) && fileKnown && !fileLate, "filed_on_time")
		a(within(filed) && c.state != "void", "filed_accurate")
		a(within(filed) && public, "filed_public")
		a(within(filed) && public && c.verified == "true", "missed")
		a(within(over) && c.state == "void", "voided")
		a(before(reported) && openAtEnd, "backlog")

		all := c.dispatches()
		one := all[0]
		waiting := before(filed) && (!one.dispatched || !before(one.at)) && openAtEnd
		a(one.dispatched && within(one.at) || waiting, "should_dispatch")
		a(one.dispatched && within(one.at), "dispatched")
		a(one.dispatched && within(one.at) && one.lateKnown || waiting, "dispatch_timed")
		a(one.dispatched && within(one.at) && one.lateKnown && !one.late, "dispatched_on_time")
		a(one.dispatched && within(one.at) && one.outcome != "upheld", "dispatched_accurate")

		for _, d := range all {
			suspended := before(d.suspended) && (d.resumed == nil || !d.resumed.Before(p.Until)) && openAtEnd
			dueUnhandled := d.last && within(d.deadline) && !before(d.handled) && !before(d.returned) && openAtEnd && !suspended
			dueUnclosed := d.last && within(d.deadline) && filed != nil && openAtEnd && !suspended
			closed := d.last && within(over) && c.state == "closed" && filed != nil
			late := closed && !c.excused && (d.tardy || d.handled == nil && d.deadline != nil && d.deadline.Before(*over))
			b := func(yes bool, count string, dispatches bool) {
				if yes && (dispatches || d.last) {
					area.add(c.area, count)
				}
				if yes && d.dispatched {
					dept.add(d.dept, count)
				}
			}
			b(d.dispatched && within(d.at), "received", true)
			b(d.dispatched && within(d.at) && d.returned != nil, "received_returned", true)
			b(within(d.returned), "returned", true)
			b(within(d.returned) && d.outcome == "upheld", "upheld", true)
			b(within(d.returned) && d.outcome == "shirked", "shirked", true)
			handled := within(d.handled)
			b(handled || dueUnhandled, "should_handle", false)
			b(handled, "handled", false)
			b(handled && (!d.tardy || c.excused), "handled_on_time", false)
			b(handled && d.tardy && !c.excused, "handled_late", false)
			b(handled && d.tardy && c.excused, "excused", false)
			b(dueUnhandled, "overdue_unhandled", false)
			b((handled || dueUnhandled) && d.extensions > 0, "extended", false)
			b(suspended, "suspended", false)
			b(closed || dueUnclosed, "should_close", false)
			b(closed, "closed", false)
			b(closed && !late, "closed_on_time", false)
			b(late, "closed_late", false)
			b(closed && c.forced, "forced", false)
			b((closed || dueUnclosed) && d.reworks > 0, "reworked", false)
			b(within(d.checked) || d.last && c.state == "checking" && within(c.due), "check_due", false)
			b(within(d.checked), "checked", false)
			b(within(d.checked) && d.checkKnown && !d.checkLate, "check_on_time", false)
			if d.dispatched && d.last && before(d.at) && !before(d.handled) && !before(d.returned) && openAtEnd {
				dept.add(d.dept, "with_it")
			}
		}
		wrong := map[int64]string{}
		for _, d := range all {
			wrong[d.step] = d.outcome
		}
		for i := range c.steps {
			s := c.steps[i]
			if !within(&c.steps[i].at) {
				continue
			}
			key := s.org
			if s.actor == "system" {
				key = "system"
			}
			in := func(post, count string, yes bool) {
				if yes {
					posts[post].add(key, count)
				}
			}
			onTime := s.lateKnown && !s.bad
			switch s.action {
			case "report":
				in(Collector, "reported", c.source == "worker")
				in(Collector, "valid", c.source == "worker" && filed != nil)
				in(Collector, "self_handled", c.source == "worker" && s.to == "self_handled")
			case "report_verify":
				in(Collector, "verify_due", true)
				in(Collector, "verified", true)
				in(Collector, "verify_on_time", onTime)
			case "report_check":
				in(Collector, "check_due", true)
				in(Collector, "checked", true)
				in(Collector, "check_on_time", onTime)
			case "register", "reject", "merge", "approve_self", "refuse_self":
				in(Acceptor, "handled", true)
				in(Acceptor, "accepted", s.action == "register")
				in(Acceptor, "accepted_timed", s.action == "register" && s.lateKnown)
				in(Acceptor, "accepted_on_time", s.action == "register" && onTime)
				in(Acceptor, "rejected", s.action == "reject")
			case "send_verify":
				in(Acceptor, "verify_sent", s.lateKnown)
				in(Acceptor, "verify_sent_on_time", onTime)
			case "send_check":
				in(Acceptor, "check_sent", s.lateKnown)
				in(Acceptor, "check_sent_on_time", onTime)
			case "file":
				in(ShiftLeader, "filed", true)
				in(ShiftLeader, "filed_timed", s.lateKnown)
				in(ShiftLeader, "filed_on_time", onTime)
				in(ShiftLeader, "filed_accurate", c.state != "void")
			case "void":
				in(ShiftLeader, "voided", true)
			case "close":
				in(ShiftLeader, "closed", true)
				in(ShiftLeader, "close_timed", s.lateKnown)
				in(ShiftLeader, "closed_on_time", onTime)
			case "force_close":
				in(ShiftLeader, "forced", true)
			case "dispatch", "decide":
				in(Dispatcher, "dispatched", true)
				in(Dispatcher, "dispatch_timed", s.lateKnown)
				in(Dispatcher, "dispatched_on_time", onTime)
				in(Dispatcher, "dispatched_accurate", wrong[s.id] != "upheld")
				in(Dispatcher, "wrong_dispatch", wrong[s.id] == "upheld")
				in(Dispatcher, "decided", s.action == "decide")
			}
		}
	}
	return area, dept, posts
}

// compareWith reports where a report's numbers are not the recount's.
func compareWith(t *testing.T, what string, got tally, want tallied) {
	t.Helper()
	bad := 0
	check := func(key string, row Row) {
		for count, n := range row.Counts {
			if w := want[key][count]; n != w && bad < 8 {
				bad++
				t.Errorf("%s %q: %s = %d, recounted %d", what, key, count, n, w)
			}
		}
	}
	for key, row := range got.rows {
		check(key, *row)
	}
	check("\x00total", got.total)
	for key := range want {
		if key != "\x00total" && got.rows[key] == nil {
			t.Errorf("%s: no row %q", what, key)
		}
	}
}

// checkAll compares every subject's report with the recount in one snapshot.
func checkAll(ctx context.Context, t *testing.T, db *pgxpool.Pool, v sight, p Period) (cases int) {
	t.Helper()
	err := pgx.BeginTxFunc(ctx, db, pgx.TxOptions{IsoLevel: pgx.RepeatableRead}, func(tx pgx.Tx) error {
		raw, err := readRaw(ctx, tx)
		if err != nil {
			return err
		}
		area, dept, posts := recount(raw, p)
		queries := []Query{{Subject: Area, Level: "county"}, {Subject: Department}}
		want := []tallied{area, dept}
		for post, w := range posts {
			queries, want = append(queries, Query{Subject: Post, Post: post}), append(want, w)
		}
		for i, q := range queries {
			q.Period = p
			k, err := newKeys(ctx, tx, v, &q)
			if err != nil {
				return err
			}
			got, err := read(ctx, tx, v, q, k, p)
			if err != nil {
				return err
			}
			compareWith(t, fmt.Sprintf("%s %s %s", q.Subject, q.Post, p.Label), got, want[i])
		}
		cases = len(raw)
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	return cases
}

func prepare(t *testing.T) (*Store, *pgxpool.Pool, sight) {
	t.Helper()
	db := layerstest.DB(t)
	if _, err := db.Exec(t.Context(), `CREATE TABLE test_deadline (incident bigint, n int, deadline timestamptz, PRIMARY KEY (incident, n))`); err != nil {
		t.Fatal(err)
	}
	s := &Store{Layers: layers.NewStore(db)}
	v, err := s.sight(t.Context(), access.Operator("test"))
	if err != nil {
		t.Fatal(err)
	}
	return s, db, v
}

// TestAgainstRecountWhileCasesChange: while several write, each report is what a
// plain recount of the same snapshot gives.
func TestAgainstRecountWhileCasesChange(t *testing.T) {
	s, db, v := prepare(t)
	now := time.Now()
	zone, err := s.Zone(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	steps := 150
	if os.Getenv("ONEMAP_LONG") != "" {
		steps = 1500
	}
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(uint64(w), 7))
			var mine []*testCase
			for range steps {
				if len(mine) < 6 || r.IntN(4) == 0 {
					c, err := wanderer(t.Context(), db, r, now.AddDate(0, 0, -80), 80*24*time.Hour)
					if err != nil {
						t.Error(err)
						return
					}
					mine = append(mine, c)
				}
				i := r.IntN(len(mine))
				more, err := mine[i].wander(t.Context(), db, r, now)
				if err != nil {
					t.Error(err)
					return
				}
				if !more && r.IntN(3) == 0 {
					mine = append(mine[:i], mine[i+1:]...)
				}
			}
		})
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	periods := func() []Period {
		month, _ := PeriodOf("month", now, zone)
		week, _ := PeriodOf("week", now.AddDate(0, 0, -14), zone)
		return []Period{month.cut(now), month.before().cut(now), week.cut(now)}
	}()
	for n := 0; ; n++ {
		checkAll(t.Context(), t, db, v, periods[n%len(periods)])
		select {
		case <-done:
			var cases int
			for _, p := range periods {
				cases = checkAll(t.Context(), t, db, v, p)
			}
			if cases < 100 {
				t.Errorf("only %d cases", cases)
			}
			drillDown(t, s, periods)
			rebuilt(t, db)
			return
		default:
		}
	}
}

// rebuilt checks that facts made anew are those that were kept.
func rebuilt(t *testing.T, db *pgxpool.Pool) {
	t.Helper()
	var differ int
	err := db.QueryRow(t.Context(), `WITH anew AS (SELECT f.* FROM onemap.case_facts((SELECT array_agg(id) FROM map.incident)) f)
		SELECT count(*) FROM ((SELECT * FROM anew EXCEPT SELECT * FROM onemap.case_fact) UNION ALL (SELECT * FROM onemap.case_fact EXCEPT SELECT * FROM anew)) x`).Scan(&differ)
	if err != nil || differ > 0 {
		t.Errorf("%d facts differ from those made anew, %v", differ, err)
	}
}

// drillDown: the list behind each number of each row is as long as the number says.
func drillDown(t *testing.T, s *Store, periods []Period) {
	t.Helper()
	lists := 0
	for _, q := range []Query{{Subject: Area, Level: "county"}, {Subject: Area, Level: "grid_unit"}, {Subject: Department}, {Subject: Post, Post: Collector}, {Subject: Post, Post: Acceptor, ByPerson: true},
		{Subject: Post, Post: ShiftLeader}, {Subject: Post, Post: Dispatcher}} {
		q.Period, q.Alone = periods[0], true
		r, err := s.Report(t.Context(), access.Operator("test"), q)
		if err != nil {
			t.Fatal(err)
		}
		check := func(row Row, total bool) {
			for name, n := range row.Counts {
				if n == 0 && lists%7 != 0 {
					continue
				}
				lists++
				c := CaseQuery{Query: q, Count: name, Key: row.Key, Total: total, Until: r.Period.Until, Limit: 7}
				var have int
				for {
					found, all, next, err := s.Cases(t.Context(), access.Operator("test"), c)
					if err != nil {
						t.Fatalf("%s %s of %q: %v", q.Subject, name, row.Key, err)
					}
					if all != n {
						t.Fatalf("%s %s of %q: %d in the list, %d in the report", q.Subject, name, row.Key, all, n)
					}
					have += len(found)
					if c.Page = next; next == "" {
						break
					}
				}
				if int64(have) != n {
					t.Fatalf("%s %s of %q: pages hold %d, the report says %d", q.Subject, name, row.Key, have, n)
				}
			}
		}
		for _, row := range r.Rows {
			check(row, false)
		}
		check(r.Total, true)
	}
	if lists < 200 {
		t.Errorf("only %d lists were looked at", lists)
	}
}
