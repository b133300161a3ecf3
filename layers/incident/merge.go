package incident

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"onemap/layers"
)

// merge lets a report go on as another, open case. That one notes it; its
// photos are the report's too; and who reported it sees what becomes of it.
// What was merged into the report before goes with it.
func merge(ctx context.Context, d *deed) error {
	wrong := &layers.InputError{Field: "into", Value: fmt.Sprint(d.do.Into), Remedy: "the number of an open case that you see, from the duplicates"}
	if d.do.Into == d.i.ID {
		return wrong
	}
	v, err := d.s.sight(ctx, d.scope)
	if err != nil {
		return err
	}
	v.whole = true
	into, err := v.one(ctx, d.tx, d.scope, d.do.Into, " FOR UPDATE OF f")
	if errors.Is(err, layers.ErrNotFound) {
		return wrong
	}
	if err != nil {
		return err
	}
	if ended(into.State) {
		return fmt.Errorf("merge: incident %d is %s: merge into an open case: %w", into.ID, into.State, layers.ErrConflict)
	}
	flow, _, err := records(ctx, d.tx, into.ID)
	if err != nil {
		return err
	}
	moved, err := mergedInto(ctx, d.tx, d.i.ID)
	if err != nil {
		return err
	}
	d.record.Detail.Into = into.ID
	d.also = func(b *pgx.Batch) {
		st := into.standing(d.set.Rules, flow)
		queueStep(b, into.ID, uuid.Nil, Record{At: d.record.At, Actor: d.who.Login, Post: d.record.Post, Org: d.who.Org, Action: "take_in",
			From: into.State, To: into.State, Dept: into.Dept, Opinion: d.do.Opinion, Detail: Detail{Merged: d.i.ID}}, &st, d.set.Rules)
		queueStanding(b, into.ID, st, false)
		for _, m := range moved {
			st := Standing{State: Merged, ClosedAt: d.record.At}
			queueStep(b, m, uuid.Nil, Record{At: d.record.At, Actor: system, Post: system, Action: "merge", From: Merged, To: Merged,
				Detail: Detail{Into: into.ID}}, &st, d.set.Rules)
			b.Queue(`UPDATE map.incident SET merged_into = @into, updated_at = now() WHERE id = @id`, pgx.NamedArgs{"id": m, "into": into.ID})
		}
	}
	return nil
}

// mergedInto are the reports that were merged into a case.
func mergedInto(ctx context.Context, db querier, id int64) ([]int64, error) {
	rows, err := db.Query(ctx, `SELECT id FROM map.incident WHERE merged_into = @id ORDER BY id`, pgx.NamedArgs{"id": id})
	if err != nil {
		return nil, fmt.Errorf("merged into incident %d: %w", id, err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return nil, fmt.Errorf("merged into incident %d: %w", id, err)
	}
	return ids, nil
}

// relatives fills in what i was merged into, or what was merged into it.
func (s *Store) relatives(ctx context.Context, i *Incident) (err error) {
	if i.MergedInto == 0 {
		if !ended(i.State) || i.State == Closed {
			i.Merged, err = mergedInto(ctx, s.Layers.DB(), i.ID)
		}
		return err
	}
	var m Main
	err = s.Layers.DB().QueryRow(ctx, `SELECT id, coalesce(number, ''), state, closed_at FROM map.incident WHERE id = @id`,
		pgx.NamedArgs{"id": i.MergedInto}).Scan(&m.ID, &m.Number, &m.State, &m.ClosedAt)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("incident %d: %w", i.MergedInto, err)
	}
	i.Main = &m
	return nil
}
