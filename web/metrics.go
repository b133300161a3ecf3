package web

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// meters count requests by route, never by address or person.
type meters struct {
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
}

func newMeters(reg *prometheus.Registry) *meters {
	m := &meters{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "onemap_http_requests_total", Help: "Requests by route, method and status."},
			[]string{"route", "method", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "onemap_http_request_seconds", Help: "Time to answer, by route.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30}}, []string{"route"}),
	}
	reg.MustRegister(m.requests, m.seconds)
	return m
}

func (m *meters) count(route, method string, status int, took time.Duration) {
	if route == "" {
		route, method = "none", "any" // paths and methods that a stranger makes up must not become series
	}
	m.requests.WithLabelValues(route, method, strconv.Itoa(status)).Inc()
	m.seconds.WithLabelValues(route).Observe(took.Seconds())
}

func (s *Server) getMetrics(w http.ResponseWriter, r *http.Request) error {
	promhttp.HandlerFor(s.Metrics, promhttp.HandlerOpts{DisableCompression: true}).ServeHTTP(w, r)
	return nil
}
