// Package sharing is asking for a department's data, and granting it.
//
// A [Request] says what is asked of one resource of the catalogue: which items,
// of which division and grids, until when, for which purpose, on which legal
// ground. It never changes. What happened to it is its [Step]s, each appended
// by somebody who may take it ([Transitions]). Its state follows from the steps
// and from the grants themselves, by the view onemap.share_request_now, and is
// kept nowhere else.
//
// What is shared unconditionally (无条件共享) is granted at once. What is shared
// on conditions (有条件共享) goes to its provider, whose clock starts. What is
// not shared (不予共享) is refused at once with its legal basis, and the asker may
// have the authority decide (提请协调).
//
// Clocks are limits of the setting sharing.limits, counted by the city's
// calendar. When one is yellow, whoever is to act is reminded; when it has run
// out, the authority (主管部门) is told and may answer too; when that was of no
// avail, the government above it is told. Jobs do that, put down in the
// transaction that starts the clock.
//
// What is granted is never wider than what was asked: [Terms.Within] decides
// it, here and nowhere else. A grant ends by itself, and whoever gave it may
// withdraw it; layers/access sees it end on the next request and on open live
// connections.
package sharing
