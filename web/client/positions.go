package client

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"time"
)

// A Fix is where a worker on duty was.
type Fix struct {
	Place
	AccuracyM float64    `json:"accuracy_m,omitempty"` // metres
	At        *time.Time `json:"at,omitempty"`         // nil: now
}

// SetPosition says where the caller, a grid worker on duty, is.
func (c *Client) SetPosition(ctx context.Context, p Place, accuracyM float64) error {
	return c.do(ctx, http.MethodPut, "/api/v1/positions", Fix{Place: p, AccuracyM: accuracyM}, nil)
}

// KeptPositions hands in where the caller was while there was no signal. Sent
// again, they are the same positions.
func (c *Client) KeptPositions(ctx context.Context, fixes []Fix) error {
	return c.do(ctx, http.MethodPost, "/api/v1/positions", map[string]any{"positions": fixes}, nil)
}

// OffDuty takes the caller off the map.
func (c *Client) OffDuty(ctx context.Context) error {
	return c.do(ctx, http.MethodDelete, "/api/v1/positions", nil, nil)
}

// Photo uploads a photo and returns its id, to be named in a report.
func (c *Client) Photo(ctx context.Context, kind string, photo io.Reader) (id string, err error) {
	resp, err := c.sendBody(ctx, http.MethodPost, "/api/v1/photos", kind, photo)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	var out struct{ ID string }
	return out.ID, json.NewDecoder(resp.Body).Decode(&out)
}
