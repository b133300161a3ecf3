package incident_test

import (
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/incident"
)

var update = flag.Bool("update", false, "write the golden files")

// inState is a case of urban management in a state, as few things as can be
// having happened to it.
func inState(state string) incident.Incident {
	due := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	return incident.Incident{ID: 7, State: state, Dept: "urban", Version: 3, DueAt: &due}
}

// full is an action with all that the line needs, and nothing else.
func full(tr incident.Transition) incident.Action {
	do := incident.Action{Name: tr.Action, Version: 3}
	if tr.Opinion {
		do.Opinion = "because"
	}
	for _, need := range tr.Needs {
		switch need {
		case "dept":
			do.Dept = "police"
		case "worker":
			do.Worker = "handler"
		case "into":
			do.Into = 8
		case "until":
			do.Until = time.Now().Add(time.Hour)
		case "result":
			do.Result = "passed"
		case "photos":
			do.Photos = []incident.Shown{{}}
		}
	}
	return do
}

// holds makes a guard hold, or not.
func holds(i *incident.Incident, g incident.Guard, yes bool) {
	switch g.Name {
	case "has_handler", "no_handler":
		if i.Handler = ""; yes == (g.Name == "has_handler") {
			i.Handler = "handler"
		}
	case "not_decided":
		i.Decided = !yes
	case "nothing_pending":
		if i.Pending = "extension"; yes {
			i.Pending = ""
		}
	case "in_time":
		i.Overdue = !yes
	case "has_limit":
		if !yes {
			i.DueAt = nil
		}
	case "extensions_left":
		if i.Extensions = 2; yes {
			i.Extensions = 1
		}
	case "never_suspended":
		if i.Suspensions = 1; yes {
			i.Suspensions = 0
		}
	case "was_overdue":
		i.Overdue = yes
	case "never_appealed":
		i.Appealed = !yes
	case "not_supervised":
		i.Supervised = !yes
	case "pending":
		i.Pending = ""
		for _, p := range []string{"extension", "suspension", "appeal", "appeal_second"} {
			if i.Pending = p; g.Holds(*i) == yes {
				break
			}
		}
	}
}

// saysWho says whether a refusal names each role that the table has for the
// action, and what the caller can do instead.
func saysWho(err error, action string) bool {
	text := err.Error()
	for _, tr := range incident.Transitions {
		for _, role := range tr.By {
			if tr.Action == action && !strings.Contains(text, string(role)) {
				return false
			}
		}
	}
	return strings.Contains(text, "; possible now: ")
}

// Every state x role x action, from the table: what it has is possible, each
// guard that does not hold refuses with its own words, what it has for others
// is forbidden, what the state does not have is a conflict that says what is
// possible instead, and what is missing or too much is named.
func TestEveryActionInEveryStateByEveryone(t *testing.T) {
	w := newTown(t)
	actions := map[string]bool{}
	for _, tr := range incident.Transitions {
		actions[tr.Action] = true
	}
	possible, refused := 0, 0
	for login, scope := range w.by {
		for _, state := range states {
			for action := range actions {
				base := inState(state)
				base.Task = login == "worker"
				var line *incident.Transition // for this state
				byRole := false               // in any state
				for _, tr := range incident.Transitions {
					if tr.Action != action {
						continue
					}
					byRole = byRole || may(login, scope, tr, base)
					if slices.Contains(tr.From, state) {
						line = &tr
					}
				}
				name := fmt.Sprintf("%s: %s from %s", login, action, state)
				if line == nil {
					do := incident.Action{Name: action, Version: 3}
					_, err := incident.Possible(scope, base, do)
					refused++
					switch {
					case !byRole && (!errors.Is(err, access.ErrForbidden) || !saysWho(err, action)):
						t.Errorf("%s, who may never: %v", name, err)
					case byRole && (!errors.Is(err, layers.ErrConflict) || !strings.Contains(err.Error(), "is "+state+" at version 3; possible now: ")):
						t.Errorf("%s, which the state does not have: %v", name, err)
					}
					continue
				}
				i := base
				for _, g := range line.Guards {
					holds(&i, g, true)
				}
				do := full(*line)
				_, err := incident.Possible(scope, i, do)
				if !may(login, scope, *line, i) {
					if refused++; !errors.Is(err, access.ErrForbidden) || !saysWho(err, action) {
						t.Errorf("%s, who may not: %v", name, err)
					}
					if slices.Contains(incident.Allowed(scope, i), action) {
						t.Errorf("%s is shown", name)
					}
					continue
				}
				if possible++; err != nil {
					t.Errorf("%s: %v", name, err)
				}
				if !slices.Contains(incident.Allowed(scope, i), action) {
					t.Errorf("%s is not shown", name)
				}
				for _, g := range line.Guards {
					j := i
					if holds(&j, g, false); g.Holds(j) {
						t.Errorf("the test does not know how to break %s", g.Name)
					}
					_, err := incident.Possible(scope, j, do)
					said := slices.ContainsFunc(line.Guards, func(o incident.Guard) bool { return !o.Holds(j) && err != nil && strings.Contains(err.Error(), o.Says) })
					if refused++; !errors.Is(err, layers.ErrConflict) || !said || !strings.Contains(err.Error(), "possible now: ") {
						t.Errorf("%s where not %s: %v", name, g.Name, err)
					}
					if slices.Contains(incident.Allowed(scope, j), action) {
						t.Errorf("%s is shown where not %s", name, g.Name)
					}
				}
				old := do
				old.Version = 2
				if _, err := incident.Possible(scope, i, old); !errors.Is(err, layers.ErrConflict) || !strings.Contains(err.Error(), "somebody acted since you looked") {
					t.Errorf("%s of an old version: %v", name, err)
				}
				wantInput(t, scope, i, incident.Action{Name: action}, "version")
				if line.Opinion {
					bare := do
					bare.Opinion = " "
					wantInput(t, scope, i, bare, "opinion")
				}
				for _, need := range line.Needs {
					wantInput(t, scope, i, without(do, need), need)
				}
				if !slices.Contains(line.Needs, "into") {
					more := do
					more.Into = 9
					wantInput(t, scope, i, more, "into")
				}
			}
		}
	}
	t.Logf("%d are possible, %d are refused", possible, refused)
}

// may says what the table says, in words of its own.
func may(login string, scope access.Scope, tr incident.Transition, i incident.Incident) bool {
	for _, role := range tr.By {
		if !scope.Has(role) {
			continue
		}
		switch role {
		case access.DepartmentOfficer:
			if !tr.Responsible || login == "urban" {
				return true
			}
		case access.GridWorker:
			if tr.Assigned && login == "worker" || tr.Responsible && login == "handler" {
				return true
			}
		default:
			return true
		}
	}
	return tr.Reporter && i.Mine
}

func without(do incident.Action, field string) incident.Action {
	switch field {
	case "dept":
		do.Dept = ""
	case "worker":
		do.Worker = ""
	case "into":
		do.Into = 0
	case "until":
		do.Until = time.Time{}
	case "result":
		do.Result = ""
	case "photos":
		do.Photos = nil
	}
	return do
}

func wantInput(t *testing.T, scope access.Scope, i incident.Incident, do incident.Action, field string) {
	t.Helper()
	_, err := incident.Possible(scope, i, do)
	if input := (*layers.InputError)(nil); !errors.As(err, &input) || input.Field != field || input.Remedy == "" {
		t.Errorf("%s from %s: %v, want a fault of %s", do.Name, i.State, err, field)
	}
}

// What each post may do in each state, as text: read the change before it is
// committed. A department's case of which nothing is asked and nobody is
// assigned; a closed one was overdue.
func TestWhoMayDoWhatAsText(t *testing.T) {
	w := newTown(t)
	var b strings.Builder
	b.WriteString("# state: who: what. go test ./layers/incident -run AsText -update writes it.\n")
	for _, state := range states {
		fmt.Fprintf(&b, "\n%s\n", state)
		for _, login := range slices.Sorted(maps.Keys(w.by)) {
			i := inState(state)
			i.Task = login == "worker"
			i.Overdue = state == incident.Closed
			if can := incident.Allowed(w.by[login], i); len(can) > 0 {
				fmt.Fprintf(&b, "  %-11s %s\n", login+":", strings.Join(can, ", "))
			}
		}
	}
	const golden = "testdata/rights.txt"
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != string(want) {
		t.Errorf("the table says something else than %s:\n%s", golden, b.String())
	}
}

// Who looked before somebody else acted hears that, also where the step belongs
// to another post by now, or the task is over; who never may hears so.
func TestWhoLookedTooEarlyHearsOfIt(t *testing.T) {
	w := newTown(t)
	for _, c := range []struct {
		login, state, action string
		version              int
		want                 error
	}{
		{"dispatcher", incident.Checked, "rework", 2, layers.ErrConflict},
		{"dispatcher", incident.Checked, "rework", 3, access.ErrForbidden},
		{"dispatcher", incident.Checked, "rework", 0, access.ErrForbidden},
		{"worker", incident.Checked, "report_check", 2, layers.ErrConflict},
		{"worker", incident.Checked, "report_check", 3, access.ErrForbidden},
		{"worker", incident.Registered, "file", 2, access.ErrForbidden},
	} {
		i := inState(c.state)
		if _, err := incident.Possible(w.by[c.login], i, incident.Action{Name: c.action, Version: c.version}); !errors.Is(err, c.want) {
			t.Errorf("%s: %s from %s at version %d: %v", c.login, c.action, c.state, c.version, err)
		}
	}
}
