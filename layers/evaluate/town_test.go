package evaluate

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"onemap/layers/access"
)

// town is eight cases of October 2026 whose numbers were worked out by hand.
func town(t *testing.T, db *pgxpool.Pool, zone *time.Location) {
	t.Helper()
	ctx := t.Context()
	if _, err := db.Exec(ctx, `INSERT INTO onemap.area (code, parent, level, name_zh, name_en) VALUES ('330782', NULL, 'county', '县', 'County'),
		('330782001', '330782', 'town', '东镇', 'East'), ('330782002', '330782', 'town', '西镇', 'West'), ('330782003', '330782', 'town', '空镇', 'Empty')`); err != nil {
		t.Fatal(err)
	}
	at := func(text string) time.Time {
		v, err := time.ParseInLocation("01-02 15:04", text, zone)
		if err != nil {
			t.Fatal(err)
		}
		return v.AddDate(2026, 0, 0)
	}
	// steps: action, state after it, time, department, due, seconds used; the limit is always 1800 s.
	type step struct {
		action, to, at, dept, due string
		used                      int64
	}
	write := func(area, source string, steps ...step) {
		c := &testCase{source: source, area: area, grid: "g", at: at(steps[0].at)}
		if err := c.open(ctx, db, testStep{action: "report", to: "reported", post: "grid_worker", actor: "w", org: "town"}); err != nil {
			t.Fatal(err)
		}
		for _, s := range steps[1:] {
			c.at = at(s.at)
			st := testStep{action: s.action, to: s.to, post: "p", actor: "somebody", org: "centre", dept: s.dept, limit: seconds(1800)}
			if s.used > 0 {
				st.used = seconds(s.used)
			}
			var due *time.Time
			if s.due != "" {
				d := at(s.due)
				due = &d
			} else if s.action == "accept" {
				due = c.due
			}
			if err := c.step(ctx, db, st, due, true); err != nil {
				t.Fatal(err)
			}
		}
	}
	const east, west = "330782001001", "330782002001"
	// In time in all.
	write(east, "worker", step{at: "10-02 09:00"}, step{"register", "registered", "10-02 09:10", "", "", 600}, step{"file", "filed", "10-02 09:30", "", "", 1200},
		step{"dispatch", "dispatched", "10-02 09:40", "dept-a", "10-03 09:40", 600}, step{"accept", "handling", "10-02 10:00", "", "", 1}, step{"feedback", "feedback", "10-02 15:40", "", "", 1},
		step{"send_check", "checking", "10-02 16:00", "", "", 1200}, step{"report_check", "checked", "10-02 17:00", "", "", 1}, step{"close", "closed", "10-02 18:00", "", "", 1})
	// Of the public, taken in late, handled a day late.
	write(east, "public", step{at: "10-04 08:00"}, step{"send_verify", "verifying", "10-04 08:10", "", "", 600}, step{"report_verify", "reported", "10-04 09:00", "", "", 600},
		step{"register", "registered", "10-04 09:30", "", "", 4000}, step{"file", "filed", "10-04 09:50", "", "", 1200}, step{"dispatch", "dispatched", "10-04 10:00", "dept-a", "10-05 10:00", 600},
		step{"accept", "handling", "10-04 11:00", "", "", 1}, step{"feedback", "feedback", "10-06 10:00", "", "", 1}, step{"send_check", "checking", "10-06 10:10", "", "", 3000},
		step{"report_check", "checked", "10-06 11:00", "", "", 1}, step{"close", "closed", "10-06 12:00", "", "", 1})
	// Sent to the wrong department first, four hours lost, and never handled.
	write(east, "worker", step{at: "10-10 09:00"}, step{"register", "registered", "10-10 09:10", "", "", 600}, step{"file", "filed", "10-10 09:30", "", "", 1200},
		step{"dispatch", "dispatched", "10-10 10:00", "dept-b", "10-12 10:00", 1800}, step{"return", "returned", "10-10 12:00", "", "", 1}, step{"dispatch", "dispatched", "10-10 14:00", "dept-a", "10-12 14:00", 7200})
	write(west, "worker", step{at: "10-11 09:00"}, step{"reject", "rejected", "10-11 09:30", "", "", 1800})
	write(west, "worker", step{at: "10-20 09:00"}, step{"register", "registered", "10-20 09:10", "", "", 600}, step{"file", "filed", "10-20 09:30", "", "", 1200}, step{"void", "void", "10-21 09:00", "", "", 1})
	// Suspended since before its deadline.
	write(west, "worker", step{at: "10-25 09:00"}, step{"register", "registered", "10-25 09:10", "", "", 600}, step{"file", "filed", "10-25 09:30", "", "", 1200},
		step{"dispatch", "dispatched", "10-25 10:00", "dept-b", "10-27 10:00", 1800}, step{"accept", "handling", "10-25 11:00", "", "", 1}, step{"grant_suspension", "suspended", "10-26 10:00", "", "", 1})
	// Of September.
	write(west, "worker", step{at: "09-10 09:00"}, step{"register", "registered", "09-10 09:10", "", "", 600}, step{"file", "filed", "09-10 09:30", "", "", 1200},
		step{"dispatch", "dispatched", "09-10 10:00", "dept-b", "09-12 10:00", 1800}, step{"accept", "handling", "09-10 11:00", "", "", 1}, step{"feedback", "feedback", "09-10 20:00", "", "", 1},
		step{"send_check", "checking", "09-10 20:10", "", "", 600}, step{"report_check", "checked", "09-10 21:00", "", "", 1}, step{"close", "closed", "09-10 22:00", "", "", 1})
	// Reworked once.
	write(west, "worker", step{at: "10-15 09:00"}, step{"register", "registered", "10-15 09:10", "", "", 600}, step{"file", "filed", "10-15 09:30", "", "", 1200},
		step{"dispatch", "dispatched", "10-15 10:00", "dept-b", "10-20 10:00", 1800}, step{"accept", "handling", "10-15 11:00", "", "", 1}, step{"feedback", "feedback", "10-16 10:00", "", "", 1},
		step{"send_check", "checking", "10-16 10:10", "", "", 600}, step{"report_check", "checked", "10-16 11:00", "", "", 1}, step{"rework", "handling", "10-16 12:00", "", "10-22 12:00", 1},
		step{"feedback", "feedback", "10-17 10:00", "", "", 1}, step{"send_check", "checking", "10-17 10:10", "", "", 600}, step{"report_check", "checked", "10-17 11:00", "", "", 1}, step{"close", "closed", "10-18 10:00", "", "", 1})
}

func TestSmallTownByHand(t *testing.T) {
	s, db, _ := prepare(t)
	zone, err := s.Zone(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	town(t, db, zone)
	october, err := PeriodOf("month", time.Date(2026, 10, 31, 23, 59, 0, 0, zone), zone)
	if err != nil {
		t.Fatal(err)
	}
	report := func(q Query) map[string]Row {
		t.Helper()
		q.Period = october
		r, err := s.Report(t.Context(), access.Operator("test"), q)
		if err != nil {
			t.Fatal(err)
		}
		rows := map[string]Row{"": r.Total}
		for _, row := range r.Rows {
			rows[row.Key] = row
		}
		return rows
	}
	counts := func(row Row, want map[string]int64) {
		t.Helper()
		for name, n := range want {
			if got, ok := row.Counts[name]; !ok || got != n {
				t.Errorf("%s: %s = %d, by hand %d", row.Key, name, got, n)
			}
		}
		for name, n := range row.Counts {
			if _, ok := want[name]; !ok && n != 0 {
				t.Errorf("%s: %s = %d, by hand nothing", row.Key, name, n)
			}
		}
	}
	rate := func(row Row, name string, value float64, grade string) {
		t.Helper()
		x := row.Rates[name]
		switch {
		case value < 0 && x.Value != nil:
			t.Errorf("%s: %s = %g, by hand no data", row.Key, name, *x.Value)
		case value >= 0 && (x.Value == nil || *x.Value != value || x.Grade != grade):
			t.Errorf("%s: %s = %+v, by hand %g %s", row.Key, name, x, value, grade)
		}
	}

	rows := report(Query{Subject: Area})
	east, west, empty := rows["330782001"], rows["330782002"], rows["330782003"]
	counts(east, map[string]int64{"reported": 3, "reported_worker": 2, "reported_public": 1, "valid": 3, "valid_worker": 2, "verify_due": 1, "verified": 1, "verify_on_time": 1,
		"accepted": 3, "accepted_timed": 3, "accepted_on_time": 2, "filed": 3, "filed_timed": 3, "filed_on_time": 3, "filed_accurate": 3, "filed_public": 1, "missed": 1,
		"should_dispatch": 3, "dispatched": 3, "dispatch_timed": 3, "dispatched_on_time": 3, "dispatched_accurate": 2, "received": 4, "received_returned": 1, "returned": 1, "upheld": 1,
		"should_handle": 3, "handled": 2, "handled_on_time": 1, "handled_late": 1, "overdue_unhandled": 1, "check_due": 2, "checked": 2, "check_on_time": 2,
		"should_close": 3, "closed": 2, "closed_on_time": 1, "closed_late": 1, "backlog": 1})
	counts(west, map[string]int64{"reported": 4, "reported_worker": 4, "valid": 3, "valid_worker": 3, "accepted": 3, "accepted_timed": 3, "accepted_on_time": 3, "rejected": 1,
		"filed": 3, "filed_timed": 3, "filed_on_time": 3, "filed_accurate": 2, "voided": 1, "should_dispatch": 2, "dispatched": 2, "dispatch_timed": 2, "dispatched_on_time": 2, "dispatched_accurate": 2,
		"received": 2, "should_handle": 1, "handled": 1, "handled_on_time": 1, "suspended": 1, "check_due": 1, "checked": 1, "check_on_time": 1, "should_close": 1, "closed": 1, "closed_on_time": 1, "reworked": 1, "backlog": 1})
	counts(empty, nil)
	rate(east, "filing", 100, "")
	rate(east, "handled_on_time", 33.33, "E")
	rate(east, "closed", 66.67, "C")
	rate(east, "closed_on_time", 33.33, "E")
	rate(east, "missed", 33.33, "C")
	rate(east, "public_report", 33.33, "C")
	rate(east, "accepted_on_time", 66.67, "C")
	rate(east, "dispatched_accurate", 66.67, "C")
	rate(east, "returned", 25, "B")
	rate(east, "mean_handling", 27, "") // 6 h and 48 h
	rate(east, "mean_lost", 4, "")
	rate(west, "rework", 100, "E")
	rate(west, "filed_accurate", 66.67, "C")
	rate(west, "verify_on_time", -1, "")
	rate(west, "mean_lost", -1, "")
	rate(empty, "closed", -1, "")
	// (66.67*10 + 66.67*30 + 33.33*40) / 80: there are no unit grids to divide the cases by.
	if east.Score == nil || *east.Score != 50 || east.Grade != "D" || east.Rank != 2 || west.Rank != 1 {
		t.Errorf("east: score %v %s, rank %d", east.Score, east.Grade, east.Rank)
	}
	if empty.Score != nil || empty.Rank != 0 {
		t.Errorf("a town without cases has the score %v", *empty.Score)
	}
	if p := west.Previous; p.Counts["reported"] != 1 || *p.ChangeOfCounts["reported"] != 300 || p.ChangeOfCounts["voided"] != nil {
		t.Errorf("west, September: %+v", p)
	}
	if west.YearAgo.Counts["reported"] != 0 || west.YearAgo.ChangeOfCounts["reported"] != nil || west.YearAgo.Rates["closed"] != nil {
		t.Errorf("west, a year ago: %+v", west.YearAgo)
	}

	rows = report(Query{Subject: Department})
	counts(rows["dept-a"], map[string]int64{"received": 3, "should_handle": 3, "handled": 2, "handled_on_time": 1, "handled_late": 1, "overdue_unhandled": 1, "check_due": 2, "checked": 2, "check_on_time": 2,
		"should_close": 3, "closed": 2, "closed_on_time": 1, "closed_late": 1, "with_it": 1})
	counts(rows["dept-b"], map[string]int64{"received": 3, "received_returned": 1, "returned": 1, "upheld": 1, "should_handle": 1, "handled": 1, "handled_on_time": 1, "suspended": 1,
		"check_due": 1, "checked": 1, "check_on_time": 1, "should_close": 1, "closed": 1, "closed_on_time": 1, "reworked": 1, "with_it": 1})

	dispatchers := report(Query{Subject: Post, Post: Dispatcher})["centre"]
	counts(dispatchers, map[string]int64{"dispatched": 6, "dispatch_timed": 6, "dispatched_on_time": 5, "dispatched_accurate": 5, "wrong_dispatch": 1})
	rate(dispatchers, "mean_lost", 4, "")
	if person := report(Query{Subject: Post, Post: Dispatcher, ByPerson: true})["somebody"]; person.Score != nil || person.Rank != 0 || person.Rates["dispatched_on_time"].Grade != "" || person.Counts["dispatched"] != 6 {
		t.Errorf("a person: %+v", person)
	}
	counts(report(Query{Subject: Post, Post: Acceptor})["centre"], map[string]int64{"handled": 7, "accepted": 6, "accepted_timed": 6, "accepted_on_time": 5, "rejected": 1,
		"verify_sent": 1, "verify_sent_on_time": 1, "check_sent": 4, "check_sent_on_time": 3})
	counts(report(Query{Subject: Post, Post: ShiftLeader})["centre"], map[string]int64{"filed": 6, "filed_timed": 6, "filed_on_time": 6, "filed_accurate": 5, "voided": 1, "closed": 3, "close_timed": 3, "closed_on_time": 3})
}

func TestPeriods(t *testing.T) {
	zone, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ kind, at, label, from, to, before, yearBefore string }{
		{"day", "2026-03-01", "2026-03-01", "2026-03-01", "2026-03-02", "2026-02-28", "2025-03-01"},
		{"day", "2024-02-29", "2024-02-29", "2024-02-29", "2024-03-01", "2024-02-28", "2023-02-28"},
		{"week", "2026-01-01", "2026-W01", "2025-12-29", "2026-01-05", "2025-W52", "2025-W01"},
		{"month", "2026-01-31", "2026-01", "2026-01-01", "2026-02-01", "2025-12", "2025-01"},
		{"quarter", "2026-05-01", "2026-Q2", "2026-04-01", "2026-07-01", "2026-Q1", "2025-Q2"},
		{"year", "2026-05-01", "2026", "2026-01-01", "2027-01-01", "2025", "2025"},
	} {
		at, err := time.ParseInLocation(time.DateOnly, tt.at, zone)
		if err != nil {
			t.Fatal(err)
		}
		p, err := PeriodOf(tt.kind, at, zone)
		if err != nil {
			t.Fatal(err)
		}
		got := [...]string{p.Label, p.From.Format(time.DateOnly), p.To.Format(time.DateOnly), p.before().Label, p.yearBefore().Label}
		if want := [...]string{tt.label, tt.from, tt.to, tt.before, tt.yearBefore}; got != want {
			t.Errorf("%s of %s: %v, want %v", tt.kind, tt.at, got, want)
		}
	}
	from := time.Date(2026, 3, 10, 0, 0, 0, 0, zone)
	p, err := Custom(from, from.AddDate(0, 0, 4), zone)
	if err != nil || p.Label != "2026-03-10/2026-03-14" || p.before().Label != "2026-03-05/2026-03-09" || p.yearBefore().Label != "2025-03-10/2025-03-14" {
		t.Errorf("%+v %v", p, err)
	}
	// Half a month is compared with half a month.
	month, _ := PeriodOf("month", from, zone)
	half := month.cut(from)
	if got := half.as(half.before()).Until.Format(time.DateOnly); got != "2026-02-10" {
		t.Errorf("compared until %s", got)
	}
}
