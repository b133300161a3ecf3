package simulate

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/class"
	"onemap/layers/incident"
	"onemap/layers/population"
	"onemap/layers/simulate/city"
)

// Source is what the rows' source_key begins with, and the source of the
// population counts.
const Source = "simulate"

// ErrOtherData: the tables hold rows that are not the simulator's.
var ErrOtherData = errors.New("the database holds data that is not simulated")

// Options choose the city that is loaded.
type Options struct {
	Seed uint64
	Size string // small, city or metro
	// Now is the moment the city is shown at; zero means the beginning of the
	// present hour.
	Now time.Time
	// Replace allows rows that are not the simulator's to be lost.
	Replace bool
	// Progress is told how many rows of a table are written; may be nil. total
	// is 0 where it is not known.
	Progress func(table string, done, total int64)
}

// A Summary says what was loaded.
type Summary struct {
	Seed     uint64
	Size     string
	Now      time.Time
	AreaKM2  float64
	People   int
	Rows     map[string]int64 // by table
	Duration time.Duration
}

// Load makes a city and puts it in the place of the map's content. The map's
// tables change all at once or not at all; what belongs to them outside the
// map (organisations before, flow records and counts after) is written in
// transactions of its own, and the release of the counts is made last, so a
// Load that was cut short is repeated.
//
// It returns a [layers.InputError] for a size that there is not, and
// [ErrOtherData] rather than destroy what others wrote.
func Load(ctx context.Context, store *layers.Store, o Options) (Summary, error) {
	began := time.Now()
	if o.Now.IsZero() {
		o.Now = began.Truncate(time.Hour)
	}
	if !o.Replace {
		if err := onlySimulated(ctx, store.DB()); err != nil {
			return Summary{}, err
		}
	}
	l := &loader{replace: o.Replace, progress: o.Progress, rows: map[string]int64{}}
	if err := l.readRules(ctx, store); err != nil {
		return Summary{}, fmt.Errorf("simulate: %w", err)
	}
	c, err := city.New(city.Options{Seed: o.Seed, Size: o.Size, Now: o.Now, Due: l.due})
	if err != nil {
		return Summary{}, &layers.InputError{Field: "size", Value: o.Size, Remedy: "one of small, city, metro"}
	}
	l.city = c
	if err := pgx.BeginFunc(ctx, store.DB(), func(tx pgx.Tx) error { return l.people(ctx, tx) }); err != nil {
		return Summary{}, fmt.Errorf("simulate: organisations: %w", err)
	}
	tables := l.tables()
	var names []string
	for _, t := range tables {
		names = append(names, t.name)
	}
	err = store.ReplaceAll(ctx, names, func(ctx context.Context, db *pgxpool.Pool, staging map[string]string) error {
		for _, t := range tables {
			if err := errors.Join(l.fill(ctx, db, t, staging[t.name]), l.failed); err != nil {
				return fmt.Errorf("%s: %w", t.name, err)
			}
		}
		return nil
	})
	if err != nil {
		return Summary{}, fmt.Errorf("simulate: %w", err)
	}
	if err := pgx.BeginFunc(ctx, store.DB(), func(tx pgx.Tx) error { return l.records(ctx, tx) }); err != nil {
		return Summary{}, fmt.Errorf("simulate: records: %w", err)
	}
	store.ForgetRegistry()
	// Made-up counts may be released again: nobody is in them.
	released, err := population.Release(ctx, store, population.Order{By: access.System("simulate"), Again: true, Reason: "a made-up city, loaded again", Now: o.Now})
	if err != nil {
		return Summary{}, fmt.Errorf("simulate: %w", err)
	}
	l.rows["population"], l.rows["population_od"] = released.Counts(), released.Flows()
	return Summary{Seed: o.Seed, Size: o.Size, Now: o.Now, AreaKM2: c.AreaKM2(), People: c.People(), Rows: l.rows, Duration: time.Since(began)}, nil
}

// onlySimulated returns ErrOtherData if a table that Load replaces holds rows
// of another source.
func onlySimulated(ctx context.Context, db *pgxpool.Pool) error {
	for _, table := range []string{"base_road", "grid_unit", "asset", "enterprise", "incident", "place"} {
		if err := onlySimulatedIn(ctx, db, table); err != nil {
			return err
		}
	}
	return nil
}

// onlySimulatedIn is onlySimulated for one table, by the pool or a transaction.
func onlySimulatedIn(ctx context.Context, db interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}, table string) error {
	var other bool
	err := db.QueryRow(ctx, fmt.Sprintf(`SELECT EXISTS (SELECT FROM map.%s
		WHERE source_key IS NULL OR source_key NOT LIKE 'simulate:%%')`, table)).Scan(&other)
	if err != nil {
		return fmt.Errorf("simulate: look at %s: %w", table, err)
	}
	if other {
		return fmt.Errorf("%w (map.%s)", ErrOtherData, table)
	}
	return nil
}

type loader struct {
	city     *city.City
	replace  bool // other data too
	progress func(table string, done, total int64)
	rows     map[string]int64
	persons  map[string]int64 // login -> id

	rules     incident.Rules
	condition func(standard, class, areaClass string) class.Condition
	failed    error // of condition
}
