package quality

import (
	"context"
	"errors"
	"slices"

	"onemap/geo/where"
	"onemap/layers"
	"onemap/layers/access"
)

// compiler writes a rule for this run's table.
func (r *run) compiler(ctx context.Context, rule Rule, args *layers.Args) *compiler {
	return &compiler{source: r.src, rule: rule, args: args, store: r.Store,
		other: func(name string) (layers.Layer, access.Right, error) { return r.other(ctx, r.src.layer, name) }}
}

// other finds the layer that a rule compares with, and what the owner of the
// layer at hand may see of it: a rule must not tell more.
func (s *Store) other(ctx context.Context, layer layers.Layer, name string) (layers.Layer, access.Right, error) {
	l, err := s.Layers.Layer(ctx, name)
	if errors.Is(err, layers.ErrNotFound) {
		return l, access.Right{}, errNoTable
	}
	if err != nil {
		return l, access.Right{}, err
	}
	if l.Owner != "" && l.Owner == layer.Owner {
		return l, access.Right{Where: where.True, Fields: fieldNames(l)}, nil
	}
	if s.Directory == nil || layer.Owner == "" {
		if l.Share != layers.Unconditional || l.KFloor > 0 {
			return l, access.Right{}, errNoRight
		}
		fields := slices.DeleteFunc(fieldNames(l), func(n string) bool { f, _ := l.Field(n); return f.Sensitivity == layers.Sensitive })
		return l, access.Right{Where: where.True, Fields: fields}, nil
	}
	owner, err := s.Directory.ForOrganisation(ctx, layer.Owner)
	if errors.Is(err, layers.ErrNotFound) {
		return l, access.Right{}, errNoRight
	}
	if err != nil {
		return l, access.Right{}, err
	}
	right, visible := owner.Layer(l)
	if !visible || l.KFloor > 0 {
		return l, access.Right{}, errNoRight
	}
	return l, right, nil
}
