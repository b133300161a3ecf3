package main

import (
	"github.com/prometheus/client_golang/prometheus"

	"onemap/tiles"
)

// tileMetrics tells where tiles come from, and what those that are kept take.
type tileMetrics struct{ maker *tiles.Maker }

var (
	tilesAnswered = prometheus.NewDesc("onemap_tiles_total", "Tiles answered since the start: made from memory, from PostGIS, from an archive or from several of them (both); kept; or shared with one who asked before.", []string{"from"}, nil)
	tilesStale    = prometheus.NewDesc("onemap_tiles_stale_total", "Kept tiles that a change had made old when they were asked for.", nil, nil)
	tilesKept     = prometheus.NewDesc("onemap_tiles_kept", "Tiles that are kept.", nil, nil)
	tilesBytes    = prometheus.NewDesc("onemap_tiles_kept_bytes", "Memory that they take.", nil, nil)
)

// Describe implements [prometheus.Collector].
func (tileMetrics) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{tilesAnswered, tilesStale, tilesKept, tilesBytes} {
		ch <- d
	}
}

// Collect implements [prometheus.Collector].
func (m tileMetrics) Collect(ch chan<- prometheus.Metric) {
	s := m.maker.Stats()
	for from, n := range map[string]uint64{"memory": s.Memory, "postgis": s.PostGIS, "archive": s.Archive, "both": s.Both, "kept": s.Hits, "shared": s.Shared} {
		ch <- prometheus.MustNewConstMetric(tilesAnswered, prometheus.CounterValue, float64(n), from)
	}
	ch <- prometheus.MustNewConstMetric(tilesStale, prometheus.CounterValue, float64(s.Stale))
	ch <- prometheus.MustNewConstMetric(tilesKept, prometheus.GaugeValue, float64(s.Entries))
	ch <- prometheus.MustNewConstMetric(tilesBytes, prometheus.GaugeValue, float64(s.Bytes))
}
