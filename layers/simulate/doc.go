// Package simulate loads a made-up city: the demonstration that a new
// installation shows, and the load that it is measured with.
//
// What the city is made of is worked out in the package city below it, from a
// seed alone; this package writes it into the tables, sets the layers' owners
// and share types as a county's departments would, and records the truth that
// its incidents were made from (setting simulate.truth).
package simulate
