package hook

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/jobs"
)

// waits are the times between attempts, two days in all; after the last a
// delivery is a dead letter, to be replayed by hand.
var waits = []time.Duration{5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute, 30 * time.Minute,
	time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour}

// pauseAfter is how many attempts in a row may fail before a webhook pauses.
const pauseAfter = 100

// retry is the wait after so many attempts, a fifth more or less, so that what
// failed together does not come back together.
func retry(attempt int) time.Duration {
	d := waits[min(max(attempt, 1), len(waits))-1]
	return time.Duration(float64(d) * (0.8 + 0.4*rand.Float64()))
}

type sendJob struct {
	Delivery string `json:"delivery"`
}

func (sendJob) Kind() string { return "webhook_send" }

func (sendJob) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: jobs.Webhooks, MaxAttempts: len(waits) + 1}
}

// errTryAgain makes river try again; what was wrong stands in the delivery.
var errTryAgain = errors.New("not delivered")

// deliver makes one attempt at a delivery.
func (s *Store) deliver(ctx context.Context, j *river.Job[sendJob]) error {
	var e Event
	var w Webhook
	var state string
	var flow, inc, alert *int64
	var attempts int
	db, id := s.Layers.DB(), j.Args.Delivery
	err := db.QueryRow(ctx, `SELECT d.event, d.flow, d.incident, d.alert, d.at, d.state, d.attempts, w.id, w.org, w.url, w.state
		FROM onemap.webhook_delivery d JOIN onemap.webhook w ON w.id = d.webhook WHERE d.id = @id`, pgx.NamedArgs{"id": id}).
		Scan(&e.Event, &flow, &inc, &alert, &e.At, &state, &attempts, &w.ID, &w.Org, &w.URL, &w.State)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil // forgotten meanwhile
	}
	if err != nil {
		return fmt.Errorf("delivery %s: %w", id, err)
	}
	if state != "pending" {
		return nil // taken by an earlier attempt whose job was done again
	}
	if w.State != Active {
		return s.settle(ctx, id, "held")
	}
	e.Flow, e.Incident, e.Alert = orZero(flow), orZero(inc), orZero(alert)
	data, err := s.data(ctx, w.Org, e)
	if errors.Is(err, layers.ErrNotFound) || errors.Is(err, access.ErrForbidden) {
		return s.settle(ctx, id, "withheld")
	}
	if err != nil {
		return err
	}
	got, sendErr := s.post(ctx, w, id, payload{e.Event, e.At, data})
	if ctx.Err() != nil && sendErr != nil {
		return ctx.Err() // the server stops: not the receiver's fault
	}
	return s.outcome(ctx, w, id, got, sendErr, j.Attempt >= j.MaxAttempts || attempts >= 2*len(waits), j.Attempt)
}

// post signs a body and sends it.
func (s *Store) post(ctx context.Context, w Webhook, id string, p payload) (Answer, error) {
	body, err := json.Marshal(p)
	if err != nil {
		return Answer{}, fmt.Errorf("write delivery: %w", err)
	}
	secrets, err := s.secrets(ctx, w.ID)
	if err != nil {
		return Answer{}, err
	}
	return s.Post(ctx, w.URL, headers(id, time.Now(), body, secrets), body)
}

// outcome records what became of an attempt, and says to river whether there
// is to be another.
func (s *Store) outcome(ctx context.Context, w Webhook, id string, got Answer, sendErr error, last bool, attempt int) error {
	ok := sendErr == nil && got.Status >= 200 && got.Status < 300
	why := ""
	switch {
	case sendErr != nil:
		why = sendErr.Error()
	case !ok:
		why = fmt.Sprintf("answered %d", got.Status)
	}
	wait := s.Retry
	if wait == nil {
		wait = retry
	}
	pause := wait(attempt)
	if got.RetryAfter > pause {
		pause = min(got.RetryAfter, 24*time.Hour)
	}
	args := pgx.NamedArgs{"id": id, "status": orNullInt(got.Status), "error": short200(why), "state": "pending", "next": time.Now().Add(pause), "webhook": w.ID}
	if ok {
		args["state"] = "delivered"
	} else if last {
		args["state"] = "dead"
	}
	err := pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `UPDATE onemap.webhook_delivery SET state = @state, attempts = attempts + 1, status = @status, error = @error,
			next_at = CASE WHEN @state = 'pending' THEN @next::timestamptz END, done_at = CASE WHEN @state <> 'pending' THEN now() END WHERE id = @id`,
			pgx.NamedArgs{"id": id, "state": args["state"], "status": args["status"], "error": args["error"], "next": args["next"]}); err != nil {
			return err
		}
		if ok { // most often it is 0 already
			_, err := tx.Exec(ctx, `UPDATE onemap.webhook SET failures = 0 WHERE id = @id AND failures > 0`, pgx.NamedArgs{"id": w.ID})
			return err
		}
		if got.Status == 410 { // Standard Webhooks: it is gone and asks for no more
			_, err := tx.Exec(ctx, `UPDATE onemap.webhook SET state = 'disabled', why = 'the receiver answered 410 Gone', updated_at = now() WHERE id = @id`,
				pgx.NamedArgs{"id": w.ID})
			return err
		}
		var state string
		err := tx.QueryRow(ctx, `UPDATE onemap.webhook SET failures = failures + 1,
			state = CASE WHEN failures + 1 >= @most AND state = 'active' THEN 'paused' ELSE state END,
			why = CASE WHEN failures + 1 >= @most AND state = 'active' THEN 'paused after ' || failures + 1 || ' attempts in a row failed, the last: ' || @why ELSE why END
			WHERE id = @id RETURNING state`, pgx.NamedArgs{"id": w.ID, "most": pauseAfter, "why": args["error"]}).Scan(&state)
		if err == nil && state == Paused && w.State == Active {
			s.log().Warn("a webhook pauses: too many attempts failed", "webhook", w.ID)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("delivery %s: %w", id, err)
	}
	switch {
	case ok:
		return nil
	case got.Status == 410:
		return river.JobCancel(errTryAgain)
	case !last && got.RetryAfter > wait(attempt):
		return river.JobSnooze(pause) // it counts as no attempt for river, but does for last
	}
	return errTryAgain
}

// settle ends a delivery without an attempt.
func (s *Store) settle(ctx context.Context, id, state string) error {
	_, err := s.Layers.DB().Exec(ctx, `UPDATE onemap.webhook_delivery SET state = @state, next_at = NULL, done_at = CASE WHEN @state <> 'held' THEN now() END
		WHERE id = @id AND state = 'pending'`, pgx.NamedArgs{"id": id, "state": state})
	if err != nil {
		return fmt.Errorf("delivery %s: %w", id, err)
	}
	return nil
}

func orZero(p *int64) int64 {
	if p == nil {
		return 0
	}
	return *p
}

func orNullInt(n int) *int {
	if n == 0 {
		return nil
	}
	return &n
}

func short200(s string) string {
	if r := []rune(s); len(r) > 200 {
		return string(r[:200]) + "…"
	}
	return s
}
