package base

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"

	"github.com/paulmach/osm"
)

// ofPoint is what a node is to the base library.
func ofPoint(tags osm.Tags) []row {
	if len(tags) == 0 {
		return nil
	}
	return pointRows(tags)
}

// ofLine is what an open way is, and a closed one of a line's kind.
func ofLine(tags osm.Tags) []row {
	var out []row
	if c := roadClass(tags); c != "" {
		out = append(out, roadRow(tags, c))
	}
	if c := waterwayClasses[tags.Find("waterway")]; c != "" {
		out = append(out, row{waterway, c, []any{name(tags), c, rest(tags)}})
	}
	return out
}

// ofArea is what an area is: a closed way or a multipolygon. An object may be
// several things at once: a building with an address that is a restaurant.
func ofArea(tags osm.Tags) []row {
	var out []row
	get := tags.Find
	if get("boundary") == "administrative" {
		out = append(out, boundaryRow(tags))
	}
	if c := waterClass(get); c != "" {
		out = append(out, row{water, c, []any{name(tags), c, rest(tags)}})
	} else if c := landuseClass(tags); c != "" {
		out = append(out, row{landuse, c, []any{name(tags), c, rest(tags)}})
	}
	if c := buildingClass(tags); c != "" {
		out = append(out, buildingRow(tags, c))
	}
	if len(tags) > 0 {
		out = append(out, pointRows(tags)...)
	}
	return out
}

// isLine says whether a closed way is the loop of a line (a roundabout, a
// racetrack) and not the edge of an area.
func isLine(tags osm.Tags) bool { return tags.Find("area") == "no" }

func pointRows(tags osm.Tags) []row {
	var out []row
	if c := poiClass(tags); c != "" {
		out = append(out, row{poi, c, []any{name(tags), english(tags), c, fullAddress(tags), rest(tags)}})
	}
	if n := houseNumber(tags); n != "" {
		out = append(out, row{address, "", []any{clean(tags.Find("addr:street")), n, addressPlace(tags), clean(tags.Find("addr:postcode")), name(tags), rest(tags)}})
	}
	return out
}

func landuseClass(tags osm.Tags) string {
	for _, k := range landuseKeys {
		v := tags.Find(k.key)
		if v == "" || v == "no" {
			continue
		}
		// A pedestrian way that only happens to close is a line.
		if k.key == "highway" && (v == "pedestrian" || v == "footway") && tags.Find("area") != "yes" {
			continue
		}
		// A running track is a line unless it says otherwise.
		if k.key == "leisure" && v == "track" && tags.Find("area") != "yes" {
			continue
		}
		c, listed := k.classes[v]
		if c != "" {
			return c
		}
		if !listed && k.other {
			return useOther
		}
	}
	return ""
}

func poiClass(tags osm.Tags) string {
	for _, k := range poiKeys {
		v := tags.Find(k.key)
		if v == "" || v == "no" {
			continue
		}
		c, listed := k.classes[v]
		if c != "" {
			return c
		}
		if !listed && k.other != "" && tags.Find("name") != "" {
			return k.other
		}
	}
	return ""
}

func buildingClass(tags osm.Tags) string {
	v := tags.Find("building")
	if v == "" || v == "no" {
		return ""
	}
	if c := buildingClasses[v]; c != "" {
		return c
	}
	return "building"
}

func buildingRow(tags osm.Tags, class string) row {
	var levels, height any
	if n, ok := parseLevels(tags.Find("building:levels")); ok {
		levels = n
	}
	h := tags.Find("height")
	if h == "" {
		h = tags.Find("building:height")
	}
	if m, ok := parseHeight(h); ok {
		height = float32(m)
	}
	return row{building, class, []any{name(tags), class, levels, height, fullAddress(tags), rest(tags)}}
}

// boundaryCodes are the tags that hold a division's code, the most exact first.
// In China it is the code of GB/T 2260, mapped as ref by most.
var boundaryCodes = []string{"ref:gb2260", "gb2260", "ref", "ISO3166-2", "ISO3166-1:alpha2", "ISO3166-1", "ref:INSEE", "de:amtlicher_gemeindeschluessel", "nist:fips_code"}

func boundaryRow(tags osm.Tags) row {
	var level any
	if n, err := strconv.Atoi(tags.Find("admin_level")); err == nil && n >= 0 && n <= 15 {
		level = int16(n)
	}
	code := ""
	for _, k := range boundaryCodes {
		if code = clean(tags.Find(k)); code != "" {
			break
		}
	}
	return row{boundary, "", []any{name(tags), english(tags), level, code, rest(tags)}}
}

func roadRow(tags osm.Tags, class string) row {
	var speed any
	if v, ok := parseSpeed(tags.Find("maxspeed")); ok && !math.IsInf(v, 1) {
		speed = float32(v)
	}
	layer, err := strconv.Atoi(tags.Find("layer"))
	if err != nil || layer < -20 || layer > 20 {
		layer = 0
	}
	yes := func(k string) bool { v := tags.Find(k); return v != "" && v != "no" }
	return row{road, class, []any{name(tags), english(tags), class, clean(tags.Find("ref")), onewayOf(tags) != bothWays,
		yes("bridge"), yes("tunnel"), int16(layer), speed, rest(tags)}}
}

// name is the name as people there write it, in any script; where an object
// has none, the first of its names in Chinese or English.
func name(tags osm.Tags) string {
	for _, k := range [...]string{"name", "name:zh", "name:zh-Hans", "name:en", "int_name"} {
		if v := clean(tags.Find(k)); v != "" {
			return v
		}
	}
	return ""
}

func english(tags osm.Tags) string {
	if v := clean(tags.Find("name:en")); v != "" {
		return v
	}
	return clean(tags.Find("int_name"))
}

func houseNumber(tags osm.Tags) string {
	if v := clean(tags.Find("addr:housenumber")); v != "" {
		return v
	}
	return clean(tags.Find("addr:conscriptionnumber"))
}

// addressPlace is the place an address without a street counts in, or the
// settlement of one with a street.
func addressPlace(tags osm.Tags) string {
	for _, k := range [...]string{"addr:place", "addr:hamlet", "addr:suburb", "addr:city"} {
		if v := clean(tags.Find(k)); v != "" {
			return v
		}
	}
	return ""
}

// fullAddress is addr:full, or the parts in the order of the script: large to
// small in Chinese, number first in Latin as mail in English has it.
func fullAddress(tags osm.Tags) string {
	if v := clean(tags.Find("addr:full")); v != "" {
		return v
	}
	street, number, city := clean(tags.Find("addr:street")), houseNumber(tags), clean(tags.Find("addr:city"))
	if street == "" {
		street = clean(tags.Find("addr:place"))
	}
	if street == "" && number == "" {
		return ""
	}
	if isHan(street) {
		return city + street + number
	}
	s := strings.TrimSpace(number + " " + street)
	if city != "" {
		s += ", " + city
	}
	return s
}

// isHan says whether s is written in Chinese characters.
func isHan(s string) bool {
	for _, r := range s {
		if r >= 0x4E00 && r <= 0x9FFF || r >= 0x3400 && r <= 0x4DBF {
			return true
		}
	}
	return false
}

// clean makes a tag's value fit for a text column: valid UTF-8 without NUL,
// no blanks around it, at most 1,000 bytes cut between characters.
func clean(s string) string {
	s = strings.TrimSpace(strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", ""))
	if len(s) <= 1000 {
		return s
	}
	return strings.ToValidUTF8(s[:1000], "")
}

// notKept are tags about the editing, not about the object.
var notKept = map[string]bool{"created_by": true, "source": true, "attribution": true, "note": true, "fixme": true, "FIXME": true, "odbl": true}

// rest is all that the source says of an object, as JSON, but for the name
// column's own tag and remarks of editors.
func rest(tags osm.Tags) string {
	m := make(map[string]string, len(tags))
	for _, t := range tags {
		if k := clean(t.Key); !notKept[t.Key] && t.Key != "name" && k != "" {
			m[k] = clean(t.Value)
		}
	}
	b, err := json.Marshal(m)
	if err != nil { // a map of strings always is JSON
		return "{}"
	}
	return string(b)
}
