package incident

import (
	"cmp"
	"context"
	_ "embed"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"onemap/layers/access"
	"onemap/layers/class"
)

// A Suggestion is who could handle a case, or look at it.
type Suggestion struct {
	Dept    string      `json:"dept" doc:"Whose matter it is; empty where neither rule nor class says"`
	DeptZH  string      `json:"dept_zh"`
	DeptEN  string      `json:"dept_en"`
	By      string      `json:"by" enum:"rule,learnt,asset,class,returned," doc:"What names the department; returned: the one that gave it back thinks so"`
	Workers []Candidate `json:"workers" nullable:"false" doc:"Those of the case's grid first, then by the way; at most 10"`
}

// A Candidate is a worker who could be sent.
type Candidate struct {
	Login   string   `json:"login"`
	Name    string   `json:"name"`
	OnDuty  bool     `json:"on_duty"`
	OfGrid  bool     `json:"of_grid" doc:"Answers for the case's grid"`
	Metres  *float64 `json:"metres,omitempty" doc:"By road; as the crow flies where no road is known. Absent off duty"`
	Minutes *float64 `json:"minutes,omitempty" doc:"On foot"`
	ByRoad  bool     `json:"by_road"`

	person int64
}

//go:embed sql/workers.sql
var workersSQL string

//go:embed sql/ways.sql
var waysSQL string

// walkingMS is how fast one walks where no road is known, in metres a second.
const walkingMS = 5 / 3.6

// Suggestion says whose matter a case is by the rules, and which workers are
// near. Only those of a command centre and the officers of its department are
// told where workers are; who else may see the case gets an error wrapping
// [access.ErrForbidden].
func (s *Store) Suggestion(ctx context.Context, scope access.Scope, id int64) (Suggestion, error) {
	v, err := s.sight(ctx, scope)
	if err != nil {
		return Suggestion{}, err
	}
	v.whole = true
	i, err := v.one(ctx, s.Layers.DB(), scope, id, "")
	if err != nil {
		return Suggestion{}, err
	}
	officer := scope.Has(access.DepartmentOfficer) && i.Dept != "" && scope.Org().Code == i.Dept
	if !scope.Has(posts...) && !officer {
		return Suggestion{}, fmt.Errorf("suggestion for incident %d: %w", id, access.ErrForbidden)
	}
	var out Suggestion
	err = pgx.BeginTxFunc(ctx, s.Layers.DB(), pgx.TxOptions{AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		answer, err := s.classes().Responsible(ctx, tx, class.Question{Standard: i.Standard, Code: i.Class, Grid: i.Grid, Area: i.Area, Asset: i.Asset})
		if err != nil {
			return err
		}
		out.Dept, out.By = answer.Dept, answer.By
		if i.State == Returned || i.State == Disputed {
			flow, _, err := records(ctx, tx, id)
			if err != nil {
				return err
			}
			for _, r := range slices.Backward(flow) {
				if r.Action == "return" && r.Detail.Blame != "" {
					out.Dept, out.By = r.Detail.Blame, "returned"
					break
				}
			}
		}
		if err := tx.QueryRow(ctx, `SELECT coalesce(max(name_zh), ''), coalesce(max(name_en), '') FROM onemap.organisation WHERE code = @dept`,
			pgx.NamedArgs{"dept": out.Dept}).Scan(&out.DeptZH, &out.DeptEN); err != nil {
			return err
		}
		out.Workers, err = nearest(ctx, tx, i, 10, false)
		return err
	})
	if err != nil {
		return Suggestion{}, access.Wrap(fmt.Sprintf("suggestion for incident %d", id), err)
	}
	return out, nil
}

// nearest returns the workers who could be sent to i: those of its grid first,
// then by the time they need on foot. With onDutyOfGrid it is only those of
// its grid who are on duty.
func nearest(ctx context.Context, tx pgx.Tx, i Incident, n int, onDutyOfGrid bool) ([]Candidate, error) {
	rows, err := tx.Query(ctx, workersSQL, pgx.NamedArgs{"grid": i.Grid, "lon": i.Lon, "lat": i.Lat, "n": 12})
	if err != nil {
		return nil, fmt.Errorf("workers near: %w", err)
	}
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (Candidate, error) {
		var c Candidate
		err := row.Scan(&c.person, &c.Login, &c.Name, &c.OnDuty, &c.OfGrid, &c.Metres)
		if c.Metres != nil {
			minutes := *c.Metres / walkingMS / 60
			c.Minutes = &minutes
		}
		return c, err
	})
	if err != nil {
		return nil, fmt.Errorf("workers near: %w", err)
	}
	if onDutyOfGrid {
		found = slices.DeleteFunc(found, func(c Candidate) bool { return !c.OnDuty || !c.OfGrid })
	}
	if len(found) > 1 || !onDutyOfGrid { // a way to compare, or to show
		if err := ways(ctx, tx, i, found); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(found, func(a, b Candidate) int {
		minutes := func(c Candidate) float64 {
			if c.Minutes == nil {
				return 1e9
			}
			return *c.Minutes
		}
		first := func(b bool) int {
			if b {
				return 0
			}
			return 1
		}
		return cmp.Or(cmp.Compare(first(a.OfGrid), first(b.OfGrid)), cmp.Compare(minutes(a), minutes(b)), cmp.Compare(a.Login, b.Login))
	})
	return found[:min(n, len(found))], nil
}

// ways replaces the straight line by the way on foot, where the road network
// has one.
func ways(ctx context.Context, tx pgx.Tx, i Incident, found []Candidate) error {
	var persons []int64
	for _, c := range found {
		if c.OnDuty {
			persons = append(persons, c.person)
		}
	}
	if len(persons) == 0 {
		return nil
	}
	rows, err := tx.Query(ctx, waysSQL, pgx.NamedArgs{"lon": i.Lon, "lat": i.Lat, "persons": persons})
	if err != nil {
		return fmt.Errorf("ways of workers: %w", err)
	}
	var person int64
	var seconds float64
	_, err = pgx.ForEachRow(rows, []any{&person, &seconds}, func() error {
		for n := range found {
			if found[n].person == person {
				minutes, metres := seconds/60, seconds*walkingMS
				found[n].Minutes, found[n].Metres, found[n].ByRoad = &minutes, &metres, true
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("ways of workers: %w", err)
	}
	return nil
}
