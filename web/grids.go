package web

// Grids by date, and drafts of grids: the API of the grid editor.
//
// A draft is a set of cells of one kind (layer) that are edited together and
// then published as a version from a day on. Administrators make, edit, publish and delete;
// all who are signed in may read. Coordinates are longitude and latitude (EPSG:4326).
//
//	GET    /api/v1/grids?date=2025-03-01&layer=grid_unit&bbox=w,s,e,n&limit=
//	       the grids that were in force that day (left out: today), GeoJSON. Properties: grid_code, name, area_code,
//	       area_class, duty_code, community_code, kind, parent, valid_from, valid_to. 422 where more than limit (10,000) are meant
//	GET    /api/v1/grids/{layer}/{code}          the versions of one code, the latest first, GeoJSON
//	POST   /api/v1/grids/check {layer, date?, area_code?}   the checks over what is in force (see CheckBody)
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
//	POST   /api/v1/grid-drafts/{id}/check                 {findings: [{kind, cell, other, m2, at, text}], counts: {kind: n}, ok}; kinds: see grid.Finding
//	POST   /api/v1/grid-drafts/{id}/publish {version, valid_from?, reason, accept?: [kinds]}   200: the draft, state published; features get their grid in the
//	       background (reassigning, reassigned). 422 with findings where the check found violations that accept does not name
