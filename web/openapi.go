package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"onemap/layers/incident"
)

// openAPI is the API's description, made while the routes are put up.
type openAPI struct {
	huma.API
	m *mount
}

func newOpenAPI(version string) *openAPI {
	if version == "" {
		version = "dev"
	}
	c := huma.DefaultConfig("onemap", version)
	c.Info.Description = apiText()
	c.Info.License = &huma.License{Name: "Apache-2.0", Identifier: "Apache-2.0"}
	// Its own routes load a viewer from elsewhere: ours are in the table.
	c.DocsPath, c.OpenAPIPath, c.SchemasPath = "", "", ""
	c.CreateHooks = nil // no $schema in answers
	c.NoFormatFallback = false
	c.RejectUnknownQueryParameters = true
	c.Components.Schemas = huma.NewMapRegistry("#/components/schemas/", schemaNames())
	// Newer GDALs look here for how large a page may be. GDAL 3.6 asks for ten
	// features at a time unless told otherwise: -oo PAGE_SIZE=10000.
	c.Components.Parameters = map[string]*huma.Param{"limit": {Name: "limit", In: "query", Description: "How many features a page holds",
		Schema: limitSchema()}}
	c.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"session": {Type: "apiKey", In: "cookie", Name: cookieName, Description: "From POST /api/v1/session"},
		"key":     {Type: "http", Scheme: "bearer", Description: "An API key: om_…"},
	}
	api := &openAPI{}
	api.API = huma.NewAPI(c, chiAdapter{})
	// The stream's and the plain routes' answers refer to it.
	api.problem()
	return api
}

// on returns the API as huma registers one route on it.
func (a *openAPI) on(m *mount) huma.API { return &openAPI{API: a.API, m: m} }

func (a *openAPI) Adapter() huma.Adapter { return chiAdapter{m: a.m} }

// DocumentOperation is called by huma for each operation it registers.
func (a *openAPI) DocumentOperation(op *huma.Operation) {
	if !a.m.hidden {
		a.describe(op)
	}
}

// describe adds an operation with the problems that it may answer with.
func (a *openAPI) describe(op *huma.Operation) {
	op.Errors = nil
	if op.Responses == nil {
		op.Responses = map[string]*huma.Response{}
	}
	op.Responses["default"] = &huma.Response{Description: "A problem (RFC 9457)", Content: map[string]*huma.MediaType{
		"application/problem+json": {Schema: a.problem()},
	}}
	types, _ := op.Metadata["types"].([]reflect.Type)
	for _, t := range types {
		a.OpenAPI().Components.Schemas.Schema(t, true, "")
	}
	more, _ := op.Metadata["also"].(map[int]string)
	for status, text := range more {
		first := op.Responses[fmt.Sprint(op.DefaultStatus)]
		op.Responses[fmt.Sprint(status)] = &huma.Response{Description: text, Content: first.Content, Headers: first.Headers}
	}
	a.OpenAPI().AddOperation(op)
}

func (a *openAPI) problem() *huma.Schema {
	return a.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[Problem](), true, "Problem")
}

// security is what an audience asks for, in OpenAPI's words.
func security(who audience) []map[string][]string {
	either := []map[string][]string{{"session": {}}, {"key": {}}}
	switch {
	case who.ignore:
		return []map[string][]string{}
	case !who.signedIn:
		return append([]map[string][]string{{}}, either...)
	}
	return either
}

// OpenAPI returns the API's description, OpenAPI 3.1 as JSON, indented. It
// needs no database.
func OpenAPI() ([]byte, error) {
	s := &Server{}
	s.Handler()
	return json.MarshalIndent(s.openapi.OpenAPI(), "", "  ")
}

func (s *Server) getOpenAPI(w http.ResponseWriter, r *http.Request) error {
	b, err := json.Marshal(s.openapi.OpenAPI())
	if err != nil {
		return fmt.Errorf("write OpenAPI: %w", err)
	}
	w.Header().Set("Content-Type", "application/openapi+json")
	_, _ = w.Write(b)
	return nil
}

// apiText is the description's introduction.
func apiText() string {
	var b strings.Builder
	b.WriteString(`One map for a city: layers with rights, vector tiles, incidents, live changes.

Coordinates are longitude and latitude in degrees, EPSG:4326, unless a parameter declares another system.
Times are RFC 3339. Every failure is application/problem+json (RFC 9457); *type* is stable, *instance* is the request's id.

Sign in with a session cookie (POST /api/v1/session) or an API key (Authorization: Bearer om_…). What a caller may see
is decided per layer; what may not be known of answers 404. The answer to a write carries the header *Onemap-Cursor*:
the place in the database's log that holds it, for /live.

The flow of a case. Who may do what, and when; GET /api/v1/flow has the same as data, with names in Chinese and English.
The command centre stands in for the acceptor, the shift leader and the dispatcher. What is not possible is refused with the
reason and what is possible instead.

| action | from | to | who | with | only where |
|---|---|---|---|---|---|
`)
	for _, t := range incident.Transitions {
		who := make([]string, len(t.By))
		for i, r := range t.By {
			who[i] = string(r)
		}
		of := ""
		switch {
		case t.Responsible:
			of = " of the responsible department"
		case t.Assigned:
			of = " whose task it is"
		}
		if t.Reporter {
			of += ", its reporter"
		}
		with := slices.Clone(t.Needs)
		if t.Opinion {
			with = append(with, "opinion")
		}
		for _, f := range t.Takes {
			with = append(with, f+"?")
		}
		var unless []string
		for _, g := range t.Guards {
			unless = append(unless, g.Name)
		}
		to := t.To
		if to == "" {
			to = "(stays)"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s%s | %s | %s |\n", t.Action, strings.Join(t.From, ", "), to, strings.Join(who, ", "), of, strings.Join(with, ", "), strings.Join(unless, ", "))
	}
	return b.String()
}

// Descriptions of plain routes.

func answers(status int, contentType, text string) func(*huma.Operation) {
	return func(op *huma.Operation) {
		if op.Responses == nil {
			op.Responses = map[string]*huma.Response{}
		}
		res := &huma.Response{Description: text}
		if contentType != "" {
			res.Content = map[string]*huma.MediaType{contentType: {Schema: &huma.Schema{}}}
			if !strings.HasSuffix(contentType, "json") {
				res.Content[contentType].Schema = &huma.Schema{Type: huma.TypeString}
				if !strings.HasPrefix(contentType, "text/") {
					res.Content[contentType].Schema.Format = "binary"
				}
			}
		}
		op.Responses[fmt.Sprint(status)] = res
	}
}

func takes(contentTypes ...string) func(*huma.Operation) {
	return func(op *huma.Operation) {
		op.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{}}
		for _, t := range contentTypes {
			op.RequestBody.Content[t] = &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}
		}
	}
}

func inPath(name, text string) func(*huma.Operation) { return param("path", name, text) }

func inQuery(name, text string) func(*huma.Operation) { return param("query", name, text) }

func param(in, name, text string, enum ...any) func(*huma.Operation) {
	return func(op *huma.Operation) {
		op.Parameters = append(op.Parameters, &huma.Param{Name: name, In: in, Required: in == "path", Description: text,
			Schema: &huma.Schema{Type: huma.TypeString, Enum: slices.Clone(enum)}})
	}
}

// answersWith describes an answer of type T.
func answersWith[T any](status int, text string) func(*huma.Operation) {
	return func(op *huma.Operation) {
		answers(status, "application/json", text)(op)
		t := reflect.TypeFor[T]()
		op.Responses[fmt.Sprint(status)].Content["application/json"].Schema = &huma.Schema{Ref: "#/components/schemas/" + huma.DefaultSchemaNamer(t, "")}
		if op.Metadata == nil {
			op.Metadata = map[string]any{}
		}
		types, _ := op.Metadata["types"].([]reflect.Type)
		op.Metadata["types"] = append(types, t)
	}
}

// also describes a second answer of the same type as the first.
func also(status int, text string) option {
	return func(m *mount) {
		if m.op.Metadata == nil {
			m.op.Metadata = map[string]any{}
		}
		m.op.Metadata["also"] = map[int]string{status: text}
	}
}

func limitSchema() *huma.Schema {
	least, most := 1.0, float64(maxFeatures)
	return &huma.Schema{Type: huma.TypeInteger, Minimum: &least, Maximum: &most, Default: defaultFeatures}
}

// limitParam is the limit of the routes that page through features.
func limitParam(op *huma.Operation) {
	op.Parameters = append(op.Parameters, &huma.Param{Ref: "#/components/parameters/limit"})
}
