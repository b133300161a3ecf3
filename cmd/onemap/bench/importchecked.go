package bench

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/datafile"
	"onemap/layers/quality"
	"onemap/layers/upload"
)

// treeRules are what a department would ask of its trees, as quality has them.
var treeRules = []quality.Rule{
	{Kind: "filled", Indicator: "completeness.element", Field: "name"},
	{Kind: "length", Indicator: "accuracy.format", Field: "name", Params: map[string]any{"max": 20}},
	{Kind: "clean", Indicator: "accuracy.dirty", Field: "name"},
	{Kind: "range", Indicator: "accuracy.content", Field: "surveyed_on", Params: map[string]any{"from": "2000-01-01"}, Quarantine: true},
}

// checkedImport measures what a department's delivery goes through: read, typed, placed,
// kept in a preview, compared with the layer, run through quality rules, and applied with
// what an undo needs. Beside it stands plain COPY of the same columns into a table that has
// neither grids nor indexes nor checks.
func checkedImport(ctx context.Context, o Options, store *layers.Store, points []orb.Point) error {
	db := store.DB()
	o.Progress("plain COPY into a bare table")
	if _, err := db.Exec(ctx, `CREATE TABLE public.bare (key text, class_standard text, class_code text, name text, state text, surveyed_on text, geom geometry(Point, 4326))`); err != nil {
		return err
	}
	start := time.Now()
	if _, err := db.CopyFrom(ctx, pgx.Identifier{"public", "bare"}, []string{"key", "class_standard", "class_code", "name", "state", "surveyed_on", "geom"},
		pgx.CopyFromSlice(len(points), func(i int) ([]any, error) {
			return []any{strconv.Itoa(i + 1), "GB/T 47678.5-2026", "04002", "香樟", "intact", "2026-01-10", points[i]}, nil
		})); err != nil {
		return err
	}
	bare := float64(len(points)) / time.Since(start).Seconds()

	l, err := store.Layer(ctx, "asset")
	if err != nil {
		return err
	}
	by := access.Operator("bench")
	q := &quality.Store{Layers: store}
	if err := pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		for _, r := range treeRules {
			r.Layer, r.Weight, r.TitleZH, r.TitleEN = l.Name, 1, r.Field, r.Field
			if _, err := q.AddRuleTx(ctx, tx, by, l, r); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		return err
	}
	uploads := upload.New(store, "", 1)
	uploads.Quality = q
	columns := []string{"id", "standard", "class", "name", "state", "surveyed"}
	plan := upload.Plan{Layer: l.Name, Source: "bench", Key: []string{"id"}, CRS: "WGS84", Fields: []upload.Field{{Column: "standard", Field: "class_standard"}, {Column: "class", Field: "class_code"},
		{Column: "name", Field: "name"}, {Column: "state", Field: "state"}, {Column: "surveyed", Field: "surveyed_on"}}}
	o.Progress("500,000 points, previewed, checked and applied")
	start = time.Now()
	b, err := uploads.Stage(ctx, by, upload.Delivery{Plan: plan, Sheet: datafile.Sheet{Columns: columns, Geometry: true}, File: "trees", SHA256: make([]byte, 32),
		Rows: func(_ context.Context, yield func(*datafile.Row) error) error {
			row := datafile.Row{Values: []string{"", "GB/T 47678.5-2026", "04002", "香樟", "intact", "2026-01-10"}}
			for i, p := range points {
				row.Line, row.Values[0], row.Geometry = i+1, strconv.Itoa(i+1), p
				if err := yield(&row); err != nil {
					return err
				}
			}
			return nil
		}})
	if err != nil {
		return err
	}
	staged := time.Since(start)
	if b, err = uploads.Apply(ctx, by, "", b.ID); err != nil {
		return err
	}
	took := time.Since(start)
	if b.Change.Inserted != int64(len(points)) {
		return fmt.Errorf("%d rows came in: %+v", b.Change.Inserted, b.Summary)
	}
	for _, c := range []struct {
		name string
		took time.Duration
	}{{"500,000 points with quality checks, previewed", staged}, {"500,000 points with quality checks, applied", took}} {
		rate := float64(len(points)) / c.took.Seconds()
		o.Report(Result{Bench: "import", Case: c.name, Value: rate, Unit: "rows/s", Baseline: bare, Ratio: rate / bare, Target: ">= 50,000 rows/s", Met: rate >= 50_000})
	}
	return nil
}
