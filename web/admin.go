package web

import (
	"context"
	"time"

	"onemap/layers/access"
)

// The administrators' part: accounts and organisations. Keys and the audit have
// files of their own.

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
	TOTP        bool       `json:"second_factor"`
	Linked      bool       `json:"linked" doc:"Signs in through the identity provider too"`
	SeenAt      *time.Time `json:"seen_at,omitempty" doc:"Last use of a session that is open, to the hour"`
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
		out.Body.People = append(out.Body.People, accountBody{bodyOf(p.Person), p.Org, p.Active, timeOrNil(p.LockedUntil), p.CreatedAt, p.Sessions, p.Keys, p.TOTP, p.Linked, timeOrNil(p.SeenAt)})
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

type personInput struct {
	LoginInput
	Body struct {
		Name string `json:"name" maxLength:"100"`
		Org  string `json:"org" maxLength:"32" doc:"In another organisation one sees other things: the sessions end"`
	}
}

func (s *Server) changePerson(ctx context.Context, in *personInput) (*struct{}, error) {
	return nil, s.Directory.ChangePerson(ctx, scopeOf(ctx), in.Login, in.Body.Name, in.Body.Org)
}

type newPasswordInput struct {
	LoginInput
	Body struct {
		Password string `json:"password" maxLength:"256" format:"password"`
	}
}

func (s *Server) setPassword(ctx context.Context, in *newPasswordInput) (*struct{}, error) {
	return nil, s.Directory.SetPassword(ctx, scopeOf(ctx), in.Login, in.Body.Password)
}

func (s *Server) unlock(ctx context.Context, in *LoginInput) (*struct{}, error) {
	return nil, s.Directory.Unlock(ctx, scopeOf(ctx), in.Login)
}

func (s *Server) unlink(ctx context.Context, in *LoginInput) (*struct{}, error) {
	return nil, s.Directory.Unlink(ctx, scopeOf(ctx), in.Login)
}

type resetFactorInput struct {
	LoginInput
	Reason string `query:"reason" maxLength:"400" doc:"Why, for the audit"`
}

func (s *Server) resetFactor(ctx context.Context, in *resetFactorInput) (*struct{}, error) {
	return nil, s.Directory.ResetFactor(ctx, scopeOf(ctx), in.Login, in.Reason)
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
	return organisation{Code: o.Code, Parent: o.Parent, NameZH: o.NameZH, NameEN: o.NameEN, Level: o.Level, Kind: o.Kind, Area: o.AreaCode, USCC: o.USCC}
}

type newOrganisationInput struct{ Body organisation }

type organisationOutput struct{ Body organisation }

func (s *Server) createOrganisation(ctx context.Context, in *newOrganisationInput) (*organisationOutput, error) {
	b := in.Body
	err := s.Directory.CreateOrganisation(ctx, scopeOf(ctx), access.Organisation{Code: b.Code, Parent: b.Parent, Level: b.Level,
		Kind: b.Kind, AreaCode: b.Area, NameZH: b.NameZH, NameEN: b.NameEN, USCC: b.USCC})
	return &organisationOutput{b}, err
}

type organisationInput struct {
	Code string `path:"code"`
	Body struct {
		Parent string `json:"parent" maxLength:"32" doc:"Code of the organisation above; empty at the top"`
		NameZH string `json:"name_zh" maxLength:"100"`
		NameEN string `json:"name_en" maxLength:"100"`
		Level  string `json:"level" enum:"province,city,county,town,community"`
		Area   string `json:"area_code" maxLength:"20"`
		USCC   string `json:"uscc,omitempty" maxLength:"18"`
	}
}

func (s *Server) changeOrganisation(ctx context.Context, in *organisationInput) (*struct{}, error) {
	b := in.Body
	return nil, s.Directory.ChangeOrganisation(ctx, scopeOf(ctx), access.Organisation{Code: in.Code, Parent: b.Parent, Level: b.Level,
		AreaCode: b.Area, NameZH: b.NameZH, NameEN: b.NameEN, USCC: b.USCC})
}
