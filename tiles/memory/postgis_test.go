package memory_test

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"
	"github.com/paulmach/orb/maptile"

	"onemap/cmd/onemap/tilefeed"
	"onemap/geo/where"
	"onemap/layers"
	"onemap/layers/layerstest"
	"onemap/tiles"
	"onemap/tiles/memory"
)

// town is 3,000 things of a city, some at places where tile servers fail.
const town = `
UPDATE onemap.layer SET minzoom = 0, detail_zoom = 9 WHERE name = 'asset';
INSERT INTO onemap.class (standard, kind, code, major, major_zh, major_en, name_zh, name_en)
    SELECT 'test', 'component', '01' || lpad(i::text, 2, '0'), '1', '一', 'one', '灯', 'lamp' FROM generate_series(1, 9) i;
SELECT setseed(0.5);
INSERT INTO map.asset (id, class_standard, class_code, name, dept_code, state, surveyed_on, geom)
    SELECT i, 'test', '010' || 1 + i % 9, '路灯 ' || i % 40, CASE WHEN i % 2 = 0 THEN 'urban' ELSE 'police' END,
           CASE WHEN i % 3 = 0 THEN 'damaged' ELSE 'intact' END, CASE WHEN i % 5 > 0 THEN date '1899-12-30' + i * 20 END,
           ST_SetSRID(ST_MakePoint(120 + random() / 2, 29 + random() / 2), 4326) FROM generate_series(1, 2900) i
    UNION ALL
    SELECT 2900 + i, 'test', '0101', '', 'urban', 'intact', NULL, ST_SetSRID(ST_MakePoint(-180 + 3.6 * i, -89 + 1.78 * i), 4326) FROM generate_series(1, 100) i;
INSERT INTO map.asset (id, class_standard, class_code, geom) VALUES
    (4001, 'test', '0101', 'SRID=4326;POINT(-180 10)'), (4002, 'test', '0101', 'SRID=4326;POINT(180 10)'),
    (4003, 'test', '0101', 'SRID=4326;POINT(0 0)'), (4004, 'test', '0101', 'SRID=4326;POINT(0 90)');`

func TestPointsAsPostGIS(t *testing.T) {
	oneGoroutine(t)
	db := layerstest.DB(t)
	if _, err := db.Exec(t.Context(), town); err != nil {
		t.Fatal(err)
	}
	store := layers.NewStore(db)
	def, err := store.Layer(t.Context(), "asset")
	if err != nil {
		t.Fatal(err)
	}
	mem, sql := fromTable(t, db, def), tilefeed.PostGIS{Store: store}
	var fields []string
	for _, f := range def.Fields {
		fields = append(fields, f.Name)
	}
	n, counted := 0, 0
	compare := func(at maptile.Tile, c where.Cond, fields []string, plain bool) {
		t.Helper()
		r := tiles.Request{At: at, Plain: plain, Layers: []tiles.LayerRequest{{Name: "asset", Version: def.Version, Where: c, Fields: fields}}}
		want, err := sql.Tile(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		got := ask(t, mem, r)[0]
		if !got.Held || got.Omitted != want[0].Omitted {
			t.Errorf("%v: held is %v, %d omitted, want %d", at, got.Held, got.Omitted, want[0].Omitted)
		}
		a, b := decode(t, got.MVT), decode(t, want[0].MVT)
		if len(a) != len(b) {
			t.Errorf("%v, plain is %v, %s: %d features, want %d", at, plain, where.Canon(c), len(a), len(b))
			return
		}
		slices.SortFunc(a, byIDAndPlace)
		slices.SortFunc(b, byIDAndPlace)
		for i := range a {
			p, q := a[i].Geometry.(orb.Point), b[i].Geometry.(orb.Point)
			if fmt.Sprint(a[i].ID, a[i].Properties) != fmt.Sprint(b[i].ID, b[i].Properties) || math.Abs(p[0]-q[0]) > 1 || math.Abs(p[1]-q[1]) > 1 {
				t.Errorf("%v: %s, want %s", at, dump(a[i]), dump(b[i]))
			}
			n++
			if a[i].Properties["count"] != nil {
				counted++
			}
		}
	}
	conds := []where.Cond{where.True, where.Eq{Field: "dept_code", Value: "police"}, where.Not{C: where.Range{Field: "surveyed_on", Max: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}}, where.Prefix{Field: "name", Prefix: "路灯 1"}}
	for _, c := range conds {
		for z := range maptile.Zoom(13) {
			ats := []maptile.Tile{maptile.At(orb.Point{120.25, 29.25}, z), maptile.At(orb.Point{120.01, 29.49}, z), maptile.At(orb.Point{-179.99, 10}, z), maptile.At(orb.Point{179.99, 10}, z), maptile.At(orb.Point{0.01, -0.01}, z), maptile.At(orb.Point{-0.01, 0.01}, z), maptile.At(orb.Point{1, 85}, z)}
			slices.SortFunc(ats, func(a, b maptile.Tile) int { return int(a.Quadkey()) - int(b.Quadkey()) })
			for _, at := range slices.Compact(ats) {
				compare(at, c, fields, false)
				if z > 7 {
					compare(at, c, fields[:2], true)
				}
			}
		}
	}
	if n < 5000 || counted < 100 {
		t.Errorf("%d features were compared, of which %d counted", n, counted)
	}
}

func byIDAndPlace(a, b *geojson.Feature) int {
	id := func(f *geojson.Feature) float64 {
		if v, ok := f.ID.(float64); ok {
			return v
		}
		p := f.Geometry.(orb.Point) // of a cell: its place in the tile's grid of 8 by 8
		return math.Min(7, math.Floor(p[0]/512))*8 + math.Min(7, math.Floor(p[1]/512))
	}
	return int(id(a) - id(b))
}

// fromTable loads a layer as its table is.
func fromTable(t *testing.T, db *pgxpool.Pool, def layers.Layer) *memory.Store {
	t.Helper()
	l := memory.Layer{
		Name: def.Name, Version: def.Version, Geometry: def.Geometry, MinZoom: def.MinZoom, MaxZoom: def.MaxZoom, DetailZoom: def.DetailZoom,
		ClassField: def.ClassField, RankField: def.RankField, Budget: def.TileBudget, Coverage: def.Subject == "base",
	}
	types := map[string]string{"text": "text", "integer": "bigint", "number": "float8", "boolean": "boolean", "date": "date", "time": "timestamptz"}
	query := "SELECT id, ST_AsEWKB(geom)"
	for _, f := range def.Fields {
		l.Fields = append(l.Fields, memory.Field{Name: f.Name, Type: f.Type, InTile: f.InTile})
		query += ", " + f.Name + "::" + types[f.Type]
	}
	rows, err := db.Query(t.Context(), query+" FROM map."+def.Name)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	s := memory.New(memory.Options{})
	ld := s.Load(l)
	for rows.Next() {
		vs, err := rows.Values()
		if err != nil {
			t.Fatal(err)
		}
		r := memory.Row{ID: vs[0].(int64), Geometry: vs[1].([]byte)}
		for _, v := range vs[2:] {
			var out memory.Value
			switch v := v.(type) {
			case nil:
				out.Null = true
			case string:
				out.S = []byte(v)
			case int64:
				out.I = v
			case float64:
				out.F = v
			case bool:
				if v {
					out.I = 1
				}
			case time.Time:
				out.I = v.UnixMicro()
			default:
				t.Fatalf("a value %T", v)
			}
			r.Values = append(r.Values, out)
		}
		if err := ld.Add(&r); err != nil {
			t.Fatal(err)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	if err := ld.Install(1); err != nil {
		t.Fatal(err)
	}
	return s
}
