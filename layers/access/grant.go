package access

import (
	"slices"
	"time"

	"onemap/layers"
)

// A Grant lets an organisation see a layer that is shared on conditions (有条件共享).
type Grant struct {
	ID        int64
	Layer     string
	Org       string
	Fields    []string // names, sensitive ones too; nil: all that are not sensitive
	AreaCode  string   // prefix of area_code; "": the area of whoever uses the grant
	Reason    string   // the legal ground or the duty
	GrantedBy string   // login
	GrantedAt time.Time
	EndsAt    time.Time // zero: does not end by itself
	RevokedAt time.Time // zero: not revoked
}

func (g Grant) inForce(now time.Time) bool {
	return g.RevokedAt.IsZero() && (g.EndsAt.IsZero() || now.Before(g.EndsAt))
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
