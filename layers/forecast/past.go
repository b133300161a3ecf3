package forecast

import (
	"context"

	"onemap/layers/access"
)

// Judge holds what an order would be made by against the past, and keeps nothing:
// no run, no cells, no champion. It returns what [Store.Order] does of an order
// that cannot be, and an [layers.InputError] for cases that no forecast can be
// made of.
func (s *Store) Judge(ctx context.Context, by access.Scope, o Order) (Reliability, error) {
	set, err := s.settings(ctx)
	if err != nil {
		return Reliability{}, err
	}
	if !set.enabled {
		return Reliability{}, ErrOff
	}
	if o.Dept, err = s.mayOrder(ctx, by, o.Dept); err != nil {
		return Reliability{}, err
	}
	p, _, err := s.params(ctx, o, set)
	if err != nil {
		return Reliability{}, err
	}
	m, _, _, err := s.material(ctx, p, set.gate, classKey(p.Classes), frameOf(p))
	if err != nil {
		return Reliability{}, err
	}
	out, err := compute(ctx, m, func(string, float64) {})
	if err != nil {
		return Reliability{}, err
	}
	return out.trust, nil
}
