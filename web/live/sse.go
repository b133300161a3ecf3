package live

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/feed"
)

// ServeSSE serves the same stream as server-sent events until it ends; rescope
// is as in [Hub.ServeWS]. A wish that cannot be met comes as an
// "error" event.
func (h *Hub) ServeSSE(w http.ResponseWriter, r *http.Request, scope access.Scope, rescope func(context.Context) (access.Scope, error)) {
	_, staff := scope.Person()
	h.serveSSE(w, r, h.callerOf(rescope), !staff)
}

func (h *Hub) serveSSE(w http.ResponseWriter, r *http.Request, who caller, public bool) {
	header := w.Header()
	header.Set("Content-Type", "text/event-stream")
	header.Set("Cache-Control", "no-store")
	header.Set("X-Accel-Buffering", "no") // nginx would hold events back
	out := http.NewResponseController(w)
	w.WriteHeader(http.StatusOK)

	c := newClient(who)
	c.public = public
	h.connect(c)
	defer h.disconnect(c)
	wishes, err := wishesOf(r.URL.Query(), r.Header.Get("Last-Event-ID"))
	if err != nil {
		h.refuse(c, "", err)
		c.close(CloseInvalid, "the request cannot be met")
	}
	for _, m := range wishes {
		h.subscribe(r.Context(), c, m)
	}
	h.beginIDs(c)
	var b []byte
	for {
		select {
		case <-r.Context().Done():
			return
		case <-c.ready:
		}
		for {
			q, ok, code, reason := c.take()
			end := false
			switch {
			case ok:
				b = appendSSE(b[:0], q.kind, q.data, q.cursor)
			case code != 0:
				b, end = appendSSE(b[:0], TypeClose, closeMessage(code, reason), feed.Cursor{}), true
			}
			if !ok && !end {
				break
			}
			_ = out.SetWriteDeadline(time.Now().Add(writeTimeout)) // not all servers have one
			if _, err := w.Write(b); err != nil {
				return
			}
			if err := out.Flush(); err != nil || end {
				return
			}
		}
	}
}

// beginIDs gives the events of a server-sent stream ids from now on. There is
// one Last-Event-ID for all its subscriptions, so none is given before each of
// them has been answered and has replayed what it missed.
func (h *Hub) beginIDs(c *client) {
	h.mu.Lock()
	defer h.mu.Unlock()
	c.wantsIDs = true
	h.giveIDs(c)
}

// giveIDs starts the ids if it can. The hub is locked.
func (h *Hub) giveIDs(c *client) {
	if !c.wantsIDs || c.ids || h.at.IsZero() {
		return
	}
	for _, s := range c.subs {
		if s.group == nil {
			return
		}
	}
	c.ids = true
	h.push(c, h.at, newFrame(TypeHeartbeat, heartbeatMessage(h.at, h.status()), 1))
}

// appendSSE appends one event. JSON has no line ends in it.
func appendSSE(b []byte, kind string, data []byte, id feed.Cursor) []byte {
	b = append(b, "event: "...)
	b = append(b, kind...)
	if !id.IsZero() {
		b = append(b, "\nid: "...)
		b = id.Append(b)
	}
	b = append(b, "\ndata: "...)
	b = append(b, data...)
	return append(b, "\n\n"...)
}

// wishesOf reads the subscriptions of a server-sent stream: one for each layer.
func wishesOf(q url.Values, lastEventID string) ([]Subscribe, error) {
	for name := range q {
		switch name {
		case "layer", "bbox", "grids", "classes", "severity_max", "filter", "fields", "tiles", "events", "cursor":
		default:
			return nil, &layers.InputError{Field: "query." + short(name), Remedy: "one of layer, bbox, grids, classes, severity_max, filter, fields, tiles, events, cursor"}
		}
	}
	common := Subscribe{Type: TypeSubscribe, Grids: split(q.Get("grids")), Classes: split(q.Get("classes")), Filter: q.Get("filter"), Cursor: q.Get("cursor")}
	if q.Has("fields") {
		common.Fields = append([]string{}, split(q.Get("fields"))...)
	}
	if lastEventID != "" {
		common.Cursor = lastEventID
	}
	if s := q.Get("severity_max"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			return nil, &layers.InputError{Field: "query.severity_max", Value: short(s), Remedy: "1 to 4"}
		}
		common.SeverityMax = n
	}
	if s := q.Get("tiles"); s != "" {
		from, to, _ := strings.Cut(s, ",")
		a, err := strconv.Atoi(from)
		b, err2 := strconv.Atoi(to)
		if err != nil || err2 != nil {
			return nil, &layers.InputError{Field: "query.tiles", Value: short(s), Remedy: "minzoom,maxzoom"}
		}
		common.Tiles = &Tiles{a, b}
	}
	if s := q.Get("events"); s != "" {
		wanted := s == "true"
		if !wanted && s != "false" {
			return nil, &layers.InputError{Field: "query.events", Value: short(s), Remedy: "true or false"}
		}
		common.Events = &wanted
	}
	for _, s := range split(q.Get("bbox")) {
		x, err := strconv.ParseFloat(s, 64)
		if err != nil {
			return nil, &layers.InputError{Field: "query.bbox", Value: short(s), Remedy: "west,south,east,north in degrees"}
		}
		common.BBox = append(common.BBox, x)
	}
	names := split(q.Get("layer"))
	if len(names) == 0 || len(names) > maxSubs {
		return nil, &layers.InputError{Field: "query.layer", Remedy: "names of layers, separated by commas"}
	}
	var all []Subscribe
	for _, name := range names {
		m := common
		m.ID, m.Layer = name, name
		if err := m.check(); err != nil {
			return nil, err
		}
		all = append(all, m)
	}
	return all, nil
}

func split(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, ",")
}
