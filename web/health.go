package web

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"onemap/layers/feed"
)

// live-ness: the process answers. It asks nothing of the database: restarting
// onemap would not bring that back.
func (s *Server) livez(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write([]byte("ok\n"))
	return nil
}

// readiness is what /readyz says. Status is 503 where requests would fail; a
// log that is not followed costs live screens and not requests, so it is said
// and does not take the node out of service.
type readiness struct {
	Ready    bool     `json:"ready"`
	Database string   `json:"database" enum:"ok,unreachable"`
	Feed     string   `json:"feed" enum:"starting,waiting,live,off"`
	Why      string   `json:"why,omitempty" doc:"What the feed waits for, or why it is off"`
	LagS     float64  `json:"lag_s" doc:"Seconds that the feed is behind"`
	Lost     []string `json:"lost,omitempty" doc:"What does not work meanwhile"`
	Version  string   `json:"version"`
}

func (s *Server) readyz(w http.ResponseWriter, r *http.Request) error {
	ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
	defer cancel()
	v := readiness{Ready: true, Database: "ok", Feed: string(feed.Off), Version: s.Version}
	if err := s.Store.Ping(ctx); err != nil {
		v.Ready, v.Database = false, "unreachable"
		stateOf(r.Context()).err = err
	}
	if s.Feed != nil {
		st := s.Feed()
		v.Feed, v.LagS = string(st.State), st.Lag.Seconds()
		if isLoopback(r) { // it may name other sessions of the database
			v.Why = st.Why
		}
	}
	if v.Feed != string(feed.Live) {
		v.Lost = append(v.Lost, "live screens")
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	if !v.Ready {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	_ = json.NewEncoder(w).Encode(v)
	return nil
}
