package firerisk

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
	"onemap/layers/locate"
	"onemap/layers/task"
)

// Decisions of a person on a line.
const (
	Accepted = "accepted"
	Refused  = "refused"
)

// A Decision is what a person says to lines of a list. An accepted line becomes
// a visit on the phone; of a building, which has no checklist, a patrol of one point.
type Decision struct {
	Lines    []int // their numbers; empty: all that wait
	Decision string
	Note     string // why they are refused
	Person   string // login of the worker; "": any worker of the grid
	Address  string
}

func (d Decision) check() error {
	if d.Decision != Accepted && d.Decision != Refused {
		return &layers.InputError{Field: "decision", Value: layers.Short(d.Decision), Remedy: "accepted or refused"}
	}
	if d.Decision == Refused && strings.TrimSpace(d.Note) == "" {
		return &layers.InputError{Field: "note", Remedy: "say why the places are not to be visited"}
	}
	if d.Decision == Refused && d.Person != "" {
		return &layers.InputError{Field: "person", Remedy: "leave it out: nobody goes to a place that is refused"}
	}
	return layers.CheckText("note", d.Note, 500)
}

// spaceOfUUIDs names the UUIDs of the visits that lines become: accepted again
// after half of it failed, a line becomes the same visit.
var spaceOfUUIDs = uuid.MustParse("7d0c6a2e-5a0d-4b0e-9a55-0d9f3b1c7e21")

// Decide takes a person's decision on lines that wait for one, and returns the
// list. It returns an error wrapping [layers.ErrConflict] for a line that was
// decided before.
func (s *Store) Decide(ctx context.Context, by access.Scope, id int64, d Decision) (List, error) {
	if err := by.Require(access.CommandCentre, access.Planner, access.DepartmentOfficer); err != nil {
		return List{}, err
	}
	if err := d.check(); err != nil {
		return List{}, err
	}
	l, err := s.List(ctx, by, id)
	if err != nil {
		return List{}, err
	}
	var chosen []Line
	for _, x := range l.Lines {
		asked := slices.Contains(d.Lines, x.N)
		switch {
		case asked && x.Decision != "" && (x.Decision != d.Decision || x.Note != d.Note):
			return List{}, fmt.Errorf("line %d was %s by %s: %w", x.N, x.Decision, x.DecidedBy, layers.ErrConflict)
		case x.Decision == "" && (asked || len(d.Lines) == 0):
			chosen = append(chosen, x)
		}
	}
	for _, n := range d.Lines {
		if !slices.ContainsFunc(l.Lines, func(x Line) bool { return x.N == n }) {
			return List{}, &layers.InputError{Field: "lines", Value: fmt.Sprint(n), Remedy: "numbers of lines of this list"}
		}
	}
	for _, x := range chosen {
		if err := s.decide(ctx, by, l, x, d); err != nil {
			return List{}, access.Wrap(fmt.Sprintf("decide on line %d of list %d", x.N, id), err)
		}
	}
	return s.List(ctx, by, id)
}

// decide writes one line's decision. Its visit is made first: a visit without a
// decision is found again by its UUID, a decision without a visit would be lost.
func (s *Store) decide(ctx context.Context, by access.Scope, l List, x Line, d Decision) error {
	var visit *int64
	if d.Decision == Accepted {
		n, err := s.visit(ctx, by, l, x, d)
		if err != nil {
			return err
		}
		visit = &n
	}
	who, _ := by.Person()
	return pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `UPDATE onemap.inspection_line SET decision = @decision, decided_by = @by, decided_at = @now, note = @note, task = @task WHERE list = @list AND n = @n AND decision = ''`,
			pgx.NamedArgs{"decision": d.Decision, "by": who.Login, "now": s.now(), "note": d.Note, "task": visit, "list": l.ID, "n": x.N})
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return fmt.Errorf("line %d was decided by somebody else meanwhile: %w", x.N, layers.ErrConflict)
		}
		return access.RecordTx(ctx, tx, by, access.Entry{Action: "fire_risk.decide", Object: fmt.Sprintf("inspection_list/%d", l.ID), Result: access.Done, Reason: d.Note, Address: d.Address,
			Detail: map[string]any{"line": x.N, "decision": d.Decision, "reason": x.Reason}})
	})
}

// visit makes the task of a line, or finds the one that is open for the enterprise.
func (s *Store) visit(ctx context.Context, by access.Scope, l List, x Line, d Decision) (int64, error) {
	set, err := s.settings(ctx)
	if err != nil {
		return 0, err
	}
	if l.Kind == Enterprise {
		var open int64
		var version int
		var holder string
		err := s.Layers.DB().QueryRow(ctx, `SELECT t.id, t.version, coalesce(p.login, '') FROM onemap.task t LEFT JOIN onemap.person p ON p.id = t.person
			WHERE t.kind = 'visit' AND t.enterprise = $1 AND t.done_at IS NULL`, x.Place).Scan(&open, &version, &holder)
		if err == nil && d.Person != "" && d.Person != holder { // it is given to whom the decision names
			_, _, err = s.Tasks.Change(ctx, by, open, task.Change{Action: "assign", Version: version, Person: d.Person, Address: d.Address})
			if errors.Is(err, access.ErrForbidden) {
				err = &layers.InputError{Field: "person", Value: layers.Short(d.Person), Remedy: fmt.Sprintf("leave it out: a visit of this place is open already (task %d), and others say who makes it", open)}
			}
			return open, err
		}
		if err == nil {
			return open, nil
		}
		if !errors.Is(err, pgx.ErrNoRows) {
			return 0, err
		}
	}
	day, err := time.ParseInLocation(time.DateOnly, x.Day, set.zone)
	if err != nil {
		return 0, err
	}
	due := day.Add(18 * time.Hour)
	if now := s.now(); !due.After(now) {
		due = now.Add(24 * time.Hour)
	}
	t := task.Draft{UUID: uuid.NewSHA1(spaceOfUUIDs, fmt.Appendf(nil, "%d/%d", l.ID, x.N)), Kind: task.Visit, Person: d.Person, DueAt: due, Enterprise: x.Place, Address: d.Address,
		Title: layers.Cut(titles[l.Kind]+x.Name, 200)}
	if l.Kind == Building {
		t.Kind, t.Enterprise = task.Patrol, 0
		t.Points = []task.PointDraft{{Title: layers.Cut(x.Name, 200), At: locate.Place{CRS: "WGS84", X: x.Lon, Y: x.Lat}}}
	}
	made, _, _, err := s.Tasks.Create(ctx, by, t)
	return made.ID, err
}

// titles begin what the phone shows.
var titles = map[string]string{Enterprise: "消防检查：", Building: "消防检查建筑："}
