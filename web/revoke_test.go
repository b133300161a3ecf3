package web_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// A grant is revoked with psql while its holder looks: tiles, features, export
// and the layer list no longer know the layer, and the open connection is told
// before it hears of another row. Nothing is restarted, nobody is asked.
func TestRevokedInSQLIsRevokedEverywhere(t *testing.T) {
	w := newWorld(t)
	w.follow()
	w.report("worker", 120.005, 29.305)
	paths := map[string]int{
		"/tiles/incident/16/54616/27160.mvt":     http.StatusOK,
		"/tiles/incident.json":                   http.StatusOK,
		"/api/v1/layers/incident":                http.StatusOK,
		"/api/v1/layers/incident/features":       http.StatusOK,
		"/ogc/collections/incident/items":        http.StatusOK,
		"/api/v1/export/incident?format=geojson": http.StatusOK,
		"/api/v1/layers/incident/export.geojson": http.StatusOK,
	}
	for path := range paths {
		if r := w.as("centre", http.MethodGet, path, nil); r.StatusCode != http.StatusOK && r.StatusCode != http.StatusNoContent {
			delete(paths, path) // not a route of this version
		}
	}
	if len(paths) < 3 {
		t.Fatalf("only %v answer at all", paths)
	}
	c := w.socket("centre")
	w.await(c, "hello")
	if err := c.WriteJSON(map[string]any{"type": "subscribe", "id": "a", "layers": []string{"incident"}}); err != nil {
		t.Fatal(err)
	}
	w.await(c, "subscribed")

	w.exec(`UPDATE onemap.layer_grant SET revoked_at = now() WHERE layer = 'incident' AND org = 'centre'`)
	w.report("worker", 120.006, 29.306)

	// On the wire: an end or a resync, and no event of the second report.
	for told := false; !told; {
		_ = c.SetReadDeadline(time.Now().Add(20 * time.Second))
		_, b, err := c.ReadMessage()
		if websocket.IsCloseError(err, 4001, 4003) {
			break
		}
		if err != nil {
			t.Fatalf("the connection was never told: %v", err)
		}
		var m struct{ Type, Reason string }
		if err := json.Unmarshal(b, &m); err != nil {
			t.Fatal(err)
		}
		if m.Type == "events" {
			t.Fatalf("an event after the right had gone: %s", b)
		}
		told = m.Type == "ended" || m.Type == "resync" && m.Reason == "right"
	}
	for path := range paths {
		if r := w.as("centre", http.MethodGet, path, nil); r.StatusCode != http.StatusNotFound {
			t.Errorf("%s is answered with %d after the revocation", path, r.StatusCode)
		}
	}
	// The account is closed the same way.
	w.exec(`UPDATE onemap.person SET active = false WHERE login = 'centre'`)
	deadline := time.Now().Add(20 * time.Second)
	for w.as("centre", http.MethodGet, "/api/v1/layers", nil).StatusCode != http.StatusUnauthorized {
		if time.Now().After(deadline) {
			t.Fatal("a closed account's key still works")
		}
		time.Sleep(5 * time.Millisecond)
	}
}
