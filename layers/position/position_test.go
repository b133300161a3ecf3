package position_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/locate"
	"onemap/layers/position"
)

// The shift of one worker: on duty, through two grids and a fence, off duty.
func TestShift(t *testing.T) {
	w := newTown(t)
	f := w.draw("庙会", box(120.004, 29.30, 120.006, 29.31))
	begin := time.Now().Add(-time.Hour)
	got := w.put("worker", at(120.002, begin))
	if !got.OnDuty || !got.Latest || got.Grid != "330799001001001" || fmt.Sprint(got.Entered) != "[330799001001001 东一]" || got.Cursor.IsZero() || !got.Since.Equal(begin.Truncate(time.Microsecond)) {
		t.Errorf("%+v", got)
	}
	if got = w.put("worker", at(120.005, begin.Add(time.Minute))); fmt.Sprint(got.Entered, got.Left) != "[庙会] []" {
		t.Errorf("%+v", got)
	}
	w.want("{"+key(f)+",grid_duty/330799001001001}", `SELECT fences FROM map.worker`)
	if got = w.put("worker", at(120.015, begin.Add(2*time.Minute))); got.Grid != "330799002001001" || len(got.Left) != 2 {
		t.Errorf("%+v", got)
	}
	if _, err := w.store.OffDuty(t.Context(), w.by["worker"], "", time.Time{}); err != nil {
		t.Fatal(err)
	}
	w.want("0", `SELECT count(*) FROM map.worker`)
	w.want("3", `SELECT count(*) FROM onemap.position`)
	w.want("worker enter grid_duty/330799001001001 moved, worker enter "+key(f)+" moved, worker leave "+key(f)+" moved, worker leave grid_duty/330799001001001 moved, "+
		"worker enter grid_duty/330799002001001 moved, worker leave grid_duty/330799002001001 off_duty", events)
	w.want("庙会, 西一", `SELECT string_agg(DISTINCT regexp_replace(fence_name, '^\d+ ', ''), ', ') FROM map.fence_event WHERE fence LIKE 'fence/%' OR fence LIKE '%2001001'`)
	w.want("fence.create, duty.begin, duty.end", `SELECT string_agg(action, ', ' ORDER BY id) FROM onemap.audit WHERE action LIKE 'fence%' OR action LIKE 'duty%'`)
}

// What a phone kept, what was overtaken, what comes twice, a clock set back.
func TestOutOfOrder(t *testing.T) {
	w := newTown(t)
	begin := time.Now().Add(-time.Hour)
	minute := func(n int) time.Time { return begin.Add(time.Duration(n) * time.Minute) }
	w.put("worker", at(120.002, begin))
	w.put("worker", at(120.015, minute(10)))
	// Overtaken: into the history, and no event.
	if got := w.put("worker", at(120.003, minute(5))); got.Latest || got.Late != 1 || got.Grid != "330799002001001" || len(got.Entered) != 0 {
		t.Errorf("%+v", got)
	}
	kept := []position.Fix{at(120.017, minute(13)), at(120.004, minute(11)), at(120.003, minute(6)), at(120.001, begin.Add(-time.Hour))}
	for again := range 2 {
		got, err := w.store.Put(t.Context(), w.by["worker"], "", kept, false, time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		want := "true 1 1 [330799001001001 东一 330799002001001 西一] [330799002001001 西一 330799001001001 东一]"
		if again == 1 { // sent again: the same positions
			want = "false 3 1 [] []"
		}
		if s := fmt.Sprint(got.Latest, " ", got.Late, " ", got.Refused, " ", got.Entered, " ", got.Left); s != want {
			t.Errorf("%d: %s, want %s", again, s, want)
		}
	}
	w.want("6", `SELECT count(*) FROM onemap.position`)
	w.want(minute(13).UTC().Format("15:04"), `SELECT to_char(at, 'HH24:MI') FROM map.worker`)
	for _, f := range []struct {
		name string
		fix  position.Fix
		word string
	}{
		{"a clock an hour ahead", at(120, time.Now().Add(time.Hour)), "clock"},
		{"a month ago", at(120, time.Now().AddDate(0, -1, 0)), "7 days"},
		{"no system", position.Fix{Place: locate.Place{X: 120, Y: 29}}, "WGS84"},
		{"nowhere", position.Fix{Place: locate.Place{CRS: "WGS84"}}, "0, 0"},
		{"accuracy", position.Fix{Place: locate.Place{CRS: "WGS84", X: 120, Y: 29}, AccuracyM: -1}, "metres"},
	} {
		_, err := w.store.Put(t.Context(), w.by["worker"], "", []position.Fix{at(120, time.Time{}), f.fix}, true, time.Time{})
		if input := (*layers.InputError)(nil); !errors.As(err, &input) || !strings.Contains(err.Error(), f.word) || !strings.HasPrefix(input.Field, "positions[1].") {
			t.Errorf("%s: %v", f.name, err)
		}
	}
	w.want("6", `SELECT count(*) FROM onemap.position`)
	// A clock that is five minutes ahead counts as now.
	if got := w.put("worker", at(120.015, time.Now().Add(5*time.Minute))); !got.Latest {
		t.Errorf("%+v", got)
	}
	w.want("true", `SELECT at <= now() FROM map.worker`)
}

// Positions are taken on duty only.
func TestOnlyOnDuty(t *testing.T) {
	w := newTown(t)
	begin := time.Now().Add(-time.Hour)
	keep := func(f ...position.Fix) position.Taken {
		t.Helper()
		got, err := w.store.Put(t.Context(), w.by["worker"], "", f, false, time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	if got := keep(at(120.002, begin)); got.OnDuty || got.Refused != 1 {
		t.Errorf("kept positions put nobody on duty: %+v", got)
	}
	// On duty without signal since an hour ago.
	got, err := w.store.Put(t.Context(), w.by["worker"], "", []position.Fix{at(120.002, begin.Add(time.Minute))}, true, begin)
	if err != nil || !got.OnDuty || !got.Since.Equal(begin.Truncate(time.Microsecond)) {
		t.Fatal(got, err)
	}
	// Off duty twenty minutes ago, told now; what came from after it is deleted.
	w.put("worker", at(120.002, begin.Add(50*time.Minute)))
	if _, err := w.store.OffDuty(t.Context(), w.by["worker"], "", begin.Add(40*time.Minute)); err != nil {
		t.Fatal(err)
	}
	w.want("1", `SELECT count(*) FROM onemap.position`)
	// A message that was overtaken by that puts nobody back on the map, but is history.
	if got := w.put("worker", at(120.002, begin.Add(30*time.Minute))); got.OnDuty || got.Late != 1 {
		t.Errorf("%+v", got)
	}
	if got := keep(at(120.002, begin.Add(45*time.Minute))); got.OnDuty || got.Refused != 1 {
		t.Errorf("after the duty: %+v", got)
	}
	if got := w.put("worker", at(120.002, time.Time{})); !got.OnDuty {
		t.Errorf("on duty again: %+v", got)
	}
	w.want("2", `SELECT count(*) FROM onemap.duty`)
	for login, want := range map[string]error{"centre": access.ErrForbidden, "gateway": access.ErrForbidden, "nobody": access.ErrUnauthenticated} {
		if _, err := w.store.Put(t.Context(), w.by[login], "", []position.Fix{at(120, time.Time{})}, true, time.Time{}); !errors.Is(err, want) {
			t.Errorf("%s: %v", login, err)
		}
	}
}

// A gateway hands in the positions of its own workers.
func TestGateway(t *testing.T) {
	w := newTown(t)
	of := func(login string) []position.Of {
		return []position.Of{{login, at(120.002, time.Now().Add(-time.Second))}, {login, at(120.003, time.Time{})}}
	}
	got, err := w.store.PutFor(t.Context(), w.by["gateway"], "", of("worker"))
	if err != nil || !got["worker"].Latest {
		t.Fatal(got, err)
	}
	w.want("worker east", `SELECT name || ' ' || org FROM map.worker`)
	w.want("gateway", `SELECT login FROM onemap.audit WHERE action = 'duty.begin'`)
	for login, want := range map[string]error{"other": layers.ErrInvalid, "centre": layers.ErrInvalid, "nosuch": layers.ErrInvalid} {
		if _, err := w.store.PutFor(t.Context(), w.by["gateway"], "", of(login)); !errors.Is(err, want) {
			t.Errorf("%s: %v", login, err)
		}
	}
	if _, err := w.store.PutFor(t.Context(), w.by["centre"], "", of("worker")); !errors.Is(err, access.ErrForbidden) {
		t.Error(err)
	}
}

// Two nodes take the positions of the same workers at the same time: nothing is
// lost, nobody is in a fence twice, and each enter has its leave.
func TestTwoNodes(t *testing.T) {
	w := newTown(t)
	nodes := []*position.Store{w.store, w.open()}
	begin := time.Now().Add(-time.Hour)
	const steps = 60
	var all sync.WaitGroup
	for _, login := range []string{"worker", "other"} {
		for k := range 4 {
			all.Go(func() {
				for i := k; i < steps; i += 4 {
					lon := 120.005 + 0.01*float64(i%2)
					if _, err := nodes[(k+i/4)%2].Put(t.Context(), w.by[login], "", []position.Fix{at(lon, begin.Add(time.Duration(i)*time.Second))}, true, begin); err != nil {
						t.Error(err)
					}
				}
			})
		}
	}
	all.Wait()
	w.want(fmt.Sprint(2*steps), `SELECT count(*) FROM onemap.position`)
	w.want("2", `SELECT count(*) FROM onemap.duty`)
	w.want("0", `SELECT count(*) FROM (SELECT what, lag(what) OVER (PARTITION BY person, fence ORDER BY at) AS before FROM map.fence_event) e
		WHERE what = coalesce(before, 'leave')`)
	w.want("{grid_duty/330799002001001}", `SELECT DISTINCT fences FROM map.worker`)
}
