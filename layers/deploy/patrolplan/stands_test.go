package patrolplan_test

import (
	"errors"
	"strings"
	"testing"

	"onemap/layers"
	"onemap/layers/deploy/patrolplan"
)

// A draft of a forecast that was withdrawn, or withheld, makes no tasks: it can
// only be refused.
func testStands(t *testing.T, w *town) {
	var run int64
	w.scan(`INSERT INTO onemap.forecast_run (state, classes, class_key, recipe, horizon, from_at, to_at, space, params, seed, made_by, record, hash, result_hash)
		VALUES ('done', '[]', 'x', 'x', 'week', now(), now() + interval '7 days', 'lattice', '{}', 1, 'x', '{}', sha256(''), sha256('')) RETURNING id`, []any{&run})
	p := w.make("planner", w.order())
	w.exec(`UPDATE onemap.patrol_plan SET run = $2 WHERE id = $1`, p.ID, run)
	for _, change := range []string{`withdrawn_at = now(), withdrawn_why = 'wrong classes'`, `withdrawn_at = NULL, withdrawn_why = '', state = 'withheld', why = 'wrong classes'`} {
		w.exec(`UPDATE onemap.forecast_run SET `+change+` WHERE id = $1`, run)
		_, err := w.plans.Decide(t.Context(), w.by["planner"], p.ID, patrolplan.Decision{Action: "accept", Version: p.Version, Reason: "x"})
		if !errors.Is(err, layers.ErrConflict) || !strings.Contains(err.Error(), "wrong classes") || !strings.Contains(err.Error(), "make a new one") {
			t.Errorf("accepted although %s: %v", change, err)
		}
	}
	var tasks int
	if w.scan(`SELECT count(*) FROM onemap.patrol_unit WHERE plan = $1 AND task IS NOT NULL`, []any{&tasks}, p.ID); tasks > 0 {
		t.Errorf("%d tasks", tasks)
	}
	if p = w.decide("planner", "refuse", p); p.State != patrolplan.Refused {
		t.Errorf("refused, it is %s", p.State)
	}
}
