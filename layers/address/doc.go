// Package address reads Chinese addresses by their levels, finds where they
// are, and says how a place is called.
//
// [Parse] takes a text apart: 省 市 县 街道 社区, 路 号, 小区 幢 单元 室. It is pure
// and knows no names: levels are told by how they end. [Store.Find] looks for
// what was read in the base library (house numbers, roads, places of interest,
// buildings, divisions) and in the governance grids, and gives candidates with
// a confidence and the levels that agreed. [Store.At] goes the other way.
//
// What a caller finds is bound by their [access.Scope]. Coordinates are
// longitude and latitude in degrees of EPSG:4326, distances metres.
//
// Levels are those of the address model of digital urban management (GB/T
// 30428.3: province, city, county, street office, community, grid, road, number,
// estate, building, unit, room); a level that is absent is empty.
package address
