package web_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// delivered is what a receiver got, checked as Standard Webhooks asks.
type delivered struct {
	ID, Type string
	Data     struct {
		Sequence int
		Step     struct{ Action, From, To, Org, Opinion string }
		Incident map[string]any
	}
	raw string
}

// receiver is another system that takes webhooks; status says what it answers.
type receiver struct {
	url    string
	got    chan delivered
	status atomic.Int32
	calls  atomic.Int32
	secret atomic.Value
	bad    chan string
}

func newReceiver(t *testing.T) *receiver {
	rec := &receiver{got: make(chan delivered, 1000), bad: make(chan string, 1000)}
	rec.status.Store(200)
	srv := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		rec.calls.Add(1)
		b, _ := io.ReadAll(r.Body)
		if why := rec.check(r.Header, b); why != "" {
			rec.bad <- why
		}
		status := int(rec.status.Load())
		w.WriteHeader(status)
		if status/100 == 2 {
			d := delivered{ID: r.Header.Get("webhook-id"), raw: string(b)}
			if err := json.Unmarshal(b, &d); err != nil {
				rec.bad <- err.Error()
			}
			rec.got <- d
		}
	})
	rec.url = srv + "/in?token=hidden"
	return rec
}

// newServer is another system; it returns its address.
func newServer(t *testing.T, h http.HandlerFunc) string {
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return srv.URL
}

// check is a receiver's side of the signature, written from the standard's text.
func (rec *receiver) check(h http.Header, body []byte) string {
	secret, _ := rec.secret.Load().(string)
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil || len(key) < 24 {
		return "no secret"
	}
	at, err := strconv.ParseInt(h.Get("webhook-timestamp"), 10, 64)
	if d := time.Now().Unix() - at; err != nil || d < -5 || d > 300 {
		return "timestamp " + h.Get("webhook-timestamp")
	}
	m := hmac.New(sha256.New, key)
	m.Write([]byte(h.Get("webhook-id") + "." + h.Get("webhook-timestamp") + "." + string(body)))
	want := "v1," + base64.StdEncoding.EncodeToString(m.Sum(nil))
	for _, s := range strings.Fields(h.Get("webhook-signature")) {
		if hmac.Equal([]byte(s), []byte(want)) {
			return ""
		}
	}
	return "signature " + h.Get("webhook-signature")
}

func (rec *receiver) next(t *testing.T) delivered {
	t.Helper()
	select {
	case d := <-rec.got:
		return d
	case <-time.After(20 * time.Second):
		t.Fatal("nothing was delivered")
		return delivered{}
	}
}

func (rec *receiver) webhook(t *testing.T, w *world, more map[string]any) int64 {
	t.Helper()
	body := map[string]any{"name": "城管", "org": "centre", "url": rec.url, "events": []string{"incident.*"}}
	for k, v := range more {
		body[k] = v
	}
	var made struct {
		ID     int64
		Secret string
	}
	w.want(201, w.as("admin", "POST", "/api/v1/webhooks", body)).into(t, &made)
	rec.secret.Store(made.Secret)
	return made.ID
}

// work does the world's jobs until the test ends.
func (w *world) work(t *testing.T) {
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- w.jobs.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Errorf("jobs: %v", err)
		}
	})
}

// until waits for what a job does in its own time.
func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !holds(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within half a minute: %s", what)
		}
	}
}

func TestWebhookTellsACase(t *testing.T) {
	w, rec := newWorld(t), newReceiver(t)
	id := rec.webhook(t, w, nil)
	// The server is down while the case is reported: nothing is lost.
	i := w.report("worker", 120.005, 29.305)
	w.work(t)
	d := rec.next(t)
	if d.Type != "incident.report" || d.Data.Sequence != 1 || d.Data.Step.To != "reported" || d.Data.Incident["id"] != float64(i.ID) || d.ID == "" {
		t.Errorf("got %+v", d)
	}
	for _, secret := range []string{"13800000000", "worker", "hidden"} { // contact, reporter, the address's own secret
		if strings.Contains(strings.ReplaceAll(d.raw, `"source":"worker"`, ""), secret) {
			t.Errorf("it tells %q: %s", secret, d.raw)
		}
	}
	w.want(200, w.as("centre", "POST", fmt.Sprintf("/api/v1/incidents/%d/actions", i.ID), map[string]any{"action": "register", "version": i.Version}))
	if d = rec.next(t); d.Type != "incident.register" || d.Data.Sequence != 2 || d.Data.Step.From != "reported" || d.Data.Step.Org != "centre" {
		t.Errorf("got %+v", d)
	}
	var list struct {
		Deliveries []struct{ ID, State, Event string }
	}
	w.want(200, w.as("admin", "GET", fmt.Sprintf("/api/v1/webhooks/%d/deliveries", id), nil)).into(t, &list)
	if len(list.Deliveries) != 2 || list.Deliveries[0].Event != "incident.register" {
		t.Errorf("listed %+v", list)
	}
	select {
	case why := <-rec.bad:
		t.Errorf("the receiver refuses: %s", why)
	default:
	}
}

// A webhook sends what its organisation may see, whoever made it.
func TestWebhookSendsByRight(t *testing.T) {
	w := newWorld(t)
	police, urban, east := newReceiver(t), newReceiver(t), newReceiver(t)
	police.webhook(t, w, map[string]any{"org": "police"})
	urban.webhook(t, w, map[string]any{"org": "urban"})
	east.webhook(t, w, map[string]any{"org": "centre", "area_code": "330799002"})
	w.work(t)
	w.report("worker", 120.005, 29.305) // of class T01, which is urban's, in 330799001
	last := w.report("centre", 120.015, 29.305)
	if d := urban.next(t); d.Type != "incident.report" {
		t.Errorf("urban got %+v", d)
	}
	if d := east.next(t); d.Data.Incident["id"] != float64(last.ID) {
		t.Errorf("for the west came %+v", d)
	}
	urban.next(t)
	if n := police.calls.Load(); n != 0 {
		t.Errorf("the police, who may not see it, were told %d times", n)
	}
}

func TestWebhookRetriesGivesUpAndReplays(t *testing.T) {
	w, rec := newWorld(t), newReceiver(t)
	id := rec.webhook(t, w, nil)
	rec.status.Store(500)
	w.work(t)
	w.report("worker", 120.005, 29.305)
	dead := func() int {
		var info struct{ Dead, Failures int }
		w.want(200, w.as("admin", "GET", fmt.Sprintf("/api/v1/webhooks/%d", id), nil)).into(t, &info)
		return info.Dead
	}
	until(t, "it is given up", func() bool { return dead() == 1 })
	if n := rec.calls.Load(); n != 11 {
		t.Errorf("%d attempts", n)
	}
	rec.status.Store(204)
	var count struct{ Count int }
	w.want(200, w.as("admin", "POST", fmt.Sprintf("/api/v1/webhooks/%d/replay", id),
		map[string]any{"from": time.Now().Add(-time.Hour), "to": time.Now().Add(time.Hour)})).into(t, &count)
	if count.Count != 1 {
		t.Errorf("%d are sent again", count.Count)
	}
	first := rec.next(t)
	// What was delivered may be replayed one by one, with the same id.
	until(t, "it is known as delivered", func() bool {
		return strings.Contains(string(w.as("admin", "GET", fmt.Sprintf("/api/v1/webhooks/%d/deliveries", id), nil).body), `"delivered"`)
	})
	w.want(200, w.as("admin", "POST", fmt.Sprintf("/api/v1/webhooks/%d/replay", id), map[string]any{"delivery": first.ID}))
	if again := rec.next(t); again.ID != first.ID {
		t.Errorf("%s came as %s", first.ID, again.ID)
	}
	// Another webhook, made later, may be told what it missed.
	late := newReceiver(t)
	lateID := late.webhook(t, w, nil)
	w.want(200, w.as("admin", "POST", fmt.Sprintf("/api/v1/webhooks/%d/replay", lateID),
		map[string]any{"from": time.Now().Add(-time.Hour), "to": time.Now().Add(time.Hour), "missing": true}))
	if d := late.next(t); d.Type != "incident.report" {
		t.Errorf("got %+v", d)
	}
}

func TestWebhookPausedKeepsWhatHappens(t *testing.T) {
	w, rec := newWorld(t), newReceiver(t)
	id := rec.webhook(t, w, map[string]any{"state": "paused"})
	w.work(t)
	w.report("worker", 120.005, 29.305)
	path := fmt.Sprintf("/api/v1/webhooks/%d", id)
	until(t, "it is held", func() bool {
		var info struct{ Held int }
		w.want(200, w.as("admin", "GET", path, nil)).into(t, &info)
		return info.Held == 1
	})
	if rec.calls.Load() != 0 {
		t.Error("a paused webhook was called")
	}
	w.want(200, w.as("admin", "PUT", path, map[string]any{"name": "x", "org": "centre", "url": rec.url, "events": []string{"incident.*"}, "state": "active"}))
	rec.next(t)
	w.want(200, w.as("admin", "POST", path+"/test", map[string]any{}))
	if d := rec.next(t); d.Type != "test" {
		t.Errorf("got %+v", d)
	}
	// A new secret signs along with the old one, for a day.
	old := rec.secret.Load()
	var made struct{ Secret string }
	w.want(201, w.as("admin", "POST", path+"/secret", map[string]any{})).into(t, &made)
	for _, secret := range []any{old, made.Secret} {
		rec.secret.Store(secret)
		w.want(200, w.as("admin", "POST", path+"/test", map[string]any{}))
		rec.next(t)
	}
	select {
	case why := <-rec.bad:
		t.Errorf("the receiver refuses: %s", why)
	default:
	}
	if old == made.Secret {
		t.Error("the new secret is the old one")
	}
	w.want(204, w.as("admin", "DELETE", path, nil))
	w.want(404, w.as("admin", "GET", path, nil))
}

func TestWebhookRefuses(t *testing.T) {
	w := newWorld(t)
	good := map[string]any{"name": "x", "org": "centre", "url": "https://example.org/", "events": []string{"incident.*"}}
	for name, change := range map[string]map[string]any{
		"inside":              {"url": "http://10.0.0.1/"},
		"metadata":            {"url": "https://169.254.169.254/latest"},
		"another scheme":      {"url": "ftp://example.org/"},
		"an unknown event":    {"events": []string{"incident.explode"}},
		"no event":            {"events": []string{}},
		"an unknown org":      {"org": "nobody"},
		"an unknown state":    {"state": "asleep"},
		"a password in it":    {"url": "https://a:b@example.org/"},
		"a long name":         {"name": strings.Repeat("名", 101)},
		"a pattern in a code": {"area_code": "33%"},
	} {
		body := map[string]any{}
		for k, v := range good {
			body[k] = v
		}
		for k, v := range change {
			body[k] = v
		}
		if r := w.as("admin", "POST", "/api/v1/webhooks", body); r.StatusCode != 422 {
			t.Errorf("%s: %d: %s", name, r.StatusCode, r.body)
		}
	}
	w.want(404, w.as("admin", "POST", "/api/v1/webhooks/99/test", map[string]any{}))
}
