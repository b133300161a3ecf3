package incident

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/jackc/pgx/v5"

	"onemap/geo/where"
	"onemap/layers"
	"onemap/layers/access"
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
}

func (s *Store) sight(ctx context.Context, scope access.Scope) (sight, error) {
	l, err := s.Layers.Layer(ctx, layerName)
	if err != nil {
		return sight{}, err
	}
	v := sight{layer: l, right: access.Right{Where: where.False}}
	if r, ok := scope.Layer(l); ok {
		v.right = r
	}
	if p, ok := scope.Person(); ok {
		v.person = p.ID
	}
	return v, nil
}

// sql writes what the caller may see, narrowed to filter, as a condition on
// the incidents under the alias f. Where mine is true it is their own reports.
func (v sight) sql(filter where.Cond, mine bool, a *layers.Args) (string, error) {
	// Only what is used may be added to a: PostgreSQL refuses a value that the
	// statement does not name.
	may := "false"
	if v.person != 0 && (mine || !where.IsTrue(v.right.Where)) {
		may = "f.reporter = " + a.Add(v.person)
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
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (Incident, error) {
		var i Incident
		var reporter int64
		var occurred, reported time.Time
		err := row.Scan(&i.ID, &i.UUID, &i.Standard, &i.Class, &i.ClassZH, &i.ClassEN, &i.Severity, &i.State, &i.Source,
			&i.Dept, &i.DeptZH, &i.DeptEN, &i.Description, &i.Place, &i.Lon, &i.Lat, &i.Grid, &i.Area,
			&occurred, &reported, &i.ClosedAt, &i.Version, &reporter)
		i.OccurredAt, i.ReportedAt = &occurred, &reported
		i.Lon, i.Lat = math.Round(i.Lon*1e7)/1e7, math.Round(i.Lat*1e7)/1e7 // a centimetre
		i.Actions = allowed(scope, i)
		i.Mine = v.person != 0 && reporter == v.person
		if !i.Mine {
			i.only(v.right.Fields)
			i.Actions = allowed(scope, i) // they would tell the state
		}
		return i, err
	})
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
	handles := scope.Has(handlers...) && v.person != 0 && i.Dept != "" && scope.Org().Code == i.Dept
	if i.Mine || scope.Has(access.CommandCentre) || handles {
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

func (s *Store) photosOf(ctx context.Context, id int64) ([]Shown, error) {
	rows, err := s.Layers.DB().Query(ctx, `SELECT photo AS id, kind FROM onemap.incident_photo WHERE incident = @id ORDER BY position`,
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
