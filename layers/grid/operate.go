package grid

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"onemap/geo/griddraw"
	"onemap/layers"
	"onemap/layers/access"
)

// An Operation is one thing done to a draft. Which fields it needs goes by Op:
//
//	split, shift  Cell, Line
//	merge         Cells
//	move          Moves
//	remove        Points
//	assign        Cell, Community
//	set           Cell, and those of Name, Class, Kind, Parent, Code that are to change
//
// Coordinates are longitude and latitude.
type Operation struct {
	Op        string          `json:"op"`
	Cell      int64           `json:"cell,omitempty"`
	Cells     []int64         `json:"cells,omitempty"`
	Line      orb.LineString  `json:"line,omitempty"`
	Moves     []griddraw.Move `json:"moves,omitempty"`
	Points    []orb.Point     `json:"points,omitempty"`
	Community string          `json:"community,omitempty"`
	Name      *string         `json:"name,omitempty"`
	Class     *string         `json:"area_class,omitempty"`
	Kind      *string         `json:"kind,omitempty"`
	Parent    *string         `json:"parent,omitempty"`
	Code      *string         `json:"code,omitempty"`
	Confirm   bool            `json:"confirm,omitempty"` // though a building is cut
}

// An Edited says what an operation, an undo or a redo did to a draft.
type Edited struct {
	Version  int               `json:"version"`
	Cells    []int64           `json:"cells" nullable:"false" doc:"That changed or are new"`
	Gone     []int64           `json:"gone" nullable:"false"`
	Warnings []griddraw.Remark `json:"warnings" nullable:"false" doc:"Buildings that are cut now"`
	BBox     []float64         `json:"bbox,omitempty" doc:"Of what changed"`
}

// maxCorners is how many points a line, or how many moves, one operation may have.
const maxCorners = 1000

func (o Operation) check() error {
	bad := func(field, value, remedy string) error {
		return &layers.InputError{Field: field, Value: value, Remedy: remedy}
	}
	if len(o.Line) > maxCorners || len(o.Moves) > maxCorners || len(o.Points) > maxCorners || len(o.Cells) > maxCorners {
		return bad("op", o.Op, fmt.Sprintf("at most %d points, moves or cells", maxCorners))
	}
	switch o.Op {
	case "split", "shift":
		if len(o.Line) < 2 {
			return bad("line", "", "two points or more")
		}
	case "merge":
		if len(o.Cells) < 2 {
			return bad("cells", "", "two cells or more")
		}
	case "move":
		if len(o.Moves) == 0 {
			return bad("moves", "", "one or more")
		}
	case "remove":
		if len(o.Points) == 0 {
			return bad("points", "", "one or more")
		}
	case "assign":
		if o.Community == "" {
			return bad("community", "", "the code of a community of the draft")
		}
	case "set":
		if o.Name == nil && o.Class == nil && o.Kind == nil && o.Parent == nil && o.Code == nil {
			return bad("op", o.Op, "one of name, area_class, kind, parent, code")
		}
		if o.Name != nil && len([]rune(*o.Name)) > 100 {
			return bad("name", "", "100 characters at most")
		}
		if o.Class != nil && !slices.Contains([]string{"A", "B", "C"}, *o.Class) {
			return bad("area_class", *o.Class, "A, B or C")
		}
		if o.Kind != nil && !slices.Contains([]string{"general", "dedicated", "micro"}, *o.Kind) {
			return bad("kind", *o.Kind, "general, dedicated or micro")
		}
	default:
		return bad("op", o.Op, "split, merge, move, remove, shift, assign or set")
	}
	return nil
}

// Operate does one operation to a draft that the caller saw in version. It
// leaves no gap and no overlap, crosses no border of communities, and cuts no
// building unless that is confirmed; where it would, nothing changes and a
// [PlaceError] says where.
func (d *Drafts) Operate(ctx context.Context, by access.Scope, id int64, version int, o Operation, reason, address string) (Edited, error) {
	if err := o.check(); err != nil {
		return Edited{}, err
	}
	var a Edited
	err := pgx.BeginFunc(ctx, d.Store.DB(), func(tx pgx.Tx) error {
		layer, err := d.lock(ctx, tx, by, id, version)
		if err != nil {
			return err
		}
		var op int64
		if err := tx.QueryRow(ctx, `INSERT INTO onemap.grid_draft_op (draft, op, detail, reason, by_login) VALUES ($1, $2, $3, $4, $5) RETURNING id`,
			id, o.Op, o, reason, login(by)).Scan(&op); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE onemap.grid_draft_op SET dropped = true WHERE draft = $1 AND undone_at IS NOT NULL AND NOT dropped`, id); err != nil {
			return err
		}
		switch o.Op {
		case "set", "assign":
			err = d.setAttributes(ctx, tx, id, op, layer, o)
			a.Cells = []int64{o.Cell}
		default:
			err = d.shape(ctx, tx, id, op, layer, o, &a)
		}
		if err != nil {
			return err
		}
		if err := a.finish(ctx, tx, id); err != nil {
			return err
		}
		return access.RecordTx(ctx, tx, by, access.Entry{Action: "grid_draft." + o.Op, Object: fmt.Sprintf("grid_draft/%d", id), Result: access.Done, Reason: reason,
			Address: address, Detail: map[string]any{"operation": op, "cells": a.Cells, "gone": a.Gone, "cut": len(a.Warnings)}})
	})
	if err != nil {
		var fault *griddraw.Fault
		if errors.As(err, &fault) {
			return Edited{}, placed(fault)
		}
		return Edited{}, fmt.Errorf("edit draft %d: %w", id, err)
	}
	return a, nil
}

func placed(f *griddraw.Fault) error {
	in := layers.InputError{Field: f.Field, Remedy: f.Reason}
	if !f.Placed {
		return &in
	}
	return &PlaceError{in, f.At}
}

// finish counts the version up and tells where the change was.
func (a *Edited) finish(ctx context.Context, tx pgx.Tx, id int64) error {
	if a.Gone == nil {
		a.Gone = []int64{}
	}
	if a.Warnings == nil {
		a.Warnings = []griddraw.Remark{}
	}
	var box []float64
	if err := tx.QueryRow(ctx, `SELECT CASE WHEN count(*) > 0 THEN ARRAY[ST_XMin(ST_Extent(geom)), ST_YMin(ST_Extent(geom)), ST_XMax(ST_Extent(geom)), ST_YMax(ST_Extent(geom))] END
		FROM onemap.grid_draft_cell WHERE draft = $1 AND cell = ANY($2)`, id, a.Cells).Scan(&box); err != nil {
		return err
	}
	a.BBox = box
	return tx.QueryRow(ctx, `UPDATE onemap.grid_draft SET version = version + 1, updated_at = now() WHERE id = $1 RETURNING version`, id).Scan(&a.Version)
}

// keep writes the images of cells for undo and redo.
func keep(ctx context.Context, tx pgx.Tx, id, op int64, after bool, cells []int64) error {
	_, err := tx.Exec(ctx, `INSERT INTO onemap.grid_draft_image (op, after, image) SELECT $2, $3, c FROM onemap.grid_draft_cell c WHERE draft = $1 AND cell = ANY($4)`, id, op, after, cells)
	return err
}

// setAttributes changes what a cell is called and counted as.
func (d *Drafts) setAttributes(ctx context.Context, tx pgx.Tx, id, op int64, layer string, o Operation) error {
	bad := func(field, value, remedy string) error {
		return &layers.InputError{Field: field, Value: value, Remedy: remedy}
	}
	var have bool
	if err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM onemap.grid_draft_cell WHERE draft = $1 AND cell = $2)`, id, o.Cell).Scan(&have); err != nil {
		return err
	}
	if !have {
		return bad("cell", fmt.Sprint(o.Cell), "the number of a cell of the draft")
	}
	if o.Op == "assign" {
		var known, holds bool
		if err := tx.QueryRow(ctx, `SELECT count(*) > 0, coalesce(bool_or(ST_Covers(g.geom, ST_PointOnSurface(c.geom))), false)
			FROM onemap.grid_draft_ground g, onemap.grid_draft_cell c WHERE g.draft = $1 AND g.community = $2 AND c.draft = $1 AND c.cell = $3`,
			id, o.Community, o.Cell).Scan(&known, &holds); err != nil {
			return err
		}
		if !known {
			return bad("community", o.Community, "a community of the draft")
		}
		if !holds {
			var at orb.Point
			if err := tx.QueryRow(ctx, `SELECT ST_PointOnSurface(geom) FROM onemap.grid_draft_cell WHERE draft = $1 AND cell = $2`, id, o.Cell).Scan(&at); err != nil {
				return err
			}
			return &PlaceError{layers.InputError{Field: "community", Value: o.Community, Remedy: "the cell lies on another community's ground: borders of communities are not the grid's to move"}, at}
		}
	}
	if o.Kind != nil && *o.Kind != "general" && layer != "grid_community" {
		return bad("kind", *o.Kind, "dedicated and micro grids are kinds of community grids")
	}
	if o.Code != nil {
		if err := codeFree(ctx, tx, id, layer, o.Cell, *o.Code); err != nil {
			return err
		}
	}
	if err := keep(ctx, tx, id, op, false, []int64{o.Cell}); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `UPDATE onemap.grid_draft_cell SET name = coalesce($3, name), area_class = coalesce($4, area_class), kind = coalesce($5, kind),
		parent = coalesce($6, parent), code = coalesce($7, code), fresh = fresh AND $7::text IS NULL, community = coalesce(nullif($8, ''), community) WHERE draft = $1 AND cell = $2`,
		id, o.Cell, o.Name, o.Class, o.Kind, o.Parent, o.Code, o.Community); err != nil {
		return err
	}
	if o.Op == "assign" { // its code was of the other community
		f, err := codeForm(ctx, tx, layer)
		if err != nil {
			return err
		}
		top, err := f.highest(ctx, tx, id, layer, true)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE onemap.grid_draft_cell SET code = $3, fresh = true WHERE draft = $1 AND cell = $2 AND code NOT LIKE $4 || '%'`,
			id, o.Cell, f.code(o.Community, top[o.Community]+1), o.Community); err != nil {
			return err
		}
	}
	return keep(ctx, tx, id, op, true, []int64{o.Cell})
}

// codeFree refuses a code that is of the wrong form, or taken, or was another place's.
func codeFree(ctx context.Context, tx pgx.Tx, id int64, layer string, cell int64, code string) error {
	bad := func(remedy string) error { return &layers.InputError{Field: "code", Value: code, Remedy: remedy} }
	pattern, err := CodePattern(ctx, tx, layer)
	if err != nil {
		return err
	}
	if pattern != nil && !pattern.MatchString(code) {
		return bad("of the form " + pattern.String() + " (setting grid." + layer[5:] + ".code_pattern)")
	}
	var own, taken, other bool
	if err := tx.QueryRow(ctx, `SELECT c.code = @code OR c.was = @code, EXISTS (SELECT FROM onemap.grid_draft_cell x WHERE x.draft = @draft AND x.cell <> @cell AND x.code = @code),
		EXISTS (SELECT FROM onemap.grid_code k WHERE k.layer = @layer AND k.grid_code = @code
			AND ST_Area(ST_Intersection(k.geom, c.geom)) < 0.1 * least(ST_Area(k.geom), ST_Area(c.geom)))
		FROM onemap.grid_draft_cell c WHERE c.draft = @draft AND c.cell = @cell`,
		pgx.NamedArgs{"draft": id, "cell": cell, "code": code, "layer": layer}).Scan(&own, &taken, &other); err != nil {
		return err
	}
	switch {
	case taken:
		return bad("another cell of the draft has it")
	case other && !own:
		return bad("it belonged to another place; codes are never used again")
	}
	return nil
}

// shape does an operation that changes outlines.
func (d *Drafts) shape(ctx context.Context, tx pgx.Tx, id, op int64, layer string, o Operation, a *Edited) error {
	sheet, err := sheetFor(ctx, tx, id, o)
	if err != nil {
		return err
	}
	var e griddraw.Edit
	switch o.Op {
	case "split":
		e, err = sheet.Split(o.Cell, o.Line)
	case "merge":
		e, err = sheet.Merge(o.Cells)
	case "shift":
		e, err = sheet.Shift(o.Cell, o.Line)
	case "move":
		e, err = sheet.Move(o.Moves)
	case "remove":
		e, err = sheet.Remove(o.Points)
	}
	if err != nil {
		return err
	}
	if len(e.Cut) > 0 && !o.Confirm {
		return &PlaceError{layers.InputError{Field: "confirm", Remedy: fmt.Sprintf("%d buildings would lie across an edge: send confirm to do it all the same", len(e.Cut))}, e.Cut[0].At}
	}
	a.Warnings = e.Cut
	var touched []int64
	for _, p := range e.Changed {
		if p.ID != 0 {
			touched = append(touched, p.ID)
		}
	}
	touched = append(touched, e.Gone...)
	if err := keep(ctx, tx, id, op, false, touched); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `DELETE FROM onemap.grid_draft_cell WHERE draft = $1 AND cell = ANY($2)`, id, e.Gone); err != nil {
		return err
	}
	var top map[string]int
	f, err := codeForm(ctx, tx, layer)
	if err != nil {
		return err
	}
	for _, p := range e.Changed {
		flags := []string{}
		m2 := griddraw.AreaM2(p.Shape)
		if griddraw.IsThin(p.Shape) {
			flags = append(flags, string(griddraw.Thin))
		}
		if len(e.Cut) > 0 {
			flags = append(flags, string(griddraw.CutsBuilding))
		}
		if p.ID != 0 {
			if _, err := tx.Exec(ctx, `UPDATE onemap.grid_draft_cell SET geom = $3, area_m2 = $4, flags = $5 WHERE draft = $1 AND cell = $2`, id, p.ID, p.Shape, m2, flags); err != nil {
				return err
			}
			a.Cells = append(a.Cells, p.ID)
			continue
		}
		if top == nil {
			if top, err = f.highest(ctx, tx, id, layer, true); err != nil {
				return err
			}
		}
		top[p.Community]++
		var cell int64
		if err := tx.QueryRow(ctx, `WITH n AS (UPDATE onemap.grid_draft SET next_cell = next_cell + 1 WHERE id = $1 RETURNING next_cell - 1 AS cell)
			INSERT INTO onemap.grid_draft_cell (draft, cell, code, fresh, community, name, area_class, kind, parent, flags, area_m2, geom)
			SELECT $1, n.cell, $3, true, c.community, '', c.area_class, c.kind, c.parent, $4, $5, $6 FROM n, onemap.grid_draft_cell c WHERE c.draft = $1 AND c.cell = $2 RETURNING cell`,
			id, p.From, f.code(p.Community, top[p.Community]), flags, m2, p.Shape).Scan(&cell); err != nil {
			return err
		}
		a.Cells = append(a.Cells, cell)
	}
	a.Gone = e.Gone
	return keep(ctx, tx, id, op, true, a.Cells)
}

// sheetFor reads the cells that an operation is about, all that touch them, and
// the buildings there.
func sheetFor(ctx context.Context, tx pgx.Tx, id int64, o Operation) (*griddraw.Sheet, error) {
	cells := o.Cells
	if o.Cell != 0 {
		cells = append(slices.Clone(cells), o.Cell)
	}
	if cells == nil {
		cells = []int64{}
	}
	var places orb.MultiPoint
	for _, m := range o.Moves {
		places = append(places, m.From, m.To)
	}
	places = append(append(places, o.Points...), o.Line...)
	for _, p := range places {
		if !(p[0] >= -180 && p[0] <= 180 && p[1] >= -90 && p[1] <= 90) {
			return nil, &layers.InputError{Field: "op", Value: o.Op, Remedy: "places as longitude and latitude in degrees"}
		}
	}
	var reach orb.Geometry = places
	if len(o.Line) > 1 {
		reach = o.Line
	}
	if len(places) == 0 {
		reach = orb.MultiPoint{}
	}
	// First those meant and those at the places, then what their boxes meet.
	rows, err := tx.Query(ctx, `WITH meant AS (
			SELECT geom FROM onemap.grid_draft_cell c WHERE draft = @draft AND (cell = ANY(@cells)
				OR c.geom && ST_Expand(@reach::geometry, 0.00001) AND ST_DWithin(c.geom, @reach::geometry, 0.00001))),
		far AS (SELECT ST_Expand(ST_Extent(geom)::geometry, 0.000001) AS box FROM meant)
		SELECT c.cell, c.community, c.geom FROM onemap.grid_draft_cell c, far WHERE draft = @draft AND ST_SetSRID(far.box, 4326) && c.geom
			AND c.kind <> 'micro' ORDER BY c.cell`,
		pgx.NamedArgs{"draft": id, "cells": cells, "reach": reach})
	if err != nil {
		return nil, err
	}
	var pieces []griddraw.Piece
	var p griddraw.Piece
	if _, err := pgx.ForEachRow(rows, []any{&p.ID, &p.Community, &p.Shape}, func() error {
		pieces = append(pieces, p)
		p.Shape = nil
		return nil
	}); err != nil {
		return nil, err
	}
	if len(pieces) == 0 {
		return nil, &layers.InputError{Field: "op", Value: o.Op, Remedy: "there are no cells of the draft here"}
	}
	bound := pieces[0].Shape.Bound()
	for _, p := range pieces {
		if slices.Contains(cells, p.ID) || len(cells) == 0 {
			bound = bound.Union(p.Shape.Bound())
		}
	}
	rows, err = tx.Query(ctx, buildingsSQL, pgx.NamedArgs{"box": bound.ToPolygon()})
	if err != nil {
		return nil, err
	}
	var buildings []griddraw.Building
	var b int64
	var shape orb.MultiPolygon
	if _, err := pgx.ForEachRow(rows, []any{&b, &shape}, func() error {
		for _, poly := range shape {
			buildings = append(buildings, griddraw.Building{ID: b, Shape: poly})
		}
		shape = nil
		return nil
	}); err != nil {
		return nil, err
	}
	return griddraw.NewSheet(pieces, buildings), nil
}

// Undo takes back what was done last; Redo does again what was undone last.
// Both put back the cells as they were, and are recorded.
func (d *Drafts) Undo(ctx context.Context, by access.Scope, id int64, version int, reason, address string) (Edited, error) {
	return d.turn(ctx, by, id, version, reason, address, true)
}

// Redo: see [Drafts.Undo].
func (d *Drafts) Redo(ctx context.Context, by access.Scope, id int64, version int, reason, address string) (Edited, error) {
	return d.turn(ctx, by, id, version, reason, address, false)
}

func (d *Drafts) turn(ctx context.Context, by access.Scope, id int64, version int, reason, address string, undo bool) (Edited, error) {
	word, find, mark := "undo", `undone_at IS NULL ORDER BY id DESC`, `undone_at = now(), undone_by = $2`
	if !undo {
		word, find, mark = "redo", `undone_at IS NOT NULL AND NOT dropped ORDER BY id`, `undone_at = NULL, undone_by = ''`
	}
	var a Edited
	err := pgx.BeginFunc(ctx, d.Store.DB(), func(tx pgx.Tx) error {
		if _, err := d.lock(ctx, tx, by, id, version); err != nil {
			return err
		}
		var op int64
		err := tx.QueryRow(ctx, `SELECT id FROM onemap.grid_draft_op WHERE draft = $1 AND `+find+` LIMIT 1`, id).Scan(&op)
		if errors.Is(err, pgx.ErrNoRows) {
			return fmt.Errorf("%w: there is nothing to %s", layers.ErrConflict, word)
		}
		if err != nil {
			return err
		}
		args := []any{op}
		if undo {
			args = append(args, login(by))
		}
		if _, err := tx.Exec(ctx, `UPDATE onemap.grid_draft_op SET `+mark+` WHERE id = $1`, args...); err != nil {
			return err
		}
		var had []int64
		if err := tx.QueryRow(ctx, `SELECT coalesce(array_agg(DISTINCT (image).cell), '{}') FROM onemap.grid_draft_image WHERE op = $1`, op).Scan(&had); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM onemap.grid_draft_cell WHERE draft = $1 AND cell = ANY($2)`, id, had); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, `INSERT INTO onemap.grid_draft_cell SELECT (image).* FROM onemap.grid_draft_image WHERE op = $1 AND after = $2 RETURNING cell`, op, !undo)
		if err != nil {
			return err
		}
		if a.Cells, err = pgx.CollectRows(rows, pgx.RowTo[int64]); err != nil {
			return err
		}
		slices.Sort(a.Cells)
		for _, c := range had {
			if !slices.Contains(a.Cells, c) {
				a.Gone = append(a.Gone, c)
			}
		}
		if err := a.finish(ctx, tx, id); err != nil {
			return err
		}
		return access.RecordTx(ctx, tx, by, access.Entry{Action: "grid_draft." + word, Object: fmt.Sprintf("grid_draft/%d", id), Result: access.Done, Reason: reason,
			Address: address, Detail: map[string]any{"operation": op}})
	})
	if err != nil {
		return Edited{}, fmt.Errorf("%s in draft %d: %w", word, id, err)
	}
	return a, nil
}

// A DraftStep is one operation of a draft's history.
type DraftStep struct {
	ID       int64           `json:"id"`
	Op       string          `json:"op"`
	Detail   json.RawMessage `json:"detail"`
	Reason   string          `json:"reason"`
	By       string          `json:"by"`
	At       time.Time       `json:"at"`
	UndoneBy string          `json:"undone_by,omitempty"`
	UndoneAt *time.Time      `json:"undone_at,omitempty"`
}

// History returns what was done to a draft, the latest first.
func (d *Drafts) History(ctx context.Context, by access.Scope, id int64) ([]DraftStep, error) {
	if _, err := d.Get(ctx, by, id); err != nil {
		return nil, err
	}
	rows, err := d.Store.DB().Query(ctx, `SELECT id, op, detail, reason, by_login, at, undone_by, undone_at FROM onemap.grid_draft_op WHERE draft = $1 ORDER BY id DESC LIMIT 1000`, id)
	if err != nil {
		return nil, fmt.Errorf("history of draft %d: %w", id, err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[DraftStep])
}
