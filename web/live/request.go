package live

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/paulmach/orb"

	"onemap/layers"
	"onemap/layers/feed"
)

// Subscribe is what a client wants of one layer.
type Subscribe struct {
	Type        string    `json:"type"`
	ID          string    `json:"id"`             // the client's name for it, 1 to 64 characters
	Layer       string    `json:"layer"`          // or several, with commas: those of one tile
	BBox        []float64 `json:"bbox,omitempty"` // west, south, east, north in degrees
	Grids       []string  `json:"grids,omitempty"`
	Classes     []string  `json:"classes,omitempty"`
	SeverityMax int       `json:"severity_max,omitempty"` // 1 to 4; 0: all
	Filter      string    `json:"filter,omitempty"`       // CQL2 text, coordinates as longitude and latitude
	Fields      []string  `json:"fields,omitempty"`       // nil: all that may be seen
	Tiles       *Tiles    `json:"tiles,omitempty"`        // nil: nothing of tiles
	Events      *bool     `json:"events,omitempty"`       // nil: true
	Cursor      string    `json:"cursor,omitempty"`       // where to go on; "": from now
}

func (m Subscribe) wantsEvents() bool { return m.Events == nil || *m.Events }

const (
	maxList   = 500 // values in one list
	maxLayers = 16  // of one subscription, as of one tile
)

// parseMessage reads a client's message. For one that cannot be used it
// returns a [layers.InputError], and the id if that can be read.
func parseMessage(b []byte) (Subscribe, error) {
	var m Subscribe
	d := json.NewDecoder(strings.NewReader(string(b)))
	d.DisallowUnknownFields()
	if err := d.Decode(&m); err != nil {
		return Subscribe{ID: shortID(m.ID)}, &layers.InputError{Field: "message", Remedy: "one JSON object: " + readable(err)}
	}
	if d.More() {
		return m, &layers.InputError{Field: "message", Remedy: "one JSON object a message"}
	}
	switch m.Type {
	case TypeUnsubscribe:
		if m.ID == "" || utf8.RuneCountInString(m.ID) > 64 {
			return Subscribe{}, &layers.InputError{Field: "id", Remedy: "1 to 64 characters"}
		}
		return m, nil
	case TypeSubscribe:
		return m, m.check()
	}
	return Subscribe{ID: shortID(m.ID)}, &layers.InputError{Field: "type", Value: short(m.Type), Remedy: "subscribe or unsubscribe"}
}

// readable is a JSON error in words that tell nothing of the server.
func readable(err error) string {
	if s, ok := strings.CutPrefix(err.Error(), "json: "); ok {
		return strings.ReplaceAll(s, "Go struct field Subscribe.", "field ")
	}
	return "it is not JSON"
}

func (m Subscribe) check() error {
	if m.ID == "" || utf8.RuneCountInString(m.ID) > 64 {
		return &layers.InputError{Field: "id", Remedy: "1 to 64 characters"}
	}
	names := strings.Split(m.Layer, ",")
	for i, name := range names {
		if name == "" || len(name) > 48 || i >= maxLayers || slices.Contains(names[:i], name) {
			return &layers.InputError{Field: "layer", Remedy: fmt.Sprintf("the name of a layer, or of up to %d with commas, each once", maxLayers)}
		}
	}
	if t := m.Tiles; t != nil && (t.MinZoom < 0 || t.MinZoom > t.MaxZoom || t.MaxZoom > maxZoom) {
		return &layers.InputError{Field: "tiles", Remedy: fmt.Sprintf("minzoom and maxzoom, from 0 to %d", maxZoom)}
	}
	if m.Tiles == nil && !m.wantsEvents() {
		return &layers.InputError{Field: "events", Remedy: "true, or name tiles: there would be nothing to tell"}
	}
	for _, l := range []struct {
		name string
		list []string
	}{{"grids", m.Grids}, {"classes", m.Classes}, {"fields", m.Fields}} {
		if len(l.list) > maxList {
			return &layers.InputError{Field: l.name, Remedy: fmt.Sprintf("at most %d", maxList)}
		}
	}
	if m.SeverityMax < 0 || m.SeverityMax > 4 {
		return &layers.InputError{Field: "severity_max", Value: fmt.Sprint(m.SeverityMax), Remedy: "1 (red only) to 4 (all)"}
	}
	if m.Cursor != "" {
		if _, err := feed.ParseCursor(m.Cursor); err != nil {
			return &layers.InputError{Field: "cursor", Value: short(m.Cursor), Remedy: "a cursor as this server gave it"}
		}
	}
	_, err := m.window()
	return err
}

// window returns the boxes of the bbox: none for everywhere, two where it
// crosses the antimeridian.
func (m Subscribe) window() ([]orb.Bound, error) {
	if m.BBox == nil {
		return nil, nil
	}
	fail := &layers.InputError{Field: "bbox", Remedy: "[west, south, east, north] in degrees"}
	if len(m.BBox) != 4 {
		return nil, fail
	}
	w, s, e, n := m.BBox[0], m.BBox[1], m.BBox[2], m.BBox[3]
	for _, x := range m.BBox {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return nil, fail
		}
	}
	if w < -180 || w > 180 || e < -180 || e > 180 || s < -90 || n > 90 || s > n {
		return nil, fail
	}
	if w > e {
		return []orb.Bound{
			{Min: orb.Point{w, s}, Max: orb.Point{180, n}},
			{Min: orb.Point{-180, s}, Max: orb.Point{e, n}},
		}, nil
	}
	return []orb.Bound{{Min: orb.Point{w, s}, Max: orb.Point{e, n}}}, nil
}

// short cuts what a client sent for showing it back.
func short(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:60]) + "…"
	}
	return s
}

func shortID(s string) string {
	if utf8.RuneCountInString(s) > 64 {
		return ""
	}
	return s
}
