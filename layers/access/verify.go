package access

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"onemap/layers"
)

// A ChainReport says whether the audit is what was sealed.
type ChainReport struct {
	Seals   int64      `json:"seals"`
	Entries int64      `json:"entries"`           // sealed and there
	Dropped int64      `json:"dropped"`           // sealed, and let go by rule since
	Waiting int64      `json:"waiting"`           // not sealed yet
	Oldest  *time.Time `json:"oldest,omitempty"`  // of those that wait
	Head    string     `json:"head,omitempty"`    // N:HASH of the last seal: to be kept elsewhere
	Faults  []string   `json:"faults,omitempty"`  // what does not hold, the first few
	Partial bool       `json:"partial,omitempty"` // there was no time to look at all
}

// OK says whether all holds.
func (r ChainReport) OK() bool { return len(r.Faults) == 0 }

const maxFaults = 20

func (r *ChainReport) fault(format string, args ...any) {
	if len(r.Faults) < maxFaults {
		r.Faults = append(r.Faults, fmt.Sprintf(format, args...))
	}
}

// Verify recomputes the whole chain: that each seal follows from the one
// before, that every entry is as it was sealed and none is missing or stands
// beside the chain. head, if not empty, is a head that was kept elsewhere
// (N:HASH), which the chain must hold. It reads everything: some 200,000 entries
// a second. Where ctx ends before that, what was looked at is told.
func (a *Audit) Verify(ctx context.Context, s Scope, head string) (ChainReport, error) {
	if err := s.Require(Auditor); err != nil {
		return ChainReport{}, err
	}
	return VerifyChain(ctx, a.db, head)
}

// VerifyChain is [Audit.Verify] for who has the database in hand.
func VerifyChain(ctx context.Context, db *pgxpool.Pool, head string) (r ChainReport, err error) {
	wantN, wantHash, err := parseHead(head)
	if err != nil {
		return r, err
	}
	// One moment, so that what is sealed meanwhile does not count as missing.
	err = pgx.BeginTxFunc(ctx, db, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		dropped, err := droppedMonths(ctx, tx)
		if err != nil {
			return err
		}
		last := Seal{Hash: make([]byte, 32)}
		for {
			seals, err := someSeals(ctx, tx, last.N)
			if err != nil {
				return err
			}
			if len(seals) == 0 {
				break
			}
			for _, x := range seals {
				if err := r.link(ctx, tx, last, x, dropped); err != nil {
					return err
				}
				if x.N == wantN && !bytes.Equal(x.Hash, wantHash) {
					r.fault("seal %d is not the one that was kept elsewhere", x.N)
				}
				last = x.Seal
			}
		}
		r.Seals = last.N
		if last.N > 0 {
			r.Head = HeadOf(last)
		}
		if wantN > last.N {
			r.fault("the chain ends at seal %d; %d was kept elsewhere", last.N, wantN)
		}
		return r.loose(ctx, tx)
	})
	if errors.Is(err, context.DeadlineExceeded) {
		r.Partial = true
		return r, nil
	}
	if err != nil {
		return r, doing("verify the audit", err)
	}
	return r, nil
}

// sealOf is a seal with the entries that it covers.
type sealOf struct {
	Seal
	IDs []int64
}

func someSeals(ctx context.Context, tx pgx.Tx, after int64) ([]sealOf, error) {
	rows, err := tx.Query(ctx, `SELECT `+sealColumns+`, ids FROM onemap.audit_seal WHERE n > $1 ORDER BY n LIMIT 100`, after)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (s sealOf, err error) {
		err = row.Scan(&s.N, &s.Month, &s.Entries, &s.Root, &s.Previous, &s.Hash, &s.SealedAt, &s.IDs)
		return s, err
	})
}

func droppedMonths(ctx context.Context, tx pgx.Tx) (map[string]bool, error) {
	rows, err := tx.Query(ctx, `SELECT month::text FROM onemap.audit_dropped`)
	if err != nil {
		return nil, err
	}
	months, err := pgx.CollectRows(rows, pgx.RowTo[string])
	all := map[string]bool{}
	for _, m := range months {
		all[m] = true
	}
	return all, err
}

// link looks at one seal, and at its entries.
func (r *ChainReport) link(ctx context.Context, tx pgx.Tx, last Seal, x sealOf, dropped map[string]bool) error {
	if x.N != last.N+1 {
		r.fault("seal %d is missing", last.N+1)
	}
	if !bytes.Equal(x.Previous, last.Hash) {
		r.fault("seal %d does not follow from the one before", x.N)
	}
	if hash := x.hash(); !bytes.Equal(hash[:], x.Hash) {
		r.fault("seal %d was changed", x.N)
	}
	rows, err := tx.Query(ctx, `SELECT `+entryColumns+` FROM onemap.audit WHERE id = ANY ($1) AND at >= $2::timestamp AT TIME ZONE 'UTC' AND at < ($2::timestamp + interval '1 month') AT TIME ZONE 'UTC' ORDER BY id`,
		x.IDs, x.Month)
	if err != nil {
		return err
	}
	entries, err := pgx.CollectRows(rows, pgx.RowToStructByPos[sealedEntry])
	if err != nil {
		return err
	}
	if len(entries) == 0 && dropped[x.Month.Format(time.DateOnly)] {
		r.Dropped += int64(x.Entries)
		return nil
	}
	r.Entries += int64(len(entries))
	if root := rootOf(entries); !bytes.Equal(root[:], x.Root) {
		r.fault("seal %d (%s): of its %d entries %d are there, and they are not what was sealed: %s", x.N, x.SealedAt.UTC().Format(time.RFC3339), x.Entries, len(entries), missing(x.IDs, entries))
	}
	return nil
}

// missing names the entries that are gone; else that some were changed.
func missing(ids []int64, entries []sealedEntry) string {
	have := map[int64]bool{}
	for _, e := range entries {
		have[e.ID] = true
	}
	var gone []string
	for _, id := range ids {
		if !have[id] && len(gone) < 5 {
			gone = append(gone, strconv.FormatInt(id, 10))
		}
	}
	if gone == nil {
		return fmt.Sprintf("one of %d to %d was changed", ids[0], ids[len(ids)-1])
	}
	return "missing " + strings.Join(gone, ", ")
}

// loose counts what waits, and finds what stands beside the chain.
func (r *ChainReport) loose(ctx context.Context, tx pgx.Tx) error {
	if err := tx.QueryRow(ctx, `SELECT count(*), min(at) FROM onemap.audit_unsealed`).Scan(&r.Waiting, &r.Oldest); err != nil {
		return err
	}
	var beside int64
	var all int64
	err := tx.QueryRow(ctx, `SELECT (SELECT count(*) FROM onemap.audit),
		(SELECT count(*) FROM onemap.audit_unsealed u WHERE NOT EXISTS (SELECT FROM onemap.audit a WHERE a.id = u.id AND a.at = u.at))`).Scan(&all, &beside)
	if err != nil {
		return err
	}
	if beside > 0 {
		r.fault("%d entries that wait to be sealed are gone", beside)
	}
	if n := all - r.Entries - (r.Waiting - beside); n > 0 {
		r.fault("%d entries stand beside the chain: they were never waiting to be sealed", n)
	}
	return nil
}

// HeadOf is a seal as it is kept elsewhere: N:HASH.
func HeadOf(s Seal) string { return fmt.Sprintf("%d:%s", s.N, hex.EncodeToString(s.Hash)) }

func parseHead(head string) (n int64, hash []byte, err error) {
	if head == "" {
		return 0, nil, nil
	}
	num, text, _ := strings.Cut(head, ":")
	n, err1 := strconv.ParseInt(num, 10, 64)
	hash, err2 := hex.DecodeString(text)
	if err1 != nil || err2 != nil || n < 1 || len(hash) != 32 {
		return 0, nil, &layers.InputError{Field: "head", Value: layers.Short(head), Remedy: "as it was told: number, colon, 64 hexadecimal digits"}
	}
	return n, hash, nil
}

// Head returns the chain's last seal, and how many entries wait. It is for auditors.
func (a *Audit) Head(ctx context.Context, s Scope) (head Seal, waiting int64, err error) {
	if err := s.Require(Auditor); err != nil {
		return Seal{}, 0, err
	}
	err = pgx.BeginTxFunc(ctx, a.db, pgx.TxOptions{AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		if head, err = lastSeal(ctx, tx); err != nil {
			return err
		}
		return tx.QueryRow(ctx, `SELECT count(*) FROM onemap.audit_unsealed`).Scan(&waiting)
	})
	if err != nil {
		return Seal{}, 0, doing("look at the audit's chain", err)
	}
	return head, waiting, nil
}
