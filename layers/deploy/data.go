package deploy

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"

	"github.com/paulmach/orb"
)

// Data are what a plan was made from, kept with it: the answer can be made
// again although cases and stations have changed.
type Data struct {
	Points     []Point     `json:"points" nullable:"false" doc:"Demand at the middles of squares that had 3 cases or more; squares with fewer are counted together with their neighbours"`
	Candidates []Candidate `json:"candidates" nullable:"false"`
	Areas      []Area      `json:"areas" nullable:"false"`
	Today      []int       `json:"today" nullable:"false"` // candidates that have a unit now: stations in service
	Roads      string      `json:"roads"`                  // what the network was: see roads.Graph.Print
	Notes      []Words     `json:"notes" nullable:"false"`
	Withheld   bool        `json:"points_withheld,omitempty" doc:"The caller has no right to all that was counted: points are only those that must be covered"`

	cases []int64 // counted in Points, by their numbers: who may not see them all sees no points
}

// kept is what is packed of data.
type kept struct {
	Data
	Cases []int64 `json:"cases,omitempty"`
}

// A Point is a place of demand.
type Point struct {
	Lon    float64 `json:"lon"`
	Lat    float64 `json:"lat"`
	Demand float64 `json:"demand"`
	Area   int     `json:"area"`           // in Areas; -1: in none
	Must   string  `json:"must,omitempty"` // the name of a place that must be covered
	IsMust bool    `json:"is_must,omitempty"`

	mean orb.Point // of its cases, for its area where its own place is in none; never shown
}

func (p Point) at() orb.Point { return orb.Point{p.Lon, p.Lat} }

// A Candidate is a place where a unit may stand.
type Candidate struct {
	Lon   float64 `json:"lon"`
	Lat   float64 `json:"lat"`
	Name  string  `json:"name"`
	Kind  string  `json:"kind"`            // fire_station, …, a grid's layer, point
	Place int64   `json:"place,omitempty"` // map.place.id of a station
	Fixed bool    `json:"fixed,omitempty"`
}

func (c Candidate) at() orb.Point { return orb.Point{c.Lon, c.Lat} }

// An Area is what results are shown by.
type Area struct {
	Code   string `json:"code"`
	NameZH string `json:"name_zh"`
	NameEN string `json:"name_en"`
}

// Words say something in both languages.
type Words struct {
	ZH string `json:"zh"`
	EN string `json:"en"`
}

// pack is the data as they are kept: JSON, gzip.
func (d Data) pack() ([]byte, error) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if err := json.NewEncoder(z).Encode(kept{d, d.cases}); err != nil {
		return nil, fmt.Errorf("pack the data of a plan: %w", err)
	}
	if err := z.Close(); err != nil {
		return nil, fmt.Errorf("pack the data of a plan: %w", err)
	}
	return b.Bytes(), nil
}

func unpack(b []byte) (Data, error) {
	var k kept
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err == nil {
		err = json.NewDecoder(io.LimitReader(z, 256<<20)).Decode(&k)
	}
	if err != nil {
		return Data{}, fmt.Errorf("unpack the data of a plan: %w", err)
	}
	k.Data.cases = k.Cases
	return k.Data, nil
}

// hashOf is the SHA-256 of a question and its data.
func hashOf(question, data []byte) string {
	h := sha256.New()
	h.Write(question)
	h.Write([]byte{0})
	h.Write(data)
	return hex.EncodeToString(h.Sum(nil))
}
