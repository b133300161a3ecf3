package intake

import (
	"context"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/paulmach/orb"

	"onemap/geo/crsfit"
	"onemap/layers"
	"onemap/layers/datafile"
	"onemap/layers/grid"
)

// What is brought in by people goes the way rows -> staging -> check -> apply,
// and may be undone: [Stage] writes rows, wherever they come from, to a table of
// their own; the quality rules run over it; [ApplyTx] takes over what is new and
// what differs, in one transaction; [UndoTx] puts back what was there.

// Rows hands out rows in order: a sheet of a file, the lines of a push, the
// answer of a pull. The values stand in the order of the columns.
type Rows func(ctx context.Context, yield func(*datafile.Row) error) error

// StageOptions say what to stage.
type StageOptions struct {
	Batch   int64        // its number, see [NextBatch]
	Layer   layers.Layer // that the rows are for
	New     bool         // the layer is yet to be made: only its definition counts
	Mapping Mapping      // Source, Key, Geometry, Fields, Keep, Skip, Empty, TimeZone count
	// Method is how coordinates are written, as crsfit.ParseMethod has it: the
	// declared system, with /yx where the axes are swapped.
	Method  string
	Columns []string // of the rows
	Rows    Rows
	// Locate finds the places of addresses, as longitude and latitude; ok is
	// false where there is none to be sure of. nil: addresses cannot be used.
	Locate func(ctx context.Context, addresses []string) (at []orb.Point, ok []bool, err error)
	// Reject is told of rows that cannot be taken, in the order of the file.
	Reject  func(line int, f Fault, raw string)
	Workers int // 0: one for each processor
}

// StagingTable is the quoted name of the table with a batch's rows.
func StagingTable(batch int64) string { return fmt.Sprintf("import.batch_%d", batch) }

// beforeTable is the quoted name of the table with the rows that a batch changed.
func beforeTable(batch int64) string { return fmt.Sprintf("import.before_%d", batch) }

// NextBatch gives out a number for a batch.
func NextBatch(ctx context.Context, db *pgxpool.Pool) (n int64, err error) {
	if err = db.QueryRow(ctx, `SELECT nextval(pg_get_serial_sequence('onemap.batch', 'id'))`).Scan(&n); err != nil {
		return 0, fmt.Errorf("number the batch: %w", err)
	}
	return n, nil
}

// Stage writes rows to [StagingTable]: the layer's columns by name, row_number,
// the line of the file, and the geometry on the map. Written are the columns
// that it filled. A row that is wrong is rejected and does not stop the rest.
// Where it fails, the table is dropped.
func Stage(ctx context.Context, store *layers.Store, o StageOptions) (sum Summary, written []string, err error) {
	begun := time.Now()
	m := o.Mapping
	m.Layer = o.Layer.Name
	if m.Name == "" {
		m.Name = "plan"
	}
	method, err := crsfit.ParseMethod(o.Method)
	if err != nil {
		return sum, nil, &layers.InputError{Field: "crs", Value: layers.Short(o.Method), Remedy: err.Error()}
	}
	if err := m.check(); err != nil {
		return sum, nil, &layers.InputError{Field: m.Name, Remedy: err.Error()}
	}
	im := &importer{store: store, m: m, crs: method.CRS, begun: begun, passes: 1, batch: o.Batch, rows: &rowSource{o.Columns, o.Rows, ctx},
		sum: Summary{Layer: o.Layer.Name, Batch: o.Batch, Skipped: map[string]int64{}, Rejected: map[string]int64{}, Notes: []string{}}}
	im.o.Workers = o.Workers
	if im.o.Workers <= 0 {
		im.o.Workers = runtime.GOMAXPROCS(0)
	}
	im.rejects = newRejects("", &im.sum)
	im.rejects.tell = o.Reject
	if o.New {
		im.table = describeNew(o.Layer)
	} else if im.table, err = describe(ctx, store.DB(), o.Layer); err != nil {
		return sum, nil, err
	}
	if im.finder, err = grid.Load(ctx, store.DB()); err != nil {
		return sum, nil, err
	}
	p, err := newPlan(m, im.table, method.CRS)
	if err != nil {
		return sum, nil, err
	}
	p.finder, p.bounds = im.finder, im.within()
	if p.staged, err = newStagedPlace(m, p, method, o); err != nil {
		return sum, nil, err
	}
	for _, name := range p.cols.names {
		if !slices.Contains(o.Columns, name) {
			return sum, nil, &layers.InputError{Field: "columns", Value: layers.Short(name), Remedy: "the file has no such column"}
		}
	}
	if p.codeAt >= 0 && p.standardAt >= 0 {
		if p.classes, err = loadClasses(ctx, store.DB(), o.Layer.Name); err != nil {
			return sum, nil, err
		}
	}
	conn, err := store.DB().Acquire(ctx)
	if err != nil {
		return sum, nil, err
	}
	defer conn.Release()
	if err := createStaging(ctx, conn, o, im.table); err != nil {
		return sum, nil, err
	}
	defer func() {
		if err != nil { // best effort: what is left is swept later
			_, _ = store.DB().Exec(context.WithoutCancel(ctx), `DROP TABLE IF EXISTS `+StagingTable(o.Batch))
		}
	}()
	written = p.written()
	s := &sink{conn: conn.Conn(), table: StagingTable(o.Batch), columns: append([]string{"row_number"}, written...), head: func(line int) int64 { return int64(line) }}
	if err = im.write(ctx, p, first{}, s); err != nil {
		return im.sum, nil, err
	}
	if err = im.finish(ctx, conn, o, p); err != nil {
		return im.sum, nil, err
	}
	im.sum.Took = time.Since(begun)
	return im.sum, written, nil
}

// describeNew is describe for a layer that is yet to be made.
func describeNew(l layers.Layer) *table {
	t := &table{layer: l, byName: map[string]*column{}}
	types := map[string]kind{"text": text, "integer": bigint, "number": float8, "boolean": boolean, "date": date, "time": timestamp}
	for _, f := range l.Fields {
		if !layers.ReservedField(f.Name) {
			t.columns = append(t.columns, column{name: f.Name, kind: types[f.Type], notNull: f.Type == "text", hasValue: f.Type == "text"})
		}
	}
	for i := range t.columns {
		t.byName[t.columns[i].name] = &t.columns[i]
	}
	return t
}

// createStaging makes a batch's table. It is unlogged: what is in it can be read
// from the file again, and an apply counts its rows.
func createStaging(ctx context.Context, conn *pgxpool.Conn, o StageOptions, t *table) error {
	name := StagingTable(o.Batch)
	statements := []string{`DROP TABLE IF EXISTS ` + name}
	if !o.New {
		statements = append(statements, fmt.Sprintf(`CREATE UNLOGGED TABLE %s (LIKE %s INCLUDING DEFAULTS)`, name, t.sql()),
			fmt.Sprintf(`ALTER TABLE %s ALTER COLUMN id DROP NOT NULL, ALTER COLUMN id DROP DEFAULT, ADD COLUMN row_number bigint`, name))
	} else {
		columns := []string{"id bigint", "source_key text"}
		for _, f := range o.Layer.Fields {
			if t.byName[f.Name] == nil {
				continue
			}
			c := pgx.Identifier{f.Name}.Sanitize() + " " + layers.ColumnType(f.Type)
			if f.Type == "text" {
				c += " NOT NULL DEFAULT ''"
			}
			columns = append(columns, c)
		}
		columns = append(columns, "grid_code text NOT NULL", "area_code text NOT NULL", "crs text NOT NULL", "orig geometry", "batch bigint",
			"updated_at timestamptz NOT NULL DEFAULT now()", fmt.Sprintf("geom geometry(%s, 4326) NOT NULL", o.Layer.Geometry), "row_number bigint")
		statements = append(statements, fmt.Sprintf(`CREATE UNLOGGED TABLE %s (%s)`, name, strings.Join(columns, ", ")))
	}
	for _, sql := range statements {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return fmt.Errorf("make a table for what comes: %w", err)
		}
	}
	return nil
}

// repairTime is how long PostGIS may take to mend and place a batch's shapes.
const repairTime = 5 * time.Minute

// finish mends shapes that cross themselves, finds the grids of what is no
// point, and takes out what the layer has with another key.
func (im *importer) finish(ctx context.Context, conn *pgxpool.Conn, o StageOptions, p *plan) error {
	table := StagingTable(o.Batch)
	if o.Layer.Geometry != "Point" {
		ctx, cancel := context.WithTimeout(ctx, repairTime)
		defer cancel()
		if err := im.mend(ctx, conn, table, o.Layer.Geometry); err != nil {
			if ctx.Err() != nil {
				return &layers.InputError{Field: "file", Remedy: "simpler shapes: some are so intricate that they cannot be checked in " + repairTime.String()}
			}
			return err
		}
		if _, err := conn.Exec(ctx, fmt.Sprintf(`UPDATE %s s SET (grid_code, area_code) = (SELECT g.grid_code, g.area_code FROM map.grid_at(s.geom) g)`, table)); err != nil {
			return fmt.Errorf("find grids: %w", err)
		}
	}
	if !o.New {
		for i := range p.fields {
			c := p.fields[i].column
			if !c.unique {
				continue
			}
			rows, err := conn.Query(ctx, fmt.Sprintf(`DELETE FROM %s i USING %s t WHERE t.%[3]s = i.%[3]s AND t.source_key IS DISTINCT FROM i.source_key
				RETURNING i.row_number, i.%[3]s::text`, table, im.table.sql(), pgx.Identifier{c.name}.Sanitize()))
			if err != nil {
				return fmt.Errorf("compare with the layer: %w", err)
			}
			var line int
			var value string
			if _, err := pgx.ForEachRow(rows, []any{&line, &value}, func() error {
				im.rejects.add(line, Fault{Field: c.name, Value: value, Reason: "the value of another feature, which must be unique"}, "")
				return nil
			}); err != nil {
				return fmt.Errorf("compare with the layer: %w", err)
			}
		}
	}
	// By key whole tables are joined, and the rows of pages are found by number. Of
	// how it is spread a tenth of the usual sample says enough.
	_, err := conn.Exec(ctx, fmt.Sprintf(`CREATE INDEX ON %s (row_number); SET LOCAL default_statistics_target = 10; ANALYZE %[1]s`, table))
	return err
}

// mend makes shapes valid that are not, as PostGIS does, and rejects those of
// which nothing is left.
func (im *importer) mend(ctx context.Context, conn *pgxpool.Conn, table, geometry string) error {
	dimension := 2 // of lines, in ST_CollectionExtract
	multi := "ST_Multi"
	if strings.HasSuffix(geometry, "Polygon") {
		dimension = 3
	} else if strings.HasSuffix(geometry, "Point") {
		dimension = 1
	}
	if !strings.HasPrefix(geometry, "Multi") {
		multi = "" // one part stays one, more are refused below
	}
	rows, err := conn.Query(ctx, fmt.Sprintf(`
		WITH bad AS (SELECT ctid AS at, row_number, ST_IsValidReason(geom) AS why, %s(ST_CollectionExtract(ST_MakeValid(geom), %d)) AS mended
		             FROM %s WHERE NOT ST_IsValid(geom) OR ST_IsEmpty(geom)),
		     done AS (UPDATE %[3]s s SET geom = b.mended FROM bad b WHERE s.ctid = b.at AND NOT ST_IsEmpty(b.mended) AND GeometryType(b.mended) = @type AND ST_IsValid(b.mended) RETURNING s.row_number),
		     lost AS (DELETE FROM %[3]s s USING bad b WHERE s.ctid = b.at AND (ST_IsEmpty(b.mended) OR GeometryType(b.mended) <> @type OR NOT ST_IsValid(b.mended)) RETURNING s.row_number)
		SELECT row_number, why, EXISTS (SELECT FROM done d WHERE d.row_number = bad.row_number) FROM bad ORDER BY row_number`, multi, dimension, table),
		pgx.NamedArgs{"type": strings.ToUpper(geometry)})
	if err != nil {
		return fmt.Errorf("mend shapes: %w", err)
	}
	var line int
	var why string
	var mended bool
	n := 0
	if _, err := pgx.ForEachRow(rows, []any{&line, &why, &mended}, func() error {
		if mended {
			n++
		} else {
			im.rejects.add(line, Fault{Field: "geometry", Value: shorten(why, 100), Reason: "not a valid shape"}, "")
		}
		return nil
	}); err != nil {
		return fmt.Errorf("mend shapes: %w", err)
	}
	if n > 0 {
		im.sum.Notes = append(im.sum.Notes, fmt.Sprintf("%d shapes that crossed themselves were mended", n))
	}
	return nil
}

// Columns returns the columns of a row that a mapping reads, sorted.
func (m Mapping) Columns() []string {
	all := map[string]bool{}
	add := func(names ...string) {
		for _, n := range names {
			if n != "" {
				all[n] = true
			}
		}
	}
	add(m.Key.Columns...)
	add(m.Geometry.Lon, m.Geometry.Lat, m.Geometry.Column)
	add(m.Geometry.Address...)
	for _, values := range []map[string]Value{m.Fields, m.Attributes} {
		for _, v := range values {
			add(v.Column)
			add(v.First...)
			add(v.Concat...)
		}
	}
	for _, rules := range [][]Rule{m.Keep, m.Skip} {
		for _, r := range rules {
			add(r.Column)
		}
	}
	return slices.Sorted(maps.Keys(all))
}
