package access

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"onemap/layers"
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

// AuditQuery asks for entries, newest first. Zero fields ask for all.
type AuditQuery struct {
	From, To time.Time // From <= at < To
	Login    string
	Action   string // whole, or with a dot or dash at its end the beginning: "incident."
	Object   string
	Before   int64 // entries with smaller numbers only: the next page
	Limit    int   // 1 to 1000; 0: 100
}

// Search returns entries, newest first. It returns [ErrForbidden] for whoever
// is not an auditor, and a [layers.InputError] for a bad query.
func (a *Audit) Search(ctx context.Context, s Scope, q AuditQuery) ([]Recorded, error) {
	if err := s.Require(Auditor); err != nil {
		return nil, err
	}
	if q.Limit == 0 {
		q.Limit = 100
	}
	if q.Limit < 0 || q.Limit > 1000 {
		return nil, &layers.InputError{Field: "limit", Value: fmt.Sprint(q.Limit), Remedy: "1 to 1000"}
	}
	if !q.From.IsZero() && !q.To.IsZero() && !q.From.Before(q.To) {
		return nil, &layers.InputError{Field: "to", Value: q.To.Format(time.RFC3339), Remedy: "a time after from"}
	}
	rows, err := a.db.Query(ctx, `SELECT id, at, coalesce(person, 0), login, org, action, object, result, reason, coalesce(host(address), ''), detail
		FROM onemap.audit
		WHERE (@from::timestamptz IS NULL OR at >= @from) AND (@to::timestamptz IS NULL OR at < @to)
		  AND (@login = '' OR login = @login) AND (@object = '' OR object = @object)
		  AND (@action = '' OR action = @action OR right(@action, 1) IN ('.', '-') AND starts_with(action, @action))
		  AND (@before::bigint = 0 OR id < @before)
		ORDER BY id DESC LIMIT @limit`,
		pgx.NamedArgs{"from": timeOrNull(q.From), "to": timeOrNull(q.To), "login": q.Login, "object": q.Object,
			"action": q.Action, "before": q.Before, "limit": q.Limit})
	if err != nil {
		return nil, doing("search audit", err)
	}
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (Recorded, error) {
		var r Recorded
		err := row.Scan(&r.ID, &r.At, &r.Person, &r.Login, &r.Org, &r.Action, &r.Object, &r.Result, &r.Reason, &r.Address, &r.Detail)
		return r, err
	})
	if err != nil {
		return nil, doing("search audit", err)
	}
	return found, nil
}

func timeOrNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
