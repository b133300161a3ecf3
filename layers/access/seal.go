package access

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
)

// The chain. Entries are inserted freely; one worker of all nodes (an advisory
// lock) seals those that are committed, in batches of one month each. What is
// hashed, all with SHA-256, every field with its length before it as 4 bytes,
// the highest first:
//
//	digest of an entry  "onemap audit entry 1", id, at, person, login, org, action, object, result, reason, address, detail
//	root of a seal      the digests, in the order of ids
//	hash of a seal      "onemap audit seal 1", n, month, number of entries, root, hash of the seal before, sealed_at
//
// Numbers and times (microseconds since 1970, UTC) are 8 bytes; a missing
// person is 0, a missing address empty; detail is the text that PostgreSQL makes
// of the jsonb; the hash before the first seal is 32 zeros.
const (
	sealLock  = 7330291 // of the one who seals
	sealBatch = 1000
	sealEvery = time.Second
)

const entryColumns = `id, at, coalesce(person, 0), login, org, action, object, result, reason, coalesce(host(address), ''), detail::text`

// sealedEntry is an entry as it is hashed.
type sealedEntry struct {
	ID                                                          int64
	At                                                          time.Time
	Person                                                      int64
	Login, Org, Action, Object, Result, Reason, Address, Detail string
}

func (e sealedEntry) digest() [32]byte {
	var b []byte
	b = field(b, "onemap audit entry 1")
	b = number(b, e.ID)
	b = number(b, e.At.UnixMicro())
	b = number(b, e.Person)
	for _, s := range []string{e.Login, e.Org, e.Action, e.Object, e.Result, e.Reason, e.Address, e.Detail} {
		b = field(b, s)
	}
	return sha256.Sum256(b)
}

func field(b []byte, s string) []byte {
	b = binary.BigEndian.AppendUint32(b, uint32(len(s))) //nolint:gosec // no text of ours has 4 GiB
	return append(b, s...)
}

func number(b []byte, n int64) []byte {
	b = binary.BigEndian.AppendUint32(b, 8)
	return binary.BigEndian.AppendUint64(b, uint64(n)) //nolint:gosec // the same bits
}

// rootOf is the root over entries in the order of their ids.
func rootOf(entries []sealedEntry) [32]byte {
	var b []byte
	for _, e := range entries {
		d := e.digest()
		b = field(b, string(d[:]))
	}
	return sha256.Sum256(b)
}

// A Seal is one link of the chain.
type Seal struct {
	N        int64     `json:"n"`
	Month    time.Time `json:"month"` // its first day, UTC
	Entries  int       `json:"entries"`
	Root     []byte    `json:"-"`
	Previous []byte    `json:"-"`
	Hash     []byte    `json:"hash"`
	SealedAt time.Time `json:"sealed_at"`
}

func (s Seal) hash() [32]byte {
	var b []byte
	b = field(b, "onemap audit seal 1")
	b = number(b, s.N)
	b = field(b, s.Month.Format(time.DateOnly))
	b = number(b, int64(s.Entries))
	b = field(b, string(s.Root))
	b = field(b, string(s.Previous))
	b = number(b, s.SealedAt.UnixMicro())
	return sha256.Sum256(b)
}

const sealColumns = `n, month, cardinality(ids), root, previous, hash, sealed_at`

// Run seals until ctx ends, and once an hour makes the months to come and lets
// those go that are older than they must be kept. Any number of nodes may run
// it: one of them works at a time.
func (a *Audit) Run(ctx context.Context, log *slog.Logger) error {
	tick := time.NewTicker(sealEvery)
	defer tick.Stop()
	var kept time.Time
	for {
		n, err := a.Seal(ctx)
		if err == nil && time.Since(kept) > time.Hour {
			kept = time.Now()
			err = a.Keep(ctx, kept)
		}
		if err != nil && ctx.Err() == nil {
			log.Error("seal the audit", "error", err)
		}
		if n >= sealBatch {
			continue // more is waiting
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// Seal seals up to a thousand entries that are committed and not sealed, and
// says how many; none where another node is at it.
func (a *Audit) Seal(ctx context.Context) (n int, err error) {
	err = pgx.BeginFunc(ctx, a.db, func(tx pgx.Tx) error {
		var mine bool
		if err := tx.QueryRow(ctx, `SELECT pg_try_advisory_xact_lock($1)`, sealLock).Scan(&mine); err != nil || !mine {
			return err
		}
		// One month a seal, so that a month can go as a whole.
		rows, err := tx.Query(ctx, `WITH first AS (SELECT date_trunc('month', min(at) AT TIME ZONE 'UTC') AS month FROM onemap.audit_unsealed),
			batch AS (SELECT id FROM onemap.audit_unsealed, first
				WHERE at >= month AT TIME ZONE 'UTC' AND at < (month + interval '1 month') AT TIME ZONE 'UTC' ORDER BY id LIMIT $1)
			DELETE FROM onemap.audit_unsealed u USING batch WHERE u.id = batch.id RETURNING u.id, u.at`, sealBatch)
		if err != nil {
			return err
		}
		type waiting struct {
			ID int64
			At time.Time
		}
		batch, err := pgx.CollectRows(rows, pgx.RowToStructByPos[waiting])
		if err != nil || len(batch) == 0 {
			return err
		}
		ids := make([]int64, len(batch))
		from, to := batch[0].At, batch[0].At
		for i, w := range batch {
			ids[i] = w.ID
			if w.At.Before(from) {
				from = w.At
			}
			if w.At.After(to) {
				to = w.At
			}
		}
		entries, err := sealedEntries(ctx, tx, ids, from, to)
		if err != nil {
			return err
		}
		if len(entries) != len(batch) {
			return fmt.Errorf("%d entries wait to be sealed, %d of them are there", len(batch), len(entries))
		}
		if err := addSeal(ctx, tx, entries); err != nil {
			return err
		}
		n = len(entries)
		return nil
	})
	if err != nil {
		return 0, doing("seal the audit", err)
	}
	return n, nil
}

// sealedEntries reads entries in the order of ids. They lie between two times,
// so that the other months are not looked at.
func sealedEntries(ctx context.Context, tx pgx.Tx, ids []int64, from, to time.Time) ([]sealedEntry, error) {
	rows, err := tx.Query(ctx, `SELECT `+entryColumns+` FROM onemap.audit WHERE id = ANY ($1) AND at BETWEEN $2 AND $3 ORDER BY id`, ids, from, to)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[sealedEntry])
}

// addSeal adds the next link.
func addSeal(ctx context.Context, tx pgx.Tx, entries []sealedEntry) error {
	last, err := lastSeal(ctx, tx)
	if err != nil {
		return err
	}
	root := rootOf(entries)
	at := entries[0].At.UTC()
	next := Seal{N: last.N + 1, Month: time.Date(at.Year(), at.Month(), 1, 0, 0, 0, 0, time.UTC), Entries: len(entries), Root: root[:],
		Previous: last.Hash, SealedAt: time.Now().UTC().Truncate(time.Microsecond)}
	hash := next.hash()
	ids := make([]int64, len(entries))
	for i, e := range entries {
		ids[i] = e.ID
	}
	_, err = tx.Exec(ctx, `INSERT INTO onemap.audit_seal (n, month, ids, root, previous, hash, sealed_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		next.N, next.Month, ids, next.Root, next.Previous, hash[:], next.SealedAt)
	return err
}

// lastSeal is the chain's head; number 0 and zeros before the first.
func lastSeal(ctx context.Context, tx pgx.Tx) (Seal, error) {
	rows, err := tx.Query(ctx, `SELECT `+sealColumns+` FROM onemap.audit_seal ORDER BY n DESC LIMIT 1`)
	if err != nil {
		return Seal{}, err
	}
	s, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[Seal])
	if noRow(err) {
		return Seal{Hash: make([]byte, 32)}, nil
	}
	return s, err
}
