package web

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/go-chi/httprate"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/opendata"
	"onemap/layers/setup"
)

// Open data: what the public gets, and only while the portal is on. What it may
// see is made as data by a rule (layers/opendata); these routes tell of it, and
// the others serve it.

// visitors are the public while the portal is on, and whoever is signed in.
var visitors = audience{name: "signed in; anyone while open data is on, by right", portal: true}

var onlyOpeners = only(access.DepartmentOfficer, access.Administrator)

// visitorRate is how many requests a minute the public may make from one
// address without a key: a map that is moved about takes some hundred.
const visitorRate = 900

func newVisitorLimiter() *httprate.RateLimiter {
	return httprate.NewRateLimiter(visitorRate, time.Minute, httprate.WithResponseHeaders(httprate.ResponseHeaders{RetryAfter: "Retry-After"}))
}

// visit lets the public in while the portal is on, at its rate: by key where it
// shows one, else by address.
func (s *Server) visit(w http.ResponseWriter, r *http.Request) error {
	st := stateOf(r.Context())
	if _, known := st.scope.Person(); known {
		return nil
	}
	on, err := s.Store.Portal(r.Context())
	if err != nil {
		return err
	}
	if !on {
		return access.ErrUnauthenticated
	}
	who, perMinute := "address "+httprate.CanonicalizeIP(clientAddress(r)), cmp.Or(s.VisitorRate, visitorRate)
	if st.visitor.Prefix != "" {
		who, perMinute = "key "+st.visitor.Prefix, st.visitor.PerMinute
	}
	r = r.WithContext(httprate.WithRequestLimit(r.Context(), perMinute))
	if s.visitors.OnLimit(w, r, who) {
		return errTooMany
	}
	return nil
}

type openLayerBody struct {
	layerBody
	BBox      []float64  `json:"bbox" nullable:"false" doc:"west, south, east, north; empty where nothing is"`
	CellM     int        `json:"cell_m" doc:"Each feature is the middle of a cell so wide, metres; 0: not"`
	SimplifyM int        `json:"simplify_m" doc:"Shapes are simplified to so many metres; 0: not"`
	DelayH    int        `json:"delay_hours" doc:"What is newer is left out"`
	Floor     int        `json:"floor" doc:"Cells with fewer features are left out"`
	Licence   string     `json:"licence"`
	BuiltAt   *time.Time `json:"built_at,omitempty" doc:"Of which time the copy is; absent: it is the layer itself"`
}

type openOutput struct {
	Body struct {
		On        bool            `json:"on"`
		City      cityName        `json:"city"`
		Layers    []openLayerBody `json:"layers" nullable:"false"`
		PerMinute int             `json:"per_minute" doc:"Requests a minute from one address without a key"`
		PerKey    int             `json:"per_minute_with_key"`
	}
}

// getOpen is what the public sees, to whoever asks.
func (s *Server) getOpen(ctx context.Context, _ *struct{}) (*openOutput, error) {
	out := &openOutput{}
	b := &out.Body
	b.Layers, b.PerMinute, b.PerKey = []openLayerBody{}, cmp.Or(s.VisitorRate, visitorRate), opendata.PerMinute
	var err error
	if b.On, err = s.Store.Portal(ctx); err != nil {
		return nil, err
	}
	city, err := s.Search.City(ctx)
	if err != nil {
		return nil, err
	}
	b.City = cityName{city.NameZH, city.NameEN}
	all, err := s.Open.Datasets(ctx)
	if err != nil {
		return nil, err
	}
	for _, d := range all {
		l := openLayerBody{layerBody: describeLayer(d.Layer, d.Right, access.Scope{}), BBox: []float64{}, CellM: d.Rule.CellM, SimplifyM: d.Rule.SimplifyM,
			DelayH: d.Rule.DelayHours, Floor: max(1, d.Rule.Floor), Licence: d.Rule.Licence}
		if !d.Rule.AsIs {
			l.BuiltAt = d.Rule.BuiltAt
		}
		box, err := s.extent(ctx, d.Layer.Name, d.Right)
		if err != nil {
			return nil, err
		}
		if !box.IsEmpty() {
			l.BBox = []float64{box.Min[0], box.Min[1], box.Max[0], box.Max[1]}
		}
		b.Layers = append(b.Layers, l)
	}
	return out, nil
}

type setOpenInput struct {
	Body struct {
		On     bool   `json:"on"`
		Reason string `json:"reason" minLength:"1" maxLength:"500" doc:"For the audit"`
	}
}

// setOpen opens the portal to the public, or closes it, at once.
func (s *Server) setOpen(ctx context.Context, in *setOpenInput) (*openOutput, error) {
	value, err := json.Marshal(in.Body.On)
	if err != nil {
		return nil, err
	}
	if _, err := setup.ChangeSetting(ctx, s.Store.DB(), scopeOf(ctx), "open.portal", value, in.Body.Reason); err != nil {
		return nil, err
	}
	s.Store.ForgetRegistry()
	return s.getOpen(ctx, nil)
}

// getOpenDCAT is the open layers as DCAT.
func (s *Server) getOpenDCAT(w http.ResponseWriter, r *http.Request) error {
	if err := onlyQuery(r); err != nil {
		return err
	}
	all, err := s.Open.Datasets(r.Context())
	if err != nil {
		return err
	}
	city, err := s.Search.City(r.Context())
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/ld+json")
	return opendata.WriteDCAT(w, s.baseURL(r), city.NameZH+"公共数据开放目录", city.NameEN+" open data", all)
}

// openPage is the portal's page, which is not there while it is off.
func (s *Server) openPage(w http.ResponseWriter, r *http.Request) error {
	on, err := s.Store.Portal(r.Context())
	if err != nil {
		return err
	}
	if !on {
		return layers.ErrNotFound
	}
	return s.page("open.html")(w, r)
}

type OpenRuleBody struct {
	AsIs         bool     `json:"as_is" doc:"Show the layer itself with its public fields, as the base map; nothing else is given then but the licence"`
	Fields       []string `json:"fields,omitempty" maxItems:"300" doc:"Public fields that the copy has; others are left out"`
	CellM        int      `json:"cell_m,omitempty" minimum:"0" maximum:"100000" doc:"Make each feature the middle of its cell, so wide in metres"`
	SimplifyM    int      `json:"simplify_m,omitempty" minimum:"0" maximum:"100000" doc:"Simplify lines and areas to so many metres"`
	DelayHours   int      `json:"delay_hours,omitempty" minimum:"0" maximum:"87600" doc:"Leave out what is newer, or changed since"`
	Floor        int      `json:"floor,omitempty" minimum:"0" maximum:"1000" doc:"Leave out cells with fewer features"`
	RefreshHours int      `json:"refresh_hours,omitempty" minimum:"0" maximum:"8784" doc:"How often the copy is made anew; left out: each day"`
	Licence      string   `json:"licence,omitempty" maxLength:"300"`
}

type openRuleState struct {
	Layer string `json:"layer"`
	OpenRuleBody
	Revision int        `json:"revision"`
	Current  bool       `json:"current" doc:"What is served is by this revision; else nothing is, until its copy is made"`
	BuiltAt  *time.Time `json:"built_at,omitempty"`
	Rows     *int64     `json:"rows,omitempty"`
	Failed   string     `json:"failed,omitempty"`
	SetBy    string     `json:"set_by"`
	SetAt    time.Time  `json:"set_at"`
}

func openRuleOf(r opendata.Rule) openRuleState {
	return openRuleState{r.Layer, OpenRuleBody{r.AsIs, r.Fields, r.CellM, r.SimplifyM, r.DelayHours, r.Floor, r.RefreshHours, r.Licence},
		r.Revision, r.Current, r.BuiltAt, r.Rows, r.Failed, r.SetBy, r.SetAt}
}

type openRulesOutput struct {
	Body struct {
		Rules  []openRuleState `json:"rules" nullable:"false"`
		Layers []openableBody  `json:"layers" nullable:"false" doc:"Those that the caller may set a rule for, or open"`
	}
}

func (s *Server) listOpenRules(ctx context.Context, _ *struct{}) (*openRulesOutput, error) {
	all, err := s.Open.Rules(ctx, scopeOf(ctx))
	if err != nil {
		return nil, err
	}
	out := &openRulesOutput{}
	out.Body.Rules = []openRuleState{}
	for _, r := range all {
		out.Body.Rules = append(out.Body.Rules, openRuleOf(r))
	}
	out.Body.Layers, err = s.openables(ctx)
	return out, err
}

type putOpenRuleInput struct {
	Layer string `path:"layer"`
	Body  OpenRuleBody
}

type openRuleOutput struct{ Body openRuleState }

func (s *Server) putOpenRule(ctx context.Context, in *putOpenRuleInput) (*openRuleOutput, error) {
	r, err := s.Open.Put(ctx, scopeOf(ctx), in.Body.rule(in.Layer))
	return &openRuleOutput{openRuleOf(r)}, err
}

func (s *Server) dropOpenRule(ctx context.Context, in *layerInput) (*struct{}, error) {
	return nil, s.Open.Drop(ctx, scopeOf(ctx), in.Layer)
}

type openKeyBody struct {
	Prefix    string     `json:"prefix" doc:"Names the key"`
	Name      string     `json:"name"`
	PerMinute int        `json:"per_minute"`
	CreatedAt time.Time  `json:"created_at"`
	ExpiresAt time.Time  `json:"expires_at"`
	RevokedAt *time.Time `json:"revoked_at,omitempty"`
	UsedAt    *time.Time `json:"used_at,omitempty" doc:"Last use, to the hour"`
}

func openKeyOf(k opendata.Key) openKeyBody {
	return openKeyBody{k.Prefix, k.Name, k.PerMinute, k.CreatedAt, k.ExpiresAt, k.RevokedAt, k.UsedAt}
}

type newOpenKeyInput struct {
	Body struct {
		Name string `json:"name" minLength:"1" maxLength:"100" doc:"What it is for; no personal data is asked for"`
		Days int    `json:"days,omitempty" minimum:"0" maximum:"366" doc:"How long it holds; left out: a year"`
	}
	Request
}

type newOpenKeyOutput struct {
	Body struct {
		openKeyBody
		Key string `json:"key" doc:"Shown this once. Send it as a bearer token"`
	}
}

// newOpenKey gives a key to whoever asks: it gives no right, only a rate.
func (s *Server) newOpenKey(ctx context.Context, in *newOpenKeyInput) (*newOpenKeyOutput, error) {
	text, k, err := s.Open.MakeKey(ctx, scopeOf(ctx), in.Body.Name, in.Body.Days, clientAddress(in.r))
	if err != nil {
		return nil, err
	}
	out := &newOpenKeyOutput{}
	out.Body.openKeyBody, out.Body.Key = openKeyOf(k), text
	return out, nil
}

type openKeysOutput struct {
	Body struct {
		Keys []openKeyBody `json:"keys" nullable:"false"`
	}
}

func (s *Server) listOpenKeys(ctx context.Context, _ *struct{}) (*openKeysOutput, error) {
	all, err := s.Open.Keys(ctx, scopeOf(ctx))
	out := &openKeysOutput{}
	out.Body.Keys = []openKeyBody{}
	for _, k := range all {
		out.Body.Keys = append(out.Body.Keys, openKeyOf(k))
	}
	return out, err
}

type openKeyInput struct {
	Prefix string `path:"prefix" maxLength:"20"`
}

func (s *Server) revokeOpenKey(ctx context.Context, in *openKeyInput) (*struct{}, error) {
	return nil, s.Open.RevokeKey(ctx, scopeOf(ctx), in.Prefix)
}

// isOpenKey says whether a bearer token is a key of the public.
func isOpenKey(text string) bool { return strings.HasPrefix(text, opendata.KeyMark) }
