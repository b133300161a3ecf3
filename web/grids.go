package web

import (
	"fmt"
	"net/http"
	"regexp"
	"time"

	"onemap/geo/where"
	"onemap/layers"
)

// Grids by date, and drafts of grids: the API of the grid editor.
//
// A draft is a set of cells of one kind (layer) that are edited together and
// then published as a version from a day on. Administrators make, edit, publish and delete;
// all who are signed in may read. Coordinates are longitude and latitude (EPSG:4326).
//
//	GET    /api/v1/grids?date=2025-03-01&layer=grid_unit&bbox=w,s,e,n&limit=
//	       the grids that were in force that day (left out: today), GeoJSON. Properties: grid_code, name, area_code,
//	       area_class, duty_code, community_code, kind, parent, valid_from, valid_to. In pages of limit (1,000, at most 10,000): links.next, by right
//	GET    /api/v1/grids/{layer}/{code}          the versions of one code, GeoJSON
//	POST   /api/v1/grids/check {layer, date?, area_code?}   the checks over what is in force, as the check of a draft answers
//
//	POST   /api/v1/grid-drafts {name, layer?, source: draw|current|empty, area_code? | communities?, boundary_level?, grids?, options?: {target_m2, outside_m2}}
//	       202 and the draft; a drawn one is worked on: state drawing, then open or failed. Poll GET each second: step, progress 0..1
//	GET    /api/v1/grid-drafts                    {drafts: [draft without report]}
//	GET    /api/v1/grid-drafts/{id}               draft: id, name, layer, source, state (drawing, open, failed, publishing, published, deleted),
//	       step, progress, error, version, cells, changed, communities, bbox, report, can_undo, can_redo, made_by, made_at, valid_from, reassigned …
//	DELETE /api/v1/grid-drafts/{id}?version=      204
//	GET    /api/v1/grid-drafts/{id}/cells?bbox=&limit=     GeoJSON; feature id = cell number; properties: code (provisional where new is true), new,
//	       community, name, area_class, kind, area_m2, flags[], was (the code in force it comes from), points
//	GET    /api/v1/grid-drafts/{id}/lines?bbox=   GeoJSON lines to snap to: roads, water, community borders; property kind (road, water, border), class.
//	       At most 0.0025 square degrees
//	GET    /api/v1/grid-drafts/{id}/operations    {operations: [{id, op, detail, reason, by, at, undone_by, undone_at}]}, the latest first
//	POST   /api/v1/grid-drafts/{id}/operations {version, op, reason?, confirm?, …}  200: {version, cells: [numbers that changed or are new], gone: [numbers],
//	       warnings: [{kind, cell, building, at}], bbox}. op and its fields:
//	         split  {cell, line: [[lon,lat],…]}           the line must go from edge to edge; the larger part keeps number and code
//	         merge  {cells: [n,…]}                        of one community and touching; the largest keeps number and code
//	         move   {moves: [{from:[lon,lat], to:[lon,lat]},…]}   a corner, or a place on an edge, which gets a corner; all cells that share it follow
//	         remove {points: [[lon,lat],…]}               corners that only two edges share
//	         shift  {cell, line}                          the shared edge runs along the line from now on: what the line cuts off a neighbour joins the cell,
//	                                                      what it cuts off the cell joins the neighbour
//	         assign {cell, community}                     only where the cell touches that community's ground or has it as its own
//	         set    {cell, name?, area_class?, kind?, code?}
//	       409 conflict: someone edited meanwhile (another version): reload the cells. 422 invalid-input: refused, nothing changed; the problem has
//	       errors[] and, where the fault has a place, "at": a GeoJSON Point. Refusals that confirm: true lifts: field "confirm" (a building would be cut)
//	POST   /api/v1/grid-drafts/{id}/undo {version, reason?}, …/redo    the same answer
//	POST   /api/v1/grid-drafts/{id}/check (no body)       {ok, grids, counts: {kind: n}, findings: [{kind, cell, code, other, m2, at}], seconds}; kinds: see grid.CheckFinding
//	POST   /api/v1/grid-drafts/{id}/publish {version, valid_from?, reason, accept?: [kinds]}   200: the draft, state published; features get their grid in the
//	       background (reassigning, reassigned). 422, field accept, where the check found violations that accept does not name (ask check for them);
//	       accept "newer" lifts the 409 that says that grids were published or imported since the draft was made

// gridsByDate answers with the grids of a kind that were in force on a day, by
// right, a page at a time.
func (s *Server) gridsByDate(w http.ResponseWriter, r *http.Request) error {
	if err := onlyQuery(r, "date", "layer", "bbox", "area", "limit", "after"); err != nil {
		return err
	}
	q := r.URL.Query()
	day := q.Get("date")
	if day == "" {
		day = time.Now().Format(time.DateOnly)
	}
	if _, err := time.Parse(time.DateOnly, day); err != nil {
		return inputError("query.date", day, "a day as YYYY-MM-DD")
	}
	name := q.Get("layer")
	if name == "" {
		name = "grid_unit"
	}
	return s.gridPage(w, r, name, Filter{BBox: q.Get("bbox"), Area: q.Get("area"),
		CQL2: fmt.Sprintf("valid_from <= DATE('%[1]s') AND (valid_to IS NULL OR valid_to > DATE('%[1]s'))", day)})
}

var gridCode = regexp.MustCompile(`^[0-9A-Za-z._-]{1,40}$`)

// gridVersions answers with all versions of one code.
func (s *Server) gridVersions(w http.ResponseWriter, r *http.Request) error {
	if err := onlyQuery(r, "limit", "after"); err != nil {
		return err
	}
	code := r.PathValue("code")
	if !gridCode.MatchString(code) {
		return inputError("code", code, "a grid's code")
	}
	return s.gridPage(w, r, r.PathValue("layer"), Filter{CQL2: fmt.Sprintf("grid_code = '%s'", code)})
}

func (s *Server) gridPage(w http.ResponseWriter, r *http.Request, name string, f Filter) error {
	l, right, err := s.layer(r.Context(), name)
	if err != nil {
		return err
	}
	if l.Subject != "grid" {
		return inputError("layer", name, "grid_unit, grid_duty or grid_community")
	}
	narrow, err := s.narrow(r.Context(), f, l, right)
	if err != nil {
		return err
	}
	limit, err := intParam(r, "limit", defaultFeatures, 1, maxFeatures)
	if err != nil {
		return err
	}
	after, err := intParam(r, "after", 0, 0, 1<<62)
	if err != nil {
		return err
	}
	return s.writePage(w, r, layers.Query{Layer: l, Where: where.And(right.Where, narrow), Fields: right.Fields, After: after, Limit: int(limit)})
}
