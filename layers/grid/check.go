package grid

import (
	"context"
	_ "embed"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"onemap/layers"
	"onemap/layers/access"
)

//go:embed sql/check.sql
var checkSQL string

// Kinds of findings of a check. Violations keep a draft from being published
// unless they are accepted by name; the others are for people to look at.
//
//	gap             ground of a community that no grid has
//	outside         ground of a grid that is not its community's
//	overlap         ground of two grids
//	sliver          a grid that is nowhere four metres wide
//	in_parts        a grid of parts that do not touch
//	invalid         an outline that crosses itself
//	code_prefix     a code that does not begin with its division's
//	code_community  a grid that lies on another community's ground than its code says
//	code_twice      a code of two grids
//	code_form       a code that is not of the deployment's form
//	micro_parent    a micro grid that does not lie in the grid that it is part of
//	cuts_building   a building across the edge of two grids of one community
//	stated_area     a stated area that is not the outline's
//	area_small, area_large   far from what is usual here
//	no_road         no road within five metres
type CheckFinding struct {
	Kind string    `json:"kind"`
	Cell int64     `json:"cell,omitempty" doc:"Number of the draft's cell"`
	Code string    `json:"code" doc:"Of the grid; of gap and outside, of the community"`
	With string    `json:"other,omitempty" doc:"The other grid, community or building"`
	M2   float64   `json:"m2,omitempty"`
	At   orb.Point `json:"at" doc:"Longitude and latitude"`
}

// violations are the kinds that must be accepted by name.
var violations = []string{"gap", "outside", "overlap", "sliver", "in_parts", "invalid", "code_prefix", "code_community", "code_twice", "code_form", "micro_parent", "cuts_building"}

// Violation says whether a kind of finding keeps a draft from being published.
func Violation(kind string) bool { return slices.Contains(violations, kind) }

// A CheckReport is what a check found.
type CheckReport struct {
	OK       bool           `json:"ok" doc:"No violations"`
	Grids    int64          `json:"grids"`
	Counts   map[string]int `json:"counts" doc:"By kind"`
	Findings []CheckFinding `json:"findings" nullable:"false" doc:"At most 2,000 of each kind, the largest first"`
	Seconds  float64        `json:"seconds"`
}

// maxFindings is how many findings of a kind a report lists.
const maxFindings = 2000

const checkedTables = `
	DROP TABLE IF EXISTS pg_temp.checked, pg_temp.checked_ground;
	CREATE TEMP TABLE checked (cell bigint NOT NULL, code text NOT NULL, community text NOT NULL, kind text NOT NULL, parent text NOT NULL, stated float8, geom geometry(MultiPolygon, 4326) NOT NULL) ON COMMIT DROP;
	CREATE TEMP TABLE checked_ground (community text NOT NULL, geom geometry(MultiPolygon, 4326) NOT NULL) ON COMMIT DROP`

// inspect runs the check over what fill put into the temporary tables.
func inspect(ctx context.Context, tx pgx.Tx, layer string, fill func() error) (CheckReport, error) {
	began := time.Now()
	r := CheckReport{OK: true, Counts: map[string]int{}, Findings: []CheckFinding{}}
	if _, err := tx.Exec(ctx, checkedTables); err != nil {
		return r, err
	}
	if err := fill(); err != nil {
		return r, err
	}
	if _, err := tx.Exec(ctx, `CREATE INDEX ON pg_temp.checked USING gist (geom); ANALYZE pg_temp.checked`); err != nil {
		return r, err
	}
	if err := tx.QueryRow(ctx, `SELECT count(*) FROM pg_temp.checked`).Scan(&r.Grids); err != nil {
		return r, err
	}
	pattern := ""
	if p, err := CodePattern(ctx, tx, layer); err != nil {
		return r, err
	} else if p != nil {
		pattern = p.String()
	}
	rows, err := tx.Query(ctx, checkSQL, pgx.NamedArgs{"pattern": pattern, "buildings": layer == "grid_unit"})
	if err != nil {
		return r, err
	}
	var f CheckFinding
	_, err = pgx.ForEachRow(rows, []any{&f.Kind, &f.Cell, &f.Code, &f.With, &f.M2, &f.At}, func() error {
		if r.Counts[f.Kind]++; r.Counts[f.Kind] <= maxFindings {
			r.Findings = append(r.Findings, f)
		}
		r.OK = r.OK && !Violation(f.Kind)
		return nil
	})
	r.Seconds = float64(time.Since(began).Milliseconds()) / 1000
	return r, err
}

// Check examines a draft. It changes nothing.
func (d *Drafts) Check(ctx context.Context, by access.Scope, id int64) (CheckReport, error) {
	g, err := d.Get(ctx, by, id)
	if err != nil {
		return CheckReport{}, err
	}
	var r CheckReport
	err = pgx.BeginFunc(ctx, d.Store.DB(), func(tx pgx.Tx) error {
		r, err = checkDraft(ctx, tx, id, g.Layer)
		return err
	})
	if err != nil {
		return CheckReport{}, fmt.Errorf("check draft %d: %w", id, err)
	}
	return r, nil
}

func checkDraft(ctx context.Context, tx pgx.Tx, id int64, layer string) (CheckReport, error) {
	return inspect(ctx, tx, layer, func() error {
		if _, err := tx.Exec(ctx, `INSERT INTO pg_temp.checked SELECT cell, code, community, kind, parent, area_m2, geom FROM onemap.grid_draft_cell WHERE draft = $1`, id); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `INSERT INTO pg_temp.checked_ground SELECT community, geom FROM onemap.grid_draft_ground WHERE draft = $1`, id)
		return err
	})
}

// A Survey says which grids in force to check.
type Survey struct {
	Layer  string
	On     time.Time // the day; zero: today in the city
	Area   string    // the division, and those below it by their codes; "": all
	Source string    // "": of all sources
}

// CheckInForce examines grids in force. The ground is the outlines of the
// communities that are known as divisions; where there are none, gaps and ground
// outside are not looked for.
func CheckInForce(ctx context.Context, store *layers.Store, s Survey) (CheckReport, error) {
	if !slices.Contains(Layers, s.Layer) {
		return CheckReport{}, &layers.InputError{Field: "layer", Value: s.Layer, Remedy: "grid_unit, grid_duty or grid_community"}
	}
	on := ""
	if !s.On.IsZero() {
		on = s.On.Format("2006-01-02")
	}
	var r CheckReport
	err := pgx.BeginFunc(ctx, store.DB(), func(tx pgx.Tx) error {
		var err error
		r, err = inspect(ctx, tx, s.Layer, func() error {
			if _, err := tx.Exec(ctx, fmt.Sprintf(fit(`INSERT INTO pg_temp.checked SELECT id, grid_code, area_code, %s, %s, NULL, geom FROM map.grid t
				WHERE valid_from <= coalesce(nullif($1, '')::date, onemap.city_date()) AND (valid_to IS NULL OR valid_to > coalesce(nullif($1, '')::date, onemap.city_date())) AND area_code ^@ $2 AND ($3 = '' OR source_key ^@ ($3 || ':'))`, s.Layer),
				own(s.Layer, "kind"), own(s.Layer, "parent")), on, s.Area, s.Source); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, `INSERT INTO pg_temp.checked_ground SELECT code, geom FROM onemap.area
				WHERE level = 'community' AND geom IS NOT NULL AND code ^@ $1 AND code IN (SELECT community FROM pg_temp.checked)`, s.Area)
			return err
		})
		return err
	})
	if err != nil {
		return CheckReport{}, fmt.Errorf("check grids: %w", err)
	}
	return r, nil
}
