package sharing

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/class"
	"onemap/layers/feed"
	"onemap/layers/jobs"
	"onemap/layers/worktime"
)

// Store keeps requests and grants. Its methods are safe for concurrent use.
type Store struct {
	Layers  *layers.Store
	Classes *class.Store // for the calendar
	Jobs    *jobs.Queue  // for reminders; nil: nothing reminds
	// Directory and Wait let a change of rights be in force on this node when
	// its answer is sent: Wait is the feed's, nil where none is followed.
	Directory *access.Directory
	Wait      func(context.Context, feed.Cursor) error
	Now       func() time.Time // nil: time.Now
}

func (s *Store) now() time.Time {
	if s.Now != nil {
		return s.Now().Truncate(time.Microsecond)
	}
	return time.Now().Truncate(time.Microsecond)
}

// settleTime is how long an answer waits for this node to take in a change of
// rights. A node that is further behind reads rights from PostgreSQL.
const settleTime = time.Second

// settle waits until what was written counts on this node, too: whoever
// withdraws a grant sees it gone when the answer comes.
func (s *Store) settle(ctx context.Context) (feed.Cursor, error) {
	at, err := feed.Now(ctx, s.Layers.DB())
	if err != nil {
		return at, err
	}
	if s.Wait != nil {
		waiting, done := context.WithTimeout(ctx, settleTime)
		defer done()
		if s.Wait(waiting, at) == nil {
			return at, nil
		}
	}
	if s.Directory == nil {
		return at, nil
	}
	return at, s.Directory.Load(ctx)
}

// A Request is what is asked, with what became of it.
type Request struct {
	ID          int64
	UUID        uuid.UUID
	At          time.Time
	Resource    int64
	Code        string // of the resource, as it was
	NameZH      string
	NameEN      string
	Layer       string // "": it is no layer
	Share       string // as it was asked
	ShareBasis  string
	Org         string // who asks
	AskedBy     string // login
	Provider    string // who provides it now
	Authority   string // "": there is none
	Above       string // who is told when the authority did not act either
	Purpose     string
	LegalGround string
	Terms       Terms

	State      string
	Version    int64 // of the state: the number of the step that led to it
	Since      time.Time
	Allowed    string // the limit of this state, "10 working_day"; "": none runs
	WarnAt     *time.Time
	DueAt      *time.Time
	Escalation int // 0 none, 1 reminded, 2 told to the authority, 3 told to the government
	AnsweredAt *time.Time
	Answer     string // the first: grant or refuse; "": none yet
	Grant      *Given // the latest; nil: none, or of a resource that is shared unconditionally

	disputed bool
}

// Escalations of a request.
const (
	reminded = 1
	silent   = 2 // the limit has run out: the authority is told
	above    = 3 // and so has the authority's
)

// A Given is what was granted.
type Given struct {
	ID        int64
	OfLayer   bool // onemap.layer_grant; else onemap.resource_grant
	Terms     Terms
	GrantedAt time.Time
	RevokedAt *time.Time
}

// Light is the colour of the request's clock at a moment; "" where none runs.
func (r Request) Light(now time.Time) string {
	switch {
	case r.DueAt == nil:
		return ""
	case r.DueAt.Before(now):
		return worktime.Red
	case r.WarnAt.Before(now):
		return worktime.Yellow
	}
	return worktime.Green
}

// holder is the organisation that is to act.
func (r Request) holder() string {
	switch r.State {
	case Queried:
		return r.Org
	case Disputed:
		return r.Authority
	}
	return r.Provider
}

// A Step is one thing that happened to a request.
type Step struct {
	ID      int64
	At      time.Time
	Actor   string // login, or "system"
	Org     string
	Action  string
	Opinion string
	Basis   string
	Allowed string
	DueAt   *time.Time
	Told    string // the organisation that it is for
}

const columns = `r.id, r.uuid, r.at, r.resource, r.resource_code, r.resource_zh, r.resource_en, coalesce(r.layer, ''), r.share, r.share_basis, r.org, r.asked_by,
	coalesce(n.provider_now, r.provider), n.authority, n.above, r.purpose, r.legal_ground, r.items, r.area_code, r.grids, r.ends_at,
	n.state, n.version, n.since, n.allowed, n.warn_at, n.due_at, n.escalation, n.answered_at, n.answer, n.was_disputed,
	n.layer_grant, n.resource_grant, n.granted_at, n.revoked_at, n.grant_ends_at, n.granted_items, n.granted_area, n.granted_grids`

const from = ` FROM onemap.share_request r JOIN onemap.share_request_now n ON n.request = r.id `

func scan(row pgx.CollectableRow) (Request, error) {
	var r Request
	var ofLayer, ofResource *int64
	var grantedAt, ends *time.Time
	var g Given
	err := row.Scan(&r.ID, &r.UUID, &r.At, &r.Resource, &r.Code, &r.NameZH, &r.NameEN, &r.Layer, &r.Share, &r.ShareBasis, &r.Org, &r.AskedBy,
		&r.Provider, &r.Authority, &r.Above, &r.Purpose, &r.LegalGround, &r.Terms.Items, &r.Terms.AreaCode, &r.Terms.Grids, &r.Terms.EndsAt,
		&r.State, &r.Version, &r.Since, &r.Allowed, &r.WarnAt, &r.DueAt, &r.Escalation, &r.AnsweredAt, &r.Answer, &r.disputed,
		&ofLayer, &ofResource, &grantedAt, &g.RevokedAt, &ends, &g.Terms.Items, &g.Terms.AreaCode, &g.Terms.Grids)
	if err != nil {
		return r, err
	}
	if grantedAt != nil { // a layer that was thrown away took its grant with it
		g.GrantedAt = *grantedAt
		if ends != nil {
			g.Terms.EndsAt = *ends
		}
		if ofLayer != nil {
			g.ID, g.OfLayer = *ofLayer, true
		} else {
			g.ID = *ofResource
		}
		r.Grant = &g
	}
	return r, nil
}

// visible is the condition on requests that a caller may know of.
func visible(by access.Scope, args pgx.NamedArgs) string {
	if by.Has(overseers...) {
		return "true"
	}
	args["me"] = by.Org().Code
	return "(@me <> '' AND @me IN (r.org, coalesce(n.provider_now, r.provider), n.authority))"
}

// Get returns one request with its steps. It returns an error wrapping
// [layers.ErrNotFound] for one that is not there, or that the caller may not
// know of.
func (s *Store) Get(ctx context.Context, by access.Scope, id int64) (Request, []Step, error) {
	if err := by.Require(Readers...); err != nil {
		return Request{}, nil, err
	}
	r, err := s.get(ctx, s.Layers.DB(), by, id)
	if err != nil {
		return Request{}, nil, err
	}
	steps, err := stepsOf(ctx, s.Layers.DB(), id)
	if err != nil {
		return Request{}, nil, fmt.Errorf("request %d: %w", id, err)
	}
	return r, steps, nil
}

func (s *Store) get(ctx context.Context, db class.Reader, by access.Scope, id int64) (Request, error) {
	args := pgx.NamedArgs{"id": id}
	found, err := find(ctx, db, "WHERE r.id = @id AND "+visible(by, args), args)
	if err != nil {
		return Request{}, err
	}
	if len(found) == 0 {
		return Request{}, fmt.Errorf("request %d: %w", id, layers.ErrNotFound)
	}
	return found[0], nil
}

func find(ctx context.Context, db class.Reader, rest string, args pgx.NamedArgs) ([]Request, error) {
	rows, err := db.Query(ctx, `SELECT `+columns+from+rest, args)
	if err != nil {
		return nil, fmt.Errorf("find requests: %w", err)
	}
	found, err := pgx.CollectRows(rows, scan)
	if err != nil {
		return nil, fmt.Errorf("find requests: %w", err)
	}
	return found, nil
}

func stepsOf(ctx context.Context, db class.Reader, id int64) ([]Step, error) {
	rows, err := db.Query(ctx, `SELECT id, at, actor, org, action, opinion, basis, allowed, due_at, told FROM onemap.share_step WHERE request = $1 ORDER BY id`, id)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[Step])
}

// May returns what the caller may do with a request now, by action.
func (r Request) May(by access.Scope) []string {
	out := []string{}
	for _, t := range r.may(by) {
		if !slices.Contains(out, t.Action) {
			out = append(out, t.Action)
		}
	}
	return out
}
