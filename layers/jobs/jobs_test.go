package jobs_test

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"onemap/layers/jobs"
	"onemap/layers/layerstest"
)

type note struct{ Text string }

func (note) Kind() string { return "note" }

func TestJobsAreOfTheirTransaction(t *testing.T) {
	db := layerstest.DB(t)
	q, err := jobs.New(db)
	if err != nil {
		t.Fatal(err)
	}
	q.Poll, q.Log = 10*time.Millisecond, slog.New(slog.DiscardHandler)
	done := make(chan string, 10)
	var tries atomic.Int32
	jobs.Handle(q, time.Minute, func(int) time.Duration { return time.Millisecond }, func(_ context.Context, j *river.Job[note]) error {
		if j.Args.Text == "second" && tries.Add(1) == 1 {
			return errors.New("not yet")
		}
		done <- j.Args.Text
		return nil
	})
	put := func(text string, end error) {
		err := pgx.BeginFunc(t.Context(), db, func(tx pgx.Tx) error {
			if err := q.InsertTx(t.Context(), tx, note{text}, nil); err != nil {
				return err
			}
			return end
		})
		if !errors.Is(err, end) {
			t.Fatal(err)
		}
	}
	put("rolled back", errors.New("no"))
	put("first", nil) // before anybody works

	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- q.Run(ctx) }()
	if got := <-done; got != "first" {
		t.Errorf("did %q", got)
	}
	put("second", nil)
	if got := <-done; got != "second" || tries.Load() != 2 {
		t.Errorf("did %q after %d tries", got, tries.Load())
	}
	stop()
	if err := <-ended; err != nil {
		t.Errorf("stop: %v", err)
	}
	c, err := jobs.Count(t.Context(), db)
	if err != nil || c.Dead != 0 || c.Waiting != 0 || c.Running != 0 {
		t.Errorf("left over: %+v, %v", c, err)
	}
}
