package opendata

import (
	"context"
	"encoding/json"
	"io"
	"time"

	"onemap/layers"
	"onemap/layers/access"
)

// A Dataset is a layer as the public has it.
type Dataset struct {
	Layer layers.Layer // what is served: the layer itself, or its copy
	Right access.Right // of the public
	Rule  Rule
}

// Datasets returns what the public may see now, in the order of the layer list.
func (s *Store) Datasets(ctx context.Context) ([]Dataset, error) {
	all, err := s.Layers.Layers(ctx)
	if err != nil {
		return nil, err
	}
	rules, err := s.rules(ctx)
	if err != nil {
		return nil, err
	}
	by := make(map[string]Rule, len(rules))
	for _, r := range rules {
		by[r.Layer] = r
	}
	var out []Dataset
	for _, l := range all {
		right, ok := access.Scope{}.Layer(l)
		if !ok {
			continue
		}
		name := l.Name
		if l.CopyOf != "" {
			name = l.CopyOf
		}
		out = append(out, Dataset{l, right, by[name]})
	}
	return out, nil
}

type object = map[string]any

var frequencies = map[string]string{"real_time": "UPDATE_CONT", "daily": "DAILY", "weekly": "WEEKLY", "monthly": "MONTHLY", "quarterly": "QUARTERLY", "yearly": "ANNUAL", "irregular": "IRREG"}

var downloads = []struct{ format, media string }{
	{"geojson", "application/geo+json"}, {"csv", "text/csv"}, {"gpkg", "application/geopackage+sqlite3"},
}

// WriteDCAT writes datasets as a DCAT 3 catalogue in JSON-LD. base is how the
// server is reached, without a slash at the end.

func WriteDCAT(w io.Writer, base, zh, en string, all []Dataset) error {
	datasets := []object{}
	for _, d := range all {
		at := base + "/api/v1/layers/" + d.Layer.Name
		o := object{"@id": at, "@type": "dcat:Dataset", "dct:identifier": d.Layer.Name, "dct:title": both(d.Layer.TitleZH, d.Layer.TitleEN),
			"dct:accessRights":       object{"@id": "http://publications.europa.eu/resource/authority/access-right/PUBLIC"},
			"dct:publisher":          object{"@type": "foaf:Organization", "dct:identifier": d.Layer.Owner},
			"dct:accrualPeriodicity": object{"@id": "http://publications.europa.eu/resource/authority/frequency/" + frequencies[d.Layer.UpdateCycle]}}
		if d.Rule.BuiltAt != nil && !d.Rule.AsIs {
			o["dct:modified"] = object{"@type": "xsd:dateTime", "@value": d.Rule.BuiltAt.UTC().Format(time.RFC3339)}
		}
		if d.Rule.CellM+d.Rule.SimplifyM > 0 {
			o["dcat:spatialResolutionInMeters"] = object{"@type": "xsd:decimal", "@value": d.Rule.CellM + d.Rule.SimplifyM}
		}
		var parts []object
		for _, f := range downloads {
			p := object{"@type": "dcat:Distribution", "dcat:accessURL": object{"@id": at}, "dcat:downloadURL": object{"@id": at + "/export?format=" + f.format}, "dcat:mediaType": f.media}
			if d.Rule.Licence != "" {
				p["dct:license"] = d.Rule.Licence
			}
			parts = append(parts, p)
		}
		o["dcat:distribution"] = append(parts, object{"@type": "dcat:Distribution", "dcat:accessURL": object{"@id": base + "/ogc/collections/" + d.Layer.Name}, "dcat:mediaType": "application/geo+json"})
		datasets = append(datasets, o)
	}
	return json.NewEncoder(w).Encode(object{
		"@context": object{"dcat": "http://www.w3.org/ns/dcat#", "dct": "http://purl.org/dc/terms/", "foaf": "http://xmlns.com/foaf/0.1/", "xsd": "http://www.w3.org/2001/XMLSchema#"},
		"@id":      base + "/api/v1/open/catalogue.jsonld", "@type": "dcat:Catalog", "dct:title": both(zh, en), "dct:language": []string{"zh", "en"}, "dcat:dataset": datasets,
	})
}

func both(zh, en string) []object {
	return []object{{"@language": "zh", "@value": zh}, {"@language": "en", "@value": en}}
}
