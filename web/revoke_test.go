package web_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
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
	paths := []string{
		"/tiles/incident/14/13653/6791.mvt", "/tiles/incident.json", "/api/v1/layers/incident", "/api/v1/layers/incident/features",
		"/api/v1/layers/incident/features/1", "/api/v1/layers/incident/export?format=geojson", "/ogc/collections/incident/items",
	}
	for _, path := range paths {
		if r := w.as("centre", http.MethodGet, path, nil); r.StatusCode != http.StatusOK && r.StatusCode != http.StatusNoContent {
			t.Fatalf("%s is answered with %d before", path, r.StatusCode)
		}
	}
	c := w.socket("centre")
	w.await(c, "hello")
	if err := c.WriteJSON(map[string]any{"type": "subscribe", "id": "a", "layer": "incident"}); err != nil {
		t.Fatal(err)
	}
	w.await(c, "subscribed")

	w.exec(`UPDATE onemap.layer_grant SET revoked_at = now() WHERE layer = 'incident' AND org = 'centre'`)
	second := w.report("worker", 120.006, 29.306)

	// On the wire: the subscription's end, and nothing of the second report.
	ended := false
	for deadline := time.Now().Add(20 * time.Second); !ended; {
		_ = c.SetReadDeadline(deadline)
		_, b, err := c.ReadMessage()
		if websocket.IsCloseError(err, 4001, 4003) {
			break
		}
		if err != nil {
			t.Fatalf("the connection was never told: %v", err)
		}
		var m frame
		if err := json.Unmarshal(b, &m); err != nil {
			t.Fatal(err)
		}
		for _, e := range m.Events {
			if e.Data.ID == second.ID {
				t.Fatalf("an event after the right had gone: %s", b)
			}
		}
		ended = m.Type == "ended" || m.Type == "resync"
	}
	for _, path := range paths {
		if r := w.as("centre", http.MethodGet, path, nil); r.StatusCode != http.StatusNotFound {
			t.Errorf("%s is answered with %d after the revocation", path, r.StatusCode)
		}
	}

	// An account is closed the same way.
	w.exec(`UPDATE onemap.person SET active = false WHERE login = 'centre'`)
	for deadline := time.Now().Add(20 * time.Second); w.as("centre", http.MethodGet, "/api/v1/layers", nil).StatusCode != http.StatusUnauthorized; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("a closed account's key still works")
		}
	}
}

// Who reads slowly gets no rows after the right has gone: an export that is on
// its way is cut off, so that its half is not taken for a whole. A sheet, which
// is by a person's roles, is cut off when they have them no more.
func TestExportOnItsWayIsCutOff(t *testing.T) {
	w := newWorld(t)
	w.follow()
	w.exec(`INSERT INTO onemap.class (standard, kind, code, major, major_zh, major_en, name_zh, name_en) VALUES ('test', 'component', '1', '1', '一', 'one', '灯', 'lamp')`)
	w.exec(`INSERT INTO map.asset (class_standard, class_code, name, geom)
		SELECT 'test', '1', repeat(md5(n::text), 400), ST_SetSRID(ST_MakePoint(120.005, 29.305), 4326) FROM generate_series(1, 2000) n`)
	w.exec(`INSERT INTO map.incident (class_standard, class_code, severity, source, state, dept_code, description, occurred_at, geom)
		SELECT 'test', 'T01', 2, 'import', 'filed', 'urban', repeat(md5(n::text), 125), now(), ST_SetSRID(ST_MakePoint(120.005, 29.305), 4326) FROM generate_series(1, 6400) n`)
	const whole = 2000 * 400 * 32
	srv := httptest.NewServer(w.server.Handler())
	t.Cleanup(srv.Close)
	take := func(path string, meanwhile func()) (n int, err error) {
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL+path, nil)
		req.Header.Set("Authorization", "Bearer "+w.tokens["centre"])
		req.Header.Set("Accept-Encoding", "identity")
		res, err := http.DefaultTransport.RoundTrip(req)
		if err != nil || res.StatusCode != http.StatusOK {
			t.Fatalf("%v %+v", err, res)
		}
		defer res.Body.Close()
		part := make([]byte, 1<<20)
		for err == nil {
			var got int
			got, err = io.ReadFull(res.Body, part)
			n += got
			if meanwhile != nil {
				meanwhile()
				meanwhile = nil
			}
			time.Sleep(20 * time.Millisecond) // it is a slow reader that this is about
		}
		return n, err
	}
	for _, x := range []struct{ path, change, look string }{
		{"/api/v1/layers/asset/export?format=ndjson", `UPDATE onemap.layer_grant SET revoked_at = now() WHERE layer = 'asset' AND org = 'centre'`, "/api/v1/layers/asset/features"},
		{"/api/v1/incidents/export?format=csv", `UPDATE onemap.person SET active = false WHERE login = 'centre'`, "/api/v1/incidents"},
	} {
		if n, err := take(x.path, nil); n < whole || err != io.ErrUnexpectedEOF && err != io.EOF {
			t.Fatalf("%s with the right: %d bytes, %v", x.path, n, err)
		}
		n, _ := take(x.path, func() {
			w.exec(x.change)
			for deadline := time.Now().Add(20 * time.Second); w.as("centre", http.MethodGet, x.look, nil).StatusCode == http.StatusOK; {
				if time.Now().After(deadline) {
					t.Fatal("a withdrawn right still holds")
				}
			}
		})
		if n >= whole {
			t.Errorf("%s: all %d bytes came after the right had gone", x.path, n)
		}
	}
}
