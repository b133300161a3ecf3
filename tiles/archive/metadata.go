package archive

import (
	"encoding/json"
	"fmt"
	"time"

	"onemap/tiles"
	"onemap/tiles/pmtiles"
)

// Metadata is an archive's JSON object: what PMTiles and MBTiles ask for, and
// where it comes from.
type Metadata struct {
	Name         string              `json:"name"`
	Description  string              `json:"description,omitempty"`
	Attribution  string              `json:"attribution,omitempty"`
	Type         string              `json:"type"`    // baselayer or overlay
	Version      string              `json:"version"` // of the content: the day it was made
	VectorLayers []tiles.VectorLayer `json:"vector_layers"`
	Onemap       *Origin             `json:"onemap,omitempty"`
}

// Whose right an archive may be made by.
const (
	RightPublic   = "public"
	RightOperator = "operator"
)

// An Origin says what an archive was made of, for whoever serves it.
type Origin struct {
	Made    time.Time     `json:"made"`
	Program string        `json:"program"`
	Right   string        `json:"right"`         // RightPublic, RightOperator or an account's login
	Cursor  string        `json:"cursor"`        // the log's place up to which it has every change
	Cut     bool          `json:"cut,omitempty"` // to a box: a tile that is missing may have content
	Layers  []OriginLayer `json:"layers"`
}

// An OriginLayer is what an archive holds of a layer.
type OriginLayer struct {
	Name    string   `json:"name"`
	Version string   `json:"version"` // of the layer's definition
	Whole   bool     `json:"whole"`   // all rows: no condition of a right or a filter
	Fields  []string `json:"fields"`
	MinZoom int      `json:"minzoom"`
	MaxZoom int      `json:"maxzoom"`
	Cursor  string   `json:"cursor"`
	// Digest is of the rows that the tiles were made of; "" where they changed
	// meanwhile, or are not whole.
	Digest string `json:"digest,omitempty"`
}

// ReadMetadata reads an archive's metadata. Onemap is nil in those of others.
func ReadMetadata(r *pmtiles.Reader) (Metadata, error) {
	b, err := r.Metadata()
	if err != nil {
		return Metadata{}, err
	}
	var m Metadata
	if err := json.Unmarshal(b, &m); err != nil {
		return Metadata{}, fmt.Errorf("%w: its metadata: %w", pmtiles.ErrFormat, err)
	}
	return m, nil
}
