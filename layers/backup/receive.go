package backup

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
)

// replicate opens a connection for replication, with the rights of cfg.
func replicate(ctx context.Context, cfg *pgconn.Config) (*pgconn.PgConn, error) {
	cfg = cfg.Copy()
	for k, v := range map[string]string{
		"replication": "database", "application_name": "onemap backup", "statement_timeout": "0", "lock_timeout": "0",
		"idle_in_transaction_session_timeout": "0",
		"wal_sender_timeout":                  "0", // while a segment is being sent away we do not listen
	} {
		cfg.RuntimeParams[k] = v
	}
	conn, err := pgconn.ConnectConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("connect for replication: %w", err)
	}
	return conn, nil
}

// row runs a replication command that answers with one row.
func row(ctx context.Context, conn *pgconn.PgConn, sql string) ([]string, error) {
	results, err := conn.Exec(ctx, sql).ReadAll()
	if err != nil {
		return nil, err
	}
	if len(results) != 1 || len(results[0].Rows) != 1 {
		return nil, fmt.Errorf("%s: unexpected answer", sql)
	}
	var out []string
	for _, v := range results[0].Rows[0] {
		out = append(out, string(v))
	}
	return out, nil
}

// receive reads the log from the beginning of a segment to the place to, and
// hands each segment to keep, whole, and the last padded with zeros to its size.
func receive(ctx context.Context, cfg *pgconn.Config, timeline uint32, size uint64, from, to LSN, keep func(number uint64, b []byte, partial bool) error) error {
	conn, err := replicate(ctx, cfg)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	conn.Frontend().SendQuery(&pgproto3.Query{String: fmt.Sprintf("START_REPLICATION PHYSICAL %s TIMELINE %d", from, timeline)})
	if err := conn.Frontend().Flush(); err != nil {
		return fmt.Errorf("read the log: %w", err)
	}
	buf := make([]byte, 0, size)
	number := uint64(from) / size
	for at := from; at < to; {
		msg, err := conn.ReceiveMessage(ctx)
		if err != nil {
			return fmt.Errorf("read the log: %w", err)
		}
		switch msg := msg.(type) {
		case *pgproto3.ErrorResponse:
			return fmt.Errorf("read the log: %w", pgconn.ErrorResponseToPgError(msg))
		case *pgproto3.CopyDone:
			return errors.New("read the log: the server ended it: it has begun a new timeline")
		case *pgproto3.CopyData:
			b := msg.Data
			switch {
			case len(b) > 25 && b[0] == 'w': // start, end, clock: 8 bytes each
				if got := LSN(binary.BigEndian.Uint64(b[1:])); got != at {
					return fmt.Errorf("read the log: at %s, expected %s", got, at)
				}
				for b = b[25:]; len(b) > 0; {
					n := min(len(b), int(size)-len(buf))
					buf, b, at = append(buf, b[:n]...), b[n:], at+LSN(n)
					if len(buf) == int(size) {
						if err := keep(number, buf, false); err != nil {
							return err
						}
						buf, number = buf[:0], number+1
					}
				}
			case len(b) == 18 && b[0] == 'k' && b[17] != 0: // end, clock, reply wanted
				if err := alive(conn); err != nil {
					return err
				}
			}
		}
	}
	if len(buf) == 0 {
		return nil
	}
	rest := make([]byte, size)
	copy(rest, buf)
	return keep(number, rest, true)
}

// alive answers the server without saying that anything was received: the slot
// moves on when the manifest is written.
func alive(conn *pgconn.PgConn) error {
	b := make([]byte, 34)
	b[0] = 'r'
	binary.BigEndian.PutUint64(b[25:], uint64(time.Since(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)).Microseconds()))
	conn.Frontend().Send(&pgproto3.CopyData{Data: b})
	if err := conn.Frontend().Flush(); err != nil {
		return fmt.Errorf("read the log: %w", err)
	}
	return nil
}
