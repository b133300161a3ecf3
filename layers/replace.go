package layers

import (
	"context"

	"github.com/jackc/pgx/v5/pgxpool"
)

// Replace puts new content in the place of a whole table of schema map, all or
// nothing: fill writes a staging table (an empty copy without indexes, foreign
// keys and triggers, named by staging, quoted and with its schema), in as many short transactions as it
// likes; then indexes, keys and triggers are built, and in one short
// transaction the new table takes the old one's name and place in the
// publication, and the feed is told. Until then readers see the old content.
// If fill fails, or the process dies, the old table stays as it was.
func (s *Store) Replace(ctx context.Context, table string, fill func(ctx context.Context, db *pgxpool.Pool, staging string) error) error {
	panic("being written")
}
