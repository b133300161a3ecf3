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

// A Grant is one in the register of grants: of a layer, or of another
// resource; one that answers a request, or one given by hand.
type Grant struct {
	Kind      string // layer, resource
	ID        int64
	Request   int64 // 0: given by hand
	Code      string
	NameZH    string
	NameEN    string
	Layer     string
	Provider  string
	Org       string   // who was granted it
	Items     []string // nil: all that are not sensitive
	AreaCode  string   // "": the area of whoever uses it
	Grids     []string // nil: all of the area
	Reason    string
	GrantedBy string
	GrantedAt time.Time
	EndsAt    *time.Time
	RevokedAt *time.Time
	InForce   bool
}

const grantsSQL = `SELECT * FROM (
		SELECT 'layer' AS kind, g.id, coalesce(g.request, 0) AS request, coalesce(n.code, '') AS code, coalesce(n.name_zh, l.title_zh) AS name_zh, coalesce(n.name_en, l.title_en) AS name_en,
		       g.layer, coalesce(l.owner, '') AS provider, g.org, g.fields AS items, g.area_code, g.grids, g.reason, g.granted_by, g.granted_at, g.ends_at, g.revoked_at,
		       g.revoked_at IS NULL AND coalesce(g.ends_at > now(), true) AND l.share = 'conditional' AS in_force
		FROM onemap.layer_grant g JOIN onemap.layer l ON l.name = g.layer LEFT JOIN onemap.resource_now n ON n.layer = g.layer
		UNION ALL
		SELECT 'resource', g.id, g.request, r.resource_code, r.resource_zh, r.resource_en,
		       '', coalesce(n.provider, r.provider), g.org, g.items, '', NULL, g.reason, g.granted_by, g.granted_at, g.ends_at, g.revoked_at,
		       g.revoked_at IS NULL AND g.ends_at > now()
		FROM onemap.resource_grant g JOIN onemap.share_request r ON r.id = g.request LEFT JOIN onemap.resource_now n ON n.id = g.resource) g `

// A GrantQuery asks for grants, the latest first.
type GrantQuery struct {
	Side    string // given: by the caller's organisation; received: by it; all: that the caller may know of
	Layer   string // name
	Over    bool   // those that ended or were withdrawn, too
	Limit   int    // 1 to 1000; 0: 200
	keyKind string
	keyID   int64
}

// Grants returns the grants that the caller's organisation gave or was given;
// overseers see all.
func (s *Store) Grants(ctx context.Context, by access.Scope, q GrantQuery) ([]Grant, error) {
	if err := by.Require(Readers...); err != nil {
		return nil, err
	}
	if q.Limit == 0 {
		q.Limit = 200
	}
	if q.Limit < 0 || q.Limit > 1000 {
		return nil, &layers.InputError{Field: "limit", Value: fmt.Sprint(q.Limit), Remedy: "1 to 1000"}
	}
	args := pgx.NamedArgs{"me": by.Org().Code, "layer": q.Layer, "over": q.Over, "limit": q.Limit, "kind": q.keyKind, "id": q.keyID}
	cond := "@me <> '' AND @me IN (g.org, g.provider)"
	switch q.Side {
	case "given":
		cond = "@me <> '' AND g.provider = @me"
	case "received":
		cond = "@me <> '' AND g.org = @me"
	case "all", "":
		if by.Has(overseers...) {
			cond = "true"
		}
	default:
		return nil, &layers.InputError{Field: "side", Value: layers.Short(q.Side), Remedy: "given, received or all"}
	}
	rows, err := s.Layers.DB().Query(ctx, grantsSQL+`WHERE `+cond+` AND (@layer = '' OR g.layer = @layer) AND (@over OR g.in_force)
		AND (@kind = '' OR g.kind = @kind AND g.id = @id) ORDER BY g.granted_at DESC, g.kind, g.id DESC LIMIT @limit`, args)
	if err != nil {
		return nil, fmt.Errorf("grants: %w", err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Grant])
	if err != nil {
		return nil, fmt.Errorf("grants: %w", err)
	}
	return all, nil
}

// Withdraw ends a grant, with its basis: for requests after it and for open
// live connections. Of one that answers a request it is the step revoke; one
// that was given by hand is withdrawn by an officer of the provider, or by a
// security administrator.
func (s *Store) Withdraw(ctx context.Context, by access.Scope, kind string, id int64, basis, address string) (feed.Cursor, error) {
	if err := by.Require(Readers...); err != nil {
		return feed.Cursor{}, err
	}
	found, err := s.Grants(ctx, by, GrantQuery{Over: true, keyKind: kind, keyID: id})
	if err != nil {
		return feed.Cursor{}, err
	}
	if len(found) == 0 || kind == "" {
		return feed.Cursor{}, fmt.Errorf("grant %s/%d: %w", layers.Short(kind), id, layers.ErrNotFound)
	}
	g := found[0]
	if g.Request != 0 {
		_, at, err := s.Act(ctx, by, g.Request, Act{UUID: uuid.New(), Action: "revoke", Basis: basis}, address)
		return at, err
	}
	if !g.MayWithdraw(by) {
		return feed.Cursor{}, fmt.Errorf("grants are withdrawn by who provides the data: %w", access.ErrForbidden)
	}
	if basis = strings.TrimSpace(basis); basis == "" {
		return feed.Cursor{}, &layers.InputError{Field: "basis", Remedy: "name the legal basis"}
	}
	if err := layers.CheckText("basis", basis, maxText); err != nil {
		return feed.Cursor{}, err
	}
	err = pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) error {
		if err := s.end(ctx, tx, grantOf(g)); err != nil {
			return err
		}
		return access.RecordTx(ctx, tx, by, access.Entry{Action: "grant.revoke", Object: fmt.Sprintf("grant/%d", id), Result: access.Done, Reason: basis, Address: address,
			Detail: map[string]any{"layer": g.Layer, "org": g.Org}})
	})
	if err != nil {
		return feed.Cursor{}, access.Wrap("withdraw a grant", err)
	}
	return s.settle(ctx)
}

// MayWithdraw says whether the caller may withdraw a grant: as a security
// administrator, or as an officer of who provides the data.
func (g Grant) MayWithdraw(by access.Scope) bool {
	return by.Has(access.SecurityAdministrator) || g.Provider != "" && by.Org().Code == g.Provider && by.Has(deciding...)
}

func grantOf(g Grant) Given { return Given{ID: g.ID, OfLayer: g.Kind == "layer"} }

// MayFetch returns nil where the caller may have what a resource that is no
// layer holds, its files or its address: whoever acts for its provider, or on
// duty for an organisation with a grant in force, and everybody signed in where
// it is shared unconditionally. Else it is an error wrapping
// [access.ErrForbidden]; whether they may know of it is the catalogue's matter.
func (s *Store) MayFetch(ctx context.Context, by access.Scope, code string) error {
	if err := by.Require(); err != nil {
		return err
	}
	var share, provider string
	var granted []string
	err := s.Layers.DB().QueryRow(ctx, `SELECT n.share, coalesce(n.provider, ''),
			array(SELECT g.org FROM onemap.resource_grant g WHERE g.resource = n.id AND g.revoked_at IS NULL AND g.ends_at > now())
		FROM onemap.resource_now n WHERE n.code = $1 AND n.withdrawn_at IS NULL`, code).Scan(&share, &provider, &granted)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return fmt.Errorf("resource %q: %w", layers.Short(code), layers.ErrNotFound)
	case err != nil:
		return fmt.Errorf("may fetch %s: %w", layers.Short(code), err)
	case share == layers.Unconditional, by.ActsFor(provider),
		share == layers.Conditional && by.OnDuty() && slices.ContainsFunc(granted, by.ActsFor):
		return nil
	}
	return fmt.Errorf("ask for %s first: %w", layers.Short(code), access.ErrForbidden)
}
