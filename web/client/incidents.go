package client

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// A Place is where something is, in a coordinate system that the server knows.
type Place struct {
	CRS         string     `json:"crs"`
	Coordinates [2]float64 `json:"coordinates"`
	Text        string     `json:"text,omitempty"`
}

// WGS84 is a place by longitude and latitude.
func WGS84(lon, lat float64) Place { return Place{CRS: "WGS84", Coordinates: [2]float64{lon, lat}} }

// A ClassRef names a class of a list.
type ClassRef struct {
	Standard string `json:"standard,omitempty"`
	Code     string `json:"code"`
}

// A Report is a new incident. Sent again with the same UUID it is the same one.
type Report struct {
	UUID        string     `json:"uuid"`
	Class       ClassRef   `json:"class"`
	Severity    int        `json:"severity,omitempty"`
	Place       Place      `json:"place"`
	Description string     `json:"description,omitempty"`
	OccurredAt  *time.Time `json:"occurred_at,omitempty"`
	Source      string     `json:"source,omitempty"`
	SelfHandled bool       `json:"self_handled,omitempty"` // settled on the spot: needs a photo of kind after
	Photos      []Shown    `json:"photos,omitempty"`
}

// Shown is a photo that was uploaded before, and what it shows: near, far, before, after.
type Shown struct {
	ID   string `json:"id"`
	Kind string `json:"kind,omitempty"`
}

// An Incident as the caller may see it.
type Incident struct {
	Cursor   string    `json:"cursor"` // after a write
	ID       int64     `json:"id"`
	UUID     string    `json:"uuid"`
	Standard string    `json:"class_standard"`
	Class    string    `json:"class_code"`
	Severity int       `json:"severity"`
	State    string    `json:"state"`
	Dept     string    `json:"dept_code"`
	Grid     string    `json:"grid_code"`
	Lon      float64   `json:"lon"`
	Lat      float64   `json:"lat"`
	Version  int       `json:"version"`
	Mine     bool      `json:"mine"`
	Actions  []string  `json:"allowed_actions"`
	Flow     []Step    `json:"flow"`
	Reported time.Time `json:"reported_at"`
}

// A Step is one entry of an incident's flow record.
type Step struct {
	At     time.Time `json:"at"`
	Action string    `json:"action"`
	From   string    `json:"from"`
	To     string    `json:"to"`
}

// Report sends a report once. See [Temporary] for when to send it again.
func (c *Client) Report(ctx context.Context, r Report) (Incident, error) {
	var i Incident
	return i, c.do(ctx, http.MethodPost, "/api/v1/incidents", r, &i)
}

// Incident reads one incident with its flow.
func (c *Client) Incident(ctx context.Context, id int64) (Incident, error) {
	var i Incident
	return i, c.do(ctx, http.MethodGet, fmt.Sprint("/api/v1/incidents/", id), nil, &i)
}

// Incidents reads a page of incidents, the latest first, by the API's filter
// parameters; next is for the page parameter of the following one, "" at the end.
func (c *Client) Incidents(ctx context.Context, filter url.Values) (page []Incident, next string, err error) {
	var out struct {
		Incidents []Incident
		Next      string
	}
	err = c.Get(ctx, "/api/v1/incidents", filter, &out)
	return out.Incidents, out.Next, err
}

// An Action is a step in an incident's life, as the caller saw it. GET
// /api/v1/flow says what each action needs.
type Action struct {
	UUID      string     `json:"uuid,omitempty"` // sent again with the same one, it is done once
	Action    string     `json:"action"`
	Version   int        `json:"version"`
	Opinion   string     `json:"opinion,omitempty"`
	Dept      string     `json:"dept,omitempty"`
	Worker    string     `json:"worker,omitempty"` // login
	Condition string     `json:"condition,omitempty"`
	Until     *time.Time `json:"until,omitempty"`
	Into      int64      `json:"into,omitempty"`
	Result    string     `json:"result,omitempty"`
	Photos    []Shown    `json:"photos,omitempty"`
	DoneAt    *time.Time `json:"done_at,omitempty"` // by the client's clock, for what was sent later
}

// Act does something to an incident. A Problem with status 409 says that
// somebody was faster.
func (c *Client) Act(ctx context.Context, id int64, a Action) (Incident, error) {
	var i Incident
	return i, c.do(ctx, http.MethodPost, fmt.Sprintf("/api/v1/incidents/%d/actions", id), a, &i)
}

// A Session says who the caller is.
type Session struct {
	SignedIn bool `json:"signed_in"`
	Person   struct {
		Login string   `json:"login"`
		Roles []string `json:"roles"`
		Grids []string `json:"grids"`
	} `json:"person"`
	Organisation struct {
		Code string `json:"code"`
	} `json:"organisation"`
	MayReport   bool `json:"may_report"`
	MayDispatch bool `json:"may_dispatch"`
	OnDuty      bool `json:"may_share_position"`
}

// Session reads who the caller is.
func (c *Client) Session(ctx context.Context) (Session, error) {
	var s Session
	return s, c.Get(ctx, "/api/v1/session", nil, &s)
}
