// Package city makes up a county-level city: its ground, streets, grids and
// what stands and happens there.
//
// It is pure: a seed and a clock in, values out. The same [Options] give the
// same city, byte for byte; nothing depends on the order of a map or on when
// it runs. The frame of a city (streets, grids, organisations) is held in
// memory; what there are millions of (components, incidents) is made one by
// one for a callback, each from a random stream of its own.
//
// Geometry is worked out in a plane of metres (x east, y north) around the
// city's middle, and handed out as longitude and latitude in degrees, rounded
// to 1e-7 (a centimetre). All names are made up, and so is every code but the
// six digits of the county: the place is that of Yiwu (330782), the city is not.
package city
