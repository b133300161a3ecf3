package web

import (
	"context"
	"sync"
	"time"

	"onemap/geo/where"
	"onemap/layers"
	"onemap/layers/forecast"
	"onemap/tiles"
)

// ofLatest narrows a layer of counts to the audience's latest hour where no time is asked
// for. All its hours lie on top of each other: megabytes that nobody can read.
//
// Of the layer of forecasts, whose runs lie on top of each other too, those in
// force are shown where no run is named by a filter.
func (s *Server) ofLatest(ctx context.Context, f Filter, l layers.Layer, audience string, narrow where.Cond) (where.Cond, error) {
	if l.Name == forecast.LayerName && f.CQL2 == "" {
		return where.And(narrow, where.Eq{Field: "current", Value: true}), nil
	}
	if f.Datetime != "" || l.KFloor == 0 || l.TimeField == "" {
		return narrow, nil
	}
	at, err := s.latest.of(ctx, s, l, audience)
	if err != nil || at.IsZero() {
		return narrow, err
	}
	return where.And(narrow, where.Range{Field: l.TimeField, Min: at, Max: at.Add(time.Second)}), nil
}

// latests remembers the latest times of layers for as long as nothing of the
// layer changes, so that a tile that is kept needs no query.
type latests struct {
	mu sync.Mutex
	by map[latestKey]latest
}

// latestKey is a layer of counts and whose release of it: another audience may
// have seen nothing of the last hour yet, and is not told of it.
type latestKey struct{ layer, audience string }

type latest struct {
	at     time.Time
	change tiles.Change // the layer's last one when it was read
	since  time.Time    // when it was first read after that change
	sure   bool         // it was read well after
}

// settles is how long after a change it is read again: a commit may be in the
// log a moment before a query sees it.
const settles = time.Second

func (m *latests) of(ctx context.Context, s *Server, l layers.Layer, audience string) (time.Time, error) {
	change, known := s.Tiles.Changed(l.Name)
	key := latestKey{l.Name, audience}
	m.mu.Lock()
	have, ok := m.by[key]
	m.mu.Unlock()
	ok = ok && known && have.change == change
	if ok && (have.sure || time.Since(have.since) < settles) {
		return have.at, nil
	}
	at, err := s.Store.Latest(ctx, l, audience)
	if err != nil || !known {
		return at, err
	}
	next := latest{at: at, change: change, since: time.Now()}
	if ok {
		next.since, next.sure = have.since, true
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.by == nil {
		m.by = map[latestKey]latest{}
	}
	m.by[key] = next
	return at, nil
}
