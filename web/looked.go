package web

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/forecast"
)

// lookTime is for how long one entry of the audit speaks: a person who moves a
// sensitive layer's map for an hour has six, not one for each tile.
const lookTime = 10 * time.Minute

// looked has the audit say that the caller looks at a sensitive layer, or at
// forecasts, and
// why, before they see anything of it: once in [lookTime] for each person, layer
// and kind of request; a look at a single thing is a kind of its own. What was
// asked is told by the path of the first request and its box; of filters only
// the names, since what is searched for may be sensitive itself.
func (s *Server) looked(ctx context.Context, l layers.Layer) error {
	return s.lookedBy(ctx, scopeOf(ctx), l)
}

func (s *Server) lookedBy(ctx context.Context, by access.Scope, l layers.Layer) error {
	p, known := by.Person()
	if !l.AskReason && l.Name != forecast.LayerName || !known || by.LacksReason(l) {
		return nil
	}
	st := stateOf(ctx)
	e := access.Entry{Action: "layer.look", Object: "layer/" + l.Name, Result: access.Done, Reason: by.ReasonFor(l.Name)}
	kind := ""
	if r := st.request; r != nil {
		e.Address = clientAddress(r)
		e.Detail = map[string]any{"asked": layers.Short(r.URL.Path)}
		q := r.URL.Query()
		if box := q.Get("bbox"); box != "" {
			e.Detail["bbox"] = layers.Short(box)
		}
		if len(q) > 0 {
			e.Detail["by"] = slices.Sorted(maps.Keys(q))
		}
		kind = r.URL.Path
		if c := chi.RouteContext(ctx); c != nil && c.RoutePattern() != "" && (isTile(r) || !single(c)) {
			kind = c.RoutePattern()
		}
	}
	return s.looks.onceIn(lookTime, strings.Join([]string{p.Login, l.Name, kind, e.Reason}, "\n"), func() error {
		return s.Audit.Record(ctx, by, e)
	})
}

// single says whether a route names one thing of a layer.
func single(c *chi.Context) bool {
	for _, key := range c.URLParams.Keys {
		if key != "layer" && key != "layers" && key != "collection" && key != "collectionId" && key != "*" {
			return true
		}
	}
	return false
}
