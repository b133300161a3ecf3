package bench

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/paulmach/orb"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/incident"
)

const (
	flowCases  = 400
	flowAtOnce = 16 // people at work at the same time
)

// caseFlow measures cases that go from the report to the closing: nine actions
// of six people, each with its right, guards, clock, flow record, task, facts of
// the evaluation and audit. The baseline writes the same states and flow records
// in as many transactions, and asks and keeps nothing else.
func caseFlow(ctx context.Context, o Options) error {
	return o.withDatabase(ctx, func(ctx context.Context, dbURL string) error {
		o.Progress("the simulated city, " + o.Size)
		if _, err := o.City(ctx, dbURL); err != nil {
			return err
		}
		db, err := layers.Open(ctx, dbURL)
		if err != nil {
			return err
		}
		defer db.Close()
		people, err := newFlowPeople(ctx, db)
		if err != nil {
			return err
		}
		defer people.directory.Close()
		store := &incident.Store{Layers: layers.NewStore(db)}
		o.Progress(fmt.Sprintf("%d cases by %d people at once", flowCases, flowAtOnce))
		var took []time.Duration
		rate, err := atOnce(ctx, func(ctx context.Context, n int) error {
			all, err := people.oneCase(ctx, store, n)
			people.mu.Lock()
			took = append(took, all...)
			people.mu.Unlock()
			return err
		})
		if err != nil {
			return err
		}
		o.Progress("the same states without rules")
		plain, err := atOnce(ctx, func(ctx context.Context, n int) error { return plainCase(ctx, db, people.places[n%len(people.places)]) })
		if err != nil {
			return err
		}
		o.Report(Result{Bench: "cases", Case: "from report to closing in nine actions", Value: rate, Unit: "1/s", Baseline: plain, Ratio: rate / plain, Met: true})
		o.Report(Result{Bench: "cases", Case: "an action, p50", Value: percentile(took, 50), Unit: "ms", Met: true})
		o.Report(Result{Bench: "cases", Case: "an action, p99", Value: percentile(took, 99), Unit: "ms", Met: true})
		return nil
	})
}

// atOnce does it flowCases times and returns how often in a second.
func atOnce(ctx context.Context, do func(ctx context.Context, n int) error) (float64, error) {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var next atomic.Int64
	var wg sync.WaitGroup
	began := time.Now()
	for range flowAtOnce {
		wg.Go(func() {
			for n := next.Add(1); n <= flowCases && ctx.Err() == nil; n = next.Add(1) {
				if err := do(ctx, int(n)); err != nil {
					stop(err)
				}
			}
		})
	}
	wg.Wait()
	return flowCases / time.Since(began).Seconds(), context.Cause(ctx)
}

// flowPeople are who takes a case through its stages.
type flowPeople struct {
	directory *access.Directory
	scopes    map[string]access.Scope
	workers   []string // logins
	places    []orb.Point

	mu sync.Mutex
}

func newFlowPeople(ctx context.Context, db *pgxpool.Pool) (*flowPeople, error) {
	p := &flowPeople{directory: access.NewDirectory(db), scopes: map[string]access.Scope{}}
	if err := p.directory.Load(ctx); err != nil {
		return nil, err
	}
	// A place is a point inside the unit grid of a worker.
	rows, err := db.Query(ctx, `SELECT p.id, p.login, ST_PointOnSurface(u.geom) FROM onemap.person p
		JOIN onemap.person_grid g ON g.person = p.id JOIN map.grid_duty d ON d.grid_code = g.grid_code
		JOIN LATERAL (SELECT geom FROM map.grid_unit u WHERE u.duty_code = d.grid_code ORDER BY u.grid_code LIMIT 1) u ON true
		WHERE p.login LIKE 'w-%' ORDER BY p.login LIMIT 50`)
	if err != nil {
		return nil, fmt.Errorf("workers: %w", err)
	}
	ids := map[string]int64{}
	var id int64
	var login string
	var at orb.Point
	if _, err := pgx.ForEachRow(rows, []any{&id, &login, &at}, func() error {
		ids[login] = id
		p.workers, p.places = append(p.workers, login), append(p.places, at)
		return nil
	}); err != nil {
		return nil, fmt.Errorf("workers: %w", err)
	}
	if len(p.workers) == 0 {
		return nil, fmt.Errorf("the simulated city has no workers with grids")
	}
	// One person a post; the department's is that of the class.
	for post, role := range map[string]string{"acceptor": "acceptor", "leader": "shift_leader", "dispatcher": "dispatcher", "officer": "department_officer"} {
		err := db.QueryRow(ctx, `SELECT p.id FROM onemap.person p JOIN onemap.person_role r ON r.person = p.id
			WHERE r.role = $1 AND ($1 <> 'department_officer' OR p.org = 'urban') ORDER BY p.id LIMIT 1`, role).Scan(&id)
		if err != nil {
			return nil, fmt.Errorf("somebody who is %s: %w", role, err)
		}
		ids[post] = id
	}
	for name, id := range ids {
		if p.scopes[name], err = p.directory.ScopeOf(ctx, id); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// oneCase takes a new case to its end and returns how long each action took.
func (p *flowPeople) oneCase(ctx context.Context, store *incident.Store, n int) ([]time.Duration, error) {
	worker := p.workers[n%len(p.workers)]
	at := p.places[n%len(p.places)]
	var took []time.Duration
	began := time.Now()
	// The first class of matters: litter, of the urban bureau.
	i, _, _, err := store.Report(ctx, p.scopes[worker], incident.Report{UUID: uuid.New(), Standard: flowStandard, Class: flowClass,
		At: incident.Place{CRS: "WGS84", X: at[0], Y: at[1]}, Description: "benchmark"})
	if err != nil {
		return nil, fmt.Errorf("report: %w", err)
	}
	took = append(took, time.Since(began))
	for _, step := range []struct {
		who string
		do  incident.Action
	}{
		{"acceptor", incident.Action{Name: "register"}}, {"leader", incident.Action{Name: "file"}}, {"dispatcher", incident.Action{Name: "dispatch", Dept: "urban"}},
		{"officer", incident.Action{Name: "accept"}}, {"officer", incident.Action{Name: "feedback", Opinion: "done"}},
		{"acceptor", incident.Action{Name: "send_check", Worker: worker}}, {worker, incident.Action{Name: "report_check", Result: "passed"}}, {"leader", incident.Action{Name: "close"}},
	} {
		began := time.Now()
		step.do.UUID, step.do.Version = uuid.New(), i.Version
		if i, _, err = store.Act(ctx, p.scopes[step.who], i.ID, step.do); err != nil {
			return nil, fmt.Errorf("%s: %w", step.do.Name, err)
		}
		took = append(took, time.Since(began))
	}
	return took, nil
}

const (
	flowStandard = "GB/T 47678.5-2026"
	flowClass    = "06010"
)

// plainCase writes the states of a case and their records, and asks nothing.
func plainCase(ctx context.Context, db *pgxpool.Pool, at orb.Point) error {
	var id int64
	from := ""
	for _, s := range []struct{ action, to string }{{"report", "reported"}, {"register", "registered"}, {"file", "filed"}, {"dispatch", "dispatched"}, {"accept", "handling"},
		{"feedback", "feedback"}, {"send_check", "checking"}, {"report_check", "checked"}, {"close", "closed"}} {
		err := pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
			if id == 0 {
				if err := tx.QueryRow(ctx, `INSERT INTO map.incident (uuid, class_standard, class_code, severity, state, source, description, dept_code, occurred_at, reported_at, crs, geom)
					VALUES ($1, $2, $3, 4, 'reported', 'worker', 'benchmark', 'urban', now(), now(), 'WGS84', $4) RETURNING id`, uuid.New(), flowStandard, flowClass, at).Scan(&id); err != nil {
					return err
				}
			} else if _, err := tx.Exec(ctx, `UPDATE map.incident SET state = $2, since = now(), version = version + 1, updated_at = now(),
					closed_at = CASE WHEN $2 = 'closed' THEN now() END WHERE id = $1`, id, s.to); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, `INSERT INTO onemap.incident_flow (incident, actor, org, post, action, from_state, to_state, dept) VALUES ($1, 'bench', 'centre', 'bench', $2, $3, $4, 'urban')`,
				id, s.action, from, s.to)
			return err
		})
		if err != nil {
			return fmt.Errorf("plain %s: %w", s.action, err)
		}
		from = s.to
	}
	return nil
}
