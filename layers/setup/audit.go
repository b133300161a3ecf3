package setup

import (
	"context"
	"fmt"
	"strings"
	"time"

	"onemap/layers"
	"onemap/layers/access"
)

const (
	// auditTime is how long the audit's chain may be looked at: some millions
	// of entries. "onemap audit verify" takes all the time it needs.
	auditTime = 15 * time.Second
	// auditLate is how long an entry may wait for its seal while a server runs.
	auditLate = 10 * time.Minute
)

// auditFinding recomputes the chain of the audit.
func auditFinding(ctx context.Context, url string) Finding {
	f := Finding{What: "audit", Level: Good}
	db, err := layers.Open(ctx, url)
	if err != nil {
		return Finding{"audit", Warning, err.Error(), ""}
	}
	defer db.Close()
	var there bool
	var other int64
	if err := db.QueryRow(ctx, `SELECT to_regclass('onemap.audit_seal') IS NOT NULL`).Scan(&there); err != nil || !there {
		return Finding{"audit", Warning, "no chain yet", "onemap migrate"}
	}
	if err := db.QueryRow(ctx, `SELECT count(*) FROM onemap.audit_other`).Scan(&other); err != nil {
		return Finding{"audit", Warning, err.Error(), "the role must be able to read the schema onemap"}
	}
	limited, cancel := context.WithTimeout(ctx, auditTime)
	defer cancel()
	r, err := access.VerifyChain(limited, db, "")
	if err != nil {
		return Finding{"audit", Warning, err.Error(), "the role must be able to read the schema onemap"}
	}
	f.Found = fmt.Sprintf("%d entries in %d seals as they were sealed, %d waiting", r.Entries, r.Seals, r.Waiting)
	if r.Head != "" {
		f.Found += "; head " + r.Head
	}
	switch {
	case !r.OK():
		f.Level, f.Found = Fault, strings.Join(r.Faults, "; ")
		f.Remedy = "someone changed the audit past onemap: keep the database as it is, compare with a backup, and tell who is responsible for security"
	case r.Oldest != nil && time.Since(*r.Oldest) > auditLate:
		f.Level, f.Remedy = Warning, fmt.Sprintf("entries wait for their seal since %s: a running server seals them", r.Oldest.UTC().Format(time.RFC3339))
	case other > 0:
		f.Level, f.Remedy = Warning, fmt.Sprintf("%d entries fit no month and are never let go: was the clock wrong?", other)
	case r.Partial:
		f.Level, f.Remedy = Warning, "there was no time to look at all of it: onemap audit verify"
	}
	return f
}
