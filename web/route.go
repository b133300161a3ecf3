package web

import (
	"context"
	"fmt"
	"mime"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"
	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"

	"onemap/layers/access"
)

// An audience is who may call a route.
type audience struct {
	name     string // in the API's description
	ignore   bool   // credentials are not even looked at
	signedIn bool
	half     bool          // who has still to show a second factor may call it too
	portal   bool          // the public too, while open data is on
	roles    []access.Role // one of them is needed; none: any
}

var (
	// everybody: the page that lets one sign in must come up whatever cookie
	// the browser has.
	everybody = audience{name: "everybody", ignore: true}
	// anyone: the public too, but what they get is by right.
	anyone   = audience{name: "anyone, by right"}
	signedIn = audience{name: "signed in", signedIn: true}
	// whoever may still have to show a second factor: to tell them, and to let
	// them show it.
	anyoneHalf = audience{name: "anyone, by right", half: true}
	half       = audience{name: "signed in, if need be without the second factor", signedIn: true, half: true}
)

// only are the people with one of the roles.
func only(roles ...access.Role) audience {
	names := make([]string, len(roles))
	for i, r := range roles {
		names[i] = string(r)
	}
	return audience{name: strings.Join(names, ", "), signedIn: true, roles: roles}
}

// may says whether the caller is in the audience.
func (a audience) may(scope access.Scope) error {
	if !a.signedIn {
		return nil
	}
	return scope.Require(a.roles...)
}

// A route is one line of the table.
type route struct {
	method  string
	pattern string
	who     audience
	id      string // of the operation
	tag     string
	summary string
	answer  endpoint
	opts    []option
}

// An option is what is unusual about a route.
type option func(*mount)

var (
	stream   option = func(m *mount) { m.stream = true }   // no time limit
	openCORS option = func(m *mount) { m.cors = true }     // other sites' pages may read it
	loopback option = func(m *mount) { m.loopback = true } // who calls from this machine needs no sign-in
	hidden   option = func(m *mount) { m.hidden = true }   // not in the API's description
)

func body(bytes int64) option         { return func(m *mount) { m.body = bytes } }
func rate(perMinute int) option       { return func(m *mount) { m.rate = perMinute } }
func produces(types ...string) option { return func(m *mount) { m.produces = types } }
func created() option                 { return func(m *mount) { m.op.DefaultStatus = http.StatusCreated } }
func accepted() option                { return func(m *mount) { m.op.DefaultStatus = http.StatusAccepted } }

// maxBody is how large a body may be where the route says nothing else.
const maxBody = 64 << 10

// mount is one route being put on the router.
type mount struct {
	s   *Server
	r   chi.Router
	api *openAPI
	who audience
	op  huma.Operation

	stream, cors, loopback, hidden bool
	corsWrite                      bool // pages may write, too
	body                           int64
	rate                           int
	produces                       []string
}

// An endpoint puts a handler on the router and into the API's description.
type endpoint func(m *mount)

// call is an endpoint of the JSON API: huma reads and checks I, and writes O.
func call[I, O any](f func(context.Context, *I) (*O, error)) endpoint {
	return func(m *mount) {
		// huma describes the parameters of an embedded struct without a capital, and then reads none of them.
		for _, field := range reflect.VisibleFields(reflect.TypeFor[I]()) {
			if field.Anonymous && !field.IsExported() {
				panic(fmt.Sprintf("%s %s: the input embeds %s, whose parameters would stay empty: write them out", m.op.Method, m.op.Path, field.Name))
			}
		}
		if m.produces == nil {
			m.produces = []string{"application/json"}
		}
		huma.Register(m.api.on(m), m.op, func(ctx context.Context, in *I) (*O, error) {
			out, err := f(ctx, in)
			if err != nil {
				return nil, answer(ctx, err)
			}
			return out, nil
		})
	}
}

// plain is an endpoint that writes its own answer. describe fills in what its
// types cannot say.
func plain(f func(http.ResponseWriter, *http.Request) error, describe ...func(*huma.Operation)) endpoint {
	return func(m *mount) {
		for _, d := range describe {
			d(&m.op)
		}
		if !m.hidden {
			m.api.describe(&m.op)
		}
		m.handle(m.op.Method, m.op.Path, func(w http.ResponseWriter, r *http.Request) {
			if err := f(w, r); err != nil {
				fail(w, r, err)
			}
		})
	}
}

// put puts all routes on r.
func (s *Server) put(r chi.Router, api *openAPI, routes []route) {
	for _, rt := range routes {
		m := &mount{s: s, r: r, api: api, who: rt.who, body: maxBody, op: huma.Operation{
			OperationID: rt.id, Method: rt.method, Path: rt.pattern, Tags: []string{rt.tag}, Summary: rt.summary,
			Extensions: map[string]any{"x-onemap-who": rt.who.name}, Security: security(rt.who), RejectUnknownQueryParameters: true,
		}}
		for _, o := range rt.opts {
			o(m)
		}
		m.op.MaxBodyBytes = m.body
		rt.answer(m)
	}
}

// handle puts the handler on the router, behind what its route asks for.
func (m *mount) handle(method, pattern string, h http.HandlerFunc) {
	var guards chi.Middlewares
	if m.cors {
		open := openToPages
		if m.corsWrite {
			open = openToWriters
		}
		guards = append(guards, open)
		m.r.With(open).Options(pattern, func(http.ResponseWriter, *http.Request) {})
	}
	if !m.stream {
		guards = append(guards, limitTime(m.s.Timeout))
	}
	guards = append(guards, limitPace(m.s.BodyTime), m.guard(pattern))
	if m.rate > 0 {
		// After the guard: who may not call does not use up the calls of those
		// who may, at the same address.
		guards = append(guards, limitRate(m.rate))
	}
	guards = append(guards, limitBody(m.body))
	m.r.With(guards...).Method(method, pattern, h)
}

// guard lets the route's audience pass, and answers that can be written.
func (m *mount) guard(pattern string) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			stateOf(r.Context()).pattern = pattern
			if !m.who.ignore {
				err := m.s.credentials(w, r, m.who.half)
				if err == nil && !(m.loopback && isLoopback(r)) {
					err = m.who.may(scopeOf(r.Context()))
				}
				if err == nil && m.who.portal {
					err = m.s.visit(w, r)
				}
				if err == nil {
					err = m.keyMay(scopeOf(r.Context()), r)
				}
				if err != nil {
					fail(w, r, err)
					return
				}
			}
			if len(m.produces) > 0 && !accepts(r.Header.Values("Accept"), m.produces) {
				fail(w, r, fmt.Errorf("%w: %s", errNotAcceptable, strings.Join(m.produces, ", ")))
				return
			}
			// What is by right is not for shared caches, and not to be shown
			// again after signing out.
			if !m.who.ignore {
				w.Header().Set("Cache-Control", "private, no-cache")
				w.Header().Add("Vary", "Cookie, Authorization")
			}
			next.ServeHTTP(w, r)
		})
	}
}

// accepts says whether an Accept header (RFC 9110, 12.5.1) takes one of the
// types; none takes all. Problems are sent whatever it says.
func accepts(header []string, types []string) bool {
	all := strings.Join(header, ",")
	if strings.TrimSpace(all) == "" {
		return true
	}
	for part := range strings.SplitSeq(all, ",") {
		want, params, err := mime.ParseMediaType(strings.TrimSpace(part))
		if err != nil || params["q"] == "0" {
			continue
		}
		major, minor, _ := strings.Cut(want, "/")
		if slices.ContainsFunc(types, func(t string) bool {
			have, _, _ := strings.Cut(t, ";")
			a, b, _ := strings.Cut(have, "/")
			return (major == "*" || major == a) && (minor == "*" || minor == b)
		}) {
			return true
		}
	}
	return false
}

// build puts everything together, outermost first.
func (s *Server) build() http.Handler {
	mux := chi.NewMux()
	var r chi.Router = mux
	r.Use(withState, s.behindProxy, s.accessLog, recoverer, securityHeaders, compressor(), sameOrigin, middleware.GetHead)
	r.NotFound(func(w http.ResponseWriter, r *http.Request) { fail(w, r, errNoRoute) })
	r.MethodNotAllowed(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Allow", strings.Join(allowed(mux, r.URL.Path), ", "))
		fail(w, r, fmt.Errorf("%w: it takes %s", errMethod, w.Header().Get("Allow")))
	})
	s.openapi = newOpenAPI(s.Version)
	s.put(r, s.openapi, s.routes())
	return r
}

// allowed returns the methods that an address takes (RFC 9110, 15.5.6); where
// it takes GET, it takes HEAD too.
func allowed(mux *chi.Mux, path string) []string {
	var methods []string
	for _, m := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} {
		ask := m
		if m == "HEAD" {
			ask = "GET"
		}
		if mux.Match(chi.NewRouteContext(), ask, path) {
			methods = append(methods, m)
		}
	}
	return methods
}

// chiAdapter gives huma's operations to the route's mount.
type chiAdapter struct {
	huma.Adapter
	m *mount
}

func (a chiAdapter) Handle(op *huma.Operation, h func(huma.Context)) {
	a.m.handle(op.Method, op.Path, func(w http.ResponseWriter, r *http.Request) { h(humachi.NewContext(op, r, w)) })
}
