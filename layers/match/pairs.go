package match

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/match/linkage"
)

// States of a pair, as they follow from what the machine found and people said.
const (
	ToReview  = "review"    // a person should look
	Linked    = "linked"    // the link holds, whoever made it
	Different = "different" // a person said they are not the same
	Changed   = "changed"   // linked by a person, and what was compared has changed since, or a row is gone
)

// undecided is the part of a condition on a pair p to review: nobody decided it,
// and nobody linked its left row otherwise.
const undecided = `NOT EXISTS (SELECT FROM onemap.match_decided d WHERE d.plan = p.plan AND d.left_key = p.left_key AND (d.right_key = p.right_key AND d.verdict <> 'open' OR d.verdict = 'same'))`

// A Side is one row of a pair as the caller may see it.
type Side struct {
	Key     string
	ID      int64 // of the feature
	Place   *orb.Point
	Names   []string
	Address string
	Code    string
	Numbers []string
}

// A Pair is two rows with what is known of them.
type Pair struct {
	Left, Right Side
	State       string
	How         string // person, machine; "": no link
	Score       float64
	Rank        int
	Reasons     []linkage.Reason
	Since       time.Time
	Changed     bool // what was compared is other than when a person decided
	DecidedBy   string
	DecidedAt   *time.Time
	Note        string
}

// A PairQuery asks for pairs of a plan.
type PairQuery struct {
	State    string // one of the states
	LeftKey  string // "": all
	RightKey string
	Offset   int // at most 100,000
	Limit    int // 1 to 500; 0: 50
}

// pairsSQL are the pairs of one state, as (left_key, right_key, how, score, rank, reasons, since, changed, by, at, note).
var pairsSQL = map[string]string{
	ToReview: `SELECT p.left_key, p.right_key, '' AS how, p.score, p.rank, p.reasons, p.since, false AS changed, NULL::text AS by, NULL::timestamptz AS at, '' AS note
		FROM onemap.match_pair p WHERE p.plan = $1 AND p.verdict = 'review' AND ` + undecided,
	Linked: `SELECT k.left_key, k.right_key, k.how, coalesce(p.score, 0) AS score, coalesce(p.rank, 1) AS rank, coalesce(p.reasons, '[]') AS reasons, k.since, k.changed_since AS changed,
			d.decided_by AS by, d.decided_at AS at, coalesce(d.note, '') AS note
		FROM onemap.match_link k LEFT JOIN onemap.match_pair p USING (plan, left_key, right_key)
		LEFT JOIN onemap.match_decided d ON d.plan = k.plan AND d.left_key = k.left_key AND d.right_key = k.right_key AND d.verdict = 'same' WHERE k.plan = $1`,
	Different: `SELECT d.left_key, d.right_key, '' AS how, 0::real AS score, 1::smallint AS rank, '[]'::jsonb AS reasons, d.decided_at AS since, false AS changed, d.decided_by AS by, d.decided_at AS at, d.note
		FROM onemap.match_decided d WHERE d.plan = $1 AND d.verdict = 'different'`,
}

func init() { pairsSQL[Changed] = pairsSQL[Linked] + ` AND k.changed_since` }

// Pairs returns pairs of one state whose rows the caller sees both: to review
// the most probable first, others by key. A pair whose row is not there any
// more is not shown, though its link stays.
func (s *Store) Pairs(ctx context.Context, by access.Scope, plan string, q PairQuery) ([]Pair, error) {
	sql, ok := pairsSQL[q.State]
	if !ok {
		return nil, &layers.InputError{Field: "state", Value: layers.Short(q.State), Remedy: "review, linked, different or changed"}
	}
	sum, err := s.Get(ctx, by, plan)
	if err != nil {
		return nil, err
	}
	of, err := s.layersOf(ctx, by, sum.Plan)
	if err != nil {
		return nil, err
	}
	args := layers.Args{plan}
	left, err := sideSQL(of.left, of.leftRight, sum.Left, &args)
	if err != nil {
		return nil, err
	}
	right, err := sideSQL(of.right, of.rightRight, sum.Right, &args)
	if err != nil {
		return nil, err
	}
	full := `SELECT l.side, r.side, q.how, q.score, q.rank, q.reasons, q.since, q.changed, coalesce(q.by, ''), q.at, q.note
		FROM (` + sql + `) q JOIN (` + left + `) l ON l.source_key = q.left_key JOIN (` + right + `) r ON r.source_key = q.right_key WHERE true`
	if q.LeftKey != "" {
		full += ` AND q.left_key = ` + args.Add(q.LeftKey)
	}
	if q.RightKey != "" {
		full += ` AND q.right_key = ` + args.Add(q.RightKey)
	}
	if q.State == ToReview {
		full += ` ORDER BY max(q.score) OVER (PARTITION BY q.left_key) DESC, q.left_key, q.rank, q.right_key`
	} else {
		full += ` ORDER BY q.left_key, q.right_key`
	}
	if q.Limit == 0 {
		q.Limit = 50
	}
	full += ` LIMIT ` + args.Add(min(q.Limit, 500)) + ` OFFSET ` + args.Add(min(q.Offset, 100_000))
	rows, err := s.Layers.DB().Query(ctx, full, args...)
	if err != nil {
		return nil, fmt.Errorf("pairs of %s: %w", plan, err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (Pair, error) {
		p := Pair{State: q.State}
		var left, right, reasons []byte
		var score float32
		if err := row.Scan(&left, &right, &p.How, &score, &p.Rank, &reasons, &p.Since, &p.Changed, &p.DecidedBy, &p.DecidedAt, &p.Note); err != nil {
			return p, err
		}
		p.Score = float64(score)
		if err := p.Left.read(left); err != nil {
			return p, err
		}
		if err := p.Right.read(right); err != nil {
			return p, err
		}
		return p, json.Unmarshal(reasons, &p.Reasons)
	})
}

// sideSQL reads the rows of a layer that the caller may see as
// (source_key, side); fields that they may not see are empty.
func sideSQL(l layers.Layer, right access.Right, roles Roles, args *layers.Args) (string, error) {
	cond, err := l.SQL(right.Where, args)
	if err != nil {
		return "", err
	}
	text := func(fields []string) string {
		parts := []string{}
		for _, f := range fields {
			if slices.Contains(right.Fields, f) {
				parts = append(parts, "coalesce(f."+pgx.Identifier{f}.Sanitize()+"::text, '')")
			}
		}
		return "jsonb_build_array(" + strings.Join(parts, ", ") + ")"
	}
	code := []string{}
	if roles.Code != "" {
		code = []string{roles.Code}
	}
	return `SELECT f.source_key, jsonb_build_object('Key', f.source_key, 'ID', f.id, 'At', ARRAY[ST_X(ST_PointOnSurface(f.geom)), ST_Y(ST_PointOnSurface(f.geom))],
		'Names', ` + text(roles.Names) + `, 'Address', ` + text(roles.Address) + `, 'Code', ` + text(code) + `, 'Numbers', ` + text(roles.Numbers) + `) AS side
		FROM ` + pgx.Identifier{"map", l.Name}.Sanitize() + ` f WHERE (` + cond + `)`, nil
}

func (s *Side) read(b []byte) error {
	var v struct {
		Key                           string
		ID                            int64
		At                            []*float64
		Names, Address, Code, Numbers []string
	}
	if err := json.Unmarshal(b, &v); err != nil {
		return err
	}
	filled := func(all []string) []string {
		return slices.DeleteFunc(all, func(t string) bool { return t == "" || isIdentityNumber(t) })
	}
	*s = Side{Key: v.Key, ID: v.ID, Names: filled(v.Names), Address: strings.Join(filled(v.Address), " "), Code: strings.Join(filled(v.Code), ""), Numbers: filled(v.Numbers)}
	if len(v.At) == 2 && v.At[0] != nil && v.At[1] != nil {
		s.Place = &orb.Point{*v.At[0], *v.At[1]}
	}
	return nil
}
