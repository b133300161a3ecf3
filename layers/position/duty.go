package position

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/feed"
)

// A duty is a time on duty.
type duty struct{ began, ended time.Time } // ended zero: it goes on

func within(ds []duty, at time.Time) bool {
	return slices.ContainsFunc(ds, func(d duty) bool { return !at.Before(d.began) && (d.ended.IsZero() || !at.After(d.ended)) })
}

func sortOwned(ps []owned) {
	slices.SortStableFunc(ps, func(a, b owned) int { return a.at.Compare(b.at) })
}

// dutiesOf reads the duties of those workers of a batch who have positions from
// before they came on the map.
func dutiesOf(ctx context.Context, tx pgx.Tx, by map[int64]*moved) (map[int64][]duty, error) {
	var asked []int64
	for person, m := range by {
		if !m.onMap || slices.ContainsFunc(m.points, func(p owned) bool { return p.at.Before(m.row.since) }) {
			asked = append(asked, person)
		}
	}
	if asked == nil {
		return nil, nil
	}
	rows, err := tx.Query(ctx, `SELECT person, began, ended FROM onemap.duty WHERE person = ANY(@persons)`, pgx.NamedArgs{"persons": asked})
	if err != nil {
		return nil, fmt.Errorf("read duties: %w", err)
	}
	out := map[int64][]duty{}
	var person int64
	var began time.Time
	var ended *time.Time
	if _, err := pgx.ForEachRow(rows, []any{&person, &began, &ended}, func() error {
		d := duty{began: began}
		if ended != nil {
			d.ended = *ended
		}
		out[person] = append(out[person], d)
		return nil
	}); err != nil {
		return nil, fmt.Errorf("read duties: %w", err)
	}
	return out, nil
}

// goOnDuty puts workers on duty and on the map. Who has gone off duty after all of the positions that
// came stays so: a message that was overtaken puts nobody back on the map.
func (s *Store) goOnDuty(ctx context.Context, items []*item) error {
	slices.SortStableFunc(items, func(a, b *item) int { return int(a.person - b.person) })
	ground, err := s.known.now(ctx, s)
	if err != nil {
		return err
	}
	// When a shift begins, many come at once: what is done is kept, should the
	// time for the rest be over.
	for some := range slices.Chunk(items, 100) {
		err = pgx.BeginFunc(ctx, s.db(), func(tx pgx.Tx) error {
			for _, it := range some {
				if err := s.begin(ctx, tx, it, ground); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("go on duty: %w", err)
		}
	}
	return nil
}

func (s *Store) begin(ctx context.Context, tx pgx.Tx, it *item, g *ground) error {
	it.asked = true
	sortPoints(it.points)
	// One at a time for each worker, on all nodes.
	if _, err := tx.Exec(ctx, `SELECT FROM onemap.person WHERE id = @person FOR NO KEY UPDATE`, pgx.NamedArgs{"person": it.person}); err != nil {
		return err
	}
	var open *time.Time
	var ended *time.Time
	err := tx.QueryRow(ctx, `SELECT max(began) FILTER (WHERE ended IS NULL), max(ended) FROM onemap.duty WHERE person = @person`,
		pgx.NamedArgs{"person": it.person}).Scan(&open, &ended)
	if err != nil {
		return err
	}
	latest := it.points[len(it.points)-1]
	if ended != nil && !latest.at.After(*ended) {
		return nil
	}
	var began, had time.Time
	if open != nil { // the phone was silent, and is back
		began = *open
		var last *time.Time
		if err := tx.QueryRow(ctx, `SELECT max(at) FROM onemap.position WHERE person = @person AND at >= @began`, pgx.NamedArgs{"person": it.person, "began": began}).Scan(&last); err != nil {
			return err
		}
		if last != nil {
			had = *last
		}
		if !latest.at.After(had) || latest.at.Before(began) {
			return nil
		}
	} else {
		began = it.points[0].at
		if !it.since.IsZero() {
			began = it.since.UTC().Truncate(time.Microsecond)
		}
		if ended != nil && !began.After(*ended) {
			began = ended.Add(time.Microsecond)
		}
		if began.After(latest.at) {
			began = latest.at
		}
		if _, err := tx.Exec(ctx, `INSERT INTO onemap.duty (person, began) VALUES (@person, @began)`, pgx.NamedArgs{"person": it.person, "began": began}); err != nil {
			return err
		}
		if err := access.RecordTx(ctx, tx, it.by, access.Entry{Action: "duty.begin", Object: "person/" + it.login, Result: access.Done, Address: it.address,
			Detail: map[string]any{"began": began}}); err != nil {
			return err
		}
	}
	// The row's time is before all that is new, so that it makes its events.
	if had.IsZero() {
		had = began.Add(-time.Microsecond)
	}
	grid, area := g.grids.At(latest.lonlat)
	_, err = tx.Exec(ctx, `INSERT INTO map.worker (person, name, org, accuracy_m, crs, geom, at, since, grid_code, area_code)
		VALUES (@person, @name, @org, @accuracy, @crs, ST_Point(@lon, @lat, 4326), @at, @since, @grid, @area) ON CONFLICT (person) DO NOTHING`,
		pgx.NamedArgs{"person": it.person, "name": it.name, "org": it.org, "accuracy": latest.accuracy, "crs": latest.crs, "lon": latest.lonlat[0], "lat": latest.lonlat[1],
			"at": had, "since": began, "grid": grid, "area": area})
	return err
}

// OffDuty takes the caller off the map at once, and ends the duty: at a time that
// has passed where at is not zero (the phone had no signal), and positions from
// after it are deleted. Who is not on duty stays so.
func (s *Store) OffDuty(ctx context.Context, scope access.Scope, address string, at time.Time) (feed.Cursor, error) {
	who, ok := scope.Person()
	if !ok {
		return feed.Cursor{}, access.ErrUnauthenticated
	}
	now := time.Now().UTC().Truncate(time.Microsecond)
	ended := now
	if !at.IsZero() {
		if at.After(now.Add(maxAhead)) {
			return feed.Cursor{}, &layers.InputError{Field: "at", Value: at.Format(time.RFC3339), Remedy: "a time that has come"}
		}
		if at = at.UTC().Truncate(time.Microsecond); at.Before(now) {
			ended = at
		}
	}
	err := pgx.BeginFunc(ctx, s.db(), func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT FROM onemap.person WHERE id = @person FOR NO KEY UPDATE`, pgx.NamedArgs{"person": who.ID}); err != nil {
			return err
		}
		if err := s.takeOff(ctx, tx, "off_duty", `person = $2`, who.ID); err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, `UPDATE onemap.duty SET ended = greatest(began, @ended) WHERE person = @person AND ended IS NULL`,
			pgx.NamedArgs{"person": who.ID, "ended": ended})
		if err != nil || tag.RowsAffected() == 0 {
			return err
		}
		// Sent by mistake, or by a phone whose message to end came late.
		tag, err = tx.Exec(ctx, `DELETE FROM onemap.position WHERE person = @person AND at > @ended`, pgx.NamedArgs{"person": who.ID, "ended": ended})
		if err != nil {
			return err
		}
		// Nor does anything tell where they were after that.
		if _, err := tx.Exec(ctx, `WITH later AS (
				DELETE FROM map.fence_event WHERE person = @person AND at > @ended AND why <> 'off_duty' RETURNING fence, what
			), never AS (
				DELETE FROM map.fence_event WHERE person = @person AND at > @ended AND why = 'off_duty' AND fence IN (SELECT fence FROM later WHERE what = 'enter') RETURNING id)
			UPDATE map.fence_event SET at = @ended WHERE person = @person AND at > @ended AND why = 'off_duty' AND fence NOT IN (SELECT fence FROM later WHERE what = 'enter')`,
			pgx.NamedArgs{"person": who.ID, "ended": ended}); err != nil {
			return err
		}
		return access.RecordTx(ctx, tx, scope, access.Entry{Action: "duty.end", Object: "person/" + who.Login, Result: access.Done, Address: address,
			Detail: map[string]any{"ended": ended, "positions_deleted": tag.RowsAffected()}})
	})
	if err != nil {
		return feed.Cursor{}, fmt.Errorf("go off duty: %w", err)
	}
	return feed.Now(ctx, s.db())
}

// takeOff takes workers off the map, whose row holds a condition on map.worker
// under the alias w; they leave the fences that they were in. Its first
// parameter is taken.
func (s *Store) takeOff(ctx context.Context, tx pgx.Tx, why, cond string, args ...any) error {
	g, err := s.known.now(ctx, s)
	if err != nil {
		return err
	}
	rows, err := tx.Query(ctx, `WITH gone AS (
			SELECT id FROM map.worker w WHERE `+cond+` ORDER BY person FOR UPDATE
		), off AS (
			DELETE FROM map.worker d USING gone WHERE d.id = gone.id RETURNING d.*
		), ev AS (
			INSERT INTO map.fence_event (person, name, org, fence, fence_name, what, why, accuracy_m, at, geom, grid_code, area_code, crs)
			SELECT person, name, org, f, f, 'leave', $1, coalesce(accuracy_m, 0), greatest(at, CASE WHEN $1 = 'silent' THEN seen_at ELSE now() END), geom, grid_code, area_code, crs
			FROM off, unnest(off.fences) f RETURNING id, fence)
		SELECT id, fence FROM ev`, append([]any{why}, args...)...)
	if err != nil {
		return err
	}
	var ids []int64
	var names []string
	var id int64
	var fence string
	if _, err := pgx.ForEachRow(rows, []any{&id, &fence}, func() error {
		ids, names = append(ids, id), append(names, g.title(fence))
		return nil
	}); err != nil || ids == nil {
		return err
	}
	_, err = tx.Exec(ctx, `UPDATE map.fence_event e SET fence_name = u.name FROM unnest($1::bigint[], $2::text[]) u (id, name) WHERE e.id = u.id`, ids, names)
	return err
}
