package web_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

type bridgeReply struct {
	ID               string
	Incident         int64
	State            string
	Open             bool
	Created, Again   bool
	Changed, Ignored []string
	Result           string
}

func newBridgeWorld(t *testing.T) *world {
	w := newWorld(t)
	w.want(200, w.as("admin", "GET", "/api/v1/bridges", nil))
	w.want(204, w.as("admin", "PUT", "/api/v1/bridges/12345", map[string]any{"title_zh": "热线", "title_en": "Hotline", "source": "hotline", "org": "urban"}))
	w.want(204, w.as("admin", "PUT", "/api/v1/bridges/12345/classes", map[string]any{"classes": []any{
		map[string]any{"code": "市政-井盖", "class_standard": "test", "class_code": "T01", "severity": 1},
		map[string]any{"code": "", "class_standard": "test", "class_code": "T02"}}}))
	return w
}

func hotlineCase(id string, change map[string]any) map[string]any {
	b := map[string]any{"id": id, "category": "市政-井盖", "place": map[string]any{"crs": "WGS84", "coordinates": []float64{120.005, 29.305}}, "description": "来电反映井盖缺失"}
	for k, v := range change {
		b[k] = v
	}
	return b
}

func TestBridge(t *testing.T) {
	w := newBridgeWorld(t)
	const path = "/api/v1/bridge/12345"
	var r bridgeReply
	w.want(201, w.as("urban", "POST", path, hotlineCase("20261122-0001", nil))).into(t, &r)
	if !r.Created || r.Incident == 0 || r.State != "reported" || !r.Open {
		t.Errorf("made %+v", r)
	}
	first := r.Incident
	// The same again changes nothing.
	w.want(200, w.as("urban", "POST", path, hotlineCase("20261122-0001", nil))).into(t, &r)
	if r.Created || !r.Again || r.Incident != first || len(r.Changed) != 0 {
		t.Errorf("again %+v", r)
	}
	// A later message adds what it may, and says what it left.
	w.want(200, w.as("urban", "POST", path, hotlineCase("20261122-0001", map[string]any{"description": "市民再次来电催办", "contact": "13900000000", "severity": 3,
		"place": map[string]any{"text": "人民路口"}, "occurred_at": "2026-11-01T00:00:00Z"}))).into(t, &r)
	if r.Again || !slices.Equal(r.Changed, []string{"description", "place", "contact"}) || !slices.Equal(r.Ignored, []string{"severity", "occurred_at"}) {
		t.Errorf("later %+v", r)
	}
	var i struct {
		Description, Contact, Source string
		Class                        string `json:"class_code"`
		Place                        string
		Severity                     int
		External                     struct{ Source, ID string }
	}
	w.want(200, w.as("centre", "GET", fmt.Sprintf("/api/v1/incidents/%d", first), nil)).into(t, &i)
	if i.Class != "T01" || i.Severity != 1 || i.Source != "hotline" || i.External.ID != "20261122-0001" || i.Place != "人民路口" || i.Contact != "13900000000" ||
		!strings.HasPrefix(i.Description, "来电反映井盖缺失\n[12345 ") || !strings.HasSuffix(i.Description, "] 市民再次来电催办") {
		t.Errorf("the case %+v", i)
	}
	// A category without a line of its own.
	w.want(201, w.as("urban", "POST", path, hotlineCase("2", map[string]any{"category": "其他"})))
	// Status back; another number, with everything that a number may have.
	w.want(201, w.as("urban", "POST", path, hotlineCase("a/b c?%25#é", nil)))
	w.want(200, w.as("urban", "GET", path+"/a%2Fb%20c%3F%2525%23%C3%A9", nil)).into(t, &r)
	if r.ID != "a/b c?%25#é" {
		t.Errorf("status %+v", r)
	}
	// It ends; it takes nothing more.
	var full struct{ Version int }
	w.want(200, w.as("centre", "GET", fmt.Sprintf("/api/v1/incidents/%d", first), nil)).into(t, &full)
	w.want(200, w.as("centre", "POST", fmt.Sprintf("/api/v1/incidents/%d/actions", first), map[string]any{"action": "reject", "version": full.Version, "opinion": "不属于受理范围"}))
	w.want(200, w.as("urban", "GET", path+"/20261122-0001", nil)).into(t, &r)
	if r.Open || r.State != "rejected" || r.Result != "不属于受理范围" {
		t.Errorf("after its end %+v", r)
	}
	w.want(409, w.as("urban", "POST", path, hotlineCase("20261122-0001", map[string]any{"description": "第三次来电"})))
	w.want(200, w.as("urban", "POST", path, hotlineCase("20261122-0001", nil))) // known
}

// Twenty messages of one number at once are one case.
func TestBridgeAtOnce(t *testing.T) {
	w := newBridgeWorld(t)
	var wait sync.WaitGroup
	got := make(chan bridgeReply, 20)
	for n := range 20 {
		wait.Go(func() {
			var r bridgeReply
			reply := w.as("urban", "POST", "/api/v1/bridge/12345", hotlineCase("one", map[string]any{"description": fmt.Sprintf("第%d条", n%4)}))
			if reply.StatusCode > 201 {
				t.Errorf("%d: %s", reply.StatusCode, reply.body)
				return
			}
			reply.into(t, &r)
			got <- r
		})
	}
	wait.Wait()
	close(got)
	made, numbers := 0, map[int64]bool{}
	for r := range got {
		if r.Created {
			made++
		}
		numbers[r.Incident] = true
	}
	var notes int
	if err := w.db.QueryRow(t.Context(), `SELECT regexp_count(description, '第') FROM map.incident WHERE external_id = 'one'`).Scan(&notes); err != nil {
		t.Fatal(err)
	}
	if made != 1 || len(numbers) != 1 || notes != 4 {
		t.Errorf("%d made, %d cases, %d notes of 4", made, len(numbers), notes)
	}
}

func TestBridgeRefuses(t *testing.T) {
	w := newBridgeWorld(t)
	const path = "/api/v1/bridge/12345"
	for name, change := range map[string]map[string]any{
		"words in the place of a place": {"place": map[string]any{"text": "人民路"}},
		"no place":                      {"place": nil},
		"no system":                     {"place": map[string]any{"coordinates": []float64{120, 29}}},
		"an unknown system":             {"place": map[string]any{"crs": "Mars", "coordinates": []float64{120, 29}}},
		"nowhere":                       {"place": map[string]any{"crs": "WGS84", "coordinates": []float64{0, 0}}},
		"an unknown component":          {"asset": "33078201001000001", "place": nil},
		"a time to come":                {"occurred_at": time.Now().Add(time.Hour)},
		"a severity of nine":            {"severity": 9},
		"no number":                     {"id": ""},
		"a number with a line break":    {"id": "a\nb"},
	} {
		body := hotlineCase("x", change)
		for k, v := range body {
			if v == nil {
				delete(body, k)
			}
		}
		if r := w.as("urban", "POST", path, body); r.StatusCode != 422 {
			t.Errorf("%s: %d: %s", name, r.StatusCode, r.body)
		}
	}
	// Another organisation hears that there is no such bridge; a worker may not at all.
	w.want(404, w.as("police", "POST", path, hotlineCase("x", nil)))
	w.want(404, w.as("police", "GET", path+"/x", nil))
	w.want(404, w.as("urban", "POST", "/api/v1/bridge/110", hotlineCase("x", nil)))
	w.want(404, w.as("urban", "POST", "/api/v1/bridge/nobody", hotlineCase("x", nil)))
	w.want(403, w.as("worker", "POST", path, hotlineCase("x", nil)))
	w.want(404, w.as("urban", "GET", path+"/never", nil))
	// The mapping names classes that there are.
	w.want(422, w.as("admin", "PUT", "/api/v1/bridges/12345/classes", map[string]any{"classes": []any{map[string]any{"code": "a", "class_standard": "test", "class_code": "none"}}}))
	w.want(204, w.as("admin", "PUT", "/api/v1/bridges/12345/classes", map[string]any{"classes": []any{}}))
	if r := w.as("urban", "POST", path, hotlineCase("x", nil)); r.StatusCode != 422 || !strings.Contains(string(r.body), "/api/v1/bridges/12345/classes") {
		t.Errorf("without a mapping: %d: %s", r.StatusCode, r.body)
	}
	if f := w.faults(); f != "" {
		t.Errorf("faults of the server: %s", f)
	}
}
