package access

import (
	"slices"
	"time"

	"onemap/geo/where"
	"onemap/layers"
)

// A Grant lets an organisation see a layer that is shared on conditions (有条件共享).
type Grant struct {
	ID        int64
	Layer     string
	Org       string
	Fields    []string // names, sensitive ones too; nil: all that are not sensitive
	AreaCode  string   // prefix of area_code; "": the area of whoever uses the grant
	Grids     []string // codes of grids of any kind, within the area; nil: all of it; empty: none
	Request   int64    // the request that it answers; 0: given by hand
	Reason    string   // the legal ground or the duty
	GrantedBy string   // login
	GrantedAt time.Time
	EndsAt    time.Time // zero: does not end by itself
	RevokedAt time.Time // zero: not revoked
}

func (g Grant) inForce(now time.Time) bool {
	return g.RevokedAt.IsZero() && (g.EndsAt.IsZero() || now.Before(g.EndsAt))
}

// A granted is a grant with the ground that it is cut to.
type granted struct {
	Grant
	cells []string // codes that stand on rows in its grids, sorted; nil where it names none
}

// rows is the condition on the rows that the grant gives to an organisation
// that answers for an area.
func (g granted) rows(area string) where.Cond {
	if g.AreaCode != "" {
		area = g.AreaCode
	}
	if g.Grids == nil {
		return inArea(area)
	}
	return where.And(inArea(area), where.In{Field: "grid_code", Values: g.cells})
}

// fields returns those of the layer's fields that the grant gives.
func (g Grant) fields(l layers.Layer) []string {
	if g.Fields == nil {
		return fieldsOf(l, layers.Public, layers.Internal)
	}
	out := make([]string, 0, len(g.Fields))
	for _, f := range l.Fields {
		if slices.Contains(g.Fields, f.Name) {
			out = append(out, f.Name)
		}
	}
	return out
}
