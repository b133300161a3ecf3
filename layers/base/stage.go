package base

import (
	"context"
	_ "embed"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/paulmach/orb"
)

var (
	//go:embed sql/repair.sql
	repairSQL string
	//go:embed sql/to_lonlat.sql
	toLonLatSQL string
	//go:embed sql/place.sql
	placeSQL string
	//go:embed sql/edges.sql
	edgesSQL string
)

// batchRows is how many rows go to the database at once: enough that the round
// trips do not count, few enough that a batch is a short transaction.
const batchRows = 5000

// A feature is a row with its place, on its way into a layer.
type feature struct {
	id   int64
	key  string // source_key
	row  row
	geom orb.Geometry // EPSG:4326; an area for a table of points: a point inside is taken
	orig any          // the coordinates as they came, where the system was another
}

// A stage takes features, gathers them into batches and writes those into the
// staging tables: COPY into a temporary table, put right there what is
// invalid, insert with the grid. It uses one connection, because temporary
// tables belong to one. It is not safe for concurrent use.
type stage struct {
	conn    *pgxpool.Conn
	staging map[string]string
	crs     string
	batch   int64
	rejects *rejects
	waiting map[string][]feature
	rows    map[string]int64
	srid    int  // of the coordinates that come, where the database must transform them; else 0
	gridded bool // there are grids in force

	nodes []node
	edges []edge
}

func openStage(ctx context.Context, db *pgxpool.Pool, staging map[string]string, crs string, batch int64, r *rejects) (*stage, error) {
	conn, err := db.Acquire(ctx)
	if err != nil {
		return nil, fmt.Errorf("stage: %w", err)
	}
	s := &stage{conn: conn, staging: staging, crs: crs, batch: batch, rejects: r,
		waiting: map[string][]feature{}, rows: map[string]int64{}}
	for _, t := range tables {
		if staging[t.name] == "" {
			continue
		}
		// geom without its type: what comes may be an area for a point, or invalid.
		_, err := conn.Exec(ctx, fmt.Sprintf(`CREATE TEMP TABLE %s AS SELECT id, source_key, %s, orig, geom::geometry FROM %s WITH NO DATA`,
			raw(t.name), t.columnList(), staging[t.name]))
		if err != nil {
			s.close(ctx)
			return nil, fmt.Errorf("stage: %w", err)
		}
	}
	if staging[roadEdge] != "" {
		_, err := conn.Exec(ctx, `CREATE TEMP TABLE raw_road_edge (id bigint, road bigint, source bigint, target bigint,
			forward_kmh float8, backward_kmh float8, foot_kmh float8, class text, geom geometry)`)
		if err != nil {
			s.close(ctx)
			return nil, fmt.Errorf("stage: %w", err)
		}
	}
	err = conn.QueryRow(ctx, `SELECT EXISTS (SELECT FROM map.grid_unit WHERE valid_to IS NULL)
		OR EXISTS (SELECT FROM map.grid_duty WHERE valid_to IS NULL) OR EXISTS (SELECT FROM map.grid_community WHERE valid_to IS NULL)`).Scan(&s.gridded)
	if err != nil {
		s.close(ctx)
		return nil, fmt.Errorf("stage: %w", err)
	}
	return s, nil
}

// close gives the connection back without the temporary tables.
func (s *stage) close(ctx context.Context) {
	if _, err := s.conn.Exec(context.WithoutCancel(ctx), `DISCARD TEMP`); err != nil {
		_ = s.conn.Conn().Close(context.WithoutCancel(ctx))
	}
	s.conn.Release()
}

// raw is the temporary table in front of a staging table.
func raw(table string) string { return "raw_" + table }

func (t table) columnList() string {
	names := make([]string, len(t.columns))
	for i, c := range t.columns {
		names[i] = c.name
	}
	return strings.Join(names, ", ")
}

// add takes a feature. Where its batch is full, it is written.
func (s *stage) add(ctx context.Context, f feature) error {
	l := f.row.layer
	s.waiting[l] = append(s.waiting[l], f)
	if len(s.waiting[l]) < batchRows {
		return nil
	}
	return s.flush(ctx, l)
}

// flushAll writes what is left.
func (s *stage) flushAll(ctx context.Context) error {
	for _, t := range tables {
		if err := s.flush(ctx, t.name); err != nil {
			return err
		}
	}
	if err := s.flushNodes(ctx); err != nil {
		return err
	}
	return s.flushEdges(ctx)
}

// flush writes one layer's waiting features in one transaction.
func (s *stage) flush(ctx context.Context, layer string) error {
	batch := s.waiting[layer]
	if len(batch) == 0 {
		return nil
	}
	t, _ := tableOf(layer)
	err := pgx.BeginFunc(ctx, s.conn, func(tx pgx.Tx) error {
		columns := []string{"id", "source_key"}
		for _, c := range t.columns {
			columns = append(columns, c.name)
		}
		columns = append(columns, "orig", "geom")
		_, err := tx.CopyFrom(ctx, pgx.Identifier{raw(layer)}, columns, pgx.CopyFromSlice(len(batch), func(i int) ([]any, error) {
			f := &batch[i]
			v := make([]any, 0, len(columns))
			v = append(v, f.id, f.key)
			v = append(v, f.row.values...)
			return append(v, f.orig, f.geom), nil
		}))
		if err != nil {
			return err
		}
		if err := s.transform(ctx, tx, t); err != nil {
			return err
		}
		if err := s.repair(ctx, tx, t); err != nil {
			return err
		}
		n, err := s.place(ctx, tx, t)
		if err != nil {
			return err
		}
		s.rows[layer] += n
		_, err = tx.Exec(ctx, "TRUNCATE "+raw(layer))
		return err
	})
	if err != nil {
		return fmt.Errorf("stage %s: %w", layer, err)
	}
	clear(batch)
	s.waiting[layer] = batch[:0]
	return nil
}

// transform brings a batch to longitude and latitude and keeps the
// coordinates as they came. A feature outside of the area that its system is
// for is left out: PROJ gives an error or nonsense there.
func (s *stage) transform(ctx context.Context, tx pgx.Tx, t table) error {
	if s.srid == 0 {
		return nil
	}
	_, err := tx.Exec(ctx, toLonLatSQL)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, fmt.Sprintf(`UPDATE %[1]s SET orig = ST_SetSRID(geom, @srid), geom = pg_temp.to_lonlat(ST_SetSRID(geom, @srid))`, raw(t.name)),
		pgx.NamedArgs{"srid": s.srid})
	if err != nil {
		return err
	}
	rows, err := tx.Query(ctx, fmt.Sprintf(`DELETE FROM %s WHERE geom IS NULL RETURNING source_key`, raw(t.name)))
	if err != nil {
		return err
	}
	var key string
	_, err = pgx.ForEachRow(rows, []any{&key}, func() error {
		return s.rejects.add(rejected, key, t.name, fmt.Sprintf("its coordinates are not in the area of EPSG:%d", s.srid))
	})
	return err
}

// repair makes the areas of a batch valid, and leaves out those of which
// nothing remains.
func (s *stage) repair(ctx context.Context, tx pgx.Tx, t table) error {
	rows, err := tx.Query(ctx, fmt.Sprintf(repairSQL, raw(t.name)))
	if err != nil {
		return err
	}
	var key, why string
	var empty bool
	_, err = pgx.ForEachRow(rows, []any{&key, &why, &empty}, func() error {
		if empty {
			return s.rejects.add(rejected, key, t.name, "it has no area: "+why)
		}
		return s.rejects.add(repaired, key, t.name, why)
	})
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, fmt.Sprintf(`DELETE FROM %s WHERE ST_IsEmpty(geom)`, raw(t.name))); err != nil {
		return err
	}
	switch t.kind {
	case points:
		_, err = tx.Exec(ctx, fmt.Sprintf(`UPDATE %s SET geom = ST_PointOnSurface(geom) WHERE GeometryType(geom) <> 'POINT'`, raw(t.name)))
	case areas:
		_, err = tx.Exec(ctx, fmt.Sprintf(`UPDATE %s SET geom = ST_Multi(geom) WHERE GeometryType(geom) <> 'MULTIPOLYGON'`, raw(t.name)))
	}
	return err
}

// place moves a batch into the staging table.
func (s *stage) place(ctx context.Context, tx pgx.Tx, t table) (int64, error) {
	args := pgx.NamedArgs{"crs": s.crs, "batch": s.batch}
	sql := fmt.Sprintf(placeSQL, raw(t.name), s.staging[t.name], t.columnList())
	if !s.gridded { // the usual first import: nothing to look for
		sql = fmt.Sprintf(`INSERT INTO %[2]s (id, source_key, %[3]s, crs, orig, batch, geom, grid_code, area_code)
			SELECT id, source_key, %[3]s, @crs, orig, @batch, geom, '', '' FROM %[1]s`, raw(t.name), s.staging[t.name], t.columnList())
	}
	tag, err := tx.Exec(ctx, sql, args)
	return tag.RowsAffected(), err
}

// addNode and addEdge take the road network.
func (s *stage) addNode(ctx context.Context, n node) error {
	if s.nodes = append(s.nodes, n); len(s.nodes) < batchRows {
		return nil
	}
	return s.flushNodes(ctx)
}

func (s *stage) addEdge(ctx context.Context, e edge) error {
	if s.edges = append(s.edges, e); len(s.edges) < batchRows {
		return nil
	}
	return s.flushEdges(ctx)
}

func (s *stage) flushNodes(ctx context.Context) error {
	if len(s.nodes) == 0 {
		return nil
	}
	_, err := s.conn.CopyFrom(ctx, identifier(s.staging[roadNode]), []string{"id", "geom"}, pgx.CopyFromSlice(len(s.nodes), func(i int) ([]any, error) {
		return []any{s.nodes[i].id, s.nodes[i].at.point()}, nil
	}))
	if err != nil {
		return fmt.Errorf("stage %s: %w", roadNode, err)
	}
	s.nodes = s.nodes[:0]
	return nil
}

func (s *stage) flushEdges(ctx context.Context) error {
	if len(s.edges) == 0 {
		return nil
	}
	err := pgx.BeginFunc(ctx, s.conn, func(tx pgx.Tx) error {
		columns := []string{"id", "road", "source", "target", "forward_kmh", "backward_kmh", "foot_kmh", "class", "geom"}
		_, err := tx.CopyFrom(ctx, pgx.Identifier{raw(roadEdge)}, columns, pgx.CopyFromSlice(len(s.edges), func(i int) ([]any, error) {
			e := &s.edges[i]
			return []any{e.id, e.road, e.source, e.target, e.pace.forward, e.pace.backward, e.pace.foot, e.class, e.line}, nil
		}))
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, fmt.Sprintf(edgesSQL, raw(roadEdge), s.staging[roadEdge])); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, "TRUNCATE "+raw(roadEdge))
		return err
	})
	if err != nil {
		return fmt.Errorf("stage %s: %w", roadEdge, err)
	}
	clear(s.edges)
	s.edges = s.edges[:0]
	return nil
}

// identifier takes a quoted name of two parts, as the store gives staging
// tables, apart for COPY.
func identifier(quoted string) pgx.Identifier {
	var id pgx.Identifier
	for part := range strings.SplitSeq(quoted, ".") {
		id = append(id, strings.Trim(part, `"`))
	}
	return id
}

// counts returns what each staged table holds.
func (s *stage) counts() []LayerCount {
	var out []LayerCount
	for _, t := range tables {
		if s.staging[t.name] != "" {
			out = append(out, LayerCount{Layer: t.name, Rows: s.rows[t.name], Repaired: s.rejects.repaired[t.name], Rejected: s.rejects.rejected[t.name]})
		}
	}
	return out
}
