package web

import (
	"errors"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"
)

// page answers with one of the built pages.
func (s *Server) page(name string) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		b, err := fs.ReadFile(s.UI, name)
		if errors.Is(err, fs.ErrNotExist) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			w.Header().Set("Cache-Control", "no-store")
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = w.Write([]byte(notBuilt))
			return nil
		}
		if err != nil {
			return err
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Cache-Control", "no-cache")
		_, _ = w.Write(b)
		return nil
	}
}

const notBuilt = `<!doctype html><html lang="en"><meta charset="utf-8"><title>onemap</title>
<h1>The pages are not built</h1>
<p>This onemap was built without its pages. Run <code>make build</code> and start it again; the API works meanwhile:
<a href="/api/openapi.json">/api/openapi.json</a>.</p>
<p lang="zh">页面尚未构建：请运行 <code>make build</code> 后重新启动。</p></html>
`

// asset answers with a built file. Those that bear a hash of their content in
// their name never change.
func (s *Server) asset(w http.ResponseWriter, r *http.Request) error {
	name := strings.TrimPrefix(path.Clean("/"+r.URL.Path), "/")
	if name == "" || !fs.ValidPath(name) || strings.HasSuffix(name, ".html") || name == "placeholder.txt" {
		return errNoRoute
	}
	content, err := fs.ReadFile(s.UI, name)
	if err != nil { // a folder, too
		return errNoRoute
	}
	if strings.HasPrefix(name, "assets/") {
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	} else {
		w.Header().Set("Cache-Control", "no-cache")
	}
	if strings.HasSuffix(name, ".webmanifest") {
		w.Header().Set("Content-Type", "application/manifest+json")
	}
	http.ServeContent(w, r, name, time.Time{}, strings.NewReader(string(content)))
	return nil
}
