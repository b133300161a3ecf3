package sharing

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/feed"
)

// An Asking is a request as it is sent.
type Asking struct {
	UUID        uuid.UUID // made by the client: sent again, it is the same request
	Resource    string    // code
	Purpose     string
	LegalGround string
	// Items empty: all that are not sensitive. EndsAt is needed.
	Terms Terms
}

// maxText is how long a purpose, a ground or an opinion may be.
const maxText = 2000

// Ask asks for a resource in the name of the caller's organisation. What is
// shared unconditionally is granted in the same step, what is not shared
// refused with its basis; else the provider's clock starts. The same uuid again
// is answered with the request that is there, and again is true.
//
// It returns an error wrapping [layers.ErrNotFound] for a resource that the
// caller may not know of, one wrapping [layers.ErrConflict] where the
// organisation has asked for it and has no answer yet, and a
// [layers.InputError] for the rest.
func (s *Store) Ask(ctx context.Context, by access.Scope, a Asking, address string) (r Request, at feed.Cursor, again bool, err error) {
	if err := by.Require(asking...); err != nil {
		return r, at, false, err
	}
	if by.Org().Code == "" {
		return r, at, false, fmt.Errorf("requests are an organisation's: %w", access.ErrForbidden)
	}
	if err := a.check(); err != nil {
		return r, at, false, err
	}
	err = pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) (err error) {
		r, again, err = s.ask(ctx, tx, by, a, address)
		return err
	})
	if err != nil {
		return Request{}, at, false, access.Wrap("ask for "+layers.Short(a.Resource), err)
	}
	at, err = feed.Now(ctx, s.Layers.DB())
	return r, at, again, err
}

func (a *Asking) check() error {
	for field, text := range map[string]*string{"purpose": &a.Purpose, "legal_ground": &a.LegalGround} {
		*text = strings.TrimSpace(*text)
		if *text == "" {
			return &layers.InputError{Field: field, Remedy: map[string]string{"purpose": "say what it is needed for", "legal_ground": "name the law or the duty"}[field]}
		}
		if err := layers.CheckText(field, *text, maxText); err != nil {
			return err
		}
	}
	if a.UUID == uuid.Nil {
		return &layers.InputError{Field: "uuid", Remedy: "a uuid of the client's own"}
	}
	return a.Terms.check()
}

// check refuses terms that mean nothing.
func (t *Terms) check() error {
	if len(t.Items) > 500 || len(t.Grids) > 500 {
		return &layers.InputError{Field: "items", Remedy: "at most 500 items and 500 grids"}
	}
	for _, list := range []struct {
		field string
		in    []string
	}{{"items", t.Items}, {"grids", t.Grids}, {"area_code", []string{t.AreaCode}}} {
		for _, one := range list.in {
			if err := layers.CheckText(list.field, one, 200); err != nil {
				return err
			}
		}
	}
	slices.Sort(t.Grids)
	t.Grids = slices.Compact(t.Grids)
	t.EndsAt = t.EndsAt.Truncate(time.Microsecond)
	return nil
}

// resource is what asking needs to know of one.
type resource struct {
	ID                   int64
	Code, NameZH, NameEN string
	Layer, Provider      string
	Share, Basis         string
	Mounted              bool // it is online
}

// resourceOf reads a resource that the caller may know of, as it is now.
func (s *Store) resourceOf(ctx context.Context, tx pgx.Tx, by access.Scope, code string) (resource, error) {
	var r resource
	var known string
	err := tx.QueryRow(ctx, `SELECT id, code, name_zh, name_en, coalesce(layer, ''), coalesce(provider, ''), share, share_basis, mounted, known_to
		FROM onemap.resource_now WHERE code = $1 AND published_on IS NOT NULL AND withdrawn_at IS NULL`, code).
		Scan(&r.ID, &r.Code, &r.NameZH, &r.NameEN, &r.Layer, &r.Provider, &r.Share, &r.Basis, &r.Mounted, &known)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return r, err
	}
	if err == nil && known == "line" {
		seen := false
		if r.Layer != "" {
			l, err := s.Layers.Layer(ctx, r.Layer)
			if err != nil {
				return r, err
			}
			_, seen = by.Layer(l)
		}
		if !seen && !by.ActsFor(r.Provider) {
			err = pgx.ErrNoRows
		}
	}
	if err != nil {
		return r, fmt.Errorf("resource %q: %w", layers.Short(code), layers.ErrNotFound)
	}
	return r, nil
}

func (s *Store) ask(ctx context.Context, tx pgx.Tx, by access.Scope, a Asking, address string) (Request, bool, error) {
	// One at a time for an organisation: the same request sent twice at once is one.
	if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtextextended('onemap.share_request ' || $1, 0))`, by.Org().Code); err != nil {
		return Request{}, false, err
	}
	args := pgx.NamedArgs{"uuid": a.UUID, "org": by.Org().Code}
	if found, err := find(ctx, tx, "WHERE r.uuid = @uuid", args); err != nil {
		return Request{}, false, err
	} else if len(found) > 0 {
		if found[0].Org != by.Org().Code {
			return Request{}, false, fmt.Errorf("this uuid is another request's: %w", layers.ErrConflict)
		}
		return found[0], true, nil
	}
	res, err := s.resourceOf(ctx, tx, by, a.Resource)
	if err != nil {
		return Request{}, false, err
	}
	if err := s.mayAsk(ctx, tx, by, &a, res); err != nil {
		return Request{}, false, err
	}
	who, _ := by.Person()
	now := s.now()
	var id int64
	err = tx.QueryRow(ctx, `INSERT INTO onemap.share_request (uuid, at, resource, resource_code, resource_zh, resource_en, provider, layer, share, share_basis,
			org, asked_by, purpose, legal_ground, items, area_code, grids, ends_at)
		VALUES (@uuid, @at, @resource, @code, @zh, @en, @provider, nullif(@layer, ''), @share, @basis, @org, @login, @purpose, @ground, @items, @area, @grids, @ends)
		RETURNING id`,
		pgx.NamedArgs{"uuid": a.UUID, "at": now, "resource": res.ID, "code": res.Code, "zh": res.NameZH, "en": res.NameEN, "provider": res.Provider, "layer": res.Layer,
			"share": res.Share, "basis": res.Basis, "org": by.Org().Code, "login": who.Login, "purpose": a.Purpose, "ground": a.LegalGround,
			"items": a.Terms.Items, "area": a.Terms.AreaCode, "grids": a.Terms.Grids, "ends": a.Terms.EndsAt}).Scan(&id)
	if err != nil {
		return Request{}, false, err
	}
	if err := s.begin(ctx, tx, by, id, res, now); err != nil {
		return Request{}, false, err
	}
	err = access.RecordTx(ctx, tx, by, access.Entry{Action: "share.ask", Object: fmt.Sprintf("request/%d", id), Result: access.Done, Reason: a.LegalGround, Address: address,
		Detail: map[string]any{"resource": res.Code, "provider": res.Provider, "items": a.Terms.Items, "area_code": a.Terms.AreaCode, "grids": a.Terms.Grids, "ends_at": a.Terms.EndsAt}})
	if err != nil {
		return Request{}, false, err
	}
	r, err := s.get(ctx, tx, by, id)
	return r, false, err
}

// begin appends the first step, and the answer where a rule gives it at once.
func (s *Store) begin(ctx context.Context, tx pgx.Tx, by access.Scope, id int64, res resource, now time.Time) error {
	who, _ := by.Person()
	first := step{request: id, at: now, uuid: uuid.New(), actor: who.Login, org: by.Org().Code, action: "ask"}
	if res.Share == layers.Conditional {
		c, err := s.start(ctx, tx, now, answerLimit, nil)
		if err != nil {
			return err
		}
		first.clock = c
	}
	if err := s.append(ctx, tx, first); err != nil {
		return err
	}
	switch res.Share {
	case layers.NotShared:
		return s.append(ctx, tx, step{request: id, at: now, uuid: uuid.New(), actor: system, action: "refuse", basis: res.Basis})
	case layers.Unconditional:
		r, err := find(ctx, tx, "WHERE r.id = @id", pgx.NamedArgs{"id": id})
		if err != nil {
			return err
		}
		return s.grant(ctx, tx, r[0], res, r[0].Terms, step{request: id, at: now, uuid: uuid.New(), actor: system, action: "grant"})
	}
	return nil
}

// mayAsk finds what is wrong with a request, and says its terms in full.
func (s *Store) mayAsk(ctx context.Context, tx pgx.Tx, by access.Scope, a *Asking, res resource) error {
	switch {
	case res.Provider == "":
		return &layers.InputError{Field: "resource", Value: res.Code, Remedy: "one that a department provides: nobody owns this one yet"}
	case res.Provider == by.Org().Code:
		return &layers.InputError{Field: "resource", Value: res.Code, Remedy: "another department's: this one is your own"}
	}
	rules, err := s.rules(ctx, tx)
	if err != nil {
		return err
	}
	now := s.now()
	if !a.Terms.EndsAt.After(now) || a.Terms.EndsAt.After(now.AddDate(0, 0, rules.LongestDays)) {
		return &layers.InputError{Field: "ends_at", Value: format(a.Terms.EndsAt), Remedy: fmt.Sprintf("a time to come, within %d days", rules.LongestDays)}
	}
	if err := s.checkItems(ctx, tx, &a.Terms, res); err != nil {
		return err
	}
	if err := s.checkPlace(ctx, tx, a.Terms, by.Org().AreaCode); err != nil {
		return err
	}
	var open int64
	err = tx.QueryRow(ctx, `SELECT r.id`+from+`WHERE r.org = @org AND r.resource = @resource AND n.state IN ('asked', 'queried', 'disputed') LIMIT 1`,
		pgx.NamedArgs{"org": by.Org().Code, "resource": res.ID}).Scan(&open)
	if err == nil {
		return fmt.Errorf("request %d of your organisation for this resource is not answered yet: %w", open, layers.ErrConflict)
	}
	if !errors.Is(err, pgx.ErrNoRows) {
		return err
	}
	return nil
}

// checkItems refuses items that the resource does not have, and puts all that
// are not sensitive where none is named.
func (s *Store) checkItems(ctx context.Context, tx pgx.Tx, t *Terms, res resource) error {
	rows, err := tx.Query(ctx, `SELECT key, sensitivity FROM onemap.resource_item_now WHERE resource = $1 ORDER BY position`, res.ID)
	if err != nil {
		return err
	}
	type item struct{ Key, Sensitivity string }
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[item])
	if err != nil {
		return err
	}
	var named []string
	for _, i := range all {
		switch {
		case len(t.Items) == 0 && i.Sensitivity != layers.Sensitive, slices.Contains(t.Items, i.Key):
			if i.Sensitivity == layers.Sensitive && res.Share == layers.Unconditional {
				return &layers.InputError{Field: "items", Value: i.Key, Remedy: "one that is not sensitive: those of an unconditional resource are not shared"}
			}
			named = append(named, i.Key)
		}
	}
	for _, want := range t.Items {
		if !slices.Contains(named, want) {
			return &layers.InputError{Field: "items", Value: layers.Short(want), Remedy: "keys of the resource's items"}
		}
	}
	if len(named) == 0 {
		return &layers.InputError{Field: "items", Remedy: "name at least one; this resource has none that is not sensitive"}
	}
	t.Items = named
	return nil
}

// checkPlace refuses divisions and grids that are not there.
func (s *Store) checkPlace(ctx context.Context, tx pgx.Tx, t Terms, own string) error {
	var known bool
	var unknown []string
	err := tx.QueryRow(ctx, `SELECT @area = '' OR @area = @own OR EXISTS (SELECT FROM onemap.area WHERE code = @area)
		                      OR EXISTS (SELECT FROM onemap.organisation WHERE area_code = @area),
		array(SELECT g FROM unnest(@grids::text[]) g
		      WHERE NOT EXISTS (SELECT FROM map.grid_unit u WHERE u.grid_code = g AND u.valid_to IS NULL)
		        AND NOT EXISTS (SELECT FROM map.grid_duty u WHERE u.grid_code = g AND u.valid_to IS NULL)
		        AND NOT EXISTS (SELECT FROM map.grid_community u WHERE u.grid_code = g AND u.valid_to IS NULL) LIMIT 1)`,
		pgx.NamedArgs{"area": t.AreaCode, "own": own, "grids": t.Grids}).Scan(&known, &unknown)
	switch {
	case err != nil:
		return err
	case !known:
		return &layers.InputError{Field: "area_code", Value: layers.Short(t.AreaCode), Remedy: "the code of a division; left out: your own area"}
	case len(unknown) > 0:
		return &layers.InputError{Field: "grids", Value: layers.Short(unknown[0]), Remedy: "codes of grids in force"}
	}
	return nil
}
