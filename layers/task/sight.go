package task

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"onemap/layers"
	"onemap/layers/access"
)

// posts watch over all tasks of their organisation's area.
var posts = []access.Role{access.CommandCentre, access.Acceptor, access.ShiftLeader, access.Dispatcher, access.Planner}

// sight is what a caller may see of tasks.
type sight struct {
	scope access.Scope
	who   access.Person
	now   time.Time
}

func (s *Store) sight(scope access.Scope) (sight, error) {
	who, ok := scope.Person()
	if !ok {
		return sight{}, access.ErrUnauthenticated
	}
	return sight{scope, who, s.now()}, nil
}

// sql writes what the caller may see as a condition on the tasks under the
// alias t.
func (v sight) sql(a *layers.Args) string {
	if v.scope.Has(posts...) && v.scope.Org().AreaCode == "" {
		return "true"
	}
	ors := []string{"t.made_by = " + a.Add(v.who.Login)}
	if v.scope.Has(posts...) {
		ors = append(ors, "t.area_code = ''", "starts_with(t.area_code, "+a.Add(v.scope.Org().AreaCode)+")")
	}
	if v.scope.Has(access.DepartmentOfficer) && v.who.Org != "" {
		org := a.Add(v.who.Org)
		ors = append(ors, "t.dept = "+org, "EXISTS (SELECT FROM map.incident i WHERE i.id = t.incident AND i.dept_code = "+org+")")
	}
	if v.scope.Has(access.GridWorker) {
		ors = append(ors, v.own(a))
	}
	return "(" + strings.Join(ors, " OR ") + ")"
}

// own writes which tasks are the worker's: theirs, or of their grids and
// nobody's, done or not; those that they did, or had before somebody else.
func (v sight) own(a *layers.Args) string {
	me := a.Add(v.who.ID)
	return "(t.person = " + me + " OR t.person IS NULL AND t.grid_code = ANY(" + a.Add(v.scope.Cells()) + "::text[]) OR t.done_by = " + a.Add(v.who.Login) +
		" OR t.detail -> 'former' @> to_jsonb(" + me + "::bigint))"
}

// todo says whether the worker is to do an open task, or may.
func (v sight) todo(person int64, grid string) bool {
	return v.scope.Has(access.GridWorker) && v.who.ID != 0 && (person == v.who.ID || person == 0 && v.scope.InGrids(grid))
}

// changes lists what the caller may do to an open task beside its result. A
// task of a case or of a hazard is cancelled by the case or the hazard.
func (v sight) changes(t Task) []string {
	officer := v.scope.Has(access.DepartmentOfficer) && t.Dept != "" && t.Dept == v.who.Org
	switch {
	case t.Kind == Verify || t.Kind == Check:
		if v.scope.Has(access.CommandCentre, access.Acceptor) {
			return []string{"assign"}
		}
	case v.scope.Has(access.CommandCentre) || officer || t.MadeBy == v.who.Login && v.scope.Has(access.Planner, access.DepartmentOfficer):
		if t.Kind == Recheck {
			return []string{"assign"}
		}
		return []string{"assign", "cancel"}
	}
	return nil
}

// actions lists what the caller may do now.
func (v sight) actions(t Task) []string {
	if t.State != "open" {
		return []string{}
	}
	out := []string{}
	if t.Mine {
		out = append(out, "result")
		if t.Kind == Patrol {
			out = append(out, "point")
		}
	}
	return slices.Concat(out, v.changes(t))
}

// MaySeePhoto says whether the caller may see a task whose result shows the
// photo. It returns an error wrapping [layers.ErrNotFound] if not.
func (s *Store) MaySeePhoto(ctx context.Context, scope access.Scope, id string) error {
	v, err := s.sight(scope)
	if err != nil {
		return err
	}
	var a layers.Args
	var ok bool
	err = s.Layers.DB().QueryRow(ctx, `SELECT EXISTS (SELECT FROM onemap.task_photo p JOIN onemap.task t ON t.id = p.task WHERE p.photo = `+a.Add(id)+` AND `+v.sql(&a)+`)`, a...).Scan(&ok)
	if err != nil {
		return fmt.Errorf("right to photo: %w", err)
	}
	if !ok {
		return fmt.Errorf("photo: %w", layers.ErrNotFound)
	}
	return nil
}
