// Package patrolplan keeps patrol plans: made from a forecast or from places
// that a person picked, by layers/deploy/patrol on the roads of
// layers/deploy/roads; accepted, edited, refused or withdrawn by a person, each
// time with the reason; an accepted plan is tasks on its workers' phones
// (layers/task), and what they did is read there.
//
// A plan is about places. A person stands in it as the worker who goes, and as
// who decided.
//
// What a plan was made from is its record: order, rules, places with their
// scores and caps, the matrix of travel times, the seed. Its hash names it, and
// [Store.Remake] makes it again from that.
//
// Who sees a plan: the command centre and planners those of their area, a
// department's people those of their department. Workers see their own task.
// Times are moments; distances are metres, places longitude and latitude of
// EPSG:4326.
package patrolplan
