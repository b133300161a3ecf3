package incident

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/feed"
)

// staleAfter is how long a position stands without news: a phone that died
// must not leave its owner on the map.
const staleAfter = 30 * time.Minute

// SetPosition puts the caller, a worker on duty, on the map. There is one row
// a worker and no history.
func (s *Store) SetPosition(ctx context.Context, scope access.Scope, at Place, accuracyM float64) (feed.Cursor, error) {
	who, ok := scope.Person()
	if !ok {
		return feed.Cursor{}, access.ErrUnauthenticated
	}
	if !scope.Has(access.GridWorker) {
		return feed.Cursor{}, fmt.Errorf("set position: %w", access.ErrForbidden)
	}
	if !(accuracyM >= 0 && accuracyM <= 1e6) {
		return feed.Cursor{}, &layers.InputError{Field: "accuracy_m", Value: fmt.Sprint(accuracyM), Remedy: "0 to 1,000,000 metres"}
	}
	loc, err := s.locate(ctx, "place", at)
	if err != nil {
		return feed.Cursor{}, err
	}
	_, err = s.Layers.DB().Exec(ctx, `INSERT INTO map.worker (person, name, org, accuracy_m, crs, geom)
		VALUES (@person, @name, @org, @accuracy, @crs, @geom)
		ON CONFLICT (person) DO UPDATE SET name = excluded.name, org = excluded.org, accuracy_m = excluded.accuracy_m,
			crs = excluded.crs, geom = excluded.geom, seen_at = now(), updated_at = now(),
			grid_code = NULL, area_code = NULL -- found anew by the trigger`,
		pgx.NamedArgs{"person": who.ID, "name": who.Name, "org": who.Org, "accuracy": float32(accuracyM), "crs": loc.crs.String(), "geom": loc.at})
	if err != nil {
		return feed.Cursor{}, fmt.Errorf("set position: %w", err)
	}
	return feed.Now(ctx, s.Layers.DB())
}

// OffDuty takes the caller off the map.
func (s *Store) OffDuty(ctx context.Context, scope access.Scope) (feed.Cursor, error) {
	who, ok := scope.Person()
	if !ok {
		return feed.Cursor{}, access.ErrUnauthenticated
	}
	_, err := s.Layers.DB().Exec(ctx, `DELETE FROM map.worker WHERE person = @person`, pgx.NamedArgs{"person": who.ID})
	if err != nil {
		return feed.Cursor{}, fmt.Errorf("go off duty: %w", err)
	}
	return feed.Now(ctx, s.Layers.DB())
}

// Sweep takes positions that are old off the map, and photos that no incident
// came to show out of the store. Call it every few minutes.
func (s *Store) Sweep(ctx context.Context) error {
	_, err := s.Layers.DB().Exec(ctx, `DELETE FROM map.worker WHERE seen_at < now() - make_interval(secs => @age)`,
		pgx.NamedArgs{"age": staleAfter.Seconds()})
	if err != nil {
		return fmt.Errorf("sweep positions: %w", err)
	}
	if s.Photos == nil {
		return nil
	}
	return s.Photos.sweep(ctx)
}
