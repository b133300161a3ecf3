package release

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"onemap/layers"
	"onemap/layers/access"
)

// A Release is what one audience sees of one day of a layer.
type Release struct {
	ID        int64
	Layer     string
	Audience  string
	Day       time.Time // of the city
	From, To  time.Time // To does not belong to it
	Floor     int
	Rounding  int
	Shown     int64
	Below     int64 // left out: below the floor
	Secondary int64 // left out so that no sum tells another
	Unplaced  int64 // left out: no place or line to show them, or night
	MadeAt    time.Time
	MadeBy    string
	Reason    string    // why the day was released again
	Withdrawn time.Time // zero: in force
}

// Keep writes down a release in the transaction that makes it. digest is the
// SHA-256 of the counts it was made of.
func Keep(ctx context.Context, tx pgx.Tx, by access.Scope, r Release, digest []byte) error {
	p, _ := by.Person()
	_, err := tx.Exec(ctx, `INSERT INTO onemap.release (layer, audience, day, starts_at, ends_at, floor, rounding, shown, below, secondary, unplaced, digest, made_by, reason)
		VALUES (@layer, @audience, @day::date, @from, @to, @floor, @rounding, @shown, @below, @secondary, @unplaced, @digest, @by, @reason)`,
		pgx.NamedArgs{"layer": r.Layer, "audience": r.Audience, "day": r.Day.Format(time.DateOnly), "from": r.From, "to": r.To, "floor": r.Floor, "rounding": r.Rounding,
			"shown": r.Shown, "below": r.Below, "secondary": r.Secondary, "unplaced": r.Unplaced, "digest": digest, "by": p.Login, "reason": r.Reason})
	if err != nil {
		return fmt.Errorf("keep release of %s for %s: %w", r.Layer, r.Audience, err)
	}
	return nil
}

// A Store reads what was released.
type Store struct{ Layers *layers.Store }

// List returns the releases of the layers that the caller may see, of the
// audience that they are of, newest day first, at most limit. Those whose duty
// it is, and the administrators of security and audit, are told of all
// audiences and of those withdrawn.
func (s *Store) List(ctx context.Context, by access.Scope, layer string, limit int) ([]Release, error) {
	all, err := s.Layers.Layers(ctx)
	if err != nil {
		return nil, err
	}
	var names, audiences []string
	for _, l := range all {
		if l.KFloor == 0 || layer != "" && l.Name != layer {
			continue
		}
		if by.Has(access.SecurityAdministrator, access.Auditor) {
			names, audiences = append(names, l.Name), append(audiences, layers.AudienceInternal)
			continue
		}
		if right, ok := by.Layer(l); ok {
			names, audiences = append(names, l.Name), append(audiences, right.Audience)
		}
	}
	rows, err := s.Layers.DB().Query(ctx, `SELECT r.id, r.layer, r.audience, r.day, r.starts_at, r.ends_at, r.floor, r.rounding, r.shown, r.below, r.secondary, r.unplaced,
			r.made_at, r.made_by, r.reason, r.withdrawn_at
		FROM onemap.release r JOIN unnest(@layers::text[], @audiences::text[]) AS may (layer, audience) ON may.layer = r.layer
		WHERE may.audience = 'internal' OR r.audience = may.audience AND r.withdrawn_at IS NULL
		ORDER BY r.day DESC, r.layer, r.audience, r.id DESC LIMIT @limit`,
		pgx.NamedArgs{"layers": names, "audiences": audiences, "limit": limit})
	if err != nil {
		return nil, fmt.Errorf("list releases: %w", err)
	}
	out, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (Release, error) {
		var r Release
		var withdrawn *time.Time
		err := row.Scan(&r.ID, &r.Layer, &r.Audience, &r.Day, &r.From, &r.To, &r.Floor, &r.Rounding, &r.Shown, &r.Below, &r.Secondary, &r.Unplaced,
			&r.MadeAt, &r.MadeBy, &r.Reason, &withdrawn)
		if withdrawn != nil {
			r.Withdrawn = *withdrawn
		}
		return r, err
	})
	if err != nil {
		return nil, fmt.Errorf("list releases: %w", err)
	}
	return out, nil
}
