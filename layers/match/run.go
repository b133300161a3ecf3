package match

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/jobs"
	"onemap/layers/match/linkage"
)

// runJob is a run that was asked for.
type runJob struct{ Run int64 }

func (runJob) Kind() string { return "match_run" }

// followJob looks for plans whose registers an import has changed.
type followJob struct{}

func (followJob) Kind() string { return "match_follow" }

// runTime is the longest that a run may take.
const runTime = 30 * time.Minute

// Work makes the store's jobs known to the queue: before the queue runs.
func (s *Store) Work() {
	jobs.Handle(s.Jobs, runTime, nil, func(ctx context.Context, j *river.Job[runJob]) error { return s.Run(ctx, j.Args.Run) })
	jobs.Handle(s.Jobs, time.Minute, nil, func(ctx context.Context, _ *river.Job[followJob]) error { return s.Follow(ctx) })
	s.Jobs.Every(5*time.Minute, followJob{})
}

// Ask asks for a run of a plan and returns its number. It runs in the background.
func (s *Store) Ask(ctx context.Context, by access.Scope, plan, address string) (run int64, err error) {
	if err := by.Require(access.DepartmentOfficer); err != nil {
		return 0, err
	}
	p, err := s.Get(ctx, by, plan)
	if err != nil {
		return 0, err
	}
	if !p.May {
		return 0, access.ErrForbidden
	}
	person, _ := by.Person()
	err = pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) error {
		if run, err = s.askTx(ctx, tx, plan, person.Login); err != nil {
			return err
		}
		return access.RecordTx(ctx, tx, by, access.Entry{Action: "match.run", Object: "match/" + plan, Result: access.Done, Address: address, Detail: map[string]any{"run": run}})
	})
	return run, access.Wrap("run plan "+plan, err)
}

func (s *Store) askTx(ctx context.Context, tx pgx.Tx, plan, login string) (run int64, err error) {
	err = tx.QueryRow(ctx, `INSERT INTO onemap.match_run (plan, asked_by) VALUES ($1, $2) RETURNING id`, plan, login).Scan(&run)
	if err != nil || s.Jobs == nil {
		return run, err
	}
	return run, s.Jobs.InsertTx(ctx, tx, runJob{run}, &river.InsertOpts{MaxAttempts: 3})
}

// Follow asks for a run of each plan that follows its layers, where a batch
// changed one of them since its last run.
func (s *Store) Follow(ctx context.Context) error {
	return pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `SELECT name FROM onemap.match_plan p
			WHERE follow AND EXISTS (SELECT FROM onemap.match_run r WHERE r.plan = p.name)
			AND NOT EXISTS (SELECT FROM onemap.match_run r WHERE r.plan = p.name AND r.finished_at IS NULL AND r.asked_at > now() - interval '1 hour')
			AND EXISTS (SELECT FROM onemap.batch b WHERE b.layer IN (p.left_layer, p.right_layer)
				AND b.finished_at > (SELECT max(r.asked_at) FROM onemap.match_run r WHERE r.plan = p.name))
			FOR UPDATE OF p SKIP LOCKED`)
		if err != nil {
			return fmt.Errorf("plans to follow: %w", err)
		}
		plans, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			return fmt.Errorf("plans to follow: %w", err)
		}
		for _, p := range plans {
			if _, err := s.askTx(ctx, tx, p, "system"); err != nil {
				return fmt.Errorf("follow plan %s: %w", p, err)
			}
		}
		return nil
	})
}

// Run does a run that was asked for: reads both registers under one snapshot,
// compares them, and replaces what the run before found, in one transaction.
// What is wrong with the plan or the registers is kept with the run in words,
// and is no error. Two runs of one plan wait for each other. A run that was
// finished is not done again.
func (s *Store) Run(ctx context.Context, run int64) error {
	var plan string
	var finished *time.Time
	err := s.Layers.DB().QueryRow(ctx, `UPDATE onemap.match_run SET started_at = coalesce(started_at, now()) WHERE id = $1 RETURNING plan, finished_at`, run).Scan(&plan, &finished)
	if errors.Is(err, pgx.ErrNoRows) || finished != nil {
		return nil // dropped with its plan, or done
	}
	if err != nil {
		return fmt.Errorf("run %d: %w", run, err)
	}
	err = pgx.BeginTxFunc(ctx, s.Layers.DB(), pgx.TxOptions{}, func(tx pgx.Tx) error { return s.run(ctx, tx, run, plan) })
	var input *layers.InputError
	switch {
	case errors.As(err, &input):
		err = s.fail(ctx, run, input.Error())
	case errors.Is(err, layers.ErrNotFound):
		err = s.fail(ctx, run, "a layer of the plan is not there any more")
	}
	if err != nil {
		return fmt.Errorf("run %d of plan %s: %w", run, plan, err)
	}
	return nil
}

func (s *Store) fail(ctx context.Context, run int64, why string) error {
	_, err := s.Layers.DB().Exec(ctx, `UPDATE onemap.match_run SET finished_at = now(), failure = $2 WHERE id = $1`, run, why)
	return err
}

func (s *Store) run(ctx context.Context, tx pgx.Tx, run int64, plan string) error {
	if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtextextended('match ' || $1, 0))`, plan); err != nil {
		return err
	}
	p, err := readPlan(ctx, tx, plan)
	if err != nil {
		return err
	}
	left, right, err := s.registers(ctx, p)
	if err != nil {
		return err
	}
	decided, err := decidedOf(ctx, tx, plan)
	if err != nil {
		return err
	}
	areas, err := areaNames(ctx, tx)
	if err != nil {
		return err
	}
	start := time.Now()
	result, err := linkage.Match(ctx, left.records, right.records, linkage.Options{
		Shape: p.Shape, LinkAt: p.LinkAt, ReviewAt: p.ReviewAt, Areas: areas, Decided: decided})
	if err != nil {
		return err
	}
	counts := Counts{LeftRows: len(left.records), RightRows: len(right.records), LeftNoKey: left.noKey, RightNoKey: right.noKey, Compared: result.Compared,
		Dropped: left.dropped + right.dropped, Millis: time.Since(start).Milliseconds()}
	for _, pair := range result.Pairs {
		switch {
		case pair.Verdict == linkage.Review:
			counts.Review++
		case decided[pair.Key]:
			counts.ByPeople++
		default:
			counts.Linked++
		}
	}
	if counts.Ended, err = writePairs(ctx, tx, run, plan, result.Pairs, left, right); err != nil {
		return err
	}
	conflicts := p.conflicts(result.Pairs, left, right, areas)
	counts.Conflicts = len(conflicts)
	if err := writeConflicts(ctx, tx, run, plan, conflicts); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `UPDATE onemap.match_run SET finished_at = clock_timestamp(), failure = '', left_batch = $2, right_batch = $3, counts = $4 WHERE id = $1`,
		run, left.batch, right.batch, counts)
	return err
}

// registers reads both registers of a plan as they are at one moment.
func (s *Store) registers(ctx context.Context, p Plan) (left, right register, err error) {
	leftLayer, err := s.Layers.Layer(ctx, p.LeftLayer)
	if err != nil {
		return left, right, err
	}
	rightLayer, err := s.Layers.Layer(ctx, p.RightLayer)
	if err != nil {
		return left, right, err
	}
	var leftItems, rightItems []string
	for _, it := range p.Items {
		leftItems, rightItems = append(leftItems, it.LeftField), append(rightItems, it.RightField)
	}
	err = pgx.BeginTxFunc(ctx, s.Layers.DB(), pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		if left, err = readRegister(ctx, tx, leftLayer, p.Left, leftItems); err != nil {
			return err
		}
		right, err = readRegister(ctx, tx, rightLayer, p.Right, rightItems)
		return err
	})
	return left, right, err
}

// areaNames are the city's divisions without their last character, as names
// of establishments carry them.
func areaNames(ctx context.Context, tx pgx.Tx) (map[string]bool, error) {
	rows, err := tx.Query(ctx, `SELECT name_zh FROM onemap.area WHERE name_zh <> '' AND level <> 'community'`)
	if err != nil {
		return nil, fmt.Errorf("names of divisions: %w", err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowTo[string])
	areas := map[string]bool{}
	for _, name := range all {
		r := []rune(name)
		for _, end := range []string{"街道", "省", "市", "县", "区", "镇", "乡"} {
			if e := []rune(end); len(r) >= len(e)+2 && slices.Equal(r[len(r)-len(e):], e) {
				areas[string(r[:len(r)-len(e)])] = true
				break
			}
		}
	}
	return areas, err
}
