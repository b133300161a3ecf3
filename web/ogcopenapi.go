package web

import (
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"onemap/geo/crs"
)

// What the routes of the OGC APIs have in common, and their parameters as the
// standards describe them.

// ogcRead are the options of the resources that are read.
var ogcRead = []option{openCORS, ogcTypes}

func queryParam(name, text string, schema *huma.Schema) func(*huma.Operation) {
	return func(op *huma.Operation) {
		explode := false
		op.Parameters = slices.DeleteFunc(op.Parameters, func(p *huma.Param) bool { return p.Name == name && p.In == "query" })
		op.Parameters = append(op.Parameters, &huma.Param{Name: name, In: "query", Description: text, Schema: schema, Style: "form", Explode: &explode})
	}
}

func formatParam(op *huma.Operation) {
	param("query", "f", "Left out: as the Accept header says", "json", "html")(op)
	for _, status := range []string{"200"} {
		if res := op.Responses[status]; res != nil && res.Content != nil {
			res.Content["text/html"] = &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString}}
		}
	}
}

func uriSchema() *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Format: "uri", Default: crs.CRS84}
}

func crsParam(op *huma.Operation) {
	queryParam("crs", "The coordinate system of the answer: one of those that the collection lists", uriSchema())(op)
}

// itemsDescribed are the parameters of a collection's items (17-069r4, 7.15;
// 18-058r1, 6.2; 19-079r2, 8).
func itemsDescribed(op *huma.Operation) {
	filterParams(op)
	four, six := 4, 6
	queryParam("bbox", "Two corners in the order of axes of bbox-crs; with six numbers, the third and the sixth are heights, which no layer has",
		&huma.Schema{Type: huma.TypeArray, Items: &huma.Schema{Type: huma.TypeNumber},
			OneOf: []*huma.Schema{{MinItems: &four, MaxItems: &four}, {MinItems: &six, MaxItems: &six}}})(op)
	queryParam("datetime", "An instant, or an interval a/b, a/.. or ../b: RFC 3339 times or dates; the end belongs to it", &huma.Schema{Type: huma.TypeString})(op)
	queryParam("limit", "How many features a page holds; more than the most are as the most", limitSchema())(op)
	crsParam(op)
	queryParam("bbox-crs", "The coordinate system of bbox", uriSchema())(op)
	queryParam("filter-lang", "The language of filter", &huma.Schema{Type: huma.TypeString, Enum: []any{cql2Text, cql2JSON}, Default: cql2Text})(op)
	queryParam("filter-crs", "The coordinate system of the geometries in filter", uriSchema())(op)
	propertiesParam(op)
	inQuery("after", "Features with larger ids: as the link next has it")(op)
	formatParam(op)
}

// ogcWrite are the options of the routes that write features.
var ogcWrite = []option{body(maxFeatureBody), ogcTypes}

// takesFeature describes the body of a write.
func takesFeature(contentTypes ...string) func(*huma.Operation) {
	return func(op *huma.Operation) {
		op.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{}}
		for _, t := range contentTypes {
			op.RequestBody.Content[t] = &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeObject, Properties: map[string]*huma.Schema{
				"type":       {Type: huma.TypeString, Enum: []any{"Feature"}},
				"geometry":   {Type: huma.TypeObject, Description: "A GeoJSON geometry of the layer's type"},
				"properties": {Type: huma.TypeObject, Description: "Fields of the layer; null makes a field what it is by default"},
			}}}
		}
		op.Parameters = append(op.Parameters,
			&huma.Param{Name: "Content-Crs", In: "header", Description: "The coordinate system of the geometry: <URI>, one of those that the collection lists", Schema: &huma.Schema{Type: huma.TypeString}},
			&huma.Param{Name: "Prefer", In: "header", Description: "return=minimal leaves the feature out of the answer", Schema: &huma.Schema{Type: huma.TypeString}})
	}
}

// ifMatchParam is the header that a change must have.
func ifMatchParam(op *huma.Operation) {
	op.Parameters = append(op.Parameters, &huma.Param{Name: "If-Match", In: "header", Required: true,
		Description: "The ETag of the feature as it was read: another's change meanwhile is answered with 412", Schema: &huma.Schema{Type: huma.TypeString}})
}

// collectionsParam chooses what a tile of the dataset holds (20-057, 12).
func collectionsParam(op *huma.Operation) {
	queryParam("collections", "Collections that the tiles hold, from the bottom up; left out: the base library",
		&huma.Schema{Type: huma.TypeArray, Items: &huma.Schema{Type: huma.TypeString}})(op)
}

// tileAddressParams are the parts of a tile's address (20-057, 7).
func tileAddressParams(op *huma.Operation) {
	zero := 0.0
	op.Parameters = append(op.Parameters,
		&huma.Param{Name: "tileMatrix", In: "path", Required: true, Description: "One of the scales of the tile matrix set", Schema: &huma.Schema{Type: huma.TypeString}, Example: "11"},
		&huma.Param{Name: "tileRow", In: "path", Required: true, Description: "Row, from the north", Schema: &huma.Schema{Type: huma.TypeInteger, Minimum: &zero}, Example: 827},
		&huma.Param{Name: "tileCol", In: "path", Required: true, Description: "Column, from the west", Schema: &huma.Schema{Type: huma.TypeInteger, Minimum: &zero}, Example: 1231})
}
