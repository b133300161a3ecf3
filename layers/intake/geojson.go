package intake

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/paulmach/orb/geojson"

	"onemap/geo/crs"
	"onemap/layers"
)

// geojsonChunks hands out the features of a FeatureCollection in order, a
// line each, as they are read; the keys may stand in any order. A coordinate
// system named in the file (GeoJSON of 2008) must be the declared one.
func geojsonChunks(r io.Reader, declared crs.CRS, records func(chunk, func(*record)), yield func(chunk) error) error {
	bad := func(what string) error { return &layers.InputError{Field: "file", Remedy: what} }
	br := &skipBOM{r: r}
	d := json.NewDecoder(br)
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return bad("not GeoJSON: it does not begin with {")
	}
	var (
		typ   string
		found bool
		buf   bytes.Buffer
		n     int // features before the chunk
		next  int
	)
	flush := func() error {
		if buf.Len() == 0 {
			return nil
		}
		err := yield(chunk{text: buf.String(), line: n + 1, records: records})
		buf.Reset()
		n = next
		return err
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return bad("not JSON: " + err.Error())
		}
		switch key {
		case "features":
			if t, err := d.Token(); err != nil || t != json.Delim('[') {
				return bad("features is not a list")
			}
			found = true
			for d.More() {
				var raw json.RawMessage
				if err := d.Decode(&raw); err != nil {
					return bad(fmt.Sprintf("feature %d: not JSON: %v", next+1, err))
				}
				if err := json.Compact(&buf, raw); err != nil {
					return bad(fmt.Sprintf("feature %d: not JSON: %v", next+1, err))
				}
				buf.WriteByte('\n')
				if next++; buf.Len() >= chunkSize {
					if err := flush(); err != nil {
						return err
					}
				}
			}
			if _, err := d.Token(); err != nil {
				return bad("the list of features does not end: " + err.Error())
			}
		case "type":
			if err := d.Decode(&typ); err != nil {
				return bad("type is not a text")
			}
		case "crs":
			var raw json.RawMessage
			if err := d.Decode(&raw); err != nil {
				return bad("crs: not JSON: " + err.Error())
			}
			if err := sameCRS(raw, declared); err != nil {
				return err
			}
		default:
			var skip json.RawMessage
			if err := d.Decode(&skip); err != nil {
				return bad("not JSON: " + err.Error())
			}
		}
	}
	if _, err := d.Token(); err != nil {
		return bad("it does not end: " + err.Error())
	}
	if typ != "FeatureCollection" || !found {
		return bad("not a FeatureCollection")
	}
	return flush()
}

var epsgName = regexp.MustCompile(`(?i)EPSG:{1,2}(?:[0-9.]*:)?([0-9]+)$`)

// sameCRS compares the crs member of a file with the declared system.
func sameCRS(raw json.RawMessage, declared crs.CRS) error {
	var member struct{ Properties struct{ Name string } }
	if json.Unmarshal(raw, &member) != nil || member.Properties.Name == "" {
		return nil
	}
	name := member.Properties.Name
	if strings.Contains(strings.ToUpper(name), "CRS84") {
		name = "EPSG::4326"
	}
	m := epsgName.FindStringSubmatch(name)
	if m == nil || m[1] == fmt.Sprint(declared.SRID()) {
		return nil
	}
	// GCJ-02 and BD-09 have no code, and files in them say WGS 84 for want of it.
	if declared.SRID() == 0 || declared.IsLonLat() && (m[1] == "4326" || m[1] == "4490") {
		return nil
	}
	return &layers.InputError{Field: "crs", Value: declared.String(), Remedy: "the file itself says EPSG:" + m[1]}
}

// geojsonRecords reads the features of a chunk. A property that is a text is
// taken as it is, numbers and truth values as they are written, lists and
// objects as JSON; the feature's id is the column @id.
func geojsonRecords(cols *columns) func(chunk, func(*record)) {
	return func(c chunk, yield func(*record)) {
		rec := record{values: make([]string, len(cols.names)), line: c.line}
		for line := range strings.Lines(c.text) {
			rec.raw = strings.TrimSuffix(line, "\n")
			rec.fault, rec.geom = nil, nil
			clear(rec.values)
			readFeature(&rec, cols)
			yield(&rec)
			rec.line++
		}
	}
}

func readFeature(rec *record, cols *columns) {
	var f struct {
		Type       string
		ID         json.RawMessage
		Properties map[string]json.RawMessage
		Geometry   json.RawMessage
	}
	if err := json.Unmarshal([]byte(rec.raw), &f); err != nil || f.Type != "Feature" {
		rec.fault = &Fault{Reason: "not a GeoJSON feature"}
		return
	}
	for i, name := range cols.names {
		raw := f.Properties[name]
		if name == "@id" {
			raw = f.ID
		}
		rec.values[i] = scalar(raw)
	}
	if len(f.Geometry) == 0 || string(f.Geometry) == "null" {
		return
	}
	var g geojson.Geometry
	if err := json.Unmarshal(f.Geometry, &g); err != nil {
		rec.fault = &Fault{Field: "geometry", Reason: "not a GeoJSON geometry"}
		return
	}
	rec.geom = g.Geometry()
}

func scalar(raw json.RawMessage) string {
	var s string
	switch {
	case len(raw) == 0 || string(raw) == "null":
		return ""
	case raw[0] == '"' && json.Unmarshal(raw, &s) == nil:
		return s
	}
	return string(raw)
}

// skipBOM leaves out a byte order mark at the beginning.
type skipBOM struct {
	r    io.Reader
	past bool
}

func (s *skipBOM) Read(p []byte) (int, error) {
	if s.past {
		return s.r.Read(p)
	}
	s.past = true
	var head [3]byte
	n, err := io.ReadFull(s.r, head[:])
	if n == 3 && head == [3]byte{0xef, 0xbb, 0xbf} {
		return s.r.Read(p)
	}
	s.r = io.MultiReader(bytes.NewReader(head[:n]), s.r)
	if err != nil && n == 0 {
		return 0, err
	}
	return s.r.Read(p)
}
