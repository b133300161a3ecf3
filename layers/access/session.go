package access

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
	"onemap/layers/feed"
)

// A Need is what a session lacks before it may be used.
type Need string

const (
	NeedNothing Need = ""
	NeedCode    Need = "code"  // a code of the second factor
	NeedEnrol   Need = "enrol" // to set up a second factor, which a role asks for
)

// ErrSecondFactor is wrapped by every [FactorError].
var ErrSecondFactor = fmt.Errorf("%w: a second factor is needed", ErrUnauthenticated)

// A FactorError says what a session lacks. Scope is good for giving it that,
// and for nothing else: it has no role and reaches no layer.
type FactorError struct {
	Need  Need
	Scope Scope
}

func (e *FactorError) Error() string { return ErrSecondFactor.Error() }
func (e *FactorError) Unwrap() error { return ErrSecondFactor }

const sessionSQL = `SELECT token_hash, id, person, created_at, expires_at, factor, reasons FROM onemap.session`

// heldSession is a session with what it is found by.
type heldSession struct {
	hash tokenHash
	session
}

func scanSession(row pgx.CollectableRow) (s heldSession, err error) {
	var hash, reasons []byte
	err = row.Scan(&hash, &s.id, &s.person, &s.created, &s.expires, &s.factor, &reasons)
	if err == nil {
		s.hash, s.reasons = tokenHash(hash), readReasons(reasons)
	}
	return s, err
}

// sessionIn reads a row of the log. A column that was not written with it
// keeps its value.
func sessionIn(r feed.Row, before session) session {
	s := session{id: num(r, "id"), person: num(r, "person"), created: at(r, "created_at"), expires: at(r, "expires_at"), factor: r.Get("factor") == true,
		reasons: before.reasons}
	if b := jsonIn(r, "reasons"); b != nil {
		s.reasons = readReasons(b)
	}
	return s
}

// readReasons reads what cannot be read as none.
func readReasons(b []byte) map[string]Reason {
	var m map[string]Reason
	if json.Unmarshal(b, &m) != nil || len(m) == 0 {
		return nil
	}
	return m
}

// Session returns the scope of a session's holder. It returns
// [ErrUnauthenticated] for a token that is wrong, expired or signed out, or
// whose holder is no longer active, and a [FactorError] where a second factor
// is still to be shown.
func (d *Directory) Session(ctx context.Context, token string) (Scope, error) {
	hash, ok := hashToken(token)
	if !ok || d.gone.has(string(hash[:])) {
		return Scope{}, ErrUnauthenticated
	}
	st, err := d.current(ctx)
	if err != nil {
		return Scope{}, err
	}
	s, ok := d.fresher.get(hash)
	if !ok {
		s, ok = st.session(hash)
	}
	if !ok { // perhaps opened a moment ago, on another node
		rows, err := d.db.Query(ctx, sessionSQL+` WHERE token_hash = $1`, hash[:])
		if err != nil {
			return Scope{}, doing("find session", err)
		}
		held, err := pgx.CollectExactlyOneRow(rows, scanSession)
		if noRow(err) {
			return Scope{}, ErrUnauthenticated
		}
		if err != nil {
			return Scope{}, doing("find session", err)
		}
		s = held.session
	}
	now := time.Now()
	rules := st.ruled()
	if !now.Before(s.expires) || now.Sub(s.created) > rules.max {
		return Scope{}, ErrUnauthenticated
	}
	scope, err := d.scopeIn(ctx, st, s.person)
	if err != nil {
		return Scope{}, err
	}
	scope.via = &via{session: s.id, hash: hash, factor: s.factor, reasons: s.reasons}
	if !s.factor {
		if need := st.need(s.person, scope); need != NeedNothing {
			return Scope{}, &FactorError{need, scope.limbo(need)}
		}
	}
	return scope, d.slide(ctx, hash, s, rules, now)
}

// need says what a session without a second factor lacks.
func (st *state) need(person int64, s Scope) Need {
	st.mu.RLock()
	defer st.mu.RUnlock()
	switch {
	case st.people[person].totp:
		return NeedCode
	case len(st.rules.factor) > 0 && s.Has(st.rules.factor...):
		return NeedEnrol
	}
	return NeedNothing
}

// limbo is the scope of somebody of whom only one of two proofs is there.
func (s Scope) limbo(need Need) Scope {
	p := s.s.person
	v := *s.via
	v.need = need
	return Scope{s: &scope{person: Person{ID: p.ID, Login: p.Login, Name: p.Name, Org: p.Org}, org: s.s.org, areas: s.s.areas}, via: &v}
}

// slide moves the end of a session in use, at most once a sessionStep.
func (d *Directory) slide(ctx context.Context, hash tokenHash, s session, rules signInRules, now time.Time) error {
	end := now.Add(rules.idle)
	if last := s.created.Add(rules.max); end.After(last) {
		end = last
	}
	if end.Sub(s.expires) < min(sessionStep, rules.idle/4) {
		return nil
	}
	if _, busy := d.sliding.LoadOrStore(hash, true); busy {
		return nil
	}
	defer d.sliding.Delete(hash)
	if _, err := d.db.Exec(ctx, `UPDATE onemap.session SET expires_at = $2, seen_at = now() WHERE token_hash = $1 AND expires_at < $2`, hash[:], end); err != nil {
		return doing("prolong session", err)
	}
	return nil
}

// SessionInfo is what may be known of a session.
type SessionInfo struct {
	ID        int64
	How       string // password or oidc
	Factor    bool   // a second factor was shown
	Address   string // from where it was opened
	Agent     string // the browser, as it calls itself
	CreatedAt time.Time
	SeenAt    time.Time // last use, to the hour
	ExpiresAt time.Time
	Current   bool // it is the caller's own
}

// ListSessions returns a person's open sessions, the last used first: one's
// own, and anyone's for administrators of accounts and of security.
func (d *Directory) ListSessions(ctx context.Context, by Scope, login string) ([]SessionInfo, error) {
	if err := by.requireSelfOr(login, Administrator, SecurityAdministrator); err != nil {
		return nil, err
	}
	rows, err := d.db.Query(ctx, `SELECT id, how, factor, coalesce(host(address), ''), agent, created_at, seen_at, expires_at, id = @own
		FROM onemap.session WHERE person = (SELECT id FROM onemap.person WHERE login = @login) AND expires_at > now()
		ORDER BY seen_at DESC, id DESC`, pgx.NamedArgs{"login": login, "own": by.SessionID()})
	if err != nil {
		return nil, doing("list sessions", err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[SessionInfo])
	if err != nil {
		return nil, doing("list sessions", err)
	}
	return all, nil
}

// EndSession ends a session by its number: on this node at once, everywhere by
// the feed, on open live connections too. It returns an error wrapping
// layers.ErrNotFound if there is none, or it is another's and the caller no
// administrator.
func (d *Directory) EndSession(ctx context.Context, by Scope, id int64) error {
	return d.end(ctx, by, fmt.Sprintf("session %d", id), `id = @id`, pgx.NamedArgs{"id": id})
}

// EndSessions ends all sessions of a person, but for the one that asks for it.
func (d *Directory) EndSessions(ctx context.Context, by Scope, login string) (n int, err error) {
	if err := by.requireSelfOr(login, Administrator, SecurityAdministrator); err != nil {
		return 0, err
	}
	err = d.end(ctx, by, "", `person = (SELECT id FROM onemap.person WHERE login = @login) AND id <> @current`,
		pgx.NamedArgs{"login": login, "current": by.SessionID()}, &n)
	return n, err
}

// end ends the sessions that a condition holds for: of anyone for
// administrators, else one's own. It records each.
func (d *Directory) end(ctx context.Context, by Scope, wanted, which string, args pgx.NamedArgs, count ...*int) error {
	if err := by.Require(); err != nil {
		return err
	}
	p, _ := by.Person()
	args["own"] = p.ID
	if by.Has(Administrator, SecurityAdministrator) {
		args["own"] = int64(0)
	}
	var hashes [][]byte
	err := pgx.BeginFunc(ctx, d.db, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `WITH ended AS (DELETE FROM onemap.session WHERE `+which+` AND (@own::bigint = 0 OR person = @own) RETURNING token_hash, id, person)
			SELECT token_hash, ended.id, login FROM ended JOIN onemap.person p ON p.id = person`, args)
		if err != nil {
			return err
		}
		type ended struct {
			Hash  []byte
			ID    int64
			Login string
		}
		all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[ended])
		if err != nil {
			return err
		}
		if len(all) == 0 && wanted != "" {
			return fmt.Errorf("%s: %w", wanted, layers.ErrNotFound)
		}
		for _, e := range all {
			if err := record(ctx, tx, by, Entry{Action: "session.end", Object: "person/" + e.Login, Result: Done, Detail: map[string]any{"session": e.ID}}); err != nil {
				return err
			}
			hashes = append(hashes, e.Hash)
		}
		return nil
	})
	if err != nil {
		return Wrap("end session", err)
	}
	for _, h := range hashes {
		d.gone.add(string(h))
	}
	for _, n := range count {
		*n = len(hashes)
	}
	if len(hashes) > 0 {
		d.changed.fire()
	}
	return nil
}

// fresherSet has sessions as this node has just written them, until memory has
// caught up for certain.
type fresherSet struct {
	mu  sync.Mutex
	all map[tokenHash]fresh
}

type fresh struct {
	session
	at time.Time
}

// freshFor is longer than memory may be behind.
const freshFor = 5 * maxLag

func (f *fresherSet) put(s heldSession) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := time.Now()
	for h, s := range f.all {
		if now.Sub(s.at) > freshFor {
			delete(f.all, h)
		}
	}
	if f.all == nil {
		f.all = map[tokenHash]fresh{}
	}
	f.all[s.hash] = fresh{s.session, now}
}

func (f *fresherSet) get(hash tokenHash) (session, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	s, ok := f.all[hash]
	return s.session, ok && time.Since(s.at) <= freshFor
}
