package accountability

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
)

// activityEvery is how often layers are looked at; between two looks a change
// has the time of the later.
const activityEvery = time.Minute

// Activity finds the layers whose rows were written since it was last asked, by
// whoever wrote them, SQL by hand too, and keeps when that was. It goes by the
// counters that PostgreSQL keeps of each table anyway, so no writer pays for it
// and what was written while no server ran is found by the next. Several servers
// may ask. A layer that is looked at for the first time was changed when its
// youngest row was.
//
// Given up: rows of a transaction that was rolled back are counted too.
func Activity(ctx context.Context, store *layers.Store) error {
	rows, err := store.DB().Query(ctx, `
		WITH now_at AS (
			SELECT l.name, s.n_tup_ins + s.n_tup_upd + s.n_tup_del AS n FROM onemap.layer l
			JOIN pg_stat_user_tables s ON s.schemaname = 'map' AND s.relname = l.name
		), known AS (
			-- Counters that begin anew, after a crash of the database, tell nothing until something is written.
			UPDATE onemap.layer_activity a SET changes = x.n, at = CASE WHEN x.n > 0 THEN now() ELSE a.at END
			FROM now_at x WHERE a.layer = x.name AND a.changes <> x.n
		)
		SELECT name, n, EXISTS (SELECT FROM pg_attribute WHERE attrelid = format('map.%I', name)::regclass AND attname = 'updated_at' AND NOT attisdropped)
		FROM now_at x WHERE NOT EXISTS (SELECT FROM onemap.layer_activity a WHERE a.layer = x.name)`)
	if err != nil {
		return fmt.Errorf("look for changes of layers: %w", err)
	}
	type layer struct {
		Name  string
		N     int64
		Dated bool
	}
	fresh, err := pgx.CollectRows(rows, pgx.RowToStructByPos[layer])
	if err != nil {
		return fmt.Errorf("look for changes of layers: %w", err)
	}
	for _, l := range fresh {
		youngest := "NULL::timestamptz"
		if l.Dated {
			youngest = "(SELECT max(updated_at) FROM " + pgx.Identifier{"map", l.Name}.Sanitize() + ")"
		}
		if _, err := store.DB().Exec(ctx, `INSERT INTO onemap.layer_activity (layer, changes, at)
			SELECT name, $2, `+youngest+` FROM onemap.layer WHERE name = $1 ON CONFLICT DO NOTHING`, l.Name, l.N); err != nil {
			return fmt.Errorf("look for changes of %s: %w", l.Name, err)
		}
	}
	return nil
}
