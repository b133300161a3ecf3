package web

import (
	"bytes"
	"context"
	"encoding/base64"
	"image/png"
	"time"

	"github.com/boombuler/barcode"
	"github.com/boombuler/barcode/qr"

	"onemap/layers/access"
)

// One's own sessions and second factor, and reasons for sensitive layers.

type sessionsOutput struct {
	Body struct {
		Sessions []sessionInfo `json:"sessions" nullable:"false" doc:"The last used first"`
	}
}

type sessionInfo struct {
	ID        int64     `json:"id"`
	How       string    `json:"how" enum:"password,oidc"`
	Factor    bool      `json:"factor" doc:"A second factor was shown"`
	Address   string    `json:"address" doc:"From where it was opened"`
	Agent     string    `json:"agent" doc:"The browser, as it calls itself"`
	CreatedAt time.Time `json:"created_at"`
	SeenAt    time.Time `json:"seen_at" doc:"Last use, to the hour"`
	ExpiresAt time.Time `json:"expires_at"`
	Current   bool      `json:"current" doc:"It is the caller's own"`
}

type whoseInput struct {
	Login string `query:"login" maxLength:"63" doc:"Left out: the caller's own; another's for administrators and security administrators"`
}

func (s *Server) listSessions(ctx context.Context, in *whoseInput) (*sessionsOutput, error) {
	all, err := s.Directory.ListSessions(ctx, scopeOf(ctx), ownLogin(ctx, in.Login))
	out := &sessionsOutput{}
	out.Body.Sessions = []sessionInfo{}
	for _, x := range all {
		out.Body.Sessions = append(out.Body.Sessions, sessionInfo(x))
	}
	return out, err
}

type sessionIDInput struct {
	ID int64 `path:"id"`
}

func (s *Server) endSession(ctx context.Context, in *sessionIDInput) (*struct{}, error) {
	return nil, s.Directory.EndSession(ctx, scopeOf(ctx), in.ID)
}

type endedOutput struct {
	Body struct {
		Ended int `json:"ended"`
	}
}

func (s *Server) endSessions(ctx context.Context, in *whoseInput) (out *endedOutput, err error) {
	out = &endedOutput{}
	out.Body.Ended, err = s.Directory.EndSessions(ctx, scopeOf(ctx), ownLogin(ctx, in.Login))
	return out, err
}

type reasonInput struct {
	Request
	Body struct {
		Layers []string `json:"layers" minItems:"1" maxItems:"50" doc:"Names of sensitive layers"`
		Reason string   `json:"reason" maxLength:"400" doc:"Why I look at them, in 4 to 200 characters; the audit keeps it"`
	}
}

type reasonOutput struct {
	Body struct {
		Until time.Time `json:"until" doc:"How long it holds"`
	}
}

func (s *Server) giveReason(ctx context.Context, in *reasonInput) (out *reasonOutput, err error) {
	out = &reasonOutput{}
	out.Body.Until, err = s.Directory.GiveReason(ctx, scopeOf(ctx), in.Body.Layers, in.Body.Reason, clientAddress(in.r))
	return out, err
}

type askReasonInput struct {
	Layer string `path:"layer"`
	Body  struct {
		AskReason bool   `json:"ask_reason" doc:"Whether who looks at the layer says why first"`
		Reason    string `json:"reason" maxLength:"400" doc:"Why this is set; the audit keeps it"`
	}
}

func (s *Server) setAskReason(ctx context.Context, in *askReasonInput) (*struct{}, error) {
	return nil, s.Directory.SetAskReason(ctx, scopeOf(ctx), in.Layer, in.Body.AskReason, in.Body.Reason)
}

type factorOutput struct {
	Body struct {
		Since    *time.Time `json:"since,omitempty" doc:"Absent: there is none"`
		Codes    int        `json:"codes" doc:"Recovery codes that are left"`
		Required bool       `json:"required" doc:"One of the caller's roles needs it"`
	}
}

func (s *Server) getFactor(ctx context.Context, _ *struct{}) (*factorOutput, error) {
	f, err := s.Directory.Factor(ctx, scopeOf(ctx))
	out := &factorOutput{}
	out.Body.Since, out.Body.Codes, out.Body.Required = timeOrNil(f.Since), f.Codes, f.Required
	return out, err
}

type factorSecretOutput struct {
	Body struct {
		URI    string `json:"uri" doc:"For the authenticator: otpauth://"`
		Secret string `json:"secret" doc:"The same to be typed"`
		QR     string `json:"qr" doc:"The same as a picture: a data URL"`
	}
}

// beginFactor names the deployment by its address, as authenticators list it.
func (s *Server) beginFactor(ctx context.Context, in *onlyRequest) (*factorSecretOutput, error) {
	secret, err := s.Directory.BeginFactor(ctx, scopeOf(ctx), "onemap "+in.r.Host)
	if err != nil {
		return nil, err
	}
	picture, err := qrCode(secret.URI)
	if err != nil {
		return nil, err
	}
	out := &factorSecretOutput{}
	out.Body.URI, out.Body.Secret, out.Body.QR = secret.URI, secret.Text, picture
	return out, nil
}

type onlyRequest struct{ Request }

// qrCode draws a text as a data URL.
func qrCode(text string) (string, error) {
	code, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		return "", err
	}
	if code, err = barcode.Scale(code, 240, 240); err != nil {
		return "", err
	}
	var b bytes.Buffer
	if err := png.Encode(&b, code); err != nil {
		return "", err
	}
	return "data:image/png;base64," + base64.StdEncoding.EncodeToString(b.Bytes()), nil
}

type codeInput struct {
	Request
	Body struct {
		Code string `json:"code" minLength:"6" maxLength:"32" doc:"Six digits of the authenticator, or a recovery code"`
	}
}

type codesOutput struct {
	Body struct {
		RecoveryCodes []string `json:"recovery_codes" nullable:"false" doc:"Each works once, in place of a code of the authenticator. Shown this once"`
	}
}

func (s *Server) confirmFactor(ctx context.Context, in *codeInput) (out *codesOutput, err error) {
	out = &codesOutput{}
	out.Body.RecoveryCodes, err = s.Directory.ConfirmFactor(ctx, scopeOf(ctx), in.Body.Code, from(in.r))
	return out, err
}

func (s *Server) renewCodes(ctx context.Context, in *codeInput) (out *codesOutput, err error) {
	out = &codesOutput{}
	out.Body.RecoveryCodes, err = s.Directory.RenewCodes(ctx, scopeOf(ctx), in.Body.Code, from(in.r))
	return out, err
}

func (s *Server) removeFactor(ctx context.Context, in *codeInput) (*struct{}, error) {
	return nil, s.Directory.RemoveFactor(ctx, scopeOf(ctx), in.Body.Code, from(in.r))
}

// showFactor makes a session good for everything that lacked its second factor.
func (s *Server) showFactor(ctx context.Context, in *codeInput) (*sessionOutput, error) {
	if err := s.Directory.ShowFactor(ctx, scopeOf(ctx), in.Body.Code, from(in.r)); err != nil {
		return nil, err
	}
	scope, err := s.Directory.Session(ctx, stateOf(ctx).secret)
	if err != nil {
		return nil, err
	}
	stateOf(ctx).scope = scope
	return s.sessionOf(ctx, scope)
}

type signInRulesBody struct{ Body access.SignInRules }

func (s *Server) getSignInRules(ctx context.Context, _ *struct{}) (*signInRulesBody, error) {
	r, err := s.Directory.SignInRules(ctx, scopeOf(ctx))
	return &signInRulesBody{r}, err
}

type signInRulesInput struct {
	Body struct {
		access.SignInRules
		Reason string `json:"reason" maxLength:"400"`
	}
}

func (s *Server) setSignInRules(ctx context.Context, in *signInRulesInput) (*struct{}, error) {
	return nil, s.Directory.SetSignInRules(ctx, scopeOf(ctx), in.Body.SignInRules, in.Body.Reason)
}
