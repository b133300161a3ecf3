package client

import (
	"context"
	"encoding/json"
	"net/url"

	"github.com/paulmach/orb/geojson"
)

// Features reads a page of a layer's features by the API's filter parameters.
func (c *Client) Features(ctx context.Context, layer string, filter url.Values) (*geojson.FeatureCollection, error) {
	var raw json.RawMessage
	if err := c.Get(ctx, "/api/v1/layers/"+url.PathEscape(layer)+"/features", filter, &raw); err != nil {
		return nil, err
	}
	return geojson.UnmarshalFeatureCollection(raw)
}

// A Class is a class of components or matters.
type Class struct {
	Standard string `json:"standard"`
	Kind     string `json:"kind"`
	Code     string `json:"code"`
	NameZH   string `json:"name_zh"`
	Severity int    `json:"severity"`
}

// Classes reads the classes of a kind: component or matter.
func (c *Client) Classes(ctx context.Context, kind string) ([]Class, error) {
	var out struct{ Classes []Class }
	err := c.Get(ctx, "/api/v1/classes", url.Values{"kind": {kind}, "limit": {"1000"}}, &out)
	return out.Classes, err
}
