package web

import (
	"context"
	"time"

	"onemap/layers/match"
)

// Pairs of a plan: the queue of those that a person should look at, the links
// that hold, and where linked rows contradict each other.

type matchSideBody struct {
	Key     string     `json:"key" doc:"The register's own: source_key"`
	ID      int64      `json:"id" doc:"Of the feature, until the next import"`
	Place   *[]float64 `json:"place,omitempty" doc:"[lon, lat]"`
	Names   []string   `json:"names" nullable:"false"`
	Address string     `json:"address,omitempty"`
	Code    string     `json:"code,omitempty"`
	Numbers []string   `json:"numbers,omitempty" nullable:"false"`
}

func matchSide(s match.Side) matchSideBody {
	b := matchSideBody{Key: s.Key, ID: s.ID, Names: append([]string{}, s.Names...), Address: s.Address, Code: s.Code, Numbers: s.Numbers}
	if s.Place != nil {
		b.Place = &[]float64{s.Place[0], s.Place[1]}
	}
	return b
}

type matchReasonBody struct {
	Field   string  `json:"field" doc:"name, address, code, number, distance, rivals, house"`
	Level   string  `json:"level" doc:"How the two agree: same, same_but_form, same_sound, other_language, similar, shortened, near, partly, different …"`
	Bits    float64 `json:"bits" doc:"Above 0 for the two being the same, below against: one bit doubles the odds"`
	WordsZH string  `json:"words_zh"`
	WordsEN string  `json:"words_en"`
}

// MatchPairInfo is two rows that are the same, may be, or are not.
type MatchPairInfo struct {
	Left      matchSideBody     `json:"left"`
	Right     matchSideBody     `json:"right"`
	How       string            `json:"how,omitempty" enum:"person,machine" doc:"Who linked them; absent: they are not linked"`
	Score     float64           `json:"score" doc:"Probability that they are the same, 0 to 1"`
	Rank      int               `json:"rank" doc:"Among the candidates of the left row"`
	Reasons   []matchReasonBody `json:"reasons" nullable:"false"`
	Since     time.Time         `json:"since"`
	Changed   bool              `json:"changed" doc:"What was compared is other than when a person decided"`
	DecidedBy string            `json:"decided_by,omitempty"`
	DecidedAt *time.Time        `json:"decided_at,omitempty"`
	Note      string            `json:"note,omitempty"`
}

func matchPairInfo(p match.Pair) MatchPairInfo {
	out := MatchPairInfo{Left: matchSide(p.Left), Right: matchSide(p.Right), How: p.How, Score: p.Score, Rank: p.Rank, Reasons: []matchReasonBody{}, Since: p.Since,
		Changed: p.Changed, DecidedBy: p.DecidedBy, DecidedAt: p.DecidedAt, Note: p.Note}
	for _, r := range p.Reasons {
		out.Reasons = append(out.Reasons, matchReasonBody{r.Field, r.Level.String(), r.Bits, r.Words(true), r.Words(false)})
	}
	return out
}

type matchPairsInput struct {
	MatchPlanInput
	State    string `query:"state" enum:"review,linked,different,changed" default:"review" doc:"changed: linked by a person, and what was compared has changed since"`
	LeftKey  string `query:"left_key" maxLength:"500"`
	RightKey string `query:"right_key" maxLength:"500"`
	Offset   int    `query:"offset" minimum:"0" maximum:"100000"`
	Limit    int    `query:"limit" minimum:"1" maximum:"500" default:"50"`
}

type matchPairsOutput struct {
	Body struct {
		Pairs []MatchPairInfo `json:"pairs" nullable:"false" doc:"Those whose rows I see both; to review the most probable first, with the other candidates of the same row"`
	}
}

func (s *Server) listMatchPairs(ctx context.Context, in *matchPairsInput) (*matchPairsOutput, error) {
	all, err := s.Matching.Pairs(ctx, scopeOf(ctx), in.Plan, match.PairQuery{State: in.State, LeftKey: in.LeftKey, RightKey: in.RightKey, Offset: in.Offset, Limit: in.Limit})
	out := &matchPairsOutput{}
	out.Body.Pairs = []MatchPairInfo{}
	for _, p := range all {
		out.Body.Pairs = append(out.Body.Pairs, matchPairInfo(p))
	}
	return out, err
}

type decideMatchInput struct {
	Request
	MatchPlanInput
	Body struct {
		LeftKey  string `json:"left_key" minLength:"1" maxLength:"500"`
		RightKey string `json:"right_key" minLength:"1" maxLength:"500"`
		Verdict  string `json:"verdict" enum:"same,different,open" doc:"open takes the decision before back"`
		Note     string `json:"note,omitempty" maxLength:"500" doc:"Why"`
	}
}

func (s *Server) decideMatch(ctx context.Context, in *decideMatchInput) (*struct{}, error) {
	b := in.Body
	return nil, s.Matching.Decide(ctx, scopeOf(ctx), in.Plan, match.Decision{LeftKey: b.LeftKey, RightKey: b.RightKey, Verdict: b.Verdict, Note: b.Note}, clientAddress(in.r))
}

type matchConflictsInput struct {
	MatchPlanInput
	Item   string `query:"item" maxLength:"48" doc:"Left out: all"`
	Offset int    `query:"offset" minimum:"0" maximum:"100000"`
	Limit  int    `query:"limit" minimum:"1" maximum:"500" default:"100"`
}

// MatchConflictInfo is what two linked rows say differently.
type MatchConflictInfo struct {
	Item      string    `json:"item"`
	TitleZH   string    `json:"title_zh"`
	TitleEN   string    `json:"title_en"`
	LeftKey   string    `json:"left_key"`
	RightKey  string    `json:"right_key"`
	LeftID    int64     `json:"left_id"`
	RightID   int64     `json:"right_id"`
	LeftName  string    `json:"left_name"`
	Left      string    `json:"left" doc:"What the left register says"`
	Right     string    `json:"right"`
	Authority string    `json:"authority,omitempty" enum:"left,right" doc:"Who is authoritative for the item; absent: not settled"`
	Basis     string    `json:"basis,omitempty" doc:"The rule that says so"`
	Mend      string    `json:"mend,omitempty" doc:"The layer that should take over the other's value"`
	MendOwner string    `json:"mend_owner,omitempty" doc:"Its owner"`
	Since     time.Time `json:"since"`
}

type matchConflictsOutput struct {
	Body struct {
		Conflicts []MatchConflictInfo `json:"conflicts" nullable:"false" doc:"Those whose rows and fields I see on both sides; values are read now, and what was mended is not shown"`
	}
}

func (s *Server) listMatchConflicts(ctx context.Context, in *matchConflictsInput) (*matchConflictsOutput, error) {
	all, err := s.Matching.Conflicts(ctx, scopeOf(ctx), in.Plan, in.Item, in.Offset, in.Limit)
	out := &matchConflictsOutput{}
	out.Body.Conflicts = []MatchConflictInfo{}
	for _, c := range all {
		out.Body.Conflicts = append(out.Body.Conflicts, MatchConflictInfo{Item: c.Item.Name, TitleZH: c.Item.TitleZH, TitleEN: c.Item.TitleEN, LeftKey: c.LeftKey, RightKey: c.RightKey,
			LeftID: c.LeftID, RightID: c.RightID, LeftName: c.LeftName, Left: c.Left, Right: c.Right, Authority: c.Item.Authority, Basis: c.Item.Basis, Mend: c.Mend, MendOwner: c.MendOwner, Since: c.Since})
	}
	return out, err
}
