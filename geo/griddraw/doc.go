// Package griddraw draws unit grids (单元网格): it cuts communities along
// roads, water and boundaries into cells that cut no building, and joins what is
// too small. It also edits a set of cells so that they still fit.
//
// Values in, values out. Coordinates are those of a plane in metres unless a
// function says otherwise.
package griddraw
