package base_test

import (
	"math"
	"testing"

	"onemap/layers/layerstest"
)

// route is pgRouting's answer: how many edges, how many seconds.
const route = `SELECT count(*) FILTER (WHERE edge > 0), coalesce(max(agg_cost), -1) FROM pgr_dijkstra(
	'SELECT id, source, target, cost, reverse_cost FROM map.road_edge', $1::bigint, $2::bigint)`

const walk = `SELECT count(*) FILTER (WHERE edge > 0), coalesce(max(agg_cost), -1) FROM pgr_dijkstra(
	'SELECT id, source, target, foot_cost AS cost, foot_cost AS reverse_cost FROM map.road_edge', $1::bigint, $2::bigint)`

func TestRoutes(t *testing.T) {
	db := layerstest.DB(t)
	f := newOSM(t)
	// Two streets that cross in 1510, a bridge over both that meets neither, a
	// street that is drawn against its traffic, and steps.
	f.way(1, "highway=residential", 1010, 1510, 2010)
	f.way(2, "highway=residential oneway=yes", 1505, 1510, 1515)
	f.way(3, "highway=primary bridge=yes layer=1", 1206, 1814)
	f.way(4, "highway=residential oneway=-1", 2010, 2015)
	f.way(5, "highway=steps", 1515, 2015)
	importOSM(t, db, f.write())
	for _, tt := range []struct {
		name     string
		sql      string
		from, to int
		edges    int
		seconds  float64 // -1: there is no way
	}{
		{"along the street", route, 1010, 2010, 2, 2 * 482.4 * 3.6 / 25},
		{"with the traffic", route, 1505, 1515, 2, 2 * 554.3 * 3.6 / 25},
		{"against the traffic", route, 1515, 1505, 0, -1},
		{"drawn against the traffic", route, 2015, 2010, 1, 554.3 * 3.6 / 25},
		{"drawn against the traffic, the wrong way", route, 2010, 2015, 0, -1},
		{"no ramp to the bridge", route, 1010, 1814, 0, -1},
		{"no car on the steps", route, 1515, 2015, 0, -1},
		{"on foot against the traffic and up the steps", walk, 2010, 1515, 2, 554.3*3.6/5 + 482.1*3.6/2.5},
	} {
		var edges int
		var seconds float64
		if err := db.QueryRow(t.Context(), tt.sql, tt.from, tt.to).Scan(&edges, &seconds); err != nil {
			t.Fatal(err)
		}
		if tt.sql == walk && tt.seconds > 0 { // by either of two ways round
			tt.seconds = math.Min(tt.seconds, 482.4*3.6/5+554.3*3.6/5)
		}
		if edges != tt.edges || math.Abs(seconds-tt.seconds) > 1 {
			t.Errorf("%s: %d edges, %.1f s; want %d, %.1f", tt.name, edges, seconds, tt.edges, tt.seconds)
		}
	}
	if n := count(t, db, `SELECT count(*) FROM map.road_edge e WHERE NOT EXISTS (SELECT FROM map.base_road r WHERE r.id = e.road)
		OR NOT EXISTS (SELECT FROM map.road_node n WHERE n.id = e.source AND ST_Equals(n.geom, ST_StartPoint(e.geom)))
		OR NOT EXISTS (SELECT FROM map.road_node n WHERE n.id = e.target AND ST_Equals(n.geom, ST_EndPoint(e.geom)))`); n != 0 {
		t.Errorf("%d edges without their road or their crossings", n)
	}
	// The arrow on a one-way street points with the traffic.
	if n := count(t, db, `SELECT count(*) FROM map.base_road WHERE source_key = 'osm:w4' AND oneway AND ST_Y(ST_StartPoint(geom)) > ST_Y(ST_EndPoint(geom))`); n != 1 {
		t.Error("a street that is drawn against its traffic was not turned")
	}
}

// From Portland's Pioneer Courthouse Square over the river to Hawthorne is
// 4.7 km by air; no driver takes less than 4 or more than 20 minutes.
func TestRouteThroughPortland(t *testing.T) {
	file := shared(t, "portland/streets.osm.pbf")
	db := layerstest.DB(t)
	sum, _ := importOSM(t, db, file)
	ask := func(from, to string) (edges int, seconds, metres float64) {
		t.Helper()
		err := db.QueryRow(t.Context(), `
			WITH ends AS (SELECT p, (SELECT n.id FROM map.road_node n
				WHERE EXISTS (SELECT FROM map.road_edge e WHERE n.id IN (e.source, e.target) AND e.class IN ('residential', 'tertiary', 'secondary', 'primary'))
				ORDER BY n.geom <-> ST_GeomFromText(p, 4326) LIMIT 1) AS id FROM unnest(ARRAY[$1::text, $2::text]) p)
			SELECT count(e.id), max(r.agg_cost), coalesce(sum(e.length_m), 0) FROM pgr_dijkstra('SELECT id, source, target, cost, reverse_cost FROM map.road_edge',
				(SELECT id FROM ends WHERE p = $1), (SELECT id FROM ends WHERE p = $2)) r LEFT JOIN map.road_edge e ON e.id = r.edge`, from, to).Scan(&edges, &seconds, &metres)
		if err != nil {
			t.Fatal(err)
		}
		return edges, seconds, metres
	}
	square, east := "POINT(-122.6794 45.5190)", "POINT(-122.6200 45.5120)" // downtown; Hawthorne, across the river
	edges, seconds, metres := ask(square, east)
	t.Logf("%d edges, %.0f s, %.0f m", edges, seconds, metres)
	if metres < 4700 || metres > 9000 || seconds < 240 || seconds > 1200 {
		t.Errorf("there: %d edges, %.0f m in %.0f s: that is no sensible way over 4.7 km", edges, metres, seconds)
	}
	_, back, _ := ask(east, square)
	if back == seconds {
		t.Error("downtown's one-way streets should make the way back another")
	}
	if p := sum.Network.Cars; float64(p.Largest) < 0.99*float64(p.Nodes) || p.Trapped > p.Largest/20 {
		t.Errorf("the streets of a city hang together: %+v", p)
	}
}
