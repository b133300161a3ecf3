package web_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

// forecastReply is a run as the API shows it.
type forecastReply struct {
	ID      int64
	State   string
	Why     *struct{ ZH, EN string }
	Cells   int
	Shown   bool
	Summary struct{ Notes []struct{ ZH, EN string } }
}

// calls puts n calls of a class into the days before now, over the world's grids.
func (w *world) calls(standard, code string, n, days int) {
	w.t.Helper()
	w.exec(`INSERT INTO map.incident (class_standard, class_code, severity, source, state, dept_code, description, occurred_at, reported_at, geom)
		SELECT $1, $2, 2, 'public', 'closed', 'urban', '', at, at, ST_SetSRID(ST_MakePoint(120.0003 + 0.0193 * ((i * 7919) % 997) / 997, 29.3003 + 0.0093 * ((i * 104729) % 991) / 991), 4326)
		  FROM generate_series(1, $3::int) i, LATERAL (SELECT now() - interval '1 minute' - i * ($4::int * interval '1 day') / $3::int AS at) a`, standard, code, n, days)
}

// forecasted orders a forecast over HTTP, makes it as the queue would, and asks what became of it.
func (w *world) forecasted(t *testing.T, order map[string]any) forecastReply {
	t.Helper()
	order["uuid"] = uuid.NewString()
	var r forecastReply
	w.want(http.StatusAccepted, w.as("planner", "POST", "/api/v1/forecasts", order)).into(t, &r)
	if r.State != "queued" {
		t.Fatalf("an order is %s", r.State)
	}
	if err := w.server.Forecasts.Make(t.Context(), r.ID); err != nil {
		t.Fatal(err)
	}
	w.want(200, w.as("planner", "GET", fmt.Sprintf("/api/v1/forecasts/%d", r.ID), nil)).into(t, &r)
	return r
}

func forecastOrder(change func(o map[string]any)) map[string]any {
	o := map[string]any{"classes": []any{map[string]any{"standard": "test", "code": "T01"}}, "horizon": "month", "cell_m": 300, "share": 0.1, "origins": 6, "seed": 3}
	if change != nil {
		change(o)
	}
	return o
}

// What cannot be forecast is no silent map: the run says why in both languages,
// its cells are not on the map, and nobody plans on it.
func TestForecastsThatCannotBe(t *testing.T) {
	w := newWorld(t)
	w.server.Forecasts.Jobs = w.jobs
	w.server.Forecasts.Work()
	w.exec(`UPDATE onemap.class SET public_reported = true WHERE standard IN ('test', 'other')`)
	for _, tt := range []struct {
		name, says string
		data       func()
	}{
		{"no events", "nobody has reported", func() {}},
		{"one event", "only 1 cases", func() { w.calls("test", "T01", 1, 700) }},
		{"all at one point", "one and the same point", func() {
			w.calls("test", "T01", 300, 700)
			w.exec(`UPDATE map.incident SET geom = ST_SetSRID(ST_MakePoint(120.005, 29.305), 4326)`)
		}},
		{"half without coordinates", "have no coordinates", func() {
			w.calls("test", "T01", 300, 700)
			w.exec(`UPDATE map.incident SET geom = ST_GeomFromText('POINT EMPTY', 4326) WHERE id % 2 = 0`)
		}},
		{"times in the future", "nobody has reported", func() {
			w.calls("test", "T01", 300, 700)
			w.exec(`UPDATE map.incident SET occurred_at = occurred_at + interval '3 years', reported_at = reported_at + interval '3 years'`)
		}},
		{"elsewhere", "outside of the city", func() {
			w.calls("test", "T01", 300, 700)
			w.exec(`UPDATE map.incident SET geom = ST_Translate(geom, 3, 0)`)
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w.exec(`TRUNCATE map.incident`)
			tt.data()
			r := w.forecasted(t, forecastOrder(nil))
			if r.State != "failed" || r.Why == nil || !strings.Contains(r.Why.EN, tt.says) || !strings.Contains(r.Why.ZH, "无法预测") || r.Shown {
				t.Errorf("state %s: %+v", r.State, r.Why)
			}
			if c := w.as("planner", "GET", fmt.Sprintf("/api/v1/forecasts/%d/cells", r.ID), nil); c.StatusCode != http.StatusConflict {
				t.Errorf("its cells: %d %s", c.StatusCode, c.body)
			} else {
				c.problem(t)
			}
			// Nobody is sent to what was not forecast, and no posts are put for it.
			from := time.Now().Add(time.Hour).UTC().Truncate(time.Second)
			p := w.as("planner", "POST", "/api/v1/patrols", map[string]any{"run": r.ID, "units": []any{map[string]any{"from": from, "until": from.Add(8 * time.Hour)}}})
			if p.StatusCode < 400 || p.StatusCode >= 500 {
				t.Errorf("a patrol by it: %d %s", p.StatusCode, p.body)
			}
			if p := p.problem(t); p.Detail == "" && len(p.Errors) == 0 {
				t.Errorf("a patrol by it is refused without a word: %+v", p)
			}
			w.stationingRefused(t, "POST", stationingPlans, stationingOrder(func(q map[string]any) {
				q["demand"] = map[string]any{"source": "forecast", "run": r.ID}
				q["candidates"] = map[string]any{"grids": "grid_unit"}
			}), "demand.run")
		})
	}
	// What is wrong with an order itself is told at once.
	w.exec(`TRUNCATE map.incident`)
	w.calls("test", "T01", 300, 700)
	for field, change := range map[string]func(o map[string]any){
		"until": func(o map[string]any) { o["until"] = time.Now().Add(48 * time.Hour).UTC().Format(time.RFC3339) },
		"from":  func(o map[string]any) { o["from"] = time.Now().Add(-48 * time.Hour).UTC().Format(time.RFC3339) },
		"classes": func(o map[string]any) {
			o["classes"] = []any{map[string]any{"standard": "test", "code": "T99"}}
		},
	} {
		w.stationingRefused(t, "POST", "/api/v1/forecasts", forecastOrder(change), field)
	}
}

// A class that begins mid-way shortens the history of all, and it is said; a
// city of one cell has a forecast of that cell, or a reason why it is withheld.
func TestForecastsWithAWord(t *testing.T) {
	w := newWorld(t)
	w.server.Forecasts.Jobs = w.jobs
	w.server.Forecasts.Work()
	w.exec(`UPDATE onemap.class SET public_reported = true WHERE standard IN ('test', 'other')`)
	w.calls("test", "T01", 700, 900)
	w.calls("other", "T02", 400, 500)
	both := forecastOrder(func(o map[string]any) {
		o["classes"] = []any{map[string]any{"standard": "test", "code": "T01"}, map[string]any{"standard": "other", "code": "T02"}}
	})
	judged := func(name string, r forecastReply) {
		t.Helper()
		if r.State == "withheld" && (r.Why == nil || r.Why.EN == "" || r.Why.ZH == "" || r.Shown) || r.State != "withheld" && r.State != "done" {
			t.Errorf("%s: state %s: %+v", name, r.State, r.Why)
		}
	}
	r := w.forecasted(t, both)
	judged("two classes", r)
	said := false
	for _, n := range r.Summary.Notes {
		said = said || strings.Contains(n.EN, "other/T02") && strings.Contains(n.EN, "begins there") && strings.Contains(n.ZH, "other/T02")
	}
	if !said {
		t.Errorf("nobody says that a class begins later: %+v", r.Summary.Notes)
	}
	w.exec(`DELETE FROM map.grid_unit WHERE name = '西一'`)
	w.exec(`UPDATE map.incident SET geom = ST_SetSRID(ST_MakePoint(120.0003 + (id % 97) * 0.0001, ST_Y(geom)), 4326)`)
	one := w.forecasted(t, forecastOrder(func(o map[string]any) {
		delete(o, "cell_m")
		o["space"] = "grid_unit"
	}))
	judged("one cell", one)
	if one.Cells != 1 {
		t.Errorf("a city of one cell has %d", one.Cells)
	}
}

// Patrols without anybody to send, in impossible shifts, to where no road leads,
// and where there are no roads, are refused with field, fault and remedy.
func TestPatrolsThatCannotBe(t *testing.T) {
	w := newWorld(t)
	w.streets()
	from := time.Now().Add(time.Hour).UTC().Truncate(time.Second)
	order := func(units any, x, y float64) map[string]any {
		return map[string]any{"uuid": uuid.NewString(), "units": units, "seed": 1,
			"places": []any{map[string]any{"title": "市场", "place": map[string]any{"crs": "WGS84", "coordinates": []float64{x, y}}}}}
	}
	unit := func(from, until time.Time) []any { return []any{map[string]any{"from": from, "until": until}} }
	day := 24 * time.Hour
	for _, tt := range []struct {
		name, field string
		order       map[string]any
	}{
		{"zero units", "units", order([]any{}, 120.005, 29.305)},
		{"an end before the beginning", "units[0].until", order(unit(from, from.Add(-time.Hour)), 120.005, 29.305)},
		{"no time at all", "units[0].until", order(unit(from, from), 120.005, 29.305)},
		{"two days long", "units[0].until", order(unit(from, from.Add(2*day)), 120.005, 29.305)},
		{"over already", "units[0].until", order(unit(from.Add(-2*day), from.Add(-day)), 120.005, 29.305)},
		{"next year", "units[0].from", order(unit(from.Add(365*day), from.Add(365*day+time.Hour)), 120.005, 29.305)},
		{"far from any road", "places[0]", order(unit(from, from.Add(8*time.Hour)), 121.5, 30.5)},
		{"nowhere to go", "run", map[string]any{"units": unit(from, from.Add(8*time.Hour))}},
	} {
		t.Run(tt.name, func(t *testing.T) { w.stationingRefused(t, "POST", "/api/v1/patrols", tt.order, tt.field) })
	}
	// Roads in two parts: what cannot be driven to from the start is left out and told.
	w.exec(`DELETE FROM map.road_edge WHERE ST_Intersects(geom, ST_SetSRID(ST_MakeLine(ST_MakePoint(120.011, 29), ST_MakePoint(120.011, 30)), 4326))`)
	split := order([]any{map[string]any{"from": from, "until": from.Add(4 * time.Hour),
		"start": map[string]any{"title": "所", "place": map[string]any{"crs": "WGS84", "coordinates": []float64{120.002, 29.302}}}}}, 120.018, 29.304)
	r := w.as("planner", "POST", "/api/v1/patrols", split)
	switch {
	case r.StatusCode == http.StatusCreated:
		var p struct {
			Notes []string
			Units []struct{ Stops []struct{ Explore bool } }
		}
		r.into(t, &p)
		if len(p.Notes) == 0 {
			t.Errorf("a plan on roads in two parts says nothing of it: %s", r.body)
		}
	case r.StatusCode == http.StatusUnprocessableEntity:
		if p := r.problem(t); len(p.Errors) == 0 || p.Errors[0].Field == "" || p.Errors[0].Remedy == "" {
			t.Errorf("%+v", p)
		}
	default:
		t.Errorf("roads in two parts: %d %s", r.StatusCode, r.body)
	}
	w.exec(`TRUNCATE map.road_edge`)
	if r := w.as("planner", "POST", "/api/v1/patrols", order(unit(from, from.Add(8*time.Hour)), 120.005, 29.305)); r.StatusCode < 400 || r.StatusCode >= 500 {
		t.Errorf("a city without roads: %d %s", r.StatusCode, r.body)
	} else if p := r.problem(t); p.Detail == "" && len(p.Errors) == 0 {
		t.Errorf("a city without roads is refused without a word: %+v", p)
	}
}
