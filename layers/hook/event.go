package hook

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/jobs"
)

// An Event is something that happened: the job which the trigger on
// onemap.incident_flow puts down, and layers/alert for its own.
type Event struct {
	Event    string    `json:"event"`
	Flow     int64     `json:"flow,omitempty"`
	Incident int64     `json:"incident,omitempty"`
	Alert    int64     `json:"alert,omitempty"`
	At       time.Time `json:"at"`
	Webhook  int64     `json:"webhook,omitempty"` // for it alone; 0: for all
}

func (Event) Kind() string { return "webhook_event" }

// InsertOpts: as the trigger does.
func (Event) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: jobs.Webhooks, MaxAttempts: 25}
}

// candidateSQL finds the webhooks that ask for an event.
const candidateSQL = `SELECT w.id, w.org, w.state FROM onemap.webhook w
	WHERE w.state <> 'disabled'
	  AND EXISTS (SELECT FROM unnest(w.events) e WHERE e = @event OR right(e, 1) = '*' AND starts_with(@event, left(e, -1)))
	  AND (@webhook::bigint = 0 OR w.id = @webhook)
	  AND (@incident::bigint IS NULL OR EXISTS (SELECT FROM map.incident i WHERE i.id = @incident
	       AND (cardinality(w.classes) = 0 OR i.class_code = ANY (w.classes))
	       AND starts_with(i.area_code, w.area_code)
	       AND (w.source = '' OR i.external_source = w.source)))`

// fanOut puts down one delivery for each webhook that wants the event and
// whose organisation may see what it is about. Done twice it adds nothing.
func (s *Store) fanOut(ctx context.Context, j *river.Job[Event]) error {
	e := j.Args
	found, err := s.candidates(ctx, e)
	if err != nil || len(found) == 0 {
		return err
	}
	return pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) error {
		for _, w := range found {
			state := "pending"
			if w.State == Paused {
				state = "held"
			}
			var id string
			err := tx.QueryRow(ctx, `INSERT INTO onemap.webhook_delivery (webhook, event, flow, incident, alert, at, state)
				VALUES (@webhook, @event, @flow, @incident, @alert, @at, @state) ON CONFLICT DO NOTHING RETURNING id::text`,
				pgx.NamedArgs{"webhook": w.ID, "event": e.Event, "flow": orNull(e.Flow), "incident": orNull(e.Incident), "alert": orNull(e.Alert),
					"at": e.At, "state": state}).Scan(&id)
			if errors.Is(err, pgx.ErrNoRows) {
				continue
			}
			if err != nil {
				return fmt.Errorf("put down delivery: %w", err)
			}
			if state == "pending" {
				if err := s.Jobs.InsertTx(ctx, tx, sendJob{id}, nil); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

type candidate struct {
	ID    int64
	Org   string
	State string
}

// candidates are the webhooks that get the event. An event that is none of an
// organisation's business leaves no trace there. It is no part of the
// transaction that puts the deliveries down: a job must not wait for a second
// connection while it holds one.
func (s *Store) candidates(ctx context.Context, e Event) ([]candidate, error) {
	rows, err := s.Layers.DB().Query(ctx, candidateSQL, pgx.NamedArgs{"event": e.Event, "incident": orNull(e.Incident), "webhook": e.Webhook})
	if err != nil {
		return nil, fmt.Errorf("who wants %s: %w", e.Event, err)
	}
	asked, err := pgx.CollectRows(rows, pgx.RowToStructByPos[candidate])
	if err != nil {
		return nil, fmt.Errorf("who wants %s: %w", e.Event, err)
	}
	var may []candidate
	for _, w := range asked {
		_, err := s.data(ctx, w.Org, e)
		switch {
		case err == nil:
			may = append(may, w)
		case !errors.Is(err, layers.ErrNotFound) && !errors.Is(err, access.ErrForbidden):
			return nil, err
		}
	}
	return may, nil
}

func orNull(id int64) *int64 {
	if id == 0 {
		return nil
	}
	return &id
}
