package layers

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/maptile"

	"onemap/geo/where"
)

const (
	tileExtent = 4096
	tileBuffer = 64
	// countCells is how many cells an edge of a tile has where points are counted.
	countCells = 8
	// mercatorM is half the width of the Web Mercator world, in metres.
	mercatorM = 20037508.342789244
	// mercatorLat is the latitude, in degrees, at which that world ends.
	mercatorLat = 85.0511287798066
)

// A TileLayer is what is wanted of one layer in a tile.
type TileLayer struct {
	Layer  Layer
	Where  where.Cond
	Fields []string
}

// counted says whether a tile has counts by cell of the layer, and not its features.
func (w TileLayer) counted(at plane, plain bool) bool {
	return w.Layer.Geometry == "Point" && at.zoom < w.Layer.DetailZoom && !plain
}

// A TilePart is one layer of a tile.
type TilePart struct {
	MVT     []byte // uncompressed, extent 4096, buffer 64; none without a feature there
	Omitted int    // features that lie here and were left out: too small to see, or too many
}

// Tile returns the parts of a Mapbox Vector Tile, one for each layer wanted, as
// one query gives them, and the pg_current_snapshot() of that query, which says
// up to which commit they are true.
//
// Below a layer's detail zoom its points are counted by cells, 8 to a tile's
// edge: each cell with a point is one feature at the points' middle with the
// property count and, for who may see the layer's class field, class:X for each
// class X in it. A cell belongs to one tile only, so that the counts of a
// zoom's tiles add up to the rows. Elsewhere features that nobody could see are
// left out, and those of least rank where a part would exceed its budget.
// plain turns all of that off.
func (s *Store) Tile(ctx context.Context, at maptile.Tile, wanted []TileLayer, plain bool) ([]TilePart, string, error) {
	return s.inPlane(ctx, mercatorPlane(at), wanted, plain)
}

func (s *Store) inPlane(ctx context.Context, at plane, wanted []TileLayer, plain bool) ([]TilePart, string, error) {
	parts := make([]TilePart, len(wanted))
	limits := make([]int, len(wanted))
	var snapshot string
	for {
		snap, counts, err := s.tile(ctx, at, wanted, plain, limits, parts)
		if err != nil {
			return nil, "", err
		}
		if snapshot == "" {
			snapshot = snap // the oldest of them all is what the tile is true for
		}
		again := false
		for i, p := range parts {
			// A part over its budget is asked for anew with as many features as
			// fit, with a little less each time. Counts are as few as they can be.
			if plain || wanted[i].counted(at, plain) {
				continue
			}
			budget := wanted[i].Layer.TileBudget
			if budget > 0 && len(p.MVT) > budget && counts[i] > 1 {
				limits[i] = max(1, int(float64(counts[i])*float64(budget)/float64(len(p.MVT))*0.9))
				again = true
			}
		}
		if !again {
			return parts, snapshot, nil
		}
	}
}

// tile asks once for all parts; limits are the most features of each, 0 for all.
// It returns how many features each part has.
func (s *Store) tile(ctx context.Context, at plane, wanted []TileLayer, plain bool, limits []int, parts []TilePart) (string, []int, error) {
	var a Args
	counts := make([]int, len(wanted))
	var snapshot string
	columns, from := []string{"pg_current_snapshot()::text"}, []string{"(SELECT) t"}
	targets := []any{&snapshot}
	for i, w := range wanted {
		if at.zoom < w.Layer.MinZoom || at.zoom > w.Layer.MaxZoom || where.IsFalse(w.Where) {
			continue
		}
		part, err := tileSQL(at, w, plain, limits[i], &a)
		if err != nil {
			return "", nil, err
		}
		columns = append(columns, fmt.Sprintf("p%[1]d.mvt, p%[1]d.n, p%[1]d.omitted", i))
		from = append(from, fmt.Sprintf("(%s) p%d", part, i))
		targets = append(targets, &parts[i].MVT, &counts[i], &parts[i].Omitted)
	}
	sql := "SELECT " + strings.Join(columns, ", ") + "\nFROM " + strings.Join(from, ",\n") // each gives one row
	if err := s.db.QueryRow(ctx, sql, a...).Scan(targets...); err != nil {
		return "", nil, fmt.Errorf("tile %d/%d/%d: %w", at.zoom, at.x, at.y, err)
	}
	return snapshot, counts, nil
}

// tileSQL gives one row: the part's bytes (mvt), its features (n), and those
// left out of it (omitted).
func tileSQL(at plane, w TileLayer, plain bool, limit int, a *Args) (string, error) {
	if w.counted(at, plain) {
		return countSQL(at, w, a)
	}
	cond, err := w.Layer.SQL(w.Where, a)
	if err != nil {
		return "", err
	}
	fields, err := tileFields(w)
	if err != nil {
		return "", err
	}
	search := at.box(tileBuffer)
	here := fmt.Sprintf("FROM %s f\n    WHERE f.geom && %s AND (%s)", w.Layer.table(), boxSQL(search, a), cond)
	visible, order, omitted := "", "f.id", "0" // a stable order gives a stable ETag
	if !plain {
		visible = thin(at.zoom, w.Layer, search, a)
	}
	if limit > 0 {
		// Which features stay tells their rank: only to who may see it.
		if w.Layer.RankField != "" && slices.Contains(w.Fields, w.Layer.RankField) {
			rank, _, err := w.Layer.column(w.Layer.RankField)
			if err != nil {
				return "", err
			}
			order = rank + " NULLS LAST, f.id"
		}
		order += " LIMIT " + a.Add(limit)
	}
	if visible != "" || limit > 0 {
		omitted = "greatest(0, (SELECT count(*) " + here + ") - count(*))"
	}
	return fmt.Sprintf(`SELECT coalesce(ST_AsMVT(t, %[1]s, %[2]d, 'geom', 'id'), ''::bytea) AS mvt, count(*) AS n, %[3]s AS omitted FROM (
    SELECT f.id%[4]s, ST_AsMVTGeom(%[5]s, %[6]s, %[2]d, %[7]d) AS geom
    %[8]s%[9]s
    ORDER BY %[10]s
) t WHERE t.geom IS NOT NULL`,
		a.Add(w.Layer.Name)+"::text", tileExtent, omitted, fields, at.geom(w.Layer), at.envelope(a), tileBuffer, here, visible, order), nil
}

// tileFields lists the columns of a tile's feature, after its id. Dates and
// times go as ISO 8601 text, times in UTC.
func tileFields(w TileLayer) (string, error) {
	var b strings.Builder
	for _, name := range w.Fields {
		f, ok := w.Layer.Field(name)
		if !ok || !f.InTile {
			continue
		}
		col, typ, err := w.Layer.column(name)
		if err != nil {
			return "", err
		}
		switch f.Type {
		case "time":
			col = "to_char(" + col + ` AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')`
		case "date":
			col = "to_char(" + col + ", 'YYYY-MM-DD')"
		default:
			col += "::" + typ
		}
		b.WriteString(", " + col + " AS " + name)
	}
	return b.String(), nil
}

// thin leaves out what no one could see at this zoom: classes that the style
// shows from a larger zoom on only, and lines and areas under half a pixel.
func thin(zoom int, l Layer, box orb.Bound, a *Args) string {
	var b strings.Builder
	if from, ok := l.Style["class_minzoom"].(map[string]any); ok {
		var hidden []string
		for class, z := range from {
			if z, ok := z.(float64); ok && float64(zoom) < z {
				hidden = append(hidden, class)
			}
		}
		if len(hidden) > 0 {
			b.WriteString(" AND f.class <> ALL (" + a.Add(hidden) + "::text[])")
		}
	}
	if l.Geometry != "Point" && zoom < 14 && l.Subject == "base" {
		half := (box.Max[0] - box.Min[0]) / 512 / 2
		fmt.Fprintf(&b, " AND greatest(ST_XMax(f.geom) - ST_XMin(f.geom), ST_YMax(f.geom) - ST_YMin(f.geom)) > %s", a.Add(half))
	}
	return b.String()
}

// countSQL counts a layer's points by cell. A cell holds its west and north
// edges; the world's last column and row hold its east and south ones too.
func countSQL(at plane, w TileLayer, a *Args) (string, error) {
	cond, err := w.Layer.SQL(w.Where, a)
	if err != nil {
		return "", err
	}
	// Counts by class tell the class: only to who may see it.
	class := "NULL::text"
	if w.Layer.ClassField != "" && slices.Contains(w.Fields, w.Layer.ClassField) {
		if class, _, err = w.Layer.column(w.Layer.ClassField); err != nil {
			return "", err
		}
	}
	// In tile coordinates of this zoom: x from 0 to 2^z, y down. They are computed
	// here and not by ST_Transform, which takes ten times as long.
	world, last, lowest := a.Add(math.Exp2(float64(at.zoom)))+"::float8", a.Add(at.columns-1)+"::int", a.Add(at.rows-1)+"::int"
	col, row := a.Add(at.x)+"::int", a.Add(at.y)+"::int"
	return fmt.Sprintf(`SELECT coalesce(ST_AsMVT(t, %[1]s, %[2]d, 'geom'), ''::bytea) AS mvt, count(*) AS n, 0 AS omitted FROM (
    SELECT sum(n)::bigint AS count, jsonb_object_agg('class:' || class, n ORDER BY class) FILTER (WHERE class IS NOT NULL) AS classes,
           ST_AsMVTGeom(%[4]s, %[5]s, %[2]d, 0) AS geom
    FROM (
        SELECT i, j, class, sum(x) AS x, sum(y) AS y, count(*) AS n
        FROM (
            SELECT x, y, class, least(floor((x - %[6]s) * %[8]d), %[8]d - 1) AS i, greatest(0, least(floor((y - %[7]s) * %[8]d), %[8]d - 1)) AS j
            FROM (
                SELECT (ST_X(f.geom) + 180) / 360 * %[3]s AS x, %[14]s AS class,
                       %[9]s * %[3]s AS y
                FROM %[10]s f WHERE f.geom && %[11]s AND (%[12]s)
            ) p
            WHERE least(floor(x), %[13]s) = %[6]s AND greatest(0, least(floor(y), %[15]s)) = %[7]s
        ) c
        GROUP BY i, j, class
    ) g
    GROUP BY i, j
    ORDER BY i, j
) t WHERE t.geom IS NOT NULL`,
		a.Add(w.Layer.Name)+"::text", tileExtent, world, at.point("sum(x) / sum(n) / "+world, "sum(y) / sum(n) / "+world),
		at.envelope(a), col, row, countCells, at.down, w.Layer.table(), boxSQL(at.box(1), a), cond, last, class, lowest), nil
}

func boxSQL(b orb.Bound, a *Args) string {
	return fmt.Sprintf("ST_MakeEnvelope(%s, %s, %s, %s, 4326)", a.Add(b.Min[0]), a.Add(b.Min[1]), a.Add(b.Max[0]), a.Add(b.Max[1]))
}
