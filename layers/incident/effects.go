package incident

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/class"
)

// effects is what actions do beyond what the table says of them: they complete
// the record, check what was sent against the database, and write what stands
// in other tables.
var effects = map[string]func(context.Context, *deed) error{
	"send_verify":      sendTask("verify"),
	"report_verify":    reportTask("true", "false", "unknown"),
	"register":         register,
	"merge":            merge,
	"file":             file,
	"dispatch":         dispatch,
	"decide":           decide,
	"accept":           accept,
	"assign":           assign,
	"return":           giveReturn,
	"ask_suspension":   askSuspension,
	"grant_suspension": grantSuspension,
	"send_check":       sendTask("check"),
	"report_check":     reportTask("passed", "failed"),
}

// register may give it another class, and with that another severity.
func register(ctx context.Context, d *deed) error {
	if d.do.Class == "" && d.do.Severity == 0 {
		return nil
	}
	d.class = class.Of{Standard: d.i.Standard, Code: d.i.Class, Severity: d.i.Severity}
	if d.do.Class != "" {
		c, err := d.s.classes().Matter(ctx, d.tx, d.do.Standard, d.do.Class)
		if err != nil {
			return err
		}
		d.class = c
		answer, err := d.s.classes().Responsible(ctx, d.tx, d.question())
		if err != nil {
			return err
		}
		d.record.Dept = answer.Dept
	}
	if d.do.Severity != 0 {
		d.class.Severity = d.do.Severity
	}
	d.record.Detail.Standard, d.record.Detail.Class, d.record.Detail.Severity = d.class.Standard, d.class.Code, d.class.Severity
	return nil
}

// question asks whose matter the case is.
func (d *deed) question() class.Question {
	q := class.Question{Standard: d.i.Standard, Code: d.i.Class, Grid: d.i.Grid, Area: d.i.Area, Asset: d.i.Asset}
	if d.class.Code != "" {
		q.Standard, q.Code = d.class.Standard, d.class.Code
	}
	return q
}

// file gives it a number, its limit and its owner. Where a rule names the owner
// it goes on to them at once.
func file(ctx context.Context, d *deed) error {
	var area string
	if err := d.tx.QueryRow(ctx, `SELECT coalesce((SELECT area_class FROM map.grid_unit WHERE grid_code = @grid LIMIT 1), 'B')`,
		pgx.NamedArgs{"grid": d.i.Grid}).Scan(&area); err != nil {
		return err
	}
	code := d.do.Condition
	if code == "" {
		code = d.i.Condition // the reporter's
	}
	cond, err := d.s.classes().Condition(ctx, d.tx, d.i.Standard, d.i.Class, code, area)
	if err != nil {
		return err
	}
	answer, err := d.s.classes().Responsible(ctx, d.tx, d.question())
	if err != nil {
		return err
	}
	if d.do.Dept != "" {
		if err := checkDept(ctx, d.tx, d.do.Dept); err != nil {
			return err
		}
		answer = class.Answer{Dept: d.do.Dept, By: "named"}
	}
	r := &d.record
	r.Dept, r.Detail.By, r.Detail.Rule, r.Detail.AreaClass = answer.Dept, answer.By, answer.Rule, area
	if r.Detail.Condition = cond.Code; cond.OK {
		r.Detail.Limit = &Term{cond.Limit.N, cond.Limit.Unit}
	}
	if d.i.Number == "" {
		if d.number, err = caseNumber(ctx, d.tx, d.i.Area, r.At.In(d.zone())); err != nil {
			return err
		}
		r.Detail.Number = d.number
	}
	if d.set.DispatchByRule && (answer.By == class.ByRule || answer.By == class.ByLearnt) {
		d.after = append(d.after, Record{At: r.At, Actor: system, Post: "rule", Action: "dispatch", From: Filed, To: Dispatched, Dept: answer.Dept,
			Detail: Detail{By: answer.By, Rule: answer.Rule}})
	}
	return nil
}

// system is who acts where no person does.
const system = "system"

func (d *deed) zone() *time.Location {
	if z := d.set.Calendar.Zone; z != nil {
		return z
	}
	return time.UTC
}

// caseNumber makes a case's number: 6 digits county, 8 date, 5 serial. Serials
// come from a sequence, so that no two filings wait for each other, and go
// round; one that the day has used already is passed over.
func caseNumber(ctx context.Context, tx pgx.Tx, area string, day time.Time) (string, error) {
	county := "000000"
	if len(area) >= 6 && strings.Trim(area[:6], "0123456789") == "" {
		county = area[:6]
	}
	for range 1000 {
		var number string
		var used bool
		err := tx.QueryRow(ctx, `SELECT n, EXISTS (SELECT FROM map.incident WHERE number = n)
			FROM (SELECT @prefix || lpad(nextval('onemap.case_serial')::text, 5, '0') AS n) s`,
			pgx.NamedArgs{"prefix": county + day.Format("20060102")}).Scan(&number, &used)
		if err != nil || !used {
			return number, err
		}
	}
	return "", fmt.Errorf("%s has had all its numbers for %s", county, day.Format(time.DateOnly))
}

// dispatch sends it to a department: the one named, else the one that the
// department which returned it thinks responsible, else its own.
func dispatch(ctx context.Context, d *deed) error {
	dept := d.do.Dept
	if dept == "" && d.i.State == Returned {
		for _, r := range slices.Backward(d.flow) {
			if r.Action == "return" {
				dept = r.Detail.Blame
				break
			}
		}
	}
	by := "named"
	if dept == "" {
		dept, by = d.i.Dept, ""
	}
	if dept == "" {
		return &layers.InputError{Field: "dept", Remedy: "name the department: no rule and no class does"}
	}
	if err := checkDept(ctx, d.tx, dept); err != nil {
		return err
	}
	d.record.Dept, d.record.Detail.By, d.record.Detail.Was = dept, by, d.with()
	return nil
}

// with is the department that it was with before; "" where it was with none.
func (d *deed) with() string {
	if d.st.with != d.record.Dept {
		return d.st.with
	}
	return ""
}

// decide ends a dispute: the case goes to the department, for good, and the
// rule learns it for the class and the grid.
func decide(ctx context.Context, d *deed) error {
	if err := dispatch(ctx, d); err != nil {
		return err
	}
	return d.s.classes().Learn(ctx, d.tx, class.Lesson{Standard: d.i.Standard, Code: d.i.Class, Grid: d.i.Grid, Dept: d.record.Dept, Incident: d.i.ID, By: d.who.Login, Reason: d.do.Opinion})
}

// checkDept says whether there is such a department.
func checkDept(ctx context.Context, tx pgx.Tx, dept string) error {
	var known bool
	err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM onemap.organisation WHERE code = @dept AND kind = 'department')`,
		pgx.NamedArgs{"dept": dept}).Scan(&known)
	if err == nil && !known {
		err = &layers.InputError{Field: "dept", Value: layers.Short(dept), Remedy: "the code of a department, from /api/v1/organisations"}
	}
	return err
}

// accept by a worker of the department makes the worker its handler.
func accept(_ context.Context, d *deed) error {
	d.record.Detail.Worker = d.i.Handler
	if d.record.Post == string(access.GridWorker) {
		d.record.Detail.Worker = d.who.Login
	}
	return nil
}

// assign names one of the department's people.
func assign(ctx context.Context, d *deed) error {
	var ok bool
	err := d.tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM onemap.person p JOIN onemap.person_role r ON r.person = p.id
			WHERE p.login = @login AND p.org = @org AND p.active AND r.role IN ('grid_worker', 'department_officer'))`,
		pgx.NamedArgs{"login": d.do.Worker, "org": d.i.Dept}).Scan(&ok)
	if err == nil && !ok {
		err = &layers.InputError{Field: "worker", Value: layers.Short(d.do.Worker), Remedy: "the login of a worker or officer of " + d.i.Dept}
	}
	d.record.Detail.Worker = d.do.Worker
	return err
}

// giveReturn names whom the department thinks responsible. The second return
// is for the command centre to decide.
func giveReturn(ctx context.Context, d *deed) error {
	if d.do.Dept == d.i.Dept {
		return &layers.InputError{Field: "dept", Value: layers.Short(d.do.Dept), Remedy: "another department than your own: whom you think responsible"}
	}
	if err := checkDept(ctx, d.tx, d.do.Dept); err != nil {
		return err
	}
	d.record.Detail.Blame = d.do.Dept
	if d.st.Returns > 0 {
		d.record.To = Disputed
	}
	return nil
}

// longestSuspension is how long a case may stand.
const longestSuspension = 366 * 24 * time.Hour

func askSuspension(_ context.Context, d *deed) error {
	until := d.do.Until.UTC()
	if !until.After(d.record.At) || until.Sub(d.record.At) > longestSuspension {
		return &layers.InputError{Field: "until", Value: until.Format(time.RFC3339), Remedy: "a time within a year from now"}
	}
	d.record.Detail.Until = &until
	return nil
}

// grantSuspension grants the date that was asked for.
func grantSuspension(_ context.Context, d *deed) error {
	for _, r := range slices.Backward(d.flow) {
		if r.Action == "ask_suspension" && r.Detail.Until != nil {
			if !r.Detail.Until.After(d.record.At) {
				return fmt.Errorf("grant_suspension: the date that was asked for, %s, has passed: refuse it, so that another one may be asked for: %w",
					r.Detail.Until.Format(time.RFC3339), layers.ErrConflict)
			}
			d.record.Detail.Until = r.Detail.Until
			return nil
		}
	}
	return fmt.Errorf("grant_suspension: nothing in the flow asks for it: %w", layers.ErrConflict)
}
