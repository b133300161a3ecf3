package hook

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/incident"
)

// payload is the body of a delivery.
type payload struct {
	Type      string    `json:"type"`
	Timestamp time.Time `json:"timestamp"` // when it happened
	Data      any       `json:"data"`
}

// caseData tells a step of a case.
type caseData struct {
	Sequence int                `json:"sequence"` // of the case's records, from 1
	Step     stepData           `json:"step"`
	Incident *incident.Incident `json:"incident"`
}

type stepData struct {
	At      time.Time `json:"at"`
	Action  string    `json:"action"`
	From    string    `json:"from"`
	To      string    `json:"to"`
	Org     string    `json:"org"`  // who did it: never a person
	Dept    string    `json:"dept"` // whose it is after it
	Opinion string    `json:"opinion,omitempty"`
}

// alertData tells what became of an alert.
type alertData struct {
	ID         int64           `json:"id"`
	Identifier string          `json:"identifier"`
	Sender     string          `json:"sender"`
	State      string          `json:"state"`
	Message    json.RawMessage `json:"message"`
}

// data is what of an event an organisation may see at this moment. It returns
// an error wrapping [layers.ErrNotFound] or [access.ErrForbidden] where that is nothing.
func (s *Store) data(ctx context.Context, org string, e Event) (any, error) {
	scope, err := s.Directory.ForOrganisation(ctx, org)
	if err != nil {
		return nil, err
	}
	switch {
	case e.Incident != 0:
		return s.caseData(ctx, scope, e)
	case e.Alert != 0:
		return s.alertData(ctx, scope, e)
	}
	return map[string]any{"message": "it works"}, nil
}

func (s *Store) caseData(ctx context.Context, scope access.Scope, e Event) (any, error) {
	i, err := s.Incidents.Get(ctx, scope, e.Incident)
	if err != nil {
		return nil, err
	}
	if slices.Contains(i.Hidden, "state") { // the record would tell it
		return nil, fmt.Errorf("state of incident %d: %w", e.Incident, access.ErrForbidden)
	}
	words := !slices.Contains(i.Hidden, "description")
	// No person, nothing that is for those only who look at the case here.
	i.Contact, i.Handler, i.Photos, i.Flow, i.Actions, i.Mine, i.Task, i.Duplicates, i.Warnings = "", "", nil, nil, []string{}, false, false, nil, nil
	d := caseData{Incident: &i}
	err = s.Layers.DB().QueryRow(ctx, `SELECT f.at, f.action, f.from_state, f.to_state, f.org, f.dept, f.opinion,
		(SELECT count(*) FROM onemap.incident_flow b WHERE b.incident = f.incident AND b.id <= f.id)
		FROM onemap.incident_flow f WHERE f.id = @flow`, pgx.NamedArgs{"flow": e.Flow}).
		Scan(&d.Step.At, &d.Step.Action, &d.Step.From, &d.Step.To, &d.Step.Org, &d.Step.Dept, &d.Step.Opinion, &d.Sequence)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, fmt.Errorf("flow record %d: %w", e.Flow, layers.ErrNotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("flow record %d: %w", e.Flow, err)
	}
	if d.Step.Action == "report" {
		d.Step.Org = ""
	}
	if !words {
		d.Step.Opinion = ""
	}
	return d, nil
}

// alertData: a public alert is for all; another for who issued it, or handed
// it in, and for command centres.
func (s *Store) alertData(ctx context.Context, scope access.Scope, e Event) (any, error) {
	d := alertData{ID: e.Alert}
	var public bool
	var org string
	err := s.Layers.DB().QueryRow(ctx, `SELECT identifier, sender, state, message, scope = 'Public', org FROM onemap.alert WHERE id = @id`,
		pgx.NamedArgs{"id": e.Alert}).Scan(&d.Identifier, &d.Sender, &d.State, &d.Message, &public, &org)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, fmt.Errorf("alert %d: %w", e.Alert, layers.ErrNotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("alert %d: %w", e.Alert, err)
	}
	if o := scope.Org(); !public && o.Code != org && o.Kind != "command_centre" {
		return nil, fmt.Errorf("alert %d: %w", e.Alert, layers.ErrNotFound)
	}
	return d, nil
}
