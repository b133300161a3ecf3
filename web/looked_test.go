package web_test

import (
	"net/http"
	"testing"
)

// Who looks at a sensitive layer is in the audit with why and what was asked:
// once for a map that is moved about, once for each single thing.
func TestLooksAtSensitiveLayersAreRecorded(t *testing.T) {
	w := newWorld(t)
	w.exec(`UPDATE onemap.layer SET ask_reason = true WHERE name = 'asset'`)
	looks := func() (n int, last string) {
		t.Helper()
		if err := w.db.QueryRow(t.Context(), `SELECT count(*), coalesce(max(login || ' ' || object || ' ' || reason || ' ' || (detail ->> 'asked')), '') FROM onemap.audit WHERE action = 'layer.look'`).Scan(&n, &last); err != nil {
			t.Fatal(err)
		}
		return n, last
	}
	get := func(status int, path string, header ...string) {
		t.Helper()
		w.want(status, w.as("urban", http.MethodGet, path, nil, header...))
	}
	get(403, "/api/v1/layers/asset/features") // no reason, nothing seen, nothing recorded
	if n, _ := looks(); n != 0 {
		t.Errorf("%d looks of who saw nothing", n)
	}
	why := []string{"Onemap-Reason", "monthly%20check"}
	for range 3 {
		get(200, "/api/v1/layers/asset/features?bbox=119,29,121,31&limit=5", why...)
	}
	if n, last := looks(); n != 1 || last != "urban layer/asset monthly check /api/v1/layers/asset/features" {
		t.Errorf("%d looks, %q", n, last)
	}
	for _, tile := range []string{"14/13653/6796", "14/13654/6796", "13/6826/3398"} {
		r := w.as("urban", http.MethodGet, "/tiles/asset/"+tile+".mvt", nil, why...)
		if r.StatusCode != 200 && r.StatusCode != 204 {
			t.Fatal(r.StatusCode)
		}
	}
	if n, _ := looks(); n != 2 {
		t.Errorf("%d looks after three tiles", n)
	}
	get(404, "/api/v1/layers/asset/features/999999998", why...)
	get(404, "/api/v1/layers/asset/features/999999999", why...)
	if n, _ := looks(); n != 4 {
		t.Errorf("%d looks after two single features", n)
	}
}
