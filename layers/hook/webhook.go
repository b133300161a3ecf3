package hook

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/incident"
)

// States of a [Webhook].
const (
	Active   = "active"
	Paused   = "paused"   // what happens is kept, and sent when it is active again
	Disabled = "disabled" // nothing is kept
)

// A Webhook is where to tell an organisation what happened.
type Webhook struct {
	ID       int64     `json:"id"`
	Name     string    `json:"name"`
	Org      string    `json:"org"`
	URL      string    `json:"url"`
	Events   []string  `json:"events"`
	Classes  []string  `json:"classes"`
	Area     string    `json:"area_code"`
	Source   string    `json:"source"`
	State    string    `json:"state"`
	Why      string    `json:"why"`
	Failures int       `json:"failures"`
	MadeBy   string    `json:"made_by"`
	MadeAt   time.Time `json:"made_at"`
	Pending  int       `json:"pending"` // deliveries that wait
	Held     int       `json:"held"`
	Dead     int       `json:"dead"`
}

const columns = `w.id, w.name, w.org, w.url, w.events, w.classes, w.area_code AS area, w.source, w.state, w.why, w.failures, w.made_by, w.made_at,
	(SELECT count(*) FROM onemap.webhook_delivery d WHERE d.webhook = w.id AND d.state = 'pending') AS pending,
	(SELECT count(*) FROM onemap.webhook_delivery d WHERE d.webhook = w.id AND d.state = 'held') AS held,
	(SELECT count(*) FROM onemap.webhook_delivery d WHERE d.webhook = w.id AND d.state = 'dead') AS dead`

// alertEvents are what happens to alerts.
var alertEvents = []string{"alert.issue", "alert.update", "alert.cancel", "alert.expire"}

// Events are all that a webhook may ask for, by name.
func Events() []string {
	all := []string{"incident.report"}
	for _, t := range incident.Transitions {
		if name := "incident." + t.Action; !slices.Contains(all, name) {
			all = append(all, name)
		}
	}
	return append(all, alertEvents...)
}

// List returns all webhooks.
func (s *Store) List(ctx context.Context, by access.Scope) ([]Webhook, error) {
	return s.find(ctx, by, "true", pgx.NamedArgs{})
}

// Get returns one. It returns an error wrapping [layers.ErrNotFound] where there is none.
func (s *Store) Get(ctx context.Context, by access.Scope, id int64) (Webhook, error) {
	found, err := s.find(ctx, by, "w.id = @id", pgx.NamedArgs{"id": id})
	if err == nil && len(found) == 0 {
		err = fmt.Errorf("webhook %d: %w", id, layers.ErrNotFound)
	}
	if err != nil {
		return Webhook{}, err
	}
	return found[0], nil
}

func (s *Store) find(ctx context.Context, by access.Scope, cond string, args pgx.NamedArgs) ([]Webhook, error) {
	if err := by.Require(access.Administrator); err != nil {
		return nil, err
	}
	rows, err := s.Layers.DB().Query(ctx, `SELECT `+columns+` FROM onemap.webhook w WHERE `+cond+` ORDER BY w.id`, args)
	if err != nil {
		return nil, fmt.Errorf("find webhooks: %w", err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[Webhook])
	if err != nil {
		return nil, fmt.Errorf("find webhooks: %w", err)
	}
	return found, nil
}

// Create makes a webhook and returns its secret, which is shown this once.
func (s *Store) Create(ctx context.Context, by access.Scope, w Webhook, address string) (_ Webhook, secret string, err error) {
	if err := s.check(by, &w); err != nil {
		return Webhook{}, "", err
	}
	err = pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) error {
		if err := hasOrg(ctx, tx, w.Org); err != nil {
			return err
		}
		p, _ := by.Person()
		if err := tx.QueryRow(ctx, `INSERT INTO onemap.webhook (name, org, url, events, classes, area_code, source, state, made_by)
			VALUES (@name, @org, @url, @events, @classes, @area, @source, @state, @by) RETURNING id`, w.args(p.Login)).Scan(&w.ID); err != nil {
			return err
		}
		if secret, err = s.newSecret(ctx, tx, w.ID); err != nil {
			return err
		}
		return access.RecordTx(ctx, tx, by, access.Entry{Action: "webhook.create", Object: fmt.Sprintf("webhook/%d", w.ID), Result: access.Done,
			Address: address, Detail: map[string]any{"org": w.Org, "host": hostOf(w.URL), "events": w.Events}})
	})
	if err != nil {
		return Webhook{}, "", access.Wrap("create webhook", err)
	}
	w, err = s.Get(ctx, by, w.ID)
	return w, secret, err
}

// Update changes a webhook. One that becomes active sends what was held.
func (s *Store) Update(ctx context.Context, by access.Scope, w Webhook, address string) (Webhook, error) {
	if err := s.check(by, &w); err != nil {
		return Webhook{}, err
	}
	err := pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) error {
		if err := hasOrg(ctx, tx, w.Org); err != nil {
			return err
		}
		args := w.args("")
		args["id"] = w.ID
		delete(args, "by")
		tag, err := tx.Exec(ctx, `UPDATE onemap.webhook SET name = @name, org = @org, url = @url, events = @events, classes = @classes,
			area_code = @area, source = @source, failures = CASE WHEN state = @state THEN failures ELSE 0 END, why = CASE WHEN state = @state THEN why ELSE '' END,
			state = @state, updated_at = now() WHERE id = @id`, args)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return fmt.Errorf("webhook %d: %w", w.ID, layers.ErrNotFound)
		}
		if w.State == Active {
			if _, err := s.sendAgain(ctx, tx, "webhook = @id AND state = 'held'", pgx.NamedArgs{"id": w.ID}); err != nil {
				return err
			}
		}
		return access.RecordTx(ctx, tx, by, access.Entry{Action: "webhook.change", Object: fmt.Sprintf("webhook/%d", w.ID), Result: access.Done,
			Address: address, Detail: map[string]any{"org": w.Org, "host": hostOf(w.URL), "events": w.Events, "state": w.State}})
	})
	if err != nil {
		return Webhook{}, access.Wrap("change webhook", err)
	}
	return s.Get(ctx, by, w.ID)
}

// Delete forgets a webhook with its deliveries.
func (s *Store) Delete(ctx context.Context, by access.Scope, id int64, address string) error {
	if err := by.Require(access.Administrator); err != nil {
		return err
	}
	err := pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `DELETE FROM onemap.webhook WHERE id = @id`, pgx.NamedArgs{"id": id})
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return fmt.Errorf("webhook %d: %w", id, layers.ErrNotFound)
		}
		return access.RecordTx(ctx, tx, by, access.Entry{Action: "webhook.delete", Object: fmt.Sprintf("webhook/%d", id), Result: access.Done, Address: address})
	})
	return access.Wrap("delete webhook", err)
}

// oldSecretLasts is how long the secret before a new one signs along.
const oldSecretLasts = "24 hours"

// NewSecret gives a webhook another secret, shown this once. The one before it
// signs along for a day, so that the receiver can change in its own time.
func (s *Store) NewSecret(ctx context.Context, by access.Scope, id int64, address string) (secret string, err error) {
	if err := by.Require(access.Administrator); err != nil {
		return "", err
	}
	err = pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) error {
		var there bool
		if err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM onemap.webhook WHERE id = @id)`, pgx.NamedArgs{"id": id}).Scan(&there); err != nil {
			return err
		}
		if !there {
			return fmt.Errorf("webhook %d: %w", id, layers.ErrNotFound)
		}
		if _, err := tx.Exec(ctx, `UPDATE onemap.webhook_secret SET ends_at = now() + '`+oldSecretLasts+`' WHERE webhook = @id AND ends_at IS NULL`,
			pgx.NamedArgs{"id": id}); err != nil {
			return err
		}
		if secret, err = s.newSecret(ctx, tx, id); err != nil {
			return err
		}
		return access.RecordTx(ctx, tx, by, access.Entry{Action: "webhook.secret", Object: fmt.Sprintf("webhook/%d", id), Result: access.Done, Address: address})
	})
	return secret, access.Wrap("new secret", err)
}

func (w Webhook) args(by string) pgx.NamedArgs {
	return pgx.NamedArgs{"name": w.Name, "org": w.Org, "url": w.URL, "events": w.Events, "classes": w.Classes, "area": w.Area,
		"source": w.Source, "state": w.State, "by": by}
}

// check says what is wrong with w, and fills in what was left out.
func (s *Store) check(by access.Scope, w *Webhook) error {
	if err := by.Require(access.Administrator); err != nil {
		return err
	}
	w.Name = strings.TrimSpace(w.Name)
	if n := utf8.RuneCountInString(w.Name); n == 0 || n > 100 {
		return &layers.InputError{Field: "name", Remedy: "what it is for, in 1 to 100 characters"}
	}
	if w.State == "" {
		w.State = Active
	}
	if !slices.Contains([]string{Active, Paused, Disabled}, w.State) {
		return &layers.InputError{Field: "state", Value: layers.Short(w.State), Remedy: "active, paused or disabled"}
	}
	if len(w.Events) == 0 {
		return &layers.InputError{Field: "events", Remedy: "incident.*, alert.*, or some of " + strings.Join(Events(), ", ")}
	}
	for _, e := range w.Events {
		if !known(e) {
			return &layers.InputError{Field: "events", Value: layers.Short(e), Remedy: "incident.*, alert.*, or some of " + strings.Join(Events(), ", ")}
		}
	}
	if w.Classes == nil {
		w.Classes = []string{}
	}
	return s.CheckURL(w.URL)
}

// known says whether some event is meant by a pattern.
func known(pattern string) bool {
	return slices.ContainsFunc(Events(), func(e string) bool { return wants(pattern, e) })
}

// wants says whether a pattern means an event.
func wants(pattern, event string) bool {
	if begin, star := strings.CutSuffix(pattern, "*"); star {
		return strings.HasPrefix(event, begin)
	}
	return pattern == event
}

func hasOrg(ctx context.Context, tx pgx.Tx, code string) error {
	var there bool
	err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM onemap.organisation WHERE code = @code)`, pgx.NamedArgs{"code": code}).Scan(&there)
	if err == nil && !there {
		err = &layers.InputError{Field: "org", Value: layers.Short(code), Remedy: "the code of the organisation that it sends to"}
	}
	return err
}

// hostOf is what of an address stands in the audit: its path and query may hold a secret.
func hostOf(url string) string {
	_, rest, _ := strings.Cut(url, "://")
	if end := strings.IndexAny(rest, "/?#"); end >= 0 {
		rest = rest[:end]
	}
	return rest
}
