package access

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"github.com/paulmach/orb"
)

// state is all that rights are made of, at one moment or kept in step with the
// feed. Its methods are safe for concurrent use; row methods (set…, drop…) say
// whether anyone's rights may have changed.
type state struct {
	mu       sync.RWMutex
	orgs     map[string]Organisation
	people   map[int64]account
	roles    map[int64][]Role
	duty     map[int64][]string // the grids people answer for, as given
	sessions map[tokenHash]session
	keys     map[string]key // by prefix
	grants   map[int64]Grant
	geo      *geography
	rules    signInRules

	scopes map[int64]*scope // made when first asked for, forgotten when anything changes
}

// account is what the state keeps of a person.
type account struct {
	login, name, org string
	active           bool
	totp             bool // has a second factor
}

type tokenHash [32]byte

type session struct {
	id, person       int64
	created, expires time.Time
	factor           bool // a second factor was shown
	reasons          map[string]Reason
}

type key struct {
	hash    tokenHash
	person  int64
	expires time.Time // zero: never
	revoked bool
	scopes  []string // read, write
	layers  []string // the only ones; nil: all
	used    time.Time
}

func newState() *state {
	return &state{
		orgs: map[string]Organisation{}, people: map[int64]account{}, roles: map[int64][]Role{}, duty: map[int64][]string{},
		sessions: map[tokenHash]session{}, keys: map[string]key{}, grants: map[int64]Grant{}, geo: newGeography(), rules: defaultRules,
		scopes: map[int64]*scope{},
	}
}

func (st *state) session(h tokenHash) (session, bool) {
	st.mu.RLock()
	defer st.mu.RUnlock()
	s, ok := st.sessions[h]
	return s, ok
}

func (st *state) key(prefix string) (key, bool) {
	st.mu.RLock()
	defer st.mu.RUnlock()
	k, ok := st.keys[prefix]
	return k, ok
}

// knows says whether the state has the person, active or not.
func (st *state) knows(id int64) bool {
	st.mu.RLock()
	defer st.mu.RUnlock()
	_, ok := st.people[id]
	return ok
}

// scope returns the scope of a person. It returns [ErrUnauthenticated] for one
// who is not there, or no longer active.
func (st *state) scope(id int64, now time.Time) (Scope, error) {
	st.mu.RLock()
	s, ok := st.scopes[id]
	st.mu.RUnlock()
	if ok && (s.until.IsZero() || now.Before(s.until)) {
		return Scope{s: s}, nil
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	p, ok := st.people[id]
	if !ok || !p.active {
		return Scope{}, ErrUnauthenticated
	}
	s = st.makeScope(id, p, now)
	st.scopes[id] = s
	return Scope{s: s}, nil
}

// makeScope resolves a person's organisation, grids and grants. The caller
// holds mu.
func (st *state) makeScope(id int64, p account, now time.Time) *scope {
	s := &scope{
		person: Person{ID: id, Login: p.login, Name: p.name, Org: p.org,
			Roles: slices.Clone(st.roles[id]), Grids: slices.Clone(st.duty[id])},
		org:   st.orgs[p.org],
		areas: st.geo.allAreas(),
	}
	sortRoles(s.person.Roles)
	slices.Sort(s.person.Grids)
	s.line, s.below = st.lines(p.org)
	wide := false
	for _, r := range s.person.Roles {
		s.duty = s.duty || slices.Contains(duties, r)
		wide = wide || r != GridWorker && slices.Contains(duties, r)
	}
	if slices.Contains(s.person.Roles, GridWorker) {
		s.onlyGrids = !wide
		s.cells = st.ground(s, s.person.Grids)
	}
	st.giveGrants(s, now)
	return s
}

// giveGrants resolves the grants to a scope's line. The caller holds mu.
func (st *state) giveGrants(s *scope, now time.Time) {
	for _, g := range st.grants {
		if !g.inForce(now) || !slices.Contains(s.line, g.Org) {
			continue
		}
		given := granted{Grant: g}
		if g.Grids != nil {
			given.cells = st.ground(s, g.Grids)
		}
		s.grants = append(s.grants, given)
		if !g.EndsAt.IsZero() && (s.until.IsZero() || g.EndsAt.Before(s.until)) {
			s.until = g.EndsAt
		}
	}
	slices.SortFunc(s.grants, func(a, b granted) int { return cmp.Compare(a.ID, b.ID) })
}

// ground returns the codes that rows in the named grids may carry, sorted, and
// lets the scope know where those are.
func (st *state) ground(s *scope, names []string) []string {
	codes, bounds := st.geo.cells(names)
	if s.bounds == nil {
		s.bounds = make(map[string]orb.Bound, len(codes))
	}
	for i, c := range codes {
		s.bounds[c] = bounds[i]
	}
	return codes
}

// lines returns an organisation with those above it of its own kind, and with
// those below it of its own kind. The caller holds mu.
func (st *state) lines(code string) (line, below []string) {
	kind := st.orgs[code].Kind
	line, below = []string{code}, []string{code}
	for _, above := range st.above(code) {
		if st.orgs[above].Kind == kind {
			line = append(line, above)
		}
	}
	for c, o := range st.orgs {
		if c != code && o.Kind == kind && slices.Contains(st.above(c), code) {
			below = append(below, c)
		}
	}
	slices.Sort(below)
	return line, below
}

// above returns the organisations above one, nearest first. A ring, which the
// table does not forbid, ends it.
func (st *state) above(code string) []string {
	var out []string
	for c := st.orgs[code].Parent; c != "" && c != code && !slices.Contains(out, c); c = st.orgs[c].Parent {
		out = append(out, c)
	}
	return out
}

// nextEnd returns when the next grant in force ends; zero if none does.
func (st *state) nextEnd(now time.Time) time.Time {
	st.mu.RLock()
	defer st.mu.RUnlock()
	var next time.Time
	for _, g := range st.grants {
		if g.inForce(now) && !g.EndsAt.IsZero() && (next.IsZero() || g.EndsAt.Before(next)) {
			next = g.EndsAt
		}
	}
	return next
}
