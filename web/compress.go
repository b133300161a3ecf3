package web

import (
	"net/http"
	"strings"

	"github.com/klauspost/compress/gzhttp"
)

// compressor writes answers in zstd or gzip where the client takes it. Sockets
// and event streams are left alone: they have their own ways (web/live). So are
// tiles, which are kept compressed, and archives, which are read in ranges of
// the bytes as they lie in the file.
func compressor() func(http.Handler) http.Handler {
	wrap, err := gzhttp.NewWrapper(gzhttp.MinSize(512), gzhttp.EnableZstd(true), gzhttp.PreferZstd(true))
	if err != nil {
		panic(err) // options that contradict each other: a mistake of ours
	}
	return func(next http.Handler) http.Handler {
		wrapped := wrap(next)
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasPrefix(r.URL.Path, "/live") || isTile(r) || strings.HasPrefix(r.URL.Path, "/pmtiles/") {
				next.ServeHTTP(w, r)
				return
			}
			wrapped.ServeHTTP(w, r)
		})
	}
}
