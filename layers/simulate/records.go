package simulate

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// records writes what goes with the map's content: the incidents' flow, the
// raw counts, and the truth.
func (l *loader) records(ctx context.Context, tx pgx.Tx) error {
	if err := l.emptyFlow(ctx, tx); err != nil {
		return err
	}
	for _, sql := range []string{`DELETE FROM onemap.population_count WHERE source = 'simulate'`, `DELETE FROM onemap.population_flow WHERE source = 'simulate'`,
		// Another city's codes lie elsewhere.
		`DELETE FROM onemap.grid_code`, `SELECT map.remember_grid_codes()`} {
		if _, err := tx.Exec(ctx, sql); err != nil {
			return err
		}
	}
	for _, t := range []table{l.steps(), l.counts(), l.journeys()} {
		if err := l.copy(ctx, tx, t, pgx.Identifier{"onemap", t.name}); err != nil {
			return err
		}
	}
	if err := l.tasks(ctx, tx); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `SELECT onemap.case_facts_mend()`); err != nil { // of those whose flow is not kept
		return err
	}
	truth, err := l.truthJSON()
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO onemap.setting (key, value) VALUES ('simulate.truth', @truth)
		ON CONFLICT (key) DO UPDATE SET value = excluded.value`, pgx.NamedArgs{"truth": truth})
	return err
}

// emptyFlow removes what happened to the incidents of the city before. The flow
// is append-only for everybody who works with cases; a new city has other
// cases, and keeps nothing of the old ones. So the tables' owner, who alone may,
// lets the trigger sleep inside of this transaction: it is awake again before
// anyone else can write.
func (l *loader) emptyFlow(ctx context.Context, tx pgx.Tx) error {
	if _, err := tx.Exec(ctx, `ALTER TABLE onemap.incident_flow DISABLE TRIGGER append_only_truncate`); err != nil {
		return err
	}
	// From here on no report can write its flow. One that a person made since the
	// city was swapped would lose it.
	if !l.replace {
		if err := onlySimulatedIn(ctx, tx, "incident"); err != nil {
			return err
		}
	}
	for _, sql := range []string{
		`TRUNCATE onemap.incident_flow, onemap.incident_photo, onemap.incident_contact, onemap.case_fact`,
		`ALTER TABLE onemap.incident_flow ENABLE TRIGGER append_only_truncate`,
	} {
		if _, err := tx.Exec(ctx, sql); err != nil {
			return err
		}
	}
	return nil
}
