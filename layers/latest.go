package layers

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// Latest returns the latest time that a layer of counts has in the release for
// an audience, whoever may see it; the zero time where it has no rows. It is one
// look into the index.
func (s *Store) Latest(ctx context.Context, l Layer, audience string) (time.Time, error) {
	var at *time.Time
	err := s.db.QueryRow(ctx, "SELECT max("+pgx.Identifier{l.TimeField}.Sanitize()+")::timestamptz FROM "+l.table()+" WHERE "+AudienceField+" = $1", audience).Scan(&at)
	if err != nil {
		return time.Time{}, fmt.Errorf("latest of %s: %w", l.Name, err)
	}
	if at == nil {
		return time.Time{}, nil
	}
	return *at, nil
}
