// Package guard asks what a forecast does to the areas of a city: whether what
// patrols find themselves makes a forecast run away, how much the map depends on
// who reports, and who is exposed to it and how rightly.
//
// It is pure and knows places only: areas are groups of cells.
package guard
