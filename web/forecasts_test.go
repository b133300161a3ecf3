package web_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"
)

// Whoever looks at a forecast, by whichever view, is in the audit: once an hour
// for each person and forecast, and not for what nobody was shown.
func TestWhoLookedAtAForecast(t *testing.T) {
	w := newWorld(t)
	one := func(into any, sql string, args ...any) {
		t.Helper()
		if err := w.db.QueryRow(t.Context(), sql, args...).Scan(into); err != nil {
			t.Fatal(err)
		}
	}
	made := func() (id int64) {
		t.Helper()
		one(&id, `INSERT INTO onemap.forecast_run (state, classes, class_key, recipe, horizon, from_at, to_at, space, cell_m, params, seed, made_by, record, hash, result_hash, ground)
			VALUES ('done', '[]', 'x', gen_random_uuid()::text, 'week', now(), now() + interval '7 days', 'lattice', 300, '{"from": "2026-01-01T00:00:00Z"}', 1, 'planner', '{}', sha256(''), sha256(''), NULL) RETURNING id`)
		w.exec(`INSERT INTO onemap.forecast_part (run, name, body) SELECT $1, name, '{}' FROM unnest('{reliability,hours,exposure}'::text[]) name`, id)
		return id
	}
	looks := func(id int64) (n int) {
		t.Helper()
		one(&n, `SELECT count(*) FROM onemap.audit WHERE action = 'forecast.look' AND object = $1`, fmt.Sprintf("forecast/%d", id))
		return n
	}
	for _, view := range []string{"reliability", "hours", "exposure"} {
		id := made()
		path := fmt.Sprintf("/api/v1/forecasts/%d/%s", id, view)
		w.want(404, w.as("planner", "GET", fmt.Sprintf("/api/v1/forecasts/%d/%s", id+1, view), nil))
		if n := looks(id) + looks(id+1); n != 0 {
			t.Errorf("%s: %d looks of nothing", view, n)
		}
		for range 2 {
			w.want(200, w.as("planner", "GET", path, nil))
		}
		if n := looks(id); n != 1 {
			t.Errorf("%s: %d looks in the audit", view, n)
		}
	}
	a, b := made(), made()
	w.exec(`INSERT INTO onemap.forecast_content (hash, kind, items, content) VALUES (sha256('g'), 'ground', 0, '')`)
	w.exec(`UPDATE onemap.forecast_run SET ground = sha256('g') WHERE id IN ($1, $2)`, a, b)
	w.want(200, w.as("planner", "GET", fmt.Sprintf("/api/v1/forecasts/compare?a=%d&b=%d", a, b), nil))
	if looks(a) != 1 || looks(b) != 1 {
		t.Errorf("compared: %d and %d looks in the audit", looks(a), looks(b))
	}
}

// The uuid of an order answers as the order did, and refuses another.
func TestForecastOrdersByUUID(t *testing.T) {
	w := newWorld(t)
	w.server.Forecasts.Jobs = w.jobs
	w.server.Forecasts.Work()
	w.exec(`UPDATE onemap.class SET public_reported = true WHERE standard = 'test'`)
	order := forecastOrder(nil)
	order["uuid"] = uuid.NewString()
	other := forecastOrder(func(o map[string]any) { o["uuid"], o["share"] = order["uuid"], 0.2 })
	var first, again forecastReply
	w.want(http.StatusAccepted, w.as("planner", "POST", "/api/v1/forecasts", order)).into(t, &first)
	w.want(http.StatusOK, w.as("planner", "POST", "/api/v1/forecasts", order)).into(t, &again)
	if first.ID != again.ID {
		t.Errorf("runs %d and %d", first.ID, again.ID)
	}
	if p := w.want(http.StatusConflict, w.as("planner", "POST", "/api/v1/forecasts", other)).problem(t); !strings.Contains(p.Detail, fmt.Sprint(order["uuid"])) {
		t.Errorf("another order: %+v", p)
	}
	stand := map[string]any{"uuid": uuid.NewString(), "every": "week", "order": forecastOrder(nil)}
	w.want(http.StatusCreated, w.as("planner", "POST", "/api/v1/forecasts/standing", stand))
	w.want(http.StatusOK, w.as("planner", "POST", "/api/v1/forecasts/standing", stand))
	stand["every"] = "day"
	w.want(http.StatusConflict, w.as("planner", "POST", "/api/v1/forecasts/standing", stand))
}
