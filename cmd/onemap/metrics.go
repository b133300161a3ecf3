package main

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"onemap/cmd/onemap/tilefeed"
	"onemap/layers/feed"
	"onemap/web/live"
)

// metrics returns what the parts of a running server count, for /metrics.
func metrics(status func() feed.Status, hub *live.Hub, keeper *tilefeed.Keeper) *prometheus.Registry {
	reg := prometheus.NewRegistry()
	reg.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	gauge := func(name, help string, value func() float64) {
		reg.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, value))
	}
	gauge("onemap_feed_live", "1 while the feed follows the log, else 0.", func() float64 {
		if status().State == feed.Live {
			return 1
		}
		return 0
	})
	gauge("onemap_feed_lag_seconds", "How far the feed is behind the log.", func() float64 { return status().Lag.Seconds() })

	of := func(what func(live.Stats) float64) func() float64 { return func() float64 { return what(hub.Stats()) } }
	gauge("onemap_live_connections", "Open live connections.", of(func(s live.Stats) float64 { return float64(s.Connections) }))
	gauge("onemap_live_subscriptions", "Open live subscriptions.", of(func(s live.Stats) float64 { return float64(s.Subscriptions) }))
	gauge("onemap_live_streams", "Streams: subscriptions with equal rights and windows share one.", of(func(s live.Stats) float64 { return float64(s.Streams) }))
	gauge("onemap_live_ring_bytes", "Size of the recent transactions that can be replayed.", of(func(s live.Stats) float64 { return float64(s.RingBytes) }))
	gauge("onemap_live_ring_age_seconds", "Age of the oldest transaction that can be replayed.", of(func(s live.Stats) float64 { return s.RingAge.Seconds() }))
	for name, c := range map[string]struct {
		help string
		of   func(live.Stats) uint64
	}{
		"onemap_live_connections_total":         {"Live connections since the start.", func(s live.Stats) uint64 { return s.Connected }},
		"onemap_live_connections_refused_total": {"Live connections refused for want of room.", func(s live.Stats) uint64 { return s.Refused }},
		"onemap_live_connections_slow_total":    {"Live connections closed as too slow.", func(s live.Stats) uint64 { return s.Slow }},
		"onemap_live_frames_total":              {"Frames queued for live clients.", func(s live.Stats) uint64 { return s.Frames }},
		"onemap_live_stale_tiles_total":         {"Names of stale tiles queued for live clients.", func(s live.Stats) uint64 { return s.Stale }},
		"onemap_live_events_total":              {"Events queued for live clients.", func(s live.Stats) uint64 { return s.Events }},
	} {
		reg.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: c.help}, func() float64 { return float64(c.of(hub.Stats())) }))
	}
	reg.MustRegister(layerMetrics{keeper})
	return reg
}
