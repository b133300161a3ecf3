package access

import (
	"context"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
)

// AuditQuery asks for entries, newest first. Zero fields ask for all.
type AuditQuery struct {
	From, To time.Time // From <= at < To
	Login    string
	Org      string
	Action   string // whole, or with a dot or dash at its end the beginning: "incident."
	Object   string // whole, or with a slash at its end the beginning: "layer/"
	Result   string
	Address  string // of the caller
	Text     string // in the reason, the object or the name of who did it
	Before   int64  // entries before this one only: the next page
	Limit    int    // 1 to 1000; 0: 100
}

func (q AuditQuery) check() error {
	if q.Limit < 0 || q.Limit > 1000 {
		return &layers.InputError{Field: "limit", Value: fmt.Sprint(q.Limit), Remedy: "1 to 1000"}
	}
	if !q.From.IsZero() && !q.To.IsZero() && !q.From.Before(q.To) {
		return &layers.InputError{Field: "to", Value: q.To.Format(time.RFC3339), Remedy: "a time after from"}
	}
	if q.Address != "" && address(q.Address) == nil {
		return &layers.InputError{Field: "address", Value: layers.Short(q.Address), Remedy: "an IP address"}
	}
	for _, t := range []struct{ field, text string }{{"login", q.Login}, {"org", q.Org}, {"action", q.Action}, {"object", q.Object}, {"q", q.Text}} {
		if err := layers.CheckText(t.field, t.text, 200); err != nil {
			return err
		}
	}
	return nil
}

// auditSQL finds entries with the names of who did it, as they are now.
const auditSQL = `SELECT a.id, a.at, coalesce(a.person, 0), a.login, a.org, a.action, a.object, a.result, a.reason, coalesce(host(a.address), ''), a.detail,
	       coalesce(p.name, ''), coalesce(o.name_zh, ''), coalesce(o.name_en, '')
	FROM onemap.audit a LEFT JOIN onemap.person p ON p.id = a.person LEFT JOIN onemap.organisation o ON o.code = a.org
	WHERE (@from::timestamptz IS NULL OR a.at >= @from) AND (@to::timestamptz IS NULL OR a.at < @to)
	  AND (@login = '' OR a.login = @login) AND (@org = '' OR a.org = @org) AND (@result = '' OR a.result = @result)
	  AND (@object = '' OR a.object = @object OR right(@object, 1) = '/' AND starts_with(a.object, @object))
	  AND (@action = '' OR a.action = @action OR right(@action, 1) IN ('.', '-') AND starts_with(a.action, @action))
	  AND (@address::inet IS NULL OR a.address = @address)
	  AND (@text = '' OR strpos(lower(a.reason || ' ' || a.object || ' ' || a.login || ' ' || coalesce(p.name, '')), lower(@text)) > 0)
	  AND (@before::bigint = 0 OR (a.at, a.id) < (SELECT b.at, b.id FROM onemap.audit b WHERE b.id = @before LIMIT 1))
	ORDER BY a.at DESC, a.id DESC`

func (q AuditQuery) args() pgx.NamedArgs {
	return pgx.NamedArgs{"from": layers.TimeOrNull(q.From), "to": layers.TimeOrNull(q.To), "login": strings.TrimSpace(q.Login), "org": q.Org, "result": q.Result,
		"object": q.Object, "action": q.Action, "address": address(q.Address), "text": strings.TrimSpace(q.Text), "before": q.Before, "limit": q.Limit}
}

func scanRecorded(row pgx.CollectableRow) (Recorded, error) {
	var r Recorded
	err := row.Scan(&r.ID, &r.At, &r.Person, &r.Login, &r.Org, &r.Action, &r.Object, &r.Result, &r.Reason, &r.Address, &r.Detail, &r.Name, &r.OrgZH, &r.OrgEN)
	return r, err
}

// Search returns entries, newest first. It returns [ErrForbidden] for whoever
// is not an auditor, and a [layers.InputError] for a bad query.
func (a *Audit) Search(ctx context.Context, s Scope, q AuditQuery) ([]Recorded, error) {
	if err := s.Require(Auditor); err != nil {
		return nil, err
	}
	return a.search(ctx, q)
}

// History returns what happened to an account, an organisation or a key, newest
// first: for the administrators and auditors.
func (a *Audit) History(ctx context.Context, s Scope, object string, limit int) ([]Recorded, error) {
	if err := s.Require(Administrator, SecurityAdministrator, Auditor); err != nil {
		return nil, err
	}
	kind, _, _ := strings.Cut(object, "/")
	switch kind {
	case "person", "organisation", "key":
		return a.search(ctx, AuditQuery{Object: strings.TrimRight(object, "/"), Limit: limit})
	}
	return nil, &layers.InputError{Field: "object", Value: layers.Short(object), Remedy: "person/…, organisation/… or key/…"}
}

// Mine returns what the caller did, newest first.
func (a *Audit) Mine(ctx context.Context, s Scope, limit int) ([]Recorded, error) {
	p, ok := s.Person()
	if !ok {
		return nil, ErrUnauthenticated
	}
	return a.search(ctx, AuditQuery{Login: p.Login, Limit: limit})
}

func (a *Audit) search(ctx context.Context, q AuditQuery) ([]Recorded, error) {
	if q.Limit == 0 {
		q.Limit = 100
	}
	if err := q.check(); err != nil {
		return nil, err
	}
	rows, err := a.db.Query(ctx, auditSQL+` LIMIT @limit`, q.args())
	if err != nil {
		return nil, doing("search audit", err)
	}
	found, err := pgx.CollectRows(rows, scanRecorded)
	if err != nil {
		return nil, doing("search audit", err)
	}
	return found, nil
}

// Export yields all entries of a query, newest first, as they are read; its
// limit does not count. It is recorded before the first.
func (a *Audit) Export(ctx context.Context, s Scope, q AuditQuery, from string, asked map[string]any) (iter.Seq2[Recorded, error], error) {
	if err := s.Require(Auditor); err != nil {
		return nil, err
	}
	if err := q.check(); err != nil {
		return nil, err
	}
	if err := a.Record(ctx, s, Entry{Action: "audit.export", Object: "audit/", Result: Done, Address: from, Detail: asked}); err != nil {
		return nil, err
	}
	return func(yield func(Recorded, error) bool) {
		rows, err := a.db.Query(ctx, auditSQL, q.args())
		if err != nil {
			yield(Recorded{}, doing("export audit", err))
			return
		}
		defer rows.Close()
		for rows.Next() {
			r, err := scanRecorded(rows)
			if err != nil {
				yield(Recorded{}, doing("export audit", err))
				return
			}
			if !yield(r, nil) {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(Recorded{}, doing("export audit", err))
		}
	}, nil
}
