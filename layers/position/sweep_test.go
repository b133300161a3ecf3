package position_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/position"
)

// A phone that died is taken off the map, and its duty goes on until it is back,
// or too long silent.
func TestSilence(t *testing.T) {
	w := newTown(t)
	begin := time.Now().Add(-2 * time.Hour)
	w.put("worker", at(120.002, begin))
	w.put("other", at(120.015, time.Time{}))
	w.exec(`UPDATE map.worker SET seen_at = now() - interval '31 minutes' WHERE name = 'worker'`)
	w.sweep()
	w.want("other", `SELECT string_agg(name, ',') FROM map.worker`)
	w.want("worker leave grid_duty/330799001001001 silent", `SELECT concat_ws(' ', name, what, fence, why) FROM map.fence_event ORDER BY id DESC LIMIT 1`)
	// Back: the same duty, and what it kept meanwhile is taken.
	got, err := w.store.Put(t.Context(), w.by["worker"], "", []position.Fix{at(120.003, begin.Add(time.Minute)), at(120.004, begin.Add(time.Hour))}, true, time.Time{})
	if err != nil || !got.Since.Equal(begin.Truncate(time.Microsecond)) || got.Late != 0 || got.Refused != 0 {
		t.Errorf("%+v, %v", got, err)
	}
	w.want("1", `SELECT count(*) FROM onemap.duty WHERE person = (SELECT person FROM map.worker WHERE name = 'worker')`)
	// Gone for good: the duty ended with the last position.
	w.exec(`UPDATE map.worker SET seen_at = now() - interval '31 minutes' WHERE name = 'worker'`)
	w.exec(`UPDATE onemap.duty SET began = began - interval '13 hours'`)
	w.day(begin.Add(-13 * time.Hour))
	w.exec(`UPDATE onemap.position SET at = at - interval '13 hours'`)
	w.sweep()
	w.want("1", `SELECT count(*) FROM onemap.duty d WHERE ended = (SELECT max(at) FROM onemap.position p WHERE p.person = d.person)`)
	w.want("1", `SELECT count(*) FROM onemap.duty WHERE ended IS NULL`)
}

// day makes the days of a time and of two hours later: a test moves positions there.
func (w *town) day(at time.Time) {
	w.Helper()
	for _, d := range []time.Time{at, at.Add(2 * time.Hour)} {
		d = d.UTC().Truncate(24 * time.Hour)
		w.exec(fmt.Sprintf(`CREATE TABLE IF NOT EXISTS onemap.position_%s PARTITION OF onemap.position FOR VALUES FROM ('%s') TO ('%s')`,
			d.Format("20060102"), d.Format(time.RFC3339), d.AddDate(0, 0, 1).Format(time.RFC3339)))
	}
}

func (w *town) sweep() {
	w.Helper()
	if err := w.store.Sweep(w.Context()); err != nil {
		w.Fatal(err)
	}
}

// Days are dropped whole by age, and the audit says so.
func TestDaysAreDropped(t *testing.T) {
	w := newTown(t)
	now := time.Now()
	old := now.AddDate(0, 0, -6)
	if _, err := w.store.Put(t.Context(), w.by["worker"], "", []position.Fix{at(120.002, now.Add(-23*time.Hour)), at(120.015, now)}, true, now.Add(-23*time.Hour)); err != nil {
		t.Fatal(err)
	}
	w.exec(`UPDATE onemap.duty SET began = now() - interval '7 days'`)
	w.exec(`UPDATE map.worker SET since = now() - interval '7 days'`)
	w.put("worker", at(120.002, old))
	days := `SELECT count(*) FROM pg_inherits WHERE inhparent = 'onemap.position'::regclass`
	had := w.text(days)
	w.sweep()
	if w.text(days) < had {
		t.Error("a day was dropped that is not old")
	}
	for _, bad := range []string{`"x"`, `0`, `null`} { // what is no number of days is no reason to drop anything
		w.exec(`UPDATE onemap.setting SET value = '` + bad + `' WHERE key = 'position.keep_days'`)
		w.sweep()
	}
	w.want("3", `SELECT count(*) FROM onemap.position`)
	w.exec(`UPDATE onemap.setting SET value = '3' WHERE key = 'position.keep_days'`)
	w.exec(`UPDATE map.fence_event SET at = at - interval '4 days' WHERE what = 'leave'`)
	w.sweep()
	w.want("2", `SELECT count(*) FROM onemap.position`)
	w.want(fmt.Sprintf("position/%s 3 true", old.UTC().Format(time.DateOnly)),
		`SELECT concat_ws(' ', object, detail->>'keep_days', (detail ? 'bytes')::text) FROM onemap.audit WHERE action = 'position.drop' AND detail ? 'bytes'`)
	w.want("0", `SELECT count(*) FROM map.fence_event WHERE what = 'leave'`)
	w.want("1", `SELECT count(*) FROM onemap.audit WHERE action = 'position.drop' AND detail ? 'fence_events'`)
	// What is asked for and may be kept no more is refused, and said why.
	_, err := w.open().Put(t.Context(), w.by["worker"], "", []position.Fix{at(120.002, old)}, true, time.Time{})
	if !errors.Is(err, layers.ErrInvalid) || !strings.Contains(err.Error(), "last 3 days") {
		t.Error(err)
	}
}

// Who may read whose history.
func TestHistory(t *testing.T) {
	w := newTown(t)
	for i := range 5 {
		w.put("worker", at(120.002+0.001*float64(i), time.Now().Add(time.Duration(i-10)*time.Minute)))
		w.put("other", at(120.015, time.Now().Add(time.Duration(i-10)*time.Minute)))
	}
	for _, tt := range []struct {
		who, whose, reason string
		want               error
		n                  int
	}{
		{"worker", "", "", nil, 5}, {"worker", "worker", "", nil, 5}, {"worker", "other", "curious", access.ErrForbidden, 0},
		{"centre", "worker", "", layers.ErrInvalid, 0}, {"centre", "worker", " ... ", layers.ErrInvalid, 0}, {"centre", "worker", "核实投诉", nil, 5}, {"centre", "", "核实投诉", layers.ErrInvalid, 0},
		{"eastcentre", "worker", "核实投诉", nil, 5}, {"eastcentre", "other", "核实投诉", layers.ErrNotFound, 0}, {"centre", "nosuch", "核实投诉", layers.ErrNotFound, 0},
		{"dispatcher", "worker", "核实投诉", access.ErrForbidden, 0}, {"gateway", "worker", "核实投诉", access.ErrForbidden, 0}, {"nobody", "worker", "核实投诉", access.ErrUnauthenticated, 0},
	} {
		h, err := w.store.History(t.Context(), w.by[tt.who], position.Ask{Login: tt.whose, Reason: tt.reason})
		if !errors.Is(err, tt.want) || len(h.Positions) != tt.n {
			t.Errorf("%s of %s: %d, %v", tt.who, tt.whose, len(h.Positions), err)
		}
	}
	w.want("centre worker 核实投诉, eastcentre worker 核实投诉", `SELECT string_agg(concat_ws(' ', login, substr(object, 8), reason), ', ' ORDER BY id) FROM onemap.audit WHERE action = 'position.history' AND result = 'done'`)
	w.want("3", `SELECT count(*) FROM onemap.audit WHERE action = 'position.history' AND result = 'refused'`)
	h, err := w.store.History(t.Context(), w.by["worker"], position.Ask{})
	if err != nil || len(h.Looks) != 2 || h.Looks[0].Name != "eastcentre" || h.KeepDays != 7 || !h.Positions[0].At.Before(h.Positions[1].At) {
		t.Errorf("%+v, %v", h, err)
	}
}

// An update of the place stays in its page and writes no index.
func TestUpdatesAreHeapOnly(t *testing.T) {
	w := newTown(t)
	for range 30 {
		w.put("worker", at(120.002, time.Time{}))
	}
	w.want("worker_person_key worker_pkey worker_source_key_key", `SELECT string_agg(indexrelname, ' ' ORDER BY indexrelname) FROM pg_stat_user_indexes WHERE relname = 'worker'`)
	w.want("0", `SELECT count(*) FROM pg_index i, unnest(i.indkey) k JOIN pg_attribute a ON a.attnum = k
		WHERE i.indrelid = 'map.worker'::regclass AND a.attrelid = i.indrelid AND a.attname IN ('geom', 'grid_code', 'area_code', 'at', 'seen_at', 'fences', 'updated_at', 'accuracy_m', 'crs')`)
	w.want("f", `SELECT relreplident FROM pg_class WHERE oid = 'map.worker'::regclass`)
}
