package opendata

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"onemap/layers"
	"onemap/layers/access"
)

// previewRows is how many features a preview shows, previewTime how long it may
// count.
const (
	previewRows = 500
	previewTime = "20s"
)

// A Preview is what the public would see by a rule, of the data as they are
// now. Rows = Shown + Late + Shapeless + Few.
type Preview struct {
	Rows      int64             // of the layer
	Shown     int64             // to the public
	Late      int64             // left out: newer than the delay
	Shapeless int64             // left out: nothing is left of the shape
	Few       int64             // left out: too few in their cell
	Features  []json.RawMessage // some of those shown, as GeoJSON, at most 500
}

// Preview tells what a rule would give, and changes nothing. Whoever may set
// the rule may try it. It returns [layers.InputError] for a rule that cannot be.
func (s *Store) Preview(ctx context.Context, by access.Scope, r Rule) (Preview, error) {
	l, err := s.layer(ctx, by, r.Layer)
	if err != nil {
		return Preview{}, err
	}
	if err := check(l, r); err != nil {
		return Preview{}, err
	}
	r.Floor = max(r.Floor, 1)
	if r.AsIs {
		for _, f := range l.Fields {
			if f.Sensitivity == layers.Public {
				r.Fields = append(r.Fields, f.Name)
			}
		}
	}
	// Counts are shown as they were released for the public, and not else.
	of := "true"
	if _, released := l.Field(layers.AudienceField); l.KFloor > 0 && released {
		of = layers.AudienceField + " = '" + layers.AudiencePublic + "'"
	} else if l.KFloor > 0 {
		of = "false"
	}
	names, values := r.columns(l)
	properties := "'{}'::jsonb"
	if len(names) > 0 {
		properties = "(SELECT to_jsonb(p) FROM (SELECT " + strings.Join(names, ", ") + ") p)"
	}
	var p Preview
	err = pgx.BeginTxFunc(ctx, s.Layers.DB(), pgx.TxOptions{AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SET LOCAL statement_timeout = '`+previewTime+`'`); err != nil {
			return err
		}
		return tx.QueryRow(ctx, fmt.Sprintf(`
			WITH coarse AS (SELECT %[1]s, %[2]s AS geom FROM map.%[3]s WHERE %[4]s AND %[5]s),
			counted AS (SELECT *, count(*) OVER (PARTITION BY geom::bytea) AS together, row_number() OVER (PARTITION BY geom::bytea) AS nth FROM coarse WHERE geom IS NOT NULL AND NOT ST_IsEmpty(geom) AND ST_IsValid(geom)),
			n AS (SELECT (SELECT count(*) FROM map.%[3]s WHERE %[5]s) AS rows, (SELECT count(*) FROM coarse) AS old,
			             count(*) AS shaped, count(*) FILTER (WHERE together >= @floor) AS shown FROM counted),
			sample AS (SELECT jsonb_build_object('type', 'Feature', 'geometry', ST_AsGeoJSON(geom, 6)::jsonb, 'properties', %[6]s) AS f
			         FROM counted WHERE together >= @floor ORDER BY nth, md5(geom::bytea) LIMIT @most) -- every cell before any twice
			SELECT rows, shown, rows - old, old - shaped, shaped - shown, coalesce((SELECT jsonb_agg(f) FROM sample), '[]') FROM n`,
			strings.Join(append(values, "NULL AS nothing"), ", "), coarse(l, r), pgx.Identifier{l.Name}.Sanitize(), old(l, r), of, properties),
			pgx.NamedArgs{"floor": r.Floor, "metres": float64(max(r.CellM, r.SimplifyM)), "delay": r.DelayHours, "most": previewRows},
		).Scan(&p.Rows, &p.Shown, &p.Late, &p.Shapeless, &p.Few, &p.Features)
	})
	var told *pgconn.PgError
	if errors.As(err, &told) && told.Code == "57014" {
		return Preview{}, fmt.Errorf("preview of %s: %w", l.Name, context.DeadlineExceeded)
	}
	if err != nil {
		return Preview{}, fmt.Errorf("preview of %s: %w", l.Name, err)
	}
	return p, nil
}

// kept are the fields of the layer that the rule keeps, in the layer's order.
func (r Rule) kept(l layers.Layer) []layers.Field {
	return slices.DeleteFunc(slices.Clone(l.Fields), func(f layers.Field) bool { return !slices.Contains(r.Fields, f.Name) })
}

// columns are the names of those fields, and the SQL of their values.
func (r Rule) columns(l layers.Layer) (names, values []string) {
	for _, f := range r.kept(l) {
		q := pgx.Identifier{f.Name}.Sanitize()
		names = append(names, q)
		if f.Type == "text" {
			values = append(values, fmt.Sprintf(`coalesce(%s::text, '') AS %s`, q, q))
		} else {
			values = append(values, fmt.Sprintf(`%s::%s AS %s`, q, layers.ColumnType(f.Type), q))
		}
	}
	return names, values
}
