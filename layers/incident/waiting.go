package incident

import (
	"slices"
	"strings"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/worktime"
)

// openSQL is the open incidents, in the words of the partial index on them.
const openSQL = "f.state NOT IN ('closed', 'rejected', 'void', 'merged')"

// waits is what waits for each post of the centre: cases in these states, and
// those of which one of these answers is asked. The command centre's own come
// last; as it stands in for the others, theirs wait for it too.
var waits = []struct {
	role    access.Role
	states  []string
	pending []string
}{
	{access.Acceptor, []string{Reported, SelfHandled, Feedback}, nil},
	{access.ShiftLeader, []string{Registered, Checked}, nil},
	{access.Dispatcher, []string{Filed, Returned}, []string{"extension", "suspension", "appeal"}},
	{access.CommandCentre, []string{Disputed}, []string{"appeal_second"}},
}

// narrow writes q's conditions that are not on fields of the layer. Where the
// caller may not see the state or the clock, to ask for it would tell it.
func (v sight) narrow(scope access.Scope, q Query, a *layers.Args) (string, error) {
	sql := ""
	needs := func(param string, fields ...string) error {
		for _, f := range fields {
			if !q.Mine && !slices.Contains(v.right.Fields, f) {
				return &layers.InputError{Field: "query." + param, Remedy: "leave it out: you may not see " + f}
			}
		}
		return nil
	}
	if q.Open || q.Waiting && !scope.Has(posts...) {
		if err := needs("open", "state"); err != nil {
			return "", err
		}
		sql += " AND " + openSQL
	}
	if q.Stage != "" {
		if err := needs("stage", "state"); err != nil {
			return "", err
		}
		n := slices.IndexFunc(Stages, func(s Stage6) bool { return s.Name == q.Stage })
		if n < 0 {
			return "", &layers.InputError{Field: "query.stage", Value: layers.Short(q.Stage), Remedy: "one of collection, filing, dispatch, handling, feedback, closing"}
		}
		sql += " AND f.state IN (" + quoted(Stages[n].States) + ")"
	}
	if q.Light != "" {
		if err := needs("light", "warn_at", "due_at"); err != nil {
			return "", err
		}
		light, ok := lightSQL(q.Light, a.Add(v.now))
		if !ok {
			return "", &layers.InputError{Field: "query.light", Value: layers.Short(q.Light), Remedy: "green, yellow or red"}
		}
		sql += " AND " + light
	}
	if q.ByDue {
		if err := needs("sort", "due_at"); err != nil {
			return "", err
		}
	}
	if q.Waiting {
		if err := needs("waiting", "state"); err != nil {
			return "", err
		}
		sql += " AND (" + v.waiting(scope, a) + ")"
	}
	return sql, nil
}

// lightSQL is the condition on a clock of that colour; now is a parameter.
func lightSQL(light, now string) (string, bool) {
	sql, ok := map[string]string{
		worktime.Red:    "f.due_at < " + now + "::timestamptz",
		worktime.Yellow: "f.due_at >= " + now + "::timestamptz AND f.warn_at <= " + now + "::timestamptz",
		worktime.Green:  "f.warn_at > " + now + "::timestamptz",
	}[light]
	return "(" + sql + ")", ok
}

// waiting writes what waits for the caller.
func (v sight) waiting(scope access.Scope, a *layers.Args) string {
	ors := []string{"false"}
	for _, w := range waits {
		if !scope.Has(w.role, access.CommandCentre) {
			continue
		}
		ors = append(ors, "f.state IN ("+quoted(w.states)+")")
		if w.pending != nil {
			ors = append(ors, "f.pending IN ("+quoted(w.pending)+")")
		}
	}
	p, ok := scope.Person()
	if !ok || v.person == 0 {
		return strings.Join(ors, " OR ")
	}
	if scope.Has(access.DepartmentOfficer) {
		ors = append(ors, "f.dept_code = "+a.Add(p.Org)+"::text AND (f.state = 'dispatched' OR f.state = 'handling' AND f.handler IS NULL AND f.pending = '')")
	}
	if scope.Has(access.GridWorker) {
		ors = append(ors, "f.state = 'handling' AND f.handler = "+a.Add(v.person)+"::bigint",
			"f.state IN ('verifying', 'checking') AND f.id IN (SELECT incident FROM onemap.task WHERE done_at IS NULL AND (person = "+a.Add(v.person)+
				"::bigint OR person IS NULL AND grid_code = ANY("+a.Add(append([]string{}, scope.Cells()...))+"::text[])))")
	}
	return strings.Join(ors, " OR ")
}

// quoted lists words of our own as SQL.
func quoted(words []string) string { return "'" + strings.Join(words, "', '") + "'" }
