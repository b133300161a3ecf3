package tilefeed

import (
	"context"
	"slices"
	"sync/atomic"

	"onemap/tiles"
)

var _ tiles.Source = (*Keeper)(nil)

// Tile implements [tiles.Source]. A layer that is not in step with the log is
// not Held; its being asked for is remembered.
func (k *Keeper) Tile(ctx context.Context, r tiles.Request) ([]tiles.Part, error) {
	parts := make([]tiles.Part, len(r.Layers))
	for _, q := range r.Layers {
		k.count(q.Name)
	}
	// The position first, then what is live: a layer that is live after it was
	// in step when the position was reached.
	at := k.Position()
	if at == 0 {
		return parts, nil
	}
	live := *k.live.Load()
	asked := r
	asked.Layers = make([]tiles.LayerRequest, 0, len(r.Layers))
	place := make([]int, 0, len(r.Layers))
	for i, q := range r.Layers {
		if p := live[q.Name]; p != nil && p.layer.Version == q.Version {
			q.Fields = p.shown(q.Fields)
			asked.Layers, place = append(asked.Layers, q), append(place, i)
		}
	}
	if len(place) == 0 {
		return parts, nil
	}
	made, err := k.mem.Tile(ctx, asked)
	if err != nil {
		return nil, err
	}
	for j, i := range place {
		parts[i] = made[j]
		// Content may be newer than the position, never older.
		parts[i].LSN = max(parts[i].LSN, at)
	}
	return parts, nil
}

// shown leaves out the fields that no tile shows and memory does not keep.
func (p *plan) shown(fields []string) []string {
	unseen := func(name string) bool { return p.unseen[name] }
	if !slices.ContainsFunc(fields, unseen) {
		return fields
	}
	return slices.DeleteFunc(slices.Clone(fields), unseen)
}

// count remembers that a layer's tile was asked for.
func (k *Keeper) count(name string) {
	n, ok := k.asked.Load(name)
	if !ok {
		n, _ = k.asked.LoadOrStore(name, new(atomic.Uint64))
	}
	n.(*atomic.Uint64).Add(1)
}
