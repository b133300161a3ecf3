package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/paulmach/orb"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/deploy"
	"onemap/layers/edit"
	"onemap/layers/forecast"
	"onemap/layers/position"
	"onemap/tiles"
)

// Errors of HTTP itself.
var (
	errNoRoute       = errors.New("there is nothing at this address")
	errMethod        = errors.New("this address does not take that method")
	errNotAcceptable = errors.New("the answer has none of the types that the Accept header asks for")
	errMediaType     = errors.New("the body has another type than this address takes")
	errTooLarge      = errors.New("the body is too large")
	errPrecondition  = errors.New("say which state of it you saw: send the ETag that you read in If-Match")
	errBadRequest    = errors.New("the request cannot be read")
	errTooMany       = errors.New("too many requests")
	errCrossOrigin   = errors.New("the request comes from another site's page")
	errUnavailable   = errors.New("not available now")
	errSlowBody      = errors.New("the body took too long to arrive")
)

// problems gives each error its one HTTP answer. Nothing else in the program
// turns an error into a status. A more special error stands above a more
// general one.
var problems = []struct {
	err    error
	status int
	typ    string // stable, part of the API; the pages switch on it
}{
	{errNoRoute, http.StatusNotFound, "no-route"},
	{layers.ErrNotFound, http.StatusNotFound, "not-found"},
	{layers.ErrConflict, http.StatusConflict, "conflict"},
	{layers.ErrInvalid, http.StatusUnprocessableEntity, "invalid-input"},
	{tiles.ErrAddress, http.StatusBadRequest, "bad-tile-address"},
	{access.ErrSecondFactor, http.StatusUnauthorized, "second-factor"},
	{access.ErrUnauthenticated, http.StatusUnauthorized, "unauthenticated"},
	{access.ErrReason, http.StatusForbidden, "reason-needed"},
	{access.ErrKeyScope, http.StatusForbidden, "key-scope"},
	{access.ErrForbidden, http.StatusForbidden, "forbidden"},
	{access.ErrLocked, http.StatusTooManyRequests, "locked"},
	{errMethod, http.StatusMethodNotAllowed, "method-not-allowed"},
	{errNotAcceptable, http.StatusNotAcceptable, "not-acceptable"},
	{errMediaType, http.StatusUnsupportedMediaType, "unsupported-media-type"},
	{edit.ErrChanged, http.StatusPreconditionFailed, "changed"},
	{errPrecondition, http.StatusPreconditionRequired, "precondition-required"},
	{errTooLarge, http.StatusRequestEntityTooLarge, "too-large"},
	{errSlowBody, http.StatusRequestTimeout, "slow-body"},
	{errBadRequest, http.StatusBadRequest, "bad-request"},
	{errTooMany, http.StatusTooManyRequests, "too-many-requests"},
	{errCrossOrigin, http.StatusForbidden, "cross-origin"},
	{errForeignCursor, http.StatusConflict, "foreign-cursor"},
	{position.ErrBusy, http.StatusServiceUnavailable, "busy"},
	{deploy.ErrBusy, http.StatusServiceUnavailable, "busy"},
	{forecast.ErrBusy, http.StatusServiceUnavailable, "busy"},
	{access.ErrFactorKey, http.StatusServiceUnavailable, "second-factor-key"},
	{errUnavailable, http.StatusServiceUnavailable, "unavailable"},
	{context.DeadlineExceeded, http.StatusGatewayTimeout, "timeout"},
	{context.Canceled, 499, "client-left"}, // nobody reads it; the log does
}

// A Problem is the answer to a request that failed (RFC 9457).
type Problem struct {
	Type     string     `json:"type" doc:"What kind of problem; stable"`
	Title    string     `json:"title"`
	Status   int        `json:"status"`
	Detail   string     `json:"detail,omitempty" doc:"What was wrong; never set for faults of the server"`
	Instance string     `json:"instance,omitempty" doc:"The request's id, to quote to the operator"`
	Errors   []Fault    `json:"errors,omitempty" doc:"What was wrong with which field"`
	At       *pointJSON `json:"at,omitempty" doc:"Where the fault lies, where it has a place"`

	retryAfter time.Duration
	cause      error
}

// A Fault is one thing wrong with what the caller sent.
type Fault struct {
	Field  string `json:"field" doc:"Its path: place.crs, query.limit"`
	Value  string `json:"value,omitempty" doc:"What was sent, shortened"`
	Remedy string `json:"remedy" doc:"What would be right"`
}

// pointJSON is a GeoJSON point.
type pointJSON struct {
	Type        string     `json:"type" enum:"Point"`
	Coordinates [2]float64 `json:"coordinates" doc:"Longitude and latitude"`
}

func (p *Problem) Error() string                { return p.Title }
func (p *Problem) Unwrap() error                { return p.cause }
func (p *Problem) GetStatus() int               { return p.Status }
func (p *Problem) ContentType(ct string) string { return "application/problem+json" }
func (p *Problem) GetHeaders() http.Header      { return p.headers() }

func (p *Problem) headers() http.Header {
	h := http.Header{"Cache-Control": {"no-store"}}
	if p.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Bearer realm="onemap"`)
	}
	if p.retryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(int(p.retryAfter.Seconds())+1))
	}
	return h
}

// problemOf returns the answer to err. Only a listed error shows its text, and
// only where the caller is at fault; what we did not foresee may name tables
// and hosts, so it shows nothing.
func problemOf(err error) *Problem {
	var already *Problem
	if errors.As(err, &already) {
		return already
	}
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		err = fmt.Errorf("%w: at most %d bytes", errTooLarge, tooLarge.Limit)
	}
	if refused := layers.Refused(err); refused != nil {
		err = refused // its own words only: the error around it has the database's
	}
	p := &Problem{Type: "about:blank", Status: http.StatusInternalServerError, cause: err}
	for _, c := range problems {
		if errors.Is(err, c.err) {
			p.Type, p.Status = "/problems/"+c.typ, c.status
			break
		}
	}
	p.Title = http.StatusText(p.Status)
	if errors.Is(err, position.ErrBusy) { // no fault: it passes
		p.Detail, p.retryAfter = position.ErrBusy.Error(), 2*time.Second
	}
	if errors.Is(err, forecast.ErrBusy) {
		p.Detail, p.retryAfter = forecast.ErrBusy.Error(), 30*time.Second
	}
	if errors.Is(err, deploy.ErrBusy) {
		p.Detail, p.retryAfter = deploy.ErrBusy.Error(), 5*time.Second
	}
	if errors.Is(err, access.ErrFactorKey) { // the caller can go on by another way
		p.Detail = access.ErrFactorKey.Error()
	}
	if p.Status >= 500 || p.Status == 499 {
		return p
	}
	p.Detail = err.Error()
	var input *layers.InputError
	if errors.As(err, &input) {
		p.Detail = input.Error()
		p.Errors = []Fault{{input.Field, input.Value, input.Remedy}}
	}
	var placed interface{ Place() orb.Point }
	if errors.As(err, &placed) {
		p.At = &pointJSON{"Point", placed.Place()}
	}
	var locked *access.LockedError
	if errors.As(err, &locked) {
		p.retryAfter = time.Until(locked.Until)
	}
	return p
}

// as400 is problemOf where a standard asks for 400 for what we call 422
// (OGC 17-069r4, requirements 27 and 28).
func as400(err error) error {
	p := problemOf(err)
	if p.Status == http.StatusUnprocessableEntity {
		p.Status, p.Title = http.StatusBadRequest, http.StatusText(http.StatusBadRequest)
	}
	return p
}

// answer is problemOf for one request: it carries the request's id, and what
// is the server's fault is kept for the log.
func answer(ctx context.Context, err error) *Problem {
	p := problemOf(err)
	st := stateOf(ctx)
	p.Instance = st.id
	if p.Status >= 500 || p.Status == 499 {
		st.err = p.cause
	}
	return p
}

// fail answers a request that a plain handler or a middleware refuses.
func fail(w http.ResponseWriter, r *http.Request, err error) {
	p := answer(r.Context(), err)
	h := w.Header()
	for name, v := range p.headers() {
		h[name] = v
	}
	h.Set(requestID, p.Instance) // which tiles have not yet
	h.Del("ETag")
	h.Del("Content-Disposition")
	h.Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	if r.Method != http.MethodHead {
		_ = json.NewEncoder(w).Encode(p) // the client may have left
	}
}

// init puts our problems in the place of huma's, which echo what was sent.
// huma knows no other way than its package variables.
func init() {
	huma.NewError = func(status int, msg string, errs ...error) huma.StatusError {
		return humaProblem(status, msg, errs)
	}
	huma.NewErrorWithContext = func(ctx huma.Context, status int, msg string, errs ...error) huma.StatusError {
		p := humaProblem(status, msg, errs)
		p.Instance = stateOf(ctx.Context()).id
		if status >= 500 {
			stateOf(ctx.Context()).err = errors.Join(append(errs, errors.New(msg))...)
		}
		return p
	}
}

// humaProblem makes the answer to what huma itself found wrong. It keeps the
// place and the remedy, never the value.
func humaProblem(status int, msg string, errs []error) *Problem {
	p := &Problem{Type: "about:blank", Title: http.StatusText(status), Status: status}
	if status >= 500 {
		return p
	}
	p.Detail = msg
	for _, c := range problems {
		if c.status == status {
			p.Type = "/problems/" + c.typ
		}
	}
	switch status {
	case http.StatusUnprocessableEntity:
		p.Type = "/problems/invalid-input"
		p.Detail = "some of what was sent is not valid"
	case http.StatusNotFound:
		p.Type = "/problems/not-found"
	case http.StatusBadRequest:
		p.Type, p.Detail = "/problems/bad-request", "the body is not the JSON that this address takes"
		return p // huma's reasons quote the body
	case http.StatusUnsupportedMediaType:
		p.Detail = "send the body as application/json"
		return p
	}
	for _, err := range errs {
		var d huma.ErrorDetailer
		if !errors.As(err, &d) {
			continue
		}
		detail := d.ErrorDetail()
		f := Fault{Field: strings.TrimPrefix(detail.Location, "body."), Remedy: detail.Message}
		if f.Field == "body" && strings.HasPrefix(f.Remedy, "json:") { // names Go types
			f.Remedy = "JSON as the API's description says"
		}
		p.Errors = append(p.Errors, f)
	}
	return p
}
