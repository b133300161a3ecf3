package web

import (
	"context"
	"time"

	"onemap/layers/access"
)

// The administrators' part, kept small: accounts, keys, organisations, audit.

type peopleOutput struct {
	Body struct {
		People []accountBody `json:"people" nullable:"false"`
	}
}

type accountBody struct {
	PersonBody
	Org         string     `json:"org"`
	Active      bool       `json:"active"`
	LockedUntil *time.Time `json:"locked_until,omitempty"`
	CreatedAt   time.Time  `json:"created_at"`
	Sessions    int        `json:"sessions" doc:"Open ones"`
	Keys        int        `json:"keys" doc:"In force"`
}

func bodyOf(p access.Person) PersonBody {
	b := PersonBody{ID: p.ID, Login: p.Login, Name: p.Name, Roles: []string{}, Grids: append([]string{}, p.Grids...)}
	for _, r := range p.Roles {
		b.Roles = append(b.Roles, string(r))
	}
	return b
}

func (s *Server) listPeople(ctx context.Context, _ *struct{}) (*peopleOutput, error) {
	all, err := s.Directory.ListPeople(ctx, scopeOf(ctx))
	out := &peopleOutput{}
	out.Body.People = []accountBody{}
	for _, p := range all {
		out.Body.People = append(out.Body.People, accountBody{bodyOf(p.Person), p.Org, p.Active, timeOrNil(p.LockedUntil), p.CreatedAt, p.Sessions, p.Keys})
	}
	return out, err
}

func timeOrNil(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

type newPersonInput struct {
	Body struct {
		Login    string `json:"login" maxLength:"63"`
		Name     string `json:"name" maxLength:"100"`
		Org      string `json:"org" maxLength:"32"`
		Password string `json:"password" maxLength:"256" format:"password"`
	}
}

type personOutput struct{ Body PersonBody }

// createPerson makes an account without roles: those are the security
// administrator's to give (三员分离).
func (s *Server) createPerson(ctx context.Context, in *newPersonInput) (*personOutput, error) {
	b := in.Body
	p, err := s.Directory.CreatePerson(ctx, scopeOf(ctx), access.NewPerson{Login: b.Login, Name: b.Name, Org: b.Org, Password: b.Password})
	return &personOutput{bodyOf(p)}, err
}

type LoginInput struct {
	Login string `path:"login"`
}

type rolesInput struct {
	LoginInput
	Body struct {
		Roles []access.Role `json:"roles" maxItems:"10" enum:"administrator,security_administrator,auditor,command_centre,acceptor,shift_leader,dispatcher,department_officer,planner,grid_worker"`
	}
}

func (s *Server) setRoles(ctx context.Context, in *rolesInput) (*struct{}, error) {
	return nil, s.Directory.SetRoles(ctx, scopeOf(ctx), in.Login, in.Body.Roles)
}

type gridsInput struct {
	LoginInput
	Body struct {
		Grids []string `json:"grids" maxItems:"1000" doc:"Codes of the unit, responsibility and community grids that a grid worker answers for"`
	}
}

func (s *Server) setGrids(ctx context.Context, in *gridsInput) (*struct{}, error) {
	return nil, s.Directory.SetGrids(ctx, scopeOf(ctx), in.Login, in.Body.Grids)
}

type activeInput struct {
	LoginInput
	Body struct {
		Active bool `json:"active"`
	}
}

func (s *Server) setActive(ctx context.Context, in *activeInput) (*struct{}, error) {
	return nil, s.Directory.SetActive(ctx, scopeOf(ctx), in.Login, in.Body.Active)
}

type passwordInput struct {
	Request
	Body struct {
		Old string `json:"old" maxLength:"256" format:"password"`
		New string `json:"new" maxLength:"256" format:"password"`
		// Programs of one's own may go on, so it is asked.
		RevokeKeys bool `json:"revoke_keys,omitempty" doc:"Revoke all API keys of the account too: where someone else may know the old password. All its sessions end in any case, this one too"`
	}
}

type signedOutOutput struct {
	SetCookie string `header:"Set-Cookie"`
}

// changePassword ends all sessions of the account, this one too.
func (s *Server) changePassword(ctx context.Context, in *passwordInput) (*signedOutOutput, error) {
	err := s.Directory.ChangePassword(ctx, scopeOf(ctx), in.Body.Old, in.Body.New, from(in.r), in.Body.RevokeKeys)
	c := sessionCookie(in.r, "")
	c.MaxAge = -1
	return &signedOutOutput{c.String()}, err
}

type organisationsOutput struct {
	Body struct {
		Organisations []organisation `json:"organisations" nullable:"false"`
	}
}

func (s *Server) listOrganisations(ctx context.Context, _ *struct{}) (*organisationsOutput, error) {
	all, err := s.Directory.ListOrganisations(ctx, scopeOf(ctx))
	out := &organisationsOutput{}
	out.Body.Organisations = []organisation{}
	for _, o := range all {
		out.Body.Organisations = append(out.Body.Organisations, organisationOf(o))
	}
	return out, err
}

func organisationOf(o access.Organisation) organisation {
	return organisation{Code: o.Code, Parent: o.Parent, NameZH: o.NameZH, NameEN: o.NameEN, Level: o.Level, Kind: o.Kind, Area: o.AreaCode}
}

type newOrganisationInput struct{ Body organisation }

type organisationOutput struct{ Body organisation }

func (s *Server) createOrganisation(ctx context.Context, in *newOrganisationInput) (*organisationOutput, error) {
	b := in.Body
	err := s.Directory.CreateOrganisation(ctx, scopeOf(ctx), access.Organisation{Code: b.Code, Parent: b.Parent, Level: b.Level,
		Kind: b.Kind, AreaCode: b.Area, NameZH: b.NameZH, NameEN: b.NameEN})
	return &organisationOutput{b}, err
}

type KeyBody struct {
	Prefix    string     `json:"prefix" doc:"Names the key"`
	Login     string     `json:"login" doc:"Whose rights it has"`
	Name      string     `json:"name" doc:"What it is for"`
	CreatedAt time.Time  `json:"created_at"`
	ExpiresAt *time.Time `json:"expires_at,omitempty"`
	RevokedAt *time.Time `json:"revoked_at,omitempty"`
}

func keyOf(k access.KeyInfo) KeyBody {
	return KeyBody{k.Prefix, k.Login, k.Name, k.CreatedAt, timeOrNil(k.ExpiresAt), timeOrNil(k.RevokedAt)}
}

type keysInput struct {
	Login string `query:"login" maxLength:"63" doc:"Left out: the caller's own"`
}

type keysOutput struct {
	Body struct {
		Keys []KeyBody `json:"keys" nullable:"false"`
	}
}

func (s *Server) listKeys(ctx context.Context, in *keysInput) (*keysOutput, error) {
	all, err := s.Directory.ListKeys(ctx, scopeOf(ctx), ownLogin(ctx, in.Login))
	out := &keysOutput{}
	out.Body.Keys = []KeyBody{}
	for _, k := range all {
		out.Body.Keys = append(out.Body.Keys, keyOf(k))
	}
	return out, err
}

func ownLogin(ctx context.Context, login string) string {
	if p, ok := scopeOf(ctx).Person(); ok && login == "" {
		return p.Login
	}
	return login
}

type newKeyInput struct {
	Body struct {
		Login     string     `json:"login,omitempty" maxLength:"63" doc:"The caller's own, which is also what is meant where it is left out: nobody makes a key with another's rights"`
		Name      string     `json:"name" maxLength:"100" doc:"What it is for"`
		ExpiresAt *time.Time `json:"expires_at,omitempty" doc:"Left out: never"`
	}
}

type newKeyOutput struct {
	Body struct {
		Key string `json:"key" doc:"Shown this once"`
		KeyBody
	}
}

func (s *Server) createKey(ctx context.Context, in *newKeyInput) (*newKeyOutput, error) {
	var expires time.Time
	if in.Body.ExpiresAt != nil {
		if expires = *in.Body.ExpiresAt; expires.IsZero() { // for Go, the year 1 is no time at all, and no time is never
			return nil, inputError("expires_at", expires.Format(time.RFC3339), "a time to come")
		}
	}
	text, info, err := s.Directory.CreateKey(ctx, scopeOf(ctx), ownLogin(ctx, in.Body.Login), in.Body.Name, expires)
	out := &newKeyOutput{}
	out.Body.Key, out.Body.KeyBody = text, keyOf(info)
	return out, err
}

type keyInput struct {
	Prefix string `path:"prefix"`
}

func (s *Server) revokeKey(ctx context.Context, in *keyInput) (*struct{}, error) {
	return nil, s.Directory.RevokeKey(ctx, scopeOf(ctx), in.Prefix)
}

type auditInput struct {
	From   time.Time `query:"from" doc:"Entries at or after it"`
	To     time.Time `query:"to" doc:"Entries before it"`
	Login  string    `query:"login" maxLength:"63"`
	Action string    `query:"action" maxLength:"60" doc:"Whole, or with a dot at its end the beginning: incident."`
	Object string    `query:"object" maxLength:"100" doc:"incident/42"`
	Before int64     `query:"before" minimum:"0" doc:"Entries with smaller numbers only: what an earlier answer called next"`
	Limit  int       `query:"limit" minimum:"1" maximum:"1000" default:"100"`
}

type auditOutput struct {
	Body struct {
		Entries []auditEntry `json:"entries" nullable:"false" doc:"The latest first"`
		Next    int64        `json:"next,omitempty" doc:"Send it as before for those before them; absent at the end"`
	}
}

type auditEntry struct {
	ID      int64          `json:"id"`
	At      time.Time      `json:"at"`
	Login   string         `json:"login"`
	Org     string         `json:"org"`
	Action  string         `json:"action"`
	Object  string         `json:"object"`
	Result  string         `json:"result" enum:"done,refused,failed"`
	Reason  string         `json:"reason"`
	Address string         `json:"address"`
	Detail  map[string]any `json:"detail"`
}

func (s *Server) searchAudit(ctx context.Context, in *auditInput) (*auditOutput, error) {
	found, err := s.Audit.Search(ctx, scopeOf(ctx), access.AuditQuery{From: in.From, To: in.To, Login: in.Login, Action: in.Action,
		Object: in.Object, Before: in.Before, Limit: in.Limit})
	out := &auditOutput{}
	out.Body.Entries = []auditEntry{}
	for _, e := range found {
		out.Body.Entries = append(out.Body.Entries, auditEntry{e.ID, e.At, e.Login, e.Org, e.Action, e.Object, e.Result, e.Reason, e.Address, e.Detail})
	}
	if n := len(found); n == in.Limit {
		out.Body.Next = found[n-1].ID
	}
	return out, err
}
