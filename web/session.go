package web

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"onemap/layers/access"
)

type signInInput struct {
	Body struct {
		Login    string `json:"login" minLength:"1" maxLength:"64"`
		Password string `json:"password" minLength:"1" maxLength:"256" format:"password"`
	}
	Request
}

// A sessionBody is who the caller is.
type sessionBody struct {
	SignedIn     bool          `json:"signed_in"`
	Person       *PersonBody   `json:"person,omitempty" doc:"Absent for the public"`
	Organisation *organisation `json:"organisation,omitempty"`
	City         cityName      `json:"city"`
	MayReport    bool          `json:"may_report"`
	MayDispatch  bool          `json:"may_dispatch" doc:"Sits in the command centre: has one of the posts"`
	Posts        []string      `json:"posts" nullable:"false" enum:"acceptor,shift_leader,dispatcher,command_centre,department_officer,grid_worker" doc:"The posts in the flow of cases that the caller works at; the command centre may stand in for the three before it"`
	OnDuty       bool          `json:"may_share_position" doc:"A grid worker, whose position shows on the map while on duty"`
	Version      string        `json:"version"`
	// What a session lacks: it is not signed in until it has it.
	SecondFactor string       `json:"second_factor,omitempty" enum:"code,enrol" doc:"What the session lacks: a code of the second factor, or setting one up"`
	SessionID    int64        `json:"session_id,omitempty" doc:"Names the caller's session in the list of sessions"`
	Reasons      []reasonBody `json:"reasons" nullable:"false" doc:"Reasons given for sensitive layers that still hold"`
	Provider     string       `json:"provider,omitempty" doc:"An identity provider's name, where one can sign in through one: /api/v1/oidc/start"`
}

type reasonBody struct {
	Layer  string    `json:"layer"`
	Reason string    `json:"reason"`
	Until  time.Time `json:"until"`
}

type PersonBody struct {
	ID    int64    `json:"id"`
	Login string   `json:"login"`
	Name  string   `json:"name"`
	Roles []string `json:"roles" nullable:"false"`
	Grids []string `json:"grids" nullable:"false" doc:"Codes of the grids that a grid worker answers for"`
}

type organisation struct {
	Code   string `json:"code" maxLength:"32"`
	Parent string `json:"parent" maxLength:"32" doc:"Code of the organisation above; empty at the top"`
	NameZH string `json:"name_zh"`
	NameEN string `json:"name_en"`
	Level  string `json:"level" enum:"province,city,county,town,community,"`
	Kind   string `json:"kind" enum:"government,department,command_centre,"`
	Area   string `json:"area_code"`
	USCC   string `json:"uscc,omitempty" maxLength:"18" doc:"统一社会信用代码"`
}

type sessionOutput struct {
	SetCookie []string `header:"Set-Cookie"`
	Body      sessionBody
}

// Request lets an input reach the request that it came with, for cookies and
// addresses.
type Request struct{ r *http.Request }

func (q *Request) Resolve(ctx huma.Context) []error {
	q.r = requestOf(ctx)
	return nil
}

func (s *Server) signIn(ctx context.Context, in *signInInput) (*sessionOutput, error) {
	opened, err := s.Directory.SignIn(ctx, in.Body.Login, in.Body.Password, from(in.r))
	if err != nil {
		return nil, err
	}
	stateOf(ctx).scope = opened.Scope // for the log
	out, err := s.sessionOf(ctx, opened.Scope)
	if err != nil {
		return nil, err
	}
	out.SetCookie = cookiesOf(in.r, opened)
	return out, nil
}

func (s *Server) getSession(ctx context.Context, _ *struct{}) (*sessionOutput, error) {
	return s.sessionOf(ctx, scopeOf(ctx))
}

func (s *Server) sessionOf(ctx context.Context, scope access.Scope) (*sessionOutput, error) {
	city, err := s.Search.City(ctx)
	if err != nil {
		return nil, err
	}
	out := &sessionOutput{Body: sessionBody{City: cityName{city.NameZH, city.NameEN}, Version: s.Version,
		MayReport: onlyReporters.may(scope) == nil, MayDispatch: onlyCentre.may(scope) == nil, Posts: postsOf(scope), OnDuty: scope.Has(access.GridWorker)}}
	out.Body.SecondFactor, out.Body.SessionID, out.Body.Reasons = string(scope.Need()), scope.SessionID(), reasonsOf(scope)
	if s.OIDC != nil {
		out.Body.Provider = s.OIDC.Name
	}
	if p, ok := scope.Person(); ok && scope.Need() == access.NeedNothing {
		out.Body.SignedIn = true
		person, org := bodyOf(p), organisationOf(scope.Org())
		out.Body.Person, out.Body.Organisation = &person, &org
	}
	return out, nil
}

func reasonsOf(scope access.Scope) []reasonBody {
	out := []reasonBody{}
	given := scope.Reasons()
	for _, layer := range slices.Sorted(maps.Keys(given)) {
		out = append(out, reasonBody{layer, given[layer].Reason, given[layer].Until})
	}
	return out
}

// onlyCentre are the posts of a command centre.
var onlyCentre = only(access.CommandCentre, access.Acceptor, access.ShiftLeader, access.Dispatcher)

// postsOf are the caller's posts in the flow of cases.
func postsOf(scope access.Scope) []string {
	posts := []string{}
	for _, r := range []access.Role{access.Acceptor, access.ShiftLeader, access.Dispatcher} {
		if scope.Has(r, access.CommandCentre) {
			posts = append(posts, string(r))
		}
	}
	for _, r := range []access.Role{access.CommandCentre, access.DepartmentOfficer, access.GridWorker} {
		if scope.Has(r) {
			posts = append(posts, string(r))
		}
	}
	return posts
}

// signOut ends the session of the cookie. It answers the same where there is
// none, so that signing out always works.
func (s *Server) signOut(w http.ResponseWriter, r *http.Request) error {
	if c, err := r.Cookie(cookieName); err == nil {
		if err := s.Directory.SignOut(r.Context(), c.Value); err != nil && !errors.Is(err, access.ErrUnauthenticated) {
			return err
		}
	}
	clearCookie(w, r)
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusNoContent)
	return nil
}
