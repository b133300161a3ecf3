package catalog

import (
	"encoding/json"
	"io"
	"strings"
	"time"

	"onemap/layers"
)

// DCAT (W3C, version 3) as JSON-LD. What DCAT has no word for, the customary
// core metadata have: these are terms of a namespace of our own, so that a
// catalogue is read back as it was written. Items are columns of a CSVW schema.

const (
	dcatNS = "http://www.w3.org/ns/dcat#"
	dctNS  = "http://purl.org/dc/terms/"
	foafNS = "http://xmlns.com/foaf/0.1/"
	csvwNS = "http://www.w3.org/ns/csvw#"
	xsdNS  = "http://www.w3.org/2001/XMLSchema#"
	ownNS  = "https://onemap.example/ns/catalogue#" // names nothing on the web

	frequencyNS = "http://publications.europa.eu/resource/authority/frequency/"
	rightNS     = "http://publications.europa.eu/resource/authority/access-right/"
)

// frequencies are the update cycles in the EU's authority table, which DCAT-AP names.
var frequencies = []word{{"real_time", []string{"CONT", "UPDATE_CONT"}}, {"daily", []string{"DAILY"}}, {"weekly", []string{"WEEKLY"}}, {"monthly", []string{"MONTHLY"}},
	{"quarterly", []string{"QUARTERLY"}}, {"yearly", []string{"ANNUAL"}}, {"irregular", []string{"IRREG", "UNKNOWN", "OTHER", "ANNUAL_2", "BIENNIAL"}}}

var accessRights = []word{{layers.Unconditional, []string{"PUBLIC"}}, {layers.Conditional, []string{"RESTRICTED"}}, {layers.NotShared, []string{"NON_PUBLIC"}}}

var xsdTypes = []word{{"text", []string{"string"}}, {"integer", []string{"integer"}}, {"number", []string{"decimal"}}, {"boolean", []string{"boolean"}},
	{"date", []string{"date"}}, {"time", []string{"dateTime"}}, {"binary", []string{"base64Binary"}}}

type object = map[string]any

// A DCATWriter writes a catalogue, one resource after the other.
type DCATWriter struct {
	w    io.Writer
	base string // addresses of resources begin with it
	n    int
}

// NewDCAT begins a catalogue: its title in Chinese and English, and the address
// of the server (https://…, without a slash at the end).
func NewDCAT(w io.Writer, base, zh, en string) (*DCATWriter, error) {
	head := object{
		"@context": object{"dcat": dcatNS, "dct": dctNS, "foaf": foafNS, "csvw": csvwNS, "xsd": xsdNS, "onemap": ownNS},
		"@id":      base + "/api/v1/catalogue.jsonld", "@type": "dcat:Catalog", "dct:title": inBoth(zh, en), "dct:language": []string{"zh", "en"},
	}
	b, err := json.Marshal(head)
	if err != nil {
		return nil, err
	}
	_, err = w.Write(append(b[:len(b)-1], `,"dcat:dataset":[`...))
	return &DCATWriter{w: w, base: base}, err
}

// Close ends the catalogue.
func (d *DCATWriter) Close() error {
	_, err := io.WriteString(d.w, "\n]}\n")
	return err
}

// Write adds a resource. classes are names by code.
func (d *DCATWriter) Write(r Resource, classes map[string]string) error {
	b, err := json.Marshal(d.dataset(r, classes))
	if err != nil {
		return err
	}
	lead := ",\n"
	if d.n == 0 {
		lead = "\n"
	}
	d.n++
	if _, err := io.WriteString(d.w, lead); err != nil {
		return err
	}
	_, err = d.w.Write(b)
	return err
}

func (d *DCATWriter) dataset(r Resource, classes map[string]string) object {
	at := d.base + "/api/v1/catalogue/" + r.Code
	right := say(accessRights, r.Share)
	if r.Share == layers.Unconditional && !r.Open { // to all of government, not to all
		right = "RESTRICTED"
	}
	o := object{
		"@id": at, "@type": "dcat:Dataset", "dct:identifier": r.Code, "dct:title": inBoth(r.NameZH, r.NameEN), "dcat:version": r.Version,
		"dct:accrualPeriodicity": object{"@id": frequencyNS + say(frequencies, r.UpdateCycle)}, "dct:accessRights": object{"@id": rightNS + right},
		"dct:publisher": object{"@type": "foaf:Organization", "foaf:name": inBoth(r.ProviderZH, r.ProviderEN), "dct:identifier": firstOf(r.ProviderUSCC, r.Provider)},
		"onemap:share":  r.Share, "onemap:open": r.Open, "onemap:format": r.Format, "onemap:grading": r.Grading, "onemap:knownTo": r.KnownTo,
	}
	set := func(key, value string) {
		if value != "" {
			o[key] = value
		}
	}
	if r.Abstract != "" {
		o["dct:description"] = inBoth(r.Abstract, "")
	}
	set("onemap:shareBasis", r.ShareBasis)
	set("onemap:shareHow", r.ShareHow)
	set("onemap:openBasis", r.OpenBasis)
	set("onemap:formatType", r.FormatType)
	set("onemap:areaCode", r.AreaCode)
	set("onemap:layer", r.Layer)
	if r.PublishedOn != "" {
		o["dct:issued"] = object{"@type": "xsd:date", "@value": r.PublishedOn}
	}
	if r.UpdatedAt != nil {
		o["dct:modified"] = object{"@type": "xsd:dateTime", "@value": r.UpdatedAt.UTC().Format(time.RFC3339Nano)}
	}
	if r.PeriodFrom != "" || r.PeriodTo != "" {
		p := object{"@type": "dct:PeriodOfTime"}
		if r.PeriodFrom != "" {
			p["dcat:startDate"] = object{"@type": "xsd:date", "@value": r.PeriodFrom}
		}
		if r.PeriodTo != "" {
			p["dcat:endDate"] = object{"@type": "xsd:date", "@value": r.PeriodTo}
		}
		o["dct:temporal"] = p
	}
	var themes []object
	for n := 1; n <= len(r.Class); n++ {
		if name, ok := classes[r.Class[:n]]; ok {
			themes = append(themes, object{"@id": d.base + "/api/v1/catalogue/classes#" + r.Class[:n], "@type": "http://www.w3.org/2004/02/skos/core#Concept",
				"http://www.w3.org/2004/02/skos/core#prefLabel": inBoth(name, ""), "http://www.w3.org/2004/02/skos/core#notation": r.Class[:n]})
		}
	}
	if len(themes) > 0 {
		o["dcat:theme"] = themes
	}
	var related []object
	for _, c := range r.Related {
		related = append(related, object{"@id": d.base + "/api/v1/catalogue/" + c})
	}
	if len(related) > 0 {
		o["dct:relation"] = related
	}
	var items []object
	for _, it := range r.Items {
		i := object{"@type": "csvw:Column", "csvw:name": it.Key, "csvw:title": inBoth(it.NameZH, it.NameEN), "csvw:datatype": say(xsdTypes, it.Type), "onemap:sensitivity": it.Sensitivity}
		if it.Length > 0 {
			i["csvw:maxLength"] = it.Length
		}
		if it.Description != "" {
			i["dct:description"] = it.Description
		}
		items = append(items, i)
	}
	if len(items) > 0 {
		o["csvw:tableSchema"] = object{"@type": "csvw:Schema", "csvw:column": object{"@list": items}}
	}
	if parts := d.distributions(r, at); len(parts) > 0 {
		o["dcat:distribution"] = parts
	}
	return o
}

// distributions are the ways to get at a resource. Who may is decided there.
func (d *DCATWriter) distributions(r Resource, at string) []object {
	var out []object
	if r.Layer != "" {
		layer := d.base + "/api/v1/layers/" + r.Layer
		out = append(out,
			object{"@type": "dcat:Distribution", "dcat:accessURL": object{"@id": d.base + "/ogc/collections/" + r.Layer}, "dcat:mediaType": "application/geo+json"},
			object{"@type": "dcat:Distribution", "dcat:downloadURL": object{"@id": layer + "/export?format=gpkg"}, "dcat:accessURL": object{"@id": layer}, "dcat:mediaType": "application/geopackage+sqlite3"})
	}
	if r.Address != "" {
		out = append(out, object{"@type": "dcat:Distribution", "dcat:accessURL": object{"@id": r.Address}})
	}
	for _, f := range r.Files {
		out = append(out, object{"@type": "dcat:Distribution", "dct:title": f.Name, "dcat:downloadURL": object{"@id": at + "/files/" + itoa(f.ID)}, "dcat:accessURL": object{"@id": at},
			"dcat:mediaType": f.MediaType, "dcat:byteSize": f.Bytes})
	}
	return out
}

// inBoth is a text in Chinese, and in English where there is one.
func inBoth(zh, en string) any {
	one := object{"@language": "zh", "@value": zh}
	if strings.TrimSpace(en) == "" {
		return one
	}
	return []object{one, {"@language": "en", "@value": en}}
}

func firstOf(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}
