package web

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/forecast"
	"onemap/layers/forecast/firerisk"
)

// lookTime is for how long one entry of the audit speaks: a person who moves a
// sensitive layer's map for an hour has six, not one for each tile.
const lookTime = 10 * time.Minute

// lookedLayers are recorded as seen though they ask for no reason: forecasts of
// where something will be, and where help is far.
var lookedLayers = []string{forecast.LayerName, firerisk.LayerName, "water_gap", "response_gap"}

// looked has the audit say that the caller looks at a sensitive layer, or at
// forecasts, and why, before they see anything of it: once in [lookTime] for each person, layer
// and kind of request; a look at a single thing is a kind of its own. What was
// asked is told by the path of the first request and its box; of filters only
// the names, since what is searched for may be sensitive itself.
func (s *Server) looked(ctx context.Context, l layers.Layer) error {
	return s.lookedBy(ctx, scopeOf(ctx), l)
}

func (s *Server) lookedBy(ctx context.Context, by access.Scope, l layers.Layer) error {
	p, known := by.Person()
	if !l.AskReason && !slices.Contains(lookedLayers, l.Name) || !known || by.LacksReason(l) {
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

// lookedAt has the audit say that the caller looked at a plan in one way: once an
// hour for each person, way and plan. It comes after what they see was found, so
// that who sees nothing looked at nothing.
func (s *Server) lookedAt(ctx context.Context, action, object string, detail map[string]any) error {
	by := scopeOf(ctx)
	who, _ := by.Person()
	e := access.Entry{Action: action, Object: object, Result: access.Done, Detail: detail}
	if r := stateOf(ctx).request; r != nil {
		e.Address = clientAddress(r)
	}
	return s.looks.once(strings.Join([]string{who.Login, action, object, fmt.Sprint(detail)}, "\n"), func() error {
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
