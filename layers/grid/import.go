package grid

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"onemap/layers"
)

// An Incoming is one grid of a file, already in WGS 84.
type Incoming struct {
	Line      int // of the file, for reports
	Code      string
	Name      string
	Area      string // administrative division
	Duty      string // responsibility grid it is part of; unit grids only
	Community string // community grid that holds it; not for community grids
	Class     string // management class of the area: A, B, C; "": B
	Geometry  orb.MultiPolygon
	Orig      layers.RawEWKB // as it came, where that was not longitude and latitude; nil otherwise
}

// A File is what an import brings: the grids of one kind and one source as
// they are from a day on.
type File struct {
	Layer       string // one of [Layers]
	Source      string
	CRS         string
	ValidFrom   time.Time // the day; its clock time does not count
	CloseAbsent bool      // the source's grids that are not in the file end that day
	Grids       []Incoming
	Batch       int64
	// Record, if set, writes the batch in the transaction of the change.
	Record func(ctx context.Context, tx pgx.Tx, r Report) error
}

// A Fault is a grid that was left out, or one that was mended.
type Fault struct {
	Line   int
	Code   string
	Field  string
	Reason string
}

// A Report is what an import did and what people should look at. Overlaps and
// gaps are measured on the ellipsoid, in square metres.
type Report struct {
	Inserted  int64 // new codes and new versions
	Updated   int64 // corrected on the day they began
	Unchanged int64
	Closed    int64 // versions that ended, replaced ones included
	Rejected  []Fault
	Repaired  []Fault // broken rings, mended
	Overlaps  []Overlap
	Gaps      int     // holes between the grids
	GapM2     float64 // their area
	Slivers   int     // gaps and overlaps that look like slips of drawing
	Changed   orb.Bound
	Any       bool // something changed, inside Changed
}

// An Overlap is two grids of one kind that share ground.
type Overlap struct {
	A, B   string
	AreaM2 float64
}

// CodePattern returns the pattern of the deployment's codes of a kind; nil
// where the setting grid.<kind>.code_pattern is not set. Unit grids have 15
// digits unless an administrator says otherwise.
func CodePattern(ctx context.Context, tx pgx.Tx, layer string) (*regexp.Regexp, error) {
	var pattern string
	err := tx.QueryRow(ctx, `SELECT value #>> '{}' FROM onemap.setting WHERE key = 'grid.' || substr($1, 6) || '.code_pattern'`, layer).Scan(&pattern)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	re, err := regexp.Compile(pattern)
	if err != nil {
		return nil, fmt.Errorf("setting grid code pattern: %w", err)
	}
	return re, nil
}

var (
	//go:embed sql/stage.sql
	stageSQL string
	//go:embed sql/repair.sql
	repairSQL string
	//go:embed sql/moved.sql
	movedSQL string
	//go:embed sql/overlaps.sql
	overlapsSQL string
	//go:embed sql/gaps.sql
	gapsSQL string
	//go:embed sql/versions.sql
	versionsSQL string
)

// Import brings a file of grids in as one change. A grid that differs from its
// version in force ends that version on the file's day and begins a new one; a code
// is never given to another place. Overlaps, gaps and mended rings are
// reported, not refused: the file is the department's. Features are not moved
// to their new grids yet: see [Reassign].
func Import(ctx context.Context, store *layers.Store, f File) (Report, error) {
	var r Report
	err := pgx.BeginFunc(ctx, store.DB(), func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, stageSQL); err != nil {
			return err
		}
		if err := f.stage(ctx, tx, &r); err != nil {
			return err
		}
		if err := f.drop(ctx, tx, repairSQL, nil, &r.Repaired); err != nil {
			return err
		}
		if err := f.drop(ctx, tx, `DELETE FROM pg_temp.incoming_grid WHERE ST_IsEmpty(geom) OR ST_Area(geom) = 0
			RETURNING line, grid_code, 'geometry', 'no area'`, nil, &r.Rejected); err != nil {
			return err
		}
		args := pgx.NamedArgs{"source": f.Source, "from": f.ValidFrom.Format("2006-01-02"), "crs": f.CRS, "batch": f.Batch, "close": f.CloseAbsent}
		if err := f.drop(ctx, tx, f.fit(movedSQL), args, &r.Rejected); err != nil {
			return err
		}
		if err := r.survey(ctx, tx); err != nil {
			return err
		}
		if err := f.write(ctx, tx, args, &r); err != nil {
			return err
		}
		if f.Record != nil {
			return f.Record(ctx, tx, r)
		}
		return nil
	})
	if err != nil {
		return Report{}, fmt.Errorf("import grids: %w", err)
	}
	return r, nil
}

// stage copies the grids whose codes are right into a table of their own.
func (f File) stage(ctx context.Context, tx pgx.Tx, r *Report) error {
	pattern, err := CodePattern(ctx, tx, f.Layer)
	if err != nil {
		return err
	}
	seen := map[string]bool{}
	var rows [][]any
	for _, g := range f.Grids {
		bad := func(field, reason string) {
			r.Rejected = append(r.Rejected, Fault{g.Line, g.Code, field, reason})
		}
		switch {
		case pattern != nil && !pattern.MatchString(g.Code):
			bad("grid_code", "not of the form "+pattern.String()+" (setting grid."+f.Layer[5:]+".code_pattern)")
			continue
		case seen[g.Code]:
			bad("grid_code", "the code of an earlier row")
			continue
		case len(g.Geometry) == 0:
			bad("geometry", "no polygon")
			continue
		}
		seen[g.Code] = true
		class := g.Class
		if class == "" {
			class = "B"
		}
		rows = append(rows, []any{g.Line, g.Code, g.Name, g.Area, g.Duty, g.Community, class, g.Orig, g.Geometry})
	}
	_, err = tx.CopyFrom(ctx, pgx.Identifier{"pg_temp", "incoming_grid"},
		[]string{"line", "grid_code", "name", "area_code", "duty_code", "community_code", "area_class", "orig", "geom"}, pgx.CopyFromRows(rows))
	return err
}

// drop runs a statement that returns line, code, field and reason of grids.
func (f File) drop(ctx context.Context, tx pgx.Tx, sql string, args pgx.NamedArgs, to *[]Fault) error {
	rows, err := tx.Query(ctx, sql, args)
	if err != nil {
		return err
	}
	faults, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Fault])
	*to = append(*to, faults...)
	return err
}

// survey looks at how the grids fit together.
func (r *Report) survey(ctx context.Context, tx pgx.Tx) error {
	rows, err := tx.Query(ctx, overlapsSQL)
	if err != nil {
		return err
	}
	var o Overlap
	var sliver bool
	if _, err := pgx.ForEachRow(rows, []any{&o.A, &o.B, &o.AreaM2, &sliver}, func() error {
		r.Overlaps = append(r.Overlaps, o)
		if sliver {
			r.Slivers++
		}
		return nil
	}); err != nil {
		return err
	}
	var slivers int
	if err := tx.QueryRow(ctx, gapsSQL).Scan(&r.Gaps, &r.GapM2, &slivers); err != nil {
		return err
	}
	r.Slivers += slivers
	return nil
}

// write makes the versions.
func (f File) write(ctx context.Context, tx pgx.Tx, args pgx.NamedArgs, r *Report) error {
	var x0, y0, x1, y1 *float64
	var newest *time.Time
	if err := tx.QueryRow(ctx, f.fit(`SELECT max(t.valid_from) FROM map.grid t
		WHERE t.valid_to IS NULL AND t.source_key LIKE @source || ':%' AND t.valid_from > @from::date`), args).Scan(&newest); err != nil {
		return err
	}
	if newest != nil {
		return &layers.InputError{Field: "valid_from", Value: f.ValidFrom.Format("2006-01-02"),
			Remedy: "grids of this source are in force since " + newest.Format("2006-01-02") + ": an older state cannot follow"}
	}
	err := tx.QueryRow(ctx, f.fit(versionsSQL), args).Scan(&r.Inserted, &r.Updated, &r.Unchanged, &r.Closed, &x0, &y0, &x1, &y1)
	if err != nil {
		return err
	}
	if x0 != nil {
		r.Any = true
		r.Changed = orb.Bound{Min: orb.Point{*x0, *y0}, Max: orb.Point{*x1, *y1}}
	}
	return nil
}
