package web

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-chi/cors"
)

// openRead is what all reading routes of Open311 have.
var openRead = []option{writeCORS, rate(300)}

// writeCORS lets other sites' pages read and report. No cookie is looked at
// there, so that a page can do nothing in its visitor's name.
var writeCORS option = func(m *mount) { m.cors, m.corsWrite = true, true }

var openToWriters = cors.Handler(cors.Options{
	AllowedOrigins: []string{"*"},
	AllowedMethods: []string{http.MethodGet, http.MethodHead, http.MethodPost},
	AllowedHeaders: []string{"Authorization", "Accept", "Content-Type", "Idempotency-Key"},
	ExposedHeaders: []string{"Link", "Onemap-Cursor", "X-Request-Id"},
	MaxAge:         600,
})

func openFormats(op *huma.Operation) {
	param("path", "format", "xml or json", "xml", "json")(op)
	inQuery("jurisdiction_id", "Of the city, where it has one")(op)
	inQuery("api_key", "An API key: om_…; or as a bearer token. A form may have it too")(op)
	param("query", "locale", "Language of names: Chinese unless it, or Accept-Language, says en", "zh", "en")(op)
	answers(200, "text/xml", "As GeoReport v2 has it, in either format; errors too")(op)
	op.Responses["200"].Content["application/json"] = &huma.MediaType{Schema: &huma.Schema{}}
}

func openParams(op *huma.Operation) {
	for _, p := range [][2]string{
		{"service_request_id", "Numbers, with commas between"}, {"service_code", "Codes, with commas between"},
		{"start_date", "Requested at or after it; within 90 days of end_date. Left out both: the last 90 days"}, {"end_date", "Requested at or before it"},
		{"status", "open, closed, or both with a comma between"},
		{"updated_after", "Changed after it: an extension, for those who keep a copy"}, {"updated_before", "Changed at or before it"},
		{"page", "From 1; the header Link has the next"}, {"page_size", "1 to 1000; left out: 100 with page, else 1000"},
	} {
		inQuery(p[0], p[1])(op)
	}
}
