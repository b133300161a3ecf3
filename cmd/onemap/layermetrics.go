package main

import (
	"github.com/prometheus/client_golang/prometheus"

	"onemap/cmd/onemap/tilefeed"
)

// layerMetrics tells which layers are in memory, and of the others why not.
type layerMetrics struct{ keeper *tilefeed.Keeper }

func describe(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("onemap_memory_"+name, help, labels, nil)
}

var (
	memoryBudget      = describe("budget_bytes", "How much of memory layers may take.")
	memoryLayerBudget = describe("layer_budget_bytes", "How much of memory one layer may take.")
	memoryBytes       = describe("bytes", "How much of memory layers take, one being loaded included.")

	layerState = describe("layer_state", "1 for the state that the layer is in: held, loading or out; reason says why it is out.", "layer", "state", "reason")
	layerRows  = describe("layer_rows", "Rows of the layer: those in memory, else about how many PostgreSQL has.", "layer")
	layerBytes = describe("layer_bytes", "What the layer takes in memory, or about what it would take.", "layer")
	layerAsked = describe("layer_asked_total", "Parts of tiles made of the layer since the start, from memory or not.", "layer")
	layerLoads = describe("layer_loads_total", "How often the layer was loaded since the start.", "layer")
	layerTook  = describe("layer_load_seconds", "How long its last load took.", "layer")
)

// Describe implements [prometheus.Collector].
func (layerMetrics) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{memoryBudget, memoryLayerBudget, memoryBytes, layerState, layerRows, layerBytes, layerAsked, layerLoads, layerTook} {
		ch <- d
	}
}

// Collect implements [prometheus.Collector].
func (m layerMetrics) Collect(ch chan<- prometheus.Metric) {
	s := m.keeper.Status()
	tell := func(d *prometheus.Desc, kind prometheus.ValueType, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, kind, v, labels...)
	}
	tell(memoryBudget, prometheus.GaugeValue, float64(s.Budget))
	tell(memoryLayerBudget, prometheus.GaugeValue, float64(s.LayerBudget))
	tell(memoryBytes, prometheus.GaugeValue, float64(s.Bytes))
	for _, l := range s.Layers {
		tell(layerState, prometheus.GaugeValue, 1, l.Name, string(l.State), string(l.Reason))
		tell(layerRows, prometheus.GaugeValue, float64(l.Rows), l.Name)
		tell(layerBytes, prometheus.GaugeValue, float64(l.Bytes), l.Name)
		tell(layerAsked, prometheus.CounterValue, float64(l.Asked), l.Name)
		tell(layerLoads, prometheus.CounterValue, float64(l.Loads), l.Name)
		tell(layerTook, prometheus.GaugeValue, l.Took.Seconds(), l.Name)
	}
}
