// Package task is the work in the field: verification (核实) and check (核查) of
// cases, patrols (巡查), visits with a checklist (走访检查), re-checks of hazards
// (复查); and what a worker's phone keeps for working without signal.
//
// Verification and check belong to their case: layers/incident makes and
// finishes them, and a result that comes here goes through the case's action.
// A re-check is the hazard's in the same way. Patrols and visits are made and
// finished here.
//
// What a phone sends is taken once: a result, a visit of a point and a new
// task carry a UUID made by the client, and the same again is answered with
// what is there. Clocks of phones are kept in the details and count for
// nothing. Coordinates that come in declare their system; those that go out
// are longitude and latitude of EPSG:4326. Distances are in metres.
//
// Who sees a task: the worker whose it is; any worker of its grid where it is
// nobody's; the command centre and its posts, and planners, those of their
// area; an officer those for their department. A task shows what is needed to
// do it, whatever else its worker may see of the layer.
package task
