package incident

import (
	"math/rand/v2"
	"os"
	"reflect"
	"testing"
	"time"

	"onemap/layers/worktime"
)

var testRules = Rules{
	WarnPercent: 80,
	Calendar: worktime.Calendar{Zone: time.FixedZone("CST", 8*3600), Office: []worktime.Span{{From: 8 * time.Hour, To: 12 * time.Hour}, {From: 14 * time.Hour, To: 18 * time.Hour}},
		Days: map[string]bool{"2026-10-01": false, "2026-10-02": false, "2026-10-10": true}},
	Stages: map[string]worktime.Allowance{Reported: {Time: 30 * time.Minute, Unit: worktime.UrgentHour}, Registered: {Time: 30 * time.Minute, Unit: worktime.UrgentHour},
		Filed: {Time: 30 * time.Minute, Unit: worktime.UrgentHour}, Disputed: {Time: 4 * time.Hour, Unit: worktime.WorkingHour}, Checking: {Time: 2 * time.Hour, Unit: worktime.UrgentHour}},
}

// randomFlow walks the table at random: every action that the state and the
// guards allow, with any result, at any time.
func randomFlow(r *rand.Rand, steps int) []Record {
	t := time.Date(2026, 9, 20, 1, 0, 0, 0, time.UTC).Add(time.Duration(r.IntN(20*24*3600)) * time.Second)
	s := Standing{}
	depts := []string{"urban", "police", "water"}
	add := func(flow []Record, x Record) []Record {
		x.At = t
		if x.From != x.To {
			x.Detail.Stage = testRules.Stage(x.To)
		}
		s.Apply(testRules, x)
		return append(flow, x)
	}
	flow := add(nil, Record{Action: "report", To: Reported, Dept: "urban"})
	for len(flow) < steps {
		t = t.Add(time.Duration(r.ExpFloat64() * float64([]time.Duration{10 * time.Minute, 3 * time.Hour, 30 * time.Hour}[r.IntN(3)]))).Truncate(time.Second)
		if r.IntN(12) == 0 {
			flow = add(flow, Record{Action: []string{"warn", "overdue", "long_overdue"}[r.IntN(3)], From: s.State, To: s.State, Dept: s.Dept, Post: system})
			continue
		}
		var can []Record
		for _, tr := range Transitions {
			x := Record{Action: tr.Action, From: s.State, To: tr.To, Dept: s.Dept, Post: string(tr.By[0])}
			switch tr.Action {
			case "void", "reject", "merge", "force_close", "approve_self":
				if r.IntN(15) > 0 {
					continue // or few flows are long
				}
			case "dispatch", "decide", "file":
				x.Dept = depts[r.IntN(3)]
			case "return":
				if s.Returns > 0 {
					x.To = Disputed
				}
			case "assign":
				x.Detail.Worker = "handler"
			case "grant_suspension":
				until := t.Add(time.Duration(r.IntN(200)) * time.Hour)
				x.Detail.Until = &until
			case "report_check":
				if x.Detail.Result = "passed"; r.IntN(2) == 0 {
					x.Detail.Result, x.To = "failed", Feedback
				}
			}
			if tr.Action == "file" && r.IntN(5) > 0 {
				x.Detail.Limit = &Term{r.IntN(4), worktime.Units[r.IntN(4)]}
			}
			if x.To == "" {
				x.To = s.State
			}
			x.At = t
			if s.permits(x) == nil {
				can = append(can, x)
			}
		}
		if len(can) == 0 {
			break
		}
		flow = add(flow, can[r.IntN(len(can))])
	}
	return flow
}

// counted is what a flow comes to, counted another way: not record by record,
// but from lists of what happened.
type counted struct {
	state                                  string
	since, due, warn                       time.Time
	returns, reworks, extensions, suspends int
	overdue                                bool
}

func count(flow []Record) counted {
	c := counted{state: flow[len(flow)-1].To}
	for n, r := range flow {
		if n == 0 || flow[n-1].To != r.To {
			c.since = r.At
		}
		switch r.Action {
		case "return":
			c.returns++
		case "rework":
			c.reworks++
		case "grant_extension":
			c.extensions++
		case "grant_suspension":
			c.suspends++
		}
		// Late is whoever is found beyond the due time when anything happens, with the department that has it.
		if n > 0 {
			if due, _, ok := handlingDue(flow[:n]); ok && r.At.After(due) {
				c.overdue = true
			}
		}
		if due, _, ok := handlingDue(flow[:n+1]); ok && r.Action == "grant_extension" && !r.At.After(due) {
			c.overdue = false
		}
		if r.Action == "dispatch" || r.Action == "decide" {
			if before := withBefore(flow[:n]); before != "" && before != r.Dept {
				c.overdue = false
			}
		}
	}
	if due, warn, ok := handlingDue(flow); ok {
		c.due, c.warn = due, warn
		return c
	}
	if c.state == Dispatched || c.state == Handling {
		return c
	}
	if a, ok := testRules.Stages[c.state]; ok {
		c.due = testRules.Calendar.Add(c.since, a.Time, a.Unit)
		c.warn = testRules.Calendar.Add(c.since, a.Time*8/10, a.Unit)
	}
	return c
}

// withBefore is the department that the case was with since it was filed or
// opened anew.
func withBefore(flow []Record) string {
	with := ""
	for _, r := range flow {
		switch r.Action {
		case "dispatch", "decide":
			with = r.Dept
		case "reopen":
			with = ""
		}
	}
	return with
}

// handlingDue is when the handling clock runs out, if it runs now and has a limit.
func handlingDue(flow []Record) (due, warn time.Time, ok bool) {
	handled := func(state string) bool { return state == Dispatched || state == Handling }
	if len(flow) == 0 || !handled(flow[len(flow)-1].To) {
		return due, warn, false
	}
	// The present department's part of the flow, and the last limit.
	begin, with, extended := 0, "", 0
	var limit *Term
	for n, r := range flow {
		switch r.Action {
		case "file":
			limit = r.Detail.Limit
		case "reopen":
			with = ""
		case "grant_extension":
			extended++
		case "dispatch", "decide":
			if r.Dept != with {
				begin, with, extended = n, r.Dept, 0
			}
		}
	}
	if limit == nil {
		return due, warn, false
	}
	length := limit.limit().Length() * time.Duration(1+extended)
	left, start, running := length, time.Time{}, false
	// What was spent in each stay with the department, under the limit that was in force then.
	unit := worktime.UrgentHour
	for n := 0; n < len(flow); n++ {
		r := flow[n]
		if r.Action == "file" {
			if unit = worktime.UrgentHour; r.Detail.Limit != nil {
				unit = r.Detail.Limit.Unit
			}
		}
		switch {
		case n < begin:
		case handled(r.To) && !running:
			start, running = r.At, true
		case !handled(r.To) && running:
			left, running = left-testRules.Calendar.Spent(start, r.At, unit), false
		}
	}
	c := testRules.Calendar
	return c.Add(start, left, limit.Unit), c.Add(start, length*8/10-(length-left), limit.Unit), true
}

// Thousands of random flows, each counted after every step in two ways.
func TestRandomFlowsAreCountedAlike(t *testing.T) {
	flows := 2000
	if os.Getenv("ONEMAP_LONG") != "" {
		flows = 20_000
	}
	r := rand.New(rand.NewPCG(4, 2026))
	seen := map[string]int{}
	for n := range flows {
		flow := randomFlow(r, 4+r.IntN(40))
		if err := Legal(testRules, flow); err != nil {
			t.Fatalf("flow %d: %v", n, err)
		}
		var s Standing
		for k, x := range flow {
			seen[x.Action]++
			s.Apply(testRules, x)
			got := counted{s.State, s.Since, s.DueAt, s.WarnAt, s.Returns, s.Reworks, s.Extensions, s.Suspensions, s.Overdue}
			if want := count(flow[:k+1]); got != want {
				t.Fatalf("flow %d step %d (%s):\n got %+v\nwant %+v", n, k, x.Action, got, want)
			}
		}
		if !reflect.DeepEqual(Recount(testRules, flow), s) {
			t.Fatalf("flow %d is not counted the same again", n)
		}
	}
	for _, tr := range Transitions {
		if tr.Action != "refuse_self" && tr.Action != "approve_self" && seen[tr.Action] == 0 {
			t.Errorf("%s happened %d times: the flows do not go everywhere", tr.Action, seen[tr.Action])
		}
	}
}

// The clock of a department, by hand: filed on a Friday afternoon with two
// working days, suspended in the middle, extended once, reworked.
func TestClockByHand(t *testing.T) {
	at := func(s string) time.Time {
		x, err := time.ParseInLocation("2006-01-02 15:04", s, testRules.Calendar.Zone)
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	until := at("2026-09-28 10:00")
	var s Standing
	for _, x := range []struct {
		at, action, to, dept, due string
		detail                    Detail
	}{
		{"2026-09-18 15:00", "report", Reported, "urban", "2026-09-18 15:30", Detail{Stage: testRules.Stage(Reported)}},
		{"2026-09-18 15:10", "register", Registered, "urban", "2026-09-18 15:40", Detail{Stage: testRules.Stage(Registered)}},
		{"2026-09-18 15:20", "file", Filed, "urban", "2026-09-18 15:50", Detail{Stage: testRules.Stage(Filed), Limit: &Term{2, worktime.WorkingDay}}},
		// Friday 18:00 to midnight, Monday, Tuesday until 18:00: 48 hours.
		{"2026-09-18 18:00", "dispatch", Dispatched, "urban", "2026-09-22 18:00", Detail{}},
		{"2026-09-18 19:00", "accept", Handling, "urban", "2026-09-22 18:00", Detail{}},
		{"2026-09-21 09:00", "ask_suspension", Handling, "urban", "2026-09-22 18:00", Detail{Until: &until}},
		{"2026-09-21 12:00", "grant_suspension", Suspended, "urban", "", Detail{Until: &until}}, // 6 + 12 hours are used
		{"2026-09-28 10:00", "resume", Handling, "urban", "2026-09-29 16:00", Detail{}},
		{"2026-09-29 10:00", "ask_extension", Handling, "urban", "2026-09-29 16:00", Detail{}},
		// Two more working days: Wednesday until 16:00 is one, the 1st and 2nd are holidays, the weekend; Monday until 16:00.
		{"2026-09-29 11:00", "grant_extension", Handling, "urban", "2026-10-05 16:00", Detail{}},
		{"2026-10-05 15:00", "feedback", Feedback, "urban", "", Detail{}},
		{"2026-10-06 09:00", "rework", Handling, "urban", "2026-10-06 10:00", Detail{}}, // with the hour that is left
	} {
		s.Apply(testRules, Record{At: at(x.at), Action: x.action, From: s.State, To: x.to, Dept: x.dept, Detail: x.detail})
		due := ""
		if !s.DueAt.IsZero() {
			due = s.DueAt.In(testRules.Calendar.Zone).Format("2006-01-02 15:04")
		}
		if due != x.due {
			t.Errorf("after %s at %s it is due %q, want %q", x.action, x.at, due, x.due)
		}
	}
	if s.Overdue || s.Extensions != 1 || s.Suspensions != 1 || s.Reworks != 1 || s.Dispatches != 1 {
		t.Errorf("%+v", s)
	}
	used, limit, limited := s.Apply(testRules, Record{At: at("2026-10-06 11:30"), Action: "feedback", From: Handling, To: Feedback, Dept: "urban"})
	if used != 4*24*time.Hour+90*time.Minute || limit != 4*24*time.Hour || used <= limit || !limited || !s.Overdue {
		t.Errorf("it took %v of %v, overdue %t", used, limit, s.Overdue)
	}
}

// Who asked for an extension in time is not late because the answer was.
func TestExtensionGrantedAfterTheLimit(t *testing.T) {
	for _, tt := range []struct {
		granted string
		overdue bool
	}{{"2026-09-22T17:00:00+08:00", false}, {"2026-09-22T19:00:00+08:00", false}, {"2026-10-30T09:00:00+08:00", true}} {
		var s Standing
		for _, x := range []struct {
			at, action, to string
			detail         Detail
		}{
			{"2026-09-18T15:20:00+08:00", "file", Filed, Detail{Stage: testRules.Stage(Filed), Limit: &Term{2, worktime.WorkingDay}}},
			{"2026-09-18T18:00:00+08:00", "dispatch", Dispatched, Detail{}},
			{"2026-09-18T19:00:00+08:00", "accept", Handling, Detail{}},
			{"2026-09-22T16:00:00+08:00", "ask_extension", Handling, Detail{}}, // due at 18:00
			{tt.granted, "grant_extension", Handling, Detail{}},
		} {
			at, err := time.Parse(time.RFC3339, x.at)
			if err != nil {
				t.Fatal(err)
			}
			s.Apply(testRules, Record{At: at, Action: x.action, From: s.State, To: x.to, Dept: "urban", Detail: x.detail})
		}
		if s.Overdue != tt.overdue {
			t.Errorf("granted at %s: overdue %t", tt.granted, s.Overdue)
		}
	}
}
