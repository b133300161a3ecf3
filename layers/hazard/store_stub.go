package hazard

import (
	"context"

	"onemap/geo/where"
	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/feed"
)

// A Query asks for hazards.
type Query struct {
	Filter where.Cond // on the fields the caller may see; nil: all
	Mine   bool       // found by the caller
	Open   bool       // neither closed nor void
	Text   string     // in the title, the description, the place, the enterprise's name; or the number
	Page   string     // "" or what an earlier answer called next
	Limit  int        // 1 to 1000; 0: 100
}

func (s *Store) Report(ctx context.Context, scope access.Scope, r Report) (h Hazard, at feed.Cursor, again bool, err error) {
	return h, at, false, layers.ErrNotFound
}
func (s *Store) Act(ctx context.Context, scope access.Scope, id int64, do Action) (h Hazard, at feed.Cursor, again bool, err error) {
	return h, at, false, layers.ErrNotFound
}
func (s *Store) Get(ctx context.Context, scope access.Scope, id int64) (Hazard, error) {
	return Hazard{}, layers.ErrNotFound
}
func (s *Store) List(ctx context.Context, scope access.Scope, q Query) (found []Hazard, next string, err error) {
	return nil, "", nil
}
