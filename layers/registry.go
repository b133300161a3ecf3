package layers

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// registry is the layers in memory.
type registry struct {
	mu     sync.Mutex
	read   time.Time // when all was read; zero: never, or no longer true
	all    []Layer
	byName map[string]Layer
}

// ForgetRegistry makes the next call read the registry anew. The feed's reader
// calls it when a row of the registry changed.
func (s *Store) ForgetRegistry() {
	s.registry.mu.Lock()
	defer s.registry.mu.Unlock()
	s.registry.read = time.Time{}
}

// Layers returns all layers in the order of the layer list. The caller must
// not change what it gets.
func (s *Store) Layers(ctx context.Context) ([]Layer, error) {
	s.registry.mu.Lock()
	defer s.registry.mu.Unlock()
	if time.Since(s.registry.read) < registryAge {
		return s.registry.all, nil
	}
	all, err := s.readRegistry(ctx)
	if err != nil {
		return nil, err
	}
	s.registry.all, s.registry.read = all, time.Now()
	s.registry.byName = make(map[string]Layer, len(all))
	for _, l := range all {
		s.registry.byName[l.Name] = l
	}
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

//go:embed sql/registry.sql
var registrySQL string

func (s *Store) readRegistry(ctx context.Context) ([]Layer, error) {
	rows, err := s.db.Query(ctx, registrySQL)
	if err != nil {
		return nil, fmt.Errorf("read layer registry: %w", err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByName[Layer])
	if err != nil {
		return nil, fmt.Errorf("read layer registry: %w", err)
	}
	return all, nil
}

// isNoRows says whether a query found nothing.
func isNoRows(err error) bool { return errors.Is(err, pgx.ErrNoRows) }
