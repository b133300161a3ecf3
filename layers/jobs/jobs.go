// Package jobs is work that must happen even after a crash: webhooks,
// reminders, the end of an alert. A job is a row written in the transaction of
// the change that asks for it (river, in the schema [layers.JobSchema]), and
// done by one of the nodes, at least once: a job must bear being done twice.
//
// Another package puts its workers in before the start and its jobs down in
// its own transactions:
//
//	type Reminder struct{ Incident int64 }
//	func (Reminder) Kind() string { return "reminder" }
//
//	jobs.Handle(q, "default", func(ctx context.Context, j *river.Job[Reminder]) error { … })
//	q.InsertTx(ctx, tx, Reminder{42}, &river.InsertOpts{ScheduledAt: at})
//
// Nodes look for jobs twice a second and do not listen for notifications: a
// NOTIFY in every writing transaction costs more than it gains here.
package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"onemap/layers"
)

// Names of the queues: which jobs wait for which.
const (
	Default  = river.QueueDefault
	Webhooks = "webhook" // slow receivers hold up nothing else
	Pulls    = "pull"    // nor do slow sources
	// Forecasts take minutes of all processors: one at a time on a node.
	Forecasts = "forecast"
)

// stopTime is how long running jobs may take to end when the server stops;
// those cut off are done again later.
const stopTime = 10 * time.Second

// Queue takes jobs and does them. Put in all workers with [Handle] before the
// first use of any other method.
type Queue struct {
	Log  *slog.Logger  // nil: slog's default
	Poll time.Duration // how often to look for jobs; 0: twice a second

	db       *pgxpool.Pool
	workers  *river.Workers
	periodic []*river.PeriodicJob
	insert   *river.Client[pgx.Tx] // inserts only: it has no queues
}

// New returns a Queue on a pool made by [layers.Open].
func New(db *pgxpool.Pool) (*Queue, error) {
	c, err := river.NewClient(riverpgxv5.New(db), &river.Config{Schema: layers.JobSchema, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, fmt.Errorf("jobs: %w", err)
	}
	return &Queue{db: db, workers: river.NewWorkers(), insert: c}, nil
}

// Handle says how jobs of T are done. An error makes it a retry, after the
// wait that retry gives for the number of attempts made, or river's own where
// retry is nil. river.JobCancel and river.JobSnooze may be returned too.
func Handle[T river.JobArgs](q *Queue, timeout time.Duration, retry func(attempt int) time.Duration, do func(context.Context, *river.Job[T]) error) {
	river.AddWorker(q.workers, &worker[T]{timeout: timeout, retry: retry, do: do})
}

type worker[T river.JobArgs] struct {
	river.WorkerDefaults[T]
	timeout time.Duration
	retry   func(attempt int) time.Duration
	do      func(context.Context, *river.Job[T]) error
}

func (w *worker[T]) Work(ctx context.Context, j *river.Job[T]) error { return w.do(ctx, j) }
func (w *worker[T]) Timeout(*river.Job[T]) time.Duration             { return w.timeout }
func (w *worker[T]) NextRetry(j *river.Job[T]) time.Time {
	if w.retry == nil {
		return time.Time{} // river's own
	}
	return time.Now().Add(w.retry(j.Attempt))
}

// Every does a job again and again, on one node of all, and once at the start.
func (q *Queue) Every(d time.Duration, job river.JobArgs) {
	q.periodic = append(q.periodic, river.NewPeriodicJob(river.PeriodicInterval(d),
		func() (river.JobArgs, *river.InsertOpts) { return job, &river.InsertOpts{MaxAttempts: 1} }, &river.PeriodicJobOpts{RunOnStart: true}))
}

// InsertTx puts a job down in the transaction of the change that asks for it.
func (q *Queue) InsertTx(ctx context.Context, tx pgx.Tx, job river.JobArgs, opts *river.InsertOpts) error {
	if _, err := q.insert.InsertTx(ctx, tx, job, opts); err != nil {
		return fmt.Errorf("put down job %s: %w", job.Kind(), err)
	}
	return nil
}

// InsertManyTx is InsertTx for many jobs at once.
func (q *Queue) InsertManyTx(ctx context.Context, tx pgx.Tx, jobs []river.InsertManyParams) error {
	if len(jobs) == 0 {
		return nil
	}
	if _, err := q.insert.InsertManyFastTx(ctx, tx, jobs); err != nil {
		return fmt.Errorf("put down %d jobs: %w", len(jobs), err)
	}
	return nil
}

// Run does jobs until ctx ends, then lets those that run end.
func (q *Queue) Run(ctx context.Context) error {
	log := q.Log
	if log == nil {
		log = slog.Default()
	}
	poll := q.Poll
	if poll == 0 {
		poll = 500 * time.Millisecond
	}
	c, err := river.NewClient(riverpgxv5.New(q.db), &river.Config{
		Schema: layers.JobSchema, Workers: q.workers, PeriodicJobs: q.periodic, Logger: slog.New(quiet{log.Handler()}),
		Queues:   map[string]river.QueueConfig{Default: {MaxWorkers: 4}, Webhooks: {MaxWorkers: 16}, Pulls: {MaxWorkers: 2}, Forecasts: {MaxWorkers: 1}},
		PollOnly: true, FetchPollInterval: poll, FetchCooldown: min(poll, 100*time.Millisecond),
		JobTimeout: 5 * time.Minute, RescueStuckJobsAfter: 15 * time.Minute,
		CompletedJobRetentionPeriod: time.Hour, CancelledJobRetentionPeriod: 24 * time.Hour, DiscardedJobRetentionPeriod: 30 * 24 * time.Hour,
	})
	if err != nil {
		return fmt.Errorf("jobs: %w", err)
	}
	// Its own context: the end of ctx is a soft stop, not the end of all work.
	work, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	if err := c.Start(work); err != nil {
		return fmt.Errorf("start jobs: %w", err)
	}
	<-ctx.Done()
	stopping, done := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
	defer done()
	if err := c.Stop(stopping); errors.Is(err, context.DeadlineExceeded) {
		again, done := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
		defer done()
		if err := c.StopAndCancel(again); err != nil {
			return fmt.Errorf("stop jobs: %w", err)
		}
	} else if err != nil {
		return fmt.Errorf("stop jobs: %w", err)
	}
	return nil
}
