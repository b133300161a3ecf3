package live

import (
	"encoding/json"
	"math"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/paulmach/orb"

	"onemap/layers"
	"onemap/layers/feed"
)

// appendEvent appends the CloudEvent head up to and with the opening of data.
func appendEvent(b []byte, kind string, e *entry, layer string, id int64) []byte {
	b = append(b, `{"specversion":"1.0","id":"`...)
	b = e.cursor.Append(b)
	b = append(b, '/')
	b = append(b, layer...)
	if id != 0 {
		b = append(b, '/')
		b = strconv.AppendInt(b, id, 10)
	}
	b = append(b, `","source":"/layers/`...)
	b = append(b, layer...)
	b = append(b, `","type":"`...)
	b = append(b, kind...)
	b = append(b, `","subject":"`...)
	b = append(b, layer...)
	if id != 0 {
		b = append(b, '/')
		b = strconv.AppendInt(b, id, 10)
	}
	b = append(b, `","time":"`...)
	b = e.at.UTC().AppendFormat(b, time.RFC3339Nano)
	b = append(b, `","datacontenttype":"application/json","cursor":"`...)
	b = e.cursor.Append(b)
	return append(b, `","data":{"layer`...)
}

// appendChanged appends the event of a feature that is shown. Where it was
// before is told of an update alone: the view showed it there.
func appendChanged(b []byte, e *entry, v *view, op string, c *seenChange) []byte {
	r := &c.new
	b = appendEvent(b, FeatureChanged, e, v.layer.Name, c.id)
	b = append(b, `":"`...)
	b = append(b, v.layer.Name...)
	b = append(b, `","id":`...)
	b = strconv.AppendInt(b, c.id, 10)
	b = append(b, `,"op":"`...)
	b = append(b, op...)
	if op == "update" && !c.old.Same(r.Row, "geom") {
		if old, ok := c.old.box(); ok {
			b = append(b, `","old_bbox":`...)
			b = appendBox(b, &old)
			b = append(b, `,"geometry":`...)
		} else {
			b = append(b, `","geometry":`...)
		}
	} else {
		b = append(b, `","geometry":`...)
	}
	b = appendGeometry(b, r.Geometry())
	b = append(b, `,"properties":{`...)
	for i := range v.fields {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '"')
		b = append(b, v.fields[i].Name...) // a column name: letters, digits, _
		b = append(b, `":`...)
		b = appendValue(b, &v.fields[i], r.Get(v.fields[i].Name))
	}
	return append(b, `}}}`...)
}

// appendGone appends the event of a feature that is no longer shown.
func appendGone(b []byte, e *entry, layer string, id int64) []byte {
	b = appendEvent(b, FeatureGone, e, layer, id)
	b = append(b, `":"`...)
	b = append(b, layer...)
	b = append(b, `","id":`...)
	b = strconv.AppendInt(b, id, 10)
	return append(b, `}}`...)
}

// appendLayerChanged appends the event of many features; box nil: anywhere.
func appendLayerChanged(b []byte, e *entry, layer string, box *orb.Bound) []byte {
	b = appendEvent(b, LayerChanged, e, layer, 0)
	b = append(b, `s":["`...)
	b = append(b, layer...)
	b = append(b, `"],"bbox":`...)
	b = appendBox(b, box)
	return append(b, `}}`...)
}

// appendBox appends a box as [west, south, east, north], rounded outwards so
// that it holds what it should; null for anywhere.
func appendBox(b []byte, box *orb.Bound) []byte {
	if box == nil {
		return append(b, `null`...)
	}
	for i, x := range [4]float64{math.Floor(box.Min[0]*1e7) / 1e7, math.Floor(box.Min[1]*1e7) / 1e7,
		math.Ceil(box.Max[0]*1e7) / 1e7, math.Ceil(box.Max[1]*1e7) / 1e7} {
		if i == 0 {
			b = append(b, '[')
		} else {
			b = append(b, ',')
		}
		b = strconv.AppendFloat(b, x, 'f', -1, 64)
	}
	return append(b, ']')
}

// appendValue appends a field's value as the feature routes show it: dates as
// YYYY-MM-DD, times as RFC 3339 in UTC.
func appendValue(b []byte, f *layers.Field, v any) []byte {
	switch v := v.(type) {
	case string:
		return appendString(b, v)
	case int64:
		return strconv.AppendInt(b, v, 10)
	case float64:
		return appendNumber(b, v)
	case bool:
		return strconv.AppendBool(b, v)
	case time.Time:
		b = append(b, '"')
		if f.Type == "date" {
			b = v.AppendFormat(b, time.DateOnly)
		} else {
			b = v.UTC().AppendFormat(b, time.RFC3339Nano)
		}
		return append(b, '"')
	case []byte: // JSON text
		if json.Valid(v) {
			return append(b, v...)
		}
	case []string:
		b = append(b, '[')
		for i, s := range v {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendString(b, s)
		}
		return append(b, ']')
	}
	return append(b, "null"...)
}

// appendNumber writes a number that came as float4 as short as it was.
func appendNumber(b []byte, v float64) []byte {
	switch {
	case math.IsNaN(v) || math.IsInf(v, 0): // JSON has no such number
		return append(b, "null"...)
	case float64(float32(v)) == v:
		return strconv.AppendFloat(b, v, 'g', -1, 32)
	}
	return strconv.AppendFloat(b, v, 'g', -1, 64)
}

// appendString appends s as a JSON string. Bytes that are no UTF-8 become U+FFFD.
func appendString(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			switch {
			case c == '"' || c == '\\':
				b = append(b, '\\', c)
			case c == '\n':
				b = append(b, '\\', 'n')
			case c < 0x20 || c == 0x7f || c == '<' || c == '>' || c == '&': // safe inside a page as well
				b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
			default:
				b = append(b, c)
			}
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			b = append(b, `\ufffd`...)
		case r == '\u2028' || r == '\u2029': // line ends in JavaScript
			b = append(b, '\\', 'u', '2', '0', '2', hex[r&15])
		default:
			b = append(b, s[i:i+n]...)
		}
		i += n
	}
	return append(b, '"')
}

// appendGeometry appends GeoJSON with seven decimals: a centimetre on the ground.
func appendGeometry(b []byte, g orb.Geometry) []byte {
	if g == nil {
		return append(b, "null"...)
	}
	b = append(b, `{"type":"`...)
	b = append(b, g.GeoJSONType()...)
	b = append(b, `","coordinates":`...)
	switch g := g.(type) {
	case orb.Point:
		b = appendPoint(b, g)
	case orb.MultiPoint:
		b = appendPoints(b, g)
	case orb.LineString:
		b = appendPoints(b, g)
	case orb.MultiLineString:
		b = appendList(b, g, appendPoints[orb.LineString])
	case orb.Polygon:
		b = appendList(b, g, appendPoints[orb.Ring])
	case orb.MultiPolygon:
		b = appendList(b, g, func(b []byte, p orb.Polygon) []byte { return appendList(b, p, appendPoints[orb.Ring]) })
	default: // collections are no layer's geometry
		b = append(b, `[]`...)
	}
	return append(b, '}')
}

func appendList[E any](b []byte, all []E, one func([]byte, E) []byte) []byte {
	b = append(b, '[')
	for i, e := range all {
		if i > 0 {
			b = append(b, ',')
		}
		b = one(b, e)
	}
	return append(b, ']')
}

func appendPoints[L ~[]orb.Point](b []byte, l L) []byte {
	return appendList(b, l, appendPoint)
}

func appendPoint(b []byte, p orb.Point) []byte {
	b = append(b, '[')
	b = appendDegrees(b, p[0])
	b = append(b, ',')
	b = appendDegrees(b, p[1])
	return append(b, ']')
}

func appendDegrees(b []byte, x float64) []byte {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return append(b, '0')
	}
	return strconv.AppendFloat(b, math.Round(x*1e7)/1e7, 'f', -1, 64)
}

// appendCursor appends a cursor as a JSON string, "" for the zero one.
func appendCursor(b []byte, c feed.Cursor) []byte {
	b = append(b, '"')
	if !c.IsZero() {
		b = c.Append(b)
	}
	return append(b, '"')
}
