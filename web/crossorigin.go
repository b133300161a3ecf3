package web

import (
	"net/http"
	"strings"

	"github.com/go-chi/cors"
)

// sameOrigin refuses writes that another site's page makes a browser send with
// our cookie (CSRF). A call with an API key carries no cookie that counts.
func sameOrigin(next http.Handler) http.Handler {
	protection := http.NewCrossOriginProtection()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Nor does Open311: it looks at no cookie.
		if r.Header.Get("Authorization") == "" && !strings.HasPrefix(r.URL.Path, "/open311/") {
			if err := protection.Check(r); err != nil {
				fail(w, r, errCrossOrigin)
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// openToPages lets other sites' pages read maps with an API key, or what is
// public. They never get to use the visitor's cookie: credentials are not allowed.
var openToPages = cors.Handler(cors.Options{
	AllowedOrigins: []string{"*"},
	AllowedMethods: []string{http.MethodGet, http.MethodHead},
	AllowedHeaders: []string{"Authorization", "Accept", "If-Match", "If-None-Match", "Range"},
	ExposedHeaders: []string{"ETag", "Link", "Onemap-Cursor", "Onemap-Source", "Onemap-Lag", "X-Request-Id", "Accept-Ranges", "Content-Length", "Content-Range"},
	MaxAge:         600,
})
