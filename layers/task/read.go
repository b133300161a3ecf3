package task

import (
	"context"
	_ "embed"
	"fmt"
	"math"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

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

func (s *Store) now() time.Time {
	if s.Clock != nil {
		return s.Clock()
	}
	return time.Now()
}

// row is a task with what only the columns say.
type row struct {
	Task
	person                       int64
	incident, enterprise, hazard int64
}

// read runs a query on the select; cond says which, order in which order and how many.
func (v sight) read(ctx context.Context, db querier, near *orb.Point, cond, order string, a layers.Args) ([]row, error) {
	here := "NULL"
	if near != nil {
		here = a.Add(*near)
	}
	rows, err := db.Query(ctx, replaceNear(here)+"WHERE "+cond+order, a...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, v.scan)
}

func (v sight) scan(r pgx.CollectableRow) (row, error) {
	var t row
	err := r.Scan(&t.ID, &t.Kind, &t.Title, &t.Person, &t.PersonName, &t.person, &t.Dept, &t.Grid, &t.Area, &t.Lon, &t.Lat,
		&t.MadeBy, &t.MadeAt, &t.WarnAt, &t.DueAt, &t.DoneAt, &t.DoneBy, &t.Result, &t.Opinion, &t.Version,
		&t.incident, &t.enterprise, &t.hazard, &t.Checklist, &t.ListVer, &t.Outcome, &t.DistanceM)
	if err != nil {
		return t, err
	}
	for _, f := range []*float64{t.Lon, t.Lat} {
		if f != nil {
			*f = math.Round(*f*1e7) / 1e7
		}
	}
	if t.DistanceM != nil {
		*t.DistanceM = math.Round(*t.DistanceM*10) / 10
	}
	switch {
	case t.DoneAt == nil:
		t.State = "open"
	case t.Result == Cancelled:
		t.State = "cancelled"
	default:
		t.State = "done"
	}
	t.Mine = v.todo(t.person, t.Grid)
	t.Results = results[t.Kind]
	t.Actions = v.actions(t.Task)
	return t, nil
}

// Get returns a task with all that is needed to do it. It returns an error
// wrapping [layers.ErrNotFound] for one that is not there or that the caller
// may not see.
func (s *Store) Get(ctx context.Context, scope access.Scope, id int64) (Task, error) {
	v, err := s.sight(scope)
	if err != nil {
		return Task{}, err
	}
	t, err := v.one(ctx, s.Layers.DB(), id)
	if err != nil {
		return Task{}, err
	}
	return v.whole(ctx, s.Layers.DB(), t)
}

// one reads one task that the caller may see, without what it is about.
func (v sight) one(ctx context.Context, db querier, id int64) (row, error) {
	var a layers.Args
	cond := "t.id = " + a.Add(id) + " AND " + v.sql(&a)
	found, err := v.read(ctx, db, nil, cond, "", a)
	if err != nil {
		return row{}, fmt.Errorf("task %d: %w", id, err)
	}
	if len(found) == 0 {
		return row{}, fmt.Errorf("task %d: %w", id, layers.ErrNotFound)
	}
	return found[0], nil
}

// whole fills in what one task is about.
func (v sight) whole(ctx context.Context, db querier, t row) (Task, error) {
	all := []row{t}
	if err := fill(ctx, db, all); err != nil {
		return Task{}, err
	}
	return all[0].Task, answers(ctx, db, &all[0])
}
