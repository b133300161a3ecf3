package upload

import (
	"context"
	"time"

	"github.com/riverqueue/river"

	"onemap/layers/jobs"
)

// sweepUploads is the job that erases what was kept long enough.
type sweepUploads struct{}

func (sweepUploads) Kind() string { return "upload_sweep" }

// Work has the queue's nodes sweep every hour. Call it before the queue runs.
func (s *Store) Work(q *jobs.Queue) {
	jobs.Handle(q, 10*time.Minute, nil, func(ctx context.Context, _ *river.Job[sweepUploads]) error { return s.Sweep(ctx) })
	q.Every(time.Hour, sweepUploads{})
}
