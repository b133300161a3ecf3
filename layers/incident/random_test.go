package incident_test

import (
	"errors"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"time"

	"onemap/layers"
	"onemap/layers/incident"
)

// Cases move at random through the store: whatever is allowed, by whoever may,
// at any time, while the sweep looks at the clocks. Then each flow is legal and
// each row stands where its flow leads.
func TestCasesStandWhereTheirFlowsLead(t *testing.T) {
	w := newTown(t)
	cases, acts := 12, 200
	if os.Getenv("ONEMAP_LONG") != "" {
		cases, acts = 400, 12_000
	}
	r := rand.New(rand.NewPCG(1, 2))
	now := time.Date(2026, 11, 20, 1, 0, 0, 0, time.UTC)
	w.store.Clock = func() time.Time { return now }
	if _, err := w.db.Exec(t.Context(), `INSERT INTO onemap.class_condition (standard, class, code, position, text_zh, limit_n, limit_unit)
		VALUES ('test', 'T01', 'a', 1, '缺失', 2, 'urgent_hour'), ('test', 'T01', 'b', 2, '破损', 4, 'working_hour'), ('test', 'T01', 'c', 3, '响动', 2, 'working_day')`); err != nil {
		t.Fatal(err)
	}
	var ids []int64
	for range cases {
		ids = append(ids, w.report(t).ID)
		now = now.Add(time.Duration(r.IntN(600)) * time.Second)
	}
	logins := []string{"acceptor", "leader", "dispatcher", "centre", "urban", "police", "handler", "worker"}
	ends := []string{"void", "reject", "merge", "force_close"}
	done, conflicts := map[string]int{}, 0
	for n, looked := 0, 0; n < acts; looked++ {
		if looked > 40*acts {
			t.Fatalf("after %d looks %d actions were done: the cases are stuck: %v", looked, n, done)
		}
		if looked%100 == 99 { // more come in, while others end
			ids = append(ids, w.report(t).ID)
		}
		now = now.Add(time.Duration(r.ExpFloat64() * float64(20*time.Minute)))
		if r.IntN(10) == 0 {
			if _, err := w.store.Escalate(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		id, login := ids[r.IntN(len(ids))], logins[r.IntN(len(logins))]
		i, err := w.store.Get(t.Context(), w.by[login], id)
		if errors.Is(err, layers.ErrNotFound) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if len(i.Actions) == 0 {
			continue
		}
		do := incident.Action{Name: i.Actions[r.IntN(len(i.Actions))], Version: i.Version, Opinion: "因为"}
		if slices.Contains(ends, do.Name) && r.IntN(6) > 0 || do.Name == "photo" {
			continue
		}
		switch do.Name {
		case "return":
			do.Dept = map[string]string{"urban": "police", "police": "urban"}[i.Dept]
		case "dispatch", "decide":
			do.Dept = []string{"urban", "police"}[r.IntN(2)]
		case "file":
			do.Condition = []string{"a", "b", "c"}[r.IntN(3)]
		case "assign":
			if i.Dept != "urban" {
				continue
			}
			do.Worker = "handler"
		case "send_verify", "send_check":
			do.Worker = "worker"
		case "report_verify":
			do.Result = []string{"true", "false", "unknown"}[r.IntN(3)]
		case "report_check":
			do.Result = []string{"passed", "failed"}[r.IntN(2)]
		case "ask_suspension":
			do.Until = now.Add(time.Duration(1+r.IntN(300)) * time.Hour)
		case "merge":
			do.Into = ids[r.IntN(len(ids))]
		}
		switch _, _, err = w.store.Act(t.Context(), w.by[login], id, do); {
		case err == nil:
			n++
			done[do.Name]++
		case errors.Is(err, layers.ErrConflict) || errors.Is(err, layers.ErrInvalid):
			conflicts++ // merged into itself or into what has ended, a date that has passed
		default:
			t.Fatalf("%s: %s: %v", login, do.Name, err)
		}
	}
	t.Logf("%v, %d refused", done, conflicts)
	counted, err := incident.Recheck(t.Context(), w.db, func(d incident.Difference) {
		t.Errorf("incident %d: %s is %v, want %v", d.Incident, d.What, d.Has, d.Want)
	})
	if err != nil || counted != len(ids) {
		t.Errorf("%d cases are counted anew, %v", counted, err)
	}
	// And the check can fail.
	if _, err := w.db.Exec(t.Context(), `UPDATE map.incident SET due_at = now(), returns = 9 WHERE id = $1`, ids[0]); err != nil {
		t.Fatal(err)
	}
	bad := 0
	if _, err := incident.Recheck(t.Context(), w.db, func(incident.Difference) { bad++ }); err != nil || bad != 2 {
		t.Errorf("two columns were spoilt, %d are found, %v", bad, err)
	}
}
