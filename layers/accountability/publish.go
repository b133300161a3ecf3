package accountability

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/evaluate"
)

// An Index is a published one.
type Index struct {
	ID          int64     `json:"id"`
	Period      string    `json:"period"`
	Revision    int       `json:"revision"`
	From        time.Time `json:"from"`
	To          time.Time `json:"to"`
	Rules       Rules     `json:"rules"`
	Note        string    `json:"note,omitempty"`
	PublishedBy string    `json:"published_by"`
	PublishedAt time.Time `json:"published_at"`
	Latest      bool      `json:"latest" doc:"No revision came after it"`
	Objections  int       `json:"objections" doc:"Made to it"`
	Open        int       `json:"open" doc:"Of them not decided"`
}

const indexSQL = `SELECT x.id, x.period, x.revision, x.starts_at, x.ends_at, x.rules, x.note, x.published_by, x.published_at,
		NOT EXISTS (SELECT FROM onemap.service_index y WHERE y.period = x.period AND y.revision > x.revision),
		(SELECT count(*) FROM onemap.service_objection o WHERE o.index = x.id),
		(SELECT count(*) FROM onemap.service_objection o WHERE o.index = x.id AND NOT EXISTS (SELECT FROM onemap.service_decision d WHERE d.objection = o.id))
	FROM onemap.service_index x `

// Period returns the period of a kind that holds a day, the city's, with the
// moment up to which it has gone.
func (s *Store) Period(ctx context.Context, kind string, day time.Time) (evaluate.Period, error) {
	c, err := s.Classes.Calendar(ctx, s.Layers.DB())
	if err != nil {
		return evaluate.Period{}, err
	}
	if day.IsZero() {
		day = s.now()
	}
	p, err := evaluate.PeriodOf(kind, day, c.Zone)
	p.Until = p.To
	if now := s.now(); now.Before(p.To) {
		p.Until = now
	}
	return p, err
}

// Publish publishes the index of a period that has ended: with all that is
// behind each number, as its next revision. It is the command centre's.
func (s *Store) Publish(ctx context.Context, by access.Scope, p evaluate.Period, note, address string) (Index, error) {
	if err := by.Require(access.CommandCentre); err != nil {
		return Index{}, err
	}
	if err := layers.CheckText("note", note, 2000); err != nil {
		return Index{}, err
	}
	if p.To.After(s.now()) {
		return Index{}, &layers.InputError{Field: "period", Value: p.Label, Remedy: "one that has ended"}
	}
	var id int64
	err := pgx.BeginTxFunc(ctx, s.Layers.DB(), pgx.TxOptions{IsoLevel: pgx.RepeatableRead}, func(tx pgx.Tx) error {
		rules, err := s.rules(ctx, tx)
		if err != nil {
			return err
		}
		text, err := json.Marshal(rules)
		if err != nil {
			return err
		}
		who, _ := by.Person()
		err = tx.QueryRow(ctx, `INSERT INTO onemap.service_index (period, revision, starts_at, ends_at, rules, note, published_by)
			SELECT @period, coalesce(max(revision), 0) + 1, @from, @to, @rules, @note, @by FROM onemap.service_index WHERE period = @period RETURNING id`,
			pgx.NamedArgs{"period": p.Label, "from": p.From, "to": p.To, "rules": text, "note": strings.TrimSpace(note), "by": who.Login}).Scan(&id)
		if err != nil {
			return err
		}
		n := 0
		for _, i := range indicators {
			items, err := s.count(ctx, tx, i, p, "")
			if err != nil {
				return err
			}
			n += len(items)
			_, err = tx.CopyFrom(ctx, pgx.Identifier{"onemap", "service_index_item"}, []string{"index", "org", "indicator", "object", "title", "a", "b", "at"},
				pgx.CopyFromSlice(len(items), func(k int) ([]any, error) {
					return []any{id, items[k].Org, i.Key, items[k].Object, items[k].Title, items[k].A, items[k].B, items[k].At}, nil
				}))
			if err != nil {
				return err
			}
		}
		return access.RecordTx(ctx, tx, by, access.Entry{Action: "service-index.publish", Object: "service-index/" + p.Label, Result: access.Done, Reason: note, Address: address,
			Detail: map[string]any{"items": n}})
	})
	if err != nil {
		return Index{}, access.Wrap("publish the service index of "+p.Label, err)
	}
	return s.index(ctx, id)
}

// Indexes returns the published indexes, the latest period first. They are for
// everybody who is signed in.
func (s *Store) Indexes(ctx context.Context, by access.Scope) ([]Index, error) {
	if err := by.Require(); err != nil {
		return nil, err
	}
	rows, err := s.Layers.DB().Query(ctx, indexSQL+`ORDER BY x.ends_at DESC, x.period, x.revision DESC LIMIT 500`)
	if err != nil {
		return nil, fmt.Errorf("service indexes: %w", err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Index])
	if err != nil {
		return nil, fmt.Errorf("service indexes: %w", err)
	}
	return all, nil
}

func (s *Store) index(ctx context.Context, id int64) (Index, error) {
	rows, err := s.Layers.DB().Query(ctx, indexSQL+`WHERE x.id = $1`, id)
	if err != nil {
		return Index{}, fmt.Errorf("service index: %w", err)
	}
	x, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[Index])
	if errors.Is(err, pgx.ErrNoRows) {
		return Index{}, fmt.Errorf("service index %d: %w", id, layers.ErrNotFound)
	}
	return x, err
}

// Published returns an index with its cards, by the rules of its time.
func (s *Store) Published(ctx context.Context, by access.Scope, id int64) (Index, []Card, error) {
	if err := by.Require(); err != nil {
		return Index{}, nil, err
	}
	x, err := s.index(ctx, id)
	if err != nil {
		return Index{}, nil, err
	}
	// The sums are enough for the cards: an index has many items.
	rows, err := s.Layers.DB().Query(ctx, `SELECT indicator, org, sum(a)::bigint, sum(b)::bigint FROM onemap.service_index_item WHERE index = $1 GROUP BY indicator, org`, id)
	if err != nil {
		return Index{}, nil, fmt.Errorf("service index: %w", err)
	}
	items := map[string][]Item{}
	var key string
	var i Item
	if _, err := pgx.ForEachRow(rows, []any{&key, &i.Org, &i.A, &i.B}, func() error {
		items[key] = append(items[key], i)
		return nil
	}); err != nil {
		return Index{}, nil, fmt.Errorf("service index: %w", err)
	}
	cards, err := s.cards(ctx, s.Layers.DB(), items, x.Rules)
	return x, cards, err
}

// PublishedItem is an item of an index, with the objection to it.
type PublishedItem struct {
	Item
	Objection *Objection `json:"objection,omitempty"`
}

// PublishedBehind returns what is behind a published number: to the department
// itself and to those who watch over all.
func (s *Store) PublishedBehind(ctx context.Context, by access.Scope, id int64, indicator, org string) ([]PublishedItem, error) {
	if err := by.Require(Readers...); err != nil {
		return nil, err
	}
	if mine := own(by); mine != "" && org != mine {
		return nil, fmt.Errorf("what is behind the numbers of %s: %w", layers.Short(org), layers.ErrNotFound)
	}
	if _, err := indicatorOf(indicator); err != nil {
		return nil, err
	}
	rows, err := s.Layers.DB().Query(ctx, `SELECT i.org, i.object, i.title, i.a, i.b, i.at FROM onemap.service_index_item i
		WHERE i.index = @id AND i.indicator = @indicator AND i.org = @org ORDER BY (CASE WHEN i.b > 0 THEN i.a::float8 / i.b END), i.a DESC, i.object`,
		pgx.NamedArgs{"id": id, "indicator": indicator, "org": org})
	if err != nil {
		return nil, fmt.Errorf("behind a published number: %w", err)
	}
	items, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Item])
	if err != nil {
		return nil, fmt.Errorf("behind a published number: %w", err)
	}
	objections, err := s.objections(ctx, `o.index = @id AND o.indicator = @indicator AND o.org = @org`, pgx.NamedArgs{"id": id, "indicator": indicator, "org": org})
	if err != nil {
		return nil, err
	}
	out := make([]PublishedItem, len(items))
	for n, i := range items {
		out[n].Item = i
		for k := range objections {
			if objections[k].Object == i.Object {
				out[n].Objection = &objections[k]
			}
		}
	}
	return out, nil
}

// An Objection of a department to an item.
type Objection struct {
	ID        int64      `json:"id"`
	Index     int64      `json:"index"`
	Period    string     `json:"period"`
	Org       string     `json:"org"`
	Indicator string     `json:"indicator"`
	Object    string     `json:"object"`
	Reason    string     `json:"reason"`
	MadeBy    string     `json:"made_by"`
	MadeAt    time.Time  `json:"made_at"`
	Accepted  *bool      `json:"accepted,omitempty" doc:"Absent: not decided yet. What is accepted does not count in the next revision"`
	Opinion   string     `json:"opinion,omitempty"`
	DecidedBy string     `json:"decided_by,omitempty"`
	DecidedAt *time.Time `json:"decided_at,omitempty"`
}

func (s *Store) objections(ctx context.Context, cond string, args pgx.NamedArgs) ([]Objection, error) {
	rows, err := s.Layers.DB().Query(ctx, `SELECT o.id, o.index, x.period, o.org, o.indicator, o.object, o.reason, o.made_by, o.made_at, d.accepted, coalesce(d.opinion, ''), coalesce(d.decided_by, ''), d.decided_at
		FROM onemap.service_objection o JOIN onemap.service_index x ON x.id = o.index LEFT JOIN onemap.service_decision d ON d.objection = o.id WHERE `+cond+` ORDER BY o.id DESC LIMIT 1000`, args)
	if err != nil {
		return nil, fmt.Errorf("objections: %w", err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Objection])
	if err != nil {
		return nil, fmt.Errorf("objections: %w", err)
	}
	return all, nil
}

// Objections returns those of the caller's organisation, or all to those who
// watch over all; open only those that are not decided.
func (s *Store) Objections(ctx context.Context, by access.Scope, open bool) ([]Objection, error) {
	if err := by.Require(Readers...); err != nil {
		return nil, err
	}
	return s.objections(ctx, `(@org = '' OR o.org = @org) AND (NOT @open OR d.objection IS NULL)`, pgx.NamedArgs{"org": own(by), "open": open})
}

// Object objects to an item of the latest revision of an index, in the name of
// the department that it counts against.
func (s *Store) Object(ctx context.Context, by access.Scope, id uuid.UUID, index int64, indicator, object, reason, address string) (Objection, error) {
	if err := by.Require(access.DepartmentOfficer); err != nil {
		return Objection{}, err
	}
	if reason = strings.TrimSpace(reason); reason == "" {
		return Objection{}, &layers.InputError{Field: "reason", Remedy: "say why it should not count"}
	}
	if err := layers.CheckText("reason", reason, 2000); err != nil {
		return Objection{}, err
	}
	who, _ := by.Person()
	args := pgx.NamedArgs{"uuid": id, "index": index, "org": by.Org().Code, "indicator": indicator, "object": object, "reason": reason, "by": who.Login}
	err := pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) error {
		var there, latest bool
		err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM onemap.service_index_item WHERE index = @index AND org = @org AND indicator = @indicator AND object = @object),
			NOT EXISTS (SELECT FROM onemap.service_index x JOIN onemap.service_index y ON y.period = x.period AND y.revision > x.revision WHERE x.id = @index)`, args).Scan(&there, &latest)
		if err != nil {
			return err
		}
		if !there {
			return fmt.Errorf("your organisation's item %s of index %d: %w", layers.Short(object), index, layers.ErrNotFound)
		}
		tag, err := tx.Exec(ctx, `INSERT INTO onemap.service_objection (uuid, index, org, indicator, object, reason, made_by) VALUES (@uuid, @index, @org, @indicator, @object, @reason, @by) ON CONFLICT DO NOTHING`, args)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 { // the same again, or somebody else of the department was first
			return nil
		}
		if !latest {
			return fmt.Errorf("a later revision is published; object to that: %w", layers.ErrConflict)
		}
		return access.RecordTx(ctx, tx, by, access.Entry{Action: "service-index.object", Object: fmt.Sprintf("service-index/%d", index), Result: access.Done, Address: address,
			Detail: map[string]any{"indicator": indicator, "object": object}})
	})
	if err != nil {
		return Objection{}, access.Wrap("object", err)
	}
	found, err := s.objections(ctx, `o.index = @index AND o.org = @org AND o.indicator = @indicator AND o.object = @object`, args)
	if err != nil || len(found) == 0 {
		return Objection{}, fmt.Errorf("this uuid is another objection's: %w", layers.ErrConflict)
	}
	return found[0], nil
}

// Decide answers an objection, once.
func (s *Store) Decide(ctx context.Context, by access.Scope, id int64, accepted bool, opinion, address string) (Objection, error) {
	if err := by.Require(access.CommandCentre); err != nil {
		return Objection{}, err
	}
	if opinion = strings.TrimSpace(opinion); opinion == "" {
		return Objection{}, &layers.InputError{Field: "opinion", Remedy: "say why"}
	}
	if err := layers.CheckText("opinion", opinion, 2000); err != nil {
		return Objection{}, err
	}
	who, _ := by.Person()
	err := pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) error {
		var org string
		err := tx.QueryRow(ctx, `SELECT org FROM onemap.service_objection WHERE id = $1`, id).Scan(&org)
		if errors.Is(err, pgx.ErrNoRows) {
			return fmt.Errorf("objection %d: %w", id, layers.ErrNotFound)
		}
		if err != nil {
			return err
		}
		if org == by.Org().Code {
			return fmt.Errorf("nobody decides on their own organisation's objection: %w", access.ErrForbidden)
		}
		tag, err := tx.Exec(ctx, `INSERT INTO onemap.service_decision (objection, accepted, opinion, decided_by) VALUES (@id, @accepted, @opinion, @by) ON CONFLICT DO NOTHING`,
			pgx.NamedArgs{"id": id, "accepted": accepted, "opinion": opinion, "by": who.Login})
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return fmt.Errorf("objection %d is decided already: %w", id, layers.ErrConflict)
		}
		return access.RecordTx(ctx, tx, by, access.Entry{Action: "service-index.decide", Object: fmt.Sprintf("objection/%d", id), Result: access.Done, Reason: opinion, Address: address,
			Detail: map[string]any{"accepted": accepted}})
	})
	if err != nil {
		return Objection{}, access.Wrap("decide", err)
	}
	found, err := s.objections(ctx, `o.id = @id`, pgx.NamedArgs{"id": id})
	if err != nil || len(found) == 0 {
		return Objection{}, err
	}
	return found[0], nil
}
