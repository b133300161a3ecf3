package incident_test

import (
	"slices"
	"testing"

	"onemap/layers/incident"
)

var states = []string{incident.Reported, incident.Filed, incident.Dispatched, incident.Handling, incident.Feedback,
	incident.Closed, incident.Rejected, incident.Void}

// The table is read as a graph: every state is reached, every open one leads
// on, what has ended stays so.
func TestTransitionsMakeAFlow(t *testing.T) {
	reached := map[string]bool{incident.Reported: true}
	for range states {
		for _, tr := range incident.Transitions {
			for _, from := range tr.From {
				if reached[from] {
					reached[tr.To] = true
				}
			}
		}
	}
	for _, s := range states {
		if !reached[s] {
			t.Errorf("no way leads to %s", s)
		}
		on := slices.ContainsFunc(incident.Transitions, func(tr incident.Transition) bool { return slices.Contains(tr.From, s) })
		ended := s == incident.Closed || s == incident.Rejected || s == incident.Void
		if on == ended {
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
			k := [2]string{tr.Action, from}
			if seen[k] {
				t.Errorf("%s from %s stands twice", tr.Action, from)
			}
			seen[k] = true
		}
	}
}
