package quality

import (
	"context"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
	"onemap/layers/access"
)

// AddRuleTx is [Store.AddRule] in the transaction that makes the layer. The
// caller has judged that by may make it, and records it.
func (s *Store) AddRuleTx(ctx context.Context, tx pgx.Tx, by access.Scope, l layers.Layer, r Rule) (Rule, error) {
	return s.addRule(ctx, tx, by, l, r)
}
