package backup

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/klauspost/compress/zstd"
)

// takeBase copies PostgreSQL's folder, while it works, into the target.
func (t *taking) takeBase(ctx context.Context) (*Base, error) {
	var total int64
	if err := t.db.QueryRow(ctx, `SELECT sum(pg_database_size(oid))::bigint FROM pg_database WHERE datallowconn`).Scan(&total); err != nil {
		total = 0 // only progress needs it
	}
	// A little early at its start and late at its end: pg_basebackup does not say
	// them, and more of the log than it needs does no harm.
	b := &Base{ID: t.m.ID}
	var err error
	if b.Start, _, err = t.now(ctx); err != nil {
		return nil, err
	}
	cmd, err := program(ctx, t.BinDir, "pg_basebackup", t.major, t.URL, "--pgdata=-", "--format=tar", "--wal-method=none",
		"--checkpoint=fast", "--no-password", "--label=onemap "+t.m.ID, "--manifest-checksums=SHA256")
	if err != nil {
		return nil, err
	}
	err = run(cmd, func(out *output) error {
		z := compressed(&counted{out, t.Progress, "base", 0, total})
		defer z.Close()
		var err error
		b.Of, err = put(ctx, t.Target, "base/"+t.m.ID+".tar.zst", z, -1)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("copy the database: %w", err)
	}
	if b.End, b.Ended, err = t.now(ctx); err != nil {
		return nil, err
	}
	t.m.NewBytes += b.Of.Bytes
	return b, nil
}

// now is where the log is, and a moment after that by the server's clock, which
// is the one that commits are stamped with.
func (t *taking) now(ctx context.Context) (at LSN, moment time.Time, err error) {
	var text string
	if err := t.db.QueryRow(ctx, `SELECT pg_current_wal_insert_lsn()::text, clock_timestamp()`).Scan(&text, &moment); err != nil {
		return 0, moment, fmt.Errorf("ask for the log: %w", err)
	}
	at, err = parseLSN(text)
	return at, moment.UTC(), err
}

// counted tells how much was read.
type counted struct {
	r     io.Reader
	p     Progress
	step  string
	done  int64
	total int64
}

func (c *counted) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.done += int64(n)
	c.p.say(c.step, c.done, max(c.total, c.done))
	return n, err
}

// compressed reads r through zstd. Close it: that ends its goroutine where it
// was not read to its end, and waits for it.
func compressed(r io.Reader) io.ReadCloser {
	pr, pw := io.Pipe()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		z, err := zstd.NewWriter(pw, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1))
		if err == nil {
			_, err = io.Copy(z, r)
			if cerr := z.Close(); err == nil {
				err = cerr
			}
		}
		pw.CloseWithError(err)
	}()
	return &squeezing{pr, ended}
}

type squeezing struct {
	*io.PipeReader
	ended chan struct{}
}

func (s *squeezing) Close() error {
	err := s.PipeReader.Close()
	<-s.ended
	return err
}
