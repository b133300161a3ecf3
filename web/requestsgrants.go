package web

import (
	"context"
	"time"

	"onemap/layers/sharing"
)

// GrantInfo is one line of the register of grants.
type GrantInfo struct {
	Kind      string     `json:"kind" enum:"layer,resource"`
	ID        int64      `json:"id"`
	Request   int64      `json:"request,omitempty" doc:"Absent: it was given by hand"`
	Resource  string     `json:"resource,omitempty" doc:"Its code"`
	NameZH    string     `json:"name_zh"`
	NameEN    string     `json:"name_en"`
	Layer     string     `json:"layer,omitempty"`
	Provider  string     `json:"provider"`
	Org       string     `json:"org" doc:"Who was granted it"`
	Items     []string   `json:"items,omitempty" nullable:"false" doc:"Absent: all that are not sensitive"`
	Area      string     `json:"area_code,omitempty" doc:"Absent: the area of whoever uses it"`
	Grids     []string   `json:"grids,omitempty" nullable:"false" doc:"Absent: all of the area"`
	Reason    string     `json:"reason"`
	GrantedBy string     `json:"granted_by"`
	GrantedAt time.Time  `json:"granted_at"`
	EndsAt    *time.Time `json:"ends_at,omitempty"`
	RevokedAt *time.Time `json:"revoked_at,omitempty"`
	InForce   bool       `json:"in_force"`
	Ends      bool       `json:"may_withdraw" doc:"The caller may withdraw it now"`
}

type grantsInput struct {
	Side  string `query:"side" enum:"given,received,all" default:"all" doc:"By my organisation, or to it"`
	Layer string `query:"layer" maxLength:"48"`
	Over  bool   `query:"over" doc:"Those that ended or were withdrawn, too"`
	Limit int    `query:"limit" minimum:"1" maximum:"1000" default:"200"`
}

type grantsOutput struct {
	Body struct {
		Grants []GrantInfo `json:"grants" nullable:"false" doc:"The latest first"`
	}
}

func (s *Server) listGrants(ctx context.Context, in *grantsInput) (*grantsOutput, error) {
	found, err := s.Sharing.Grants(ctx, scopeOf(ctx), sharing.GrantQuery{Side: in.Side, Layer: in.Layer, Over: in.Over, Limit: in.Limit})
	out := &grantsOutput{}
	out.Body.Grants = make([]GrantInfo, len(found))
	for i, g := range found {
		out.Body.Grants[i] = GrantInfo{g.Kind, g.ID, g.Request, g.Code, g.NameZH, g.NameEN, g.Layer, g.Provider, g.Org, g.Items, g.AreaCode, g.Grids,
			g.Reason, g.GrantedBy, g.GrantedAt, g.EndsAt, g.RevokedAt, g.InForce, g.InForce && g.MayWithdraw(scopeOf(ctx))}
	}
	return out, err
}

type withdrawInput struct {
	Request
	Kind string `path:"kind" enum:"layer,resource"`
	ID   int64  `path:"id" minimum:"1"`
	Body struct {
		Basis string `json:"basis" minLength:"1" maxLength:"2000" doc:"Why, by which law"`
	}
}

type withdrawOutput struct {
	Cursor string `header:"Onemap-Cursor" doc:"The place in the log that holds the write"`
}

func (s *Server) withdrawGrant(ctx context.Context, in *withdrawInput) (*withdrawOutput, error) {
	at, err := s.Sharing.Withdraw(ctx, scopeOf(ctx), in.Kind, in.ID, in.Body.Basis, clientAddress(in.r))
	return &withdrawOutput{at.String()}, err
}
