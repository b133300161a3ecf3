package layers

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// registry is the layers in memory.
type registry struct {
	turn chan struct{} // held by who reads it from the database, which mu is not

	mu        sync.Mutex
	read      time.Time // when all was read; zero: never, or no longer true
	forgotten int       // how often it was
	all       []Layer
	portal    bool // of open data: on
	byName    map[string]Layer
}

// ForgetRegistry makes the next call read the registry anew. The feed's reader
// calls it when a row of the registry changed.
func (s *Store) ForgetRegistry() {
	s.registry.mu.Lock()
	defer s.registry.mu.Unlock()
	s.registry.read = time.Time{}
	s.registry.forgotten++
}

// remembered returns the layers if they are still to be believed, and how
// often they were forgotten.
func (r *registry) remembered() (all []Layer, ok bool, forgotten int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.all, time.Since(r.read) < registryAge, r.forgotten
}

// remember keeps what was read, which is old again if it was forgotten meanwhile.
func (r *registry) remember(all []Layer, portal bool, forgotten int) {
	byName := make(map[string]Layer, len(all))
	for _, l := range all {
		byName[l.Name] = l
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all, r.byName, r.portal, r.read = all, byName, portal, time.Now()
	if r.forgotten != forgotten {
		r.read = time.Time{}
	}
}

// Layers returns all layers in the order of the layer list. The caller must
// not change what it gets.
func (s *Store) Layers(ctx context.Context) ([]Layer, error) {
	r := &s.registry
	if all, ok, _ := r.remembered(); ok {
		return all, nil
	}
	select {
	case r.turn <- struct{}{}:
		defer func() { <-r.turn }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	all, ok, forgotten := r.remembered() // another may have read it meanwhile
	if ok {
		return all, nil
	}
	all, portal, err := s.readRegistry(ctx)
	if err != nil {
		return nil, err
	}
	r.remember(all, portal, forgotten)
	return all, nil
}

// Layer returns the layer of that name. It returns an error wrapping
// [ErrNotFound] if there is none.
func (s *Store) Layer(ctx context.Context, name string) (Layer, error) {
	if _, err := s.Layers(ctx); err != nil {
		return Layer{}, err
	}
	s.registry.mu.Lock()
	defer s.registry.mu.Unlock()
	l, ok := s.registry.byName[name]
	if !ok {
		return Layer{}, fmt.Errorf("layer %q: %w", name, ErrNotFound)
	}
	return l, nil
}

// Portal says whether the portal of open data is on.
func (s *Store) Portal(ctx context.Context) (bool, error) {
	if _, err := s.Layers(ctx); err != nil {
		return false, err
	}
	s.registry.mu.Lock()
	defer s.registry.mu.Unlock()
	return s.registry.portal, nil
}

//go:embed sql/registry.sql
var registrySQL string

func (s *Store) readRegistry(ctx context.Context) (all []Layer, portal bool, err error) {
	rows, err := s.db.Query(ctx, registrySQL)
	if err != nil {
		return nil, false, fmt.Errorf("read layer registry: %w", err)
	}
	all, err = pgx.CollectRows(rows, pgx.RowToStructByName[Layer])
	if err != nil {
		return nil, false, fmt.Errorf("read layer registry: %w", err)
	}
	for i := range all {
		if all[i].Version, err = version(all[i]); err != nil {
			return nil, false, fmt.Errorf("read layer registry: %w", err)
		}
	}
	err = s.db.QueryRow(ctx, `SELECT coalesce((SELECT value = 'true' FROM onemap.setting WHERE key = 'open.portal'), false)`).Scan(&portal)
	if err != nil {
		return nil, false, fmt.Errorf("read layer registry: %w", err)
	}
	return all, portal, nil
}

// version is a hash of a layer's definition. JSON writes the keys of a map in
// their order.
func version(l Layer) (uint64, error) {
	b, err := json.Marshal(l)
	if err != nil {
		return 0, fmt.Errorf("layer %s: %w", l.Name, err)
	}
	h := fnv.New64a()
	h.Write(b)
	return h.Sum64(), nil
}

// isNoRows says whether a query found nothing.
func isNoRows(err error) bool { return errors.Is(err, pgx.ErrNoRows) }
