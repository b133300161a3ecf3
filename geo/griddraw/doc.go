// Package griddraw draws unit grids (单元网格): it cuts communities along
// roads, water and other natural lines into cells that cut no building, joins
// what is too small and divides what is too large. It also edits a set of cells
// so that they still fit.
//
// Values in, values out. Coordinates are longitude and latitude in degrees
// (EPSG:4326) in every signature. Inside, a place is a point of the lattice of
// 1e-7 degrees, about a centimetre, in whole numbers: the resolution of
// OpenStreetMap, and what a draft is stored in. On it topology is exact: lines
// are snap-rounded (Hobby, "Practical segment intersection with finite
// precision output", 1999), so that two edges meet in a shared corner or not at
// all, and cells that share an edge share its corners, also across the border of
// two communities. Lengths and areas are metres on the ellipsoid of WGS 84.
//
// How [Draw] works, a file a step:
//
//	node.go     borders, roads, water … are cut where they meet
//	arrange.go  dead ends fall off, faces are walked
//	assign.go   whose face it is; what one building covers stays together
//	merge.go    small faces join a neighbour across the weakest edge
//	cut.go      large cells in built-up land are cut between the buildings
//	number.go   codes from west to east and north to south
//	report.go   areas, outliers, violations
package griddraw
