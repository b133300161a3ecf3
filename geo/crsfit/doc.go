// Package crsfit finds out how the coordinates of a file are written: in which
// system, in which order of axes, and as what kind of numbers.
//
// It is pure: values in, values out. What lies around a place of the base
// library is asked through a function ([Look]), which layers/georef writes in
// SQL and the tests in memory.
//
// How it judges. [Candidates] lists the ways to read the numbers that put them
// where the base library is. Several are left as a rule, for WGS 84, GCJ-02
// and BD-09 are some 500 m apart. What people record stands in a typical way
// to roads and buildings: beside them, on them, in them, at much the same
// distance. Read rightly, the points of a file show that; shifted by some
// hundred metres they do not. So each candidate's points are compared with the
// same points shifted at random ([Judge]), and a candidate fits where it stands
// out from all shifts, and from all other candidates. Where none does, or more
// than one, the verdict is that it cannot be told.
//
// Coordinates are (lon, lat) in degrees of WGS 84 unless said otherwise,
// distances metres.
package crsfit
