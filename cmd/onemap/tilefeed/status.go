package tilefeed

import (
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// Status is what a keeper holds, and why it does not hold the rest.
type Status struct {
	Budget      int64         `json:"budget"`
	LayerBudget int64         `json:"layer_budget"`
	Bytes       int64         `json:"bytes"` // of the layers, one being loaded included
	Layers      []LayerStatus `json:"layers"`
}

// LayerStatus is that of one layer.
type LayerStatus struct {
	Name   string        `json:"name"`
	State  State         `json:"state"`
	Reason Reason        `json:"reason,omitempty"` // its tiles come from PostGIS
	Why    string        `json:"why,omitempty"`    // the same for people
	Rows   int64         `json:"rows"`             // held, else as PostgreSQL estimates
	Bytes  int64         `json:"bytes"`            // held, else about what it would take
	Asked  uint64        `json:"asked"`            // parts of tiles, from memory or not, since the start
	Loads  int           `json:"loads"`
	Took   time.Duration `json:"took"` // of the last load
	Since  time.Time     `json:"since"`
}

// Status returns how the keeper is now, the layers by name.
func (k *Keeper) Status() Status {
	s := Status{Budget: k.opts.Budget, LayerBudget: k.opts.LayerBudget, Bytes: k.mem.Bytes()}
	type size struct {
		rows  int
		bytes int64
	}
	held := map[string]size{}
	for _, i := range k.mem.Layers() {
		held[i.Name] = size{i.Rows, i.Bytes}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	for name, l := range k.layers {
		one := LayerStatus{Name: name, State: l.state, Reason: l.reason, Why: l.why, Rows: int64(l.rows), Bytes: l.size, Loads: l.loads, Took: l.took, Since: l.since}
		if h, ok := held[name]; ok && l.state == Held {
			one.Rows, one.Bytes = int64(h.rows), h.bytes
		}
		if n, ok := k.asked.Load(name); ok {
			one.Asked = n.(*atomic.Uint64).Load()
		}
		s.Layers = append(s.Layers, one)
	}
	slices.SortFunc(s.Layers, func(a, b LayerStatus) int { return strings.Compare(a.Name, b.Name) })
	return s
}
