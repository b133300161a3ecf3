package base

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/paulmach/osm"

	"onemap/layers"
)

// A Mapping says how the features of a vector file become features of a base
// layer. It is written in YAML, with the words of the mappings of
// layers/intake where they mean the same. The zero Mapping takes attributes
// whose names are the columns' or common names for them.
type Mapping struct {
	Source      string `yaml:"source"`       // the first part of source_key; "": the file's name
	SourceLayer string `yaml:"source_layer"` // the file's layer, where it has several
	Encoding    string `yaml:"encoding"`     // of a Shapefile's attributes; "": found out
	// Key names the attribute by which a later import knows a feature again;
	// "": the feature's number in the file.
	Key    string           `yaml:"key"`
	Fields map[string]Value `yaml:"fields"` // by column of the layer
}

// A Value says how a column's value comes from a feature's attributes: one of
// Column and Const is given.
type Value struct {
	Column    string            `yaml:"column"`
	Const     *string           `yaml:"const"`
	Lookup    map[string]string `yaml:"lookup"`    // value -> value
	Otherwise *string           `yaml:"otherwise"` // where Lookup has nothing; without it the feature is rejected
	Default   *string           `yaml:"default"`   // for no value
}

// ParseMapping reads a mapping for a layer. Errors are [layers.InputError].
func ParseMapping(layer string, text []byte) (Mapping, error) {
	var m Mapping
	if err := yaml.UnmarshalWithOptions(text, &m, yaml.Strict(), yaml.DisallowUnknownField()); err != nil {
		return Mapping{}, &layers.InputError{Field: "map", Remedy: strings.TrimSpace(yaml.FormatError(err, false, true))}
	}
	t, ok := tableOf(layer)
	if !ok {
		return Mapping{}, unknownLayer(layer)
	}
	for _, name := range slices.Sorted(maps.Keys(m.Fields)) {
		v := m.Fields[name]
		if !slices.ContainsFunc(t.columns, func(c column) bool { return c.name == name && c.typ != tagsJSON }) {
			return Mapping{}, &layers.InputError{Field: "map.fields." + name, Remedy: "a column of " + layer + ": " + strings.TrimSuffix(t.columnList(), ", tags")}
		}
		if (v.Column == "") == (v.Const == nil) {
			return Mapping{}, &layers.InputError{Field: "map.fields." + name, Remedy: "one of column and const"}
		}
		if v.Otherwise != nil && v.Lookup == nil {
			return Mapping{}, &layers.InputError{Field: "map.fields." + name + ".otherwise", Remedy: "it needs lookup"}
		}
	}
	if strings.ContainsAny(m.Source, ": \t\n#") || len(m.Source) > 60 {
		return Mapping{}, &layers.InputError{Field: "map.source", Value: m.Source, Remedy: "a short name without blanks, colons and #"}
	}
	return m, nil
}

func unknownLayer(name string) error {
	var names []string
	for _, t := range tables {
		names = append(names, t.name)
	}
	return &layers.InputError{Field: "layer", Value: name, Remedy: "one of " + strings.Join(names, ", ")}
}

// commonNames are names under which a column's value is often found, beside
// its own name, in the order in which they are tried.
var commonNames = map[string][]string{
	"name":         {"mc", "名称", "fullname", "label"},
	"name_en":      {"name:en", "ename", "英文名"},
	"class":        {"fclass", "type", "kind", "类别", "类型", "highway", "building", "landuse", "natural", "waterway", "amenity"},
	"level":        {"admin_level", "adminlevel", "级别"},
	"code":         {"adcode", "gb", "pac", "代码", "行政区划代码"},
	"ref":          {"roadcode", "编号", "道路编号"},
	"oneway":       {"one_way", "单行"},
	"bridge":       {"桥梁"},
	"tunnel":       {"隧道"},
	"layer":        {"zlevel", "层次"},
	"maxspeed_kmh": {"maxspeed", "speed", "限速"},
	"levels":       {"building:levels", "floor", "floors", "storeys", "层数"},
	"height_m":     {"height", "高度"},
	"address":      {"addr", "dz", "地址"},
	"street":       {"addr:street", "street_name", "街巷", "街路巷"},
	"number":       {"addr:housenumber", "housenumber", "house_no", "门牌号", "mph"},
	"place":        {"addr:place", "community", "地片", "小区"},
	"postcode":     {"addr:postcode", "zip", "zipcode", "邮编"},
}

// defaultClass is what a feature is of which the file does not say.
var defaultClass = map[string]string{landuse: useOther, water: "water", waterway: "stream", road: "road", building: "building", poi: "marker"}

// A fault is what is wrong with one attribute.
type fault struct{ field, value, reason string }

// A converter makes rows of one layer of features' attributes.
type converter struct {
	table   table
	mapping Mapping
}

// row converts the attributes of a feature. What no column takes is kept as tags.
func (c converter) row(attributes map[string]any) (row, *fault) {
	taken := map[string]bool{}
	texts := make(map[string]string, len(attributes))
	lower := make(map[string]string, len(attributes))
	for _, k := range slices.Sorted(maps.Keys(attributes)) {
		texts[k] = asText(attributes[k])
		if l := strings.ToLower(k); lower[l] == "" {
			lower[l] = k
		}
	}
	r := row{layer: c.table.name}
	for _, col := range c.table.columns {
		if col.typ == tagsJSON {
			r.values = append(r.values, nil) // below, when it is known what was taken
			continue
		}
		s, from, f := c.text(col.name, texts, lower)
		if f != nil {
			return row{}, f
		}
		if from != "" {
			taken[from] = true
		}
		v, f := c.value(col, s, from)
		if f != nil {
			return row{}, f
		}
		if col.name == "class" {
			r.class, _ = v.(string)
		}
		r.values = append(r.values, v)
	}
	tags := osm.Tags{}
	for k, v := range texts {
		// The name of what is there, as the file has it: 道路等级=2 means nothing without.
		if v != "" && (!taken[k] || strings.ToLower(k) != "name") {
			tags = append(tags, osm.Tag{Key: k, Value: v})
		}
	}
	for i, col := range c.table.columns {
		if col.typ == tagsJSON {
			r.values[i] = rest(tags)
		}
	}
	return r, nil
}

// text is a column's value as text, and the attribute that it came from.
func (c converter) text(name string, texts, lower map[string]string) (value, from string, f *fault) {
	v, mapped := c.mapping.Fields[name]
	switch {
	case mapped && v.Const != nil:
		return *v.Const, "", nil
	case mapped:
		from = v.Column
		s, ok := texts[from]
		if !ok {
			if from, ok = lower[strings.ToLower(v.Column)], lower[strings.ToLower(v.Column)] != ""; !ok {
				s, from = "", v.Column
			} else {
				s = texts[from]
			}
		}
		value = clean(s)
		if v.Lookup != nil && value != "" {
			to, ok := v.Lookup[value]
			switch {
			case ok:
				value = to
			case v.Otherwise != nil:
				value = *v.Otherwise
			default:
				return "", from, &fault{from, value, "the mapping's lookup of " + name + " does not have it"}
			}
		}
		if value == "" && v.Default != nil {
			value = *v.Default
		}
		return value, from, nil
	}
	for _, n := range append([]string{name}, commonNames[name]...) {
		if from := lower[n]; from != "" && texts[from] != "" {
			return clean(texts[from]), from, nil
		}
	}
	return "", "", nil
}

// value gives a text the type of its column.
func (c converter) value(col column, s, from string) (any, *fault) {
	bad := func(want string) *fault { return &fault{from, s, col.name + ": " + want} }
	switch {
	case col.name == "class":
		return c.class(s, from)
	case col.typ == text:
		return s, nil
	case col.typ == boolean:
		switch strings.ToLower(s) {
		case "", "0", "no", "false", "f", "n", "b", "否":
			return false, nil
		case "1", "yes", "true", "t", "y", "ft", "是":
			return true, nil
		}
		return nil, bad("yes or no")
	case s == "" && col.name == "layer":
		return int16(0), nil
	case s == "":
		return nil, nil
	case col.name == "levels":
		if n, ok := parseLevels(s); ok {
			return n, nil
		}
		return nil, bad("a count of storeys")
	case col.name == "height_m":
		if m, ok := parseHeight(s); ok {
			return float32(m), nil
		}
		return nil, bad("a height from 0 to 1000 m")
	case col.name == "maxspeed_kmh":
		v, ok := parseSpeed(s)
		switch {
		case s == "0" || ok && math.IsInf(v, 1):
			return nil, nil
		case ok:
			return float32(v), nil
		}
		return nil, bad("a speed in km/h")
	}
	n, err := strconv.ParseFloat(s, 64)
	if err != nil || n != math.Trunc(n) || n < math.MinInt16 || n > math.MaxInt16 {
		return nil, bad("a whole number")
	}
	return int16(n), nil
}

// class checks a class against the layer's vocabulary. Where the caller named
// the class's attribute or values, an unknown class is a fault; where it was
// guessed, the feature gets the layer's most general class.
func (c converter) class(s, from string) (any, *fault) {
	general := defaultClass[c.table.name]
	if s == "" {
		return general, nil
	}
	if known, ok := c.table.class(strings.ToLower(s)); ok {
		return known, nil
	}
	if _, mapped := c.mapping.Fields["class"]; mapped {
		return nil, &fault{from, s, "class: one of " + strings.Join(Classes(c.table.name), ", ") + ": say in the mapping's lookup which"}
	}
	return general, nil
}

// class finds a class by its name, or by OSM's value that stands for it.
func (t table) class(s string) (string, bool) {
	if slices.Contains(Classes(t.name), s) {
		return s, true
	}
	var known string
	switch t.name {
	case landuse:
		for _, k := range landuseKeys {
			if known == "" {
				known = k.classes[s]
			}
		}
	case waterway:
		known = waterwayClasses[s]
	case building:
		known = buildingClasses[s]
	case road:
		known = renamed[s]
	case poi:
		for _, k := range poiKeys {
			if known == "" {
				known = k.classes[s]
			}
		}
	}
	return known, known != ""
}

// Classes lists the vocabulary of a layer's column class, sorted; nil where a
// layer has no classes. A style needs an entry for each.
func Classes(layer string) []string {
	set := map[string]bool{}
	add := func(m map[string]string) {
		for _, c := range m {
			set[c] = true
		}
	}
	switch layer {
	case landuse:
		for _, k := range landuseKeys {
			add(k.classes)
		}
		set[useOther] = true
	case water:
		for _, c := range []string{"water", "river", "canal", "lake", "pond", "reservoir", "basin", "lagoon", "dock", "pool"} {
			set[c] = true
		}
	case waterway:
		add(waterwayClasses)
	case road:
		for c := range roadClasses {
			set[c] = true
		}
	case building:
		add(buildingClasses)
		set["building"] = true
	case poi:
		for _, k := range poiKeys {
			add(k.classes)
			set[k.other] = true
		}
	}
	delete(set, "")
	return slices.Sorted(maps.Keys(set))
}

// asText is an attribute as GeoJSON has it, as text.
func asText(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return strings.TrimSpace(v)
	case json.Number:
		return v.String()
	case bool:
		return strconv.FormatBool(v)
	}
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(b)
}
