// Package position is where the staff on duty are, their history for a few
// days, and the fences that they enter and leave.
//
// # What a position becomes
//
// [Store.Put] gathers what comes from all requests and writes it some ten times
// a second, each time in one transaction: the latest of each worker to
// map.worker, every position to onemap.position, and who entered or left a
// fence to map.fence_event. So all of it is in the log, and goes to screens by
// right, like everything else. Put returns when its transaction is committed:
// what it answered is durable, and what a killed server had not answered may
// be sent again: the same position again is the same one.
//
// Only the latest counts on the map. A position that is older than the one on
// the map (a phone without signal kept it, a message was overtaken, a clock was
// set back) goes to the history alone, and makes no event.
//
// # Fences
//
// A fence is an area drawn ([Store.CreateFence]), or a grid of the kinds that
// the setting position.fence_grids names. Which fences a worker is in stands in
// the worker's row. It is read, compared and written under that row's lock, so
// it is right whatever node a position comes to. A position tells something of
// a fence only where the circle of its accuracy lies wholly inside or wholly
// outside (geo/fenceindex): nobody flutters.
//
// # People
//
// Positions are of staff on duty, who go on duty and off it by themselves. A
// position is taken only where its time lies in a duty. Going off duty takes
// the worker off the map at once; a phone that is silent for half an hour is
// taken off too. The history is kept for position.keep_days, then its days are
// dropped whole, which the audit records. It is read by the worker, and by a
// command centre that says why; the worker sees who looked.
package position
