package sharing

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
	"onemap/layers/access"
)

// Boxes of requests.
const (
	Inbox    = "inbox"    // those that wait for the caller's organisation to act
	Mine     = "mine"     // those that it made
	Provided = "provided" // those for what it provides
	All      = "all"      // those that the caller may know of
)

// A Query asks for requests: in the inbox those whose clock ends first, else
// the latest first. Zero fields ask for all.
type Query struct {
	Box      string // "": All
	State    string
	Resource string // code
	Before   int64  // smaller numbers only: the next page; not of the inbox
	Limit    int    // 1 to 500; 0: 100
}

// waiting is the condition on requests that wait for an organisation, @me.
const waiting = `(n.state IN ('asked', 'granted') AND n.due_at IS NOT NULL AND coalesce(n.provider_now, r.provider) = @me
	OR n.state = 'asked' AND n.escalation >= 2 AND n.authority = @me
	OR n.state = 'disputed' AND n.authority = @me
	OR n.state = 'queried' AND r.org = @me)`

// List returns requests that the caller may know of.
func (s *Store) List(ctx context.Context, by access.Scope, q Query) ([]Request, error) {
	if err := by.Require(Readers...); err != nil {
		return nil, err
	}
	if q.Limit == 0 {
		q.Limit = 100
	}
	switch {
	case q.Limit < 0 || q.Limit > 500:
		return nil, &layers.InputError{Field: "limit", Value: fmt.Sprint(q.Limit), Remedy: "1 to 500"}
	case q.State != "" && !slices.Contains(States, q.State):
		return nil, &layers.InputError{Field: "state", Value: layers.Short(q.State), Remedy: fmt.Sprint("one of ", States)}
	}
	args := pgx.NamedArgs{"state": q.State, "resource": q.Resource, "before": q.Before, "limit": q.Limit}
	cond, order := visible(by, args), "r.id DESC"
	args["me"] = by.Org().Code
	switch q.Box {
	case Inbox:
		cond, order = cond+" AND "+waiting, "n.due_at, r.id"
	case Mine:
		cond += " AND r.org = @me"
	case Provided:
		cond += " AND coalesce(n.provider_now, r.provider) = @me"
	case All, "":
	default:
		return nil, &layers.InputError{Field: "box", Value: layers.Short(q.Box), Remedy: "inbox, mine, provided or all"}
	}
	return find(ctx, s.Layers.DB(), "WHERE "+cond+` AND (@state = '' OR n.state = @state) AND (@resource = '' OR r.resource_code = @resource)
		AND (@before::bigint = 0 OR r.id < @before) ORDER BY `+order+" LIMIT @limit", args)
}

// Waiting counts the inbox by the light of its clocks.
type Waiting struct {
	Green, Yellow, Red int
}

// Count counts what waits for the caller's organisation.
func (s *Store) Count(ctx context.Context, by access.Scope) (Waiting, error) {
	var w Waiting
	if err := by.Require(Readers...); err != nil {
		return w, err
	}
	args := pgx.NamedArgs{"now": s.now(), "me": by.Org().Code}
	err := s.Layers.DB().QueryRow(ctx, `SELECT count(*) FILTER (WHERE n.warn_at >= @now), count(*) FILTER (WHERE n.warn_at < @now AND n.due_at >= @now), count(*) FILTER (WHERE n.due_at < @now)`+
		from+"WHERE "+visible(by, args)+" AND "+waiting, args).Scan(&w.Green, &w.Yellow, &w.Red)
	if err != nil {
		return Waiting{}, fmt.Errorf("count requests: %w", err)
	}
	return w, nil
}
