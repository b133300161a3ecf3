package incident_test

import (
	"testing"

	"onemap/layers/incident"
)

// The life of a case as the field has it: taken in, filed, dispatched, handled,
// checked, closed.
func TestLifeOfACase(t *testing.T) {
	w := newTown(t)
	i := w.report(t)
	for _, x := range []struct {
		login string
		do    incident.Action
		state string
	}{
		{"acceptor", incident.Action{Name: "send_verify", Worker: "worker"}, "verifying"},
		{"worker", incident.Action{Name: "report_verify", Result: "true"}, "reported"},
		{"acceptor", incident.Action{Name: "register"}, "registered"},
		{"leader", incident.Action{Name: "file"}, "filed"},
		{"dispatcher", incident.Action{Name: "dispatch"}, "dispatched"},
		{"urban", incident.Action{Name: "accept"}, "handling"},
		{"urban", incident.Action{Name: "feedback"}, "feedback"},
		{"acceptor", incident.Action{Name: "send_check"}, "checking"},
		{"worker", incident.Action{Name: "report_check", Result: "failed"}, "feedback"},
		{"dispatcher", incident.Action{Name: "rework", Opinion: "again"}, "handling"},
		{"urban", incident.Action{Name: "feedback"}, "feedback"},
		{"acceptor", incident.Action{Name: "send_check", Worker: "worker"}, "checking"},
		{"worker", incident.Action{Name: "report_check", Result: "passed"}, "checked"},
		{"leader", incident.Action{Name: "close"}, "closed"},
	} {
		i = w.act(t, x.login, i, x.do)
		if i.State != x.state {
			t.Fatalf("after %s it is %s", x.do.Name, i.State)
		}
	}
	if len(i.Flow) != 15 || i.ClosedAt == nil || i.Reworks != 1 || i.Verified != "true" || i.Checked != "passed" || len(i.Number) != 19 {
		t.Errorf("%+v", i)
	}
}
