package class

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
	"onemap/layers/access"
)

// What a [Revision] is of.
const (
	ofClass     = "class"
	ofCondition = "condition"
	ofRule      = "rule"
	ofCalendar  = "calendar"
	ofEdition   = "edition"
)

// A Revision is what an administrator did, with what was there before and after.
type Revision struct {
	ID       int64           `json:"id"`
	At       time.Time       `json:"at"`
	Login    string          `json:"login"`
	What     string          `json:"what" enum:"class,condition,rule,crosswalk,calendar,office,edition"`
	Standard string          `json:"standard"`
	Kind     string          `json:"kind"`
	Code     string          `json:"code"`
	Key      string          `json:"key" doc:"A condition's code, a rule's number, a calendar's year"`
	Before   json.RawMessage `json:"before,omitempty" doc:"Absent: it was not there"`
	After    json.RawMessage `json:"after,omitempty" doc:"Absent: it is gone"`
	Reason   string          `json:"reason"`
}

// remember keeps a change with its audit record, in the transaction of the change.
func remember(ctx context.Context, tx pgx.Tx, by access.Scope, address, what string, k Key, key string, before, after any, reason string) error {
	who, _ := by.Person()
	b, err := jsonOrNull(before)
	if err != nil {
		return err
	}
	a, err := jsonOrNull(after)
	if err != nil {
		return err
	}
	n := args(k)
	n["login"], n["what"], n["key"], n["before"], n["after"], n["reason"] = who.Login, what, key, b, a, reason
	var id int64
	if err := tx.QueryRow(ctx, `INSERT INTO onemap.class_history (login, what, standard, kind, class, key, before, after, reason)
		VALUES (@login, @what, @standard, @kind, @code, @key, @before, @after, @reason) RETURNING id`, n).Scan(&id); err != nil {
		return fmt.Errorf("remember %s of %s: %w", what, k, err)
	}
	object := fmt.Sprintf("%s/%s", what, key)
	if what == ofClass || what == ofCondition {
		object = fmt.Sprintf("class/%s", k)
	}
	return access.RecordTx(ctx, tx, by, access.Entry{Action: what + ".change", Object: object, Result: access.Done, Reason: reason, Address: address,
		Detail: map[string]any{"change": id, "key": key}})
}

func jsonOrNull(v any) ([]byte, error) {
	if v == nil {
		return nil, nil
	}
	return json.Marshal(v)
}

// A HistoryQuery asks for changes, the latest first. Zero fields ask for all.
type HistoryQuery struct {
	Standard, Kind, Code string
	What                 string
	Before               int64 // smaller numbers only: the next page
	Limit                int
}

// History returns what was changed.
func (s *Store) History(ctx context.Context, q HistoryQuery) ([]Revision, error) {
	rows, err := s.Layers.DB().Query(ctx, `SELECT id, at, login, what, standard, kind, class, key, before, after, reason FROM onemap.class_history
		WHERE (@standard = '' OR standard = @standard) AND (@kind = '' OR kind = @kind) AND (@code = '' OR class = @code) AND (@what = '' OR what = @what)
		  AND (@before::bigint = 0 OR id < @before) ORDER BY id DESC LIMIT @limit`,
		pgx.NamedArgs{"standard": q.Standard, "kind": q.Kind, "code": q.Code, "what": q.What, "before": q.Before, "limit": q.Limit})
	if err != nil {
		return nil, fmt.Errorf("history of classes: %w", err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Revision])
	if err != nil {
		return nil, fmt.Errorf("history of classes: %w", err)
	}
	return all, nil
}

// Restore puts back what was there before a change. That is a change too.
func (s *Store) Restore(ctx context.Context, by access.Scope, id int64, address string) error {
	if err := by.Require(access.Administrator); err != nil {
		return err
	}
	var c Revision
	err := s.Layers.DB().QueryRow(ctx, `SELECT what, standard, kind, class, key, before, after FROM onemap.class_history WHERE id = $1`, id).
		Scan(&c.What, &c.Standard, &c.Kind, &c.Code, &c.Key, &c.Before, &c.After)
	if errors.Is(err, pgx.ErrNoRows) {
		return fmt.Errorf("change %d: %w", id, layers.ErrNotFound)
	}
	if err != nil {
		return fmt.Errorf("change %d: %w", id, err)
	}
	key, reason := Key{c.Standard, c.Kind, c.Code}, fmt.Sprintf("change %d undone", id)
	return pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) error {
		switch c.What {
		case ofClass:
			return s.restoreClass(ctx, tx, by, key, c, reason, address)
		case ofCondition:
			return s.restoreCondition(ctx, tx, by, key, c, reason, address)
		case ofRule:
			return s.restoreRule(ctx, tx, by, c, reason, address)
		case ofCalendar:
			return s.restoreCalendar(ctx, tx, by, c, reason, address)
		case ofEdition:
			var was editionState
			if err := json.Unmarshal(c.Before, &was); err != nil {
				return err
			}
			return putEdition(ctx, tx, by, c.Standard, was.Active, reason, address)
		}
		return &layers.InputError{Field: "id", Value: fmt.Sprint(id), Remedy: "a change of a class, a condition, a rule or the calendar"}
	})
}
