package position

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/paulmach/orb"

	"onemap/geo/crs"
	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/feed"
	"onemap/layers/locate"
)

// Kinds of fences that are drawn.
const (
	Temporary = "temporary" // 临时管控区: for an operation, an event, an alarm
	Site      = "site"      // 固定场所: a place that matters for good
)

// maxVertices is how many corners a fence may have: each position near it looks at them.
const maxVertices = 2000

// drawers are those who may draw fences.
var drawers = []access.Role{access.CommandCentre, access.Dispatcher, access.Planner}

// A FenceDraft is what somebody says of a fence.
type FenceDraft struct {
	Name     string
	Kind     string // Temporary or Site; "": Temporary
	Note     string
	CRS      string // of Geometry, as locate.Place has it
	Geometry orb.MultiPolygon
	From, To time.Time // zero: from now on; until it is ended
	Orgs     []string  // whose workers it is for, with the organisations below them; none: all
	Address  string    // of the caller
}

// A Fence is one that was drawn.
type Fence struct {
	ID       int64
	Key      string // what events call it
	Name     string
	Kind     string
	Note     string
	Geometry orb.MultiPolygon // EPSG:4326
	From     time.Time
	To       time.Time // zero: no end
	Orgs     []string
	MadeBy   string
	Version  int
	Inside   int // workers who are in it now
}

// CreateFence draws a fence. It is in force on all nodes as soon as their feed
// has it; workers who stand in it enter it with their next position.
//
// It returns an error wrapping [access.ErrForbidden] for who may draw none, or
// none there, and a [layers.InputError].
func (s *Store) CreateFence(ctx context.Context, scope access.Scope, d FenceDraft) (Fence, feed.Cursor, error) {
	who, _ := scope.Person()
	return s.draw(ctx, scope, "fence.create", d, func(a *layers.Args, g string, d FenceDraft) string {
		return `INSERT INTO map.fence AS f (name, kind, note, crs, geom, valid_from, valid_to, orgs, made_by) VALUES (` +
			strings.Join([]string{a.Add(d.Name), a.Add(d.Kind), a.Add(d.Note), a.Add(d.CRS), g, a.Add(d.From), a.Add(layers.TimeOrNull(d.To)), a.Add(d.Orgs) + "::text[]", a.Add(who.Login)}, ", ") + ")"
	})
}

// UpdateFence draws a fence anew that the caller saw in a version. It returns an
// error wrapping [layers.ErrConflict] if it is another by now, and those of [Store.CreateFence].
func (s *Store) UpdateFence(ctx context.Context, scope access.Scope, id int64, version int, d FenceDraft) (Fence, feed.Cursor, error) {
	if err := s.mayDraw(ctx, scope, id, version); err != nil {
		return Fence{}, feed.Cursor{}, err
	}
	return s.draw(ctx, scope, "fence.update", d, func(a *layers.Args, g string, d FenceDraft) string {
		return `UPDATE map.fence AS f SET (name, kind, note, crs, geom, valid_from, valid_to, orgs, grid_code, area_code, version, updated_at) = (` +
			strings.Join([]string{a.Add(d.Name), a.Add(d.Kind), a.Add(d.Note), a.Add(d.CRS), g, a.Add(d.From), a.Add(layers.TimeOrNull(d.To)), a.Add(d.Orgs) + "::text[]",
				"NULL", "NULL", "version + 1", "now()"}, ", ") + ") WHERE f.id = " + a.Add(id) + " AND f.version = " + a.Add(version)
	})
}

// draw writes a fence, judges the row that came of it by the caller's right, and
// records it.
func (s *Store) draw(ctx context.Context, scope access.Scope, action string, d FenceDraft, sql func(*layers.Args, string, FenceDraft) string) (Fence, feed.Cursor, error) {
	if err := scope.Require(drawers...); err != nil {
		return Fence{}, feed.Cursor{}, fmt.Errorf("fences are drawn by the command centre, dispatchers and planners: %w", err)
	}
	if err := s.check(ctx, &d); err != nil {
		return Fence{}, feed.Cursor{}, err
	}
	may, err := s.fenceRight(ctx, scope)
	if err != nil {
		return Fence{}, feed.Cursor{}, err
	}
	var f Fence
	err = pgx.BeginFunc(ctx, s.db(), func(tx pgx.Tx) error {
		var reason *string
		if err := tx.QueryRow(ctx, `SELECT CASE WHEN NOT ST_IsValid(g) THEN ST_IsValidReason(g) END FROM (SELECT $1::geometry AS g) t`, d.Geometry).Scan(&reason); err != nil {
			return err
		}
		if reason != nil {
			return &layers.InputError{Field: "geometry", Value: *reason, Remedy: "a polygon that does not cross itself"}
		}
		var a layers.Args
		text := sql(&a, a.Add(d.Geometry)+"::geometry", d)
		cond, err := may.layer.SQL(may.right.Where, &a)
		if err != nil {
			return err
		}
		var allowed bool
		row := tx.QueryRow(ctx, text+" RETURNING f.id, f.version, f.made_by, coalesce("+cond+", false)", a...)
		switch err := row.Scan(&f.ID, &f.Version, &f.MadeBy, &allowed); {
		case errors.Is(err, pgx.ErrNoRows):
			return fmt.Errorf("%w: somebody changed the fence meanwhile: read it again", layers.ErrConflict)
		case err != nil:
			return err
		case !allowed:
			return fmt.Errorf("the middle of the fence is outside of your area: %w", access.ErrForbidden)
		}
		return access.RecordTx(ctx, tx, scope, access.Entry{Action: action, Object: fmt.Sprintf("fence/%d", f.ID), Result: access.Done, Address: d.Address,
			Detail: map[string]any{"name": d.Name, "kind": d.Kind, "orgs": d.Orgs}})
	})
	if err != nil {
		return Fence{}, feed.Cursor{}, said("draw a fence", err)
	}
	if !s.known.following() {
		s.known.forget(false)
	}
	f = Fence{f.ID, fenceKey(f.ID), d.Name, d.Kind, d.Note, d.Geometry, d.From, d.To, d.Orgs, f.MadeBy, f.Version, 0}
	at, err := feed.Now(ctx, s.db())
	return f, at, err
}

// said leaves what the caller may read as it is, and says of the rest what was attempted.
func said(what string, err error) error {
	var refused *pgconn.PgError
	if errors.As(err, &refused) && refused.ConstraintName == "fence_name_check" {
		return &layers.InputError{Field: "name", Remedy: "1 to 100 characters"}
	}
	return access.Wrap(what, err)
}

// check completes a draft and brings it to the map.
func (s *Store) check(ctx context.Context, d *FenceDraft) error {
	bad := func(field, value, remedy string) error {
		return &layers.InputError{Field: field, Value: value, Remedy: remedy}
	}
	d.Name = strings.TrimSpace(d.Name)
	if n := len([]rune(d.Name)); n == 0 || n > 100 || strings.ContainsRune(d.Name, 0) {
		return bad("name", "", "1 to 100 characters")
	}
	if len([]rune(d.Note)) > 1000 || strings.ContainsRune(d.Note, 0) {
		return bad("note", "", "1000 characters at most")
	}
	if d.Kind == "" {
		d.Kind = Temporary
	}
	if d.Kind != Temporary && d.Kind != Site {
		return bad("kind", layers.Short(d.Kind), Temporary+" or "+Site)
	}
	now := time.Now()
	if d.From.IsZero() {
		d.From = now
	}
	if !d.To.IsZero() && !d.To.After(d.From) {
		return bad("valid_to", d.To.Format(time.RFC3339), "a time after valid_from")
	}
	d.Orgs = append([]string{}, slices.Compact(slices.Sorted(slices.Values(d.Orgs)))...) // not nil: that is NULL
	var unknown *string
	if err := s.db().QueryRow(ctx, `SELECT min(u) FROM unnest($1::text[]) u WHERE NOT EXISTS (SELECT FROM onemap.organisation WHERE code = u)`, d.Orgs).Scan(&unknown); err != nil {
		return fmt.Errorf("look up organisations: %w", err)
	}
	if unknown != nil {
		return bad("orgs", layers.Short(*unknown), "codes of organisations")
	}
	n := 0
	for _, p := range d.Geometry {
		for _, r := range p {
			n += len(r)
		}
	}
	if n < 4 || n > maxVertices {
		return bad("geometry", fmt.Sprintf("%d corners", n), fmt.Sprintf("a polygon of 4 to %d corners", maxVertices))
	}
	c, err := crs.Parse(d.CRS)
	if err != nil {
		return bad("crs", layers.Short(d.CRS), err.Error())
	}
	d.CRS = c.String()
	g, err := crs.Each(d.Geometry, func(p orb.Point) (orb.Point, error) {
		l, err := locate.On(ctx, s.db(), "geometry", locate.Place{CRS: d.CRS, X: p[0], Y: p[1]})
		return l.At, err
	})
	if err != nil {
		return err
	}
	d.Geometry = g.(orb.MultiPolygon)
	return nil
}

type fenceRight struct {
	layer layers.Layer
	right access.Right
}

// fenceRight returns what the caller may see of the fences.
func (s *Store) fenceRight(ctx context.Context, scope access.Scope) (fenceRight, error) {
	l, err := s.Layers.Layer(ctx, "fence")
	if err != nil {
		return fenceRight{}, err
	}
	right, visible := scope.Layer(l)
	if !visible {
		return fenceRight{}, fmt.Errorf("fences: %w", access.ErrForbidden)
	}
	return fenceRight{l, right}, nil
}

// mayDraw says why the caller may not change a fence that they saw in a version.
func (s *Store) mayDraw(ctx context.Context, scope access.Scope, id int64, version int) error {
	if err := scope.Require(drawers...); err != nil {
		return fmt.Errorf("fences are drawn by the command centre, dispatchers and planners: %w", err)
	}
	f, err := s.fence(ctx, scope, id)
	if err == nil && version != f.Version {
		err = fmt.Errorf("%w: somebody changed the fence meanwhile: it has version %d", layers.ErrConflict, f.Version)
	}
	return err
}

// Fences returns the fences that are or will be in force and that the caller may
// see, the latest first; with ended those that were, too. Who may not know of the
// layer sees none.
func (s *Store) Fences(ctx context.Context, scope access.Scope, ended bool) ([]Fence, error) {
	return s.readFences(ctx, scope, 0, ended)
}

// readFences reads fences by right: one, or all for 0.
func (s *Store) readFences(ctx context.Context, scope access.Scope, id int64, ended bool) ([]Fence, error) {
	may, err := s.fenceRight(ctx, scope)
	if errors.Is(err, access.ErrForbidden) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var a layers.Args
	cond, err := may.layer.SQL(may.right.Where, &a)
	if err != nil {
		return nil, err
	}
	one, end := a.Add(id), a.Add(ended)
	rows, err := s.db().Query(ctx, `SELECT f.id, f.name, f.kind, f.note, f.geom, f.valid_from, f.valid_to, f.orgs, f.made_by, f.version,
			(SELECT count(*) FROM map.worker w WHERE 'fence/' || f.id = ANY (w.fences))
		FROM map.fence f WHERE (`+cond+`) AND (`+one+`::bigint = 0 OR f.id = `+one+`) AND (`+end+`::boolean OR f.valid_to IS NULL OR f.valid_to > now())
		ORDER BY f.id DESC LIMIT 5000`, a...)
	if err != nil {
		return nil, fmt.Errorf("read fences: %w", err)
	}
	out, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (f Fence, err error) {
		var to *time.Time
		err = r.Scan(&f.ID, &f.Name, &f.Kind, &f.Note, &f.Geometry, &f.From, &to, &f.Orgs, &f.MadeBy, &f.Version, &f.Inside)
		if f.Key = fenceKey(f.ID); to != nil {
			f.To = *to
		}
		return f, err
	})
	if err != nil {
		return nil, fmt.Errorf("read fences: %w", err)
	}
	return out, nil
}

// EndFence ends a fence now; who is in it leaves it. It stays on record. Ending
// one that has ended changes nothing. Errors are those of [Store.UpdateFence].
func (s *Store) EndFence(ctx context.Context, scope access.Scope, address string, id int64) (feed.Cursor, error) {
	if err := scope.Require(drawers...); err != nil {
		return feed.Cursor{}, fmt.Errorf("fences are ended by the command centre, dispatchers and planners: %w", err)
	}
	f, err := s.fence(ctx, scope, id)
	if err != nil {
		return feed.Cursor{}, err
	}
	key := fenceKey(id)
	err = pgx.BeginFunc(ctx, s.db(), func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `UPDATE map.fence SET valid_from = least(valid_from, now() - interval '1 microsecond'), valid_to = now(), version = version + 1, updated_at = now()
			WHERE id = $1 AND (valid_to IS NULL OR valid_to > now())`, id)
		if err != nil || tag.RowsAffected() == 0 {
			return err
		}
		if _, err := tx.Exec(ctx, `WITH inside AS (
				SELECT id FROM map.worker WHERE $1 = ANY (fences) ORDER BY person FOR NO KEY UPDATE
			), off AS (
				UPDATE map.worker w SET fences = array_remove(w.fences, $1) FROM inside WHERE w.id = inside.id RETURNING w.*
			) INSERT INTO map.fence_event (person, name, org, fence, fence_name, what, why, accuracy_m, at, geom, grid_code, area_code, crs)
			SELECT person, name, org, $1, $2, 'leave', 'fence', coalesce(accuracy_m, 0), now(), geom, grid_code, area_code, crs FROM off`, key, f.Name); err != nil {
			return err
		}
		return access.RecordTx(ctx, tx, scope, access.Entry{Action: "fence.end", Object: key, Result: access.Done, Address: address})
	})
	if err != nil {
		return feed.Cursor{}, said("end a fence", err)
	}
	if !s.known.following() {
		s.known.forget(false)
	}
	return feed.Now(ctx, s.db())
}

// fence reads one fence by right.
func (s *Store) fence(ctx context.Context, scope access.Scope, id int64) (Fence, error) {
	all, err := s.readFences(ctx, scope, id, true)
	if err != nil {
		return Fence{}, err
	}
	if len(all) == 0 {
		return Fence{}, fmt.Errorf("fence %d: %w", id, layers.ErrNotFound)
	}
	return all[0], nil
}
