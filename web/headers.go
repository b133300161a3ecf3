package web

import (
	"net/http"
	"strings"
)

// contentPolicy says what a page of ours may load: everything from here and
// nothing from elsewhere. MapLibre's worker is a file of ours or a blob; its
// sprites and the phone's photo previews are blobs and data URLs; Svelte sets
// style attributes. No page may be framed (clickjacking).
const contentPolicy = "default-src 'self'; script-src 'self'; worker-src 'self' blob:; child-src 'self' blob:; " +
	"img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; connect-src 'self'; font-src 'self' data:; " +
	"object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; manifest-src 'self'"

// securityHeaders are those that every answer carries. Tiles are no pages and go
// without what is longer than a small one of them.
func securityHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h["X-Content-Type-Options"] = noSniff
		if !isTile(r) {
			for _, p := range pageHeaders {
				h[p.name] = p.value
			}
		}
		if isHTTPS(r) {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		next.ServeHTTP(w, r)
	})
}

// isTile says whether a request is for a tile, by its address.
func isTile(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, ".mvt") }

var noSniff = []string{"nosniff"}

// pageHeaders tell a browser what a page may do. Their values are shared by all
// answers: nobody changes them in place.
var pageHeaders = []struct {
	name  string // as net/http writes it
	value []string
}{
	{"Content-Security-Policy", []string{contentPolicy}},
	{"X-Frame-Options", []string{"DENY"}},
	{"Referrer-Policy", []string{"same-origin"}},
	{"Cross-Origin-Opener-Policy", []string{"same-origin"}},
	{"Permissions-Policy", []string{"geolocation=(self), camera=(self), microphone=()"}},
}
