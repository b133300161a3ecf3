// Package patrol plans which unit stops at which hot spot, when: a team
// orienteering problem (Chao, Golden & Wasil 1996) with shifts, breaks, stays,
// repeated stops at a distance of time, and a share of random exploration.
//
// A hot spot is a place. Stops are 12 to 16 minutes long and come again about
// every two hours (Koper 1995; Telep, Mitchell & Weisburd 2014), in an order
// that cannot be learned: it is drawn anew from a recorded seed, at the same
// score and within a bound of extra driving.
//
// The method is greedy insertion by score for time, ruin and recreate (Schrimpf
// et al. 2000) under a cooling threshold, 2-opt and or-opt, from several starts.
// How much is tried is counted in rounds, never in seconds: the same problem
// and seed give the same plan. [Exact] solves small problems
// by dynamic programming, to check against.
//
// It is pure: no database, HTTP, clock or files. Times are seconds since the
// plan's beginning, travel is seconds, and places are rows of a matrix.
package patrol
