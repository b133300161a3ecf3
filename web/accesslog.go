package web

import (
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/go-chi/chi/v5/middleware"

	"onemap/layers/position"
)

// accessLog writes one line a request, and counts it. It writes the path and
// not the query, who called and not with what secret.
func (s *Server) accessLog(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ww := middleware.NewWrapResponseWriter(w, r.ProtoMajor)
		next.ServeHTTP(ww, r)
		st := stateOf(r.Context())
		status := ww.Status()
		if status == 0 {
			status = http.StatusOK
		}
		took := time.Since(st.began)
		s.meters.count(st.pattern, r.Method, status, took)
		level := slog.LevelInfo
		switch {
		case errors.Is(st.err, position.ErrBusy): // no fault: it is sent again
			level = slog.LevelWarn
		case st.err != nil && status >= 500:
			level = slog.LevelError
		case st.err == nil && (st.pattern == "" || status < 400 && quiet[st.pattern]):
			level = slog.LevelDebug
		}
		if !s.Log.Enabled(r.Context(), level) { // most often so for tiles, of which there are many
			return
		}
		attrs := []slog.Attr{
			slog.String("request", st.id), slog.String("method", r.Method), slog.String("path", r.URL.Path),
			slog.Int("status", status), slog.Int("bytes", ww.BytesWritten()), slog.Duration("took", took),
			slog.String("from", clientAddress(r)),
		}
		if p, ok := st.scope.Person(); ok {
			attrs = append(attrs, slog.String("login", p.Login))
		}
		if st.err != nil {
			attrs = append(attrs, slog.String("error", st.err.Error()))
		}
		s.Log.LogAttrs(r.Context(), level, "http", attrs...)
	})
}

// quiet are the routes that are asked so often that each answer is not worth a line.
var quiet = map[string]bool{tilePattern: true, "/livez": true, "/readyz": true, "/metrics": true, "/*": true}
