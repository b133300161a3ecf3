package layers

import (
	"context"
	"fmt"
	"math"
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

// Tile returns the Mapbox Vector Tile of the layers, in their order, as one
// query gives it: uncompressed, extent 4096, buffer 64. A layer without a
// feature there is left out; no layer at all gives no bytes.
//
// Below a layer's detail zoom its points are counted by cells, 8 to a tile's
// edge: each cell with a point is one feature at the points' middle with the
// one property count. A cell belongs to one tile only, so that the counts of a
// zoom's tiles add up to the rows.
func (s *Store) Tile(ctx context.Context, at maptile.Tile, wanted []TileLayer) ([]byte, error) {
	var a Args
	var parts []string
	for _, w := range wanted {
		if int(at.Z) < w.Layer.MinZoom || int(at.Z) > w.Layer.MaxZoom || where.IsFalse(w.Where) {
			continue
		}
		sql, err := tileSQL(at, w, &a)
		if err != nil {
			return nil, err
		}
		parts = append(parts, "("+sql+")")
	}
	if len(parts) == 0 {
		return nil, nil
	}
	var mvt []byte
	err := s.db.QueryRow(ctx, "SELECT "+strings.Join(parts, " || "), a...).Scan(&mvt)
	if err != nil {
		return nil, fmt.Errorf("tile %d/%d/%d: %w", at.Z, at.X, at.Y, err)
	}
	return mvt, nil
}

func tileSQL(at maptile.Tile, w TileLayer, a *Args) (string, error) {
	if w.Layer.Geometry == "Point" && int(at.Z) < w.Layer.DetailZoom {
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
	search := tileBox(at, tileBuffer)
	geom := "f.geom"
	if w.Layer.Geometry != "Point" {
		// What reaches beyond Web Mercator's world cannot be transformed.
		geom = fmt.Sprintf("CASE WHEN ST_YMax(f.geom) > %[1]v OR ST_YMin(f.geom) < -%[1]v THEN ST_ClipByBox2D(f.geom, ST_MakeEnvelope(-180, -%[1]v, 180, %[1]v, 4326)) ELSE f.geom END", mercatorLat)
	}
	return fmt.Sprintf(`SELECT coalesce(ST_AsMVT(t, %[1]s, %[2]d, 'geom', 'id'), ''::bytea) FROM (
    SELECT f.id%[3]s, ST_AsMVTGeom(ST_Transform(%[4]s, 3857), %[5]s, %[2]d, %[6]d) AS geom
    FROM %[7]s f
    WHERE f.geom && %[8]s AND (%[9]s)%[10]s
    ORDER BY f.id -- a stable order gives a stable ETag
) t WHERE t.geom IS NOT NULL`,
		a.Add(w.Layer.Name)+"::text", tileExtent, fields, geom, envelopeSQL(at, a), tileBuffer,
		w.Layer.table(), boxSQL(search, a), cond, thin(at, w.Layer, search, a)), nil
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
func thin(at maptile.Tile, l Layer, box orb.Bound, a *Args) string {
	var b strings.Builder
	if from, ok := l.Style["class_minzoom"].(map[string]any); ok {
		var hidden []string
		for class, z := range from {
			if z, ok := z.(float64); ok && float64(at.Z) < z {
				hidden = append(hidden, class)
			}
		}
		if len(hidden) > 0 {
			b.WriteString(" AND f.class <> ALL (" + a.Add(hidden) + "::text[])")
		}
	}
	if l.Geometry != "Point" && at.Z < 14 && l.Subject == "base" {
		half := (box.Max[0] - box.Min[0]) / 512 / 2
		fmt.Fprintf(&b, " AND greatest(ST_XMax(f.geom) - ST_XMin(f.geom), ST_YMax(f.geom) - ST_YMin(f.geom)) > %s", a.Add(half))
	}
	return b.String()
}

// countSQL counts a layer's points by cell. A cell holds its west and north
// edges; the world's last column and row hold its east and south ones too.
func countSQL(at maptile.Tile, w TileLayer, a *Args) (string, error) {
	cond, err := w.Layer.SQL(w.Where, a)
	if err != nil {
		return "", err
	}
	// In tile coordinates of this zoom: x and y from 0 to 2^z, y down. They are
	// computed here and not by ST_Transform, which takes ten times as long.
	n := math.Exp2(float64(at.Z))
	world, last := a.Add(n)+"::float8", a.Add(int(n)-1)+"::int"
	col, row := a.Add(int(at.X))+"::int", a.Add(int(at.Y))+"::int"
	return fmt.Sprintf(`SELECT coalesce(ST_AsMVT(t, %[1]s, %[2]d, 'geom'), ''::bytea) FROM (
    SELECT count(*) AS count, ST_AsMVTGeom(ST_SetSRID(ST_MakePoint(
               (avg(x) / %[3]s * 2 - 1) * %[4]v, (1 - avg(y) / %[3]s * 2) * %[4]v), 3857), %[5]s, %[2]d, 0) AS geom
    FROM (
        SELECT x, y, least(floor((x - %[6]s) * %[8]d), %[8]d - 1) AS i, greatest(0, least(floor((y - %[7]s) * %[8]d), %[8]d - 1)) AS j
        FROM (
            SELECT (ST_X(f.geom) + 180) / 360 * %[3]s AS x,
                   (0.5 - ln(tan(pi() / 4 + radians(greatest(-%[9]v, least(%[9]v, ST_Y(f.geom)))) / 2)) / (2 * pi())) * %[3]s AS y
            FROM %[10]s f WHERE f.geom && %[11]s AND (%[12]s)
        ) p
        WHERE least(floor(x), %[13]s) = %[6]s AND greatest(0, least(floor(y), %[13]s)) = %[7]s
    ) c
    GROUP BY i, j
    ORDER BY i, j
) t WHERE t.geom IS NOT NULL`,
		a.Add(w.Layer.Name)+"::text", tileExtent, world, mercatorM, envelopeSQL(at, a), col, row, countCells, mercatorLat,
		w.Layer.table(), boxSQL(tileBox(at, 1), a), cond, last), nil
}

// envelopeSQL is the tile's box in Web Mercator. Its numbers are parameters, so
// that the tiles of a layer share one prepared statement.
func envelopeSQL(at maptile.Tile, a *Args) string {
	return fmt.Sprintf("ST_TileEnvelope(%s::int, %s::int, %s::int)", a.Add(int(at.Z)), a.Add(int(at.X)), a.Add(int(at.Y)))
}

func boxSQL(b orb.Bound, a *Args) string {
	return fmt.Sprintf("ST_MakeEnvelope(%s, %s, %s, %s, 4326)", a.Add(b.Min[0]), a.Add(b.Min[1]), a.Add(b.Max[0]), a.Add(b.Max[1]))
}

// tileBox returns the tile's box in degrees, wider by units of its extent, and
// cut to the world: an x beyond the antimeridian would wrap to the other end of
// the map, and the last column of every zoom (all of China at zoom 1) would come
// out empty. See martin issue 982. The poles belong to the first and last row.
func tileBox(at maptile.Tile, units float64) orb.Bound {
	n := math.Exp2(float64(at.Z))
	m := units / tileExtent
	lon := func(x float64) float64 { return max(-180, min(180, x/n*360-180)) }
	lat := func(y float64) float64 {
		if y <= 0 {
			return 90
		}
		if y >= n {
			return -90
		}
		return math.Atan(math.Sinh(math.Pi*(1-2*y/n))) * 180 / math.Pi
	}
	x, y := float64(at.X), float64(at.Y)
	return orb.Bound{Min: orb.Point{lon(x - m), lat(y + 1 + m)}, Max: orb.Point{lon(x + 1 + m), lat(y - m)}}
}
