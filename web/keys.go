package web

import (
	"context"
	"time"

	"onemap/layers/access"
)

type KeyBody struct {
	Prefix    string     `json:"prefix" doc:"Names the key"`
	Login     string     `json:"login" doc:"Whose rights it has"`
	Name      string     `json:"name" doc:"What it is for"`
	CreatedAt time.Time  `json:"created_at"`
	ExpiresAt *time.Time `json:"expires_at,omitempty"`
	RevokedAt *time.Time `json:"revoked_at,omitempty"`
	UsedAt    *time.Time `json:"used_at,omitempty" doc:"Last use, to the hour"`
	Scopes    []string   `json:"scopes" nullable:"false" enum:"read,write"`
	Layers    []string   `json:"layers,omitempty" doc:"The only ones that it reaches; absent: all"`
}

func keyOf(k access.KeyInfo) KeyBody {
	return KeyBody{k.Prefix, k.Login, k.Name, k.CreatedAt, timeOrNil(k.ExpiresAt), timeOrNil(k.RevokedAt), timeOrNil(k.UsedAt), k.Scopes, k.Layers}
}

type keysInput struct {
	Login string `query:"login" maxLength:"63" doc:"Left out: the caller's own"`
	All   bool   `query:"all" doc:"Everybody's, for a security administrator"`
}

type keysOutput struct {
	Body struct {
		Keys []KeyBody `json:"keys" nullable:"false"`
	}
}

func (s *Server) listKeys(ctx context.Context, in *keysInput) (*keysOutput, error) {
	login := ownLogin(ctx, in.Login)
	if in.All {
		login = ""
	}
	all, err := s.Directory.ListKeys(ctx, scopeOf(ctx), login)
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
		ExpiresAt *time.Time `json:"expires_at,omitempty" doc:"Left out: as late as the deployment allows, mostly in a year"`
		Scopes    []string   `json:"scopes,omitempty" maxItems:"2" enum:"read,write" doc:"Left out: both"`
		Layers    []string   `json:"layers,omitempty" maxItems:"100" doc:"The only layers that it reaches. A key that is cut to layers calls nothing else. Left out: all"`
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
	text, info, err := s.Directory.CreateNarrowKey(ctx, scopeOf(ctx), access.NewKey{Login: ownLogin(ctx, in.Body.Login), Name: in.Body.Name, Expires: expires,
		Scopes: in.Body.Scopes, Layers: in.Body.Layers})
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
