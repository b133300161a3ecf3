package live

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	"onemap/layers"
	"onemap/layers/feed"
)

func (h *Hub) helloFrame(s feed.Status) *frame {
	hello := struct {
		Type       string     `json:"type"`
		System     string     `json:"system"` // as text: it has more digits than a JavaScript number
		Timeline   uint32     `json:"timeline"`
		LSN        string     `json:"lsn"`
		Cursor     string     `json:"cursor"`
		HeartbeatS int        `json:"heartbeat_s"`
		State      feed.State `json:"state"`
	}{Type: TypeHello, HeartbeatS: int(heartbeat.Seconds()), State: s.State}
	if c := s.Cursor; !c.IsZero() {
		hello.System, hello.Timeline, hello.Cursor = strconv.FormatUint(c.System, 10), c.Timeline, c.String()
		hello.LSN = strconv.FormatUint(c.LSN, 16)
	}
	return newFrame(TypeHello, mustJSON(hello), 1)
}

func subscribedFrame(s *subscription, from feed.Cursor) *frame {
	return newFrame(TypeSubscribed, mustJSON(struct {
		Type   string `json:"type"`
		ID     string `json:"id"`
		Layer  string `json:"layer"`
		Stream string `json:"stream"`
		Cursor string `json:"cursor"`
	}{TypeSubscribed, s.want.ID, s.want.Layer, s.group.name, from.String()}), 1)
}

func resyncMessage(id string, at feed.Cursor, reason string) []byte {
	return mustJSON(struct {
		Type   string `json:"type"`
		ID     string `json:"id,omitempty"`
		Cursor string `json:"cursor"`
		Reason string `json:"reason"`
	}{TypeResync, id, at.String(), reason})
}

func idMessage(kind, id, reason string) []byte {
	return mustJSON(struct {
		Type   string `json:"type"`
		ID     string `json:"id"`
		Reason string `json:"reason,omitempty"`
	}{kind, id, reason})
}

func heartbeatMessage(at feed.Cursor, s feed.Status) []byte {
	b := []byte(`{"type":"heartbeat","cursor":`)
	b = appendCursor(b, at)
	b = append(b, `,"state":"`...)
	b = append(b, s.State...)
	b = append(b, `","lag_s":`...)
	b = strconv.AppendFloat(b, s.Lag.Seconds(), 'f', 3, 64)
	return append(b, '}')
}

func closeMessage(code int, reason string) []byte {
	return mustJSON(struct {
		Type   string `json:"type"`
		Code   int    `json:"code"`
		Reason string `json:"reason"`
	}{TypeClose, code, reason})
}

// problem has the shape of the HTTP routes' problems (RFC 9457).
type problem struct {
	Type   string  `json:"type"`
	Title  string  `json:"title"`
	Status int     `json:"status"`
	Detail string  `json:"detail,omitempty"`
	Errors []fault `json:"errors,omitempty"`
}

type fault struct {
	Field  string `json:"field"`
	Value  string `json:"value,omitempty"`
	Remedy string `json:"remedy"`
}

// errorMessage tells what was wrong. What we did not foresee tells nothing.
func errorMessage(id string, err error) []byte {
	p := problem{Type: "about:blank", Title: http.StatusText(http.StatusInternalServerError), Status: http.StatusInternalServerError}
	var input *layers.InputError
	switch {
	case errors.As(err, &input):
		p = problem{Type: "/problems/invalid-input", Title: http.StatusText(http.StatusUnprocessableEntity), Status: http.StatusUnprocessableEntity,
			Detail: input.Error(), Errors: []fault{{input.Field, input.Value, input.Remedy}}}
	case errors.Is(err, layers.ErrNotFound):
		p = problem{Type: "/problems/not-found", Title: http.StatusText(http.StatusNotFound), Status: http.StatusNotFound,
			Errors: []fault{{Field: "layer", Remedy: "the name of a layer that you may see"}}}
	}
	return mustJSON(struct {
		Type    string  `json:"type"`
		ID      string  `json:"id,omitempty"`
		Problem problem `json:"problem"`
	}{TypeError, id, p})
}

// mustJSON is for our own structs of texts and numbers, which always have a JSON form.
func mustJSON(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}
