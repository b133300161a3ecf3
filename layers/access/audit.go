package access

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Results of an [Entry].
const (
	Done    = "done"
	Refused = "refused" // by right
	Failed  = "failed"
)

// An Entry says what someone did, or tried to. It must hold no secret and no
// sensitive value: names and numbers of things, not their content.
type Entry struct {
	Action  string // subject.verb: "incident.create", "layer.export"
	Object  string // kind/key: "incident/42", "layer/asset"
	Result  string // Done, Refused, Failed
	Reason  string // why the caller did it, or why it was refused
	Address string // the caller's IP address, with or without a port; "" if none
	Detail  map[string]any
}

// A Recorded entry, as it was kept.
type Recorded struct {
	ID     int64
	At     time.Time
	Person int64 // 0: nobody was signed in
	Login  string
	Org    string
	Entry

	// As they are called now; "" where there are none any more.
	Name         string
	OrgZH, OrgEN string
}

// Audit is the record of who saw or changed what. It is append-only.
type Audit struct{ db *pgxpool.Pool }

// NewAudit returns the audit of a database.
func NewAudit(db *pgxpool.Pool) *Audit { return &Audit{db} }

// Record adds an entry for the caller.
func (a *Audit) Record(ctx context.Context, s Scope, e Entry) error {
	return record(ctx, a.db, s, e)
}

// RecordTx adds an entry in the transaction of the change that it speaks of,
// so that there is never one without the other.
func RecordTx(ctx context.Context, tx pgx.Tx, s Scope, e Entry) error {
	return record(ctx, tx, s, e)
}

type execer interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
}

func record(ctx context.Context, db execer, s Scope, e Entry) error {
	p, _ := s.Person()
	return recordAs(ctx, db, p.ID, p.Login, p.Org, e)
}

func (d *Directory) recordAs(ctx context.Context, person int64, login, org string, e Entry) error {
	return recordAs(ctx, d.db, person, login, org, e)
}

func recordAs(ctx context.Context, db execer, person int64, login, org string, e Entry) error {
	detail := e.Detail
	if detail == nil {
		detail = map[string]any{}
	}
	_, err := db.Exec(ctx, `INSERT INTO onemap.audit (person, login, org, action, object, result, reason, address, detail)
		VALUES (nullif(@person, 0::bigint), @login, @org, @action, @object, @result, @reason, @address, @detail)`,
		pgx.NamedArgs{"person": person, "login": login, "org": org, "action": e.Action, "object": e.Object,
			"result": e.Result, "reason": e.Reason, "address": address(e.Address), "detail": detail})
	if err != nil {
		return fmt.Errorf("record %s %s: %w", e.Action, e.Object, err)
	}
	return nil
}

// address reads an IP address with or without a port; nil if it is neither.
func address(s string) *netip.Addr {
	a, err := netip.ParseAddr(s)
	if err != nil {
		ap, err := netip.ParseAddrPort(s)
		if err != nil {
			return nil
		}
		a = ap.Addr()
	}
	a = a.Unmap().WithZone("")
	return &a
}
