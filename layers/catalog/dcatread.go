package catalog

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"onemap/layers"
)

// ReadDCAT reads a catalogue in JSON-LD: one that onemap wrote, or another's in
// the usual shapes: with prefixes of its context, whole IRIs, or DCAT's plain
// names; datasets within the catalogue, or beside it in a graph. A context on
// the web is not fetched: where a document needs one, its plain names are taken
// as DCAT's. What is no such document is a [layers.InputError].
func ReadDCAT(content []byte) ([]Entry, error) {
	bad := &layers.InputError{Field: "file", Remedy: "a catalogue in JSON-LD with dcat:Dataset in it"}
	var doc any
	if err := json.Unmarshal(content, &doc); err != nil {
		return nil, bad
	}
	l := &linked{prefixes: map[string]string{"dcat": dcatNS, "dct": dctNS, "dcterms": dctNS, "foaf": foafNS, "csvw": csvwNS, "onemap": ownNS, "xsd": xsdNS}, nodes: map[string]object{}}
	l.read(doc, 0)
	if len(l.datasets) == 0 {
		return nil, bad
	}
	out := make([]Entry, len(l.datasets))
	for i, o := range l.datasets {
		out[i] = l.entry(o)
		out[i].Line = i + 1
	}
	return out, nil
}

// linked is a document with its context.
type linked struct {
	prefixes map[string]string
	nodes    map[string]object // by @id
	datasets []object
}

// deepest is how deep a document may be nested.
const deepest = 20

// read walks through a document and notes its context, nodes and datasets.
func (l *linked) read(v any, depth int) {
	if depth > deepest {
		return
	}
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			l.read(e, depth+1)
		}
	case object:
		l.context(v["@context"])
		if id, ok := v["@id"].(string); ok && len(v) > 1 {
			if _, have := l.nodes[id]; !have {
				l.nodes[id] = v
			}
		}
		for _, t := range listed(v["@type"]) {
			if t, _ := t.(string); l.iri(t) == dcatNS+"Dataset" {
				l.datasets = append(l.datasets, v)
				return // what is within belongs to it
			}
		}
		// In the order of a document, not of a map: of keys that hold datasets there is one.
		for _, key := range []string{"@graph", "dcat:dataset", "dataset", dcatNS + "dataset"} {
			l.read(v[key], depth+1)
		}
	}
}

func (l *linked) context(v any) {
	for _, c := range listed(v) {
		m, _ := c.(object)
		for term, to := range m {
			switch to := to.(type) {
			case string:
				if !strings.HasPrefix(term, "@") {
					l.prefixes[term] = to
				}
			case object:
				if id, ok := to["@id"].(string); ok {
					l.prefixes[term] = id
				}
			}
		}
	}
}

// plain are DCAT's names without a prefix, where they are not DCAT's own.
var plain = map[string]string{"title": dctNS, "description": dctNS, "identifier": dctNS, "publisher": dctNS, "issued": dctNS, "modified": dctNS, "accrualPeriodicity": dctNS,
	"accessRights": dctNS, "temporal": dctNS, "spatial": dctNS, "relation": dctNS, "name": foafNS}

// iri is the whole name of a term.
func (l *linked) iri(term string) string {
	for range 3 { // a term may stand for one with a prefix
		if to, ok := l.prefixes[term]; ok {
			term = to
			continue
		}
		prefix, rest, ok := strings.Cut(term, ":")
		if !ok {
			break
		}
		if to, have := l.prefixes[prefix]; have && !strings.HasPrefix(rest, "//") {
			return to + rest
		}
		return term
	}
	if ns, ok := plain[term]; ok {
		return ns + term
	}
	if strings.Contains(term, ":") || strings.HasPrefix(term, "@") {
		return term
	}
	return dcatNS + term
}

// get are the values of a property, a reference followed to its node.
func (l *linked) get(o object, iri string) []any {
	for key, v := range o {
		if strings.HasPrefix(key, "@") || l.iri(key) != iri {
			continue
		}
		var out []any
		for _, e := range listed(v) {
			if m, ok := e.(object); ok {
				if list, ok := m["@list"]; ok {
					out = append(out, listed(list)...)
					continue
				}
				if id, _ := m["@id"].(string); len(m) == 1 && l.nodes[id] != nil {
					e = l.nodes[id]
				}
			}
			out = append(out, e)
		}
		return out
	}
	return nil
}

func listed(v any) []any {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		return v
	}
	return []any{v}
}

// text is the first value of a property as text: of a reference its address.
func (l *linked) text(o object, iri string) string {
	for _, v := range l.get(o, iri) {
		if t := literal(v); t != "" {
			return t
		}
		if m, ok := v.(object); ok {
			if id, _ := m["@id"].(string); id != "" {
				return id
			}
		}
	}
	return ""
}

// texts are the values of a property in Chinese, or in no language that is
// told, and in English.
func (l *linked) texts(o object, iri string) (zh, en string) {
	for _, v := range l.get(o, iri) {
		lang := ""
		if m, ok := v.(object); ok {
			lang, _ = m["@language"].(string)
		}
		if t := literal(v); strings.HasPrefix(lang, "en") {
			en = firstOf(en, t)
		} else {
			zh = firstOf(zh, t)
		}
	}
	return zh, en
}

func literal(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case bool:
		return strconv.FormatBool(v)
	case object:
		return literal(v["@value"])
	}
	return ""
}

// first is the first value of a property that is an object.
func (l *linked) first(o object, iri string) object {
	for _, v := range l.get(o, iri) {
		if m, ok := v.(object); ok {
			return m
		}
	}
	return nil
}

func (l *linked) entry(o object) Entry {
	var e Entry
	d := &e.Draft
	own := func(term string) string { return l.text(o, ownNS+term) }
	d.NameZH, d.NameEN = l.texts(o, dctNS+"title")
	if d.NameZH == "" {
		d.NameZH = d.NameEN
	}
	d.Abstract, _ = l.texts(o, dctNS+"description")
	// Another's identifier is no code of ours; such a dataset is found again by its name.
	if id := l.text(o, dctNS+"identifier"); codePattern.MatchString(id) {
		d.Code = id
	}
	if p := l.first(o, dctNS+"publisher"); p != nil {
		zh, en := l.texts(p, foafNS+"name")
		e.Provider = []string{l.text(p, dctNS+"identifier"), zh, en}
	} else {
		e.Provider = []string{l.text(o, dctNS+"publisher")}
	}
	d.Share, d.ShareBasis, d.ShareHow, d.OpenBasis = own("share"), own("shareBasis"), own("shareHow"), own("openBasis")
	d.Open = own("open") == "true"
	if d.Share == "" {
		right := l.text(o, dctNS+"accessRights")
		d.Share, _ = mean(accessRights, right[strings.LastIndexByte(right, '/')+1:])
		d.Open = d.Share == layers.Unconditional
		if d.Share == "" { // nothing said: ask its provider
			d.Share = layers.Conditional
		}
	}
	cycle := l.text(o, dctNS+"accrualPeriodicity")
	d.UpdateCycle, _ = mean(frequencies, cycle[strings.LastIndexByte(cycle, '/')+1:])
	if d.UpdateCycle == "" {
		d.UpdateCycle = "irregular"
	}
	d.Format, d.FormatType, d.Grading, d.KnownTo, d.AreaCode = own("format"), own("formatType"), own("grading"), own("knownTo"), own("areaCode")
	day := func(text string) string { return text[:min(10, len(text))] }
	d.PublishedOn = day(l.text(o, dctNS+"issued"))
	if text := l.text(o, dctNS+"modified"); text != "" {
		for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", time.DateOnly} {
			if at, err := time.Parse(layout, text); err == nil {
				d.UpdatedAt = &at
				break
			}
		}
	}
	if p := l.first(o, dctNS+"temporal"); p != nil {
		d.PeriodFrom, d.PeriodTo = day(l.text(p, dcatNS+"startDate")), day(l.text(p, dcatNS+"endDate"))
	}
	e.Classes = map[string]string{}
	for _, v := range l.get(o, dcatNS+"theme") {
		if m, ok := v.(object); ok {
			code := l.text(m, "http://www.w3.org/2004/02/skos/core#notation")
			if name, _ := l.texts(m, "http://www.w3.org/2004/02/skos/core#prefLabel"); classPattern.MatchString(code) {
				e.Classes[code] = name
			}
		}
	}
	for _, v := range l.get(o, dctNS+"relation") {
		if m, ok := v.(object); ok {
			id, _ := m["@id"].(string)
			if _, code, ok := strings.Cut(id, "/catalogue/"); ok && codePattern.MatchString(code) {
				d.Related = append(d.Related, code)
			}
		}
	}
	if own("layer") == "" {
		for _, v := range l.get(o, dcatNS+"distribution") {
			m, ok := v.(object)
			if ok && l.text(m, dcatNS+"downloadURL") == "" && d.Address == "" {
				d.Address = l.text(m, dcatNS+"accessURL")
			}
		}
	}
	d.Items, e.Err = l.items(o)
	return e
}

func (l *linked) items(o object) ([]ItemDraft, error) {
	schema := l.first(o, csvwNS+"tableSchema")
	if schema == nil {
		return nil, nil
	}
	var out []ItemDraft
	for _, v := range l.get(schema, csvwNS+"column") {
		m, ok := v.(object)
		if !ok {
			continue
		}
		it := ItemDraft{Sensitivity: l.text(m, ownNS+"sensitivity"), Description: l.text(m, dctNS+"description")}
		it.NameZH, it.NameEN = l.texts(m, csvwNS+"title")
		if it.NameZH == "" {
			it.NameZH = firstOf(it.NameEN, l.text(m, csvwNS+"name"))
		}
		it.Type, _ = mean(xsdTypes, l.text(m, csvwNS+"datatype"))
		if n := l.text(m, csvwNS+"maxLength"); n != "" {
			length, err := strconv.Atoi(n)
			if err != nil {
				return out, &layers.InputError{Field: "csvw:maxLength", Value: layers.Short(n), Remedy: "a number of characters"}
			}
			it.Length = length
		}
		out = append(out, it)
	}
	return out, nil
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }
