package web

import (
	"io/fs"
	"net/http"

	"onemap/web/live"
)

// getDocs shows the API's description in a viewer that is in the binary: it
// works in a city's network, which reaches no other.
func (s *Server) getDocs(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-cache")
	if _, err := fs.Stat(s.UI, "api-docs/swagger-ui-bundle.js"); err != nil {
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = w.Write([]byte(notBuilt))
		return nil
	}
	_, _ = w.Write([]byte(docsPage))
	return nil
}

// docsScript is a file, for the content policy lets no inline script run.
func (s *Server) docsScript(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
	w.Header().Set("Cache-Control", "no-cache")
	_, _ = w.Write([]byte(`SwaggerUIBundle({ url: '/api/openapi.json', dom_id: '#api', deepLinking: true, validatorUrl: null });` + "\n"))
	return nil
}

const docsPage = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"><link rel="icon" href="/icon.svg">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>onemap API</title>
<link rel="stylesheet" href="/api-docs/swagger-ui.css">
</head>
<body>
<div id="api"></div>
<script src="/api-docs/swagger-ui-bundle.js"></script>
<script src="/api/docs/start.js"></script>
</body>
</html>
`

// getAsyncAPI describes the live connections.
func (s *Server) getAsyncAPI(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", "application/yaml")
	w.Header().Set("Cache-Control", "no-cache")
	_, _ = w.Write(live.AsyncAPI)
	return nil
}
