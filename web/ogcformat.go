package web

import (
	"mime"
	"net/http"
	"strconv"
	"strings"

	"golang.org/x/text/language"

	"onemap/layers"
)

// What a resource of the OGC APIs can be written as.
const (
	formatJSON = "json"
	formatHTML = "html"
)

// ogcTypes are the media types that an Accept header may ask a resource for.
var ogcTypes = produces("application/json", "application/geo+json", "application/schema+json", "application/vnd.mapbox.style+json",
	"application/vnd.oai.openapi+json", "text/html")

// formatOf is the format that the caller asks for: by ?f=, which a link can
// carry, else by the Accept header, else JSON. A browser's header has text/html
// before anything else.
func formatOf(r *http.Request) (string, error) {
	if q := r.URL.Query(); q.Has("f") {
		switch f := q.Get("f"); f {
		case formatJSON, formatHTML:
			return f, nil
		default:
			return "", &layers.InputError{Field: "query.f", Value: layers.Short(f), Remedy: "json or html"}
		}
	}
	best, bestQ := formatJSON, -1.0
	for part := range strings.SplitSeq(strings.Join(r.Header.Values("Accept"), ","), ",") {
		want, params, err := mime.ParseMediaType(strings.TrimSpace(part))
		if err != nil {
			continue
		}
		q := 1.0
		if s, ok := params["q"]; ok {
			if q, err = strconv.ParseFloat(s, 64); err != nil || q <= 0 {
				continue
			}
		}
		format := formatJSON
		if want == "text/html" || want == "application/xhtml+xml" {
			format = formatHTML
		}
		if want == "*/*" {
			q -= 0.0001 // what is named goes first
		}
		if q > bestQ {
			best, bestQ = format, q
		}
	}
	return best, nil
}

// A tongue is the language of a page: zh or en.
type tongue string

const (
	chinese tongue = "zh"
	english tongue = "en"
)

var tongues = language.NewMatcher([]language.Tag{language.Chinese, language.English})

// tongueOf is the language that the caller reads; Chinese where they do not say.
func tongueOf(r *http.Request) tongue {
	tags, _, err := language.ParseAcceptLanguage(r.Header.Get("Accept-Language"))
	if err != nil || len(tags) == 0 {
		return chinese
	}
	if _, i, sure := tongues.Match(tags...); sure == language.No || i == 1 {
		return english
	}
	return chinese
}

// of picks one of two texts.
func (t tongue) of(zh, en string) string {
	if t == english {
		return en
	}
	return zh
}
