// Package mbtiles writes archives of vector tiles as MBTiles 1.3
// (mapbox/mbtiles-spec): a SQLite database of one file.
//
// The database is written by the package itself, from front to back, in the
// format that sqlite.org/fileformat2.html lays down. A library that reads and
// changes SQLite files would bring 8 MB of a translated C program for three
// tables that are written once; what is needed of the format is two b-trees
// built from their sorted rows. The tests have SQLite check every page.
//
// Equal tiles are kept once: the table tiles of the standard is a view of map
// (where a tile is) and images (what it holds).
package mbtiles
