package patrolplan_test

import (
	"errors"
	"testing"
	"time"

	"onemap/layers/deploy"
	"onemap/layers/deploy/patrolplan"
)

// Patrols wait for their turn among all plans: to be made, made again, edited.
func testTurn(t *testing.T, w *town) {
	p := w.make("planner", w.order())
	turn := &deploy.Turn{Wait: time.Millisecond}
	w.plans.Turn = turn
	defer func() { w.plans.Turn = nil }()
	done, err := turn.Take(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	by := w.by["planner"]
	for name, do := range map[string]func() error{
		"make": func() error { _, _, err := w.plans.Make(t.Context(), by, w.order()); return err },
		"edit": func() error {
			name := "丙"
			_, err := w.plans.Edit(t.Context(), by, p.ID, patrolplan.Edit{Version: p.Version, Reason: "x", Units: []patrolplan.UnitEdit{{N: 1, Name: &name}}})
			return err
		},
		"remake": func() error { _, err := w.plans.Remake(t.Context(), by, p.ID); return err },
	} {
		if err := do(); !errors.Is(err, deploy.ErrBusy) {
			t.Errorf("%s while another plan is made: %v", name, err)
		}
	}
	done()
	if same, err := w.plans.Remake(t.Context(), by, p.ID); err != nil || !same {
		t.Errorf("after it: %v, %v", same, err)
	}
}
