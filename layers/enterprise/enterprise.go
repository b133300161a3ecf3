// Package enterprise is enterprise safety (企业安监): the register, its
// four-colour risk and the inspections.
package enterprise

import (
	"context"
	_ "embed"
	"fmt"

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

// Link ties inspections to the enterprises of their licences and brings each
// enterprise's last inspection and next due date up to date. Where setsRisk,
// the enterprise's risk becomes that of its latest inspection that names one.
// Either file may be imported first, and running it again changes nothing.
// due is as [DueMonths]; nil means that. It returns how many enterprises changed.
func Link(ctx context.Context, db *pgxpool.Pool, setsRisk bool, due map[int]int) (changed int64, err error) {
	if due == nil {
		due = DueMonths
	}
	err = pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, linkSQL); err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, followSQL, pgx.NamedArgs{
			"sets_risk": setsRisk, "m1": due[1], "m2": due[2], "m3": due[3], "m4": due[4],
		})
		changed = tag.RowsAffected()
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("link inspections to enterprises: %w", err)
	}
	return changed, nil
}
