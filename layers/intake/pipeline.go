package intake

import (
	"context"
	"strings"

	"golang.org/x/sync/errgroup"
)

// chunks hands out the file's chunks in order, and sets the file's digest
// when all of it is read.
func (im *importer) chunks(cols *columns, pass int64, yield func(chunk) error) error {
	if im.rows != nil {
		return im.rows.chunks(cols, yield)
	}
	tell := im.o.Progress
	if tell != nil {
		tell = func(done, total int64) { im.o.Progress(pass*total+done, im.passes*total) }
	}
	in, err := openInput(im.o.File, tell)
	if err != nil {
		return err
	}
	defer in.Close()
	if im.geoJSON() {
		err = geojsonChunks(in.text, im.crs, geojsonRecords(cols), yield)
	} else {
		err = csvChunks(in.text, im.m, func(header string) (byte, func(chunk, func(*record)), error) {
			delim := sniff(header)
			if im.m.Delimiter != "" {
				delim = im.m.Delimiter[0]
			}
			r, err := newCSVReader(header, delim, cols)
			if err != nil {
				return 0, nil, err
			}
			return delim, r.records, nil
		}, yield)
	}
	if err != nil {
		return err
	}
	im.sha, err = in.digest()
	return err
}

func (im *importer) geoJSON() bool {
	name := strings.TrimSuffix(strings.ToLower(im.o.File), ".gz")
	return im.m.Format == "geojson" || im.m.Format == "" && (strings.HasSuffix(name, ".geojson") || strings.HasSuffix(name, ".json"))
}

// inOrder runs work on chunks by several goroutines and gives the results to
// use in the order of the chunks. newWork makes what one goroutine runs. The first error
// stops all of it.
func inOrder[T any](ctx context.Context, workers int, produce func(yield func(chunk) error) error, newWork func() func(context.Context, chunk) T, use func(T) error) error {
	type job struct {
		c   chunk
		out chan T
	}
	g, ctx := errgroup.WithContext(ctx)
	jobs := make(chan job, workers)
	order := make(chan chan T, workers*2) // bounds what is read ahead
	g.Go(func() error {
		defer close(jobs)
		defer close(order)
		return produce(func(c chunk) error {
			j := job{c, make(chan T, 1)}
			select {
			case order <- j.out:
			case <-ctx.Done():
				return ctx.Err()
			}
			select {
			case jobs <- j:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
	})
	for range workers {
		work := newWork()
		g.Go(func() error {
			for j := range jobs {
				j.out <- work(ctx, j.c)
			}
			return nil
		})
	}
	g.Go(func() error {
		for out := range order {
			select {
			case t := <-out:
				if err := use(t); err != nil {
					return err
				}
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
	return g.Wait()
}
