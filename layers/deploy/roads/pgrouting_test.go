package roads_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/paulmach/orb"

	"onemap/layers"
	"onemap/layers/deploy/roads"
	"onemap/layers/layerstest"
)

// A random city of 400 crossings: streets, some one-way, some missing, and a
// bridge here and there.
func random(seed uint64) (edges []roads.Edge, nodes map[int64]orb.Point) {
	r := rand.New(rand.NewPCG(seed, 1))
	const n = 20
	nodes = map[int64]orb.Point{}
	id := func(x, y int) int64 { return int64(1 + y*n + x) }
	for y := range n {
		for x := range n {
			nodes[id(x, y)] = orb.Point{120 + float64(x)*0.002 + r.Float64()*0.0008, 30 + float64(y)*0.002 + r.Float64()*0.0008}
		}
	}
	add := func(a, b int64) {
		there, back := 10+50*r.Float64(), 10+50*r.Float64()
		switch r.IntN(8) {
		case 0:
			return
		case 1:
			there = -1
		case 2:
			back = -1
		}
		edges = append(edges, roads.Edge{ID: int64(len(edges) + 1), Source: a, Target: b, LengthM: 200, Forward: there, Backward: back, Foot: 30 + r.Float64(),
			Class: "residential", Line: orb.LineString{nodes[a], nodes[b]}})
	}
	for y := range n {
		for x := range n {
			if x+1 < n {
				add(id(x, y), id(x+1, y))
			}
			if y+1 < n {
				add(id(x, y), id(x, y+1))
			}
			if r.IntN(20) == 0 {
				add(id(x, y), id(r.IntN(n), r.IntN(n)))
			}
		}
	}
	return edges, nodes
}

func write(t *testing.T, db *pgxpool.Pool, edges []roads.Edge) {
	t.Helper()
	_, err := db.CopyFrom(t.Context(), pgx.Identifier{"map", "road_edge"}, []string{"id", "road", "source", "target", "length_m", "cost", "reverse_cost", "foot_cost", "class", "geom"},
		pgx.CopyFromSlice(len(edges), func(i int) ([]any, error) {
			e := edges[i]
			return []any{e.ID, 1, e.Source, e.Target, e.LengthM, e.Forward, e.Backward, e.Foot, e.Class, e.Line}, nil
		}))
	if err != nil {
		t.Fatal(err)
	}
}

// What pgRouting says of the same network is what we say.
func TestTimesAreThoseOfPgRouting(t *testing.T) {
	db := layerstest.DB(t)
	edges, nodes := random(7)
	write(t, db, edges)
	store := &roads.Store{Layers: layers.NewStore(db)}
	for _, tt := range []struct{ mode, costs string }{
		{roads.Car, "cost, reverse_cost"},
		{roads.Foot, "foot_cost AS cost, foot_cost AS reverse_cost"},
	} {
		g, err := store.Graph(t.Context(), roads.Profile{Mode: tt.mode})
		if err != nil {
			t.Fatal(err)
		}
		var ids []int64
		var places []roads.Place
		for id := int64(3); id <= 400; id += 11 {
			p, ok := g.Snap(nodes[id])
			if !ok || p.OffM > 0.01 { // no road is left at this crossing, or the snap preferred the core
				continue
			}
			ids, places = append(ids, id), append(places, p)
		}
		got, err := g.Matrix(t.Context(), places, places)
		if err != nil {
			t.Fatal(err)
		}
		want := map[[2]int64]float64{}
		rows, err := db.Query(t.Context(), `SELECT start_vid, end_vid, agg_cost FROM pgr_dijkstraCostMatrix('SELECT id, source, target, `+tt.costs+` FROM map.road_edge', $1::bigint[])`, ids)
		if err != nil {
			t.Fatal(err)
		}
		var a, b int64
		var cost float64
		if _, err := pgx.ForEachRow(rows, []any{&a, &b, &cost}, func() error { want[[2]int64{a, b}] = cost; return nil }); err != nil {
			t.Fatal(err)
		}
		if len(places) < 25 || len(want) < 500 {
			t.Fatalf("%d places, %d ways between them: too few to compare", len(places), len(want))
		}
		for i := range ids {
			for k := range ids {
				w, ok := want[[2]int64{ids[i], ids[k]}]
				if i == k {
					w, ok = 0, true
				}
				if !ok {
					w = math.Inf(1)
				}
				if g := float64(got[i][k]); g != w && math.Abs(g-w) > 0.05 {
					t.Errorf("%s from %d to %d: %.2f s, pgRouting says %.2f", tt.mode, ids[i], ids[k], g, w)
				}
			}
		}
	}
}

// Routes are as long as the matrix says, and made of pieces that meet.
func TestRoutesAgreeWithTheMatrix(t *testing.T) {
	edges, _ := random(3)
	g, err := roads.New(edges, roads.Profile{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 1))
	var places []roads.Place
	for range 40 {
		if p, ok := g.Snap(orb.Point{120 + r.Float64()*0.04, 30 + r.Float64()*0.04}); ok {
			places = append(places, p)
		}
	}
	m, err := g.Matrix(t.Context(), places, places)
	if err != nil {
		t.Fatal(err)
	}
	near, which := g.Nearest(places[:5], places)
	for k := range places {
		best := math.Inf(1)
		for i := range places {
			route := g.Route(places[i], places[k])
			if math.Abs(route.Seconds-float64(m[i][k])) > 0.01 && route.Seconds != float64(m[i][k]) {
				t.Errorf("from %d to %d: the route takes %.2f s, the matrix says %.2f", i, k, route.Seconds, m[i][k])
			}
			if route.Line != nil && (route.Line[0] != places[i].At || route.Line[len(route.Line)-1] != places[k].At) {
				t.Errorf("from %d to %d: the route goes from %v to %v", i, k, route.Line[0], route.Line[len(route.Line)-1])
			}
			for n := 1; n < len(route.Line); n++ {
				if d := math.Hypot(route.Line[n][0]-route.Line[n-1][0], route.Line[n][1]-route.Line[n-1][1]); d > 0.06 {
					t.Errorf("from %d to %d: the route jumps %g degrees", i, k, d)
				}
			}
			if i < 5 {
				best = min(best, float64(m[i][k]))
			}
		}
		if math.Abs(float64(near[k])-best) > 0.01 && float64(near[k]) != best {
			t.Errorf("nearest of five to %d: %.2f s from %d, want %.2f", k, near[k], which[k], best)
		}
	}
}

// A change of the network by anyone's SQL is seen by the next question.
func TestGraphFollowsTheNetwork(t *testing.T) {
	db := layerstest.DB(t)
	store := &roads.Store{Layers: layers.NewStore(db)}
	if _, err := store.Graph(t.Context(), roads.Profile{}); err == nil {
		t.Fatal("a city without roads has a graph")
	}
	write(t, db, town())
	p := []orb.Point{at(0, 0), at(1, 0), {120, 31}}
	seconds := func(profile roads.Profile) float32 {
		t.Helper()
		m, err := store.Matrix(t.Context(), profile, p, p, math.Inf(1))
		if err != nil {
			t.Fatal(err)
		}
		if len(m.OffFrom) != 1 || m.OffFrom[0] != 2 || m.Seconds[0][2] != roads.Unreachable {
			t.Errorf("a point without a road: %v", m.OffFrom)
		}
		return m.Seconds[0][1]
	}
	if got := seconds(roads.Profile{}); got != 100 {
		t.Errorf("%v s, want 100", got)
	}
	if got := seconds(roads.Profile{Hour: roads.HourOf(1, 8)}); math.Abs(float64(got)-100/0.6) > 0.01 {
		t.Errorf("in the morning of a Tuesday: %v s", got)
	}
	if got := seconds(roads.Profile{Hour: roads.HourOf(6, 8)}); got != 100 {
		t.Errorf("in the morning of a Sunday: %v s", got)
	}
	for _, change := range []struct {
		sql  string
		want float64
	}{
		{`UPDATE map.road_edge SET cost = 50 WHERE id = 12`, 50},
		{`INSERT INTO onemap.road_speed VALUES ('car', '', 'all', 0, 24, 2)`, 25},
	} {
		if _, err := db.Exec(t.Context(), change.sql); err != nil {
			t.Fatal(err)
		}
		if got := seconds(roads.Profile{}); got != float32(change.want) {
			t.Errorf("after %s: %v s, want %v", change.sql, got, change.want)
		}
	}
}
