package archive

import (
	"context"
	"iter"
	"runtime"

	"golang.org/x/sync/errgroup"
)

// ordered works on jobs on all cores and hands out the results in the order of
// the jobs. A few jobs a core are under way at a time, however many there are.
// It ends with the first error.
func ordered[J, R any](ctx context.Context, jobs iter.Seq2[J, error], work func(context.Context, J) (R, error), emit func(R) error) error {
	type slot struct {
		job    J
		result R
		done   chan struct{}
	}
	cores := runtime.GOMAXPROCS(0)
	todo, order := make(chan *slot), make(chan *slot, 4*cores)
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		defer close(order)
		defer close(todo)
		for job, err := range jobs {
			if err != nil {
				return err
			}
			s := &slot{job: job, done: make(chan struct{})}
			for _, to := range []chan *slot{order, todo} {
				select {
				case to <- s:
				case <-ctx.Done():
					return ctx.Err()
				}
			}
		}
		return nil
	})
	for range cores {
		g.Go(func() (err error) {
			for s := range todo {
				if s.result, err = work(ctx, s.job); err != nil {
					return err
				}
				close(s.done)
			}
			return nil
		})
	}
	g.Go(func() error {
		for s := range order {
			select {
			case <-s.done:
			case <-ctx.Done():
				return ctx.Err()
			}
			if err := emit(s.result); err != nil {
				return err
			}
		}
		return ctx.Err()
	})
	return g.Wait()
}
