// Package web is onemap over HTTP: the pages, the JSON API with its OpenAPI
// description, tiles, exports, OGC API Features, the live connections.
//
// Every route stands in one table ([Server.routes]) that says who may call it.
// Handlers return errors; one table (problem.go) makes statuses of them,
// answered as application/problem+json (RFC 9457). What a caller may see is
// decided by the [access.Scope] of the request, never here.
//
// Coordinates are longitude and latitude in degrees (EPSG:4326) unless a
// parameter declares another system.
package web

import (
	"io/fs"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/go-chi/httprate"
	"github.com/prometheus/client_golang/prometheus"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/accountability"
	"onemap/layers/address"
	"onemap/layers/alert"
	"onemap/layers/bridge"
	"onemap/layers/catalog"
	"onemap/layers/class"
	"onemap/layers/deploy"
	"onemap/layers/deploy/patrolplan"
	"onemap/layers/deploy/roads"
	"onemap/layers/feed"
	"onemap/layers/forecast"
	"onemap/layers/forecast/deviation"
	"onemap/layers/forecast/firerisk"
	"onemap/layers/grid"
	"onemap/layers/hazard"
	"onemap/layers/hook"
	"onemap/layers/incident"
	"onemap/layers/match"
	"onemap/layers/open311"
	"onemap/layers/opendata"
	"onemap/layers/position"
	"onemap/layers/pull"
	"onemap/layers/push"
	"onemap/layers/quality"
	"onemap/layers/search"
	"onemap/layers/sharing"
	"onemap/layers/task"
	"onemap/layers/upload"
	"onemap/tiles"
	"onemap/tiles/archive"
	"onemap/web/live"
	"onemap/web/outbound"
	"onemap/web/ui"
)

// Server is the HTTP side of onemap. Set its fields, then call Handler once.
type Server struct {
	Store      *layers.Store
	Directory  *access.Directory
	Audit      *access.Audit
	Incidents  *incident.Store
	Classes    *class.Store // nil: that of Incidents, or one of its own
	Positions  *position.Store
	Tasks      *task.Store
	Hazards    *hazard.Store
	Hooks      *hook.Store
	Grids      *grid.Drafts
	Alerts     *alert.Store
	Bridges    *bridge.Store
	Open311    *open311.Store
	Uploads    *upload.Store    // nil: no files are brought in
	Open       *opendata.Store  // nil: one of its own, which makes copies at once
	Push       *push.Store      // nil: no rows are pushed
	Pulls      *pull.Store      // nil: no sources are pulled from
	Outbound   *outbound.Client // fetches pictures that a report names; nil: they are not
	Tiles      *tiles.Maker
	Degrees    *tiles.Maker // of tiles of the plane of degrees; nil: there are none
	Search     *search.Index
	Addresses  *address.Store
	Sharing    *sharing.Store
	Scores     *accountability.Store
	Usage      *accountability.Usage // nil: calls are not counted
	Quality    *quality.Store
	Catalogue  *catalog.Store // nil: one of its own
	Matching   *match.Store
	Forecasts  *forecast.Store   // nil: there are none
	FireRisk   *firerisk.Store   // nil: one of its own
	Deviations *deviation.Store  // nil: one of its own, which looks when asked
	Stationing *deploy.Store     // nil: one of its own
	Patrols    *patrolplan.Store // nil: one of its own, on the roads of Stationing
	Hub        *live.Hub         // nil: no live connections
	// Archives of tiles that may be had as files, by name; each may give nil.
	Archives map[string]func() *archive.File
	Feed     func() feed.Status // nil: the log is not followed

	Timeout time.Duration // of one request, but for streams; 0: 30 s
	// VisitorRate is how many requests a minute the public may make from one address without a key; 0: 900.
	VisitorRate int
	BodyTime    time.Duration  // that a body may take before it must come at 4 KiB a second; 0: 30 s
	PublicURL   string         // how clients reach the server, "https://map.example"; "": as each request says
	Proxies     []netip.Prefix // reverse proxies whose X-Forwarded-For and -Proto are believed
	OIDC        *OIDC          // an identity provider; nil: none
	Log         *slog.Logger   // nil: slog's default
	Version     string
	UI          fs.FS                // the built pages; nil: those in the binary
	Metrics     *prometheus.Registry // where others' metrics are too; nil: one of its own

	meters    *meters
	openapi   *openAPI
	extents   extents
	reasons   hourly // given with requests, and recorded
	looks     hourly // at forecasts and sensitive layers, and recorded
	latest    latests
	anonymous *httprate.RateLimiter // of reports without a key
	visitors  *httprate.RateLimiter // of the public's requests
	exports   chan struct{}         // a place for each export that may run at a time
	once      sync.Once
}

// Handler returns the whole server.
func (s *Server) Handler() http.Handler {
	s.once.Do(s.defaults)
	return s.build()
}

func (s *Server) defaults() {
	if s.Timeout == 0 {
		s.Timeout = 30 * time.Second
	}
	if s.Hub != nil {
		s.Hub.Looked = s.lookedBy
	}
	if s.Log == nil {
		s.Log = slog.Default()
	}
	if s.UI == nil {
		s.UI, _ = fs.Sub(ui.Dist, "dist") // "dist" is a valid path, which is all that Sub checks
	}
	if s.Metrics == nil {
		s.Metrics = prometheus.NewRegistry()
	}
	s.PublicURL = strings.TrimRight(s.PublicURL, "/")
	s.meters = newMeters(s.Metrics)
	s.visitors = newVisitorLimiter()
	s.anonymous = httprate.NewRateLimiter(anonymousReports, time.Minute)
	if s.Classes == nil && s.Incidents != nil {
		s.Classes = s.Incidents.Classes
	}
	if s.Classes == nil {
		s.Classes = &class.Store{Layers: s.Store}
	}
	if s.Open == nil && s.Store != nil {
		s.Open = &opendata.Store{Layers: s.Store}
	}
	if s.Stationing == nil && s.Store != nil {
		s.Stationing = &deploy.Store{Layers: s.Store, Roads: &roads.Store{Layers: s.Store}}
	}
	if s.FireRisk == nil && s.Store != nil {
		s.FireRisk = &firerisk.Store{Layers: s.Store, Tasks: s.Tasks, Classes: s.Classes}
	}
	if s.Deviations == nil && s.Store != nil {
		s.Deviations = &deviation.Store{Layers: s.Store, Classes: s.Classes}
	}
	if s.Patrols == nil && s.Store != nil {
		s.Patrols = &patrolplan.Store{Layers: s.Store, Roads: s.Stationing.Roads, Turn: &s.Stationing.Turn, Tasks: s.Tasks, Forecasts: s.Forecasts}
	}
	if s.Catalogue == nil && s.Store != nil {
		s.Catalogue = &catalog.Store{Layers: s.Store}
	}
	if s.Store != nil { // without one only the description is asked for
		s.exports = make(chan struct{}, exportsAtOnce(s.Store.Connections()))
	}
}

// baseURL is how the caller reaches this server.
func (s *Server) baseURL(r *http.Request) string {
	if s.PublicURL != "" {
		return s.PublicURL
	}
	if isHTTPS(r) {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}
