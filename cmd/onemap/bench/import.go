package bench

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/paulmach/orb"

	"onemap/layers"
	"onemap/layers/intake"
)

const (
	importRows = 500_000
	// usualRows is how many rows the baseline takes in: it is that much slower.
	usualRows = 50_000
	// gridsEdge is how many unit grids lie along an edge of the city: 900 in all.
	gridsEdge = 30
)

// cityBox is where the points and their grids are, in degrees.
var cityBox = orb.Bound{Min: orb.Point{120.0, 29.2}, Max: orb.Point{120.2, 29.4}}

// Import measures rows a second from a CSV file into the database: typed,
// checked, placed in their grids and indexed, beside the usual way: psql's COPY
// into the same table, whose trigger finds the grid.
func Import(ctx context.Context, o Options) error {
	return o.withDatabase(ctx, func(ctx context.Context, dbURL string) error {
		db, err := layers.Open(ctx, dbURL)
		if err != nil {
			return err
		}
		defer db.Close()
		if err := makeGrids(ctx, db); err != nil {
			return err
		}
		dir, err := os.MkdirTemp("", "onemap-bench-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		file := filepath.Join(dir, "trees.csv")
		points, err := writeTrees(file)
		if err != nil {
			return err
		}
		store := layers.NewStore(db)

		o.Progress("the usual way: COPY with the grid trigger")
		start := time.Now()
		if err := usualImport(ctx, db, points[:usualRows]); err != nil {
			return err
		}
		usual := usualRows / time.Since(start).Seconds()
		if _, err := db.Exec(ctx, `TRUNCATE map.asset`); err != nil {
			return err
		}

		m, err := intake.ParseMapping("bench", []byte(treesMapping))
		if err != nil {
			return err
		}
		run := func(name, target string, goal float64) error {
			o.Progress(name)
			sum, err := intake.Run(ctx, store, intake.Options{File: file, Mapping: m, CRS: "WGS84", By: "bench"})
			if err != nil {
				return err
			}
			if sum.Read != importRows || sum.RejectedRows() != 0 {
				return fmt.Errorf("%s: read %d, rejected %d", name, sum.Read, sum.RejectedRows())
			}
			rate := importRows / sum.Took.Seconds()
			o.Report(Result{Bench: "import", Case: name, Value: rate, Unit: "rows/s", Baseline: usual, Ratio: rate / usual, Target: target, Met: rate >= goal})
			return nil
		}
		if err := run("500,000 points, new", ">= 100,000 rows/s", 100_000); err != nil {
			return err
		}
		if err := run("the same file again", "", 0); err != nil {
			return err
		}
		if _, err := db.Exec(ctx, `TRUNCATE map.asset`); err != nil {
			return err
		}
		return checkedImport(ctx, o, store, points)
	})
}

const treesMapping = `
title: Trees made up for the benchmark
layer: asset
source: bench
crs: WGS84
key: {columns: [id]}
geometry: {lon: lon, lat: lat}
fields:
  class_standard: {const: GB/T 47678.5-2026}
  class_code: {const: "04002"}
  name: {column: species}
  state: {column: condition, lookup: {good: intact, poor: damaged}}
  surveyed_on: {column: surveyed}
attributes:
  girth_cm: {column: girth, type: number, min: "0", max: "900"}
`

// makeGrids lays unit grids over the box, their edges wavy as streets are.
func makeGrids(ctx context.Context, db *pgxpool.Pool) error {
	_, err := db.Exec(ctx, `
		WITH lines AS (
			SELECT ST_SetSRID(ST_MakeLine(ARRAY(SELECT ST_MakePoint($1::float8 + i * ($3::float8 - $1) / $5 + 0.0004 * sin(j), $2::float8 + j * ($4::float8 - $2) / 200) FROM generate_series(0, 200) j)), 4326) AS l FROM generate_series(1, $5::int - 1) i
			UNION ALL
			SELECT ST_SetSRID(ST_MakeLine(ARRAY(SELECT ST_MakePoint($1 + j * ($3 - $1) / 200, $2 + i * ($4 - $2) / $5 + 0.0004 * cos(j)) FROM generate_series(0, 200) j)), 4326) FROM generate_series(1, $5 - 1) i
			UNION ALL SELECT ST_Boundary(ST_MakeEnvelope($1, $2, $3, $4, 4326))
		)
		INSERT INTO map.grid_unit (grid_code, area_code, geom)
		SELECT '330782001' || lpad((n / 999 + 1)::text, 3, '0') || lpad((n % 999 + 1)::text, 3, '0'), '330782001' || lpad((n / 999 + 1)::text, 3, '0'), ST_Multi(geom)
		FROM (SELECT row_number() OVER () - 1 AS n, (d).geom FROM (SELECT ST_Dump(ST_Polygonize(u)) AS d FROM (SELECT ST_Union(l) AS u FROM lines) x) y) z`,
		cityBox.Min[0], cityBox.Min[1], cityBox.Max[0], cityBox.Max[1], gridsEdge)
	return err
}

func writeTrees(path string) ([]orb.Point, error) {
	f, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	w := bufio.NewWriter(f)
	w.WriteString("id,lon,lat,species,condition,girth,surveyed\n")
	rng := rand.New(rand.NewPCG(7, 7))
	points := make([]orb.Point, importRows)
	for i := range points {
		p := orb.Point{cityBox.Min[0] + rng.Float64()*0.2, cityBox.Min[1] + rng.Float64()*0.2}
		points[i] = p
		w.WriteString(strconv.Itoa(i + 1))
		w.WriteByte(',')
		w.WriteString(strconv.FormatFloat(p[0], 'f', 7, 64))
		w.WriteByte(',')
		w.WriteString(strconv.FormatFloat(p[1], 'f', 7, 64))
		w.WriteString([]string{",香樟", ",桂花", ",银杏", ",悬铃木"}[rng.IntN(4)])
		w.WriteString([]string{",good", ",poor"}[rng.IntN(2)])
		w.WriteString("," + strconv.Itoa(rng.IntN(300)))
		w.WriteString(",2026-0" + strconv.Itoa(1+rng.IntN(9)) + "-1" + strconv.Itoa(rng.IntN(10)) + "\n")
	}
	if err := w.Flush(); err != nil {
		return nil, err
	}
	return points, f.Close()
}

func usualImport(ctx context.Context, db *pgxpool.Pool, points []orb.Point) error {
	n, err := db.CopyFrom(ctx, pgx.Identifier{"map", "asset"},
		[]string{"source_key", "class_standard", "class_code", "name", "state", "geom"},
		pgx.CopyFromSlice(len(points), func(i int) ([]any, error) {
			return []any{"usual:" + strconv.Itoa(i+1), "GB/T 47678.5-2026", "04002", "香樟", "intact", points[i]}, nil
		}))
	if err == nil && n != int64(len(points)) {
		err = fmt.Errorf("COPY took %d rows", n)
	}
	return err
}
