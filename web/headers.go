package web

import "net/http"

// contentPolicy says what a page of ours may load: everything from here and
// nothing from elsewhere. MapLibre's worker is a file of ours or a blob; its
// sprites and the phone's photo previews are blobs and data URLs; Svelte sets
// style attributes. No page may be framed (clickjacking).
const contentPolicy = "default-src 'self'; script-src 'self'; worker-src 'self' blob:; child-src 'self' blob:; " +
	"img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; connect-src 'self'; font-src 'self' data:; " +
	"object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; manifest-src 'self'"

// securityHeaders are those that every answer carries, but for tiles, which are
// no pages: see [Server.writeTile].
func securityHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h["X-Content-Type-Options"] = noSniff
		for _, p := range pageHeaders {
			h[p.name] = p.value
		}
		if isHTTPS(r) {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		next.ServeHTTP(w, r)
	})
}

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
