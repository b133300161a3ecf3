package feed

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
)

// stream starts replication and applies what comes until the connection ends.
func (f *Feed) stream(ctx context.Context, s *slot) error {
	// 0/0: from the slot's own place, which is its snapshot's.
	s.conn.Frontend().SendQuery(&pgproto3.Query{String: "START_REPLICATION SLOT " + s.name + " LOGICAL 0/0 " +
		"(proto_version '1', publication_names '" + publication + "', binary 'true', messages 'true')"})
	if err := s.conn.Frontend().Flush(); err != nil {
		return fmt.Errorf("feed: START_REPLICATION: %w", err)
	}
	for copying := false; !copying; {
		msg, err := s.conn.ReceiveMessage(ctx)
		if err != nil {
			return fmt.Errorf("feed: START_REPLICATION: %w", err)
		}
		switch msg := msg.(type) {
		case *pgproto3.ErrorResponse:
			return whyOff(fmt.Errorf("feed: START_REPLICATION: %w", pgconn.ErrorResponseToPgError(msg)))
		case *pgproto3.CopyBothResponse:
			copying = true
		}
	}

	p := &pulse{conn: s.conn, position: func() uint64 { return f.status.position().LSN }, asked: make(chan struct{}, 1)}
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		p.run(ctx, stop)
	}()
	defer func() {
		close(stop)
		<-stopped
	}()

	if err := f.commits.begin(s.seen, s.at); err != nil {
		return err
	}
	f.status.live(s.at)
	f.log().Info("feed is live", "cursor", s.at.String())
	d := newDecoder(s.at.System, s.at.Timeline, orDefault(f.MaxRows, DefaultMaxRows), orDefault(f.MaxBytes, DefaultMaxBytes))
	for {
		p.listening.Store(time.Now().UnixNano())
		msg, err := s.conn.Frontend().Receive()
		p.listening.Store(0)
		if err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return fmt.Errorf("feed: %w", err)
		}
		switch msg := msg.(type) {
		case *pgproto3.CopyData:
			if err := f.take(d, p, msg.Data); err != nil {
				return err
			}
		case *pgproto3.ErrorResponse:
			return fmt.Errorf("feed: %w", pgconn.ErrorResponseToPgError(msg))
		case *pgproto3.CopyDone:
			return errors.New("feed: the server ended the stream")
		}
	}
}

// take handles one message of the streaming protocol: 'w' is WAL data, 'k' a
// keepalive.
func (f *Feed) take(d *decoder, p *pulse, b []byte) error {
	switch {
	case len(b) > 25 && b[0] == 'w': // start, end, clock: 8 bytes each
		tx, err := d.message(b[25:])
		if err != nil {
			return fmt.Errorf("feed: %w", err)
		}
		if tx == nil {
			return nil
		}
		f.commits.add(tx.XID, tx.Cursor.LSN)
		if len(tx.Changes) > 0 || len(tx.Replaced) > 0 {
			for _, r := range f.readers {
				if r.Apply != nil {
					r.Apply(tx)
				}
			}
		}
		f.status.advance(tx.Cursor.LSN, tx)
	case len(b) == 18 && b[0] == 'k': // end, clock, reply wanted
		f.status.advance(binary.BigEndian.Uint64(b[1:]), nil)
		if b[17] != 0 {
			p.ask()
		}
	default:
		return errors.New("feed: unknown message of the replication protocol")
	}
	return nil
}

func orDefault(n, byDefault int) int {
	if n > 0 {
		return n
	}
	return byDefault
}

// pulse answers the server, so that it neither gives us up nor keeps log that
// we have, and gives up a server that is silent. It works beside the reader,
// which may take long over one transaction.
type pulse struct {
	conn      *pgconn.PgConn
	position  func() uint64
	asked     chan struct{}
	listening atomic.Int64 // since when the reader waits for a message, Unix ns; 0: it does not
}

const (
	pulseEvery = time.Second      // say how far we are
	askEvery   = 10 * time.Second // want an answer
	silence    = 40 * time.Second // without a message: the server is gone
)

// ask makes an answer go out soon.
func (p *pulse) ask() {
	select {
	case p.asked <- struct{}{}:
	default:
	}
}

func (p *pulse) run(ctx context.Context, stop <-chan struct{}) {
	tick := time.NewTicker(pulseEvery)
	defer tick.Stop()
	said, wanted := uint64(0), time.Now()
	for {
		want := false
		select {
		case <-stop:
			return
		case <-ctx.Done():
			p.conn.Conn().SetDeadline(time.Now()) // wakes the reader
			return
		case <-p.asked:
		case <-tick.C:
			if since := p.listening.Load(); since != 0 && time.Since(time.Unix(0, since)) > silence {
				p.conn.Conn().SetDeadline(time.Now())
				return
			}
			want = time.Since(wanted) > askEvery
			if p.position() == said && !want {
				continue
			}
		}
		if want {
			wanted = time.Now()
		}
		said = p.position()
		p.conn.Conn().SetWriteDeadline(time.Now().Add(silence))
		if _, err := p.conn.Conn().Write(standbyStatus(said, want)); err != nil {
			p.conn.Conn().SetDeadline(time.Now())
			return
		}
	}
}

// standbyStatus is the message 'r' in a CopyData frame: written, flushed and
// applied up to lsn; the clock; whether a keepalive is wanted in return.
func standbyStatus(lsn uint64, wantReply bool) []byte {
	b := make([]byte, 0, 39)
	b = append(b, 'd')
	b = binary.BigEndian.AppendUint32(b, 4+34)
	b = append(b, 'r')
	for range 3 {
		b = binary.BigEndian.AppendUint64(b, lsn)
	}
	b = binary.BigEndian.AppendUint64(b, uint64(time.Now().UnixMicro()-epoch*1e6))
	if wantReply {
		return append(b, 1)
	}
	return append(b, 0)
}
