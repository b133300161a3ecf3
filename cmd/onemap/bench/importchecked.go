package bench

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"path/filepath"
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

// treeSets are rules that compare a row with lists and with other rows, which cost more.
var treeSets = []quality.Rule{
	{Kind: "in_class", Indicator: "normative.reference_data", Field: "class_code", Params: map[string]any{"class_kind": "component", "standard_field": "class_standard"}},
	{Kind: "apart", Indicator: "accuracy.duplication", Params: map[string]any{"metres": 0.2}},
}

// checkedImport measures what a department's delivery goes through: its file read, typed, placed,
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
	dir, err := os.MkdirTemp("", "onemap-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "delivery.csv")
	if err := writeDelivery(file, points); err != nil {
		return err
	}
	uploads := upload.New(store, dir, 1)
	uploads.Quality = q
	for _, c := range []struct {
		name  string
		rules []quality.Rule
	}{{"with quality checks", treeRules}, {"with a list and duplicates too", treeSets}} {
		if err := pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
			for _, r := range c.rules {
				r.Layer, r.Weight, r.TitleZH, r.TitleEN = l.Name, 1, r.Kind, r.Kind
				if _, err := q.AddRuleTx(ctx, tx, by, l, r); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			return err
		}
		o.Progress("500,000 points " + c.name + ", previewed, checked and applied")
		if err := deliver(ctx, o, uploads, file, l.Name, c.name, bare); err != nil {
			return err
		}
	}
	return nil
}

// deliver brings the file in, reports how fast, and takes it back.
func deliver(ctx context.Context, o Options, uploads *upload.Store, file, layer, name string, bare float64) error {
	by := access.Operator("bench")
	start := time.Now()
	local, err := uploads.OpenLocal(ctx, by, file, "", datafile.Header{})
	if err != nil {
		return err
	}
	defer local.Close()
	b, err := local.Stage(ctx, by, upload.Plan{Layer: layer, Source: "bench", Key: []string{"id"}, CRS: "WGS84", Place: upload.Place{X: "lon", Y: "lat"},
		Fields: []upload.Field{{Column: "standard", Field: "class_standard"}, {Column: "class", Field: "class_code"},
			{Column: "name", Field: "name"}, {Column: "state", Field: "state"}, {Column: "surveyed", Field: "surveyed_on"}}})
	if err != nil {
		return err
	}
	staged := time.Since(start)
	if b, err = uploads.Apply(ctx, by, "", b.ID); err != nil {
		return err
	}
	took := time.Since(start)
	if b.Change.Inserted != importRows || b.Summary.Card == nil || b.Summary.Held != 0 {
		return fmt.Errorf("%d rows came in: %+v", b.Change.Inserted, b.Summary)
	}
	for _, c := range []struct {
		name string
		took time.Duration
	}{{"previewed", staged}, {"applied", took}} {
		rate := importRows / c.took.Seconds()
		o.Report(Result{Bench: "import", Case: "500,000 points " + name + ", " + c.name, Value: rate, Unit: "rows/s", Baseline: bare, Ratio: rate / bare, Target: ">= 50,000 rows/s", Met: rate >= 50_000})
	}
	_, err = uploads.Undo(ctx, by, "", b.ID, "")
	return err
}

// writeDelivery writes the points as a department would send them.
func writeDelivery(path string, points []orb.Point) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	w := bufio.NewWriter(f)
	w.WriteString("id,lon,lat,standard,class,name,state,surveyed\n")
	for i, p := range points {
		fmt.Fprintf(w, "%d,%.7f,%.7f,GB/T 47678.5-2026,04002,香樟,intact,2026-01-10\n", i+1, p[0], p[1])
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return f.Close()
}
