// Package memory is the source of tiles that holds layers in memory: integer
// coordinates in the order of a space-filling curve, attributes in columns,
// and the bytes of a tile written straight from them.
//
// A [Store] is a sequence of states. A state is what the layers were after one
// transaction and never changes: a reader takes the newest and needs no lock,
// so readers do not block the writer, the writer does not block readers, and a
// tile of several layers is of one transaction. A transaction makes the next
// state and copies only what it touches: the blocks of some hundred rows that
// its rows lie in, the pages that list those blocks, and the list of pages.
//
// Rows are ordered by their place on a Hilbert curve, lines and polygons by
// size first, and then by id. The order is of the content alone, however it
// came about, and tiles are written in it: equal rows give equal bytes.
//
// What memory cannot tell exactly as PostGIS would, it does not tell: the part
// is not Held.
package memory
