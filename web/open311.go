package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/open311"
)

// Open311 GeoReport v2 (wiki.open311.org/GeoReport_v2): see layers/open311 for
// who sees what. Cookies are not looked at: a key comes as api_key, or in the
// header Authorization, so that pages of other sites may use it.

// openCaller is the audience: the handler looks at the key itself.
var openCaller = audience{name: "anyone, by right; a key as api_key", ignore: true}

// o311Handler answers in one of the two formats. It gets the caller's scope.
type o311Handler func(w http.ResponseWriter, r *http.Request, f o311Format, by access.Scope, set open311.Settings) error

// open311 makes a handler a plain one: it finds the format, the caller and the
// jurisdiction, and writes errors as the standard has them.
func (s *Server) open311(h o311Handler) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		w.Header().Set("Cache-Control", "no-store")
		f := o311Format(r.PathValue("format"))
		if f != "xml" && f != "json" {
			f = "xml"
			return s.openFail(w, r, f, fmt.Errorf("format %q, xml and json are served: %w", layers.Short(r.PathValue("format")), layers.ErrNotFound))
		}
		set, err := s.Open311.Settings(r.Context())
		if err == nil {
			err = readForm(r)
		}
		if r.MultipartForm != nil { // however it ends: net/http tidies up after its own request only, not after copies of it
			defer r.MultipartForm.RemoveAll() //nolint:errcheck // files of the system's own folder
		}
		var by access.Scope
		if err == nil {
			by, err = s.openCaller(r)
		}
		if j := r.FormValue("jurisdiction_id"); err == nil && j != "" && set.Jurisdiction != "" && j != set.Jurisdiction {
			err = fmt.Errorf("jurisdiction_id %q: %w", layers.Short(j), layers.ErrNotFound)
		}
		if err == nil {
			err = h(w, r, f, by, set)
		}
		if err != nil {
			return s.openFail(w, r, f, err)
		}
		return nil
	}
}

// openCaller is whose key it is; the public without one.
func (s *Server) openCaller(r *http.Request) (access.Scope, error) {
	key := r.FormValue("api_key")
	if auth := r.Header.Get("Authorization"); key == "" && auth != "" {
		key = bearer(auth)
	} else if key == "" {
		return access.Scope{}, nil
	}
	by, err := s.Directory.Key(r.Context(), key)
	if err == nil {
		err = by.May(r.Method == http.MethodPost)
		if only, cut := by.OnlyLayers(); err == nil && cut && !slices.Contains(only, "incident") {
			err = access.ErrKeyScope
		}
	}
	stateOf(r.Context()).scope = by // for the log
	if errors.Is(err, access.ErrUnauthenticated) {
		err = fmt.Errorf("%w: the api_key does not hold", access.ErrForbidden)
	}
	return by, err
}

// openFail answers as GeoReport v2 does: 400 for what was wrong with the
// request, 403 for the key, 404 for what there is not.
func (s *Server) openFail(w http.ResponseWriter, r *http.Request, f o311Format, err error) error {
	p := answer(r.Context(), err)
	switch p.Status {
	case http.StatusUnprocessableEntity, http.StatusUnsupportedMediaType:
		p.Status = http.StatusBadRequest
	case http.StatusUnauthorized:
		p.Status, p.Detail = http.StatusForbidden, "an api_key is needed"
	}
	text := p.Detail
	if text == "" {
		text = p.Title
	}
	for name, v := range p.headers() {
		if name != "Www-Authenticate" && name != "WWW-Authenticate" {
			w.Header()[name] = v
		}
	}
	all := []o311Error{{p.Status, text}}
	return f.write(w, r, p.Status, o311Errors{All: all}, all)
}

// inChinese says which of the two languages a client prefers. Chinese is the city's.
func inChinese(r *http.Request) bool {
	lang := firstOf(r.FormValue("locale"), r.Header.Get("Accept-Language"))
	en, zh := strings.Index(lang, "en"), strings.Index(lang, "zh")
	return en < 0 || zh >= 0 && zh < en
}

func choose(zh bool, a, b string) string {
	if zh {
		return firstOf(a, b)
	}
	return firstOf(b, a)
}

const geoReport = "http://wiki.open311.org/GeoReport_v2"

// changeset is when these documents last changed their form.
const changeset = "2026-11-22T00:00:00Z"

func (s *Server) openDiscovery(w http.ResponseWriter, r *http.Request, f o311Format, _ access.Scope, set open311.Settings) error {
	base := s.baseURL(r)
	d := o311Discovery{Changeset: changeset, Contact: firstOf(set.Contact, base), KeyService: base + "/", Endpoints: []o311Endpoint{
		{geoReport, base + "/open311/v2", changeset, "production", []string{"text/xml", "application/json"}}}}
	return f.write(w, r, 200, d, d)
}

func (s *Server) openServices(w http.ResponseWriter, r *http.Request, f o311Format, _ access.Scope, set open311.Settings) error {
	found, err := s.Open311.Services(r.Context(), set)
	if err != nil {
		return err
	}
	zh, all := inChinese(r), []o311Service{}
	for _, v := range found {
		all = append(all, o311Service{Code: v.Code, Name: choose(zh, v.ZH, v.EN), Description: choose(!zh, v.ZH, v.EN), Metadata: true, Type: "realtime",
			Keywords: strings.Join([]string{v.ZH, v.EN, v.Initials}, ", "), Group: choose(zh, v.GroupZH, v.GroupEN)})
	}
	return f.write(w, r, 200, o311Services{All: all}, all)
}

func (s *Server) openService(w http.ResponseWriter, r *http.Request, f o311Format, _ access.Scope, set open311.Settings) error {
	v, err := s.Open311.Service(r.Context(), set, pathValue(r, "service_code"))
	if err != nil {
		return err
	}
	conditions, err := s.Open311.Conditions(r.Context(), v)
	if err != nil {
		return err
	}
	zh := inChinese(r)
	d := o311Definition{Code: v.Code, Attributes: []o311Attribute{{Variable: true, Code: "occurred_at", Datatype: "datetime", Order: 1,
		DatatypeDescription: "2026-07-01T08:00:00+08:00", Description: choose(zh, "发生时间", "When it happened")}}}
	if len(conditions) > 0 {
		var values o311Values
		for _, c := range conditions {
			values = append(values, o311Value{c.Code, choose(zh, c.ZH, c.EN)})
		}
		d.Attributes = append(d.Attributes, o311Attribute{Variable: true, Code: "condition", Datatype: "singlevaluelist", Order: 2,
			Description: choose(zh, "具体情形", "What exactly it is"), Values: &values})
	}
	return f.write(w, r, 200, d, d)
}

func (s *Server) openRequests(w http.ResponseWriter, r *http.Request, f o311Format, by access.Scope, set open311.Settings) error {
	q, err := openQuery(r)
	if err != nil {
		return err
	}
	found, more, err := s.Open311.Requests(r.Context(), by, set, q)
	if err != nil {
		return err
	}
	if more {
		next := r.URL.Query()
		next.Del("api_key") // a link is written down
		next.Set("page", strconv.Itoa(q.Page+1))
		next.Set("page_size", strconv.Itoa(q.Size))
		w.Header().Set("Link", fmt.Sprintf(`<%s%s?%s>; rel="next"`, s.baseURL(r), r.URL.Path, next.Encode()))
	}
	all := requestsOf(found, inChinese(r))
	return f.write(w, r, 200, o311Requests{All: all}, all)
}

func (s *Server) openRequest(w http.ResponseWriter, r *http.Request, f o311Format, by access.Scope, set open311.Settings) error {
	id, err := strconv.ParseInt(r.PathValue("service_request_id"), 10, 64)
	if err != nil {
		return fmt.Errorf("service_request_id: %w", layers.ErrNotFound)
	}
	found, _, err := s.Open311.Requests(r.Context(), by, set, open311.Query{IDs: []int64{id}, Size: 1})
	if err == nil && len(found) == 0 {
		err = fmt.Errorf("service_request_id %d: %w", id, layers.ErrNotFound)
	}
	if err != nil {
		return err
	}
	all := requestsOf(found, inChinese(r))
	return f.write(w, r, 200, o311Requests{All: all}, all)
}

func (s *Server) openToken(w http.ResponseWriter, r *http.Request, f o311Format, _ access.Scope, _ open311.Settings) error {
	token := r.PathValue("token")
	id, err := s.Open311.ByToken(r.Context(), token)
	if err != nil {
		return err
	}
	all := []o311TokenR{{strconv.FormatInt(id, 10), token}}
	return f.write(w, r, 200, o311Tokens{All: all}, all)
}

// openQuery reads the parameters of GET requests. Others are let be, as the standard has it.
func openQuery(r *http.Request) (q open311.Query, err error) {
	v := r.URL.Query()
	for one := range strings.SplitSeq(v.Get("service_request_id"), ",") {
		if one = strings.TrimSpace(one); one == "" {
			continue
		}
		id, err := strconv.ParseInt(one, 10, 64)
		if err != nil || len(q.IDs) >= 1000 {
			return q, inputError("service_request_id", one, "numbers with commas between, at most 1000")
		}
		q.IDs = append(q.IDs, id)
	}
	for one := range strings.SplitSeq(v.Get("service_code"), ",") {
		if one = strings.TrimSpace(one); one != "" && len(q.Codes) < 1000 {
			q.Codes = append(q.Codes, one)
		}
	}
	for one := range strings.SplitSeq(v.Get("status"), ",") {
		switch strings.ToLower(strings.TrimSpace(one)) {
		case "":
		case "open":
			q.Open = true
		case "closed":
			q.Closed = true
		default:
			return q, inputError("status", one, "open, closed or both with a comma between")
		}
	}
	for name, at := range map[string]*time.Time{"start_date": &q.Start, "end_date": &q.End, "updated_after": &q.UpdatedAfter, "updated_before": &q.UpdatedBefore} {
		if *at, err = readW3time(name, v.Get(name)); err != nil {
			return q, err
		}
	}
	size := 1000 // "the first 1000 requests" of the standard
	if v.Has("page") {
		size = 100
	}
	if q.Page, err = readNumber("page", v.Get("page"), 1, 1000); err != nil {
		return q, err
	}
	q.Size, err = readNumber("page_size", v.Get("page_size"), size, 1000)
	return q, err
}

func requestsOf(found []open311.Request, zh bool) []o311Request {
	all := []o311Request{}
	for _, q := range found {
		status := "open"
		if !q.Open() {
			status = "closed"
		}
		o := o311Request{ID: strconv.FormatInt(q.ID, 10), Status: status, Notes: maybe(stateNote(q, zh)), Name: choose(zh, q.ZH, q.EN), Code: q.Code,
			Description: maybe(q.Description), Agency: maybe(choose(zh, q.AgencyZH, q.AgencyEN)), Requested: w3time(q.Requested), Updated: w3time(q.Updated),
			Address: maybe(q.Address), Lat: q.Lat, Long: q.Lon, State: maybe(q.State)}
		if q.Expected != nil {
			o.Expected = w3time(*q.Expected)
		}
		all = append(all, o)
	}
	return all
}

// stateNote is what the public is told of a state: how far it came, and nobody's words.
func stateNote(q open311.Request, zh bool) string {
	if q.State == "merged" && q.MergedInto != nil {
		return choose(zh, fmt.Sprintf("已并入 %d 号一并处理", *q.MergedInto), fmt.Sprintf("Handled together with request %d", *q.MergedInto))
	}
	n := stateNotes[q.State]
	return choose(zh, n[0], n[1])
}

var stateNotes = map[string][2]string{
	"reported": {"已收到", "Received"}, "verifying": {"核实中", "Being verified"}, "self_handled": {"现场已处理，待确认", "Settled on the spot, to be confirmed"},
	"registered": {"已受理", "Accepted"}, "filed": {"已立案", "Filed"}, "returned": {"派遣中", "Being dispatched"}, "disputed": {"派遣中", "Being dispatched"},
	"dispatched": {"已派遣", "Dispatched"}, "handling": {"处置中", "Being handled"}, "suspended": {"已挂账，待条件具备后处置", "Put off until it can be handled"},
	"feedback": {"已处置，待核查", "Handled, to be checked"}, "checking": {"核查中", "Being checked"}, "checked": {"已核查，待结案", "Checked, to be closed"},
	"closed": {"已结案", "Closed"}, "rejected": {"不予受理", "Not accepted"}, "void": {"已作废", "Void"}, "merged": {"已并案处理", "Handled with another request"},
}

// anonymousReports is how many a minute come from one address without a key.
const anonymousReports = 6

// mayReport says whether a caller may report by Open311, and as whom.
func (s *Server) mayReport(ctx context.Context, w http.ResponseWriter, r *http.Request, by access.Scope, set open311.Settings) (access.Scope, error) {
	if _, known := by.Person(); known {
		return by, onlyReporters.may(by)
	}
	if !set.Anonymous {
		return by, access.ErrUnauthenticated
	}
	if s.anonymous.OnLimit(w, r, clientAddress(r)) {
		return by, errTooMany
	}
	return access.System("open311"), ctx.Err()
}
