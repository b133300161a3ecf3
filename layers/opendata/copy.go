package opendata

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"onemap/layers"
	"onemap/layers/jobs"
)

type refreshJob struct {
	Layer string `json:"layer"`
}

func (refreshJob) Kind() string { return "open_copy" }

type dueJob struct{}

func (dueJob) Kind() string { return "open_copies_due" }

// Work has copies made by jobs: at once where a rule changed, and again when
// they are due. Call it before the queue runs.
func (s *Store) Work() {
	jobs.Handle(s.Jobs, 30*time.Minute, nil, func(ctx context.Context, j *river.Job[refreshJob]) error { return s.Refresh(ctx, j.Args.Layer) })
	jobs.Handle(s.Jobs, time.Hour, nil, func(ctx context.Context, _ *river.Job[dueJob]) error { return s.RefreshDue(ctx) })
	s.Jobs.Every(10*time.Minute, dueJob{})
}

// RefreshDue makes those copies anew whose time has come. One that fails does
// not keep the others.
func (s *Store) RefreshDue(ctx context.Context) error {
	rows, err := s.Layers.DB().Query(ctx, `SELECT layer FROM onemap.open_rule
		WHERE NOT as_is AND (built IS DISTINCT FROM revision OR built_at < now() - make_interval(hours => refresh_hours)) ORDER BY built_at NULLS FIRST`)
	if err != nil {
		return fmt.Errorf("find open copies that are due: %w", err)
	}
	due, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return fmt.Errorf("find open copies that are due: %w", err)
	}
	for _, layer := range due {
		if e := s.Refresh(ctx, layer); e != nil {
			err = e
		}
	}
	return err
}

// Refresh makes the copy of a layer anew by its rule, all or nothing: the
// public sees the former one until then. One whose layer may not be shown any
// more is taken away.
func (s *Store) Refresh(ctx context.Context, name string) error {
	err := s.refresh(ctx, name)
	s.Layers.ForgetRegistry()
	if err != nil && ctx.Err() == nil {
		// For whoever looks at the rule; the reason is in the server's log.
		_, _ = s.Layers.DB().Exec(ctx, `UPDATE onemap.open_rule SET failed = 'the copy could not be made' WHERE layer = $1`, name)
	}
	return err
}

func (s *Store) refresh(ctx context.Context, name string) error {
	s.Layers.ForgetRegistry()
	l, err := s.Layers.Layer(ctx, name)
	if err != nil {
		return err
	}
	return pgx.BeginFunc(ctx, s.Layers.DB(), func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SET LOCAL statement_timeout = 0`); err != nil {
			return fmt.Errorf("copy %s: %w", name, err)
		}
		rows, err := tx.Query(ctx, ruleSQL+` WHERE layer = $1 FOR UPDATE`, name)
		if err != nil {
			return fmt.Errorf("copy %s: %w", name, err)
		}
		r, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Rule])
		if err == pgx.ErrNoRows { // dropped meanwhile
			return nil
		}
		if err != nil {
			return fmt.Errorf("copy %s: %w", name, err)
		}
		if err := unmake(ctx, tx, name); err != nil || r.AsIs {
			return err
		}
		// A field that is not public any more is left out, not waited for.
		r.Fields = slices.DeleteFunc(r.Fields, func(n string) bool {
			f, ok := l.Field(n)
			return !ok || f.Sensitivity != layers.Public
		})
		if check(l, r) != nil {
			_, err := tx.Exec(ctx, `UPDATE onemap.open_rule SET built = NULL, rows = NULL, failed = 'the layer may not be shown by this rule' WHERE layer = $1`, name)
			return err
		}
		return build(ctx, tx, l, r)
	})
}

// unmake takes the copy of a layer away.
func unmake(ctx context.Context, tx pgx.Tx, layer string) error {
	var have bool
	if err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM onemap.layer WHERE name = $1 AND copy_of = $2)`, CopyPrefix+layer, layer).Scan(&have); err != nil {
		return fmt.Errorf("copy of %s: %w", layer, err)
	}
	if !have {
		return nil
	}
	return layers.UnmakeLayer(ctx, tx, CopyPrefix+layer)
}

// build makes the copy: its table with the kept fields, nothing of the places
// and times of rows but what the rule leaves of them.
func build(ctx context.Context, tx pgx.Tx, l layers.Layer, r Rule) error {
	c := layers.Layer{Name: CopyPrefix + l.Name, TitleZH: l.TitleZH, TitleEN: l.TitleEN, Subject: "other", Geometry: shapeOf(l, r), Owner: l.Owner, Share: layers.Unconditional,
		Open: true, MinZoom: l.MinZoom, MaxZoom: l.MaxZoom, Style: l.Style, UpdateCycle: l.UpdateCycle}
	if c.Geometry == "Point" {
		c.DetailZoom = l.DetailZoom
	}
	columns, from := r.columns(l)
	for _, f := range r.kept(l) {
		c.Fields = append(c.Fields, f)
		switch f.Name {
		case l.TimeField:
			c.TimeField = f.Name
		case l.ClassField:
			c.ClassField = f.Name
		}
	}
	var n int64
	fill := func() error {
		tag, err := tx.Exec(ctx, fmt.Sprintf(`
			WITH coarse AS (SELECT %[1]s, %[2]s AS geom FROM map.%[3]s WHERE %[4]s),
			counted AS (SELECT *, count(*) OVER (PARTITION BY geom::bytea) AS together FROM coarse WHERE geom IS NOT NULL AND NOT ST_IsEmpty(geom) AND ST_IsValid(geom))
			INSERT INTO map.%[5]s (%[6]s, grid_code, area_code, geom)
			SELECT %[6]s, '', '', geom FROM counted WHERE together >= @floor
			ORDER BY random() -- numbers of rows say nothing of the original's`,
			strings.Join(from, ", "), coarse(l, r), pgx.Identifier{l.Name}.Sanitize(), old(l, r), pgx.Identifier{c.Name}.Sanitize(), strings.Join(columns, ", ")),
			pgx.NamedArgs{"floor": r.Floor, "metres": float64(max(r.CellM, r.SimplifyM)), "delay": r.DelayHours})
		if err != nil {
			return fmt.Errorf("fill copy of %s: %w", l.Name, err)
		}
		n = tag.RowsAffected()
		return nil
	}
	if err := layers.MakeLayer(ctx, tx, c, fill); err != nil {
		return err
	}
	// Grids of a coarse place are not those of the feature.
	if _, err := tx.Exec(ctx, `DELETE FROM onemap.layer_field WHERE layer = $1 AND name IN ('grid_code', 'area_code')`, c.Name); err != nil {
		return fmt.Errorf("copy of %s: %w", l.Name, err)
	}
	if _, err := tx.Exec(ctx, `UPDATE onemap.layer SET copy_of = $2, editable = false WHERE name = $1`, c.Name, l.Name); err != nil {
		return fmt.Errorf("copy of %s: %w", l.Name, err)
	}
	if _, err := tx.Exec(ctx, `UPDATE onemap.open_rule SET built = revision, built_at = now(), rows = $2, failed = '' WHERE layer = $1`, l.Name, n); err != nil {
		return fmt.Errorf("copy of %s: %w", l.Name, err)
	}
	return nil
}

// shapeOf is the type of the copy's geometry.
func shapeOf(l layers.Layer, r Rule) string {
	switch {
	case r.CellM > 0:
		return "Point"
	case r.SimplifyM > 0 && !strings.HasPrefix(l.Geometry, "Multi"):
		return "Multi" + l.Geometry
	}
	return l.Geometry
}

// old is the condition on rows that the delay lets through: neither new nor
// changed since.
func old(l layers.Layer, r Rule) string {
	if r.DelayHours == 0 {
		return "true"
	}
	const before = ` <= now() - make_interval(hours => @delay)`
	cond := "updated_at" + before
	if l.TimeField != "" {
		q := pgx.Identifier{l.TimeField}.Sanitize()
		cond += " AND (" + q + " IS NULL OR " + q + before + ")"
	}
	return cond
}

// Degrees of latitude that are so many metres, on the shortest degree there is.
const step = "(@metres::float8 / 110574)"

// coarse is the SQL of a row's geometry by the rule. Cells are as high as the
// rule says, in rows from the equator on, and as wide in the middle of their
// row. The lattice of shapes is 1.5 times as wide in degrees as it is high, so
// that it is no finer than the rule up to 48 degrees north, and little beyond.
func coarse(l layers.Layer, r Rule) string {
	switch {
	case r.CellM > 0:
		at := "ST_PointOnSurface(geom)"
		if l.Geometry == "Point" {
			at = "geom"
		}
		return `(SELECT ST_SetSRID(ST_MakePoint(greatest(-180, least(180, (floor(ST_X(p) / w) + 0.5) * w)), greatest(-90, least(90, mid))), 4326)
			FROM (SELECT ` + at + ` AS p) a
			CROSS JOIN LATERAL (SELECT (floor(ST_Y(p) / ` + step + `) + 0.5) * ` + step + ` AS mid) b
			CROSS JOIN LATERAL (SELECT ` + step + ` / greatest(0.01, cos(radians(mid))) AS w) c)`
	case r.SimplifyM > 0:
		kind := "2"
		if strings.HasSuffix(l.Geometry, "Polygon") {
			kind = "3"
		}
		return `ST_Multi(ST_CollectionExtract(ST_MakeValid(ST_SnapToGrid(ST_SimplifyPreserveTopology(geom, ` + step + `), 0, 0, 1.5 * ` + step + `, ` + step + `)), ` + kind + `))`
	}
	return "geom"
}
