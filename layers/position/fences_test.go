package position_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/feed"
	"onemap/layers/locate"
	"onemap/layers/position"
)

// recountSQL is what PostGIS says of each position and each fence: the circle of
// the accuracy is inside, or outside, or (then the position says nothing)
// neither; and where that turns. It knows nothing of the index.
const recountSQL = `
WITH edge AS MATERIALIZED (
	SELECT id, geom, ST_Boundary(geom)::geography AS line FROM map.fence
), said AS (
	SELECT p.person, f.id AS fence, p.at, ST_Intersects(f.geom, ST_Point(p.lon, p.lat, 4326)) AS inside
	FROM onemap.position p, edge f
	WHERE ST_Distance(f.line, ST_Point(p.lon, p.lat, 4326)::geography, false) >= p.accuracy_m
), turned AS (
	SELECT *, coalesce(lag(inside) OVER (PARTITION BY person, fence ORDER BY at), false) AS was FROM said
)
SELECT string_agg(concat_ws(' ', person, 'fence/' || fence, CASE WHEN inside THEN 'enter' ELSE 'leave' END, at), E'\n' ORDER BY person, at, fence)
FROM turned WHERE inside <> was`

// Random walks with all sorts of accuracy over all sorts of fences: the events
// are those that PostGIS counts afterwards.
func TestEventsAreWhatPostGISCounts(t *testing.T) {
	w := newTown(t)
	w.exec(`UPDATE onemap.setting SET value = '[]' WHERE key = 'position.fence_grids'`)
	r := rand.New(rand.NewPCG(7, 8))
	for i := range 40 {
		c := orb.Point{120 + 0.03*r.Float64(), 29.3 + 0.03*r.Float64()}
		size := math.Pow(10, -4+2.5*r.Float64()) // 10 m to 3 km
		ring, hole := orb.Ring{}, orb.Ring{}
		n := 3 + r.IntN(12)
		for k := range n + 1 {
			a := 2 * math.Pi * float64(k%n) / float64(n)
			ring = append(ring, orb.Point{c[0] + size*math.Cos(a), c[1] + size*math.Sin(a)})
			hole = append(hole, orb.Point{c[0] + size/3*math.Cos(-a), c[1] + size/3*math.Sin(-a)})
		}
		g := orb.MultiPolygon{{ring}}
		switch i % 3 {
		case 1:
			g = orb.MultiPolygon{{ring, hole}}
		case 2:
			far := slices.Clone(ring)
			for k := range far {
				far[k][0] += 3 * size
			}
			g = append(g, orb.Polygon{far})
		}
		w.draw(fmt.Sprint("f", i), g)
	}
	begin := time.Now().Add(-6 * time.Hour)
	var all sync.WaitGroup
	for n, login := range []string{"worker", "other"} {
		r := rand.New(rand.NewPCG(uint64(n), 9))
		all.Go(func() {
			p := orb.Point{120.015, 29.315}
			for i := 0; i < 600; {
				var fixes []position.Fix
				for range 1 + r.IntN(40) {
					i++
					p[0] = min(max(p[0]+0.0008*r.NormFloat64(), 120), 120.03)
					p[1] = min(max(p[1]+0.0008*r.NormFloat64(), 29.3), 29.33)
					fixes = append(fixes, position.Fix{Place: locate.Place{CRS: "WGS84", X: p[0], Y: p[1]}, AccuracyM: math.Pow(10, 0.3+2.2*r.Float64()), At: begin.Add(time.Duration(i) * time.Second)})
				}
				r.Shuffle(len(fixes), func(a, b int) { fixes[a], fixes[b] = fixes[b], fixes[a] })
				if _, err := w.store.Put(t.Context(), w.by[login], "", fixes, true, begin); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	got := w.text(`SELECT string_agg(concat_ws(' ', person, fence, what, at), E'\n' ORDER BY person, at, substr(fence, 7)::int) FROM map.fence_event`)
	want := w.text(recountSQL)
	if n := w.text(`SELECT count(*) FROM map.fence_event`); len(n) < 3 {
		t.Errorf("%s events: the walk shows nothing", n)
	}
	if got != want {
		a, b := split(got), split(want)
		for i := range min(len(a), len(b)) {
			if a[i] != b[i] {
				t.Fatalf("%d events, PostGIS counts %d; the first other: %s, PostGIS: %s", len(a), len(b), a[i], b[i])
			}
		}
		t.Fatalf("%d events, PostGIS counts %d", len(a), len(b))
	}
}

func split(s string) (out []string) {
	start := 0
	for i := range s {
		if s[i] == '\n' {
			out, start = append(out, s[start:i]), i+1
		}
	}
	return append(out, s[start:])
}

// A fence begins and ends by its time, is for whom it says, changes, and ends.
func TestFenceLife(t *testing.T) {
	w := newTown(t)
	w.exec(`UPDATE onemap.setting SET value = '[]' WHERE key = 'position.fence_grids'`)
	all := box(119, 29, 121, 30)
	// Late enough for what must come before it, on a busy machine too.
	soon := time.Now().Add(2500 * time.Millisecond)
	a := w.draw("later", all, func(d *position.FenceDraft) { d.From = soon })
	b := w.draw("to the east alone", all, func(d *position.FenceDraft) { d.Orgs = []string{"east"} })
	c := w.draw("to the county, so to all", all, func(d *position.FenceDraft) { d.Orgs = []string{"gov"}; d.To = soon })
	w.put("worker", at(120.002, time.Time{}))
	w.put("other", at(120.002, time.Time{}))
	w.want(fmt.Sprintf("worker enter %s moved, worker enter %s moved, other enter %s moved", key(b), key(c), key(c)), events)
	w.exec(`DELETE FROM map.fence_event`)
	time.Sleep(time.Until(soon.Add(150 * time.Millisecond)))
	w.put("other", at(120.003, time.Time{}))
	w.want(fmt.Sprintf("other leave %s fence, other enter %s moved", key(c), key(a)), events)
	w.exec(`DELETE FROM map.fence_event`)
	// Drawn anew elsewhere, by somebody who saw it as it is.
	d := position.FenceDraft{Name: "moved away", CRS: "WGS84", Geometry: box(110, 29, 111, 30)}
	if _, _, err := w.store.UpdateFence(t.Context(), access.Operator("test"), b.ID, b.Version+1, d); !errors.Is(err, layers.ErrConflict) {
		t.Errorf("an old version: %v", err)
	}
	d.Geometry = box(110.0, 29, 110.1, 29.1)
	if _, _, err := w.store.UpdateFence(t.Context(), w.by["centre"], b.ID, b.Version, d); !errors.Is(err, layers.ErrNotFound) {
		t.Errorf("a fence that one does not see: %v", err)
	}
	if _, _, err := w.store.UpdateFence(t.Context(), access.Operator("test"), b.ID, b.Version, d); err != nil {
		t.Fatal(err)
	}
	w.put("worker", at(120.003, time.Time{}))
	w.want(fmt.Sprintf("worker leave %s fence, worker enter %s moved, worker leave %s moved", key(c), key(a), key(b)), `SELECT string_agg(concat_ws(' ', name, what, fence, why), ', ' ORDER BY why, fence) FROM map.fence_event`)
	w.exec(`DELETE FROM map.fence_event`)
	if _, err := w.store.EndFence(t.Context(), access.Operator("test"), "", a.ID); err != nil {
		t.Fatal(err)
	}
	w.want(fmt.Sprintf("other leave %s fence, worker leave %s fence", key(a), key(a)), `SELECT string_agg(concat_ws(' ', name, what, fence, why), ', ' ORDER BY name) FROM map.fence_event`)
	w.want("{}", `SELECT fences FROM map.worker WHERE name = 'other'`)
	for login, want := range map[string]error{"worker": access.ErrForbidden, "officer": access.ErrForbidden, "eastcentre": nil} {
		_, _, err := w.store.CreateFence(t.Context(), w.by[login], position.FenceDraft{Name: "x", CRS: "WGS84", Geometry: box(120, 29.3, 120.001, 29.301)})
		if !errors.Is(err, want) {
			t.Errorf("%s: %v", login, err)
		}
	}
	// A town's command centre draws in its town alone.
	if _, _, err := w.store.CreateFence(t.Context(), w.by["eastcentre"], position.FenceDraft{Name: "x", CRS: "WGS84", Geometry: box(120.012, 29.302, 120.013, 29.303)}); !errors.Is(err, access.ErrForbidden) {
		t.Errorf("in the west: %v", err)
	}
}

// With the log followed, a fence drawn on one node is in force on another, and
// who loses the role is off the map.
func TestInStepWithTheLog(t *testing.T) {
	w := newTown(t)
	w.exec(`UPDATE onemap.setting SET value = '[]' WHERE key = 'position.fence_grids'`)
	node := w.open()
	seen := make(chan struct{}, 1000)
	wal := feed.New(w.url, node.Reader(), feed.Reader{Apply: func(tx *feed.Tx) { seen <- struct{}{} }, Reset: func(feed.Cursor) { seen <- struct{}{} }})
	node.Follow(wal.Status)
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	var running sync.WaitGroup
	running.Go(func() { _ = wal.Run(ctx) })
	running.Go(func() { _ = node.Run(ctx) })
	t.Cleanup(func() { stop(); running.Wait() })
	until := func(what string, done func() bool) {
		t.Helper()
		for end := time.Now().Add(30 * time.Second); !done(); {
			if time.Now().After(end) {
				t.Fatalf("in vain waited: %s", what)
			}
			select {
			case <-seen:
			case <-time.After(20 * time.Millisecond):
			}
		}
	}
	until("the log is followed", func() bool { return wal.Status().State == feed.Live })
	put := func() position.Taken {
		t.Helper()
		got, err := node.Put(t.Context(), w.by["worker"], "", []position.Fix{at(120.002, time.Time{})}, true, time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	if got := put(); len(got.Entered) != 0 {
		t.Errorf("%+v", got)
	}
	f := w.draw("drawn elsewhere", box(120, 29.3, 120.01, 29.31))
	until("the fence is in force on the other node", func() bool { return len(put().Entered) == 1 })
	w.exec(`UPDATE map.fence SET valid_to = now() WHERE id = $1`, f.ID) // by anyone's SQL
	until("it has ended there", func() bool { return len(put().Left) == 1 })
	if err := w.dir.SetRoles(t.Context(), access.Operator("test"), "worker", []access.Role{access.Planner}); err != nil {
		t.Fatal(err)
	}
	until("who has lost the role is off the map", func() bool { return w.text(`SELECT count(*) FROM map.worker`) == "0" })
	// Each request takes its scope anew.
	if err := w.dir.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	scope, err := w.dir.ScopeOf(t.Context(), must(w.by["worker"].Person()).ID)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := node.Put(t.Context(), scope, "", []position.Fix{at(120.002, time.Time{})}, true, time.Time{}); !errors.Is(err, access.ErrForbidden) {
		t.Error(err)
	}
}

func must(p access.Person, _ bool) access.Person { return p }
