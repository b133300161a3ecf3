package upload

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/intake"
)

// Apply takes a previewed batch over into its layer, all or nothing. It
// returns an error wrapping [layers.ErrConflict] for a batch that is not
// previewed, or whose preview is lost.
func (s *Store) Apply(ctx context.Context, by access.Scope, address string, id int64) (Batch, error) {
	if err := may(by); err != nil {
		return Batch{}, err
	}
	var b Batch
	err := pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) (err error) {
		if b, err = batchOf(ctx, tx, by, id, "FOR UPDATE"); err != nil {
			return err
		}
		if b.State != Previewed {
			return fmt.Errorf("batch %d is %s: %w", id, b.State, layers.ErrConflict)
		}
		var l layers.Layer
		if b.MadeLayer {
			l = b.Plan.layer()
			_, err = by.Edit(layers.WithComputed(l))
		} else {
			l, _, err = s.target(ctx, by, b.Layer)
		}
		if err != nil {
			return err
		}
		var change intake.Change
		var held int64
		t := intake.Target{Batch: id, Layer: l, New: b.MadeLayer, Written: b.Summary.Written, Source: b.Plan.Source, Full: b.Full, Gone: b.Summary.Gone}
		take := func() (err error) {
			if held, err = s.hold(ctx, tx, l, b); err != nil {
				return err
			}
			change, err = t.ApplyTx(ctx, tx, b.Staged-held)
			return err
		}
		if b.MadeLayer {
			err = layers.MakeLayer(ctx, tx, l, func() error {
				full := layers.WithComputed(l)
				for _, r := range b.Summary.Rules {
					if s.Quality == nil {
						break
					}
					if _, err := s.Quality.AddRuleTx(ctx, tx, by, full, r); err != nil {
						return err
					}
				}
				if s.Quality != nil {
					card, err := s.Quality.Check(ctx, tx, full, intake.StagingTable(id), id)
					if err != nil {
						return err
					}
					b.Summary.Card = &card
				}
				return take()
			})
		} else {
			err = take()
		}
		if err != nil {
			return err
		}
		b.Summary.Rules = nil // they are the layer's now
		if _, err := tx.Exec(ctx, `UPDATE onemap.batch SET state = 'applied', finished_at = now(), xid = pg_current_xact_id(), kept_out = @held,
			inserted = @inserted, updated = @updated, unchanged = @unchanged, deleted = @deleted, summary = @summary WHERE id = @id`,
			pgx.NamedArgs{"id": id, "held": held, "inserted": change.Inserted, "updated": change.Updated, "unchanged": change.Unchanged, "deleted": change.Deleted, "summary": b.Summary}); err != nil {
			return err
		}
		if err := s.remember(ctx, tx, b); err != nil {
			return err
		}
		if err := t.Drop(ctx, tx); err != nil {
			return err
		}
		detail := b.Plan.about()
		detail["layer"], detail["made_layer"], detail["inserted"], detail["updated"], detail["deleted"], detail["kept_out"] = b.Layer, b.MadeLayer, change.Inserted, change.Updated, change.Deleted, held
		return access.RecordTx(ctx, tx, by, access.Entry{Action: "batch.apply", Object: fmt.Sprintf("batch/%d", id), Result: access.Done, Address: address, Detail: detail})
	})
	if err != nil {
		return Batch{}, access.Wrap("apply", inTheWay(err))
	}
	s.Layers.ForgetRegistry()
	return s.Batch(ctx, by, id)
}

// hold moves the rows that must wait out of what is staged. The rules of a
// layer that is there have run in the preview.
func (s *Store) hold(ctx context.Context, tx pgx.Tx, l layers.Layer, b Batch) (int64, error) {
	if s.Quality == nil {
		return 0, nil
	}
	if b.MadeLayer {
		l = layers.WithComputed(l)
	}
	return s.Quality.Hold(ctx, tx, l, intake.StagingTable(b.ID), b.ID)
}

// remember keeps the plan for the next file with these columns.
func (s *Store) remember(ctx context.Context, tx pgx.Tx, b Batch) error {
	columns := b.Plan.columns
	if b.Upload != 0 {
		var sheets []Sheet
		if err := tx.QueryRow(ctx, `SELECT found FROM onemap.upload WHERE id = $1`, b.Upload).Scan(&sheets); err != nil {
			return err
		}
		for _, x := range sheets {
			if x.Name == b.Plan.Sheet {
				columns = x.Columns
			}
		}
	}
	if len(columns) == 0 {
		return nil
	}
	p := *b.Plan
	p.New, p.Layer = nil, b.Layer
	_, err := tx.Exec(ctx, `INSERT INTO onemap.intake_plan (org, layer, columns, plan) VALUES (@org, @layer, @columns, @plan)
		ON CONFLICT (org, layer, columns) DO UPDATE SET plan = excluded.plan, used_at = now(), used = intake_plan.used + 1`,
		pgx.NamedArgs{"org": b.Org, "layer": b.Layer, "columns": columnKey(columns), "plan": p})
	return err
}

// inTheWay explains what another's row or view has against a change.
func inTheWay(err error) error {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return err
	}
	switch pg.Code {
	case "23503": // foreign_key_violation
		return fmt.Errorf("rows of %s refer to what would go: %w", pg.TableName, layers.ErrConflict)
	case "23505", "23514", "23502":
		return &layers.InputError{Field: "file", Remedy: fmt.Sprintf("rows that the layer takes: the rule %s refuses one", pg.ConstraintName)}
	case "42501": // insufficient_privilege
		return fmt.Errorf("the server's database role may not make tables; see onemap doctor: %w", err)
	}
	return err
}

// Undo puts back what was there before a batch, as one change. later says what
// becomes of rows that were changed since. A layer that the batch made goes
// with it, if nothing else came to hang on it.
func (s *Store) Undo(ctx context.Context, by access.Scope, address string, id int64, later intake.Later) (Batch, error) {
	if err := may(by); err != nil {
		return Batch{}, err
	}
	if later != intake.RefuseLater && later != intake.KeepLater && later != intake.OverwriteLater {
		return Batch{}, &layers.InputError{Field: "later", Value: layers.Short(string(later)), Remedy: "keep, overwrite, or left out"}
	}
	err := pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) error {
		b, err := batchOf(ctx, tx, by, id, "FOR UPDATE")
		if err != nil {
			return err
		}
		if b.State != Applied {
			return fmt.Errorf("batch %d is %s: %w", id, b.State, layers.ErrConflict)
		}
		l, _, err := s.target(ctx, by, b.Layer)
		if err != nil {
			return err
		}
		var change intake.Change
		var kept int64
		who, _ := by.Person()
		if s.Quality != nil {
			if err := s.Quality.Unhold(ctx, tx, id, who.Login); err != nil {
				return err
			}
		}
		if b.MadeLayer {
			change.Deleted, err = s.unmake(ctx, tx, b, later)
		} else {
			t := intake.Target{Batch: id, Layer: l, Written: b.Summary.Written, Source: b.Plan.Source, Full: b.Full}
			change, kept, err = t.UndoTx(ctx, tx, b.xid, later)
		}
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE onemap.batch SET state = 'undone', undone_at = now(), undone_by = @by WHERE id = @id`, pgx.NamedArgs{"id": id, "by": who.Login}); err != nil {
			return err
		}
		return access.RecordTx(ctx, tx, by, access.Entry{Action: "batch.undo", Object: fmt.Sprintf("batch/%d", id), Result: access.Done, Address: address,
			Detail: map[string]any{"layer": b.Layer, "later": string(later), "taken_away": change.Deleted, "put_back": change.Updated + change.Inserted, "left": kept}})
	})
	if err != nil {
		return Batch{}, access.Wrap("undo", inTheWay(err))
	}
	s.Layers.ForgetRegistry()
	return s.Batch(ctx, by, id)
}

// unmake removes the layer that a batch made.
func (s *Store) unmake(ctx context.Context, tx pgx.Tx, b Batch, later intake.Later) (rows int64, err error) {
	table := pgx.Identifier{"map", b.Layer}.Sanitize()
	if _, err := tx.Exec(ctx, `LOCK TABLE `+table+` IN SHARE ROW EXCLUSIVE MODE`); err != nil {
		return 0, err
	}
	var others, changed int64
	err = tx.QueryRow(ctx, fmt.Sprintf(`SELECT (SELECT count(*) FROM %s), (SELECT count(*) FROM %[1]s t WHERE NOT (t.batch = %d AND t.xmin::text = '%d')),
		(SELECT count(*) FROM onemap.batch WHERE layer = @layer AND id <> @id AND state = 'applied')
		+ (SELECT count(*) FROM onemap.layer_grant WHERE layer = @layer AND revoked_at IS NULL AND (ends_at IS NULL OR ends_at > now()))`,
		table, b.ID, uint32(b.xid)), pgx.NamedArgs{"layer": b.Layer, "id": b.ID}).Scan(&rows, &changed, &others) //nolint:gosec // xmin has the lower half of it
	if err != nil {
		return 0, fmt.Errorf("look for later changes: %w", err)
	}
	if others > 0 {
		return 0, fmt.Errorf("layer %s has later batches or grants: undo and withdraw those first: %w", b.Layer, layers.ErrConflict)
	}
	if changed > 0 && later == intake.RefuseLater {
		return 0, &intake.LaterError{Rows: changed}
	}
	if changed > 0 && later == intake.KeepLater {
		tag, err := tx.Exec(ctx, fmt.Sprintf(`DELETE FROM %s t WHERE t.batch = %d AND t.xmin::text = '%d'`, table, b.ID, uint32(b.xid))) //nolint:gosec // as above
		return tag.RowsAffected(), err
	}
	return rows, layers.UnmakeLayer(ctx, tx, b.Layer)
}

// Drop throws a preview away.
func (s *Store) Drop(ctx context.Context, by access.Scope, address string, id int64) error {
	if err := may(by); err != nil {
		return err
	}
	err := pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) error {
		b, err := batchOf(ctx, tx, by, id, "FOR UPDATE")
		if err != nil {
			return err
		}
		if b.State != Previewed && b.State != Staging {
			return fmt.Errorf("batch %d is %s: %w", id, b.State, layers.ErrConflict)
		}
		if err := dropStaged(ctx, tx, `id = $1`, id); err != nil {
			return err
		}
		return access.RecordTx(ctx, tx, by, access.Entry{Action: "batch.drop", Object: fmt.Sprintf("batch/%d", id), Result: access.Done, Address: address})
	})
	return access.Wrap("drop", err)
}

// dropStaged drops the previews for which a condition holds.
func dropStaged(ctx context.Context, tx pgx.Tx, where string, args ...any) error {
	rows, err := tx.Query(ctx, `UPDATE onemap.batch SET state = 'dropped' WHERE state IN ('staging', 'previewed') AND `+where+` RETURNING id`, args...)
	if err != nil {
		return err
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return err
	}
	for _, id := range ids {
		if err := (intake.Target{Batch: id}).Drop(ctx, tx); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM onemap.batch_reject WHERE batch = $1`, id); err != nil {
			return err
		}
	}
	return nil
}
