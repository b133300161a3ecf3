package client

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// An Event is one message of the live stream; see the server's AsyncAPI.
type Event struct {
	Type   string          // hello, subscribed, events, resync, heartbeat, error, close
	Cursor string          // the place in the log that the stream has reached; "" if not said
	Data   json.RawMessage // the whole message
}

// A Change is one feature's event inside an "events" message.
type Change struct {
	Type string `json:"type"` // onemap.feature.changed, onemap.feature.gone, onemap.layer.changed
	Data struct {
		Layer      string         `json:"layer"`
		ID         int64          `json:"id"`
		Op         string         `json:"op"`
		Properties map[string]any `json:"properties"`
	} `json:"data"`
}

// Changes returns what an "events" message holds; nil for any other.
func (e Event) Changes() ([]Change, error) {
	if e.Type != "events" {
		return nil, nil
	}
	var m struct{ Events []Change }
	err := json.Unmarshal(e.Data, &m)
	return m.Events, err
}

// Live follows the changes of a layer until handle returns an error, the
// server ends the stream, or ctx ends. With the cursor of an earlier stream it
// goes on after it. It returns the last cursor to go on from.
func (c *Client) Live(ctx context.Context, layer, cursor string, filter url.Values, handle func(Event) error) (string, error) {
	q := url.Values{"layer": {layer}}
	for k, v := range filter {
		q[k] = v
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(c.URL, "/")+"/live/sse?"+q.Encode(), nil)
	if err != nil {
		return cursor, err
	}
	req.Header.Set("Accept", "text/event-stream")
	if cursor != "" {
		req.Header.Set("Last-Event-ID", cursor)
	}
	c.sign(req)
	client := *c.http()
	client.Timeout = 0 // the stream ends with ctx
	resp, err := client.Do(req)
	if err != nil {
		return cursor, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return cursor, fmt.Errorf("live: %w", problemOf(resp))
	}
	in := bufio.NewReader(resp.Body)
	var e Event
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF // the server says close before it ends
			}
			return cursor, err
		}
		switch name, value, _ := strings.Cut(strings.TrimRight(line, "\r\n"), ": "); name {
		case "event":
			e.Type = value
		case "id":
			e.Cursor = value
		case "data":
			e.Data = json.RawMessage(value)
		case "":
			if e.Type == "" {
				continue
			}
			if err := handle(e); err != nil {
				return cursor, err
			}
			// What was handled need not come again.
			if e.Cursor != "" {
				cursor = e.Cursor
			}
			if e.Type == "close" {
				return cursor, fmt.Errorf("live: the server ended the stream: %s", e.Data)
			}
			e = Event{}
		}
	}
}
