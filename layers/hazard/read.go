package hazard

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"onemap/geo/where"
	"onemap/layers"
	"onemap/layers/access"
)

// A querier is a pool or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

//go:embed sql/select.sql
var selectSQL string

// sight is what a caller may see: hazards that hold the condition, with the
// fields of the right; and whole, those that they found, rectified, checked or
// are to check.
type sight struct {
	layer layers.Layer
	right access.Right
	scope access.Scope
	who   access.Person
	now   time.Time
}

func (s *Store) sight(ctx context.Context, scope access.Scope) (sight, error) {
	l, err := s.Layers.Layer(ctx, layerName)
	if err != nil {
		return sight{}, err
	}
	v := sight{layer: l, right: access.Right{Where: where.False}, scope: scope, now: s.now()}
	if r, ok := scope.Layer(l); ok {
		v.right = r
	}
	v.who, _ = scope.Person()
	return v, nil
}

// sql writes what the caller may see, narrowed to filter, as a condition on
// the hazards under the alias f. Where mine is true it is what they found.
func (v sight) sql(filter where.Cond, mine bool, a *layers.Args) (string, error) {
	may := "false"
	switch {
	case v.who.ID == 0:
	case mine:
		may = "f.finder = " + a.Add(v.who.ID)
	case !where.IsTrue(v.right.Where):
		p := a.Add(v.who.ID)
		may = "f.finder = " + p + " OR f.rectifier = " + p + " OR f.id IN (SELECT hazard FROM onemap.task WHERE kind = 'recheck' AND (done_at IS NULL AND person = " + p +
			" OR done_at IS NULL AND person IS NULL AND grid_code = ANY(" + a.Add(v.scope.Cells()) + "::text[]) OR done_by = " + a.Add(v.who.Login) + "))"
	}
	if !mine {
		right, err := v.layer.SQL(v.right.Where, a)
		if err != nil {
			return "", err
		}
		may = "(" + right + ") OR " + may
	}
	if filter == nil || where.IsTrue(filter) {
		return "(" + may + ")", nil
	}
	narrow, err := v.layer.SQL(filter, a)
	return "(" + may + ") AND (" + narrow + ")", err
}

// read runs a query that begins with select.sql.
func (v sight) read(ctx context.Context, db querier, sql string, args []any) ([]Hazard, error) {
	rows, err := db.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, v.scan)
}

func (v sight) scan(row pgx.CollectableRow) (Hazard, error) {
	var h Hazard
	var found, since time.Time
	var finder, rectifier, worker int64
	var task bool
	var grid string
	err := row.Scan(&h.ID, &h.UUID, &h.Level, &h.State, &h.Kind, &h.Title, &h.Description, &h.Place, &h.Enterprise, &h.EnterpriseName,
		&h.Task, &h.Item, &h.Incident, &h.Dept, &h.DeptZH, &h.DeptEN, &h.Lon, &h.Lat, &h.Grid, &h.Area, &found, &h.ClosedAt, &h.TermAt, &since, &h.WarnAt, &h.DueAt,
		&h.Escalation, &h.overdue, &h.Supervised, &h.Supervisor, &h.Extensions, &h.Rechecks, &h.Version, &finder, &rectifier, &task, &worker, &grid)
	if err != nil {
		return h, err
	}
	h.FoundAt, h.Since = &found, &since
	h.Lon, h.Lat = math.Round(h.Lon*1e7)/1e7, math.Round(h.Lat*1e7)/1e7 // a centimetre
	h.Overdue = h.overdue || h.late(v.now)
	me := v.who.ID
	h.Mine, h.Rectifier = me != 0 && finder == me, me != 0 && rectifier == me
	h.Assigned = me != 0 && task && (worker == me || worker == 0 && v.scope.InGrids(grid))
	h.Actions = allowed(v.scope, h)
	if !h.Mine && !h.Rectifier && !h.Assigned {
		if !slices.Contains(v.right.Fields, "state") || !slices.Contains(v.right.Fields, "level") {
			h.Actions = []string{} // they would tell the state
		}
		h.only(v.right.Fields)
	}
	return h, nil
}

// late says whether it is being rectified and its term has passed.
func (h Hazard) late(now time.Time) bool {
	return h.State == Rectifying && h.TermAt != nil && now.After(*h.TermAt)
}

// one reads one hazard that the caller may see; suffix may lock its row.
func (v sight) one(ctx context.Context, db querier, id int64, suffix string) (Hazard, error) {
	var a layers.Args
	may, err := v.sql(nil, false, &a)
	if err != nil {
		return Hazard{}, err
	}
	return v.first(ctx, db, id, "f.id = "+a.Add(id)+" AND "+may+suffix, a)
}

// acted reads a hazard for whoever just did something to it, who may see it no
// longer: handed to another department, it is theirs.
func (v sight) acted(ctx context.Context, db querier, id int64) (Hazard, error) {
	return v.first(ctx, db, id, "f.id = $1", []any{id})
}

func (v sight) first(ctx context.Context, db querier, id int64, cond string, args []any) (Hazard, error) {
	found, err := v.read(ctx, db, selectSQL+"WHERE "+cond, args)
	if err != nil {
		return Hazard{}, fmt.Errorf("hazard %d: %w", id, err)
	}
	if len(found) == 0 {
		return Hazard{}, fmt.Errorf("hazard %d: %w", id, layers.ErrNotFound)
	}
	return found[0], nil
}

// Get returns a hazard with its flow and photos, and with its plan for those
// who handle it. It returns an error wrapping [layers.ErrNotFound] for one
// that is not there or that the caller may not see.
func (s *Store) Get(ctx context.Context, scope access.Scope, id int64) (Hazard, error) {
	v, err := s.sight(ctx, scope)
	if err != nil {
		return Hazard{}, err
	}
	h, err := v.one(ctx, s.Layers.DB(), id, "")
	if err != nil {
		return Hazard{}, err
	}
	return h, v.whole(ctx, s.Layers.DB(), &h)
}

// whole adds what lists leave out.
func (v sight) whole(ctx context.Context, db querier, h *Hazard) error {
	var err error
	if h.Photos, err = photosOf(ctx, db, h.ID); err != nil {
		return err
	}
	if h.Flow, err = v.flow(ctx, db, *h); err != nil {
		return err
	}
	if !v.handles(*h) {
		return nil
	}
	var p Plan
	err = db.QueryRow(ctx, `SELECT measure, responsible, money_yuan::float8, contingency FROM onemap.hazard_plan WHERE hazard = $1`, h.ID).
		Scan(&p.Measure, &p.Responsible, &p.MoneyYuan, &p.Contingency)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("plan of hazard %d: %w", h.ID, err)
	}
	h.Plan = &p
	return nil
}

// handles says whether the caller handles it: oversees or supervises it, is to
// check it, or watches over all.
func (v sight) handles(h Hazard) bool {
	org := v.scope.Org().Code
	return v.scope.Has(access.CommandCentre) || h.Assigned || h.Rectifier ||
		v.scope.Has(access.DepartmentOfficer) && org != "" && (h.Dept == org || h.Supervisor == org)
}

func photosOf(ctx context.Context, db querier, id int64) ([]HazardPhoto, error) {
	rows, err := db.Query(ctx, `SELECT photo, kind, coalesce(step, 0) FROM onemap.hazard_photo WHERE hazard = $1 ORDER BY position`, id)
	if err != nil {
		return nil, fmt.Errorf("photos of hazard %d: %w", id, err)
	}
	shown, err := pgx.CollectRows(rows, pgx.RowToStructByPos[HazardPhoto])
	if err != nil {
		return nil, fmt.Errorf("photos of hazard %d: %w", id, err)
	}
	return shown, nil
}

// flow returns what happened to a hazard: nothing to those who may not see its
// state, without words to those who may not read its description. Who found it
// is told to themselves and the command centre only.
func (v sight) flow(ctx context.Context, db querier, h Hazard) ([]HazardStep, error) {
	if slices.Contains(h.Hidden, "state") {
		return nil, nil
	}
	rows, err := db.Query(ctx, `SELECT id, at, actor, org, action, from_state, to_state, opinion, detail - 'content' - 'address'
		FROM onemap.hazard_flow WHERE hazard = $1 ORDER BY id`, h.ID)
	if err != nil {
		return nil, fmt.Errorf("flow of hazard %d: %w", h.ID, err)
	}
	steps, err := pgx.CollectRows(rows, pgx.RowToStructByPos[HazardStep])
	if err != nil {
		return nil, fmt.Errorf("flow of hazard %d: %w", h.ID, err)
	}
	for n := range steps {
		if slices.Contains(h.Hidden, "description") {
			steps[n].Opinion, steps[n].Detail = "", nil
		}
		if steps[n].Action == "find" && !h.Mine && !v.scope.Has(access.CommandCentre) {
			steps[n].Actor = ""
		}
	}
	return steps, nil
}

// MaySeePhoto says whether the caller may see a hazard that shows the photo.
// It returns an error wrapping [layers.ErrNotFound] if not.
func (s *Store) MaySeePhoto(ctx context.Context, scope access.Scope, id string) error {
	v, err := s.sight(ctx, scope)
	if err != nil {
		return err
	}
	var a layers.Args
	may, err := v.sql(nil, false, &a)
	if err != nil {
		return err
	}
	var ok bool
	err = s.Layers.DB().QueryRow(ctx, `SELECT EXISTS (SELECT FROM onemap.hazard_photo p JOIN map.hazard f ON f.id = p.hazard
		WHERE p.photo = `+a.Add(id)+` AND `+may+`)`, a...).Scan(&ok)
	if err != nil {
		return fmt.Errorf("right to photo: %w", err)
	}
	if !ok {
		return fmt.Errorf("photo: %w", layers.ErrNotFound)
	}
	return nil
}
