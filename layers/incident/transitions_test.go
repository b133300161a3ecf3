package incident_test

import (
	"slices"
	"testing"

	"onemap/layers/incident"
)

// states are all of them, in the order of a case's life.
var states = func() []string {
	var all []string
	for _, s := range incident.Stages {
		all = append(all, s.States...)
	}
	return append(all, incident.Closed, incident.Rejected, incident.Void, incident.Merged)
}()

// The table is read as a graph: every state is reached, every open one leads
// on, and what is void or merged stays so.
func TestTransitionsMakeAFlow(t *testing.T) {
	// What a result or an earlier return makes of an action stands in the effects.
	reached := map[string]bool{incident.Reported: true, incident.SelfHandled: true, incident.Disputed: true}
	for range states {
		for _, tr := range incident.Transitions {
			for _, from := range tr.From {
				if reached[from] && tr.To != "" {
					reached[tr.To] = true
				}
			}
		}
	}
	for _, s := range states {
		if !reached[s] {
			t.Errorf("no way leads to %s", s)
		}
		on := slices.ContainsFunc(incident.Transitions, func(tr incident.Transition) bool {
			return slices.Contains(tr.From, s) && tr.To != "" && tr.To != incident.Void
		})
		if last := s == incident.Void || s == incident.Merged; on == last {
			t.Errorf("%s: leads on %t", s, on)
		}
	}
	// An action means one thing in one state.
	seen := map[[2]string]bool{}
	for _, tr := range incident.Transitions {
		if len(tr.By) == 0 {
			t.Errorf("nobody may %s", tr.Action)
		}
		for _, from := range tr.From {
			if !slices.Contains(states, from) {
				t.Errorf("%s from %q, which is no state", tr.Action, from)
			}
			k := [2]string{tr.Action, from}
			if seen[k] {
				t.Errorf("%s from %s stands twice", tr.Action, from)
			}
			seen[k] = true
		}
	}
}
