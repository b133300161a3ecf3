package web

import (
	"context"
	"time"

	"onemap/layers/hook"
)

// Webhooks: where to tell other systems what happened. See layers/hook for what
// they are sent.

type WebhookBody struct {
	Name    string   `json:"name" minLength:"1" maxLength:"100" doc:"What it is for"`
	Org     string   `json:"org" maxLength:"32" doc:"The organisation whose system it is: what it may not see is not sent"`
	URL     string   `json:"url" maxLength:"2000" doc:"https://…; http:// only in networks that the operator names"`
	Events  []string `json:"events" minItems:"1" maxItems:"50" doc:"incident.* and alert.*, or some: incident. with an action of the flow (incident.report, incident.dispatch, incident.close …), alert.issue, alert.update, alert.cancel, alert.expire"`
	Classes []string `json:"classes,omitempty" maxItems:"500" nullable:"false" doc:"Codes of classes of cases; left out: all"`
	Area    string   `json:"area_code,omitempty" maxLength:"20" pattern:"^[0-9A-Za-z_-]*$" doc:"Begin of the administrative codes of cases; left out: all"`
	Source  string   `json:"source,omitempty" maxLength:"32" doc:"Cases of this bridge only; left out: all"`
	State   string   `json:"state,omitempty" enum:"active,paused,disabled" doc:"Left out: active. paused keeps what happens and sends it when it is active again"`
}

func (b WebhookBody) webhook(id int64) hook.Webhook {
	return hook.Webhook{ID: id, Name: b.Name, Org: b.Org, URL: b.URL, Events: b.Events, Classes: b.Classes, Area: b.Area, Source: b.Source, State: b.State}
}

type WebhookInfo struct {
	ID int64 `json:"id"`
	WebhookBody
	Why      string    `json:"why,omitempty" doc:"Why the server paused or disabled it"`
	Failures int       `json:"failures" doc:"Attempts that failed, one after the other"`
	MadeBy   string    `json:"made_by"`
	MadeAt   time.Time `json:"made_at"`
	Pending  int       `json:"pending" doc:"Deliveries on their way"`
	Held     int       `json:"held" doc:"Kept until it is active again"`
	Dead     int       `json:"dead" doc:"Given up; replay sends them again"`
}

func webhookOf(w hook.Webhook) WebhookInfo {
	return WebhookInfo{w.ID, WebhookBody{w.Name, w.Org, w.URL, w.Events, w.Classes, w.Area, w.Source, w.State},
		w.Why, w.Failures, w.MadeBy, w.MadeAt, w.Pending, w.Held, w.Dead}
}

type webhooksOutput struct {
	Body struct {
		Webhooks []WebhookInfo `json:"webhooks" nullable:"false"`
		Events   []string      `json:"events" nullable:"false" doc:"All that may be asked for"`
	}
}

func (s *Server) listWebhooks(ctx context.Context, _ *struct{}) (*webhooksOutput, error) {
	all, err := s.Hooks.List(ctx, scopeOf(ctx))
	out := &webhooksOutput{}
	out.Body.Webhooks, out.Body.Events = []WebhookInfo{}, hook.Events()
	for _, w := range all {
		out.Body.Webhooks = append(out.Body.Webhooks, webhookOf(w))
	}
	return out, err
}

type newWebhookInput struct {
	Request
	Body WebhookBody
}

type newWebhookOutput struct {
	Body struct {
		Secret string `json:"secret" doc:"What deliveries are signed with: whsec_ and base64. Shown this once"`
		WebhookInfo
	}
}

func (s *Server) createWebhook(ctx context.Context, in *newWebhookInput) (*newWebhookOutput, error) {
	w, secret, err := s.Hooks.Create(ctx, scopeOf(ctx), in.Body.webhook(0), clientAddress(in.r))
	out := &newWebhookOutput{}
	out.Body.Secret, out.Body.WebhookInfo = secret, webhookOf(w)
	return out, err
}

type WebhookID struct {
	Request
	ID int64 `path:"id" minimum:"1"`
}

type webhookOutput struct{ Body WebhookInfo }

func (s *Server) getWebhook(ctx context.Context, in *WebhookID) (*webhookOutput, error) {
	w, err := s.Hooks.Get(ctx, scopeOf(ctx), in.ID)
	return &webhookOutput{webhookOf(w)}, err
}

type webhookInput struct {
	WebhookID
	Body WebhookBody
}

func (s *Server) changeWebhook(ctx context.Context, in *webhookInput) (*webhookOutput, error) {
	w, err := s.Hooks.Update(ctx, scopeOf(ctx), in.Body.webhook(in.ID), clientAddress(in.r))
	return &webhookOutput{webhookOf(w)}, err
}

func (s *Server) deleteWebhook(ctx context.Context, in *WebhookID) (*struct{}, error) {
	return nil, s.Hooks.Delete(ctx, scopeOf(ctx), in.ID, clientAddress(in.r))
}

type secretOutput struct {
	Body struct {
		Secret string `json:"secret" doc:"Shown this once. The one before it signs along for a day"`
	}
}

func (s *Server) newWebhookSecret(ctx context.Context, in *WebhookID) (*secretOutput, error) {
	secret, err := s.Hooks.NewSecret(ctx, scopeOf(ctx), in.ID, clientAddress(in.r))
	out := &secretOutput{}
	out.Body.Secret = secret
	return out, err
}

type deliveriesInput struct {
	ID     int64     `path:"id" minimum:"1"`
	State  string    `query:"state" enum:"pending,held,delivered,dead,withheld" doc:"Left out: any"`
	Before time.Time `query:"before" doc:"What happened before it: the at of the last of an earlier answer"`
	Limit  int       `query:"limit" minimum:"1" maximum:"1000" default:"100"`
}

type deliveriesOutput struct {
	Body struct {
		Deliveries []hook.Delivery `json:"deliveries" nullable:"false" doc:"What happened last comes first"`
	}
}

func (s *Server) listDeliveries(ctx context.Context, in *deliveriesInput) (*deliveriesOutput, error) {
	found, err := s.Hooks.Deliveries(ctx, scopeOf(ctx), hook.DeliveryQuery{Webhook: in.ID, State: in.State, Before: in.Before, Limit: in.Limit})
	out := &deliveriesOutput{}
	out.Body.Deliveries = append([]hook.Delivery{}, found...)
	return out, err
}

type replayInput struct {
	WebhookID
	Body struct {
		Delivery string     `json:"delivery,omitempty" maxLength:"36" doc:"One of them; left out: those from from to to"`
		From     *time.Time `json:"from,omitempty" doc:"What happened at or after it"`
		To       *time.Time `json:"to,omitempty" doc:"What happened before it"`
		All      bool       `json:"all,omitempty" doc:"What was delivered too, not only what was given up"`
		Missing  bool       `json:"missing,omitempty" doc:"Also what happened to cases in that time and was never a delivery, for a webhook that was made later"`
	}
}

type replayOutput struct {
	Body struct {
		Count int `json:"count" doc:"How many are sent again, with the same ids; with missing, at most"`
	}
}

func (s *Server) replayWebhook(ctx context.Context, in *replayInput) (*replayOutput, error) {
	b := in.Body
	r := hook.Replay{Webhook: in.ID, Delivery: b.Delivery, All: b.All, Missing: b.Missing}
	if b.From != nil {
		r.From = *b.From
	}
	if b.To != nil {
		r.To = *b.To
	}
	n, err := s.Hooks.Replay(ctx, scopeOf(ctx), r, clientAddress(in.r))
	out := &replayOutput{}
	out.Body.Count = n
	return out, err
}

type deliveryOutput struct{ Body hook.Delivery }

func (s *Server) testWebhook(ctx context.Context, in *WebhookID) (*deliveryOutput, error) {
	d, err := s.Hooks.Test(ctx, scopeOf(ctx), in.ID, clientAddress(in.r))
	return &deliveryOutput{d}, err
}
