package client_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"onemap/web/client"
)

func TestTemporary(t *testing.T) {
	for _, tt := range []struct {
		name string
		err  error
		want bool
	}{
		{"nothing went wrong", nil, false},
		{"the connection broke", errors.New("read: connection reset by peer"), true},
		{"the caller gave up", fmt.Errorf("post: %w", context.Canceled), false},
		{"the server is starting", fmt.Errorf("post: %w", &client.Problem{Status: 503}), true},
		{"too many requests", &client.Problem{Status: 429}, true},
		{"refused", &client.Problem{Status: 422}, false},
		{"somebody was faster", &client.Problem{Status: 409}, false},
	} {
		if got := client.Temporary(tt.err); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestProblem(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", "7")
		w.WriteHeader(http.StatusTooManyRequests)
		if strings.HasSuffix(r.URL.Path, "/session") {
			fmt.Fprint(w, `{"type":"/problems/locked","title":"Too Many Requests","status":429,"detail":"tried too often","errors":[{"field":"login","remedy":"wait"}]}`)
		} else {
			fmt.Fprint(w, "<html>a proxy's page")
		}
	}))
	defer s.Close()
	c := client.Client{URL: s.URL + "/"}
	var p *client.Problem
	if err := c.SignIn(t.Context(), "a", "b"); !errors.As(err, &p) || p.Type != "/problems/locked" || p.RetryAfter != 7*time.Second || !strings.Contains(p.Error(), "login: wait") {
		t.Errorf("sign in: %v (%+v)", err, p)
	}
	if _, err := c.Incident(t.Context(), 1); !errors.As(err, &p) || p.Status != 429 || p.Title == "" {
		t.Errorf("a proxy's page: %v", err)
	}
}

// A stream that breaks gives the cursor of what was handled, not of what was
// still being handled.
func TestLiveCursor(t *testing.T) {
	var asked []string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Header.Get("Last-Event-ID"))
		fmt.Fprint(w, "event: hello\ndata: {}\n\n",
			"event: events\nid: 1.1.A\ndata: {\"events\":[{\"type\":\"onemap.feature.changed\",\"data\":{\"layer\":\"incident\",\"id\":42,\"op\":\"insert\"}}]}\n\n",
			"event: events\nid: 1.1.B\ndata: {\"events\":[]}\n\n")
	}))
	defer s.Close()
	c := client.Client{URL: s.URL}
	refuse := errors.New("cannot take this one")
	var ids []int64
	cursor, err := c.Live(t.Context(), "incident", "", nil, func(e client.Event) error {
		changes, err := e.Changes()
		for _, x := range changes {
			ids = append(ids, x.Data.ID)
		}
		if e.Cursor == "1.1.B" {
			return refuse
		}
		return err
	})
	if cursor != "1.1.A" || !errors.Is(err, refuse) || !slices.Equal(ids, []int64{42}) {
		t.Errorf("cursor %q, ids %v, error %v", cursor, ids, err)
	}
	if cursor, err = c.Live(t.Context(), "incident", cursor, nil, func(client.Event) error { return nil }); cursor != "1.1.B" || err == nil {
		t.Errorf("the second time: cursor %q, error %v", cursor, err)
	}
	if !slices.Equal(asked, []string{"", "1.1.A"}) {
		t.Errorf("asked to go on from %q", asked)
	}
}
