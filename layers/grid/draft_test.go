package grid_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/paulmach/orb"

	"onemap/geo/griddraw"
	"onemap/layers"
	"onemap/layers/access"
	"onemap/layers/grid"
	"onemap/layers/layerstest"
)

// A village of two communities, 400 m by 200 m each, with a main road along
// their border, lanes, and houses.
const village = `
	INSERT INTO onemap.area (code, level, name_zh, name_en, geom) VALUES
		('330782001', 'town', '镇', 'Town', NULL);
	INSERT INTO onemap.area (code, parent, level, name_zh, name_en, geom) VALUES
		('330782001001', '330782001', 'community', '东', 'East', ST_Multi(ST_MakeEnvelope(120.004, 29.000, 120.008, 29.002, 4326))),
		('330782001002', '330782001', 'community', '西', 'West', ST_Multi(ST_MakeEnvelope(120.000, 29.000, 120.004, 29.002, 4326)));
	INSERT INTO map.base_road (class, grid_code, area_code, geom) VALUES
		('primary', '', '', ST_GeomFromText('LINESTRING(120.004 28.999, 120.004 29.003)', 4326)),
		('residential', '', '', ST_GeomFromText('LINESTRING(119.999 29.001, 120.009 29.001)', 4326)),
		('residential', '', '', ST_GeomFromText('LINESTRING(120.002 28.999, 120.002 29.003)', 4326)),
		('footway', '', '', ST_GeomFromText('LINESTRING(120.006 28.999, 120.006 29.0025)', 4326));
	INSERT INTO map.base_building (class, grid_code, area_code, geom)
	SELECT 'house', '', '', ST_Multi(ST_MakeEnvelope(x, y, x + 0.0003, y + 0.0003, 4326))
	FROM generate_series(120.0002, 120.0076, 0.0006) x, generate_series(29.0002, 29.0016, 0.0005) y
	WHERE NOT (x < 120.004 AND x + 0.0003 > 120.004);`

func drafts(t *testing.T, db *pgxpool.Pool) *grid.Drafts {
	d := grid.NewDrafts(context.WithoutCancel(t.Context()), layers.NewStore(db), slog.New(slog.DiscardHandler))
	t.Cleanup(d.Close)
	return d
}

// admin is an account that may edit grids.
func admin(t *testing.T, db *pgxpool.Pool) access.Scope {
	return someone(t, db, "wang", "administrator")
}

func someone(t *testing.T, db *pgxpool.Pool, login, role string) access.Scope {
	t.Helper()
	exec(t, db, `INSERT INTO onemap.organisation (code, name_zh, name_en, level, kind, area_code) VALUES ('city', '市', 'City', 'county', 'department', '330782') ON CONFLICT DO NOTHING`)
	exec(t, db, `INSERT INTO onemap.person (login, name, org, password_hash) VALUES ('`+login+`', 'W', 'city', '')`)
	exec(t, db, `INSERT INTO onemap.person_role (person, role) SELECT id, '`+role+`' FROM onemap.person WHERE login = '`+login+`'`)
	dir := access.NewDirectory(db)
	t.Cleanup(dir.Close)
	var id int64
	if err := db.QueryRow(t.Context(), `SELECT id FROM onemap.person WHERE login = $1`, login).Scan(&id); err != nil {
		t.Fatal(err)
	}
	s, err := dir.ScopeOf(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func exec(t *testing.T, db *pgxpool.Pool, sql string, args ...any) {
	t.Helper()
	if _, err := db.Exec(t.Context(), sql, args...); err != nil {
		t.Fatal(err)
	}
}

func made(t *testing.T, d *grid.Drafts, by access.Scope, n grid.NewDraft) grid.Draft {
	t.Helper()
	g, err := d.Create(t.Context(), by, n)
	if err != nil {
		t.Fatal(err)
	}
	d.Wait()
	if g, err = d.Get(t.Context(), by, g.ID); err != nil {
		t.Fatal(err)
	}
	if g.State != grid.Open {
		t.Fatalf("state %s: %s", g.State, g.Error)
	}
	return g
}

func cellsOf(t *testing.T, d *grid.Drafts, by access.Scope, id int64) map[string]grid.DraftCell {
	t.Helper()
	all, err := d.Cells(t.Context(), by, id, nil, 1000)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]grid.DraftCell{}
	for _, c := range all {
		out[c.Code] = c
	}
	if len(out) != len(all) {
		t.Fatalf("codes twice: %v", all)
	}
	return out
}

// fits asks PostGIS whether the cells of a draft are the ground and share none.
func fits(t *testing.T, db *pgxpool.Pool, id int64) {
	t.Helper()
	var off float64
	var overlaps, invalid int
	if err := db.QueryRow(t.Context(), `SELECT ST_Area(ST_SymDifference((SELECT ST_Union(geom) FROM onemap.grid_draft_cell WHERE draft = $1),
			(SELECT ST_Union(geom) FROM onemap.grid_draft_ground WHERE draft = $1))::geography),
		(SELECT count(*) FROM onemap.grid_draft_cell a JOIN onemap.grid_draft_cell b ON a.draft = b.draft AND a.cell < b.cell AND a.geom && b.geom
			WHERE a.draft = $1 AND ST_Relate(a.geom, b.geom, '2********')),
		(SELECT count(*) FROM onemap.grid_draft_cell WHERE draft = $1 AND NOT ST_IsValid(geom))`, id).Scan(&off, &overlaps, &invalid); err != nil {
		t.Fatal(err)
	}
	if off > 1 || overlaps > 0 || invalid > 0 {
		t.Errorf("cells miss the ground by %.2f m², %d pairs overlap, %d are invalid", off, overlaps, invalid)
	}
}

// TestDraft draws a village, edits the draft, publishes it, edits what is in
// force and publishes again: the life of a grid.
func TestDraft(t *testing.T) {
	db := layerstest.DB(t)
	exec(t, db, village)
	d, by := drafts(t, db), admin(t, db)
	ctx := t.Context()
	g := made(t, d, by, grid.NewDraft{Name: "首次划分", Source: "draw", Ground: grid.Ground{Area: "330782001"}})
	fits(t, db, g.ID)
	cells := cellsOf(t, d, by, g.ID)
	for code, c := range cells {
		t.Logf("%s %.0f m² %v", code, c.AreaM2, c.Flags)
	}
	if len(cells) < 6 || g.Fresh != g.Cells {
		t.Fatalf("%d cells, %d fresh", len(cells), g.Fresh)
	}
	first, ok := cells["330782001001001"]
	if !ok {
		t.Fatal("no first cell in the east")
	}

	version := g.Version
	do := func(o grid.Operation) grid.Edited {
		t.Helper()
		a, err := d.Operate(ctx, by, g.ID, version, o, "a test", "")
		if err != nil {
			t.Fatalf("%s: %v", o.Op, err)
		}
		version = a.Version
		fits(t, db, g.ID)
		return a
	}
	refused := func(o grid.Operation, field string, placed bool) {
		t.Helper()
		_, err := d.Operate(ctx, by, g.ID, version, o, "", "")
		var in *layers.InputError
		if !errors.As(err, &in) || in.Field != field {
			t.Errorf("%s: %v, want a refusal of %s", o.Op, err, field)
			return
		}
		if at := (*grid.PlaceError)(nil); errors.As(err, &at) != placed {
			t.Errorf("%s: %v: a place: %v", o.Op, err, !placed)
		}
	}

	// Split it from west to east through the gap between two rows of houses, and back.
	b := first.Geometry.Bound()
	y := 29.00160
	line := orb.LineString{{b.Min[0] - 0.00001, y}, {b.Max[0] + 0.00001, y}}
	a := do(grid.Operation{Op: "split", Cell: first.Cell, Line: line})
	if len(a.Cells) < 2 {
		t.Errorf("split changed %v", a.Cells)
	}
	after := cellsOf(t, d, by, g.ID)
	if len(after) != len(cells)+1 {
		t.Errorf("%d cells after a split of one of %d", len(after), len(cells))
	}
	refused(grid.Operation{Op: "split", Cell: first.Cell, Line: orb.LineString{{b.Min[0] + 0.0005, y}, {b.Min[0] + 0.0006, y}}}, "line", true)
	refused(grid.Operation{Op: "split", Cell: first.Cell, Line: orb.LineString{{b.Min[0] - 0.00001, 29.00135}, {b.Max[0] + 0.00001, 29.00135}}}, "confirm", true)
	refused(grid.Operation{Op: "split", Cell: 9999, Line: line}, "cell", false)
	if _, err := d.Operate(ctx, by, g.ID, version-1, grid.Operation{Op: "split", Cell: first.Cell, Line: line}, "", ""); !errors.Is(err, layers.ErrConflict) {
		t.Errorf("an old version: %v", err)
	}
	u, err := d.Undo(ctx, by, g.ID, version, "", "")
	if err != nil {
		t.Fatal(err)
	}
	if back := cellsOf(t, d, by, g.ID); len(back) != len(cells) || !griddraw.Same(back["330782001001001"].Geometry, first.Geometry) {
		t.Error("undo does not give back what was")
	}
	r, err := d.Redo(ctx, by, g.ID, u.Version, "", "")
	if err != nil {
		t.Fatal(err)
	}
	version = r.Version
	fits(t, db, g.ID)
	if again := cellsOf(t, d, by, g.ID); len(again) != len(after) {
		t.Errorf("redo: %d cells, want %d", len(again), len(after))
	}
	if _, err := d.Redo(ctx, by, g.ID, version, "", ""); !errors.Is(err, layers.ErrConflict) {
		t.Errorf("nothing to redo: %v", err)
	}

	// Merge the two again; merge across the border is refused.
	do(grid.Operation{Op: "merge", Cells: a.Cells[:2]})
	west := after["330782001002001"]
	refused(grid.Operation{Op: "merge", Cells: []int64{first.Cell, west.Cell}}, "cells", true)
	refused(grid.Operation{Op: "assign", Cell: first.Cell, Community: "330782001002"}, "community", true)

	// A corner within the community moves, and its neighbours with it; one on the border does not.
	do(grid.Operation{Op: "move", Moves: []griddraw.Move{{From: orb.Point{120.006, 29.001}, To: orb.Point{120.00602, 29.00102}}}})
	refused(grid.Operation{Op: "move", Moves: []griddraw.Move{{From: orb.Point{120.004, 29.001}, To: orb.Point{120.0041, 29.001}}}}, "moves", true)
	refused(grid.Operation{Op: "move", Moves: []griddraw.Move{{From: orb.Point{120.00602, 29.00102}, To: orb.Point{120.0075, 29.0035}}}}, "moves", true)
	name, class := "东一", "A"
	do(grid.Operation{Op: "set", Cell: first.Cell, Name: &name, Class: &class})
	history, err := d.History(ctx, by, g.ID)
	if err != nil || len(history) != 4 || history[0].Op != "set" || history[0].Reason != "a test" || history[0].By != "wang" {
		t.Errorf("history %v, %v", history, err)
	}

	// Publish: all are new versions from that day; what lies in them knows.
	exec(t, db, `INSERT INTO map.place (kind, geom) VALUES ('hydrant', ST_SetSRID(ST_MakePoint(120.0065, 29.0015), 4326))`)
	day := time.Now().AddDate(0, 0, -10).Format("2006-01-02")
	if _, err := d.Publish(ctx, by, g.ID, grid.Publishing{Version: version, ValidFrom: "2999-01-01", Reason: "x"}); !errors.Is(err, layers.ErrInvalid) {
		t.Errorf("a day to come: %v", err)
	}
	g, err = d.Publish(ctx, by, g.ID, grid.Publishing{Version: version, ValidFrom: day, Reason: "first drawing"})
	if err != nil {
		t.Fatal(err)
	}
	d.Wait()
	if g.State != grid.Published || g.Result.Begun != g.Cells || g.Result.Ended != 0 {
		t.Errorf("published: %+v", g.Result)
	}
	var code string
	if err := db.QueryRow(ctx, `SELECT grid_code FROM map.place`).Scan(&code); err != nil || len(code) != 15 {
		t.Errorf("the hydrant is in %q, %v", code, err)
	}

	// The next version: what stays keeps code and version, what is new gets a code that never was.
	g2 := made(t, d, by, grid.NewDraft{Name: "调整", Source: "current", Ground: grid.Ground{Communities: []string{"330782001001"}}})
	if g2.Fresh != 0 {
		t.Errorf("%d fresh cells of what is in force", g2.Fresh)
	}
	cells = cellsOf(t, d, by, g2.ID)
	codes := make([]string, 0, len(cells))
	var one grid.DraftCell
	for code, c := range cells {
		codes = append(codes, code)
		if c.Name == name && c.Class == class {
			one = c
		}
	}
	slices.Sort(codes)
	if one.Cell == 0 {
		t.Fatal("name and class were not kept")
	}
	b = one.Geometry.Bound()
	a, err = d.Operate(ctx, by, g2.ID, g2.Version, grid.Operation{Op: "split", Cell: one.Cell, Line: orb.LineString{{b.Min[0] - 0.00001, y}, {b.Max[0] + 0.00001, y}}}, "", "")
	if err != nil {
		t.Fatal(err)
	}
	g2, err = d.Publish(ctx, by, g2.ID, grid.Publishing{Version: a.Version, Reason: "too much work for one"})
	if err != nil {
		t.Fatal(err)
	}
	d.Wait()
	t.Logf("second version: %+v", g2.Result)
	if g2.Result.Begun < 2 || g2.Result.Codes != 0 || g2.Result.Unchanged == 0 {
		t.Errorf("second version: %+v", g2.Result)
	}
	var newest string
	if err := db.QueryRow(ctx, `SELECT max(grid_code) FROM map.grid_unit WHERE valid_to IS NULL AND area_code = '330782001001'`).Scan(&newest); err != nil || newest <= codes[len(codes)-1] {
		t.Errorf("the new code %s is not beyond %s, %v", newest, codes[len(codes)-1], err)
	}
	// What was in force a week ago is still known.
	var then int
	if err := db.QueryRow(ctx, `SELECT count(*) FROM map.grid_unit WHERE area_code = '330782001001' AND valid_from <= current_date - 5 AND (valid_to IS NULL OR valid_to > current_date - 5)`).Scan(&then); err != nil || then != len(cells) {
		t.Errorf("%d grids five days ago, want %d, %v", then, len(cells), err)
	}

	// The database itself refuses a code for another place, also after its grid is gone.
	exec(t, db, `DELETE FROM map.grid_unit WHERE grid_code = $1`, newest)
	if _, err := db.Exec(ctx, `INSERT INTO map.grid_unit (grid_code, area_code, geom) VALUES ($1, '330782001001', ST_Multi(ST_MakeEnvelope(121, 29, 121.001, 29.001, 4326)))`, newest); err == nil {
		t.Error("a code was used again for another place")
	}

	// Rights.
	worker := someone(t, db, "li", "grid_worker")
	if _, err := d.Create(ctx, worker, grid.NewDraft{Name: "x", Source: "draw", Ground: grid.Ground{Area: "330782001"}}); !errors.Is(err, access.ErrForbidden) {
		t.Errorf("a worker draws: %v", err)
	}
	if _, err := d.Get(ctx, access.Scope{}, g.ID); !errors.Is(err, access.ErrUnauthenticated) {
		t.Errorf("the public reads: %v", err)
	}
	if err := d.Delete(ctx, by, g2.ID, 0, ""); err != nil {
		t.Error(err)
	}
	if _, err := d.Get(ctx, by, g2.ID); !errors.Is(err, layers.ErrNotFound) {
		t.Errorf("a deleted draft: %v", err)
	}
}

// Drafts are made one after the other and not without end; one that is deleted
// meanwhile leaves no cells.
func TestManyDraftsAtOnce(t *testing.T) {
	db := layerstest.DB(t)
	exec(t, db, village)
	d, by := drafts(t, db), admin(t, db)
	n := grid.NewDraft{Name: "x", Source: "draw", Ground: grid.Ground{Area: "330782001"}}
	var ids []int64
	for range 3 {
		g, err := d.Create(t.Context(), by, n)
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, g.ID)
	}
	if err := d.Delete(t.Context(), by, ids[2], 0, ""); err != nil {
		t.Fatal(err)
	}
	d.Wait()
	var cells int
	if err := db.QueryRow(t.Context(), `SELECT count(*) FROM onemap.grid_draft_cell WHERE draft = $1`, ids[2]).Scan(&cells); err != nil || cells != 0 {
		t.Errorf("%d cells of a deleted draft, %v", cells, err)
	}
	for _, id := range ids[:2] {
		if g, err := d.Get(t.Context(), by, id); err != nil || g.State != grid.Open {
			t.Errorf("draft %d is %s (%s), %v", id, g.State, g.Error, err)
		}
	}
	// As if other servers were making them.
	exec(t, db, `INSERT INTO onemap.grid_draft (name, layer, source, ground, options, communities, state, step, made_by)
		SELECT 'y', 'grid_unit', 'draw', '{}', '{}', '{}', 'drawing', '', 'x' FROM generate_series(1, 8)`)
	if _, err := d.Create(t.Context(), by, n); !errors.Is(err, layers.ErrConflict) {
		t.Errorf("a ninth draft at once: %v", err)
	}
}
