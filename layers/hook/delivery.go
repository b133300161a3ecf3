package hook

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"onemap/layers"
	"onemap/layers/access"
)

// A Delivery is one event for one webhook.
type Delivery struct {
	ID       string     `json:"id"`
	Event    string     `json:"event"`
	Incident *int64     `json:"incident,omitempty"`
	Alert    *int64     `json:"alert,omitempty"`
	At       time.Time  `json:"at"`
	State    string     `json:"state"`
	Attempts int        `json:"attempts"`
	Status   *int       `json:"status,omitempty"`
	Error    string     `json:"error,omitempty"`
	NextAt   *time.Time `json:"next_at,omitempty"`
	DoneAt   *time.Time `json:"done_at,omitempty"`
}

var deliveryStates = []string{"pending", "held", "delivered", "dead", "withheld"}

const deliveryColumns = `id::text AS id, event, incident, alert, at, state, attempts, status, error, next_at, done_at`

// A DeliveryQuery asks for deliveries of one webhook, the latest first.
type DeliveryQuery struct {
	Webhook int64
	State   string    // "": any
	Before  time.Time // that happened before it; zero: all
	Limit   int       // 1 to 1000; 0: 100
}

// Deliveries lists what was and is to be sent.
func (s *Store) Deliveries(ctx context.Context, by access.Scope, q DeliveryQuery) ([]Delivery, error) {
	if _, err := s.Get(ctx, by, q.Webhook); err != nil {
		return nil, err
	}
	if q.State != "" && !slices.Contains(deliveryStates, q.State) {
		return nil, &layers.InputError{Field: "state", Value: layers.Short(q.State), Remedy: fmt.Sprint("one of ", deliveryStates)}
	}
	if q.Limit <= 0 {
		q.Limit = 100
	}
	var before *time.Time
	if !q.Before.IsZero() {
		before = &q.Before
	}
	rows, err := s.Layers.DB().Query(ctx, `SELECT `+deliveryColumns+` FROM onemap.webhook_delivery WHERE webhook = @webhook
		AND (@state = '' OR state = @state) AND (@before::timestamptz IS NULL OR at < @before) ORDER BY at DESC, id LIMIT @limit`,
		pgx.NamedArgs{"webhook": q.Webhook, "state": q.State, "before": before, "limit": min(q.Limit, 1000)})
	if err != nil {
		return nil, fmt.Errorf("deliveries: %w", err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[Delivery])
	if err != nil {
		return nil, fmt.Errorf("deliveries: %w", err)
	}
	return found, nil
}

// A Replay says what to send again.
type Replay struct {
	Webhook  int64
	Delivery string    // one of them; "": by time
	From, To time.Time // what happened at or after From and before To
	// Missing also puts down what happened in that time and was never a
	// delivery: the webhook was made, or began to ask for it, later.
	Missing bool
	// All sends again what was delivered too, and not only dead letters.
	All bool
}

// maxReplay bounds one replay.
const maxReplay = 20_000

// Replay sends again, with the same ids: a receiver that has seen one knows
// it. It returns how many.
func (s *Store) Replay(ctx context.Context, by access.Scope, r Replay, address string) (n int, err error) {
	w, err := s.Get(ctx, by, r.Webhook)
	if err != nil {
		return 0, err
	}
	if w.State != Active {
		return 0, fmt.Errorf("the webhook is %s, make it active first: %w", w.State, layers.ErrConflict)
	}
	cond, args := "webhook = @webhook AND id = @id AND state <> 'pending'", pgx.NamedArgs{"webhook": r.Webhook, "id": r.Delivery}
	if r.Delivery == "" {
		if !r.From.Before(r.To) {
			return 0, &layers.InputError{Field: "from", Remedy: "the number of a delivery, or a time before to"}
		}
		cond, args = "webhook = @webhook AND at >= @from AND at < @to AND (state = 'dead' OR @all AND state IN ('delivered', 'withheld'))",
			pgx.NamedArgs{"webhook": r.Webhook, "from": r.From, "to": r.To, "all": r.All}
	} else if _, err := uuid.Parse(r.Delivery); err != nil {
		return 0, &layers.InputError{Field: "delivery", Value: layers.Short(r.Delivery), Remedy: "the id of a delivery"}
	}
	err = pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) error {
		if n, err = s.sendAgain(ctx, tx, cond, args); err != nil {
			return err
		}
		if n == 0 && r.Delivery != "" {
			return fmt.Errorf("delivery %s: %w", r.Delivery, layers.ErrNotFound)
		}
		if r.Missing && r.Delivery == "" {
			more, err := s.missing(ctx, tx, r)
			if err != nil {
				return err
			}
			n += more
		}
		return access.RecordTx(ctx, tx, by, access.Entry{Action: "webhook.replay", Object: fmt.Sprintf("webhook/%d", r.Webhook), Result: access.Done,
			Address: address, Detail: map[string]any{"deliveries": n}})
	})
	return n, access.Wrap("replay", err)
}

// sendAgain makes the deliveries that hold cond pending, in the order in which things happened.
func (s *Store) sendAgain(ctx context.Context, tx pgx.Tx, cond string, args pgx.NamedArgs) (int, error) {
	rows, err := tx.Query(ctx, `WITH again AS (UPDATE onemap.webhook_delivery SET state = 'pending', attempts = 0, error = '', status = NULL, next_at = NULL, done_at = NULL
		WHERE `+cond+` RETURNING id, at) SELECT id::text FROM again ORDER BY at, id`, args)
	if err != nil {
		return 0, err
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return 0, err
	}
	if len(ids) > maxReplay {
		return 0, tooMany(len(ids))
	}
	params := make([]river.InsertManyParams, len(ids))
	for i, id := range ids {
		params[i] = river.InsertManyParams{Args: sendJob{id}}
	}
	return len(ids), s.Jobs.InsertManyTx(ctx, tx, params)
}

// missing puts down, as events for this webhook alone, what happened and was
// never a delivery of it. It returns how many there are; which of them the
// webhook wants and may have is seen when they are done.
func (s *Store) missing(ctx context.Context, tx pgx.Tx, r Replay) (int, error) {
	rows, err := tx.Query(ctx, `SELECT 'incident.' || f.action, f.id, f.incident, f.at FROM onemap.incident_flow f
		WHERE f.at >= @from AND f.at < @to AND f.actor <> 'import'
		  AND NOT EXISTS (SELECT FROM onemap.webhook_delivery d WHERE d.webhook = @webhook AND d.flow = f.id) ORDER BY f.id LIMIT @most + 1`,
		pgx.NamedArgs{"from": r.From, "to": r.To, "webhook": r.Webhook, "most": maxReplay})
	if err != nil {
		return 0, err
	}
	events, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (river.InsertManyParams, error) {
		e := Event{Webhook: r.Webhook}
		err := row.Scan(&e.Event, &e.Flow, &e.Incident, &e.At)
		return river.InsertManyParams{Args: e}, err
	})
	if err != nil {
		return 0, err
	}
	if len(events) > maxReplay {
		return 0, tooMany(len(events))
	}
	return len(events), s.Jobs.InsertManyTx(ctx, tx, events)
}

func tooMany(n int) error {
	return &layers.InputError{Field: "from", Remedy: fmt.Sprintf("a shorter time: these are %d or more, and %d are sent at once at most", n, maxReplay)}
}

// Test sends a word at once and says what became of it.
func (s *Store) Test(ctx context.Context, by access.Scope, id int64, address string) (Delivery, error) {
	w, err := s.Get(ctx, by, id)
	if err != nil {
		return Delivery{}, err
	}
	d := Delivery{ID: uuid.NewString(), Event: "test", At: time.Now(), State: "delivered", Attempts: 1}
	got, err := s.post(ctx, w, d.ID, payload{"test", d.At, map[string]any{"message": "it works"}})
	if got.Status != 0 {
		d.Status = &got.Status
	}
	if err != nil {
		d.State, d.Error = "dead", err.Error()
	} else if got.Status < 200 || got.Status > 299 {
		d.State, d.Error = "dead", fmt.Sprintf("answered %d", got.Status)
	}
	return d, pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) error {
		return access.RecordTx(ctx, tx, by, access.Entry{Action: "webhook.test", Object: fmt.Sprintf("webhook/%d", id), Result: access.Done,
			Address: address, Detail: map[string]any{"result": d.State}})
	})
}

// keepFor is how long it is known what was delivered.
const keepFor = "30 days"

type sweepJob struct{}

func (sweepJob) Kind() string { return "webhook_sweep" }

// sweep forgets old deliveries and secrets that ended.
func (s *Store) sweep(ctx context.Context, _ *river.Job[sweepJob]) error {
	if _, err := s.Layers.DB().Exec(ctx, `DELETE FROM onemap.webhook_delivery WHERE done_at < now() - '`+keepFor+`'::interval`); err != nil {
		return fmt.Errorf("forget deliveries: %w", err)
	}
	if _, err := s.Layers.DB().Exec(ctx, `DELETE FROM onemap.webhook_secret WHERE ends_at < now()`); err != nil {
		return fmt.Errorf("forget secrets: %w", err)
	}
	return nil
}
