package main

import (
	"onemap/cmd/onemap/tilefeed"
	"onemap/layers/cluster"
)

// LayerMemory is how much memory layers may take from which tiles are made.
// Those that do not fit, or are rarely asked for, are read from PostGIS.
type LayerMemory struct {
	Memory      *byteSize `help:"How much of memory layers may take; 0 keeps none (default: a quarter of the machine's, 256MiB at least)." placeholder:"SIZE"`
	MemoryLayer *byteSize `help:"How much of it one layer may take (default: half of it)." placeholder:"SIZE"`
}

// options of the keeper of the layers.
func (m LayerMemory) options() tilefeed.Options {
	o := tilefeed.Options{Budget: max(256<<20, cluster.MemoryBytes()/4)}
	if m.Memory != nil {
		o.Budget = max(1, int64(*m.Memory)) // nothing fits into one byte
	}
	if m.MemoryLayer != nil {
		o.LayerBudget = max(1, int64(*m.MemoryLayer))
	}
	return o
}
