package web_test

import (
	"encoding/xml"
	"fmt"
	"strings"
	"testing"
	"time"

	"onemap/layers/alert"
)

func alertJSON(change map[string]any) map[string]any {
	b := map[string]any{
		"categories": []string{"Met"}, "urgency": "Expected", "certainty": "Likely", "warning_level": 2, "event_level": 1, "response_level": 3,
		"expires": time.Now().Add(2 * time.Hour),
		"zh":      map[string]any{"event": "暴雨", "headline": "暴雨橙色预警", "instruction": "避免外出", "area_desc": "东镇"},
		"en":      map[string]any{"event": "Rainstorm", "headline": "Orange rainstorm warning"},
		"areas": []any{map[string]any{"crs": "WGS84", "geometry": map[string]any{"type": "Polygon",
			"coordinates": [][][]float64{{{120.000, 29.300}, {120.004, 29.300}, {120.004, 29.304}, {120.000, 29.304}, {120.000, 29.300}}}}}},
	}
	for k, v := range change {
		b[k] = v
	}
	return b
}

type alertReply struct {
	ID       int64
	State    string
	CAP      string `json:"cap"`
	Cursor   string
	EndedBy  int64 `json:"ended_by"`
	Warning  int   `json:"warning_level"`
	Event    int   `json:"event_level"`
	Response int   `json:"response_level"`
	Drawn    bool
	Message  struct{ Identifier string }
}

func (w *world) onMap(t *testing.T) (headlines []string) {
	t.Helper()
	var fc struct {
		Features []struct{ Properties map[string]any }
	}
	w.want(200, w.as("centre", "GET", "/api/v1/layers/alert/features", nil)).into(t, &fc)
	for _, f := range fc.Features {
		headlines = append(headlines, fmt.Sprint(f.Properties["headline"]))
	}
	return headlines
}

// An alert is issued, replaced and cancelled: the map, the feed and the CAP
// messages go along.
func TestAlertFromIssueToCancel(t *testing.T) {
	w := newWorld(t)
	rec := newReceiver(t)
	rec.webhook(t, w, map[string]any{"events": []string{"alert.*"}})
	w.work(t)
	var a, b, c alertReply
	w.want(201, w.as("centre", "POST", "/api/v1/alerts", alertJSON(nil))).into(t, &a)
	if a.State != "in_force" || a.Warning != 2 || a.Event != 1 || a.Response != 3 || !a.Drawn || a.Cursor == "" {
		t.Errorf("issued %+v", a)
	}
	if got := w.onMap(t); len(got) != 1 || got[0] != "暴雨橙色预警" {
		t.Errorf("on the map: %v", got)
	}
	if d := rec.next(t); d.Type != "alert.issue" {
		t.Errorf("told %s", d.Type)
	}

	// Anyone reads the message, which another reader understands.
	r := w.want(200, w.as("", "GET", a.CAP, nil))
	m, err := alert.Read(r.body)
	if err != nil || r.Header.Get("Content-Type") != "application/cap+xml; charset=utf-8" {
		t.Fatalf("%v: %s: %s", err, r.Header.Get("Content-Type"), r.body)
	}
	zh, _ := m.In("zh")
	if len(m.Info) != 2 || zh.Severity != "Severe" || zh.Headline != "暴雨橙色预警" || !strings.HasPrefix(zh.Area[0].Polygon[0], "29.3,120 29.3,120.004 29.304,120.004") || zh.Area[0].Desc != "东镇" {
		t.Errorf("message %+v", m)
	}
	colour := ""
	for _, p := range zh.Parameter {
		if strings.Contains(p.Name, "arning") {
			colour = p.Value
		}
	}
	if colour != "Orange" {
		t.Errorf("colour %q", colour)
	}
	var feed struct {
		XMLName xml.Name `xml:"http://www.w3.org/2005/Atom feed"`
		Entries []struct {
			Title string `xml:"title"`
			Link  struct {
				Href string `xml:"href,attr"`
			} `xml:"link"`
		} `xml:"entry"`
	}
	if err := xml.Unmarshal(w.want(200, w.as("", "GET", "/cap/alerts.atom", nil)).body, &feed); err != nil || len(feed.Entries) != 1 || feed.Entries[0].Link.Href != w.url+a.CAP {
		t.Errorf("feed %+v, %v", feed, err)
	}

	w.want(201, w.as("centre", "POST", fmt.Sprintf("/api/v1/alerts/%d/update", a.ID), alertJSON(map[string]any{"warning_level": 1,
		"zh": map[string]any{"event": "暴雨", "headline": "暴雨红色预警"}}))).into(t, &b)
	if got := w.onMap(t); len(got) != 1 || got[0] != "暴雨红色预警" {
		t.Errorf("on the map after the update: %v", got)
	}
	w.want(200, w.as("police", "GET", fmt.Sprintf("/api/v1/alerts/%d", a.ID), nil)).into(t, &a)
	if a.State != "replaced" || a.EndedBy != b.ID {
		t.Errorf("the first one: %+v", a)
	}
	w.want(409, w.as("centre", "POST", fmt.Sprintf("/api/v1/alerts/%d/update", a.ID), alertJSON(nil)))
	w.want(422, w.as("centre", "POST", fmt.Sprintf("/api/v1/alerts/%d/cancel", b.ID), map[string]any{"note": " "}))
	w.want(201, w.as("centre", "POST", fmt.Sprintf("/api/v1/alerts/%d/cancel", b.ID), map[string]any{"note": "雨停"})).into(t, &c)
	if m, err := alert.Read(w.as("", "GET", c.CAP, nil).body); err != nil || m.MsgType != "Cancel" || !strings.Contains(m.References, b.Message.Identifier) || !strings.Contains(m.References, a.Message.Identifier) {
		t.Errorf("cancelling message %+v, %v", m, err)
	}
	if got := w.onMap(t); len(got) != 0 {
		t.Errorf("on the map after the end: %v", got)
	}
	told := map[string]bool{rec.next(t).Type: true, rec.next(t).Type: true}
	if !told["alert.update"] || !told["alert.cancel"] {
		t.Errorf("told %v", told)
	}
}

// What is not public and actual is neither drawn nor told to anyone.
func TestAlertNotForAnyone(t *testing.T) {
	w := newWorld(t)
	for _, change := range []map[string]any{{"status": "Exercise"}, {"status": "Test"}, {"scope": "Restricted", "restriction": "医院"}, {"scope": "Private", "addresses": "a@b.example"}} {
		var a alertReply
		w.want(201, w.as("centre", "POST", "/api/v1/alerts", alertJSON(change))).into(t, &a)
		if got := w.onMap(t); len(got) != 0 {
			t.Errorf("%v is on the map", change)
		}
		if r := w.as("", "GET", a.CAP, nil); r.StatusCode != 404 {
			t.Errorf("%v is read by anyone: %d", change, r.StatusCode)
		}
		if r := w.as("", "GET", "/cap/alerts.atom", nil); strings.Contains(string(r.body), a.Message.Identifier) {
			t.Errorf("%v is in the feed", change)
		}
		want := 404
		if _, ok := change["scope"]; !ok {
			want = 200 // an exercise is public, among staff
		}
		if r := w.as("police", "GET", fmt.Sprintf("/api/v1/alerts/%d", a.ID), nil); r.StatusCode != want {
			t.Errorf("%v for another department: %d, want %d", change, r.StatusCode, want)
		}
	}
	w.want(401, w.as("", "GET", "/api/v1/alerts", nil))
	w.want(403, w.as("urban", "POST", "/api/v1/alerts", alertJSON(nil)))
}

func TestAlertRefuses(t *testing.T) {
	w := newWorld(t)
	hole := map[string]any{"crs": "WGS84", "geometry": map[string]any{"type": "Polygon", "coordinates": [][][]float64{
		{{120, 29.3}, {120.4, 29.3}, {120.4, 29.7}, {120, 29.3}}, {{120.2, 29.35}, {120.3, 29.35}, {120.3, 29.4}, {120.2, 29.35}}}}}
	for name, change := range map[string]map[string]any{
		"over already":            {"expires": time.Now().Add(-time.Minute)},
		"over before it begins":   {"effective": time.Now().Add(3 * time.Hour)},
		"a level of five":         {"warning_level": 5},
		"an unknown category":     {"categories": []string{"Weather"}},
		"no area":                 {"areas": []any{}},
		"an area of nothing":      {"areas": []any{map[string]any{}}},
		"an unknown division":     {"areas": []any{map[string]any{"code": "999999"}}},
		"no system":               {"areas": []any{map[string]any{"circle": map[string]any{"coordinates": []float64{120, 29}, "radius_km": 1}}}},
		"a hole":                  {"areas": []any{hole}},
		"crossing itself":         {"areas": []any{map[string]any{"crs": "WGS84", "geometry": map[string]any{"type": "Polygon", "coordinates": [][][]float64{{{120, 29}, {121, 30}, {121, 29}, {120, 30}, {120, 29}}}}}}},
		"a point":                 {"areas": []any{map[string]any{"crs": "WGS84", "geometry": map[string]any{"type": "Point", "coordinates": []float64{120, 29}}}}},
		"half English":            {"en": map[string]any{"event": "Rain", "headline": ""}},
		"restricted to nobody":    {"scope": "Restricted"},
		"a web address of no web": {"web": "javascript:alert(1)"},
	} {
		if r := w.as("centre", "POST", "/api/v1/alerts", alertJSON(change)); r.StatusCode != 422 {
			t.Errorf("%s: %d: %s", name, r.StatusCode, r.body)
		}
	}
	if f := w.faults(); f != "" {
		t.Errorf("faults of the server: %s", f)
	}
}

// capMessage is one of another sender.
func capMessage(identifier, msgType, references string, expires time.Time) string {
	if references != "" {
		references = "<references>" + references + "</references>"
	}
	return fmt.Sprintf(`<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>%s</identifier><sender>weather@example.org</sender>
		<sent>2026-07-01T08:00:00+08:00</sent><status>Actual</status><msgType>%s</msgType><scope>Public</scope>%s<info><language>zh-CN</language><category>Met</category>
		<event>大风</event><urgency>Immediate</urgency><severity>YELLOW</severity><certainty>Observed</certainty><expires>%s</expires><headline>%s</headline>
		<area><areaDesc>东镇</areaDesc><circle>29.305,120.005 1</circle></area></info></alert>`, identifier, msgType, references, expires.Format(time.RFC3339), identifier)
}

func TestAlertsOfOthers(t *testing.T) {
	w := newWorld(t)
	later := time.Now().Add(time.Hour).UTC().Truncate(time.Second)
	send := func(message string) (reply, alertReply) {
		r := w.as("centre", "POST", "/cap/alerts", strings.NewReader(message), "Content-Type", "application/cap+xml")
		var a alertReply
		if r.StatusCode < 300 {
			r.into(t, &a)
		}
		return r, a
	}
	first := capMessage("w1", "Alert", "", later)
	r, a := send(first)
	w.want(201, r)
	if a.State != "in_force" || a.Warning != 3 || !a.Drawn {
		t.Errorf("received %+v", a)
	}
	// The same again, byte by byte or written otherwise, is the same; another is refused.
	for _, same := range []string{first, strings.ReplaceAll(first, "\n\t\t", "  ")} {
		if r, b := send(same); r.StatusCode != 200 || b.ID != a.ID {
			t.Errorf("the same again: %d %+v", r.StatusCode, b)
		}
	}
	if r, _ := send(strings.Replace(first, "大风", "微风", 1)); r.StatusCode != 409 {
		t.Errorf("another of the same name: %d", r.StatusCode)
	}
	ref := "weather@example.org,w1,2026-07-01T08:00:00+08:00"
	// Another sender ends nothing of this one.
	r, _ = send(strings.Replace(capMessage("x1", "Cancel", ref, later), "weather@example.org</sender>", "somebody@example.org</sender>", 1))
	w.want(201, r)
	if got := w.onMap(t); len(got) != 1 {
		t.Errorf("after another's cancel: %v", got)
	}
	r, _ = send(capMessage("w2", "Update", ref, later))
	w.want(201, r)
	if got := w.onMap(t); len(got) != 1 || got[0] != "w2" {
		t.Errorf("after the update: %v", got)
	}
	// A cancel that overtook its alert on the way.
	r, _ = send(capMessage("w4", "Cancel", "weather@example.org,w3,2026-07-01T08:00:00+08:00", later))
	w.want(201, r)
	if r, b := send(capMessage("w3", "Alert", "", later)); r.StatusCode != 201 || b.State != "cancelled" {
		t.Errorf("an alert after its cancel: %d %+v", r.StatusCode, b)
	}
	if r, b := send(capMessage("w5", "Alert", "", time.Date(2026, 7, 1, 1, 0, 0, 0, time.UTC))); r.StatusCode != 201 || b.State != "expired" {
		t.Errorf("one that is over: %d %+v", r.StatusCode, b)
	}
	if got := w.onMap(t); len(got) != 1 || got[0] != "w2" {
		t.Errorf("on the map: %v", got)
	}
	// Nobody issues in our name, nor by another's role, nor what is no message.
	if r, _ := send(strings.Replace(capMessage("y", "Alert", "", later), "weather@example.org</sender>", "onemap@city.example</sender>", 1)); r.StatusCode != 422 {
		t.Errorf("in our name: %d", r.StatusCode)
	}
	w.want(403, w.as("urban", "POST", "/cap/alerts", strings.NewReader(first), "Content-Type", "application/cap+xml"))
	w.want(415, w.as("centre", "POST", "/cap/alerts", strings.NewReader(first), "Content-Type", "application/json"))
	w.want(422, w.as("centre", "POST", "/cap/alerts", strings.NewReader(`<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><alert>&e;</alert>`), "Content-Type", "text/xml"))
	w.want(413, w.as("centre", "POST", "/cap/alerts", strings.NewReader(strings.Repeat(" ", alert.MaxBytes+10)), "Content-Type", "text/xml"))
}

// An alert that is over leaves the map by itself.
func TestAlertExpires(t *testing.T) {
	w := newWorld(t)
	w.work(t)
	r := w.as("centre", "POST", "/cap/alerts", strings.NewReader(capMessage("soon", "Alert", "", time.Now().Add(2*time.Second))), "Content-Type", "application/cap+xml")
	w.want(201, r)
	until(t, "it has left the map", func() bool { return len(w.onMap(t)) == 0 })
	if r := w.as("", "GET", "/cap/alerts.atom", nil); strings.Contains(string(r.body), "soon") {
		t.Error("it is in the feed still")
	}
	w.want(200, w.as("", "GET", "/cap/soon.xml", nil)) // what was issued stays readable
}
