package quality

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"onemap/geo/where"
	"onemap/layers"
	"onemap/layers/access"
)

// A Correction as its reader may see it.
type Correction struct {
	ID         int64      `json:"id"`
	UUID       uuid.UUID  `json:"uuid"`
	Layer      string     `json:"layer"`
	LayerZH    string     `json:"layer_zh"`
	LayerEN    string     `json:"layer_en"`
	Feature    int64      `json:"feature,omitempty" doc:"Absent: of the layer as a whole"`
	Kind       string     `json:"kind" enum:"value,place,gone,missing,double,other"`
	Field      string     `json:"field,omitempty"`
	Proposed   string     `json:"proposed,omitempty" doc:"What it should be; absent for who may not see the field"`
	Place      *LonLat    `json:"place,omitempty" doc:"Where it should be"`
	Reason     string     `json:"reason"`
	Rule       int64      `json:"rule,omitempty" doc:"The quality rule that the row failed"`
	Asker      string     `json:"asker" doc:"Login"`
	Org        string     `json:"org" doc:"The asker's organisation"`
	OrgZH      string     `json:"org_zh"`
	OrgEN      string     `json:"org_en"`
	Provider   string     `json:"provider" doc:"The organisation that answers"`
	ProviderZH string     `json:"provider_zh"`
	ProviderEN string     `json:"provider_en"`
	AskedAt    time.Time  `json:"asked_at"`
	State      string     `json:"state" enum:"asked,accepted,returned,corrected,refused,withdrawn,disputed,upheld"`
	Since      time.Time  `json:"since"`
	DueAt      *time.Time `json:"due_at,omitempty" doc:"Until when the provider answers; absent where no clock runs"`
	AnsweredAt *time.Time `json:"answered_at,omitempty" doc:"The first correction or refusal"`
	InTime     *bool      `json:"in_time,omitempty" doc:"Whether that came in time; false too where it is overdue"`
	Escalation int        `json:"escalation,omitempty" doc:"1 reminded, 2 overdue, 3 silent for twice as long"`
	Version    int64      `json:"version" doc:"Send it with an action; it says what you looked at"`
	Mine       bool       `json:"mine,omitempty"`
	Actions    []string   `json:"allowed_actions" nullable:"false" doc:"What the caller may do now"`
	Steps      []Step     `json:"steps,omitempty"`

	asker   int64
	version string // of the row that the asker saw
	objects int
}

// LonLat is a place in degrees, EPSG:4326.
type LonLat struct {
	Lon float64 `json:"lon"`
	Lat float64 `json:"lat"`
}

// A Step is one entry of a correction's record.
type Step struct {
	At      time.Time      `json:"at"`
	Login   string         `json:"login" doc:"system: by the clock"`
	Org     string         `json:"org"`
	Action  string         `json:"action" enum:"ask,accept,return,answer,correct,refuse,withdraw,object,uphold,overrule,remind,overdue,escalate"`
	State   string         `json:"state,omitempty"`
	DueAt   *time.Time     `json:"due_at,omitempty"`
	Opinion string         `json:"opinion,omitempty"`
	Detail  map[string]any `json:"detail,omitempty"`

	uuid uuid.UUID
}

// CorrectionQuery asks for corrections, the newest first. Zero fields ask for all.
type CorrectionQuery struct {
	Mine     bool // asked by the caller
	ToAnswer bool // waiting for the caller: as provider, as asker, or as the centre
	Open     bool // neither ended nor answered
	Overdue  bool
	State    string
	Layer    string
	Feature  int64
	Provider string
	Before   int64 // with smaller numbers only: the next page
	Limit    int   // 1 to 500; 0: 100
}

const correctionSQL = `SELECT c.id, c.uuid, c.layer, l.title_zh, l.title_en, coalesce(c.feature, 0), c.kind, c.field, c.proposed, ST_X(c.geom), ST_Y(c.geom), c.reason, coalesce(c.rule, 0),
	c.asker, c.login, c.org, coalesce(o.name_zh, c.org), coalesce(o.name_en, c.org), c.provider, p.name_zh, p.name_en, c.asked_at, c.version,
	n.state, n.since, n.due_at, n.answered_at, n.in_time, n.escalation, n.version, (SELECT count(*) FROM onemap.correction_step s WHERE s.correction = c.id AND s.action = 'object')
	FROM onemap.correction c JOIN onemap.correction_now n ON n.id = c.id JOIN onemap.layer l ON l.name = c.layer
	JOIN onemap.organisation p ON p.code = c.provider LEFT JOIN onemap.organisation o ON o.code = c.org `

func scanCorrection(row pgx.CollectableRow) (Correction, error) {
	var c Correction
	var lon, lat *float64
	err := row.Scan(&c.ID, &c.UUID, &c.Layer, &c.LayerZH, &c.LayerEN, &c.Feature, &c.Kind, &c.Field, &c.Proposed, &lon, &lat, &c.Reason, &c.Rule,
		&c.asker, &c.Asker, &c.Org, &c.OrgZH, &c.OrgEN, &c.Provider, &c.ProviderZH, &c.ProviderEN, &c.AskedAt, &c.version,
		&c.State, &c.Since, &c.DueAt, &c.AnsweredAt, &c.InTime, &c.Escalation, &c.Version, &c.objects)
	if lon != nil && lat != nil {
		c.Place = &LonLat{*lon, *lat}
	}
	return c, err
}

// Corrections returns what q asks for of those that the caller may see: their
// own; those to a provider whose officer they are; all, for the command centre.
func (s *Store) Corrections(ctx context.Context, by access.Scope, q CorrectionQuery) ([]Correction, error) {
	who, ok := by.Person()
	if !ok {
		return nil, access.ErrUnauthenticated
	}
	if q.Limit == 0 {
		q.Limit = 100
	}
	if q.Limit < 1 || q.Limit > 500 {
		return nil, &layers.InputError{Field: "limit", Value: fmt.Sprint(q.Limit), Remedy: "1 to 500"}
	}
	out := []Correction{}
	for before := q.Before; len(out) < q.Limit; {
		rows, err := s.Layers.DB().Query(ctx, correctionSQL+`WHERE (@before::bigint = 0 OR c.id < @before) AND (@layer = '' OR c.layer = @layer) AND (@feature::bigint = 0 OR c.feature = @feature)
			AND (@provider = '' OR c.provider = @provider) AND (@state = '' OR n.state = @state) AND (NOT @mine OR c.asker = @who)
			AND (NOT @open OR n.state IN ('asked', 'accepted', 'returned', 'disputed')) AND (NOT @overdue OR n.state IN ('asked', 'accepted') AND n.due_at < @now)
			AND (c.asker = @who OR @all OR c.provider = ANY (@line))
			AND (NOT @waiting OR n.state = 'returned' AND c.asker = @who OR n.state IN ('asked', 'accepted') AND c.provider = ANY (@line) OR n.state = 'disputed' AND @all)
			ORDER BY c.id DESC LIMIT @limit`,
			pgx.NamedArgs{"before": before, "layer": q.Layer, "feature": q.Feature, "provider": q.Provider, "state": q.State, "mine": q.Mine, "open": q.Open, "overdue": q.Overdue,
				"now": s.now(), "who": who.ID, "all": by.Has(access.CommandCentre), "line": s.line(ctx, by), "waiting": q.ToAnswer, "limit": q.Limit})
		if err != nil {
			return nil, fmt.Errorf("list corrections: %w", err)
		}
		found, err := pgx.CollectRows(rows, scanCorrection)
		if err != nil {
			return nil, fmt.Errorf("list corrections: %w", err)
		}
		seen, err := s.judge(ctx, by, found)
		if err != nil {
			return nil, err
		}
		out = append(out, seen...)
		if len(found) < q.Limit {
			break
		}
		before = found[len(found)-1].ID
	}
	return out[:min(len(out), q.Limit)], nil
}

// Correction returns one with its steps. It returns an error wrapping
// [layers.ErrNotFound] for one that the caller may not see.
func (s *Store) Correction(ctx context.Context, by access.Scope, id int64) (Correction, error) {
	none := fmt.Errorf("correction %d: %w", id, layers.ErrNotFound)
	rows, err := s.Layers.DB().Query(ctx, correctionSQL+"WHERE c.id = $1", id)
	if err != nil {
		return Correction{}, fmt.Errorf("correction %d: %w", id, err)
	}
	c, err := pgx.CollectExactlyOneRow(rows, scanCorrection)
	if errors.Is(err, pgx.ErrNoRows) {
		return c, none
	}
	if err != nil {
		return c, fmt.Errorf("correction %d: %w", id, err)
	}
	seen, err := s.judge(ctx, by, []Correction{c})
	if err != nil {
		return c, err
	}
	if len(seen) == 0 {
		return Correction{}, none
	}
	c = seen[0]
	rows, err = s.Layers.DB().Query(ctx, `SELECT at, login, org, action, coalesce(state, ''), due_at, opinion, detail, uuid FROM onemap.correction_step WHERE correction = $1 ORDER BY id`, id)
	if err != nil {
		return c, fmt.Errorf("correction %d: %w", id, err)
	}
	c.Steps, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (Step, error) {
		var st Step
		err := row.Scan(&st.At, &st.Login, &st.Org, &st.Action, &st.State, &st.DueAt, &st.Opinion, &st.Detail, &st.uuid)
		return st, err
	})
	if err != nil {
		return c, fmt.Errorf("correction %d: %w", id, err)
	}
	return c, nil
}

// line are the organisations for which the caller answers as their officer.
func (s *Store) line(ctx context.Context, by access.Scope) []string {
	out := []string{}
	if !by.Has(access.DepartmentOfficer) {
		return out
	}
	rows, err := s.Layers.DB().Query(ctx, `SELECT DISTINCT provider FROM onemap.correction`)
	if err != nil {
		return out // the query that follows fails too, and says so
	}
	all, _ := pgx.CollectRows(rows, pgx.RowTo[string])
	for _, org := range all {
		if by.ActsFor(org) {
			out = append(out, org)
		}
	}
	return out
}

// judge leaves out what the caller may not see, hides the value proposed for a
// field that they do not see, and says what they may do.
//
// A branch answers for the rows of its own area only; so whoever is not of the
// provider itself must see the row.
func (s *Store) judge(ctx context.Context, by access.Scope, found []Correction) ([]Correction, error) {
	who, _ := by.Person()
	inSight, err := s.inSight(ctx, by, found)
	if err != nil {
		return nil, err
	}
	out := found[:0:0]
	for _, c := range found {
		answers := by.Has(access.DepartmentOfficer) && by.ActsFor(c.Provider) && (by.Org().Code == c.Provider || inSight[c.ID])
		settles := by.Has(access.CommandCentre)
		c.Mine = c.asker == who.ID && who.ID != 0
		if !c.Mine && !answers && !settles {
			continue
		}
		l, right, err := s.visible(ctx, by, c.Layer)
		if err != nil && !errors.Is(err, layers.ErrNotFound) {
			return nil, err
		}
		if _, ok := l.Field(c.Field); !c.Mine && c.Field != "" && (err != nil || ok && !slices.Contains(right.Fields, c.Field)) {
			c.Proposed = ""
		}
		c.Actions = []string{}
		for _, t := range Transitions {
			may := t.By == TheAsker && c.Mine || t.By == TheProvider && answers || t.By == TheCentre && settles
			if may && slices.Contains(t.From, c.State) && !(t.Action == "object" && c.objects > 0) {
				c.Actions = append(c.Actions, t.Action)
			}
		}
		out = append(out, c)
	}
	return out, nil
}

// inSight are the corrections, by number, whose feature the caller sees, and
// those of no feature.
func (s *Store) inSight(ctx context.Context, by access.Scope, found []Correction) (map[int64]bool, error) {
	out := map[int64]bool{}
	byLayer := map[string][]Correction{}
	for _, c := range found {
		if c.Feature == 0 {
			out[c.ID] = true
		} else if by.ActsFor(c.Provider) && by.Org().Code != c.Provider {
			byLayer[c.Layer] = append(byLayer[c.Layer], c)
		}
	}
	for name, cs := range byLayer {
		l, right, err := s.visible(ctx, by, name)
		if errors.Is(err, layers.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		var any where.Any
		for _, c := range cs {
			any = append(any, where.Eq{Field: "id", Value: c.Feature})
		}
		seen := map[int64]bool{}
		for f, err := range s.Layers.Features(ctx, layers.Query{Layer: l, Where: where.And(right.Where, any)}) {
			if err != nil {
				return nil, err
			}
			seen[f.ID] = true
		}
		for _, c := range cs {
			out[c.ID] = seen[c.Feature]
		}
	}
	return out, nil
}

// Waiting is how many corrections wait for the caller.
type Waiting struct {
	ToAnswer int `json:"to_answer" doc:"As the provider's officer"`
	Overdue  int `json:"overdue" doc:"Of these"`
	Returned int `json:"returned" doc:"The caller's own, to which the provider asks for more"`
	Disputed int `json:"disputed" doc:"For the command centre"`
}

// Waiting counts the corrections that wait for the caller.
func (s *Store) Waiting(ctx context.Context, by access.Scope) (Waiting, error) {
	var w Waiting
	all, err := s.Corrections(ctx, by, CorrectionQuery{ToAnswer: true, Limit: 500})
	if err != nil {
		return w, err
	}
	for _, c := range all {
		switch {
		case c.State == Returned:
			w.Returned++
		case c.State == Disputed:
			w.Disputed++
		default:
			w.ToAnswer++
			if c.DueAt != nil && c.DueAt.Before(s.now()) {
				w.Overdue++
			}
		}
	}
	return w, nil
}
