package hazard

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"onemap/layers/access"
)

// Sweep escalates hazards whose clock has run on, and erases who was
// responsible for those closed long enough ago. It may run on many nodes at
// once: each hazard is escalated by one of them. Call it every few minutes.
//
// Escalation 1 is yellow, 2 overdue, 3 overdue for as long as it had: from then
// on it is supervised. An overdue term stays noted.
func (s *Store) Sweep(ctx context.Context) error {
	system := access.System("hazards")
	err := pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) error {
		// The version stays: nobody who is acting on it must look again.
		rows, err := tx.Query(ctx, `WITH due AS (
				SELECT id, escalation, CASE WHEN @now > due_at + (due_at - since) THEN 3 WHEN @now > due_at THEN 2 ELSE 1 END AS level
				FROM map.hazard WHERE due_at IS NOT NULL AND warn_at <= @now AND escalation < 3 AND state NOT IN ('closed', 'void')
				ORDER BY id FOR UPDATE SKIP LOCKED)
			UPDATE map.hazard h SET escalation = due.level, overdue = overdue OR state = 'rectifying' AND due.level >= 2,
				supervisor = CASE WHEN due.level = 3 AND NOT supervised THEN coalesce((SELECT owner FROM onemap.layer WHERE name = 'hazard'), '') ELSE supervisor END,
				supervised = supervised OR due.level = 3, updated_at = now()
			FROM due WHERE due.id = h.id AND due.level > due.escalation
			RETURNING h.id, h.state, due.level`, pgx.NamedArgs{"now": s.now()})
		if err != nil {
			return err
		}
		type escalated struct {
			ID    int64
			State string
			Level int
		}
		found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[escalated])
		if err != nil {
			return err
		}
		b := &pgx.Batch{}
		for _, e := range found {
			b.Queue(`INSERT INTO onemap.hazard_flow (hazard, actor, org, action, from_state, to_state, detail) VALUES ($1, 'system', '', 'escalate', $2, $2, jsonb_build_object('escalation', $3::int))`,
				e.ID, e.State, e.Level)
		}
		return tx.SendBatch(ctx, b).Close()
	})
	if err != nil {
		return fmt.Errorf("escalate hazards: %w", err)
	}
	err = pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `UPDATE onemap.hazard_plan p SET responsible = '', updated_at = now() FROM map.hazard h
			WHERE h.id = p.hazard AND p.responsible <> '' AND h.state IN ('closed', 'void')
			  AND h.closed_at < @now::timestamptz - make_interval(days => coalesce((SELECT (value #>> '{}')::int FROM onemap.setting WHERE key = 'hazard.responsible_days'), 90))`,
			pgx.NamedArgs{"now": s.now()})
		if err != nil || tag.RowsAffected() == 0 {
			return err
		}
		return access.RecordTx(ctx, tx, system, access.Entry{Action: "hazard.forget", Object: "hazard/*", Result: access.Done,
			Detail: map[string]any{"responsible_erased": tag.RowsAffected()}})
	})
	if err != nil {
		return fmt.Errorf("erase who was responsible for hazards: %w", err)
	}
	return nil
}
