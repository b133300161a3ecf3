// Package enterprise is enterprise safety (企业安监): the register, its
// four-colour risk and the inspections.
package enterprise

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"maps"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// DueMonths is how many months after an inspection the next is due, by risk: red
// monthly, orange quarterly, yellow half-yearly, blue yearly. It is a common
// default; local rules differ.
var DueMonths = map[int]int{1: 1, 2: 3, 3: 6, 4: 12}

//go:embed sql/link.sql
var linkSQL string

//go:embed sql/follow.sql
var followSQL string

// A Policy is what inspections mean for the register.
type Policy struct {
	SetsRisk  bool        `json:"sets_risk"`  // an enterprise's risk is that of its latest inspection that names one
	DueMonths map[int]int `json:"due_months"` // by risk; nil: as [DueMonths]
}

// SetPolicy keeps a policy for all calls of [Link] from now on.
func SetPolicy(ctx context.Context, db *pgxpool.Pool, p Policy) error {
	_, err := db.Exec(ctx, `INSERT INTO onemap.setting AS s (key, value) VALUES ('enterprise.inspections', @policy)
		ON CONFLICT (key) DO UPDATE SET value = excluded.value WHERE s.value <> excluded.value`, pgx.NamedArgs{"policy": p})
	if err != nil {
		return fmt.Errorf("keep the policy of inspections: %w", err)
	}
	return nil
}

// Link ties inspections to the enterprises of their licences and brings each
// enterprise's last inspection, next due date and, by the policy, its risk up
// to date. Either file may be imported first, and running it again changes
// nothing. It returns how many enterprises changed.
func Link(ctx context.Context, db *pgxpool.Pool) (changed int64, err error) {
	err = pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		p, months, err := policy(ctx, tx)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, linkSQL); err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, followSQL, pgx.NamedArgs{
			"sets_risk": p.SetsRisk, "m1": months[1], "m2": months[2], "m3": months[3], "m4": months[4],
		})
		changed = tag.RowsAffected()
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("link inspections to enterprises: %w", err)
	}
	return changed, nil
}

// Months returns how many months after an inspection the next is due, by
// risk, as the city's policy has it.
func Months(ctx context.Context, tx pgx.Tx) (map[int]int, error) {
	_, months, err := policy(ctx, tx)
	return months, err
}

func policy(ctx context.Context, tx pgx.Tx) (p Policy, months map[int]int, err error) {
	err = tx.QueryRow(ctx, `SELECT value FROM onemap.setting WHERE key = 'enterprise.inspections'`).Scan(&p)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return p, nil, fmt.Errorf("policy of inspections: %w", err)
	}
	months = maps.Clone(DueMonths)
	maps.Copy(months, p.DueMonths)
	return p, months, nil
}
