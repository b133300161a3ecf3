package web

import (
	"sync"
	"time"
)

// hourly does things once an hour each. Its zero value is ready.
type hourly struct {
	mu   sync.Mutex
	done map[string]time.Time
}

// hourlyMost bounds what it remembers: with more, some things are done again.
const hourlyMost = 10_000

// once does a thing unless it was done within the hour. It may be done twice
// where two ask at once; it counts as done when it has succeeded.
func (h *hourly) once(name string, do func() error) error { return h.onceIn(time.Hour, name, do) }

// onceIn is once, within another time.
func (h *hourly) onceIn(within time.Duration, name string, do func() error) error {
	h.mu.Lock()
	last, ok := h.done[name]
	h.mu.Unlock()
	if ok && time.Since(last) < within {
		return nil
	}
	if err := do(); err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.done == nil || len(h.done) >= hourlyMost {
		h.done = map[string]time.Time{}
	}
	h.done[name] = time.Now()
	return nil
}
