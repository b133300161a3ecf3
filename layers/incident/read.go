package incident

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
	"onemap/layers/worktime"
)

// A querier is a pool or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

//go:embed sql/select.sql
var selectSQL string

// sight is what a caller may see: incidents that hold the condition, with the
// fields of the right, and their own reports with all fields.
type sight struct {
	layer  layers.Layer
	right  access.Right
	person int64 // 0: nobody
	login  string
	cells  []string // of a worker's own grids
	now    time.Time
	whole  bool // nothing is hidden: for the rules, not for the caller
}

func (s *Store) sight(ctx context.Context, scope access.Scope) (sight, error) {
	l, err := s.Layers.Layer(ctx, layerName)
	if err != nil {
		return sight{}, err
	}
	v := sight{layer: l, right: access.Right{Where: where.False}, now: s.now()}
	if r, ok := scope.Layer(l); ok {
		v.right = r
	}
	if p, ok := scope.Person(); ok {
		v.person, v.login, v.cells = p.ID, p.Login, scope.Cells()
	}
	return v, nil
}

// sql writes what the caller may see, narrowed to filter, as a condition on
// the incidents under the alias f. Where mine is true it is their own reports.
func (v sight) sql(filter where.Cond, mine bool, a *layers.Args) (string, error) {
	// Only what is used may be added to a: PostgreSQL refuses a value that the
	// statement does not name.
	may := "false"
	switch {
	case v.person == 0:
	case mine:
		may = "f.reporter = " + a.Add(v.person)
	case !where.IsTrue(v.right.Where):
		// What one reported, and what one was sent to do or did, wherever it is.
		p := a.Add(v.person)
		may = "f.reporter = " + p + " OR f.handler = " + p + " OR f.id IN (" +
			"SELECT incident FROM onemap.task WHERE done_at IS NULL AND person = " + p +
			" UNION ALL SELECT incident FROM onemap.task WHERE done_at IS NULL AND person IS NULL AND grid_code = ANY(" + a.Add(v.cells) + "::text[])" +
			" UNION ALL SELECT incident FROM onemap.task WHERE done_by = " + a.Add(v.login) + ")"
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
func (v sight) read(ctx context.Context, db querier, scope access.Scope, sql string, args []any) ([]Incident, error) {
	rows, err := db.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (Incident, error) { return v.scan(row, scope) })
}

// rowClock is what the columns say of a case beyond its [Incident].
type rowClock struct {
	reporter, handler                     int64
	registeredAt, dispatchedAt, handledAt *time.Time
	overdue                               bool // as it is written, not as it is now
}

func (v sight) scan(row pgx.CollectableRow, scope access.Scope) (Incident, error) {
	i := Incident{row: &rowClock{}}
	var occurred, reported, updated, since time.Time
	var limitN *int
	var limitUnit *string
	var x External
	var task bool
	var assigned int64
	var taskGrid string
	err := row.Scan(&i.ID, &i.UUID, &i.Number, &i.Standard, &i.Class, &i.ClassZH, &i.ClassEN, &i.Severity, &i.State, &i.Source,
		&i.Dept, &i.DeptZH, &i.DeptEN, &i.Description, &i.Place, &i.Lon, &i.Lat, &i.Grid, &i.Area,
		&i.Asset, &i.Condition, &i.AreaClass, &limitN, &limitUnit,
		&occurred, &reported, &i.row.registeredAt, &i.FiledAt, &i.row.dispatchedAt, &i.row.handledAt, &i.ClosedAt, &updated,
		&since, &i.WarnAt, &i.DueAt, &i.Escalation, &i.Handler, &i.row.handler, &i.Pending, &i.Verified, &i.Checked,
		&i.Extensions, &i.Suspensions, &i.Until, &i.Returns, &i.Reworks, &i.Dispatches,
		&i.Decided, &i.row.overdue, &i.Excused, &i.Appealed, &i.Forced, &i.Supervised, &i.MergedInto,
		&x.Source, &x.ID, &i.Version, &i.row.reporter, &task, &assigned, &taskGrid)
	if err != nil {
		return Incident{}, err
	}
	i.OccurredAt, i.ReportedAt, i.UpdatedAt, i.Since = &occurred, &reported, &updated, &since
	i.Lon, i.Lat = math.Round(i.Lon*1e7)/1e7, math.Round(i.Lat*1e7)/1e7 // a centimetre
	if limitN != nil && limitUnit != nil {
		i.Limit = &Term{*limitN, worktime.Unit(*limitUnit)}
	}
	if x.Source != "" {
		i.External = &x
	}
	if i.FiledAt == nil {
		i.AreaClass = "" // the column's default says nothing yet
	}
	i.running = i.State == Dispatched || i.State == Handling
	i.Light = light(v.now, i.WarnAt, i.DueAt)
	i.Overdue = i.row.overdue || i.running && i.Light == worktime.Red
	i.Mine = v.person != 0 && i.row.reporter == v.person
	i.Task = v.person != 0 && task && (assigned == v.person || assigned == 0 && scope.InGrids(taskGrid))
	i.Actions = allowed(scope, i)
	if !v.whole && !i.Mine && !i.Task && (v.person == 0 || i.row.handler != v.person) {
		if !slices.Contains(v.right.Fields, "state") {
			i.Actions = []string{} // they would tell the state
		}
		i.only(v.right.Fields)
	}
	return i, nil
}

// light is the colour of a clock; "" where none runs.
func light(now time.Time, warn, due *time.Time) string {
	switch {
	case due == nil:
		return ""
	case now.After(*due):
		return worktime.Red
	case warn != nil && !now.Before(*warn):
		return worktime.Yellow
	}
	return worktime.Green
}

// now is the time by the store's clock.
func (s *Store) now() time.Time {
	if s.Clock != nil {
		return s.Clock()
	}
	return time.Now()
}

// Get returns an incident with its flow and photos, and with the reporter's
// contact for those who handle it. It returns an error wrapping
// [layers.ErrNotFound] for one that is not there or that the caller may not see.
func (s *Store) Get(ctx context.Context, scope access.Scope, id int64) (Incident, error) {
	v, err := s.sight(ctx, scope)
	if err != nil {
		return Incident{}, err
	}
	i, err := v.one(ctx, s.Layers.DB(), scope, id, "")
	if err != nil {
		return Incident{}, err
	}
	if i.Photos, err = s.photosOf(ctx, id); err != nil {
		return Incident{}, err
	}
	if i.Flow, err = s.flow(ctx, scope, i); err != nil {
		return Incident{}, err
	}
	if err := s.relatives(ctx, &i); err != nil {
		return Incident{}, err
	}
	handles := scope.Has(handlers...) && v.person != 0 && i.Dept != "" && scope.Org().Code == i.Dept
	if i.Mine || scope.Has(posts...) || handles {
		err := s.Layers.DB().QueryRow(ctx, `SELECT contact FROM onemap.incident_contact WHERE incident = @id`,
			pgx.NamedArgs{"id": id}).Scan(&i.Contact)
		if err != nil && !errors.Is(err, pgx.ErrNoRows) {
			return Incident{}, fmt.Errorf("contact of incident %d: %w", id, err)
		}
	}
	return i, nil
}

// one reads one incident; suffix may lock its row.
func (v sight) one(ctx context.Context, db querier, scope access.Scope, id int64, suffix string) (Incident, error) {
	var a layers.Args
	may, err := v.sql(nil, false, &a)
	if err != nil {
		return Incident{}, err
	}
	found, err := v.read(ctx, db, scope, selectSQL+"WHERE f.id = "+a.Add(id)+" AND "+may+suffix, a)
	if err != nil {
		return Incident{}, fmt.Errorf("incident %d: %w", id, err)
	}
	if len(found) == 0 {
		return Incident{}, fmt.Errorf("incident %d: %w", id, layers.ErrNotFound)
	}
	return found[0], nil
}

// photosOf returns a case's photos, and after them those of the reports that
// were merged into it.
func (s *Store) photosOf(ctx context.Context, id int64) ([]Shown, error) {
	rows, err := s.Layers.DB().Query(ctx, `SELECT photo AS id, kind, taken_at, ST_X(geom) AS lon, ST_Y(geom) AS lat, CASE WHEN incident = @id THEN 0 ELSE incident END AS of
		FROM onemap.incident_photo WHERE incident = @id OR incident IN (SELECT id FROM map.incident WHERE merged_into = @id)
		ORDER BY incident <> @id, incident, position`,
		pgx.NamedArgs{"id": id})
	if err != nil {
		return nil, fmt.Errorf("photos of incident %d: %w", id, err)
	}
	shown, err := pgx.CollectRows(rows, pgx.RowToStructByName[Shown])
	if err != nil {
		return nil, fmt.Errorf("photos of incident %d: %w", id, err)
	}
	return shown, nil
}
