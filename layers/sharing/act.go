package sharing

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/feed"
)

// An Act is what somebody does with a request.
type Act struct {
	UUID    uuid.UUID // the client's: sent again, it is the same step
	Action  string    // of [Transitions]
	Version int64     // of the request that they looked at; 0: whatever it is
	Opinion string
	Basis   string
	// Terms are what is granted; what is left out (no items, a nil area, no
	// grids, a zero end) is as it was asked.
	Items    []string
	AreaCode *string
	Grids    []string
	EndsAt   time.Time
}

// Act takes a step. It returns an error wrapping [layers.ErrNotFound] for a
// request that the caller may not know of, [access.ErrForbidden] where they may
// not do this with it now, [layers.ErrConflict] where somebody did something
// since the version that they saw, and a [layers.InputError] for the rest: for
// what is wider than what was asked, too.
func (s *Store) Act(ctx context.Context, by access.Scope, id int64, a Act, address string) (r Request, at feed.Cursor, err error) {
	if err := by.Require(Readers...); err != nil {
		return r, at, err
	}
	if err := a.check(); err != nil {
		return r, at, err
	}
	err = pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) (err error) {
		r, err = s.act(ctx, tx, by, id, a, address)
		return err
	})
	if err != nil {
		return Request{}, at, access.Wrap(fmt.Sprintf("%s request %d", layers.Short(a.Action), id), err)
	}
	at, err = s.settle(ctx)
	return r, at, err
}

func (a *Act) check() error {
	a.Opinion, a.Basis = strings.TrimSpace(a.Opinion), strings.TrimSpace(a.Basis)
	if a.UUID == uuid.Nil {
		return &layers.InputError{Field: "uuid", Remedy: "a uuid of the client's own"}
	}
	if err := layers.CheckText("opinion", a.Opinion, maxText); err != nil {
		return err
	}
	if err := layers.CheckText("basis", a.Basis, maxText); err != nil {
		return err
	}
	t := Terms{Items: a.Items, Grids: a.Grids, EndsAt: a.EndsAt}
	if a.AreaCode != nil {
		t.AreaCode = *a.AreaCode
	}
	err := t.check()
	a.Grids, a.EndsAt = t.Grids, t.EndsAt
	return err
}

// terms are what a grants of what was asked.
func (a Act) terms(asked Terms) Terms {
	t := asked
	if len(a.Items) > 0 {
		t.Items = a.Items
	}
	if a.AreaCode != nil {
		t.AreaCode = *a.AreaCode
	}
	if a.Grids != nil {
		t.Grids = a.Grids
	}
	if !a.EndsAt.IsZero() {
		t.EndsAt = a.EndsAt
	}
	return t
}

func (s *Store) act(ctx context.Context, tx pgx.Tx, by access.Scope, id int64, a Act, address string) (Request, error) {
	// Steps of a request come one after the other.
	if _, err := tx.Exec(ctx, `SELECT FROM onemap.share_request WHERE id = $1 FOR UPDATE`, id); err != nil {
		return Request{}, err
	}
	r, err := s.get(ctx, tx, by, id)
	if err != nil {
		return Request{}, err
	}
	who, _ := by.Person()
	var before, actor string
	err = tx.QueryRow(ctx, `SELECT action, actor FROM onemap.share_step WHERE request = @id AND uuid = @uuid`, pgx.NamedArgs{"id": id, "uuid": a.UUID}).Scan(&before, &actor)
	if err == nil {
		if before != a.Action || actor != who.Login {
			return Request{}, fmt.Errorf("this uuid is another step's: %w", layers.ErrConflict)
		}
		return r, nil
	}
	if !errors.Is(err, pgx.ErrNoRows) {
		return Request{}, err
	}
	if a.Version != 0 && a.Version != r.Version {
		return Request{}, fmt.Errorf("somebody acted on request %d since you looked: %w", id, layers.ErrConflict)
	}
	t, err := r.transition(by, a)
	if err != nil {
		return Request{}, err
	}
	now := s.now()
	if now.Before(r.Since) { // another node's clock is ahead
		now = r.Since
	}
	st := step{request: id, at: now, uuid: a.UUID, actor: who.Login, org: by.Org().Code, action: a.Action, opinion: a.Opinion, basis: a.Basis}
	detail, err := s.take(ctx, tx, r, t, a, st)
	if err != nil {
		return Request{}, err
	}
	err = access.RecordTx(ctx, tx, by, access.Entry{Action: "share." + a.Action, Object: fmt.Sprintf("request/%d", id), Result: access.Done, Reason: a.Basis, Address: address, Detail: detail})
	if err != nil {
		return Request{}, err
	}
	return s.get(ctx, tx, by, id)
}

// transition finds the line of the table by which the caller may do a, and
// what a lacks for it.
func (r Request) transition(by access.Scope, a Act) (Transition, error) {
	known := false
	for _, t := range Transitions {
		known = known || t.Action == a.Action
	}
	if !known {
		return Transition{}, &layers.InputError{Field: "action", Value: layers.Short(a.Action), Remedy: "one of those that the request shows"}
	}
	for _, t := range r.may(by) {
		if t.Action != a.Action {
			continue
		}
		switch {
		case t.Opinion && a.Opinion == "":
			return t, &layers.InputError{Field: "opinion", Remedy: "say it in words"}
		case t.Basis && a.Basis == "":
			return t, &layers.InputError{Field: "basis", Remedy: "name the legal basis"}
		case !t.Terms && (a.Items != nil || a.AreaCode != nil || a.Grids != nil || !a.EndsAt.IsZero()):
			return t, &layers.InputError{Field: "items", Remedy: "terms are of a grant only"}
		}
		return t, nil
	}
	return Transition{}, fmt.Errorf("%s is not yours to do with a request that is %s: %w", a.Action, r.State, access.ErrForbidden)
}

// take does what a transition means. It returns what the audit says of it.
func (s *Store) take(ctx context.Context, tx pgx.Tx, r Request, t Transition, a Act, st step) (map[string]any, error) {
	detail := map[string]any{"resource": r.Code}
	switch t.Action {
	case "grant":
		given := a.terms(r.Terms)
		detail["items"], detail["area_code"], detail["grids"], detail["ends_at"] = given.Items, given.AreaCode, given.Grids, given.EndsAt
		res, err := s.resourceNow(ctx, tx, r.Resource)
		if err != nil {
			return nil, err
		}
		return detail, s.grant(ctx, tx, r, res, given, st)
	case "query", "dispute", "supplement":
		limit := map[string]string{"query": supplementLimit, "dispute": disputeLimit, "supplement": answerLimit}[t.Action]
		var before []Step
		if t.Action == "supplement" { // the provider has what was left of its time
			var err error
			if before, err = stepsOf(ctx, tx, r.ID); err != nil {
				return nil, err
			}
		}
		c, err := s.start(ctx, tx, st.at, limit, before)
		if err != nil {
			return nil, err
		}
		st.clock = c
	case "revoke", "release":
		if err := s.end(ctx, tx, *r.Grant); err != nil {
			return nil, err
		}
		detail["grant"] = r.Grant.ID
	}
	return detail, s.append(ctx, tx, st)
}

// resourceNow reads a resource as it is now.
func (s *Store) resourceNow(ctx context.Context, tx pgx.Tx, id int64) (resource, error) {
	var r resource
	err := tx.QueryRow(ctx, `SELECT id, code, name_zh, name_en, coalesce(layer, ''), coalesce(provider, ''), share, share_basis, mounted FROM onemap.resource_now WHERE id = $1`, id).
		Scan(&r.ID, &r.Code, &r.NameZH, &r.NameEN, &r.Layer, &r.Provider, &r.Share, &r.Basis, &r.Mounted)
	if errors.Is(err, pgx.ErrNoRows) {
		return r, fmt.Errorf("the resource is no longer there: %w", layers.ErrConflict)
	}
	return r, err
}
